// The desk's one script. Every name htmx gives its events stands in this file.

import * as attachments from "./attachments.js";
import * as canned from "./canned.js";
import * as composer from "./composer.js";
import * as counts from "./counts.js";
import * as drafts from "./drafts.js";
import * as facts from "./facts.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import * as presence from "./presence.js";
import * as reading from "./reading.js";
import * as timeline from "./timeline.js";
import * as replyWindow from "./window.js";
import * as announcements from "./announce.js";
import { byId, csrf, isSignedOut, openTicket, signInAgain } from "./dom.js";

let askedAt = 0; // when the ticket that is being opened was asked for

const changesTheTicket = (event) => event.detail.requestConfig?.verb === "post";

document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, csrf()));

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "pane") return;
  byId("pane").setAttribute("aria-busy", "true");
  askedAt = Date.now();
});

document.addEventListener("htmx:afterRequest", (event) => {
  byId("pane").removeAttribute("aria-busy");
  if (changesTheTicket(event)) facts.answered(event);
  else if (isSignedOut(event.detail.xhr)) signInAgain();
  else if (event.detail.failed) announcements.alertUser("This is no longer there, or not for you to see.");
});

document.addEventListener("htmx:sendError", () => announcements.alertUser("No connection. Try again."));

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "pane") return tell("timeline:earlier");
  document.querySelector(".desk").classList.add("desk--ticket");
  tell("ticket:opened");
  // What was told of it while it was on its way was told to the ticket before it.
  if (live.toldSince(openTicket(), askedAt)) tell("ticket:changed", { ticket: openTicket() });
  byId("ticket-subject")?.focus({ preventScroll: true });
});

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

// Leaving the customer drawer changes only the fragment of the address: nothing to fetch.
let address = location.pathname + location.search;
window.addEventListener("popstate", (event) => {
  const now = location.pathname + location.search;
  if (now === address) event.stopImmediatePropagation();
  address = now;
});
document.addEventListener("htmx:pushedIntoHistory", () => (address = location.pathname + location.search));

drafts.start();
timeline.start();
reading.start();
composer.start();
outbox.start(); // gives back into the box
replyWindow.start();
attachments.start();
canned.start();
facts.start();
list.start();
keys.start();
counts.start();
presence.start();
announcements.start();
live.start();
