// What is said aloud: new messages quietly and at most every three seconds, failures at once.

import { byId } from "./dom.js";

const PAUSE = 3000;
const ON = "parley:announce";
let last = 0;
let timer = 0;
let next = "";

export function start() {
  byId("announce-on").checked = localStorage.getItem(ON) !== "off";
  byId("announce-on").addEventListener("change", (event) => localStorage.setItem(ON, event.target.checked ? "on" : "off"));
}

export function announce(text) {
  if (localStorage.getItem(ON) === "off") return;
  next = text;
  clearTimeout(timer);
  timer = setTimeout(speak, Math.max(0, last + PAUSE - Date.now()));
}

export function alertUser(text) {
  const place = byId("alerts");
  place.textContent = text;
  clearTimeout(alertUser.timer);
  alertUser.timer = setTimeout(() => (place.textContent = ""), 8000);
}

function speak() {
  last = Date.now();
  byId("announcements").textContent = next;
}
