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
import { alertUser } from "./announce.js";
import { byId, csrf, signInAgain } from "./dom.js";

const changesTheTicket = (event) => event.detail.requestConfig?.verb === "post";

document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, csrf()));

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "pane") byId("pane").setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  byId("pane").removeAttribute("aria-busy");
  if (changesTheTicket(event)) facts.answered(event);
  else if (event.detail.xhr.status === 401) signInAgain();
  else if (event.detail.failed) alertUser("This is no longer there, or not for you to see.");
});

document.addEventListener("htmx:sendError", () => alertUser("No connection. Try again."));

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "pane") return;
  document.querySelector(".desk").classList.add("desk--ticket");
  document.dispatchEvent(new CustomEvent("ticket:opened"));
  byId("ticket-subject")?.focus({ preventScroll: true });
});

// Leaving the customer drawer changes only the fragment of the address: nothing to fetch.
let address = location.pathname + location.search;
window.addEventListener("popstate", (event) => {
  const now = location.pathname + location.search;
  if (now === address) event.stopImmediatePropagation();
  address = now;
});
document.addEventListener("htmx:pushedIntoHistory", () => (address = location.pathname + location.search));

drafts.start();
outbox.start();
timeline.start();
reading.start();
composer.start();
replyWindow.start();
attachments.start();
canned.start();
facts.start();
list.start();
keys.start();
counts.start();
presence.start();
live.start();
