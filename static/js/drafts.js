// What was typed, kept in this browser per agent, ticket and mode until the server has it.

const KEPT_FOR = 30 * 24 * 3600 * 1000;
const PREFIX = `parley:draft:${document.body.dataset.agent}:`;

export function recall(ticket) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + ticket)) ?? {};
  } catch {
    return {};
  }
}

export function remember(ticket, reply, note) {
  keep(ticket, { reply, note });
}

export function forget(ticket, mode) {
  keep(ticket, { ...recall(ticket), [mode]: "" });
}

/** Storage may be full or forbidden: typing must go on all the same. */
function keep(ticket, { reply = "", note = "" }) {
  try {
    if (reply || note) localStorage.setItem(PREFIX + ticket, JSON.stringify({ reply, note, at: Date.now() }));
    else localStorage.removeItem(PREFIX + ticket);
  } catch {
    /* the text is still in the box */
  }
}

export function prune() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX) && Date.now() - (JSON.parse(localStorage.getItem(key))?.at ?? 0) > KEPT_FOR) localStorage.removeItem(key);
    }
  } catch {
    /* nothing to prune where nothing may be kept */
  }
}
