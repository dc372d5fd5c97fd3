// The demo page: forms empty themselves once sent, screens stay at their newest end, and a mail
// can be answered.

const letter = document.querySelector(".demo-letter");
const answering = letter.querySelector(".demo-answering");

function answer(name, subject) {
  letter.elements.answers.value = name;
  letter.elements.subject.value = subject && !/^re:/i.test(subject) ? `Re: ${subject}` : subject;
  answering.hidden = !name;
  answering.querySelector("span").textContent = subject;
  letter.elements.text.focus();
}

function showNewest(screen) {
  screen.scrollTop = screen.scrollHeight;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-answer], [data-new-mail]");
  if (button) answer(button.dataset.answer ?? "", button.dataset.subject ?? "");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && event.target.matches("#sms-text, #whatsapp-text")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful || !event.target.matches("[data-clear]")) return;
  event.target.reset();
  answer("", "");
  event.target.querySelector("textarea").focus();
});

// A poll that brings nothing new must not tear the screen away from somebody who reads it.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const screen = event.detail.target;
  if (!screen.matches(".demo-screen")) return;
  const same = screen.dataset.shown === event.detail.serverResponse;
  screen.dataset.shown = event.detail.serverResponse;
  event.detail.shouldSwap = !same;
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.matches(".demo-screen")) showNewest(event.detail.target);
});

document.querySelectorAll(".demo-screen").forEach(showNewest);

// Somebody else sits down at this computer: their chat is not the last visitor's.
document.querySelector(".demo-who")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { target: form, submitter } = event;
  const patience = new Promise((done) => { setTimeout(done, 2000); });
  await Promise.race([window.Parley?.("logout").catch(() => {}), patience]);
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "who", value: submitter.value }));
  form.submit();
});
