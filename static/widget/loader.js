// Parley's chat button. Every website includes this one file; the chat itself runs in a frame on
// the desk's own address, so that neither side can read or restyle the other.
(() => {
  "use strict";
  const script = document.currentScript;
  const early = window.Parley;
  if (early && early.ready) return;

  const desk = new URL(script.src).origin;
  const listeners = {};
  const memory = {};
  let chat = null;

  // The host's storage may be forbidden or full: then a visitor is known for one page only.
  const store = {
    get(key) {
      try { return localStorage.getItem(key) ?? memory[key] ?? null; } catch { return memory[key] ?? null; }
    },
    set(key, value) {
      memory[key] = value;
      try {
        if (value == null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch { /* memory has it */ }
    },
  };

  function emit(name, detail) {
    for (const listener of listeners[name] || []) {
      try { listener(detail); } catch (error) { console.error(error); }
    }
  }

  // In pixels: what a rem is, the host decides.
  const css = `
    :host { all: initial; position: fixed; inset-block-end: max(16px, env(safe-area-inset-bottom)); inset-inline-end: max(16px, env(safe-area-inset-right)); z-index: 2147483000; font: 500 15px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; --quick: 160ms; }
    :host([data-side="start"]) { inset-inline: max(16px, env(safe-area-inset-left)) auto; }
    [hidden] { display: none !important; }
    button { font: inherit; border: 0; cursor: pointer; }
    .launcher { position: relative; display: grid; place-items: center; inline-size: 56px; block-size: 56px; margin-inline-start: auto; border-radius: 50%; background: var(--fill); color: var(--ink); box-shadow: 0 6px 20px rgb(0 0 0 / 25%), 0 0 0 1px rgb(255 255 255 / 18%); transition: transform var(--quick); }
    :host([data-side="start"]) .launcher { margin-inline: 0 auto; }
    .launcher:hover { transform: scale(1.05); }
    :focus-visible { outline: 3px solid var(--ink); box-shadow: 0 0 0 6px var(--fill); }
    svg { inline-size: 26px; block-size: 26px; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-inline-size: 20px; padding-inline: 4px; border-radius: 16px; background: #b3151f; color: #fff; font-size: 13px; font-weight: 700; text-align: center; box-shadow: 0 0 0 2px #fff; box-sizing: border-box; }
    .panel { position: absolute; inset-block-end: 68px; inset-inline-end: 0; inline-size: min(384px, 100vw - 32px); block-size: min(640px, 100vh - 104px); border-radius: 16px; overflow: hidden; background: Canvas; box-shadow: 0 12px 48px rgb(0 0 0 / 28%), 0 0 0 1px rgb(0 0 0 / 8%); animation: rise var(--quick); }
    :host([data-side="start"]) .panel { inset-inline: 0 auto; }
    iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; color-scheme: normal; }
    .teaser { position: absolute; inset-block-end: 68px; inset-inline-end: 0; display: flex; gap: 4px; align-items: start; inline-size: max-content; max-inline-size: min(272px, 100vw - 32px); border-radius: 16px; background: #fff; color: #1c2230; box-shadow: 0 6px 24px rgb(0 0 0 / 20%), 0 0 0 1px rgb(0 0 0 / 8%); }
    :host([data-side="start"]) .teaser { inset-inline: 0 auto; }
    .teaser button { background: none; color: inherit; border-radius: 16px; }
    .words { padding: 12px 0 12px 16px; text-align: start; }
    .dismiss { flex: none; inline-size: 44px; block-size: 44px; font-size: 20px; line-height: 1; }
    .teaser :focus-visible { outline-color: #1c2230; box-shadow: none; outline-offset: -3px; }
    :host([data-modal]) .panel { position: fixed; inset: 0; inline-size: auto; block-size: auto; border-radius: 0; }
    :host([data-modal]) .launcher { display: none; }
    @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
    @media (prefers-reduced-motion: reduce) { :host { --quick: 0s; } }
    @media (forced-colors: active) { .launcher, .badge, .teaser { border: 2px solid; } }
    @media print { :host { display: none; } }
  `;

  // Built by hand, without a line of HTML as text: hosts may require trusted types.
  function make(tag, attributes, ...children) {
    const svg = tag === "svg" || tag === "path";
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const icon = (path) => make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, make("path", { d: path }));
  const BUBBLE = "M21 12a8 8 0 0 1-11.6 7.1L4 20.5l1.4-5A8 8 0 1 1 21 12zM8.5 12h.01M12.5 12h.01M16.5 12h.01";
  const DOWN = "m6 9 6 6 6-6";

  class ParleyChat extends HTMLElement {
    constructor() {
      super();
      this.calls = [];
      this.answers = new Map();
      this.isOpen = false;
      this.unread = 0;
      this.last = 0;
      this.wasModal = false;
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
      this.badge = make("span", { class: "badge", "aria-hidden": "true", hidden: "" });
      this.launcher = make("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel" });
      this.panel = make("div", { id: "panel", class: "panel", role: "dialog", hidden: "" });
      this.launcher.addEventListener("click", () => this.toggle());
      root.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.isOpen) this.close(); });
      this.narrow = matchMedia("(max-width: 479px)");
      this.narrow.addEventListener("change", () => this.fit());
      root.append(this.panel, this.launcher);
    }

    // `looks` is what the desk says of this chat, `wishes` what the host asked for.
    dress(looks, wishes) {
      this.looks = looks;
      this.wishes = wishes;
      this.style.setProperty("--fill", looks.fill);
      this.style.setProperty("--ink", looks.ink);
      this.dir = looks.dir;
      this.dataset.side = wishes.position || looks.side;
      this.panel.setAttribute("aria-label", looks.title);
      this.launcher.hidden = wishes.launcher === false || wishes.launcher === "hidden";
      this.label();
    }

    label() {
      const { looks, unread, isOpen } = this;
      const name = isOpen ? looks.close : unread ? looks.unread.replace("%s", unread) : looks.open;
      this.launcher.setAttribute("aria-label", name);
      this.launcher.setAttribute("aria-expanded", String(isOpen));
      this.launcher.replaceChildren(icon(isOpen ? DOWN : BUBBLE), this.badge);
      this.badge.textContent = unread > 99 ? "99+" : unread;
      this.badge.hidden = !unread || isOpen;
    }

    tease() {
      const { looks } = this;
      const seen = `parley:teased:${this.wishes.channel}`;
      if (!looks.greeting || this.isOpen || this.launcher.hidden || store.get(seen) || this.teaser) return;
      const words = make("button", { type: "button", class: "words" }, looks.greeting);
      const dismiss = make("button", { type: "button", class: "dismiss", "aria-label": looks.dismiss }, "×");
      this.teaser = make("div", { class: "teaser" }, words, dismiss);
      words.addEventListener("click", () => this.open());
      dismiss.addEventListener("click", () => { this.unteased(); this.launcher.focus(); });
      this.shadowRoot.insertBefore(this.teaser, this.launcher);
      store.set(seen, "1");
    }

    unteased() {
      this.teaser?.remove();
      this.teaser = null;
    }

    // The frame is only fetched when it is needed: at the first click, or at rest for somebody
    // who may have an answer waiting.
    load() {
      if (this.frame) return;
      const { looks, wishes } = this;
      const address = new URL(looks.frame, desk);
      address.searchParams.set("locale", wishes.locale);
      this.frame = make("iframe", { title: looks.title, src: address.href, allow: "clipboard-write" });
      this.frame.addEventListener("load", () => this.connect());
      this.panel.append(this.frame);
    }

    // Each time the frame has loaded it gets a port of its own; what it says comes by that alone.
    connect() {
      const { port1, port2 } = new MessageChannel();
      this.port?.close();
      this.port = port1;
      port1.onmessage = ({ data }) => this.hear(data);
      const hello = { parley: 1, ...this.present(), draft: this.draft };
      this.frame.contentWindow.postMessage(hello, desk, [port2]);
    }

    present() {
      const { theme, jwt, name, email, phone } = this.wishes;
      return {
        theme, token: this.token, open: this.isOpen, modal: this.isModal, asks: !!jwt,
        profile: { name, email, phone },
      };
    }

    // A chat that insists on a signed identity leaves nothing behind in the host's storage.
    get key() { return `parley:token:${this.wishes.channel}`; }
    get token() { return this.looks.identity === "required" ? this.kept : store.get(this.key); }
    set token(value) {
      this.kept = value;
      if (this.looks.identity !== "required") store.set(this.key, value);
    }

    get isModal() { return this.narrow.matches; }

    hear(said) {
      if (said.ready) this.flush();
      if ("token" in said) this.token = said.token;
      if ("draft" in said) this.draft = said.draft;
      if ("unread" in said) this.count(said.unread);
      if (said.close) this.close();
      if (said.ask) this.answer(said.ask);
      if (said.event) emit(said.event, said.detail);
      if (said.re) {
        const waiting = this.answers.get(said.re);
        this.answers.delete(said.re);
        if (said.error) waiting?.reject(new Error(said.error));
        else waiting?.resolve(said.value);
      }
    }

    // The frame needs a fresh signature, or wonders whether another tab has a newer token.
    async answer(ask) {
      const { jwt } = this.wishes;
      let value = null;
      try {
        if (ask.what === "token") value = this.token;
        else value = (typeof jwt === "function" ? await jwt() : jwt) || null;
      } catch (error) { emit("error", error); }
      this.port.postMessage({ re: ask.id, value });
    }

    count(unread) {
      if (unread === this.unread) return;
      this.unread = unread;
      this.label();
      emit("unread", unread);
    }

    call(verb, data) {
      this.load();
      return new Promise((resolve, reject) => {
        const id = ++this.last;
        this.answers.set(id, { resolve, reject });
        this.calls.push({ id, verb, data });
        if (this.isReady) this.flush();
      });
    }

    flush() {
      this.isReady = true;
      for (const call of this.calls.splice(0)) this.port.postMessage(call);
    }

    tell(what) {
      if (this.isReady) this.port.postMessage(what);
    }

    toggle() { return this.isOpen ? this.close() : this.open(); }

    open() {
      if (this.isOpen) return;
      this.unteased();
      this.load();
      this.isOpen = true;
      this.panel.hidden = false;
      this.fit();
      this.label();
      this.frame.focus();
      this.tell({ open: true, modal: this.isModal });
      emit("open");
    }

    close() {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.panel.hidden = true;
      this.fit();
      this.label();
      this.tell({ open: false });
      if (!this.launcher.hidden) this.launcher.focus();
      emit("close");
    }

    // On a small screen the chat covers the page, which then can't be reached behind it.
    fit() {
      const modal = this.isOpen && this.isModal;
      const changes = this.toggleAttribute("data-modal", modal) !== this.wasModal;
      this.wasModal = modal;
      if (modal) this.panel.setAttribute("aria-modal", "true");
      else this.panel.removeAttribute("aria-modal");
      // What the host has set itself is left as it is.
      const { style } = document.documentElement;
      if (changes) document.body.inert = modal;
      if (changes && modal) this.overflow = style.overflow;
      if (changes) style.overflow = modal ? "hidden" : this.overflow;
      this.tell({ modal });
    }
  }

  if (!customElements.get("parley-chat")) customElements.define("parley-chat", ParleyChat);

  // Beside the body, not in it: frameworks that exchange the body leave the chat alone.
  function attach() {
    if (chat && !chat.isConnected) document.documentElement.append(chat);
  }
  new MutationObserver(attach).observe(document, { childList: true, subtree: false });
  new MutationObserver(attach).observe(document.documentElement, { childList: true });

  const rest = (task) => (window.requestIdleCallback ? requestIdleCallback(task, { timeout: 3000 }) : setTimeout(task, 500));
  const localeOf = (wish) => (wish && wish !== "auto" ? wish : document.documentElement.lang || navigator.language || "en");

  async function boot(options) {
    const wishes = { ...script.dataset, ...options };
    wishes.locale = localeOf(wishes.locale);
    if (chat) destroy();
    const address = new URL(`/widget/${encodeURIComponent(wishes.channel)}/config.js`, desk);
    address.searchParams.set("locale", wishes.locale);
    const { default: looks } = await import(address.href);
    chat = document.createElement("parley-chat");
    chat.dress(looks, wishes);
    attach();
    rest(() => { if (chat?.token || wishes.jwt) chat.load(); });
    setTimeout(() => chat?.tease(), 4000);
    emit("ready");
  }

  function destroy() {
    chat?.close();
    chat?.remove();
    chat = null;
  }

  async function again(changes) {
    const isOpen = chat.isOpen;
    await boot({ ...chat.wishes, ...changes });
    if (isOpen) chat.open();
  }

  const verbs = {
    boot: (options) => (booting = boot(options)),
    destroy,
    open: () => chat.open(),
    close: () => chat.close(),
    toggle: () => chat.toggle(),
    showLauncher: () => { chat.launcher.hidden = false; },
    hideLauncher: () => { chat.launcher.hidden = true; chat.unteased(); },
    identify: (person) => { Object.assign(chat.wishes, person); return chat.call("identify", { ...person, jwt: undefined, asks: !!person.jwt }); },
    set: (attributes) => chat.call("set", attributes),
    prefill: (what) => chat.call("prefill", what),
    newMessage: (what) => { chat.open(); return chat.call("prefill", what || {}); },
    locale: (locale) => again({ locale }),
    theme: (theme) => { chat.wishes.theme = theme; return chat.call("theme", theme); },
    logout: () => { chat.wishes.jwt = null; return chat.call("logout").then(() => { chat.token = null; }); },
    on: (name, listener) => { (listeners[name] ??= []).push(listener); },
    off: (name, listener) => { listeners[name] = (listeners[name] || []).filter((one) => one !== listener); },
  };
  const AT_ONCE = ["boot", "on", "off"];
  let booting = null;

  // Every verb returns a promise, and waits until the chat it speaks to is there.
  async function Parley(verb, ...details) {
    if (!Object.hasOwn(verbs, verb)) throw new Error(`Parley: there is no verb "${verb}"`);
    if (!AT_ONCE.includes(verb)) {
      await booting;
      if (!chat) throw new Error("Parley: boot first");
    }
    return verbs[verb](...details);
  }

  Parley.ready = true;
  window.Parley = Parley;
  if (script.dataset.channel) booting = boot({});
  booting?.catch((error) => {
    console.warn("Parley: the chat can't be shown here. Is this website on its list of allowed websites?", error);
    emit("error", error);
  });
  for (const [verb, ...details] of (early && early.q) || []) Parley(verb, ...details).catch(() => {});
})();
