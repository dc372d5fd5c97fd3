// Texts that were sent while there was no connection: they wait in this browser, each with the
// id of the message it becomes, and leave once, in their order, when the desk can be reached.

import { alertUser } from "./announce.js";
import { byId, isSignedOut, openTicket, post, signInAgain } from "./dom.js";

const PREFIX = `parley:outbox:${document.body.dataset.agent}:`;
const LOCK = "parley-outbox";

const AGAIN_AFTER = 5000;

const onItsWay = new Map(); // client id → message that was posted from here

let lastSeen = 0; // position in the open timeline
let running = false;
let again = 0;

export function start() {
  document.addEventListener("live:state", (event) => event.detail.online && flush());
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("timeline:anew", draw);
  document.addEventListener("timeline:grew", (event) => seen(event.detail));
  window.addEventListener("storage", (event) => event.key?.startsWith(PREFIX) && draw());
  document.addEventListener("visibilitychange", draw);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take-back]");
    if (button) takeBack(button.dataset.takeBack);
  });
  draw();
  for (const [, message] of waiting()) if (message.held !== undefined) remind(message);
}

/** Wait with this: {ticket, mode, url, text, fields, kept} under the id of its message. False when
 *  this browser keeps nothing. */
export function queue(clientId, message) {
  if (!store(clientId, { ...message, at: Date.now() })) return false;
  draw();
  tell("outbox:grew", {});
  retryLater();
  return true;
}

/** What is under way from this tab stands there too, until the desk has it and it is seen. */
export function underWay(clientId, message) {
  onItsWay.set(clientId, message);
  draw();
  tell("outbox:grew", {});
}

/** The desk has answered: it has it, at a position, or (none) it stays in its box. */
export function arrived(clientId, position) {
  const message = onItsWay.get(clientId);
  if (message && position > lastSeen) message.position = position;
  else onItsWay.delete(clientId);
  draw();
}

export const isQueued = (clientId) => entry(clientId) !== null;

/** One tab sends; should two, the desk knows the message by its id and takes it once. */
function flush() {
  if (running || !leaving().length) return;
  running = true;
  clearTimeout(again);
  const over = () => {
    running = false;
    if (leaving().length) retryLater();
  };
  const sent = navigator.locks ? navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => lock && sendAll()) : sendAll();
  sent.then(over, over);
}

/** A line may be lost and back before anybody noticed. */
function retryLater() {
  clearTimeout(again);
  again = setTimeout(flush, AGAIN_AFTER);
}

async function sendAll() {
  for (const [clientId, message] of leaving()) {
    if (!entry(clientId)) continue; // taken back meanwhile
    const body = new FormData();
    for (const [name, value] of message.fields) body.append(name, value);
    const response = await post(message.url, body).catch(() => null);
    if (isSignedOut(response)) return signInAgain();
    if (!response || response.status >= 500) return;
    if (response.status === 201) sent(clientId, message);
    else hold(clientId, { ...message, held: await reason(response) });
  }
}

function sent(clientId, { ticket }) {
  drop(clientId);
  tell("ticket:changed", { ticket });
}

/** Only these answers are written for the one who reads them. */
const reason = async (response) => ([409, 422].includes(response.status) ? response.text() : "<p>Not sent: this ticket or address is not there any more.</p>");

/** What may not leave goes back to the one who wrote it: at once where its ticket is before their
 *  eyes, else as soon as it is. */
function hold(clientId, message) {
  store(clientId, message);
  draw();
  if (entry(clientId)) remind(message);
}

export const remind = ({ ticket }) => alertUser(`Your text for #${ticket} was not sent. It is kept there.`);

function takeBack(clientId) {
  const message = entry(clientId);
  drop(clientId);
  if (message) tell("outbox:held", { clientId, html: message.held ?? "", ...message });
}

function store(clientId, message) {
  try {
    localStorage.setItem(PREFIX + clientId, JSON.stringify(message));
    return true;
  } catch {
    return false;
  }
}

function drop(clientId) {
  localStorage.removeItem(PREFIX + clientId);
  draw();
}

function entry(clientId) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + clientId));
  } catch {
    return null;
  }
}

function waiting() {
  try {
    const ids = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    return ids.map((id) => [id, entry(id)]).filter(([, message]) => message).sort(([, one], [, other]) => one.at - other.at);
  } catch {
    return [];
  }
}

const leaving = () => waiting().filter(([, message]) => message.held === undefined);

function draw() {
  const all = waiting().filter(([, message]) => message.ticket === openTicket());
  const here = all.filter(([, message]) => message.held === undefined);
  const held = all.find(([, message]) => message.held !== undefined);
  if (held && !document.hidden) return takeBack(held[0]);
  const leaving = [...onItsWay].filter(([, message]) => message.ticket === openTicket());
  byId("outbox")?.replaceChildren(...here.map(([clientId, message]) => bubble(clientId, message)), ...leaving.map(([, message]) => sending(message)));
}

function opened() {
  for (const [clientId, { position }] of onItsWay) if (position) onItsWay.delete(clientId);
  lastSeen = 0;
  draw();
}

function seen({ last }) {
  lastSeen = last;
  for (const [clientId, { position }] of onItsWay) if (position <= last) onItsWay.delete(clientId);
  draw();
}

function sending(message) {
  const item = bubble("", message);
  item.querySelector("[data-take-back]").remove();
  item.querySelector(".delivery").textContent = "Sending …";
  return item;
}

function bubble(clientId, message) {
  const item = byId("waiting-message").content.firstElementChild.cloneNode(true);
  item.classList.add(message.mode === "note" ? "message--note" : "message--outbound");
  item.querySelector(".bubble__text").textContent = message.text;
  item.querySelector("[data-take-back]").dataset.takeBack = clientId;
  return item;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
