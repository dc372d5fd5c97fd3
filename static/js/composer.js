// The reply box. Nothing from outside ever replaces it or anything in it; what is typed is
// mirrored as it is typed and forgotten only when the server has it.

import { alertUser } from "./announce.js";
import { byId, csrf, openTicket } from "./dom.js";
import { forget, recall, remember } from "./drafts.js";
import { lastPosition } from "./timeline.js";

const CHECK_AFTER = 400;

let files = [];
let clientId = "";
let sending = false;
let checkTimer = 0;
let isOnline = true;
let copiesOpen = false;

const composer = () => byId("composer");
const mode = () => composer().elements.mode.value;
const strand = () => byId("strand").selectedOptions[0];
const copies = () => composer().elements.cc;
export const textBox = () => byId(mode() === "note" ? "note-text" : "reply-text");

export function start() {
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("ticket:gone", () => problem("This ticket is no longer in your sight. Your text is kept here; copy it if you need it."));
  document.addEventListener("live:state", (event) => {
    isOnline = event.detail.online;
    if (composer()) describe();
  });
  document.addEventListener("submit", submitted, true);
  document.addEventListener("input", typed);
  document.addEventListener("change", changed);
  document.addEventListener("paste", pasted);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-drop-file]");
    if (button) dropFile(Number(button.dataset.dropFile));
    if (event.target.id === "open-cc") openCopies();
  });
  opened();
}

export function setMode(value) {
  composer().querySelector(`input[name=mode][value=${value}]`).checked = true;
  applyMode();
  textBox().focus();
}

/** New strands appear and refusals change, but what the agent has chosen stays chosen. */
export function updateStrands(fresh) {
  const select = byId("strand");
  if (!select || !fresh || select.innerHTML === fresh.innerHTML) return;
  const chosen = select.value;
  if (document.activeElement === select) {
    select.addEventListener("blur", () => updateStrands(fresh), { once: true });
    return;
  }
  select.replaceChildren(...[...fresh.options].map((option) => option.cloneNode(true)));
  if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
  describe();
}

function opened() {
  if (!composer()) return;
  files = [];
  clientId = uuid();
  const draft = recall(openTicket());
  byId("reply-text").value = draft.reply ?? "";
  byId("note-text").value = draft.note ?? "";
  if (draft.note && !draft.reply) composer().querySelector("input[value=note]").checked = true;
  copiesOpen = false;
  copies().value = strand()?.dataset.copies ?? "";
  applyMode();
  check();
}

function applyMode() {
  const isNote = mode() === "note";
  composer().dataset.mode = mode();
  byId("reply-text").hidden = isNote;
  byId("note-text").hidden = !isNote;
  byId("recipient").hidden = isNote;
  byId("private-line").hidden = !isNote;
  byId("attach").hidden = isNote;
  byId("composer-files").hidden = isNote;
  describe();
}

function openCopies() {
  copiesOpen = true;
  describe();
  copies().focus();
}

/** Say what the button will do, to whom and how. */
function describe() {
  const isNote = mode() === "note";
  const chosen = strand();
  const hasCopies = !isNote && chosen?.dataset.kind === "email";
  byId("cc-line").hidden = !hasCopies || !(copiesOpen || copies().value);
  byId("open-cc").hidden = !hasCopies || !byId("cc-line").hidden;
  const send = byId("send");
  const words = isOnline ? "Send" : "Send when online";
  const name = composer().dataset.name;
  send.textContent = isNote ? "Add note" : isOnline ? `${words} to ${name} · ${chosen?.dataset.label ?? ""}` : words;
  showStatus(isNote ? "" : chosen?.dataset.refusal ?? "There is no address to answer to.", "");
}

function showStatus(refusal, count) {
  const status = byId("composer-status");
  status.toggleAttribute("data-refused", Boolean(refusal));
  status.textContent = refusal || count;
}

function typed(event) {
  if (!event.target.matches("#reply-text, #note-text")) return;
  remember(openTicket(), byId("reply-text").value, byId("note-text").value);
  if (event.target.id === "reply-text") {
    clearTimeout(checkTimer);
    checkTimer = setTimeout(check, CHECK_AFTER);
  }
}

function changed(event) {
  if (event.target.name === "mode") applyMode();
  if (event.target.id === "strand") {
    copies().value = strand().dataset.copies;
    describe();
    check();
  }
  if (event.target.matches("#attach input")) addFiles(event.target);
}

/** Ask the one who knows whether this may be sent, and how many SMS it takes. */
async function check() {
  if (!composer() || mode() === "note" || !strand()) return;
  const ticket = openTicket();
  const text = byId("reply-text").value;
  if (!text) return describe();
  const body = new FormData();
  body.set("conversation", strand().value);
  body.set("text", text);
  const response = await fetch(composer().dataset.checkUrl, { method: "POST", headers: csrf(), body }).catch(() => null);
  if (!response?.ok || ticket !== openTicket() || mode() === "note") return;
  const answer = await response.json();
  const parts = answer.segments === 1 ? "1 SMS" : `${answer.segments} SMS`;
  showStatus(answer.refusal, answer.segments ? `${answer.characters} characters · ${parts}` : "");
}

function submitted(event) {
  if (event.target !== composer()) return;
  event.preventDefault();
  event.stopPropagation();
  send();
}

export async function send() {
  if (sending || composer().dataset.gone) return;
  const sentMode = mode();
  const box = textBox();
  const text = box.value;
  if (!text.trim() && !(sentMode === "reply" && files.length)) return problem("Write something first.");
  setSending(true);
  const ticket = openTicket();
  const response = await post(sentMode, text).catch(() => null);
  setSending(false);
  if (response?.status === 201) return done(ticket, sentMode, text, await response.json());
  if (ticket !== openTicket()) return alertUser(`Your text for #${ticket} was not sent. It is kept there.`);
  if (!response) return problem("Not sent: no connection. Your text is kept; press Send again.");
  if (response.status === 409) document.dispatchEvent(new CustomEvent("ticket:changed", { detail: { ticket } }));
  if (response.status === 409 || response.status === 422) return problemHtml(await response.text());
  if (response.status === 401) return location.reload();
  problem("Not sent: the desk had a problem. Your text is kept; press Send again.");
}

function post(sentMode, text) {
  const body = new FormData();
  body.set("text", text);
  body.set("client_id", clientId);
  body.set("base", lastPosition());
  if (sentMode === "note") return fetch(composer().dataset.noteUrl, { method: "POST", headers: csrf(), body });
  body.set("conversation", strand()?.value ?? "");
  if (strand()?.dataset.kind === "email") body.set("cc", copies().value);
  for (const file of files) body.append("files", file);
  return fetch(composer().dataset.replyUrl, { method: "POST", headers: csrf(), body });
}

function done(ticket, sentMode, text, written) {
  document.dispatchEvent(new CustomEvent("ticket:changed", { detail: { ticket } }));
  if (ticket !== openTicket()) return forget(ticket, sentMode);
  clientId = uuid();
  const box = byId(sentMode === "note" ? "note-text" : "reply-text");
  if (written.text !== text) {
    problem("An earlier version of this text had been sent already. The newer one is kept here.");
    return;
  }
  if (sentMode === "reply") dropAllFiles();
  byId("composer-problem").replaceChildren();
  // Written on while the answer was under way: only what was sent goes.
  box.value = box.value === text ? "" : box.value.startsWith(text) ? box.value.slice(text.length).trimStart() : box.value;
  remember(ticket, byId("reply-text").value, byId("note-text").value);
  describe();
  if (document.activeElement === byId("send")) box.focus();
}

function setSending(value) {
  sending = value;
  byId("send")?.setAttribute("aria-disabled", String(value));
}

function problem(text) {
  const line = document.createElement("p");
  line.textContent = text;
  byId("composer-problem").replaceChildren(line);
}

function problemHtml(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  byId("composer-problem").replaceChildren(holder.content);
}

function addFiles(input) {
  files.push(...input.files);
  input.value = "";
  showFiles();
}

function pasted(event) {
  if (!event.target.matches("#reply-text") || !event.clipboardData.files.length) return;
  files.push(...event.clipboardData.files);
  showFiles();
}

function dropFile(index) {
  files.splice(index, 1);
  showFiles();
  textBox().focus();
}

function dropAllFiles() {
  files = [];
  showFiles();
}

function showFiles() {
  byId("composer-files").replaceChildren(...files.map(fileItem));
}

function fileItem(file, index) {
  const item = document.createElement("li");
  item.className = "file";
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.dropFile = index;
  button.textContent = `${file.name} (${size(file.size)})  ✕`;
  button.ariaLabel = `Remove ${file.name}`;
  item.append(button);
  return item;
}

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);

/** crypto.randomUUID exists on https and loopback only; a desk on a plain address has none. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
