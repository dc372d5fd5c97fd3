/* Buttons that copy the text of another element: <button data-copy="its id">. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    /* Without https there is no clipboard: select the text, so that Ctrl+C copies it. */
    getSelection().selectAllChildren(source);
  }
});
