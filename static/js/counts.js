// How much there is: the numbers beside the views, the number in the title and the dot on the
// icon, and a sound for those who want one. A hidden tab asks for nothing else.

import { byId, gather, get, openTicket } from "./dom.js";

const VISIBLE_EVERY = 1000;
const HIDDEN_EVERY = 5000;
const BURST = 5000;
const SOUND = "parley:sound";
const RANG = "parley:rang";
const IN_VIEW = "parley:in-view";

let news = null; // ticket → position of the customer's last word, as last told
let audio = null;

export function start() {
  const soon = gather(VISIBLE_EVERY, refresh);
  const later = gather(HIDDEN_EVERY, refresh);
  for (const name of ["live:ticket", "live:resync", "ticket:changed", "live:open"]) document.addEventListener(name, () => soon("all"));
  document.addEventListener("live:hidden", (event) => event.detail.type !== "ticket" && later("all"));
  document.addEventListener("ticket:opened", () => (showNews(), sayWhatIsInView()));
  for (const name of ["focus", "blur", "pagehide"]) window.addEventListener(name, sayWhatIsInView);
  document.addEventListener("visibilitychange", sayWhatIsInView);
  sayWhatIsInView();
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, unlock, { once: true });
  byId("sound-on").checked = wantsSound();
  byId("sound-on").addEventListener("change", (event) => {
    localStorage.setItem(SOUND, event.target.checked ? "on" : "off");
    unlock();
    if (event.target.checked) ring();
  });
  refresh();
}

async function refresh() {
  const response = await get("/counts");
  if (!response?.ok) return;
  const counts = await response.json();
  for (const [view, count] of Object.entries(counts.views)) {
    const place = document.querySelector(`[data-count="${view}"]`);
    if (place && place.textContent !== count) place.textContent = count;
  }
  const before = news;
  news = counts.news;
  showNews();
  if (before && Object.entries(news).some(([ticket, last]) => !(last <= before[ticket]) && !isInView(ticket))) ringOnce();
}

/** The name of the page with "(3)" before it; the icon gets a dot. */
function showNews() {
  const number = Object.keys(news ?? {}).length;
  const name = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = number ? `(${number > 99 ? "99+" : number}) ${name}` : name;
  const icon = document.querySelector("link[rel=icon]");
  icon.dataset.plain ||= icon.getAttribute("href");
  const wanted = number ? icon.dataset.news : icon.dataset.plain;
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

const isInFront = () => !document.hidden && document.hasFocus();

/** Before the agent's eyes in this tab, or in another one of theirs. */
const isInView = (ticket) => ticket === (isInFront() ? openTicket() : localStorage.getItem(IN_VIEW));

/** The tabs of one agent know which of them is in front. */
function sayWhatIsInView() {
  if (isInFront()) localStorage.setItem(IN_VIEW, openTicket() ?? "");
  else if (localStorage.getItem(IN_VIEW) === openTicket()) localStorage.removeItem(IN_VIEW);
}

const wantsSound = () => localStorage.getItem(SOUND) === "on";

/** Browsers are silent until somebody has clicked or typed. */
function unlock() {
  if (!wantsSound()) return;
  audio ??= new AudioContext();
  audio.resume();
}

function ringOnce() {
  if (!wantsSound() || Date.now() - Number(localStorage.getItem(RANG)) < BURST) return;
  ring();
}

function ring() {
  localStorage.setItem(RANG, Date.now());
  document.dispatchEvent(new CustomEvent("sound:rang"));
  if (audio?.state !== "running") return;
  [660, 880].forEach((pitch, index) => tone(pitch, audio.currentTime + index * 0.12));
}

function tone(pitch, at) {
  const voice = new OscillatorNode(audio, { frequency: pitch, type: "sine" });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0.15, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.25);
  voice.connect(volume).connect(audio.destination);
  voice.start(at);
  voice.stop(at + 0.3);
}
