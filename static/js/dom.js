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

/** Whether an answer means that nobody is signed in any more, or somebody anew in another tab. */
export const isSignedOut = (response) => response?.status === 401 || response?.status === 403;

const ANSWER_WITHIN = 20_000;

/** The session has ended. What was typed stays where it is until the agent goes to sign in. */
export function signInAgain() {
  const dialog = byId("signed-out");
  byId("sign-in").search = new URLSearchParams({ next: location.pathname + location.search });
  if (!dialog.open) dialog.showModal();
}

/** The answer to a question, null when there is none: a line that hangs must not hold up what is
 *  asked later. */
export const get = (url) => fetch(url, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(ANSWER_WITHIN) }).catch(() => null);

/** The answer to something said. Throws when there is none. */
export const post = (url, body, more = {}) => fetch(url, { method: "POST", headers: csrf(), body, signal: AbortSignal.timeout(ANSWER_WITHIN), ...more });

/** Ask for a fragment. What could not be had (no network, a server in trouble) is told as
 *  "live:missed", so that it is asked for again; its status is 0 or the server's. */
export async function fragment(url) {
  const response = await get(url);
  const text = await response?.text().catch(() => null);
  if (isSignedOut(response)) signInAgain();
  if (typeof text !== "string" || response.status >= 500) document.dispatchEvent(new Event("live:missed"));
  if (typeof text !== "string") return { ok: false, status: 0 };
  const holder = document.createElement("template");
  holder.innerHTML = response.ok ? text : "";
  return { ok: response.ok, status: response.status, headers: response.headers, root: holder.content };
}

/** New elements speak htmx only after it has seen them. */
export const enliven = (element) => window.htmx?.process(element);

const AT_ONCE = 20;

/** Gather calls and run once with all of their arguments: soon, but with a pause between runs, and
 *  never two at a time, so that no older answer comes after a newer one. */
export function gather(pause, run) {
  const gathered = new Set();
  let timer = 0;
  let running = false;
  let ranAt = 0;
  function plan() {
    if (timer || running || !gathered.size) return;
    timer = setTimeout(go, Math.max(Math.min(AT_ONCE, pause), ranAt + pause - Date.now()));
  }
  async function go() {
    const items = [...gathered];
    gathered.clear();
    timer = 0;
    running = true;
    ranAt = Date.now();
    try {
      await run(items);
    } finally {
      running = false;
      plan();
    }
  }
  return (item) => {
    gathered.add(item);
    plan();
  };
}

/** One run at a time; calls during a run make exactly one more run after it. */
export function oneAtATime(run) {
  let running = false;
  let again = false;
  return async function start() {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await run();
      }
    } finally {
      running = false;
    }
  };
}
