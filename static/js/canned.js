// The picker of canned replies: a combobox over a list. What is picked goes in at the caret and
// can be undone like typing.

import { byId, get, openTicket } from "./dom.js";
import { textBox } from "./composer.js";

let replies = [];
let loadedFor = null;
let shown = [];
let active = 0;
let caret = [0, 0];
let typedSlash = false;

const picker = () => byId("picker");
const search = () => byId("picker-search");
const isOpen = () => picker() && !picker().hidden;

export function start() {
  document.addEventListener("ticket:opened", () => (loadedFor = null));
  document.addEventListener("beforeinput", slash);
  document.addEventListener("input", (event) => event.target === search() && filter());
  document.addEventListener("keydown", (event) => event.target === search() && steer(event));
  document.addEventListener("focusout", (event) => {
    if (event.target === search()) setTimeout(() => isOpen() && document.activeElement !== search() && close(), 150);
  });
  document.addEventListener("pointerdown", (event) => event.target.closest("#picker-list") && event.preventDefault());
  document.addEventListener("click", (event) => {
    if (event.target.closest("#open-picker")) return isOpen() ? cancel() : open(false);
    const option = event.target.closest(".picker__option");
    if (option) pick(Number(option.dataset.index));
  });
}

/** A slash at the start of a line opens the picker instead of being typed. */
function slash(event) {
  if (event.data !== "/" || event.isComposing || event.target !== textBox()) return;
  const before = event.target.value.slice(0, event.target.selectionStart);
  if (before !== "" && !before.endsWith("\n")) return;
  event.preventDefault();
  open(true);
}

async function open(bySlash) {
  typedSlash = bySlash;
  caret = [textBox().selectionStart, textBox().selectionEnd];
  picker().hidden = false;
  search().value = "";
  search().focus();
  if (loadedFor !== openTicket()) await load();
  filter();
}

async function load() {
  const ticket = openTicket();
  const response = await get(byId("composer").dataset.cannedUrl);
  if (!response?.ok) return;
  replies = (await response.json()).replies;
  loadedFor = ticket;
}

function filter() {
  const words = search().value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (reply) => words.every((word) => `${reply.shortcut} ${reply.title} ${reply.text}`.toLowerCase().includes(word));
  const rank = (reply) => (reply.shortcut.toLowerCase().startsWith(words[0] ?? "") ? 0 : 1);
  shown = replies.filter(fits).sort((one, other) => rank(one) - rank(other)).slice(0, 50);
  active = 0;
  draw();
}

function draw() {
  byId("picker-list").replaceChildren(...(shown.length ? shown.map(option) : [nothing()]));
  if (shown.length) search().setAttribute("aria-activedescendant", `picker-${active}`);
  else search().removeAttribute("aria-activedescendant");
  byId(`picker-${active}`)?.scrollIntoView({ block: "nearest" });
}

function option(reply, index) {
  const item = document.createElement("li");
  item.className = "picker__option";
  item.id = `picker-${index}`;
  item.role = "option";
  item.dataset.index = index;
  item.setAttribute("aria-selected", String(index === active));
  item.append(line("picker__title", reply.title), line("picker__shortcut", `/${reply.shortcut}`), line("picker__text", reply.text));
  return item;
}

function line(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function nothing() {
  const item = document.createElement("li");
  item.className = "picker__none";
  item.role = "option";
  item.ariaDisabled = "true";
  item.textContent = "No canned reply fits.";
  return item;
}

function steer(event) {
  if (event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && shown.length) {
    active = (active + step + shown.length) % shown.length;
    draw();
  } else if (event.key === "Enter" || event.key === "Tab") {
    if (shown.length) pick(active);
    else cancel();
  } else if (event.key === "Escape") cancel();
  else if (event.key === "Backspace" && typedSlash && search().value === "") {
    typedSlash = false;
    cancel();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function pick(index) {
  const reply = shown[index];
  typedSlash = false;
  close();
  if (reply) insert(reply.text);
}

/** Left without a choice: what was typed here was meant as text, and becomes it. */
function cancel() {
  const meant = typedSlash ? `/${search().value}` : "";
  close();
  if (meant) insert(meant);
}

function close() {
  picker().hidden = true;
  textBox().focus();
  textBox().setSelectionRange(...caret);
}

/** The old command is the only one whose work the browser's own undo takes back. */
function insert(text) {
  const box = textBox();
  if (document.execCommand("insertText", false, text)) return;
  box.setRangeText(text, ...caret, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
