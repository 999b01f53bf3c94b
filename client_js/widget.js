// @ts-check
/**
 * `<handling-time case="CAS-1001">`: how long a case was handled, by whom, and whether its clock runs.
 *
 * It shows what the server pushes, and asks by itself only for what a push does not carry: one's own time, and time that is
 * not committed yet. `mode="hub"`: *Refresh* commits and brings the history up to date too. `theme="light"` or `"dark"`.
 * Nothing that goes wrong in here reaches the host page.
 */

import { currentAgent } from "./agent.js";
import { stoodStill } from "./clocks.js";
import { keepInCorner } from "./widget/place.js";
import { ask } from "./widget/server.js";
import { clockState } from "./widget/state.js";
import { keepRoom, lookSheet } from "./widget/styles.js";
import { Ticker } from "./widget/ticker.js";
import { View } from "./widget/view.js";

const FOLDED = "caseclock:widget:collapsed";
const AGENT_WAIT_MS = 1000;
const OFFLINE_AFTER_MS = 4000;
const INTERVAL_S = 600;

export class HandlingTimeElement extends HTMLElement {
  static observedAttributes = ["case", "mode", "theme"];

  /** @type {View | null} */
  #view = null;
  /** @type {AbortController | null} */
  #attached = null;
  /** @type {any} */
  #agent = null;
  #agentEvents = new AbortController();
  #unwatch = () => {};
  #place = () => {};
  /** @type {any} */
  #settings = null;

  #ref = "";
  /** @type {import("./widget/view.js").HandlingTime | null} */
  #totals = null;
  /** @type {import("./widget/view.js").HandlingTime | null} */
  #own = null;
  /** @type {import("./widget/view.js").History | null} */
  #history = null;
  #ticker = new Ticker();
  #mine = false;
  #live = false;
  #prove = false;
  #pushes = 0;

  #collapsed = false;
  #busy = false;
  /** @type {{ text: string, failed?: boolean } | null} */
  #result = null;
  #inSight = true;
  #timer = 0;
  #lived = { at: 0, mono: 0 };
  #askedAt = 0;
  #offlineSince = 0;

  #load = joined(() => this.#fetch());

  connectedCallback() {
    this.#safely(() => this.#attach());
  }

  disconnectedCallback() {
    this.#safely(() => this.#detach());
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#attached || before === now) return;
    this.#safely(() => (name === "case" ? this.#turnTo(now ?? "") : this.#render()));
  }

  #attach() {
    this.#attached = new AbortController();
    const { signal } = this.#attached;
    this.#view ??= this.#build();
    this.#collapsed = stored(FOLDED) ?? window.matchMedia("(max-width: 479.98px)").matches;
    this.#keepPlace(signal);
    this.#keepTheme(signal);
    document.addEventListener("visibilitychange", () => this.#safely(() => this.#sight()), { signal });
    const size = new window.ResizeObserver(() => this.#safely(() => this.#sight()));
    size.observe(this);
    signal.addEventListener("abort", () => size.disconnect());
    currentAgent().then((agent) => this.#safely(() => signal.aborted || this.#meet(agent)));
    this.#turnTo(this.getAttribute("case") ?? "");
    this.#beginTicking();
  }

  #build() {
    const view = new View({
      mine: (on) => this.#safely(() => this.#showMine(on)),
      refresh: () => this.#safely(() => this.#refresh()),
      lock: () => this.#safely(() => this.#agent?.askForScreenLock()),
      collapse: (on) => this.#safely(() => this.#fold(on)),
      history: () => this.#safely(() => this.#loadHistory()),
      log: (entry) => this.#log(entry),
    });
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    shadow.replaceChildren(view.root);
    return view;
  }

  #keepPlace(signal) {
    const sheet = new CSSStyleSheet();
    this.shadowRoot?.adoptedStyleSheets.splice(0, Infinity, lookSheet(), sheet);
    this.#place = keepInCorner(this, sheet, signal);
    keepRoom(this.getRootNode());
  }

  #keepTheme(signal) {
    const observer = new window.MutationObserver(() => this.#safely(() => this.#render()));
    observer.observe(document, { subtree: true, attributeFilter: ["data-bs-theme"] });
    signal.addEventListener("abort", () => observer.disconnect());
  }

  #detach() {
    this.#attached?.abort();
    this.#attached = null;
    this.#leaveAgent();
    this.#endTicking();
  }

  // The agent

  #meet(agent) {
    this.#leaveAgent();
    this.#agent = agent;
    this.#agentEvents = new AbortController();
    const on = (type, act) => agent.addEventListener(type, (event) => this.#safely(() => act(event)), this.#agentEvents);
    on("status", () => this.#follow());
    on("committed", () => this.#mine && this.#load());
    on("settings", ({ detail }) => this.#settle(detail));
    if (known(agent.settings)) this.#settings = agent.settings;
    this.#watch();
    this.#load();
    this.#follow();
  }

  #leaveAgent() {
    this.#unwatch();
    this.#unwatch = () => {};
    this.#agentEvents.abort();
    this.#agent = null;
  }

  #watch() {
    this.#unwatch();
    this.#unwatch = (this.#ref && this.#agent?.watch(this.#ref, (message) => this.#safely(() => this.#hear(message)))) || (() => {});
  }

  #hear(message) {
    this.#pushes++;
    this.#askedAt = performance.now();
    if (!this.#live || !this.#totals) this.#totals = message;
    else this.#totals = { ...this.#totals, status: message.status };
    if (this.#live || this.#mine) this.#load();
    this.#follow();
  }

  #settle(settings) {
    if (known(settings)) this.#settings = settings;
    if (this.#mine && !this.#offersMine) this.#showMine(false);
    else this.#render();
  }

  /** Lets the clock run or stand as the agent's does. */
  #follow() {
    const status = this.#agent?.status, mono = performance.now();
    const running = !!status && status.case === this.#ref && status.connection !== "refused" && !this.#resolved;
    const stopped = this.#ticker.running && !running;
    this.#ticker.run(running, mono);
    if (stopped && this.#mine && this.#inSight) this.#load();
    this.#offlineSince = status?.connection !== "offline" ? 0 : this.#offlineSince || mono;
    this.#render();
  }

  get #resolved() {
    return (this.#mine ? this.#own ?? this.#totals : this.#totals)?.status === "resolved";
  }

  get #offersMine() {
    return !!this.#settings?.allow_my_time && !this.#settings.show_only_own_time;
  }

  // The server

  #turnTo(ref) {
    this.#ref = ref.trim();
    this.#totals = this.#own = this.#history = this.#result = null;
    this.#mine = this.#live = false;
    this.#ticker = new Ticker();
    this.#pushes++;
    this.#view?.form.close();
    if (this.#view) this.#view.details.open = false;
    this.#watch();
    this.#follow();
    if (this.#agent) this.#load();
    else setTimeout(() => !this.#agent && this.#attached && this.#safely(() => this.#load()), AGENT_WAIT_MS);
  }

  /** Brings up to date what is in view. */
  async #fetch() {
    const ref = this.#ref, mine = this.#mine, live = this.#live, pushes = this.#pushes, asked = performance.now();
    if (!ref || !this.#attached) return;
    this.#askedAt = asked;
    const prove = mine || this.#prove;
    this.#prove = false;
    const proven = !prove || (this.#agent?.status.connection === "online" && (await this.#agent.beat()));
    try {
      const [time] = await Promise.all([this.#ask(pathOf(ref, "handling-time", { mine, live: mine || live })), this.#askSettings()]);
      if (ref !== this.#ref || mine !== this.#mine || !this.#attached) return;
      if (mine) this.#takeOwn(time, asked, proven);
      else if (live || pushes === this.#pushes) this.#totals = time;
      if (this.#result?.failed) this.#result = null;
    } catch (error) {
      if (ref === this.#ref && this.#attached) this.#fail(error);
    }
    this.#follow();
  }

  /** What is not proven yet is missing from the answer: then the clock goes on from where it is. */
  #takeOwn(time, asked, proven) {
    const now = performance.now(), ms = time.automatic_seconds * 1000;
    this.#own = time;
    if (proven || !this.#ticker.running || !this.#ticker.known || ms > this.#ticker.read(now)) this.#ticker.rebase(ms, asked, now);
  }

  async #askSettings() {
    if (this.#settings) return;
    const settings = await this.#ask("settings/tracking");
    this.#settings ??= settings;
  }

  async #refresh() {
    if (this.#busy) return;
    this.#busy = true;
    this.#result = null;
    this.#render();
    try {
      if (this.getAttribute("mode") === "hub") await this.#commit();
      else {
        this.#live = this.#prove = true;
        await this.#load();
      }
      this.#result ??= { text: "Up to date." };
    } catch (error) {
      this.#fail(error);
    }
    this.#busy = false;
    this.#render();
  }

  async #commit() {
    const ref = this.#ref;
    const time = await this.#ask(pathOf(ref, "handling-time/refresh"), {});
    if (ref !== this.#ref) return;
    this.#live = false;
    this.#totals = time;
    if (this.#mine) await this.#load();
    if (this.#view?.details.open) await this.#loadHistory();
  }

  async #loadHistory() {
    const ref = this.#ref;
    try {
      const history = await this.#ask(pathOf(ref, "history"));
      if (ref === this.#ref) this.#history = history;
    } catch (error) {
      this.#fail(error);
    }
    this.#render();
  }

  async #log(entry) {
    const ref = this.#ref;
    await this.#ask(pathOf(ref, "time-logs"), entry);
    if (ref !== this.#ref) return;
    this.#result = { text: "Time log saved." };
    this.#load();
    if (this.#view?.details.open) this.#loadHistory();
    this.#render();
  }

  #ask(path, body) {
    return ask(this.#agent, path, body);
  }

  #fail(error) {
    this.#result = { text: error.message, failed: true };
    this.#render();
  }

  // What is seen

  #showMine(on) {
    this.#mine = on;
    this.#result = null;
    this.#load();
    this.#follow();
    this.#beginTicking();
  }

  #fold(on) {
    this.#collapsed = on;
    store(FOLDED, on);
    this.#render();
    this.#place();
  }

  /** Timers run only while somebody can see the widget. */
  #sight() {
    const seen = document.visibilityState === "visible" && this.offsetWidth > 0;
    if (seen === this.#inSight) return;
    this.#inSight = seen;
    if (!seen) return this.#endTicking();
    if (this.#mine) this.#load();
    this.#offlineSince = 0;
    this.#follow();
    this.#beginTicking();
  }

  #beginTicking() {
    this.#endTicking();
    this.#lived = instant();
    this.#schedule();
  }

  #endTicking() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** The next look is when the shown second is over. */
  #schedule() {
    if (!this.#inSight || !this.#attached) return;
    const rest = this.#mine && this.#ticker.running ? 1000 - (this.#ticker.read(performance.now()) % 1000) : 1000;
    this.#timer = window.setTimeout(() => this.#safely(() => this.#tick()), rest + 5);
  }

  #tick() {
    this.#schedule();
    const now = instant();
    if (stoodStill(this.#lived, now)) {
      this.#ticker.skip(this.#lived.mono, now.mono);
      if (this.#mine) this.#load();
    }
    this.#lived = now;
    if (now.mono - this.#askedAt > (this.#agent?.status.updateIntervalS ?? INTERVAL_S) * 1000) this.#load();
    this.#place();
    this.#render();
  }

  #render() {
    if (!this.#view || !this.#attached) return;
    const status = this.#agent?.status ?? null, settings = this.#settings;
    const offline = this.#offlineSince > 0 && performance.now() - this.#offlineSince > OFFLINE_AFTER_MS;
    const clock = clockState(this.#ref, status, { resolved: this.#resolved, offline });
    const role = status?.representative?.role ?? "representative";
    this.#view.render({
      ref: this.#ref,
      time: this.#mine ? this.#ticking() : this.#totals,
      clock: settings?.enabled === false && clock.sign !== "resolved" ? { ...clock, ...clockState(this.#ref, status && { ...status, reason: "tracking-off" }, { resolved: false, offline }) } : clock,
      mine: this.#mine,
      ownOnly: !!settings?.show_only_own_time && role === "representative",
      offersMine: this.#offersMine,
      offersLog: !!this.#ref && !!settings && (settings.allow_time_logs || role !== "representative"),
      offersLock: status?.screenLock === "prompt",
      collapsed: this.#collapsed,
      busy: this.#busy,
      me: status?.representative?.username ?? null,
      history: this.#history,
      result: this.#result,
      theme: this.#theme(),
      now: Date.now(),
    });
  }

  /** One's own time with what has passed since the server was asked. */
  #ticking() {
    if (!this.#own) return null;
    const automatic_seconds = Math.floor(this.#ticker.read(performance.now()) / 1000);
    return { ...this.#own, automatic_seconds, total_seconds: automatic_seconds + this.#own.manual_seconds };
  }

  #theme() {
    const theme = this.getAttribute("theme") ?? this.closest("[data-bs-theme]")?.getAttribute("data-bs-theme");
    return theme === "light" || theme === "dark" ? theme : null;
  }

  /** @param {() => unknown} act */
  async #safely(act) {
    try {
      await act();
    } catch (error) {
      console.debug("caseclock:", error);
    }
  }
}

/** Runs one at a time; calls while it runs are joined into one more run after it. @param {() => Promise<void>} act */
function joined(act) {
  /** @type {Promise<void> | null} */
  let running = null;
  /** @type {Promise<void> | null} */
  let next = null;
  const run = () => (running = act().finally(() => (running = null)));
  return () => {
    if (!running) return run();
    return (next ??= running.then(() => ((next = null), run())));
  };
}

/** @param {string} ref @param {string} what @param {Record<string, boolean>} [flags] */
function pathOf(ref, what, flags = {}) {
  const query = new window.URLSearchParams(Object.entries(flags).flatMap(([name, on]) => (on ? [[name, "true"]] : [])));
  return `cases/${ref.split("/").map(encodeURIComponent).join("/")}/${what}${query.size ? `?${query}` : ""}`;
}

const known = (settings) => typeof settings?.allow_time_logs === "boolean";
const instant = () => ({ at: Date.now(), mono: performance.now() });

function stored(key) {
  try {
    const value = localStorage.getItem(key);
    return value === null ? null : value === "true";
  } catch {
    return null;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    // it is remembered until the page closes
  }
}

if (!customElements.get("handling-time")) customElements.define("handling-time", HandlingTimeElement);
