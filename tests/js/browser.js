// @ts-check

/** A browser, a clock and a server to test the agent with: everything runs when the test says so, and nothing else does. */

// Node has it since 19; browsers have always had it.
globalThis.CustomEvent ??= /** @type {any} */ (
  class extends Event {
    constructor(/** @type {string} */ type, /** @type {CustomEventInit} */ { detail = null } = {}) {
      super(type);
      this.detail = detail;
    }
  }
);

let pages = 0;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** One profile of one browser: its pages share storage and locks, and the clock of the computer. */
export class Browser {
  elapsed = 0;
  atShift = Date.UTC(2026, 10, 20, 9, 0, 0);
  monoShift = 0;
  /** @type {{ id: number, due: number, every: number, act: () => void }[]} */
  #timers = [];
  #ids = 0;
  storage = new FakeStorage();
  /** @type {{ name: string, page: object }[]} */
  held = [];

  /** @param {Server} server */
  constructor(server = new Server()) {
    this.server = server;
    server.browser = this;
  }

  get at() {
    return this.atShift + this.elapsed;
  }

  /** Time passes, and timers with it. @param {number} ms */
  async run(ms) {
    const end = this.elapsed + ms;
    for (;;) {
      await turn();
      const next = this.#timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.elapsed = Math.max(this.elapsed, next.due);
      if (next.every) next.due = this.elapsed + next.every;
      else this.#timers.splice(this.#timers.indexOf(next), 1);
      next.act();
    }
    this.elapsed = end;
    await turn();
  }

  /** The computer sleeps: no timer runs, and the monotonic clock stands still but on Windows. @param {number} ms */
  sleep(ms, { windows = false } = {}) {
    this.atShift += ms;
    if (windows) this.monoShift += ms;
  }

  /** A new page, with its agent started. @param {any} [options] @param {{ page?: any, front?: any }} [how] */
  async open(options = {}, { page = {}, front = { session: { id: "s1", case: "CAS-1001" } } } = {}) {
    const env = /** @type {any} */ (new Page(this, page));
    env.module = await import(`../../client_js/agent.js?page=${++pages}`);
    env.agent = env.module.startAgent({ server: "https://caseclock.example", ...options }, env);
    if (front) env.agent.show(front);
    await turn();
    return env;
  }

  /** @param {() => void} act @param {number} ms */
  timer(act, ms, every = 0) {
    this.#timers.push({ id: ++this.#ids, due: this.elapsed + ms, every, act });
    return this.#ids;
  }

  /** @param {number} id */
  clear(id) {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }
}

/** What the agent sees of a page. */
class Page extends EventTarget {
  Math = { ...Math, abs: Math.abs, min: Math.min, round: Math.round, random: () => this.random };
  random = 0.5;
  /** @type {any} */ detector;
  /** The types of events that somebody listens to. @type {Set<string>} */
  heard = new Set();
  #interval = 0;

  /** @param {Browser} browser @param {any} differs */
  constructor(browser, { locks = true, storage = browser.storage, prerendering = false, visible = true, focused = true, permission } = /** @type {any} */ ({})) {
    super();
    const page = this;
    this.browser = browser;
    this.Date = { now: () => browser.at };
    this.performance = { now: () => browser.elapsed + browser.monoShift + 0.4 };
    this.document = Object.assign(new EventTarget(), {
      visibilityState: visible ? "visible" : "hidden",
      prerendering,
      focused,
      hasFocus: () => this.document.focused,
    });
    this.navigator = {
      locks: locks ? new FakeLocks(browser, this) : undefined,
      permissions: { query: async () => ({ state: permission ?? "prompt" }) },
    };
    if (permission)
      this.IdleDetector = class extends EventTarget {
        static requestPermission = async () => "granted";
        screenState = "unlocked";
        userState = "active";
        async start(/** @type {any} */ { signal }) {
          page.detector = this;
          signal.addEventListener("abort", () => (page.detector = null));
        }
      };
    Object.defineProperty(this, "localStorage", {
      get() {
        if (!storage) throw new Error("SecurityError");
        return storage;
      },
    });
    this.WebSocket = class extends FakeSocket {
      /** @param {string} url */
      constructor(url) {
        super(url, browser.server);
      }
    };
    this.posts = /** @type {any[]} */ ([]);
  }

  addEventListener(/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ options) {
    this.heard.add(type);
    super.addEventListener(type, listener, options);
  }

  async fetch(/** @type {string} */ url, /** @type {any} */ init) {
    const body = JSON.parse(init.body);
    this.posts.push({ url, ...init, body });
    if (!this.browser.server.down) this.browser.server.report(body, this.browser.server.user);
  }

  setInterval(/** @type {() => void} */ act, /** @type {number} */ ms) {
    return (this.#interval = this.browser.timer(act, ms, ms));
  }

  setTimeout(/** @type {() => void} */ act, /** @type {number} */ ms) {
    return this.browser.timer(act, ms);
  }

  clearInterval(/** @type {number} */ id) {
    this.browser.clear(id);
  }

  /** @param {boolean} visible */
  turnTo(visible) {
    this.document.visibilityState = visible ? "visible" : "hidden";
    this.focus(visible);
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  /** @param {boolean} focused */
  focus(focused) {
    this.document.focused = focused;
    this.dispatchEvent(new Event(focused ? "focus" : "blur"));
  }

  /** The browser or the tab crashes: no event, no timer, no lock any more. */
  die() {
    this.browser.clear(this.#interval);
    this.browser.held = this.browser.held.filter(({ page }) => page !== this);
    for (const socket of this.browser.server.sockets) if (socket.page === this) socket.readyState = 3;
  }

  /** @param {string} screenState */
  lock(screenState, userState = "active") {
    Object.assign(this.detector, { screenState, userState });
    this.detector.dispatchEvent(new Event("change"));
  }
}

/** Items are own properties, as in a browser. */
export class FakeStorage {
  /** @param {string} key */
  getItem(key) {
    return /** @type {any} */ (this)[key] ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    if (full.has(this)) throw new Error("QuotaExceededError");
    /** @type {any} */ (this)[key] = value;
  }

  /** @param {string} key */
  removeItem(key) {
    delete (/** @type {any} */ (this)[key]);
  }

  clear() {
    for (const key of Object.keys(this)) this.removeItem(key);
  }

  /** Streams held in it, without their header. */
  get streams() {
    return Object.keys(this)
      .filter((key) => key.startsWith("caseclock:stream:"))
      .map((key) => {
        const [header, ...events] = (this.getItem(key) ?? "").split("\n").map((line) => JSON.parse(line));
        return { id: key.slice(17), owner: header.owner, events };
      });
  }
}

/** Storages that take nothing more. @type {WeakSet<object>} */
export const full = new WeakSet();

class FakeLocks {
  /** @param {Browser} browser @param {object} page */
  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
  }

  async request(/** @type {string} */ name, /** @type {() => Promise<any>} */ use) {
    await null;
    const lock = { name, page: this.page };
    this.browser.held.push(lock);
    await use();
    this.browser.held = this.browser.held.filter((each) => each !== lock);
  }

  async query() {
    return { held: this.browser.held.map(({ name }) => ({ name })), pending: [] };
  }
}

class FakeSocket {
  readyState = 0;
  /** @type {any} */ onopen = null;
  /** @type {any} */ onclose = null;
  /** @type {any} */ onmessage = null;
  /** What the page sent. @type {any[]} */
  sent = [];
  user = "";
  page = null;

  /** @param {string} url @param {Server} server */
  constructor(url, server) {
    this.url = url;
    this.server = server;
    server.sockets.push(this);
    queueMicrotask(() => {
      if (server.down) return this.drop(1006);
      this.readyState = 1;
      this.onopen?.();
    });
  }

  /** @param {string} text */
  send(text) {
    if (this.readyState === 0) throw new Error("InvalidStateError");
    if (this.readyState !== 1) return;
    const message = JSON.parse(text);
    this.sent.push(message);
    if (!this.server.silent) queueMicrotask(() => this.server.hear(this, message));
  }

  close() {
    this.readyState = 3;
  }

  /** The server says something. @param {object} message */
  say(message) {
    if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The server closes. @param {number} code */
  drop(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

/** Keeps the rules of the protocol that an agent can see: order, gaps, whose stream it is, what is durable. */
export class Server {
  /** Who is signed in. */
  user = "ana";
  down = false;
  silent = false;
  protocol = 1;
  /** How far its clock is ahead of the browser's. */
  atShift = 0;
  /** A token that is worthless after so many more reports. @type {{ token: string, after: number } | null} */
  expires = null;
  /** @type {object} */
  settings = { enabled: true, track_inbox: false, count_idle: true };
  /** @type {FakeSocket[]} */
  sockets = [];
  /** @type {Map<string, { owner: string, committed: number, events: any[] }>} */
  streams = new Map();
  /** @type {Browser | null} */
  browser = null;
  /** The next refusals, by code. @type {string[]} */
  refusals = [];

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  /** Messages of a type that pages sent, over all sockets. @param {string} type */
  sent(type) {
    return this.sockets.flatMap((socket) => socket.sent.filter((message) => message.type === type));
  }

  /** @param {string} stream */
  events(stream) {
    return this.streams.get(stream)?.events ?? [];
  }

  /** @param {FakeSocket} socket @param {any} message */
  hear(socket, message) {
    if (message.type === "hello") {
      if (message.protocol !== this.protocol) return socket.drop(4400);
      if (this.expires && message.token !== this.expires.token) this.expires = null;
      if (this.expires?.after === 0) return socket.drop(4401);
      socket.user = this.user;
      const { stream } = message;
      socket.say({
        type: "welcome", protocol: 1, server_at: (this.browser?.at ?? 0) + this.atShift, representative: { username: this.user, name: this.user },
        beat_s: 20, max_gap_s: 60, update_interval_s: 600, max_events: 300, settings: this.settings,
        committed: { [stream]: this.streams.get(stream)?.committed ?? 0 },
      });
    } else if (message.type === "ping") socket.say({ ...message, type: "pong" });
    else if (message.type === "report" && this.expires?.after !== 0) {
      socket.say(this.report(message, socket.user));
      if (this.expires && !--this.expires.after) socket.drop(4401);
    }
  }

  /** @param {any} report @param {string} user */
  report({ stream, first, events }, user) {
    const code = this.refusals.shift();
    if (code) return { type: "error", code, stream };
    const kept = this.streams.get(stream) ?? { owner: user, committed: 0, events: [] };
    if (kept.owner !== user) return { type: "error", code: "not_yours", stream };
    const last = kept.events.at(-1)?.seq ?? kept.committed;
    if (events[0].seq > last + 1 && first <= last + 1) return { type: "error", code: "gap", stream, seq: events[0].seq, expected: last + 1 };
    this.streams.set(stream, kept);
    kept.events.push(...events.filter((/** @type {any} */ event) => event.seq > last));
    return { type: "received", stream, seq: kept.events.at(-1)?.seq ?? last };
  }

  /** The update interval ends. */
  commit() {
    for (const [stream, kept] of this.streams) {
      const newest = kept.events.at(-1);
      kept.committed = newest.cause === "close" ? newest.seq : newest.seq - 1;
      for (const socket of this.sockets) if (socket.user === kept.owner) socket.say({ type: "committed", stream, seq: kept.committed });
    }
  }

  /** It is killed and starts again: what was not committed is gone. */
  crash() {
    for (const kept of this.streams.values()) kept.events = kept.events.filter(({ seq }) => seq <= kept.committed);
    for (const socket of this.sockets) socket.drop(1006);
  }
}
