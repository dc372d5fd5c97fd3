// What is being written, per ticket and mode: mirrored in this browser as it is typed, kept at
// the desk a moment later, forgotten only when the desk has sent it. What another tab wrote is
// offered, never put over what stands here.

import { get, isSignedOut, post, signInAgain, uuid } from "./dom.js";
import { isQueued } from "./outbox.js";

const MIRROR_AFTER = 300;
const SAVE_AFTER = 800;
const KEPT_FOR = 30 * 24 * 3600 * 1000;
const PREFIX = `parley:draft:${document.body.dataset.agent}:`;
const NOTHING = { text: "", strand: "", copies: "", files: [], answers: null, revision: 0, clientId: "" };

let open = null; // { ticket, url, reply: one, note: one }

export function start() {
  prune();
  document.addEventListener("visibilitychange", () => document.hidden && saveAtOnce());
  window.addEventListener("pagehide", saveAtOnce);
  document.addEventListener("live:state", (event) => event.detail.online && ["reply", "note"].forEach(save));
  document.addEventListener("live:whisper", (event) => event.detail.type === "draft" && heardOf(event.detail));
}

/** Begin with a ticket: its drafts as the desk and this browser know them. */
export function begin(ticket, url, kept) {
  saveAtOnce();
  const mirrored = recall(ticket);
  open = { ticket, url, reply: meeting(kept.reply, mirrored.reply), note: meeting(kept.note, mirrored.note) };
  return open;
}

export const draft = (mode) => open[mode];

/** Something was typed or chosen. */
export function changed(mode, content) {
  const one = open[mode];
  Object.assign(one, content, { isDirty: true });
  const here = open;
  clearTimeout(one.mirrorTimer);
  one.mirrorTimer = setTimeout(() => mirror(here), MIRROR_AFTER);
  clearTimeout(one.saveTimer);
  one.saveTimer = setTimeout(() => save(mode, here), SAVE_AFTER);
}

/** Sent, or waiting to be: what is written next is another message. */
export function finished(mode, rest) {
  const one = open[mode];
  clearTimeout(one.saveTimer);
  Object.assign(one, { text: rest, files: [], answers: null, clientId: uuid(), theirs: null, isDirty: Boolean(rest) });
  mirror(open);
  if (rest) changed(mode, {});
}

/** The same for a ticket that was left meanwhile. */
export function forget(ticket, mode) {
  const { [mode]: _gone, ...others } = recall(ticket);
  keep(ticket, others);
}

/** Settle between two tabs: take theirs, or keep mine on top of it. */
export function settle(mode, takeTheirs) {
  const one = open[mode];
  const { theirs } = one;
  Object.assign(one, { theirs: null, revision: theirs.revision, clientId: theirs.clientId });
  if (takeTheirs) Object.assign(one, theirs, { isDirty: false });
  else changed(mode, {});
  mirror(open);
}

/** A file was put with the reply at the desk, or taken away again. */
export function filesChanged(kept) {
  const { reply } = open;
  reply.files = kept.files;
  if (kept.revision >= reply.revision) Object.assign(reply, { revision: kept.revision, clientId: kept.client_id });
}

function meeting(kept, mirrored) {
  const desk = kept && !isQueued(kept.client_id) ? ours(kept) : null;
  if (!desk && !mirrored?.text) return { ...NOTHING, clientId: uuid() };
  if (!desk) return { ...NOTHING, ...mirrored, files: [], isDirty: true };
  if (!mirrored?.isDirty || mirrored.text === desk.text) return { ...desk, answers: mirrored?.answers ?? null };
  if (mirrored.revision === desk.revision) return { ...desk, ...mirrored, files: desk.files };
  return { ...mirrored, files: desk.files, theirs: desk };
}

const ours = ({ client_id: clientId, ...rest }) => ({ ...rest, clientId, isDirty: false });

async function save(mode, here = open, keepalive = false) {
  const one = here?.[mode];
  if (!one?.isDirty || one.theirs || one.isSaving) return;
  clearTimeout(one.saveTimer);
  mirror(here);
  one.isSaving = true;
  const { text } = one;
  const body = new FormData();
  for (const [name, value] of Object.entries({ mode, text, strand: one.strand, copies: one.copies, base: one.revision, client_id: one.clientId })) body.set(name, value);
  const response = await post(here.url, body, { keepalive }).catch(() => null);
  one.isSaving = false;
  if (isSignedOut(response)) return signInAgain();
  if (response?.status === 409) return offer(here, mode, ours(await response.json()));
  if (!response?.ok) return; // typing on, or coming back online, tries again
  const kept = await response.json();
  if (kept.revision) Object.assign(one, { revision: kept.revision, clientId: one.text === text ? kept.client_id : one.clientId });
  one.isDirty = one.text !== text;
  mirror(here);
  if (one.isDirty) save(mode, here);
}

/** Even what waits for an answer, or for a choice between two, stands in the mirror. */
function saveAtOnce() {
  const here = open;
  if (here) mirror(here);
  for (const mode of ["reply", "note"]) save(mode, here, true);
}

/** Another tab of this agent has saved, or sent. */
async function heardOf({ ticket, mode, revision, files, sent }) {
  const here = open;
  if (String(ticket) !== here?.ticket || here[mode].isSaving) return;
  if (here[mode].revision === revision && here[mode].files.length === files) return;
  if (sent) return !here[mode].isDirty && tell("draft:sent", { mode });
  const response = await get(`/t/${ticket}/drafts`);
  if (!response?.ok || here !== open) return;
  const kept = (await response.json())[mode];
  const one = here[mode];
  if (!kept || kept.revision < one.revision || one.isSaving) return;
  if (one.files.length !== kept.files.length) {
    one.files = kept.files;
    tell("draft:files", {});
  }
  if (kept.revision === one.revision) return;
  if (kept.text === one.text) Object.assign(one, { revision: kept.revision, files: kept.files });
  else if (!one.isDirty && kept.text.startsWith(one.text)) {
    Object.assign(one, ours(kept));
    tell("draft:grew", { mode });
  } else offer(here, mode, ours(kept));
}

function offer(here, mode, theirs) {
  here[mode].theirs = theirs;
  if (here === open) tell("draft:newer", { mode });
}

function recall(ticket) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + ticket)) ?? {};
  } catch {
    return {};
  }
}

function mirror({ ticket, reply, note }) {
  const kept = {};
  for (const [mode, { text, strand, copies, answers, revision, clientId, isDirty }] of Object.entries({ reply, note })) {
    if (text) kept[mode] = { text, strand, copies, answers, revision, clientId, isDirty };
  }
  keep(ticket, kept);
}

/** Storage may be full or forbidden: typing must go on all the same. */
function keep(ticket, { reply, note }) {
  try {
    if (reply || note) localStorage.setItem(PREFIX + ticket, JSON.stringify({ reply, note, at: Date.now() }));
    else localStorage.removeItem(PREFIX + ticket);
  } catch {
    /* the text is still in the box */
  }
}

function prune() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX) && Date.now() - (JSON.parse(localStorage.getItem(key))?.at ?? 0) > KEPT_FOR) localStorage.removeItem(key);
    }
  } catch {
    /* nothing to prune where nothing may be kept */
  }
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
