// Files that go with a reply. They are put with its draft at once, so that they survive a reload
// and another tab has them too.

import { byId, csrf, openTicket } from "./dom.js";
import * as drafts from "./drafts.js";

let under = []; // names of files on their way up
let before = Promise.resolve();

export function start() {
  document.addEventListener("change", (event) => {
    if (!event.target.matches("#attach input")) return;
    add([...event.target.files]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => event.target.matches("#reply-text") && add([...event.clipboardData.files]));
  document.addEventListener("ticket:opened", () => (under = []));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-drop-file]");
    if (button) drop(Number(button.dataset.dropFile));
  });
}

export const areUnderWay = () => under.length > 0;

export function show() {
  byId("composer-files").replaceChildren(...drafts.draft("reply").files.map(fileItem), ...under.map(underWay));
}

/** One after the other, so that they stand in the order they were chosen in. */
function add(files) {
  under.push(...files.map((file) => file.name));
  show();
  for (const file of files) before = before.then(() => upload(file));
}

async function upload(file) {
  const ticket = openTicket();
  const body = new FormData();
  body.set("file", file);
  const address = byId("composer").dataset.filesUrl;
  const response = await fetch(address, { method: "POST", headers: csrf(), body }).catch(() => null);
  if (ticket !== openTicket()) return;
  under = under.filter((name) => name !== file.name);
  if (response?.status === 201) drafts.filesChanged(await response.json());
  else if (response?.status === 413) refuse(`${file.name} is too large.`);
  else refuse(`${file.name} could not be attached${response ? "" : ": no connection"}. Try again.`);
  show();
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

function underWay(name) {
  const item = document.createElement("li");
  item.className = "file";
  const text = document.createElement("span");
  text.textContent = `${name} is on its way up`;
  item.append(text);
  return item;
}

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
