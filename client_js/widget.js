// @ts-check
// <handling-time case="CAS-1001">: how it works is in widget/README.md
import { currentAgent } from "./agent.js";
import { stoodStill } from "./clocks.js";
import { NARROW, keepInCorner } from "./widget/place.js";
import { ask } from "./widget/server.js";
import { clockState } from "./widget/state.js";
import { lookSheet, roomSheet } from "./widget/styles.js";
import { Ticker } from "./widget/ticker.js";
import { viewOf } from "./widget/view.js";
import { languageOf, textsFor } from "./widget/words.js";

const COLLAPSED = "caseclock:widget:collapsed";
const AGENT_WAIT_MS = 1000;
const OFFLINE_AFTER_MS = 4000;
const INTERVAL_S = 600;

export class HandlingTimeElement extends HTMLElement {
  static observedAttributes = ["case", "mode", "theme"];

  #lang;
  #texts;
  #view;
  #load = joined(() => this.#fetch());
  #loadHistory = joined(() => this.#try(() => this.#askHistory()));
  #unwatch = () => {};
  #place = () => {};
  #ticker = new Ticker();
  #ref = "";
  #attached;
  #agent;
  #settings;
  #totals;
  #own;
  #history;
  #result;
  #mine = false;
  #live = false;
  #busy = false;
  #collapsed = false;
  #seen = true;
  #pushes = 0;
  #askedAt = 0;
  #offlineAt = 0;
  #lived = now();
  #timer;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  connectedCallback() {
    safely(() => this.#attach());
  }

  disconnectedCallback() {
    this.#attached?.abort();
    this.#attached = this.#agent = null;
    clearTimeout(this.#timer);
    safely(this.#unwatch);
  }

  attributeChangedCallback(name) {
    if (this.#attached) safely(() => (name === "case" ? this.#turn() : this.#render()));
  }

  #build() {
    this.#view = viewOf({
      mine: (on) => this.#showMine(on),
      refresh: () => this.#refresh(),
      lock: () => safely(() => this.#agent.askForScreenLock()),
      collapse: (on) => this.#collapse(on),
      history: () => this.#askHistory(),
      attempt: (act) => this.#try(act),
      change: (method, what, body) => this.#change(method, what, body),
    }, this.#texts);
    this.shadowRoot?.replaceChildren(this.#view.root);
  }

  /** In the language around it; what was built in another one is built anew. */
  async #speak() {
    const lang = languageOf(this);
    if (lang !== this.#lang) {
      const texts = await textsFor((this.#lang = lang));
      if (lang !== this.#lang || texts === this.#texts) return;
      this.#texts = texts;
      this.#build();
    }
    this.#render();
  }

  #attach() {
    const { signal } = (this.#attached = new AbortController());
    const [inside, outside] = /** @type {any[]} */ ([this.shadowRoot, this.getRootNode()]);
    const sheet = new CSSStyleSheet();
    inside.adoptedStyleSheets = [lookSheet, sheet];
    if (!outside.adoptedStyleSheets.includes(roomSheet)) outside.adoptedStyleSheets.push(roomSheet);
    this.#place = keepInCorner(this, sheet, signal);
    this.#collapsed = remembered() ?? window.matchMedia(NARROW).matches;
    const around = new window.MutationObserver(() => this.#speak());
    around.observe(document, { subtree: true, attributeFilter: ["data-bs-theme", "lang"] });
    const sight = () => safely(() => this.#sight());
    const size = new window.ResizeObserver(sight);
    size.observe(this);
    document.addEventListener("visibilitychange", sight, { signal });
    signal.addEventListener("abort", () => [around, size].forEach((observer) => observer.disconnect()));
    this.#turn();
    this.#speak();
    this.#tick();
    currentAgent().then((agent) => safely(() => signal.aborted || this.#meet(agent, signal)));
    setTimeout(() => this.#agent || this.#load(), AGENT_WAIT_MS);
  }

  #meet(agent, signal) {
    const on = (type, act) => agent.addEventListener(type, ({ detail }) => safely(() => act(detail)), { signal });
    this.#agent = agent;
    on("status", () => this.#follow());
    on("committed", () => this.#mine && this.#load());
    on("settings", (settings) => this.#settle(settings));
    this.#settle(agent.settings);
    this.#turn();
  }

  #turn() {
    this.#ref = (this.getAttribute("case") ?? "").trim();
    this.#totals = this.#own = this.#history = this.#result = null;
    this.#mine = this.#live = false;
    this.#ticker = new Ticker();
    this.#view?.close();
    this.#unwatch();
    this.#unwatch = (this.#ref && this.#agent?.watch(this.#ref, (message) => safely(() => this.#hear(message)))) || (() => {});
    if (this.#agent) this.#load();
    this.#follow();
  }

  #hear(message) {
    this.#pushes++;
    this.#askedAt = now().mono;
    // a push has only what is committed: a total with more in it would fall back
    this.#totals = this.#live && this.#totals ? { ...this.#totals, status: message.status } : message;
    if (this.#live || this.#mine) this.#load();
    if (this.#view?.parts.history.open) this.#loadHistory();
    this.#follow();
  }

  #settle(settings) {
    if (typeof settings?.allow_time_logs === "boolean") this.#settings = settings;
    if (this.#mine && !this.#offersMine) this.#showMine(false);
    if (this.#result?.status === 0) this.#load(); // each welcome brings them: the server is back
    this.#render();
  }

  /** The clock runs or stands as the agent's does. */
  #follow() {
    const { mono } = now(), status = this.#agent?.status, ran = this.#ticker.running;
    this.#ticker.run(!!status && status.case === this.#ref && !this.#resolved, mono);
    if (ran && !this.#ticker.running && this.#mine) this.#load();
    this.#offlineAt = status?.connection === "offline" ? this.#offlineAt || mono : 0;
    this.#render();
  }

  get #resolved() {
    return this.#totals?.status === "resolved";
  }

  get #offersMine() {
    return !!this.#agent && !!this.#settings?.allow_my_time && !this.#settings.show_only_own_time;
  }

  /** Asks for what is in view. */
  async #fetch() {
    const ref = this.#ref, mine = this.#mine, live = this.#live, pushes = this.#pushes, { mono } = now();
    if (!ref || !this.#attached) return;
    this.#askedAt = mono;
    await this.#try(async () => {
      const proven = mine && (await this.#beat());
      const time = await this.#ask(`handling-time?mine=${mine}&live=${mine || live}`);
      this.#settings ??= await ask(this.#agent, "settings/tracking", undefined, this.#texts);
      if (ref !== this.#ref) return;
      if (mine) this.#takeOwn(time, mono, proven);
      else if (live || pushes === this.#pushes) this.#totals = time;
      if (this.#result instanceof Error) this.#result = null;
    });
    this.#follow();
  }

  async #beat() {
    return this.#agent?.status.connection === "online" && this.#agent.beat();
  }

  /** What is not proven is missing from the answer: then the clock goes on from where it is. */
  #takeOwn(time, from, proven) {
    const { mono } = now(), ms = time.automatic_seconds * 1000, ticker = this.#ticker;
    this.#own = time;
    this.#totals ??= time;
    if (proven || !ticker.known || !ticker.running || ms > ticker.read(mono)) ticker.rebase(ms, from, mono);
  }

  async #refresh() {
    this.#busy = true;
    this.#result = null;
    await this.#try(async () => {
      const ref = this.#ref, hub = this.getAttribute("mode") === "hub";
      const time = hub ? await this.#ask("handling-time/refresh", {}) : await this.#beat();
      if (ref !== this.#ref) return;
      if (hub) this.#totals = time;
      this.#live = !hub;
      if (!hub || this.#mine) await this.#load();
      if (hub) await this.#askHistory();
      this.#result ??= { message: this.#texts._("Up to date.") };
    });
    this.#busy = false;
    this.#render();
  }

  async #askHistory() {
    const ref = this.#ref, history = await this.#ask("history");
    if (ref === this.#ref) this.#history = history;
  }

  /** Changes what people say of their time. */
  async #change(method, what, body) {
    const { _ } = this.#texts;
    await this.#ask(what, body, method);
    this.#result = { message: method === "DELETE" ? _("Deleted.") : _("Saved.") };
    this.#load();
    if (this.#history) this.#loadHistory();
  }

  #ask(what, body, method) {
    return ask(this.#agent, `cases/${this.#ref.split("/").map(encodeURIComponent).join("/")}/${what}`, body, this.#texts, method);
  }

  /** What goes wrong is said in the widget. */
  async #try(act) {
    const ref = this.#ref;
    this.#render();
    try {
      await act();
    } catch (error) {
      if (ref === this.#ref) this.#result = error;
    }
    this.#render();
  }

  #showMine(on) {
    this.#mine = on;
    this.#load();
    this.#tick();
  }

  #collapse(on) {
    this.#collapsed = on;
    safely(() => localStorage.setItem(COLLAPSED, String(on)));
    this.#render();
  }

  #sight() {
    const seen = document.visibilityState === "visible" && this.offsetWidth > 0;
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#lived = now();
    this.#offlineAt = 0;
    if (seen && this.#mine) this.#load();
    this.#follow();
    this.#tick();
  }

  /** Looks again when the second that is shown is over, while somebody can see it. */
  #tick() {
    clearTimeout(this.#timer);
    if (!this.#seen || !this.#attached) return;
    const last = this.#lived, moment = (this.#lived = now()), { mono } = moment;
    const slept = stoodStill(last, moment), due = mono - this.#askedAt > (this.#agent?.status.updateIntervalS ?? INTERVAL_S) * 1000;
    if (slept) this.#ticker.skip(last.mono, mono);
    if (due || (slept && this.#mine)) this.#load();
    this.#render();
    this.#place();
    this.#timer = setTimeout(() => safely(() => this.#tick()), 1005 - (this.#mine ? this.#ticker.read(mono) % 1000 : 0));
  }

  #render() {
    safely(() => this.#attached && this.#view?.render(this.#shown()));
  }

  #shown() {
    const settings = this.#settings, status = this.#agent?.status, { at, mono } = now();
    const { username: me, role = "representative" } = status?.representative ?? {};
    const others = this.#totals?.representatives.some(({ username }) => username !== me); // seen by supervisors, whatever the settings
    return {
      ref: this.#ref,
      time: this.#mine ? this.#ticking(mono) : this.#totals,
      clock: clockState(this.#ref, status, {
        resolved: this.#resolved,
        offline: this.#offlineAt > 0 && mono - this.#offlineAt > OFFLINE_AFTER_MS,
        enabled: settings?.enabled !== false,
      }, this.#texts),
      mine: this.#mine,
      ownOnly: !!settings?.show_only_own_time && !others,
      offersMine: this.#offersMine,
      offersLog: !!this.#ref && !!settings && (settings.allow_time_logs || role !== "representative"),
      offersLock: status?.screenLock === "prompt",
      collapsed: this.#collapsed,
      busy: this.#busy,
      me,
      history: this.#history,
      result: this.#result,
      theme: this.getAttribute("theme") ?? this.closest("[data-bs-theme]")?.getAttribute("data-bs-theme"),
      now: at,
    };
  }

  #ticking(mono) {
    const automatic_seconds = Math.floor(this.#ticker.read(mono) / 1000);
    return this.#own && { ...this.#own, automatic_seconds, total_seconds: automatic_seconds + this.#own.manual_seconds };
  }
}

/** One run at a time; calls while it runs share one more run after it. */
function joined(act) {
  let running, next;
  const run = () => (running = act().finally(() => (running = null)));
  return () => (running ? (next ??= running.then(() => ((next = null), run()))) : run());
}

function now() {
  return { at: Date.now(), mono: performance.now() };
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(COLLAPSED) ?? "null");
  } catch {
    return null;
  }
}

async function safely(act) {
  try {
    await act();
  } catch (error) {
    console.debug("caseclock:", error);
  }
}

customElements.get("handling-time") ?? customElements.define("handling-time", HandlingTimeElement);

/** The question about time without input belongs to the page, with or without a widget on it. */
currentAgent().then((agent) => {
  const ask = () => agent.settings.idle_after_minutes && import("./widget/question.js");
  agent.addEventListener("settings", ask);
  ask();
});
