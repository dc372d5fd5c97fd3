// Channels that can be answered freely for a day only: how long that is still so, and approved
// templates in place of the reply box when it is over.

import { alertUser } from "./announce.js";
import { problem, problemHtml } from "./composer.js";
import { byId, get, isSignedOut, openTicket, post, signInAgain, uuid } from "./dom.js";
import { seenPosition } from "./reading.js";

const EVERY = 20_000;

let shownFor = "";
let clientId = "";
let sending = false;

const composer = () => byId("composer");
const panel = () => byId("templates");
const strand = () => byId("strand")?.selectedOptions[0];
const isNote = () => composer().elements.mode.value === "note";

export function start() {
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("change", (event) => {
    if (event.target.id === "strand" || event.target.name === "mode") show();
  });
  document.addEventListener("input", typed);
  document.addEventListener("keydown", entered);
  document.addEventListener("click", clicked);
  document.addEventListener("template:anyway", (event) => send(event.detail));
  document.addEventListener("focusout", (event) => event.target.id === "reply-text" && setTimeout(show, 0));
  setInterval(show, EVERY);
  opened();
}

function opened() {
  if (!composer()) return;
  shownFor = "";
  new MutationObserver(show).observe(byId("strand"), { childList: true });
  show();
}

/** The reply box and the templates never stand there together; what was typed stays in the box. */
function show() {
  if (!composer()) return;
  const reason = reasonFor(strand());
  const wanted = !isNote() && Boolean(reason) && !isBeingWritten();
  composer().toggleAttribute("data-template", wanted);
  byId("reply-window").textContent = isNote() ? "" : timeLeft(strand());
  panel().hidden = !wanted;
  if (!wanted) return;
  byId("templates-reason").textContent = isFree(strand()) ? `${reason} It is at no charge: the customer came from an advertisement.` : reason;
  const key = `${openTicket()} ${strand().value}`;
  if (shownFor !== key) load(key);
}

/** The box does not go from under somebody's fingers: what they type would become commands. */
const isBeingWritten = () => panel().hidden && document.activeElement === byId("reply-text") && byId("reply-text").value !== "";

function reasonFor(option) {
  if (!option) return "";
  const ends = endOf(option);
  if (ends !== null && ends <= Date.now()) return option.dataset.windowOver;
  return option.dataset.template ?? "";
}

const endOf = (option) => (option?.dataset.windowEnds ? Date.parse(option.dataset.windowEnds) : null);

function timeLeft(option) {
  const ends = endOf(option);
  if (ends === null) return "";
  if (ends <= Date.now()) return isBeingWritten() ? option.dataset.windowOver : "";
  const minutes = Math.ceil((ends - Date.now()) / 60_000);
  const hours = Math.floor(minutes / 60);
  return `Any text for another ${hours ? `${hours} h ` : ""}${minutes % 60} min${isFree(option) ? ", at no charge" : ""}`;
}

/** Who came from an advertisement is answered at no charge for a while, by text and by template. */
const isFree = (option) => Boolean(option?.dataset.freeEnds) && Date.parse(option.dataset.freeEnds) > Date.now();

async function load(key) {
  shownFor = key;
  byId("templates-content").replaceChildren();
  await fill(panel().dataset.url, { conversation: strand().value }, key);
}

async function choose(name, language) {
  clientId = uuid();
  await fill(panel().dataset.formUrl, { conversation: strand().value, name, language }, shownFor);
  preview();
  panel().querySelector("[data-slot], #send-template")?.focus();
}

async function fill(url, query, key) {
  const response = await get(`${url}?${new URLSearchParams(query)}`);
  if (key !== shownFor) return;
  if (!response?.ok) {
    shownFor = "";
    problem("The templates could not be loaded. Try again in a moment.");
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  byId("templates-content").replaceChildren(holder.content);
}

function typed(event) {
  if (event.target.id === "template-search") filter(event.target.value);
  if (event.target.matches?.("#templates [data-slot]")) preview();
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const offers = [...panel().querySelectorAll("[data-words]")];
  for (const offer of offers) offer.hidden = !words.every((word) => offer.dataset.words.includes(word));
  const none = panel().querySelector(".templates__none");
  if (none) none.hidden = offers.some((offer) => !offer.hidden);
}

function preview() {
  for (const mark of panel().querySelectorAll("[data-fills]")) {
    const field = panel().querySelector(`[data-slot="${mark.dataset.fills}"]`);
    mark.textContent = field?.value.trim() || "…";
  }
}

/** Enter in a field sends no reply: the fields stand inside its form. */
function entered(event) {
  if (!event.target.closest?.("#templates") || event.key !== "Enter" || event.target.matches("button")) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.target.matches("[data-slot]")) send();
}

function clicked(event) {
  const offer = event.target.closest("#templates [data-template]");
  if (offer) choose(offer.dataset.template, offer.dataset.language);
  if (event.target.closest("[data-other-template]")) load(shownFor);
  if (event.target.closest("#send-template")) send();
}

async function send(base = seenPosition()) {
  const chosen = panel().querySelector(".templates__chosen");
  const fields = [...panel().querySelectorAll("[data-slot]")];
  const empty = fields.find((field) => !field.value.trim());
  if (sending || !chosen) return;
  if (empty) {
    problem("Fill in every placeholder first.");
    empty.focus();
    return;
  }
  const ticket = openTicket();
  sending = true;
  const response = await deliver(chosen.dataset, fields, base).catch(() => null);
  sending = false;
  if (response?.status === 201) return done(ticket, await response.json());
  if (isSignedOut(response)) return signInAgain();
  if (ticket !== openTicket()) return alertUser(`The template for #${ticket} was not sent.`);
  if (response?.status === 409 || response?.status === 422) return problemHtml(await response.text());
  problem("Not sent. Press Send again in a moment.");
}

function deliver({ name, language }, fields, base) {
  const body = new FormData();
  body.set("client_id", clientId);
  body.set("base", base);
  body.set("conversation", strand().value);
  body.set("template", name);
  body.set("language", language);
  for (const field of fields) body.append("parameter", field.value);
  return post(composer().dataset.replyUrl, body);
}

function done(ticket, { position }) {
  document.dispatchEvent(new CustomEvent("ticket:changed", { detail: { ticket } }));
  document.dispatchEvent(new CustomEvent("ticket:written", { detail: { ticket, position } }));
  if (ticket !== openTicket()) return;
  byId("composer-problem").replaceChildren();
  load(shownFor);
}
