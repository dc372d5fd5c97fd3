// Small things every module needs.

export const byId = (id) => document.getElementById(id);

export const openTicket = () => byId("conversation")?.dataset.ticket ?? null;

export const isEditing = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || element.matches("input:not([type=radio], [type=checkbox]), textarea, select"));

const token = () => document.querySelector("meta[name=csrf-token]").content;

export const csrf = () => ({ "X-CSRFToken": token(), "HX-Request": "true" });

/** crypto.randomUUID exists on https and loopback only; a desk on a plain address has none. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

let isLeaving = false;

/** The session has ended. Loading the page again leads to the sign-in page, once, however many
 *  requests find it out; what was typed is kept. */
export function signInAgain() {
  if (!isLeaving) location.reload();
  isLeaving = true;
}

/** Ask for a fragment. Null when the session has ended or the thing is gone; `onLost` of the
 *  caller decides what that means. Throws when the network does not answer. */
export async function fragment(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true" } });
  if (response.status === 401) signInAgain();
  if (!response.ok) return { ok: false, status: response.status, root: null, headers: response.headers };
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  return { ok: true, status: response.status, root: holder.content, headers: response.headers };
}

/** New elements speak htmx only after it has seen them. */
export const enliven = (element) => window.htmx?.process(element);

const AT_ONCE = 50;

/** Gather calls and run once with all of their arguments: soon, but with a pause between runs. */
export function gather(pause, run) {
  const gathered = new Set();
  let timer = 0;
  let ranAt = 0;
  return (item) => {
    gathered.add(item);
    if (timer) return;
    const wait = Math.max(Math.min(AT_ONCE, pause), ranAt + pause - Date.now());
    timer = setTimeout(() => {
      timer = 0;
      ranAt = Date.now();
      const items = [...gathered];
      gathered.clear();
      run(items);
    }, wait);
  };
}

/** One run at a time; calls during a run make exactly one more run after it. */
export function oneAtATime(run) {
  let running = false;
  let again = false;
  return async function start(...args) {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await run(...args);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // offline: the next event tries again
    } finally {
      running = false;
      if (again) {
        again = false;
        start(...args);
      }
    }
  };
}
