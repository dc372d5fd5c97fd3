// The line to the desk: calls over HTTP, and a socket that only says "look again". Without the
// socket, the same calls are made every few seconds.

const { key } = document.body.dataset;
const SOCKET = `${location.origin.replace(/^http/, "ws")}/ws/widget/${key}/`;
const POLL_OPEN = 4000;
const POLL_CLOSED = 20000;
const LIFE_EVERY = 50000;
const SILENT_AFTER = 10000;

export class Refused extends Error {
  constructor(code, wait = 0) {
    super(code);
    this.code = code;
    this.wait = wait;
  }
}

export class Line {
  // `heard`: something changed. `typing(name)`. `reached(is)`: whether the desk answers.
  constructor({ heard, typing, reached }) {
    Object.assign(this, { heard, typing, reached });
    this.token = null;
    this.tries = 0;
    this.isOpen = false;
    addEventListener("online", () => this.anew());
    addEventListener("pagehide", () => this.hangUp());
    addEventListener("pageshow", (event) => { if (event.persisted) this.hurry(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.hurry(); });
  }

  // One call. Throws Refused: "offline" when nobody answered, else the desk's own word.
  async call(path, { json, form, progress } = {}) {
    const body = json ? JSON.stringify(json) : form;
    const answer = await this.request(path, body, progress);
    this.reached(true);
    if (answer.status < 300) return answer.said;
    throw new Refused(answer.said?.error || "error", answer.wait);
  }

  // XMLHttpRequest, because it alone says how much of a file has left.
  request(path, body, progress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(body === undefined ? "GET" : "POST", `/widget/${key}/${path}`);
      if (this.token) request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      if (typeof body === "string") request.setRequestHeader("Content-Type", "application/json");
      request.timeout = body instanceof FormData ? 120000 : 15000;
      request.onload = () => resolve({
        status: request.status,
        said: parsed(request.responseText),
        wait: Number(request.getResponseHeader("Retry-After")) || 0,
      });
      request.onerror = request.ontimeout = () => {
        this.reached(false);
        reject(new Refused("offline"));
      };
      if (progress) request.upload.onprogress = (event) => progress(event.loaded / event.total);
      request.send(body);
    });
  }

  connect() {
    this.poll();
    if (!this.token || this.socket) return;
    const socket = new WebSocket(SOCKET);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.token }));
    socket.onmessage = ({ data }) => socket === this.socket && this.hear(JSON.parse(data));
    socket.onclose = () => this.lost(socket);
  }

  hear(said) {
    this.heardAt = Date.now();
    clearTimeout(this.silence);
    if (said.type === "pong") return undefined;
    if (said.type === "typing") return this.typing(said.name);
    if (said.type === "ready") {
      this.isReady = true;
      this.tries = 0;
      this.reached(true);
    }
    return this.heard();
  }

  // Why it was closed is not asked: the next call is told, in a word, what the token is worth.
  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.isReady = false;
    clearTimeout(this.again);
    this.again = setTimeout(() => this.connect(), pause(this.tries++));
    this.heard();
  }

  // The network is back, or somebody looks: try now, not when the pause is over.
  hurry() {
    clearTimeout(this.again);
    this.tries = 0;
    if (!this.token) return;
    this.connect();
    this.heard();
  }

  // A socket may have died without a word: on another network, or behind a router that forgot it.
  anew() {
    this.hangUp();
    this.hurry();
  }

  askForLife() {
    if (Date.now() - this.heardAt < LIFE_EVERY) return;
    this.heardAt = Date.now();
    this.say({ type: "ping" });
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.anew(), SILENT_AFTER);
  }

  hangUp() {
    clearTimeout(this.again);
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    const { socket } = this;
    this.socket = null;
    this.isReady = false;
    socket?.close();
  }

  poll() {
    clearTimeout(this.timer);
    if (!this.token) return;
    const often = this.isOpen && !document.hidden ? POLL_OPEN : POLL_CLOSED;
    this.timer = setTimeout(() => {
      if (this.isReady) this.askForLife();
      else this.heard();
      this.poll();
    }, often);
  }

  say(what) {
    if (this.isReady) this.socket.send(JSON.stringify(what));
  }
}

function pause(tries) {
  const longest = Math.min(30000, 500 * 2 ** tries);
  return longest * (0.7 + 0.6 * Math.random());
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
