// The page around us. It is believed only when the browser says that it is our parent and on the
// channel's list; everything after the first word goes through a port that nobody else holds.

const trusted = document.body.dataset.origins.split(" ");
let port = null;
let last = 0;
const answers = new Map();

// Whether this origin is on the list, where *. stands for one or more names.
export function isTrusted(origin, list = trusted) {
  return list.some((one) => {
    const [scheme, host] = one.split("://*.");
    if (host === undefined) return one === origin;
    return origin.startsWith(`${scheme}://`) && origin.endsWith(`.${host}`);
  });
}

export function onHost({ hello, call, open, modal }) {
  addEventListener("message", (event) => {
    if (event.source !== parent || !isTrusted(event.origin) || event.data?.parley !== 1) return;
    port = event.ports[0];
    port.onmessage = async ({ data }) => {
      if (data.re) {
        answers.get(data.re)?.(data.value);
        answers.delete(data.re);
      } else if (data.verb) {
        await respond(data, call);
      } else {
        if ("modal" in data) modal(data.modal);
        if ("open" in data) open(data.open);
      }
    };
    hello(event.data);
    tell({ ready: true });
  });
}

export function tell(what) {
  port?.postMessage(what);
}

// Ask the page for something: "jwt" (a fresh signature) or "token" (what its storage holds).
export function ask(what) {
  if (!port) return Promise.resolve(null);
  return new Promise((resolve) => {
    const id = ++last;
    answers.set(id, resolve);
    tell({ ask: { id, what } });
  });
}

async function respond({ id, verb, data }, call) {
  try {
    tell({ re: id, value: (await call(verb, data)) ?? null });
  } catch (error) {
    tell({ re: id, error: error.code || String(error) });
  }
}
