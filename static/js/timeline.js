// The open ticket: new things are appended, changed ones replaced by id, nothing else moves.

import { announce } from "./announce.js";
import { byId, enliven, fragment, oneAtATime, openTicket } from "./dom.js";

const NEAR_THE_END = 40;
const LET_GO_AFTER = 200;

let follows = true; // the end of the timeline is in sight, and stays so
let isAnew = false; // the past itself may have changed
let mine = 0; // position of what was written here and is to be shown
let unseen = 0;
let height = 0;
const held = new Map(); // id → fresh item that waits until a selection is let go
let served = new WeakMap(); // item → how the desk drew it

const timeline = () => byId("timeline");
const scroller = () => byId("scroller");
const resized = new ResizeObserver(() => scroller() && keepTheEnd());

export function start() {
  document.addEventListener("live:ticket", (event) => String(event.detail.ticket) === openTicket() && hear(event.detail));
  document.addEventListener("live:resync", () => openTicket() && readAnew());
  document.addEventListener("ticket:changed", (event) => event.detail.ticket === openTicket() && refresh());
  document.addEventListener("ticket:written", (event) => show(event.detail));
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("timeline:earlier", remember);
  document.addEventListener("outbox:grew", () => timeline() && toTheEnd());
  document.addEventListener("selectionchange", () => held.size && setTimeout(release, LET_GO_AFTER));
  document.addEventListener("scroll", (event) => event.target === scroller() && scrolled(), { capture: true, passive: true });
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

function hear({ type, rev }) {
  if (type === "read") return;
  if (Number(rev) === Number(byId("conversation").dataset.rev)) refresh();
  else readAnew();
}

function readAnew() {
  isAnew = true;
  refresh();
}

/** Ask for what is new, or when the past has changed for everything that is shown; never both at
 *  once, so that no older answer comes after a newer one. */
const refresh = oneAtATime(async () => {
  const ticket = openTicket();
  if (!ticket) return;
  const asksAnew = isAnew;
  isAnew = false;
  const query = asksAnew ? { from: firstPosition() } : { after: resumeAfter(), states: shownStates() };
  const answer = await fragment(`/t/${ticket}/messages?${new URLSearchParams(query)}`);
  if (ticket !== openTicket()) return;
  if (!answer.ok) return gone(answer.status);
  const isSamePast = answer.headers.get("Parley-Rev") === byId("conversation").dataset.rev;
  if (asksAnew) layAnew(answer);
  else if (!isSamePast) readAnew();
  else patch(answer);
});

const items = () => [...document.querySelectorAll(".timeline > li:not(#unread-line)")];
const keyOf = (item) => item.id || `day ${item.dataset.day}`;
const firstPosition = () => Number(items().find((item) => item.dataset.first)?.dataset.first ?? 0);

/** The position of the last thing that is shown. */
function lastPosition() {
  const places = [...timeline().querySelectorAll("[data-last]")].map((item) => Number(item.dataset.last));
  return Math.max(0, ...places);
}

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

function patch({ root, headers }) {
  const added = [];
  for (const item of [...root.children]) {
    if (item.matches(".day")) openDay(item);
    else if (put(item)) added.push(item);
  }
  tellOf(added);
  if (headers.get("Parley-More") === "1") refresh();
}

function openDay(item) {
  const known = document.querySelector(`.day[data-day="${item.dataset.day}"]`);
  if (!known) timeline().append(item);
}

/** The past itself has changed. What is shown is brought in step item by item: nothing that is the
 *  same is touched, and who reads something keeps it before their eyes. */
function layAnew({ root, headers }) {
  const anchor = items().find((item) => item.getBoundingClientRect().bottom > scroller().getBoundingClientRect().top);
  const top = anchor?.getBoundingClientRect().top;
  const added = inOrder([...root.querySelectorAll("#anew > li")]);
  byId("earlier")?.remove();
  const earlier = root.querySelector("#earlier");
  if (earlier) scroller().prepend(earlier);
  if (earlier) enliven(earlier);
  byId("conversation").dataset.rev = headers.get("Parley-Rev");
  const still = anchor && items().find((item) => keyOf(item) === keyOf(anchor));
  if (still && !follows) scroller().scrollTop += still.getBoundingClientRect().top - top;
  tell("timeline:anew");
  tellOf(added.filter((item) => item.matches(".message")));
}

function inOrder(fresh) {
  const wanted = new Set(fresh.map(keyOf));
  const known = new Map();
  for (const item of items()) {
    const isWanted = wanted.has(keyOf(item)) && !known.has(keyOf(item));
    if (isWanted) known.set(keyOf(item), item);
    else item.remove();
  }
  const places = items();
  const added = [];
  for (const item of fresh) {
    const old = known.get(keyOf(item));
    if (old && old === places[0]) places.shift();
    else {
      if (places[0]) places[0].before(old ?? item);
      else timeline().append(old ?? item);
      if (old) places.splice(places.indexOf(old), 1);
    }
    if (!old) added.push(drawn(item));
    else if (item.dataset.first) put(item);
  }
  return added;
}

/** Bring what is new to eyes or ears. */
function tellOf(added) {
  const isMine = mine && lastPosition() >= mine;
  if (follows || isMine) toTheEnd();
  else if (added.length) showPill(added.filter((item) => item.matches(".message")).length);
  if (added.length) tell("timeline:grew", { last: lastPosition() });
  const inbound = added.findLast((item) => item.matches(".message--inbound"));
  if (inbound) announce(`New message from ${words(inbound, ".bubble__author")}, ${words(inbound, ".bubble__channel")}`);
}

const words = (item, part) => item.querySelector(part)?.textContent.trim() ?? "";

/** True when the item is new. One that holds a selection keeps its node until it is let go. */
function put(item) {
  const old = byId(item.id);
  if (!old) {
    timeline().append(drawn(item));
    return !item.matches(".activities");
  }
  held.delete(item.id);
  if (served.get(old) === item.outerHTML) return false;
  if (holdsSelection(old)) held.set(item.id, item);
  else exchange(old, item);
  return false;
}

function exchange(old, item) {
  drawn(item);
  keepOpen(old, item);
  old.replaceWith(item);
}

function drawn(item) {
  served.set(item, item.outerHTML);
  enliven(item);
  return item;
}

function remember() {
  for (const item of items()) if (!served.has(item)) served.set(item, item.outerHTML);
}

function release() {
  for (const item of [...held.values()]) put(item);
}

function keepOpen(old, item) {
  const focused = old.contains(document.activeElement) ? document.activeElement.id : null;
  old.querySelectorAll("details").forEach((details, index) => {
    const fresh = item.querySelectorAll("details")[index];
    if (fresh) fresh.open = details.open;
  });
  const frame = old.querySelector(".bubble__original");
  if (frame) {
    item.querySelector(".bubble__foot").before(frame);
    item.querySelector("[data-original]")?.setAttribute("aria-expanded", "true");
  }
  if (focused === null) return;
  item.tabIndex = -1; // where focus stays when the button itself is gone
  requestAnimationFrame(() => (byId(focused) ?? item).focus({ preventScroll: true }));
}

function holdsSelection(item) {
  const selection = document.getSelection();
  return !selection.isCollapsed && selection.containsNode(item, true);
}

function opened() {
  held.clear();
  served = new WeakMap();
  resized.disconnect();
  mine = 0;
  if (!timeline()) return;
  remember();
  toTheEnd();
  height = scroller().clientHeight;
  resized.observe(scroller());
}

const isAtTheEnd = () => scroller().scrollHeight - scroller().clientHeight - scroller().scrollTop <= NEAR_THE_END;

function scrolled() {
  follows = isAtTheEnd();
  if (follows) hidePill();
}

/** A reply box that grows takes its room from above: the last message stays in sight. */
function keepTheEnd() {
  if (scroller().clientHeight !== height && follows) toTheEnd();
  height = scroller().clientHeight;
}

/** What one has written oneself is shown wherever one was reading. */
function show({ ticket, position }) {
  if (ticket !== openTicket()) return;
  mine = position;
  if (lastPosition() >= mine) toTheEnd();
}

function toTheEnd() {
  scroller().scrollTop = scroller().scrollHeight;
  follows = true;
  mine = 0;
  hidePill();
}

function showPill(more) {
  if (!more) return;
  unseen += more;
  const pill = byId("timeline-pill");
  pill.textContent = unseen === 1 ? "New message ↓" : `${unseen} new messages ↓`;
  pill.hidden = false;
}

function hidePill() {
  unseen = 0;
  byId("timeline-pill").hidden = true;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

function gone(status) {
  if (status === 404) tell("ticket:gone");
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
