// What the visitor sees. Every word of a message goes in as text, never as HTML.

export const words = JSON.parse(document.getElementById("words").textContent);
export const $ = (id) => document.getElementById(id);
export const say = (name, value) => (words[name] || words.error).replace("%s", value);

const { lang } = document.documentElement;
const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long" });
const amount = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const LINK = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}]/g;
const NEAR = 60;
const PAPER = "M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5";

export function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// Bring the list in line with what there is: untouched items stay the nodes they are, so that
// neither selection nor focus is lost.
export function show(said, { seen, retry, drop }) {
  const list = $("messages");
  const follows = isAtEnd();
  const known = new Map([...list.children].map((node) => [node.dataset.id, node]));
  const wanted = [];
  said.forEach((one, index) => {
    const before = said[index - 1];
    const day = new Date(one.at).toDateString();
    if (!before || new Date(before.at).toDateString() !== day) wanted.push(dayLine(day, known));
    wanted.push(item(one, before, said[index + 1], known, { seen, retry, drop }));
  });
  for (const node of [...list.children]) if (!wanted.includes(node)) node.remove();
  wanted.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] || null);
  });
  if (follows) toEnd();
  return follows;
}

export function isAtEnd() {
  const box = $("history");
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
}

export function toEnd() {
  const box = $("history");
  box.scrollTop = box.scrollHeight;
  $("newer").hidden = true;
}

export function banner(text, { action, act, bad } = {}) {
  const box = $("banner");
  const [label, button] = box.children;
  if (text && text !== label.textContent) announce(text, { urgent: bad });
  box.hidden = !text;
  box.classList.toggle("is-bad", !!bad);
  label.textContent = text || "";
  button.hidden = !action;
  button.textContent = action || "";
  button.onclick = act || null;
}

export function announce(text, { urgent } = {}) {
  $(urgent ? "alert" : "status").textContent = text;
}

// Only a note where the composer was: nothing can be written.
export function over(text) {
  const label = $("over").firstElementChild;
  if (text && text !== label.textContent) announce(text);
  $("over").hidden = !text;
  label.textContent = text || "";
  $("composer").hidden = !!text;
}

function dayLine(day, known) {
  const found = known.get(day);
  if (found) return found;
  const node = make("li", "day", nameOf(day));
  node.dataset.id = day;
  return node;
}

function nameOf(day) {
  const now = new Date();
  if (day === now.toDateString()) return words.today;
  now.setDate(now.getDate() - 1);
  return day === now.toDateString() ? words.yesterday : date.format(new Date(day));
}

function item(one, before, after, known, acts) {
  const name = one.client || String(one.id);
  const isFirst = !before || before.mine !== one.mine || before.author !== one.author;
  const isLast = !after || after.mine !== one.mine;
  const state = [one.id, one.state, one.error, one.wait, isFirst, isLast, one.id <= acts.seen].join();
  const found = known.get(name);
  if (found?.dataset.state === state) {
    const bar = found.querySelector("progress");
    if (bar) bar.value = one.progress || 0;
    return found;
  }
  const node = found || make("li");
  node.dataset.id = name;
  node.dataset.state = state;
  const failed = one.state === "failed" ? " is-failed" : "";
  const waiting = one.state && !failed ? " is-waiting" : "";
  node.className = `said${one.mine ? " is-mine" : ""}${isFirst ? " is-first" : ""}${isLast ? " is-last" : ""}${failed}${waiting}`;
  node.replaceChildren(...parts(one, isFirst, acts));
  return node;
}

function parts(one, isFirst, acts) {
  const found = [];
  const by = make("span", isFirst && !one.mine ? "said__by" : "hidden-visually", one.mine ? words.you : one.author);
  found.push(by);
  if (one.text) found.push(make("p", "bubble", ...linked(one.text)));
  if (one.files?.length) found.push(make("div", "said__files", ...one.files.map(file)));
  if (one.state === "sending" && one.file) {
    const bar = make("progress");
    bar.setAttribute("aria-label", words.sending);
    bar.value = one.progress || 0;
    found.push(bar);
  }
  found.push(foot(one, acts));
  return found;
}

function foot(one, { seen, retry, drop }) {
  const node = make("p", "said__foot");
  if (one.state === "failed") {
    node.append(`${words.failed}. ${one.error ? say(one.error, one.wait) : ""} `);
    const button = make("button", "", one.hopeless ? words.discard : words.retry);
    button.type = "button";
    button.onclick = () => (one.hopeless ? drop : retry)(one);
    node.append(button);
  } else if (one.state) {
    node.append(one.state === "waiting" ? words.waiting : words.sending);
  } else {
    const time = make("time", "", clock.format(new Date(one.at)));
    time.dateTime = one.at;
    node.append(time, one.mine ? `· ${one.id <= seen ? words.seen : words.sent}` : "");
  }
  return node;
}

function linked(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const link = make("a", "", match[0]);
    link.href = match[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    found.push(text.slice(end, match.index), link);
    end = match.index + match[0].length;
  }
  return [...found, text.slice(end)];
}

function file(one) {
  const node = make(one.url ? "a" : "span", "file");
  if (one.url) Object.assign(node, { href: one.url, target: "_blank", rel: "noopener" });
  if (one.preview || one.picture) {
    const picture = make("img");
    picture.src = one.preview || one.picture;
    picture.alt = one.name;
    picture.onerror = () => node.replaceWith(file({ ...one, preview: "", picture: "" }));
    node.classList.add("is-picture");
    node.append(picture);
    return node;
  }
  node.append(paper(), make("span", "chosen__name", one.name), make("small", "", sizeOf(one.size)));
  return node;
}

function paper() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PAPER);
  svg.append(path);
  return svg;
}

function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1048576) return `${amount.format(bytes / 1024)} KB`;
  return `${amount.format(bytes / 1048576)} MB`;
}
