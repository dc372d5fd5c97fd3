// The reply box. Nothing from outside ever replaces it or anything in it; what is typed is
// forgotten only when the desk has sent it. It belongs to one ticket as long as that is open.

import * as attachments from "./attachments.js";
import { byId, isSignedOut, openTicket, post, signInAgain } from "./dom.js";
import * as drafts from "./drafts.js";
import { isOnline } from "./live.js";
import { arrived, queue, remind, underWay } from "./outbox.js";
import { sawUpTo, seenPosition } from "./reading.js";

const CHECK_AFTER = 400;

let sending = false;
let checkTimer = 0;
let copiesOpen = false;

const composer = () => byId("composer");
const mode = () => composer().elements.mode.value;
const strand = () => byId("strand").selectedOptions[0];
const copies = () => composer().elements.cc;
const boxOf = (mode) => byId(mode === "note" ? "note-text" : "reply-text");
export const textBox = () => boxOf(mode());

export function start() {
  document.addEventListener("ticket:opened", opened);
  document.addEventListener("ticket:gone", gone);
  document.addEventListener("live:state", () => composer() && describe());
  document.addEventListener("draft:grew", (event) => put(event.detail.mode, drafts.draft(event.detail.mode).text));
  document.addEventListener("draft:sent", (event) => sentElsewhere(event.detail.mode));
  document.addEventListener("draft:newer", showNewer);
  document.addEventListener("draft:files", attachments.show);
  document.addEventListener("outbox:held", (event) => takeBack(event.detail));
  document.addEventListener("submit", submitted, true);
  document.addEventListener("input", typed);
  document.addEventListener("change", changed);
  document.addEventListener("click", clicked);
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
  const name = select.selectedOptions[0]?.textContent;
  if (document.activeElement === select) {
    select.addEventListener("blur", () => updateStrands(fresh), { once: true });
    return;
  }
  select.replaceChildren(...[...fresh.options].map((option) => option.cloneNode(true)));
  const isStillThere = isOffered(chosen);
  if (isStillThere) select.value = chosen;
  else if (boxOf("reply").value) problem(`${name} is not in this ticket any more. See where your answer would go now.`);
  if (!isStillThere) answer(null);
  describe();
}

/** Nothing can be written here any more; what was typed can be copied. */
function gone() {
  composer().dataset.gone = "true";
  problem("This ticket is no longer in your sight. Your text is kept here; copy it if you need it.");
}

function opened() {
  if (!composer()) return;
  const { reply, note } = drafts.begin(openTicket(), composer().dataset.draftUrl, JSON.parse(composer().dataset.drafts));
  if (isOffered(reply.strand)) byId("strand").value = reply.strand;
  copiesOpen = false;
  answer(reply.answers);
  copies().value = reply.text && reply.strand ? reply.copies : strand()?.dataset.copies ?? "";
  put("reply", reply.text);
  put("note", note.text);
  if (note.text && !reply.text) composer().querySelector("input[value=note]").checked = true;
  attachments.show();
  showNewer();
  applyMode();
  check();
}

/** Typing cannot be taken from who types: a box in use is written to by its own undo history. */
function put(mode, text) {
  const box = boxOf(mode);
  if (box.value === text) return;
  if (document.activeElement === box) {
    box.select();
    if (document.execCommand("insertText", false, text)) return;
  }
  box.value = text;
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
  byId("answered").hidden = isNote || !drafts.draft("reply").answers;
  describe();
}

/** The message that is being answered stands above the box, and goes out quoted. */
function answer(message) {
  drafts.draft("reply").answers = message;
  byId("answered-text").textContent = message ? `${message.author}: ${message.text}` : "";
  byId("answered").hidden = !message || mode() === "note";
}

function answerThis(button) {
  const { answer: id, strand: to, author, text } = button.dataset;
  setMode("reply");
  if (!isOffered(to)) return problem("Nothing can be sent to the address this came from.");
  if (byId("strand").value !== to) choose(to);
  answer({ id, author, text });
  keep("reply");
  textBox().focus();
}

const isOffered = (to) => [...byId("strand").options].some((option) => option.value === to);

function choose(to) {
  byId("strand").value = to;
  byId("strand").dispatchEvent(new Event("change", { bubbles: true }));
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
  label(isNote ? "Add note" : isOnline() ? "Send" : "Send when online", isNote || !isOnline() ? "" : chosen?.dataset.label ?? "");
  byId("joined-line").textContent = isNote ? "" : chosen?.dataset.joined ?? "";
  showStatus(isNote ? "" : chosen?.dataset.refusal ?? "There is no address to answer to.", "");
}

/** Where there is little room, whom it goes to is cut short, never what the button does. */
function label(words, way) {
  const whom = document.createElement("span");
  whom.className = "composer__whom";
  whom.textContent = way ? `to ${composer().dataset.name} · ${way}` : "";
  byId("send").replaceChildren(`${words} `, whom);
}

function showStatus(refusal, count) {
  const status = byId("composer-status");
  status.toggleAttribute("data-refused", Boolean(refusal));
  status.textContent = refusal || count;
}

function typed(event) {
  if (event.target.id === "reply-text") {
    clearTimeout(checkTimer);
    checkTimer = setTimeout(check, CHECK_AFTER);
    keep("reply");
  } else if (event.target.id === "note-text") keep("note");
  else if (event.target === composer()?.elements.cc) keep("reply");
}

function keep(which) {
  const text = boxOf(which).value;
  if (!text && !drafts.draft(which).text) return;
  drafts.changed(which, { text, strand: strand()?.value ?? "", copies: copies().value });
}

function changed(event) {
  if (event.target.name === "mode") applyMode();
  if (event.target.id === "strand") {
    answer(null);
    copies().value = strand().dataset.copies;
    keep("reply");
    describe();
    check();
  }
}

function clicked(event) {
  if (event.target.id === "open-cc") openCopies();
  const anyway = event.target.closest("[data-send-anyway]");
  if (anyway) sendAnyway(Number(anyway.dataset.sendAnyway));
  const quoting = event.target.closest("[data-answer]");
  if (quoting) answerThis(quoting);
  if (event.target.closest("#answer-nothing")) {
    answer(null);
    textBox().focus();
  }
  if (event.target.closest("[data-keep-editing]")) {
    byId("composer-problem").replaceChildren();
    textBox().focus();
  }
  const newer = event.target.closest("[data-settle]");
  if (newer) settle(newer.dataset.settle === "theirs");
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
  const response = await post(composer().dataset.checkUrl, body).catch(() => null);
  if (!response?.ok || ticket !== openTicket() || mode() === "note") return;
  const answer = await response.json();
  const parts = answer.segments === 1 ? "1 SMS" : `${answer.segments} SMS`;
  showStatus(answer.refusal, answer.segments ? `${answer.characters} characters · ${parts}` : "");
}

function sendAnyway(base) {
  if (composer().hasAttribute("data-template")) document.dispatchEvent(new CustomEvent("template:anyway", { detail: base }));
  else send(base);
}

function submitted(event) {
  if (event.target !== composer()) return;
  event.preventDefault();
  event.stopPropagation();
  send();
}

/** Send, based on what has been seen. Without a connection it waits for one. */
export async function send(base = seenPosition()) {
  if (sending || composer().dataset.gone) return;
  const sent = mode();
  const text = textBox().value;
  const files = sent === "reply" ? drafts.draft("reply").files : [];
  if (attachments.areUnderWay()) return problem("A file is still on its way up.");
  if (!text.trim() && !files.length) return problem("Write something first.");
  const { clientId, revision, answers } = drafts.draft(sent);
  const kept = { files, answers, strand: strand()?.value ?? "", copies: copies().value };
  const fields = [["text", text], ["client_id", clientId], ["base", base], ["draft", revision], ...leading(sent, kept)];
  const url = sent === "note" ? composer().dataset.noteUrl : composer().dataset.replyUrl;
  const message = { ticket: openTicket(), mode: sent, text, url, fields, kept };
  if (!isOnline()) return wait(clientId, message);
  setSending(true);
  underWay(clientId, message);
  const response = await deliver(message).catch(() => null);
  setSending(false);
  const written = response?.status === 201 ? await response.json() : null;
  arrived(clientId, written?.position);
  if (written) done(message, written);
  else if (response) notSent(message, response);
  else wait(clientId, message); // should the desk have it, it knows it by its id
}

/** Where a reply goes, with what, and what it answers. */
function leading(sent, { files, answers, strand: to, copies: cc }) {
  if (sent === "note") return [];
  const fields = [["conversation", to], ...files.map((file) => ["attachments", file.id])];
  if (strand()?.dataset.kind === "email") fields.push(["cc", cc]);
  if (answers) fields.push(["answers", answers.id]);
  return fields;
}

function deliver({ url, fields }) {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  return post(url, body);
}

async function notSent({ ticket }, response) {
  if (isSignedOut(response)) return signInAgain();
  if (ticket !== openTicket()) return remind({ ticket });
  if (response.status === 409) document.dispatchEvent(new CustomEvent("ticket:changed", { detail: { ticket } }));
  if (response.status === 409 || response.status === 422) return problemHtml(await response.text());
  if (response.status === 404) return problem("Not sent: this ticket or address is not there any more. Your text is kept here.");
  problem("Not sent: the desk had a problem. Your text is kept; press Send again.");
}

function done({ ticket, mode: sent, text }, written) {
  document.dispatchEvent(new CustomEvent("ticket:changed", { detail: { ticket } }));
  document.dispatchEvent(new CustomEvent("ticket:written", { detail: { ticket, position: written.position } }));
  if (ticket !== openTicket()) return drafts.forget(ticket, sent);
  if (written.text !== text) {
    drafts.finished(sent, boxOf(sent).value);
    problem("An earlier version of this text had been sent already. The newer one is kept here.");
    return;
  }
  finish(sent, text);
}

/** Written on while the answer was under way: only what was sent goes. */
function finish(sent, text) {
  const box = boxOf(sent);
  const rest = box.value.startsWith(text) ? box.value.slice(text.length).trimStart() : box.value;
  box.value = rest;
  drafts.finished(sent, rest);
  if (sent === "reply") answer(null);
  byId("composer-problem").replaceChildren();
  showNewer();
  attachments.show();
  describe();
  if (document.activeElement === byId("send")) box.focus();
}

function wait(clientId, message) {
  const { ticket, mode: sent, text } = message;
  const waits = queue(clientId, message);
  if (ticket !== openTicket()) return waits ? drafts.forget(ticket, sent) : remind(message);
  if (!waits) return problem("Not sent: no connection. Your text is kept here.");
  finish(sent, text);
}

/** What waited and could not leave, or was called back, stands in its box again. */
function takeBack({ mode: was, text, clientId, html, kept }) {
  const together = [text, boxOf(was).value].filter(Boolean).join("\n\n");
  put(was, together);
  if (was === "reply") restore(kept);
  drafts.changed(was, { text: together, clientId, strand: strand()?.value ?? "", copies: copies().value });
  setMode(was);
  if (html) problemHtml(html);
}

/** With its files, to the address it was meant for. */
function restore({ files, answers, strand: to, copies: cc }) {
  const one = drafts.draft("reply");
  one.files = [...files, ...one.files.filter((file) => files.every(({ id }) => id !== file.id))];
  if (isOffered(to)) byId("strand").value = to;
  copies().value = cc;
  answer(answers);
  attachments.show();
}

function sentElsewhere(was) {
  drafts.finished(was, "");
  put(was, "");
  attachments.show();
}

function showNewer() {
  const which = ["reply", "note"].find((one) => drafts.draft(one).theirs);
  byId("draft-newer").hidden = !which;
  if (!which) return;
  byId("draft-newer").dataset.mode = which;
  byId("draft-newer-text").textContent = drafts.draft(which).theirs.text;
}

function settle(takeTheirs) {
  const which = byId("draft-newer").dataset.mode;
  setMode(which);
  drafts.settle(which, takeTheirs);
  put(which, drafts.draft(which).text);
  attachments.show();
  showNewer();
}

function setSending(value) {
  sending = value;
  byId("send")?.setAttribute("aria-disabled", String(value));
}

export function problem(text) {
  const line = document.createElement("p");
  line.textContent = text;
  byId("composer-problem").replaceChildren(line);
}

export function problemHtml(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  byId("composer-problem").replaceChildren(holder.content);
  const anyway = byId("composer-problem").querySelector("[data-send-anyway]");
  if (anyway) sawUpTo(Number(anyway.dataset.sendAnyway));
}
