// The open ticket: new things are appended, changed ones replaced by id, nothing else moves.

import { announce } from "./announce.js";
import { byId, enliven, fragment, gather, oneAtATime, openTicket } from "./dom.js";

const NEAR_THE_END = 40;
const timeline = () => byId("timeline");
const scroller = () => byId("scroller");

export function start() {
  const refresh = gather(50, () => refreshTimeline());
  document.addEventListener("live:ticket", (event) => {
    if (String(event.detail.ticket) !== openTicket() || event.detail.type === "read") return;
    if (Number(event.detail.rev) !== Number(byId("conversation").dataset.rev)) readAnew();
    else refresh("ticket");
  });
  document.addEventListener("live:resync", () => openTicket() && readAnew());
  document.addEventListener("ticket:changed", (event) => event.detail.ticket === openTicket() && refresh("ticket"));
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("click", (event) => {
    if (event.target.closest("#timeline-pill")) toTheEnd();
    const button = event.target.closest("[data-original]");
    if (button) showOriginal(button);
    const remote = event.target.closest("[data-show-remote]");
    if (remote) showRemote(remote);
  });
  document.addEventListener("error", withoutPicture, true);
  opened();
}

/** The position of the last thing that is shown. */
function lastPosition() {
  const places = [...timeline().querySelectorAll("[data-last]")].map((item) => Number(item.dataset.last));
  return Math.max(0, ...places);
}

export const refreshTimeline = oneAtATime(async () => {
  const ticket = openTicket();
  if (!ticket) return;
  const query = new URLSearchParams({ after: resumeAfter(), states: shownStates() });
  const answer = await fragment(`/t/${ticket}/messages?${query}`);
  if (ticket !== openTicket()) return;
  if (!answer.ok) return gone(answer.status);
  patch(answer.root);
  if (answer.headers.get("Parley-More") === "1") await refreshTimeline();
});

const readAnew = oneAtATime(async () => {
  const ticket = openTicket();
  const answer = await fragment(`/?t=${ticket}`);
  if (ticket !== openTicket()) return;
  if (!answer.ok) return gone(answer.status);
  const fresh = answer.root.querySelector("#scroller");
  const top = scroller().scrollTop;
  const follow = isAtTheEnd();
  scroller().replaceChildren(...fresh.childNodes);
  byId("conversation").dataset.rev = answer.root.querySelector("#conversation").dataset.rev;
  enliven(scroller());
  if (follow) toTheEnd();
  else scroller().scrollTop = top;
  tell("timeline:anew");
});

/** Activities at the end may still grow together with newer ones: they are asked for again. */
function resumeAfter() {
  const last = timeline().lastElementChild;
  return last?.matches(".activities") ? Number(last.dataset.first) - 1 : lastPosition();
}

const shownStates = () =>
  [...document.querySelectorAll(".message[data-state]")]
    .slice(-100)
    .map((item) => `${item.dataset.message}:${item.dataset.state}`)
    .join(",");

function patch(root) {
  const follow = isAtTheEnd();
  const added = [];
  for (const item of [...root.children]) {
    if (item.matches(".day")) openDay(item);
    else if (put(item)) added.push(item);
  }
  if (follow) toTheEnd();
  else if (added.length) showPill();
  if (added.length) tell("timeline:grew");
  const inbound = added.findLast((item) => item.matches(".message--inbound"));
  if (inbound) announce(`New message from ${inbound.querySelector(".bubble__author").textContent}`);
}

function openDay(item) {
  const known = document.querySelector(`.day[data-day="${item.dataset.day}"]`);
  if (!known) timeline().append(item);
}

/** True when the item is new. One that holds a selection keeps its node until it is let go. */
function put(item) {
  const old = byId(item.id);
  if (!old) {
    timeline().append(item);
    enliven(item);
    return !item.matches(".activities");
  }
  if (holdsSelection(old)) {
    document.addEventListener("selectionchange", () => setTimeout(() => put(item), 200), { once: true });
    return false;
  }
  keepOpen(old, item);
  old.replaceWith(item);
  enliven(item);
  return false;
}

function keepOpen(old, item) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.querySelectorAll("details").forEach((details, index) => {
    const fresh = item.querySelectorAll("details")[index];
    if (fresh) fresh.open = details.open;
  });
  const frame = old.querySelector(".bubble__original");
  if (frame) {
    item.querySelector(".bubble__foot").before(frame);
    item.querySelector("[data-original]")?.setAttribute("aria-expanded", "true");
  }
  if (!focused) return;
  item.tabIndex = -1; // where focus stays when the button itself is gone
  requestAnimationFrame(() => (byId(focused) ?? item).focus({ preventScroll: true }));
}

function holdsSelection(item) {
  const selection = document.getSelection();
  return !selection.isCollapsed && selection.containsNode(item, true);
}

function opened() {
  if (!timeline()) return;
  toTheEnd();
  scroller().addEventListener("scroll", () => isAtTheEnd() && hidePill(), { passive: true });
}

const isAtTheEnd = () => scroller().scrollHeight - scroller().clientHeight - scroller().scrollTop <= NEAR_THE_END;

function toTheEnd() {
  scroller().scrollTop = scroller().scrollHeight;
  hidePill();
}

let unseen = 0;

function showPill() {
  unseen += 1;
  const pill = byId("timeline-pill");
  pill.textContent = unseen === 1 ? "New message ↓" : `${unseen} new messages ↓`;
  pill.hidden = false;
}

function hidePill() {
  unseen = 0;
  byId("timeline-pill").hidden = true;
}

function tell(name) {
  document.dispatchEvent(new CustomEvent(name));
}

function gone(status) {
  if (status !== 404) return;
  byId("composer").dataset.gone = "true";
  document.dispatchEvent(new CustomEvent("ticket:gone"));
}

function showOriginal(button) {
  const bubble = button.closest(".bubble");
  const shown = bubble.querySelector(".bubble__original");
  button.setAttribute("aria-expanded", shown ? "false" : "true");
  button.textContent = shown ? "Show original" : "Hide original";
  if (shown) return shown.remove();
  const original = document.createElement("div");
  original.className = "bubble__original";
  original.append(...remoteBar(Number(button.dataset.remote)), frameOf(button.dataset.original));
  bubble.querySelector(".bubble__foot").before(original);
}

function frameOf(address) {
  const frame = document.createElement("iframe");
  frame.title = "Original message";
  frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  frame.src = address;
  return frame;
}

/** Asking for them tells their owner that the mail is read: nobody but the agent decides that. */
function remoteBar(count) {
  if (!count) return [];
  const bar = document.createElement("p");
  bar.className = "bubble__remote";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "text-button";
  button.dataset.showRemote = "";
  button.textContent = "Show remote images";
  bar.append(count === 1 ? "1 remote image" : `${count} remote images`, " not loaded ", button);
  return [bar];
}

function showRemote(button) {
  const frame = button.closest(".bubble__original").querySelector("iframe");
  frame.src = `${frame.getAttribute("src")}?images=remote`;
  frame.tabIndex = -1; // where focus goes, since the button leaves
  button.closest(".bubble__remote").remove();
  frame.focus({ preventScroll: true });
}

/** A file that only says it is a picture stays a file to save. */
function withoutPicture(event) {
  if (event.target instanceof HTMLImageElement) event.target.closest(".file__picture")?.remove();
}
