// The keyboard: one table, which also fills the sheet behind "?". Single keys rest while
// somebody types, and can be switched off.

import { send, setMode } from "./composer.js";
import { byId, isEditing, openTicket } from "./dom.js";
import { markUnread } from "./reading.js";

const ON = "parley:shortcuts";
const TOGETHER = 1500; // two keys of one shortcut

const KEYS = [
  { key: "j", says: "Next ticket", run: () => step(1) },
  { key: "k", says: "Previous ticket", run: () => step(-1) },
  { key: "Enter", says: "Open the ticket", native: true },
  { key: "r", says: "Reply", needsTicket: true, run: () => setMode("reply") },
  { key: "n", says: "Note", needsTicket: true, run: () => setMode("note") },
  { key: "e", says: "Resolve or reopen", needsTicket: true, run: () => byId("resolve-button")?.click() },
  { key: "u", says: "Mark as unread", needsTicket: true, run: markUnread },
  { key: "g i", says: "Your tickets", run: () => go("/?view=mine") },
  { key: "g u", says: "Unassigned tickets", run: () => go("/?view=unassigned") },
  { key: "g a", says: "All open tickets", run: () => go("/?view=all") },
  { key: "g s", says: "Snoozed tickets", run: () => go("/?view=snoozed") },
  { key: "g d", says: "Drafts", run: () => go("/?view=drafts") },
  { key: "g c", says: "Customers", run: () => go("/customers/") },
  { key: "/", says: "Search; in an empty line of a reply: canned replies", run: () => byId("search")?.focus() },
  { key: "?", says: "This list", run: () => byId("shortcuts").showModal() },
  { key: "Escape", shown: "Esc", says: "Leave the reply box, then the ticket", native: true },
  { key: "Control+Enter", shown: "Ctrl Enter", says: "Send", native: true },
];

export function start() {
  drawSheet();
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-open-dialog]");
    if (button) byId(button.dataset.openDialog).showModal();
  });
  byId("shortcuts-on").checked = isOn();
  byId("shortcuts-on").addEventListener("change", (event) => {
    localStorage.setItem(ON, event.target.checked ? "on" : "off");
  });
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("#composer")) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") escape(event);
  else if (!event.ctrlKey && !event.metaKey && !event.altKey && !isEditing(event.target) && isOn()) single(event);
}

let first = ""; // the first of two keys
let firstTimer = 0;

function single(event) {
  if (document.querySelector("dialog[open], :popover-open")) return;
  const keys = first + event.key;
  clearTimeout(firstTimer);
  first = !first && event.key === "g" ? "g " : "";
  if (first) firstTimer = setTimeout(() => (first = ""), TOGETHER);
  const entry = KEYS.find((one) => one.key === keys && !one.native);
  if (!entry || (entry.needsTicket && !openTicket())) return;
  event.preventDefault();
  entry.run();
}

/** As if its link beside the list was clicked. */
const go = (address) => document.querySelector(`.views__link[href="${address}"]`)?.click();

/** Real focus moves from row to row; the list opens at the open ticket. */
function step(by) {
  const links = [...document.querySelectorAll(".row__link")];
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  const open = links.findIndex((link) => link.ariaCurrent === "true");
  const from = here >= 0 ? here : open;
  const next = links[Math.min(Math.max(from + by, 0), links.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function escape(event) {
  if (document.querySelector("dialog[open], :popover-open")) return;
  if (isEditing(event.target)) {
    const inComposer = event.target.closest("#composer");
    event.target.blur();
    if (inComposer) byId("ticket-subject")?.focus({ preventScroll: true });
    return;
  }
  if (location.hash === "#customer") return history.back();
  document.querySelector('.row__link[aria-current="true"]')?.focus();
}

const isOn = () => localStorage.getItem(ON) !== "off";

function drawSheet() {
  byId("shortcut-list").replaceChildren(...KEYS.flatMap(({ key, shown, says }) => [keysOf(shown ?? key), meaning(says)]));
}

function keysOf(text) {
  const term = document.createElement("dt");
  for (const key of text.split(" ")) term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
  return term;
}

function meaning(text) {
  return Object.assign(document.createElement("dd"), { textContent: text });
}
