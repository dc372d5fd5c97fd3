// What has been before the agent's eyes. Something counts as seen after one second in sight, in
// a tab in front: a reply is based on it, and a customer's message is read by it. The line above
// what was unread stays where it was until the ticket is left.

import { byId, csrf, openTicket } from "./dom.js";

const SEEN_AFTER = 1000;

let seen = 0;
let read = 0;
let watch = 0; // another number whenever the eyes turn elsewhere
let staysUnread = false;

const timeline = () => byId("timeline");

export function start() {
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("timeline:grew", look);
  document.addEventListener("timeline:anew", () => (drawLine(), look()));
  document.addEventListener("visibilitychange", turn);
  window.addEventListener("blur", turn);
  window.addEventListener("focus", turn);
  document.addEventListener("scroll", (event) => event.target.id === "scroller" && look(), { capture: true, passive: true });
  opened();
}

/** The position up to which the agent has seen this ticket: what a reply is based on. */
export const seenPosition = () => seen;

/** It was told in another place; whoever presses a key twice has not read it yet. */
export function sawUpTo(position) {
  const current = watch;
  setTimeout(() => current === watch && (seen = Math.max(seen, position)), SEEN_AFTER);
}

export async function markUnread() {
  staysUnread = true;
  read = 0;
  await post("unread", {});
}

/** What a ticket opens with has been asked for, and counts as seen. */
function opened() {
  watch += 1;
  if (!timeline()) return;
  const items = [...timeline().querySelectorAll("[data-last]")];
  seen = Math.max(0, ...items.map((item) => Number(item.dataset.last)));
  read = Number(byId("conversation").dataset.read);
  staysUnread = false;
  drawLine();
  byId("unread-line")?.scrollIntoView({ block: "nearest" });
  look();
}

function turn() {
  watch += 1;
  look();
}

function look() {
  if (!timeline() || document.hidden || !document.hasFocus()) return;
  const last = lastInSight();
  if (!last || (Number(last.dataset.last) <= seen && inboundUpTo(last) <= read)) return;
  const current = watch;
  setTimeout(() => current === watch && see(last), SEEN_AFTER);
}

function see(last) {
  if (!last.isConnected) return look();
  seen = Math.max(seen, Number(last.dataset.last));
  const upto = inboundUpTo(last);
  if (staysUnread || upto <= read) return;
  read = upto;
  post("read", { upto: seen });
}

function lastInSight() {
  const edge = byId("scroller").getBoundingClientRect().bottom;
  return [...timeline().children].findLast((item) => item.dataset.last && item.getBoundingClientRect().top < edge);
}

/** The position of the last thing the customer said up to an item. */
function inboundUpTo(last) {
  let item = last;
  while (item && !item.matches(".message--inbound")) item = item.previousElementSibling;
  return item ? Number(item.dataset.last) : 0;
}

function drawLine() {
  const from = Number(byId("conversation").dataset.read);
  byId("unread-line")?.remove();
  if (!from) return; // never opened before: everything is new
  const first = [...timeline().querySelectorAll(".message--inbound")].find((item) => Number(item.dataset.first) > from);
  if (!first || Number(first.dataset.first) > seen) return;
  const line = byId("unread-line-above").content.firstElementChild.cloneNode(true);
  first.before(line);
}

async function post(what, fields) {
  const ticket = openTicket();
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const response = await fetch(`/t/${ticket}/${what}`, { method: "POST", headers: csrf(), body }).catch(() => null);
  if (!response?.ok) read = 0; // the next look tries again
}
