// The socket: says which ticket to look at again, and knows from where to catch up.
// Everything else listens to the events it sends to the document:
//   live:ticket {ticket, rev, type} · live:resync · live:state {online}

import { byId } from "./dom.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const OFFLINE_AFTER = 5000;
const SIGNED_OUT = 4401;

let socket = null;
let cursor = Number(document.body.dataset.seq);
let pause = FIRST_PAUSE;
let retry = 0;
let offlineTimer = 0;
let missedWhileHidden = false;

export function start() {
  connect();
  window.addEventListener("online", reconnect);
  document.addEventListener("visibilitychange", () => !document.hidden && comeBack());
  document.querySelector("[data-reconnect]").addEventListener("click", reconnect);
}

function connect() {
  clearTimeout(retry);
  const address = new URL("/ws/inbox/", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.onopen = () => socket.send(JSON.stringify({ type: "hello", last_seq: cursor }));
  socket.onmessage = (message) => hear(JSON.parse(message.data));
  socket.onclose = lose;
}

function reconnect() {
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  pause = FIRST_PAUSE;
  connect();
}

function comeBack() {
  reconnect();
  if (missedWhileHidden) tell("live:resync", {});
  missedWhileHidden = false;
}

/** A tab nobody looks at only remembers that there is something to fetch. */
function hear(event) {
  cursor = Math.max(cursor, event.seq);
  if (event.type === "caught-up" || event.type === "resync") isOnline();
  if (event.type === "caught-up") return;
  if (document.hidden) missedWhileHidden = true;
  else if (event.type === "resync") tell("live:resync", {});
  else if (event.ticket) tell("live:ticket", event);
}

function lose(event) {
  if (event.code === SIGNED_OUT) {
    location.reload(); // leads to the sign-in page; what was typed is kept
    return;
  }
  offlineTimer ||= setTimeout(isOffline, OFFLINE_AFTER);
  const jitter = 0.7 + Math.random() * 0.6;
  retry = setTimeout(connect, pause * jitter);
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

function isOnline() {
  clearTimeout(offlineTimer);
  offlineTimer = 0;
  pause = FIRST_PAUSE;
  byId("offline").hidden = true;
  tell("live:state", { online: true });
}

function isOffline() {
  byId("offline").hidden = false;
  tell("live:state", { online: false });
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
