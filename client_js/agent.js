// @ts-check
import { attention, causeOf, frontOf } from "./attention.js";
import { stoodStill } from "./clocks.js";
import { factsOf } from "./facts.js";
import { hold, orphans, SILENT_MS } from "./orphans.js";
import { AWAY, Log, freshId } from "./outbox.js";
import { connectionOf } from "./socket.js";

const WHO = "caseclock:who";

let page, announce;
const announced = new Promise((resolve) => (announce = resolve));

/** @type {import("./types.d.ts").StartAgent} */
export function startAgent(options, env = globalThis) {
  if (page && page.status.reason !== "stopped") console.warn("caseclock: started already");
  else announce((page = agentOf(options ?? {}, env)));
  return page;
}

/** @type {import("./types.d.ts").CurrentAgent} */
export const currentAgent = async () => page ?? announced;

/** @param {import("./types.d.ts").AgentOptions} options */
function agentOf({ app = "workspace", server, token, representative }, env) {
  const { document, navigator, performance, Date } = env;
  const base = String(server ?? new URL(import.meta.url).origin).replace(/\/$/, "");
  const agent = new EventTarget();
  const facts = factsOf(env, () => look());
  const connection = connectionOf(env, base.replace("http", "ws") + "/agent", hello, (text) => safely(() => hear(JSON.parse(text) ?? {})));
  const listening = new AbortController();
  const others = new Map();
  const watches = new Map();
  const settings = { enabled: true, count_idle: true, beat_s: 20, max_events: 300 };
  let storage, owner, who, bearer, timer, stopped;
  let input, log, release = () => {};
  let front = frontOf(), shown = { ...AWAY, locked: false, idle: false, ...front };
  let lived, recorded;
  let visibleAt = 0, scanAt = 0, quietUntil = 0;
  let told;

  Object.defineProperty(agent, "status", { get: status });
  Object.assign(agent, { show, note, watch, beat, stop, askForScreenLock: () => facts.watchScreen(true).catch(debug), server: base, token, settings });
  safely(() => (storage = env.localStorage));
  safely(start);
  return agent;

  function show(next, cause) {
    safely(() => (front = frontOf(next)));
    look(["dialog", "resolve"].includes(cause) ? cause : "");
  }

  function note(cause) {
    look();
    look(cause);
  }

  function watch(ref, listener) {
    const listeners = watches.get(ref) ?? new Set();
    if (!listeners.size) connection.send({ type: "watch", case: ref });
    watches.set(ref, listeners.add(listener));
    return () => {
      if (!listeners.delete(listener) || listeners.size) return;
      watches.delete(ref);
      connection.send({ type: "unwatch", case: ref });
    };
  }

  function status() {
    const seen = attention(app, settings, shown);
    return {
      ...seen,
      reason: stopped ? "stopped" : seen.reason,
      connection: connection.state,
      storage: log?.durable === false ? "memory" : "durable",
      screenLock: facts.screenLock,
      undelivered: logs().flatMap((each) => each.undelivered).length,
      representative: who ?? null,
      updateIntervalS: settings.update_interval_s ?? null,
    };
  }

  async function beat() {
    look();
    look("beat");
    const beaten = log, seq = log?.seq;
    for (let tries = 20; tries--; await new Promise((resolve) => env.setTimeout(resolve, 100))) if (beaten?.received >= seq) return true;
    return false;
  }

  function stop() {
    leave();
    stopped = true;
    listening.abort();
    env.clearInterval(timer);
    look();
  }

  function start() {
    const on = (target, type, act) => target.addEventListener(type, (event) => safely(() => act(event)), listening);
    if (document.prerendering) return on(document, "prerenderingchange", start);
    safely(() => (owner = representative ?? storage.getItem(WHO)));
    for (const type of ["focus", "blur", "online"]) on(env, type, back);
    on(document, "visibilitychange", back);
    on(document, "freeze", () => depart("freeze", AWAY));
    on(document, "resume", () => look("resume"));
    on(env, "pagehide", leave);
    on(env, "pageshow", ({ persisted }) => persisted && begin());
    timer = env.setInterval(look, 1000);
    begin();
  }

  function back() {
    connection.hurry();
    look();
  }

  function begin() {
    const id = freshId();
    release();
    release = hold(env, id);
    log = new Log(storage, id, owner, app);
    const [snapshot, instant] = seen();
    lived = recorded = instant;
    record("open", snapshot, instant);
    connection.restart();
    facts.watchScreen().catch(debug);
    look();
  }

  function look(cause = "", away = {}) {
    safely(() => log && compare(cause, ...seen(away)));
    safely(serve);
  }

  function seen(away) {
    const snapshot = { ...facts.read(), ...front, ...away }, instant = { at: Date.now(), mono: Math.round(performance.now()) };
    input?.mark(snapshot, instant);
    return [snapshot, instant];
  }

  function compare(cause, snapshot, instant) {
    if (stoodStill(lived, instant, shown.visible)) {
      record("suspend", { ...shown, visible: false }, lived);
      record("resume", snapshot, instant);
    }
    lived = instant;
    const due = instant.mono - recorded.mono >= settings.beat_s * 1000 && attention(app, settings, snapshot).case;
    cause ||= causeOf(shown, snapshot) || (due && "beat");
    if (cause) record(cause, snapshot, instant);
  }

  function record(cause, snapshot, instant) {
    if (!navigator.locks && Math.abs(instant.at - recorded.at) > SILENT_MS) handOver();
    shown = snapshot;
    recorded = instant;
    log.append({ ...instant, cause, ...snapshot });
  }

  function serve() {
    const { visible } = shown, mono = performance.now();
    if (visible) visibleAt = mono;
    connection.tick(log && (visible || mono - visibleAt < 60_000 || status().undelivered));
    if (connection.state === "online" && mono >= quietUntil) {
      for (const each of logs()) for (let next; (next = report(each)); ) connection.send(next);
      if (mono >= scanAt) scan(mono).catch(debug);
    }
    const news = JSON.stringify(status());
    if (news === told) return;
    told = news;
    tell("status");
  }

  async function scan(mono) {
    scanAt = mono + 10_000;
    const asked = owner;
    const found = await orphans(env, storage, owner, settings.server_at);
    if (owner !== asked) return;
    for (const each of found) if (!others.has(each.id)) others.set(each.id, each);
    look();
  }

  async function hello() {
    bearer = (typeof token === "function" ? await token() : token) ?? null;
    return { type: "hello", protocol: 1, stream: log?.id, app, agent: "caseclock-js/1.0", sent_at: Date.now(), token: bearer };
  }

  function hear(message) {
    const { type, stream, seq } = message;
    const its = logs().find(({ id }) => id === stream);
    if (type === "welcome") welcome(message);
    else if (type === "received") its?.receive(seq);
    else if (type === "committed") {
      its?.commit(seq);
      if (!its?.last) others.delete(stream);
      tell(type, message);
    } else if (type === "settings") {
      settle(message);
      look("resume");
    } else if (type === "sync") beat();
    else if (type === "handling_time") watches.get(message.case)?.forEach((listener) => safely(() => listener(message)));
    else if (type === "error") refused(message, its);
    look();
  }

  function welcome(message) {
    who = message.representative;
    owner = who.username;
    safely(() => storage.setItem(WHO, owner));
    settle(message, message.settings, { zero: message.server_at - performance.now() });
    if ((log.owner ??= owner) !== owner) return handOver();
    log.reconnect(message.committed?.[log.id] ?? 0);
    connection.state = "online";
    others.clear();
    scanAt = quietUntil = 0;
    for (const ref of watches.keys()) connection.send({ type: "watch", case: ref });
  }

  function settle(...news) {
    tell("settings", Object.assign(settings, ...news));
    if (settings.idle_after_minutes) import("./idle.js").then(({ inputOf }) => (input ??= inputOf(env, agent, app, facts, look, listening.signal)), debug);
  }

  function refused({ code, expected }, its) {
    if (code === "gap" || code === "rate_limited") {
      its?.rewind(code === "gap" ? expected - 1 : its.received);
      quietUntil = performance.now() + 2000;
    } else if (code === "not_yours") {
      its?.rewind(Infinity);
      if (its === log) handOver();
    } else debug(code);
  }

  function handOver() {
    log.seal();
    begin();
  }

  function leave() {
    depart("close", AWAY);
    log = null;
    others.clear();
    release();
    facts.release();
  }

  function depart(cause, away) {
    look(cause, away);
    if (log && who) {
      log.rewind(log.received);
      env.fetch(base + "/api/v1/agent/reports", {
        method: "POST",
        body: JSON.stringify(report(log)),
        headers: { "Content-Type": "application/json", ...(bearer && { Authorization: "Bearer " + bearer }) },
        credentials: "include",
        keepalive: true,
      }).catch(debug);
    }
    connection.close();
  }

  function report(each) {
    return each.report(settings.max_events, Date.now());
  }

  function logs() {
    return log ? [log, ...others.values()] : [];
  }

  function tell(type, detail) {
    agent.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function safely(act) {
  try {
    act();
  } catch (error) {
    debug(error);
  }
}

const debug = (what) => console.debug("caseclock:", what);
