// The way to hear of things: a socket, and where there can be none, questions every few seconds.
// It says which ticket to look at again and knows from where to catch up. Others listen to what
// it tells the document:
//   live:ticket {ticket, rev, type} · live:resync · live:state {online} · live:open
//   live:whisper {type: "presence" | "present" | "typing" | "draft", …}

import { byId, get, isSignedOut, signInAgain } from "./dom.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const OFFLINE_AFTER = 5000;
const SILENT_AFTER = 10_000;
const LIFE_EVERY = 50_000;
const SIGNED_OUT = 4401;
const ASK_EVERY = 5000;
const ASK_HIDDEN_EVERY = 10_000;
const MOST_REMEMBERED = 1000;
const WHISPERS = ["presence", "present", "typing", "draft"];

let socket = null;
let cursor = Number(document.body.dataset.seq);
let pause = FIRST_PAUSE;
let retry = 0;
let answerTimer = 0;
let offlineTimer = 0;
let askTimer = 0;
let answeredAt = 0;
let heardAt = 0;
let hasEverOpened = false;
let failures = 0;
let online = true;
let missedWhileHidden = false;
let owes = false; // something could not be fetched
let owesTimer = 0;
let owesPause = FIRST_PAUSE;
let madeUpAt = 0;
const told = new Map(); // ticket → when it was last told of

export function start() {
  connect();
  window.addEventListener("online", reconnect);
  window.addEventListener("offline", abandon);
  setInterval(askForLife, LIFE_EVERY);
  document.addEventListener("visibilitychange", () => !document.hidden && comeBack());
  document.addEventListener("live:missed", owe);
  document.querySelector("[data-reconnect]").addEventListener("click", tryNow);
}

/** Tell the desk something of the moment; nothing is kept for later. */
export function say(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

export const isOnline = () => online;

/** Whether there was news of a ticket since a moment. */
export const toldSince = (ticket, moment) => (told.get(Number(ticket)) ?? 0) >= moment;

function connect() {
  clearTimeout(retry);
  const address = new URL("/ws/inbox/", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const fresh = new WebSocket(address);
  socket = fresh;
  fresh.onopen = () => say({ type: "hello", last_seq: cursor });
  fresh.onmessage = (message) => fresh === socket && hear(JSON.parse(message.data));
  fresh.onclose = (event) => fresh === socket && lose(event);
  expectAnswer();
}

/** A line that seems open may have died in a machine that slept. */
function reconnect() {
  if (socket?.readyState === WebSocket.OPEN) return askForLife();
  if (socket?.readyState === WebSocket.CONNECTING) return;
  pause = FIRST_PAUSE;
  connect();
}

function tryNow() {
  if (socket?.readyState === WebSocket.CONNECTING) abandon();
  reconnect();
}

/** A line that never opens, or swallows everything, is no line. */
function expectAnswer() {
  clearTimeout(answerTimer);
  answerTimer = setTimeout(abandon, SILENT_AFTER);
}

function askForLife() {
  if (socket?.readyState !== WebSocket.OPEN || Date.now() - heardAt < SILENT_AFTER) return;
  say({ type: "ping" });
  expectAnswer();
}

/** Closing needs the other end too: nobody waits for that. */
function abandon() {
  const old = socket;
  if (!old) return;
  socket = null;
  old.close();
  lose({ code: 0 });
}

function comeBack() {
  reconnect();
  if (missedWhileHidden) tell("live:resync", {});
  missedWhileHidden = false;
}

/** What could not be fetched is not known, although the cursor says so: everything that is shown
 *  is asked for again, at once when the line comes back, else after a pause. */
function owe() {
  owes = true;
  if (Date.now() - madeUpAt > 2 * LONGEST_PAUSE) owesPause = FIRST_PAUSE;
  owesTimer ||= setTimeout(makeUp, owesPause * jitter());
}

function makeUp() {
  clearTimeout(owesTimer);
  owesTimer = 0;
  if (!online) return; // goOnline does it
  owes = false;
  owesPause = Math.min(owesPause * 2, LONGEST_PAUSE);
  madeUpAt = Date.now();
  pass({ type: "resync" });
}

function hear(event) {
  heardAt = Date.now();
  clearTimeout(answerTimer);
  if (event.type === "pong") return;
  if (WHISPERS.includes(event.type)) return tell("live:whisper", event);
  cursor = event.type === "resync" ? event.seq : Math.max(cursor, event.seq);
  if (event.type === "caught-up") return caughtUp();
  pass(event);
}

function caughtUp() {
  hasEverOpened = true;
  failures = 0;
  pause = FIRST_PAUSE;
  stopAsking();
  goOnline();
  tell("live:open", {});
}

/** A tab nobody looks at only remembers that there is something to fetch. */
function pass(event) {
  if (event.ticket) remember(event.ticket);
  if (document.hidden) {
    missedWhileHidden = true;
    tell("live:hidden", event);
  } else if (event.type === "resync") tell("live:resync", {});
  else if (event.ticket) tell("live:ticket", event);
}

function remember(ticket) {
  if (told.size > MOST_REMEMBERED) told.clear();
  told.set(ticket, Date.now());
}

function lose(event) {
  clearTimeout(answerTimer);
  clearTimeout(retry);
  if (event.code === SIGNED_OUT) return signInAgain();
  failures += 1;
  offlineTimer ||= setTimeout(goOffline, OFFLINE_AFTER);
  if (!hasEverOpened && failures >= 2) startAsking();
  retry = setTimeout(connect, pause * jitter());
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

const jitter = () => 0.7 + Math.random() * 0.6;

/** Some networks let no socket through. */
function startAsking() {
  if (!askTimer) ask();
}

function stopAsking() {
  clearTimeout(askTimer);
  askTimer = 0;
}

async function ask() {
  askTimer = setTimeout(ask, document.hidden ? ASK_HIDDEN_EVERY : ASK_EVERY);
  const response = await get(`/events?after=${cursor}`);
  if (isSignedOut(response)) return signInAgain();
  if (!response?.ok) return unanswered();
  const { events, seq } = await response.json();
  answeredAt = Date.now();
  cursor = events ? Math.max(cursor, seq) : seq;
  goOnline();
  for (const event of events ?? [{ type: "resync" }]) pass(event);
}

function unanswered() {
  if (Date.now() - answeredAt > ASK_EVERY + OFFLINE_AFTER) goOffline();
}

function goOnline() {
  clearTimeout(offlineTimer);
  offlineTimer = 0;
  online = true;
  byId("offline").hidden = true;
  tell("live:state", { online });
  if (owes) makeUp();
}

/** Without a socket the answers to questions say whether there is a line. */
function goOffline() {
  offlineTimer = 0;
  if (askTimer && navigator.onLine && Date.now() - answeredAt <= ASK_EVERY + OFFLINE_AFTER) return;
  online = false;
  byId("offline").hidden = false;
  tell("live:state", { online });
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
