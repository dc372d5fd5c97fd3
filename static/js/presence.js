// Who else is here: tells the desk which ticket this tab shows and whether somebody writes in it,
// and shows the same of others. It comes with an end: a minute here, five seconds of typing.

import { byId, gather, get, openTicket } from "./dom.js";
import { say } from "./live.js";

const AGAIN_EVERY = 25_000;
const HERE_FOR = 60_000;
const ABSENT_AFTER = 5000;
const TYPING_EVERY = 1000;
const TYPING_FOR = 5000;
const MOST_WATCHED = 150;

const here = new Map(); // ticket → { agents: [[id, doing]], until }
const typing = new Map(); // agent id, or "" for the customer → until
let names = null;
let namesAskedAt = 0;
let said = {};
let typedAt = 0;
let absentTimer = 0;
let isAbsent = false;

export function start() {
  const watch = gather(300, sayWatched);
  for (const name of ["live:open", "ticket:opened", "rows:changed"]) document.addEventListener(name, () => watch("all"));
  document.addEventListener("live:open", () => sayHere(true));
  document.addEventListener("ticket:opened", () => (typing.clear(), sayHere(), draw()));
  document.addEventListener("rows:changed", drawRows);
  document.addEventListener("live:whisper", (event) => hear(event.detail));
  document.addEventListener("input", typed);
  for (const name of ["focusin", "focusout"]) document.addEventListener(name, () => setTimeout(sayHere, 0));
  document.addEventListener("visibilitychange", comeOrGo);
  setInterval(() => sayHere(true), AGAIN_EVERY);
  setInterval(expire, 1000);
}

function comeOrGo() {
  clearTimeout(absentTimer);
  if (document.hidden) absentTimer = setTimeout(() => ((isAbsent = true), sayHere()), ABSENT_AFTER);
  else isAbsent = false;
  sayHere();
}

function sayWatched() {
  const rows = [...document.querySelectorAll(".row")].map((row) => Number(row.dataset.number));
  const open = Number(openTicket());
  say({ type: "watch", tickets: [...new Set([...(open ? [open] : []), ...rows])].slice(0, MOST_WATCHED) });
}

function sayHere(again = false) {
  const ticket = isAbsent ? null : Number(openTicket()) || null;
  const doing = ticket && isReplying() ? "replying" : "viewing";
  if (again !== true && said.ticket === ticket && said.doing === doing) return;
  said = { ticket, doing };
  say({ type: "here", ticket, doing });
}

const isReplying = () => byId("reply-text").value.trim() !== "" && document.activeElement?.closest("#composer") !== null;

function typed(event) {
  if (!event.target.matches("#reply-text, #note-text")) return;
  sayHere();
  if (Date.now() - typedAt < TYPING_EVERY) return;
  typedAt = Date.now();
  const strand = Number(byId("strand").value); // an address nobody was written to yet is no number
  say({ type: "typing", strand: event.target.id === "reply-text" && strand ? strand : null });
}

function hear(event) {
  const until = Date.now() + HERE_FOR;
  if (event.type === "present") {
    here.clear();
    for (const [ticket, agents] of Object.entries(event.here)) here.set(ticket, { agents, until });
  } else if (event.type === "presence") here.set(String(event.ticket), { agents: event.here, until });
  else if (event.type === "typing" && String(event.ticket) === openTicket()) typing.set(event.agent ?? "", Date.now() + TYPING_FOR);
  else return;
  learnNames().then(draw);
}

function expire() {
  const now = Date.now();
  const size = here.size + typing.size;
  for (const map of [here, typing]) for (const [key, value] of map) if ((value.until ?? value) < now) map.delete(key);
  if (here.size + typing.size !== size) draw();
}

/** Names of new colleagues are asked for, but not over and over. */
async function learnNames() {
  const wanted = [...here.values()].flatMap(({ agents }) => agents.map(([id]) => id)).concat([...typing.keys()]);
  if (wanted.every((id) => id === "" || names?.agents[id]) || Date.now() - namesAskedAt < 10_000) return;
  namesAskedAt = Date.now();
  const response = await get("/roster");
  if (response?.ok) names = await response.json();
}

const others = (ticket) => (here.get(ticket)?.agents ?? []).filter(([id]) => names?.agents[id] && id !== names.me);

function draw() {
  drawRows();
  if (!byId("here")) return;
  const present = others(openTicket());
  byId("here").replaceChildren(...present.map(([id, doing]) => sign(id, doing, true)));
  byId("conversation").toggleAttribute("data-contested", present.some(([, doing]) => doing === "replying"));
  const writers = [...typing.keys()].filter((id) => id !== names?.me).map((id) => (id === "" ? byId("composer").dataset.name : names?.agents[id]?.name)).filter(Boolean);
  byId("typing").textContent = writers.length ? `${writers.join(", ")} ${writers.length === 1 ? "is" : "are"} typing …` : "";
}

function drawRows() {
  for (const place of document.querySelectorAll(".row__here")) {
    const present = others(place.closest(".row").dataset.number);
    const shown = JSON.stringify(present);
    if (place.dataset.shown === shown || (!present.length && !place.hasChildNodes())) continue;
    place.dataset.shown = shown;
    place.replaceChildren(...present.slice(0, 3).map(([id, doing]) => sign(id, doing, false)));
  }
}

function sign(id, doing, inWords) {
  const { name, initials, hue } = names.agents[id];
  const item = document.createElement("span");
  item.className = `here here--${doing}`;
  const avatar = document.createElement("span");
  avatar.className = "avatar avatar--tiny";
  avatar.dataset.hue = hue;
  avatar.ariaHidden = "true";
  avatar.textContent = initials;
  const words = document.createElement("span");
  words.textContent = `${name} is ${doing}`;
  if (!inWords) words.className = "visually-hidden";
  item.title = words.textContent;
  item.append(avatar, words);
  return item;
}
