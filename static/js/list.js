// The list of tickets: rows are patched one by one. Their order changes only while nobody is
// pointing at the list or moving through it; until then a pill says how much waits.

import { byId, enliven, fragment, gather, openTicket } from "./dom.js";

const waiting = new Map(); // number → fresh row, null for one that belongs here no more
const COALESCE = 250;
const AT_A_TIME = 100; // as many as the desk answers at once
const MOST_ROWS = 200;
const IDLE_AFTER = 10_000;

let touchedAt = 0;

const list = () => byId("tickets");
const rows = () => byId("rows");
const rowOf = (number) => byId(`t-${number}`);

export function start() {
  if (!list()) return;
  const refresh = gather(COALESCE, refreshRows);
  document.addEventListener("live:ticket", (event) => refresh(String(event.detail.ticket)));
  document.addEventListener("live:resync", async () => {
    shownNumbers().forEach(refresh);
    (await newestNumbers()).forEach(refresh);
  });
  document.addEventListener("ticket:changed", (event) => refresh(event.detail.ticket));
  document.addEventListener("live:whisper", (event) => begun(event.detail, refresh));
  document.addEventListener("ticket:opened", markOpen);
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) list().addEventListener(name, () => (touchedAt = Date.now()), { passive: true });
  setInterval(() => waiting.size && Date.now() - touchedAt > IDLE_AFTER && settle(), 1000);
  byId("list-updates").addEventListener("click", settle);
  list().addEventListener("pointerleave", () => setTimeout(settleIfIdle, 300));
  list().addEventListener("focusout", () => setTimeout(settleIfIdle, 300));
}

/** The list says which tickets have a draft of this agent. */
function begun({ type, ticket, revision }, refresh) {
  if (type === "draft" && rowOf(ticket)?.hasAttribute("data-begun") !== revision > 0) refresh(String(ticket));
}

async function refreshRows(numbers) {
  for (let start = 0; start < numbers.length; start += AT_A_TIME) await refreshSome(numbers.slice(start, start + AT_A_TIME));
}

async function refreshSome(numbers) {
  const query = new URLSearchParams(list().dataset.query);
  query.set("ids", numbers.join(","));
  query.set("open", openTicket() ?? "");
  const answer = await fragment(`/tickets/rows?${query}`);
  if (!answer.ok) return;
  for (const number of numbers) place(number, answer.root.getElementById(`t-${number}`));
  sayHowMuchWaits();
  byId("list-empty").hidden = rows().querySelector(".row") !== null;
  document.dispatchEvent(new CustomEvent("rows:changed"));
}

function place(number, fresh) {
  const old = rowOf(number);
  if (!fresh || (!old && fresh.matches(".row--gone"))) return leave(number, old);
  if (old && old.dataset.sort === fresh.dataset.sort) return exchange(old, fresh);
  if (old) exchange(old, fresh, old.dataset.sort);
  if (!old && isBeyondTheEnd(fresh)) return;
  waiting.set(number, fresh);
  if (isIdle()) settle();
}

/** Nothing moves away under somebody's hand either: until then it is only paler. */
function leave(number, old) {
  waiting.delete(number);
  if (!old) return;
  old.classList.add("row--gone");
  waiting.set(number, null);
  if (isIdle()) settle();
}

/** Patch in place. The link itself stays, so focus on it stays too. */
function exchange(old, fresh, sort = fresh.dataset.sort) {
  const link = old.querySelector(".row__link");
  const parts = [...fresh.cloneNode(true).children];
  const middle = parts.findIndex((part) => part.matches(".row__link"));
  link.replaceChildren(...parts[middle].childNodes);
  const hadFocus = old.contains(document.activeElement) && document.activeElement !== link;
  for (const child of [...old.children]) if (child !== link) child.remove();
  if (hadFocus) link.focus({ preventScroll: true });
  link.before(...parts.slice(0, middle));
  link.after(...parts.slice(middle + 1));
  old.className = fresh.className;
  old.toggleAttribute("data-begun", fresh.hasAttribute("data-begun"));
  old.dataset.sort = sort;
  enliven(old);
}

function settle() {
  const focused = document.activeElement?.closest?.(".row")?.id;
  for (const [number, fresh] of waiting) fresh ? insert(number, fresh) : rowOf(number)?.remove();
  waiting.clear();
  sayHowMuchWaits();
  byId("list-empty").hidden = rows().querySelector(".row") !== null;
  if (focused) byId(focused)?.querySelector(".row__link").focus({ preventScroll: true });
  if (rows().scrollTop === 0) letGo();
}

/** A list that is open all day keeps its newest rows; the others come back by "More tickets". */
function letGo() {
  const all = [...rows().querySelectorAll(".row")];
  const last = all[MOST_ROWS - 1];
  if (all.length <= MOST_ROWS || !isIdle()) return;
  all.slice(MOST_ROWS).forEach((row) => row.remove());
  const query = new URLSearchParams(list().dataset.query);
  query.set("before", `${last.querySelector("time").dateTime}~${last.dataset.number}`);
  const more = byId("more-rows").content.firstElementChild.cloneNode(true);
  more.querySelector("a").href = `/?${query}`;
  more.querySelector("a").setAttribute("hx-get", `/tickets/?${query}`);
  rows().querySelector("[data-more]")?.remove();
  rows().append(more);
  enliven(more);
}

function insert(number, fresh) {
  const old = rowOf(number);
  const row = old ?? document.importNode(fresh, true);
  if (old) old.dataset.sort = fresh.dataset.sort;
  const after = [...rows().querySelectorAll(".row")].find((one) => one !== row && one.dataset.sort < row.dataset.sort);
  const place = after ?? rows().querySelector("[data-more]");
  if (row.nextElementSibling !== place || !row.isConnected) rows().insertBefore(row, place);
  if (!old) enliven(row);
}

const isIdle = () => !list().matches(":hover") && !list().contains(document.activeElement);

function settleIfIdle() {
  if (waiting.size && isIdle()) settle();
}

function isBeyondTheEnd(fresh) {
  const last = [...rows().querySelectorAll(".row")].at(-1);
  return Boolean(last && rows().querySelector("[data-more]") && fresh.dataset.sort < last.dataset.sort);
}

function sayHowMuchWaits() {
  const pill = byId("list-updates");
  pill.hidden = waiting.size === 0;
  pill.textContent = waiting.size === 1 ? "1 update" : `${waiting.size} updates`;
}

function markOpen() {
  rows().querySelectorAll("[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
  rowOf(openTicket())?.querySelector(".row__link").setAttribute("aria-current", "true");
  document.querySelectorAll(".row--gone").forEach((row) => row.id !== `t-${openTicket()}` && row.remove());
}

/** What the list would begin with now: tickets that came while nobody listened. */
async function newestNumbers() {
  const answer = await fragment(`/tickets/?${list().dataset.query}`);
  return answer.ok ? [...answer.root.querySelectorAll(".row")].map((row) => row.dataset.number) : [];
}

const shownNumbers = () => [...rows().querySelectorAll(".row")].map((row) => row.dataset.number);
