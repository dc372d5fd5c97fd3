// Files that go with a reply. They are put with its draft at once, so that they survive a reload
// and another tab has them too.

import { alertUser } from "./announce.js";
import { byId, csrf, openTicket } from "./dom.js";
import * as drafts from "./drafts.js";

let under = []; // files on their way up: { file, name, ticket, address }
let before = Promise.resolve();

export function start() {
  document.addEventListener("change", (event) => {
    if (!event.target.matches("#attach input")) return;
    add([...event.target.files]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => event.target.matches("#reply-text") && add([...event.clipboardData.files]));
  document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  document.addEventListener("drop", dropped);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-drop-file]");
    if (button) drop(Number(button.dataset.dropFile));
  });
}

const hereUnderWay = () => under.filter((one) => one.ticket === openTicket());

export const areUnderWay = () => hereUnderWay().length > 0;

export function show() {
  byId("composer-files").replaceChildren(...drafts.draft("reply").files.map(fileItem), ...hereUnderWay().map(underWay));
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

/** A file that is dropped beside the box must not take the place of the desk. */
function dropped(event) {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  if (event.target.closest?.("#conversation") && byId("composer")?.dataset.mode === "reply") add([...event.dataTransfer.files]);
}

/** One after the other, so that they stand in the order they were chosen in; each goes to the
 *  ticket it was chosen in, whichever is open when its turn comes. */
function add(files) {
  const address = byId("composer").dataset.filesUrl;
  const chosen = files.map((file) => ({ file, name: file.name, ticket: openTicket(), address }));
  under.push(...chosen);
  show();
  for (const one of chosen) before = before.then(() => upload(one));
}

async function upload(one) {
  const body = new FormData();
  body.set("file", one.file);
  const response = await fetch(one.address, { method: "POST", headers: csrf(), body }).catch(() => null);
  const kept = response?.status === 201 ? await response.json().catch(() => null) : null;
  under = under.filter((other) => other !== one);
  if (one.ticket !== openTicket()) return kept || alertUser(`#${one.ticket}: ${whyNot(one, response)}`);
  if (kept) drafts.filesChanged(kept);
  else refuse(whyNot(one, response));
  show();
}

function whyNot({ name }, response) {
  if (response?.status === 413) return `${name} is too large.`;
  return `${name} could not be attached${response ? "" : ": no connection"}. Try again.`;
}

async function drop(id) {
  const body = new FormData();
  body.set("file", id);
  const response = await fetch(`${byId("composer").dataset.filesUrl}/remove`, { method: "POST", headers: csrf(), body }).catch(() => null);
  if (!response?.ok) return refuse("The file could not be removed. Try again.");
  const one = drafts.draft("reply");
  one.files = one.files.filter((file) => file.id !== id);
  show();
  byId("reply-text").focus();
}

function refuse(text) {
  const line = document.createElement("p");
  line.textContent = text;
  byId("composer-problem").replaceChildren(line);
}

function fileItem(file) {
  const item = document.createElement("li");
  item.className = "file";
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.dropFile = file.id;
  button.textContent = `${file.name} (${size(file.size)})  ✕`;
  button.ariaLabel = `Remove ${file.name}`;
  item.append(button);
  return item;
}

function underWay({ name }) {
  const item = document.createElement("li");
  item.className = "file";
  const text = document.createElement("span");
  text.textContent = `${name} is on its way up`;
  item.append(text);
  return item;
}

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
