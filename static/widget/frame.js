// The chat in its frame: what is known, what waits to be sent, and what happens when.

import { ask, onHost, tell } from "./host.js";
import { Line, Refused } from "./line.js";
import { $, announce, banner, isAtEnd, over, say, show, toEnd, words } from "./view.js";

const { identity, version, after } = document.body.dataset;
const language = document.documentElement.lang;
const MOST_BYTES = 10 * 1024 * 1024;
const SECONDS_OF_SILENCE = 5;
const TYPING_EVERY = 1000;
const TYPING_LASTS = 5000;
const NOBODY = ["bad-identity", "identity-required"];
const NEVER_AGAIN = ["too-large", "file-refused", "too-long", "blocked"];

let heard = []; // what the desk knows, by rising id
let waiting = []; // what is still ours alone, in the order it was written
let profile = {};
let subject = ""; // the account the website has vouched for
let isOpen = false;
let isModal = false;
let unread = 0;
let seen = 0;
let isWhole = true;
let isCaughtUp = false;
let told = { delivered: 0, read: 0 };
let typedAt = 0;

const line = new Line({ heard: sync, typing: somebodyTypes, reached });

// --- what the page around us says ---------------------------------------------------------

onHost({ hello, call: (verb, data) => verbs[verb](data || {}), open: setOpen, modal: (is) => { isModal = is; } });

async function hello(said) {
  isModal = said.modal;
  setTheme(said.theme);
  describe(said.profile || {});
  $("text").value = said.draft || "";
  $("writing").disabled = false; // what is typed before the page around us speaks would be lost
  line.token = said.token || null;
  setOpen(said.open);
  if (said.asks) await signIn().catch(() => {});
  else if (identity === "required") over(words["identity-required"]);
  if (line.token) start();
}

const verbs = {
  async identify(person) {
    describe(person);
    if (person.asks) await signIn();
    else if (line.token) await introduce();
  },
  async set(attributes) {
    await begin();
    await line.call("visitor", { json: { attributes } });
  },
  prefill({ text }) {
    if (text) $("text").value = text;
    $("text").focus();
    keep();
  },
  theme: setTheme,
  async logout() {
    await line.call("logout", { json: {} }).catch(() => {});
    tidyUp();
    forget();
    if (identity === "required") over(words["identity-required"]);
  },
};

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function setOpen(is) {
  isOpen = is;
  line.isOpen = is;
  if (!is) return;
  toEnd();
  ($("composer").hidden ? $("close") : $("text")).focus();
  read();
  line.poll();
}

// --- who is writing -----------------------------------------------------------------------

// Nobody is known to the desk before they say something: an idle visitor costs no row and no socket.
async function begin() {
  if (line.token) return;
  const json = { profile, language };
  took(await line.call("visitor", { json }));
  start();
}

async function introduce() {
  took(await line.call("visitor", { json: { profile } }));
}

async function signIn() {
  const jwt = await ask("jwt");
  try {
    if (!jwt) throw new Refused("identity-required");
    const before = line.token;
    took(await line.call("visitor", { json: { jwt, profile, language } }));
    if (line.token !== before) empty();
    over("");
    start();
    tell({ event: "identity", detail: { signedIn: true } });
  } catch (error) {
    if (NOBODY.includes(error.code)) over(say(error.code));
    throw error;
  }
}

function took(answer) {
  if (subject && answer.subject !== subject) tidyUp();
  subject = answer.subject;
  if (answer.token) {
    line.hangUp();
    line.token = answer.token;
    tell({ token: answer.token });
  }
  describe(answer.profile);
}

function describe(said) {
  for (const name of ["name", "email", "phone"]) if (said[name]) profile[name] = said[name];
  const card = $("ask");
  if (!card) return;
  for (const input of card.querySelectorAll("input")) input.value ||= profile[input.name] || "";
  if (!heard.length && !waiting.length) card.hidden = isIntroduced(true);
}

// The desk does not know this token any more. Another tab may have a newer one, or be about to
// put it down.
async function stale(code) {
  for (const wait of [0, 1000, 2000]) {
    await new Promise((resolve) => { setTimeout(resolve, wait); });
    const kept = await ask("token");
    if (kept && kept !== line.token) {
      line.hangUp();
      line.token = kept;
      empty();
      start();
      return;
    }
    if (!kept || code !== "unknown-visitor") break;
  }
  if (code === "identity-expired" || identity === "required") {
    await signIn().catch((error) => { if (NOBODY.includes(error.code)) forget(); });
    return;
  }
  forget();
}

function forget() {
  line.hangUp();
  line.token = null;
  subject = "";
  profile = {};
  tell({ token: null });
  empty();
  setUnread(0);
}

// What somebody had not sent yet is nothing to whoever comes after them.
function tidyUp() {
  waiting = [];
  $("text").value = "";
  choose(null);
  keep();
}

function empty() {
  heard = [];
  isWhole = true;
  isCaughtUp = false;
  told = { delivered: 0, read: 0 };
  draw();
}

// --- what was said ------------------------------------------------------------------------

function start() {
  line.connect();
  return sync();
}

let syncing = null;
let isAsked = false;

// One question at a time; whatever happens meanwhile, a newer token too, is asked for once more.
function sync() {
  isAsked = true;
  syncing ??= settle().finally(() => { syncing = null; });
  return syncing;
}

async function settle() {
  while (isAsked && line.token) {
    isAsked = false;
    await catchUp().catch(refused);
  }
}

async function catchUp() {
  const newest = heard.at(-1)?.id || 0;
  let said = await ours(newest ? `messages?after=${newest}` : "messages");
  if (said && newest && !agrees(said)) {
    heard = [];
    said = await ours("messages");
  }
  if (!said) return;
  if (!newest || !heard.length) isWhole = said.whole;
  else if (!said.whole) isAsked = true;
  take(said.messages);
  noticed(said);
  flush();
}

// What the desk answers, as long as we are who we were when we asked: else it is somebody else's.
async function ours(path, what) {
  const asked = line.token;
  const said = await line.call(path, what).catch((error) => {
    if (line.token === asked) throw error;
  });
  if (line.token === asked) return said;
  isAsked = true;
  return undefined;
}

// Whether what we have and what we were just given is all of what there is.
function agrees({ tail, messages }) {
  const have = new Set([...heard, ...messages].map((one) => one.id));
  const oldest = heard[0].id;
  const lacks = tail.some((id) => id >= oldest && !have.has(id) && id <= (messages.at(-1)?.id || heard.at(-1).id));
  const recent = new Set(tail);
  const vanished = heard.some((one) => one.id >= Math.min(...tail) && !recent.has(one.id));
  return !lacks && !vanished && tail.length > 0;
}

function take(messages) {
  const known = new Set(heard.map((one) => one.id));
  const fresh = messages.filter((one) => !known.has(one.id));
  const arrived = new Set(fresh.map((one) => one.client).filter(Boolean));
  for (const one of fresh) {
    const ours = waiting.find((other) => other.client === one.client);
    if (ours?.preview) one.files.forEach((file) => { file.preview = ours.preview; });
  }
  waiting = waiting.filter((one) => !arrived.has(one.client));
  heard = [...heard, ...fresh].sort((a, b) => a.id - b.id);
  const answers = fresh.filter((one) => !one.mine);
  if (answers.length) somebodyAnswers(answers.at(-1));
}

function somebodyAnswers(message) {
  hush();
  if (isCaughtUp) {
    announce(`${say("new", message.author)}: ${message.text}`);
    tell({ event: "message:received", detail: { id: message.id } });
  }
}

function noticed(said) {
  setUnread(said.unread);
  seen = said.seen;
  describe(said.profile);
  over(said.blocked ? words.blocked : "");
  const resolved = after === "new" ? words.begin : words.reopen;
  if (isCaughtUp && said.resolved && $("resolved").hidden) announce(resolved);
  $("resolved").hidden = !said.resolved;
  $("resolved").textContent = resolved;
  if (said.version !== version) banner(words.version, { action: words.reload, act: reload });
  isCaughtUp = true;
  draw();
  acknowledge("delivered");
  read();
}

function draw() {
  const said = [...heard, ...waiting];
  $("welcome").hidden = said.length > 0 && !isWhole;
  $("earlier").hidden = isWhole;
  const ask = $("ask");
  if (ask) ask.hidden = isIntroduced(said.length === 0);
  const follows = show(said, { seen, retry, drop });
  if (!follows && unread) $("newer").hidden = false;
}

// Before the first message everything asked for has to be known already, later what is needed.
function isIntroduced(isFirst) {
  const inputs = [...$("ask").querySelectorAll("input")];
  return inputs.every((input) => profile[input.name] || !(isFirst || input.required));
}

async function earlier() {
  const said = await ours(`messages?before=${heard[0].id}`);
  if (!said) return;
  const box = $("history");
  const below = box.scrollHeight - box.scrollTop;
  isWhole = said.whole;
  heard = [...said.messages, ...heard];
  draw();
  box.scrollTop = box.scrollHeight - below;
}

// --- what has arrived, what was read ------------------------------------------------------

function setUnread(count) {
  unread = count;
  tell({ unread: count });
}

function acknowledge(what) {
  const newest = heard.findLast((one) => !one.mine)?.id || 0;
  if (newest <= told[what] || newest <= told.read) return;
  told[what] = newest;
  line.call("seen", { json: { upto: newest, read: what === "read" } })
    .catch(() => { told[what] = 0; });
}

function read() {
  if (!isOpen || document.hidden || !unread || !isAtEnd()) return;
  acknowledge("read");
  setUnread(0);
}

// --- what we say --------------------------------------------------------------------------

let chosen = null;
let isSending = false;

function send() {
  const text = $("text").value.trim();
  if (!text && !chosen) return $("text").focus();
  if (!isAskedEnough()) return undefined;
  const files = chosen ? [{ name: chosen.name, size: chosen.size, preview: preview(chosen) }] : [];
  const one = {
    client: crypto.randomUUID?.() || uuid(), mine: true, text, files, file: chosen,
    preview: files[0]?.preview, at: new Date().toISOString(), author: "", state: "sending",
  };
  waiting.push(one);
  $("text").value = "";
  choose(null);
  keep();
  draw();
  toEnd();
  return flush();
}

// Sent one after the other, each until it is known to have arrived.
async function flush() {
  if (isSending) return;
  isSending = true;
  try {
    let one;
    while ((one = waiting.find((other) => other.state !== "failed"))) await deliver(one);
  } catch (error) {
    if (error.code !== "offline") await refused(error);
  } finally {
    isSending = false;
  }
}

async function deliver(one) {
  one.state = "sending";
  draw();
  try {
    await begin();
    const said = await ours("messages", { form: formOf(one), progress: (share) => { one.progress = share; draw(); } });
    if (!said) return;
    take([said]);
    draw();
    tell({ event: "message:sent", detail: { id: said.id } });
  } catch (error) {
    if (await excused(one, error)) return;
    throw error;
  }
}

// Whether there is more to do after a message was not taken.
async function excused(one, error) {
  if (error.code === "offline") {
    one.state = "waiting";
    draw();
    setTimeout(flush, 3000);
    return false;
  }
  if (error.code === "rate-limited") {
    banner(say("rate-limited", error.wait));
    await new Promise((resolve) => { setTimeout(resolve, error.wait * 1000); });
    banner("");
    return true;
  }
  if (["unknown-visitor", "identity-expired"].includes(error.code)) {
    await stale(error.code);
    return !!line.token || identity !== "required";
  }
  Object.assign(one, { state: "failed", error: error.code, hopeless: NEVER_AGAIN.includes(error.code) });
  draw();
  announce(`${words.failed}. ${say(error.code)}`, { urgent: true });
  tell({ event: "error", detail: { code: error.code } });
  if (error.code === "blocked") over(words.blocked);
  if (error.code === "bad-profile") showAsk();
  return true;
}

function formOf(one) {
  const form = new FormData();
  form.append("id", one.client);
  form.append("text", one.text);
  if (one.file) form.append("file", one.file);
  return form;
}

function retry(one) {
  Object.assign(one, { state: "sending", error: "", at: new Date().toISOString() });
  flush();
}

function drop(one) {
  waiting = waiting.filter((other) => other !== one);
  $("text").value ||= one.text;
  draw();
  $("text").focus();
}

// --- the card that asks who is writing ----------------------------------------------------

function isAskedEnough() {
  const card = $("ask");
  if (!card || card.hidden) return true;
  const inputs = [...card.querySelectorAll("input")];
  const wrong = inputs.filter((input) => !checked(input));
  if (wrong.length) {
    wrong[0].focus();
    return false;
  }
  for (const input of inputs) if (input.value.trim()) profile[input.name] = input.value.trim();
  if (line.token) introduce().catch(() => showAsk());
  return true;
}

function checked(input) {
  const is = input.checkValidity();
  const why = $(`why-${input.name}`);
  why.hidden = is;
  why.textContent = is ? "" : input.value.trim() ? words["bad-profile"] : words.missing;
  if (is) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
  return is;
}

function showAsk() {
  const card = $("ask");
  if (!card) return;
  card.hidden = false;
  card.querySelector("input").focus();
}

// --- files --------------------------------------------------------------------------------

function choose(file) {
  $("file").value = "";
  if (file && file.size > MOST_BYTES) {
    banner(words["too-large"], { bad: true });
    return;
  }
  chosen = file;
  const box = $("chosen");
  box.hidden = !file;
  banner("");
  if (!file) return;
  box.firstElementChild.textContent = file.name;
  box.lastElementChild.setAttribute("aria-label", say("remove", file.name));
  $("text").focus();
}

function preview(file) {
  return /^image\/(png|jpeg|gif|webp)$/.test(file.type) ? URL.createObjectURL(file) : "";
}

// --- being connected ----------------------------------------------------------------------

let silence = null;

function reached(is) {
  if (is) {
    clearTimeout(silence);
    silence = null;
    if (document.body.classList.contains("is-offline")) banner("");
    document.body.classList.remove("is-offline");
  } else {
    silence ??= setTimeout(() => {
      document.body.classList.add("is-offline");
      banner(words.offline);
    }, SECONDS_OF_SILENCE * 1000);
  }
}

async function refused(error) {
  if (!(error instanceof Refused)) throw error;
  if (["unknown-visitor", "identity-expired"].includes(error.code)) await stale(error.code);
  else if (error.code === "identity-required") over(words["identity-required"]);
}

function reload() {
  keep();
  location.reload();
}

function keep() {
  tell({ draft: $("text").value });
}

// --- typing -------------------------------------------------------------------------------

let hushing = null;

function somebodyTypes(name) {
  const follows = isAtEnd();
  $("typing").hidden = false;
  $("typing").lastElementChild.textContent = say("typing", name || words.somebody);
  clearTimeout(hushing);
  hushing = setTimeout(hush, TYPING_LASTS);
  if (follows) toEnd();
}

function hush() {
  clearTimeout(hushing);
  $("typing").hidden = true;
}

function weType() {
  keep();
  const now = Date.now();
  if (now - typedAt < TYPING_EVERY || !$("text").value) return;
  typedAt = now;
  line.say({ type: "typing" });
}

function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// --- hands --------------------------------------------------------------------------------

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
$("text").addEventListener("input", weType);
$("text").addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (file) choose(file);
});
$("file").addEventListener("change", () => choose($("file").files[0] || null));
$("chosen").lastElementChild.addEventListener("click", () => {
  choose(null);
  $("text").focus();
});
$("earlier").addEventListener("click", earlier);
$("newer").addEventListener("click", () => {
  toEnd();
  read();
});
$("history").addEventListener("scroll", () => {
  if (isAtEnd()) $("newer").hidden = true;
  read();
}, { passive: true });
$("close").addEventListener("click", () => tell({ close: true }));
document.addEventListener("visibilitychange", read);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") tell({ close: true });
});
for (const name of ["dragover", "dragleave", "drop"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.toggle("is-dropping", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });
}
