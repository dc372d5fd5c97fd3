// Everything around timeline and composer that changes in place.

import { byId, fragment, gather, isSignedOut, openTicket, signInAgain } from "./dom.js";
import { exchange, forget, release, releaseInTime } from "./parts.js";
import { alertUser } from "./announce.js";
import { updateStrands } from "./composer.js";

export function start() {
  const refresh = gather(100, refreshFacts);
  document.addEventListener("live:ticket", (event) => {
    if (String(event.detail.ticket) === openTicket() && event.detail.type !== "read") refresh("ticket");
  });
  document.addEventListener("live:resync", () => refresh("ticket"));
  document.addEventListener("ticket:changed", (event) => event.detail.ticket === openTicket() && refresh("ticket"));
  document.addEventListener("ticket:opened", forget);
  releaseInTime();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-edit]");
    if (button) toggleForm(byId(button.dataset.edit));
  });
}

async function refreshFacts() {
  const ticket = openTicket();
  if (!ticket) return;
  const answer = await fragment(`/t/${ticket}/facts`);
  if (!answer.ok || ticket !== openTicket()) return;
  updateStrands(answer.root.getElementById("strand-options"));
  for (const fresh of answer.root.querySelectorAll(".part")) exchange(byId(fresh.id), fresh);
}

function toggleForm(form) {
  form.hidden = !form.hidden;
  if (form.hidden) byId("edit-subject").focus();
  else form.querySelector(".field").select();
  release();
}

/** After a verb: show what became of it, or say in plain words why it could not be. */
export function answered(event) {
  const { xhr, elt } = event.detail;
  if (xhr.status === 204) {
    elt.closest("[popover]")?.hidePopover();
    if (elt.id === "subject-form") elt.hidden = true;
    if (elt.id === "tagger") elt.reset();
    document.dispatchEvent(new CustomEvent("ticket:changed", { detail: { ticket: openTicket() } }));
    return;
  }
  if (xhr.status === 409) showConflict(xhr.responseText);
  else if (isSignedOut(xhr)) signInAgain();
  else if (xhr.status >= 400) alertUser(textOf(xhr.responseText) || "That did not work. Try again.");
}

function showConflict(html) {
  byId("subject-conflict").innerHTML = html;
  byId("subject-form").elements.was.value = byId("subject-form").elements.subject.value;
}

function textOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector("main, p")?.textContent.trim().slice(0, 300);
}
