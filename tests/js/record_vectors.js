// @ts-check
// Records what the agent's pure modules do, for whoever models the agent in another language:
//
//   node tests/js/record_vectors.js      writes outbox.json, clocks.json, causes.json and idle.json into tests/vectors
//
// vectors.test.js fails when a file is out of date. Everything is deterministic: no clock, no chance.
//
// clocks.json: a list of { title, last, now, stood_still, stood_still_hidden }. `last` and `now` are instants { at, mono }
// in whole milliseconds; `stood_still` is whether the page did not live in between, or a clock was set, as far as a page
// in sight tells, `stood_still_hidden` as far as a hidden one does.
//
// causes.json: { snapshots, causes }. `snapshots` is a list of { title, snapshot }; `causes` tells by two titles why the
// agent records an event when the second snapshot follows the first: "" where it records none.
//
// idle.json: a list of stories { title, steps } of what happens to a page of which input is looked at from `mono` 0 on. A
// step is { mono, at, input } for a key, or { mono, at, minutes, visible, focused, locked, idle, quiet } for a look: with
// these minutes in the settings and these facts, what the page tells; `quiet` is null where it tells nothing of input.
//
// outbox.json: a list of stories { title, stream, owner, app, steps }. A story begins with an empty log of that stream
// in an empty storage. A step is { do, ..., then }; `then` is the state after it. What a step does:
//
//   append     event, times = 1, fill    records `event` that many times; the n-th (from 0) has `at` and `mono` raised
//                                        by n * 20,000. `fill` [text, count] gives each `session.id` so long a text.
//   seal                                 ends the stream at its newest event
//   report     limit, sent_at            the next report, told in `report`: null, or { first, sent_at, seqs, bytes },
//                                        bytes being those of its JSON in UTF-8 (see below)
//   receive    seq                       the server has everything up to seq
//   commit     seq                       the effect of everything up to seq is durable
//   gap        expected                  the server lacks `expected`: what follows is sent again
//   wait                                 rate_limited, and a page that leaves: what is not received is sent again
//   not_yours                            the stream waits for somebody else: nothing of it is sent or expected any more
//   welcome    committed                 a new connection, which says how far the stream is committed
//   lose       seqs                      those rows of the stored stream are gone
//   corrupt    seqs                      those rows of the stored stream are no JSON any more
//   repeat     seqs                      those rows are stored once more, at the end
//   tear       characters                the stored text lost so many characters at its end
//   behead                               the header of the stored stream is no JSON any more
//   empty                                somebody cleared the storage
//   fill, free                           from now on the storage takes nothing more; takes everything again
//   keep, restore                        remember the stored text; bring back what was remembered (null: nothing)
//   load                                 the page is gone: what follows is done to the log that another page finds in the
//                                        storage; where it finds none the story ends, with `then` null
//
// `then` is { held, last, sent, received, undelivered, durable, stored }:
//   held, undelivered, seqs              runs of `seq` [first, last], both included: [[1, 2], [4, 7]]
//   last                                 the newest event whole, or null. Long texts are those of `fill`
//   sent, received                       a `seq`, or "all" where nothing is to be sent any more
//   stored                               what a page that loads it would find: { owner, app, held }, or null without the key
//
// The JSON of a report, of a header and of an event has its fields in this order, no blanks, and text as it is:
//   {"type":"report","stream":...,"app":...,"first":...,"sent_at":...,"events":[...]}     without app where it is unknown
//   {"owner":...,"app":...}     {...fields of the event in the order in which they were given, then "seq"}
// The storage holds header and events as lines joined by "\n", under the key "caseclock:stream:" and the stream.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { causeOf, frontOf } from "../../client_js/attention.js";
import { stoodStill } from "../../client_js/clocks.js";
import { inputOf } from "../../client_js/idle.js";
import { Log } from "../../client_js/outbox.js";
import { FakeStorage, full } from "./browser.js";

const FOLDER = new URL("../vectors/", import.meta.url);
const RAISE_MS = 20_000;

const OPEN = { at: 1_795_168_800_000, mono: 500, cause: "open", visible: true, focused: true };
const BEAT = { ...OPEN, at: OPEN.at + 20_000, mono: 20_500, cause: "beat" };
const BLUR = { ...OPEN, at: OPEN.at + 30_000, mono: 30_500, cause: "blur", focused: false };
const SENT_AT = OPEN.at + 60_000;

/** @type {{ title: string, app?: string, steps: any[] }[]} */
const STORIES = [
  {
    title: "events are recorded, reported once, received, and forgotten when they are committed; the newest stays",
    steps: [
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "append", event: OPEN },
      { do: "append", event: BEAT },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "report", limit: 300, sent_at: SENT_AT + 1 },
      { do: "receive", seq: 2 },
      { do: "append", event: BLUR },
      { do: "report", limit: 300, sent_at: SENT_AT + 2 },
      { do: "receive", seq: 3 },
      { do: "commit", seq: 2 },
      { do: "commit", seq: 3 },
    ],
  },
  {
    title: "a sealed stream ends at its last proof, once, and leaves the storage when all of it is committed",
    steps: [
      { do: "append", event: OPEN },
      { do: "append", event: BEAT },
      { do: "seal" },
      { do: "seal" },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "commit", seq: 2 },
      { do: "commit", seq: 3 },
      { do: "load" },
    ],
  },
  {
    title: "a report holds at most what the server takes, and at most two are under way",
    steps: [
      { do: "append", event: OPEN },
      { do: "append", event: BEAT, times: 24 },
      { do: "report", limit: 10, sent_at: SENT_AT },
      { do: "report", limit: 10, sent_at: SENT_AT },
      { do: "report", limit: 10, sent_at: SENT_AT },
      { do: "receive", seq: 5 },
      { do: "report", limit: 10, sent_at: SENT_AT },
      { do: "receive", seq: 25 },
      { do: "report", limit: 10, sent_at: SENT_AT },
    ],
  },
  {
    title: "a report keeps below the size of a frame: its number of events is halved until it does",
    steps: [
      { do: "append", event: OPEN, times: 300, fill: ["漢", 999] },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 299 },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "acknowledgements that come late, twice, or for events that were never recorded",
    steps: [
      { do: "append", event: OPEN, times: 5 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 4 },
      { do: "receive", seq: 2 },
      { do: "commit", seq: 3 },
      { do: "commit", seq: 1 },
      { do: "receive", seq: 999 },
      { do: "commit", seq: 999 },
      { do: "append", event: BLUR },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "after a reconnect what was not received goes again, and always the newest; a gap brings the rest",
    steps: [
      { do: "append", event: OPEN, times: 6 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 6 },
      { do: "welcome", committed: 3 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "gap", expected: 4 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 6 },
      { do: "append", event: BLUR },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "welcome", committed: 3 },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a server restored from a backup asks for what was forgotten, and gets what is held",
    steps: [
      { do: "append", event: OPEN, times: 6 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "commit", seq: 4 },
      { do: "welcome", committed: 0 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "gap", expected: 1 },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a report that came too fast, or that a page sends as it leaves, holds all that is not received",
    steps: [
      { do: "append", event: OPEN, times: 3 },
      { do: "report", limit: 2, sent_at: SENT_AT },
      { do: "receive", seq: 1 },
      { do: "report", limit: 2, sent_at: SENT_AT },
      { do: "wait" },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a stream of somebody else waits, sealed and unforgotten",
    steps: [
      { do: "append", event: OPEN, times: 3 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "not_yours" },
      { do: "seal" },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "load" },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a page that is gone: the next one finds its stream, seals it, and delivers it",
    steps: [
      { do: "append", event: OPEN },
      { do: "append", event: BEAT, times: 2 },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 2 },
      { do: "load" },
      { do: "seal" },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "commit", seq: 4 },
    ],
  },
  {
    title: "X22: rows that are missing, torn or no JSON are a hole that no report spans",
    steps: [
      { do: "append", event: OPEN, times: 9 },
      { do: "lose", seqs: [3] },
      { do: "corrupt", seqs: [6] },
      { do: "tear", characters: 9 },
      { do: "load" },
      { do: "seal" },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a gap below a hole goes on with the run that the server asks for",
    steps: [
      { do: "append", event: OPEN, times: 6 },
      { do: "lose", seqs: [1, 4] },
      { do: "load" },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "gap", expected: 4 },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a row that is stored twice counts once, and a header that nobody can read costs the owner's name",
    steps: [
      { do: "append", event: OPEN, times: 4 },
      { do: "repeat", seqs: [2, 3] },
      { do: "behead" },
      { do: "load" },
      { do: "seal" },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "a stream of which nobody can read a row has nothing to deliver",
    steps: [
      { do: "append", event: OPEN, times: 2 },
      { do: "corrupt", seqs: [1, 2] },
      { do: "load" },
      { do: "report", limit: 300, sent_at: SENT_AT },
    ],
  },
  {
    title: "X26: what a full storage did not take is written with the next event that finds room",
    steps: [
      { do: "append", event: OPEN, times: 2 },
      { do: "fill" },
      { do: "append", event: BEAT },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "free" },
      { do: "append", event: BLUR },
    ],
  },
  {
    title: "X26: a full storage still lets go of a stream that is committed to its end",
    steps: [
      { do: "append", event: OPEN, times: 2 },
      { do: "seal" },
      { do: "fill" },
      { do: "commit", seq: 2 },
      { do: "commit", seq: 3 },
    ],
  },
  {
    title: "X27: a cleared storage is whole again with the next event",
    steps: [
      { do: "append", event: OPEN, times: 3 },
      { do: "empty" },
      { do: "append", event: BEAT },
      { do: "empty" },
      { do: "load" },
    ],
  },
  {
    title: "X28: a storage that a power cut rolled back delivers what it has, under numbers that the server may know already",
    steps: [
      { do: "append", event: OPEN, times: 3 },
      { do: "keep" },
      { do: "append", event: BEAT },
      { do: "append", event: BLUR },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 5 },
      { do: "restore" },
      { do: "load" },
      { do: "seal" },
      { do: "report", limit: 300, sent_at: SENT_AT },
      { do: "receive", seq: 5 },
      { do: "commit", seq: 4 },
    ],
  },
];

const INSTANT = { at: OPEN.at, mono: 5000 };
/** @type {[string, number, number][]} title, wall clock, monotonic clock; milliseconds that passed by each */
const PAIRS = [
  ["a second", 1000, 1000],
  ["nothing at all", 0, 0],
  ["a wall clock that is slewed by 0.7 s", 1700, 1000],
  ["two seconds apart, forward", 3000, 1000],
  ["more than two seconds apart, forward", 3001, 1000],
  ["two seconds apart, back", -1000, 1000],
  ["more than two seconds apart, back", -1001, 1000],
  ["a busy page", 4000, 4000],
  ["six seconds on both", 6000, 6000],
  ["more than six seconds on both: asleep on Windows", 6001, 6001],
  ["more than six seconds on one alone, within two of the other", 7000, 5999],
  ["nine hours asleep, the monotonic clock stood still", 32_400_000, 1000],
  ["nine hours asleep, the monotonic clock ran", 32_400_000, 32_400_000],
  ["an hour forward", 3_601_000, 1000],
  ["an hour back", -3_599_000, 1000],
  ["a day forward", 86_401_000, 1000],
  ["set to 1970", 1000 - OPEN.at, 1000],
  ["set to 2099", 4_070_908_800_000 - OPEN.at, 1000],
  ["a drift of one per cent", 1010, 1000],
];

const CASE = { session: { id: "s1", case: "CAS-1001" } };
const IN_FRONT = { visible: true, focused: true, locked: false, idle: false, ...frontOf(CASE) };
/** @type {[string, any][]} */
const SNAPSHOTS = [
  ["a case in front", {}],
  ["hidden", { visible: false }],
  ["out of focus", { focused: false }],
  ["locked", { locked: true }],
  ["idle", { idle: true }],
  ["hidden, out of focus, locked and idle", { visible: false, focused: false, locked: true, idle: true }],
  ["nothing in front", frontOf(null)],
  ["another session tab", frontOf({ session: { id: "s2", case: "CAS-1001" } })],
  ["another case", frontOf({ session: { id: "s1", case: "CAS-1002" } })],
  ["a session tab without a case", frontOf({ session: { id: "s1", case: "" } })],
  ["an app tab", frontOf({ ...CASE, appTab: { id: "a", entity: "case", case: "CAS-1002" } })],
  ["an app tab without a case", frontOf({ ...CASE, appTab: { id: "a", entity: "case" } })],
  ["a form", frontOf({ ...CASE, form: { id: "f" } })],
  ["a form with a widget", frontOf({ ...CASE, form: { id: "f", widget: true } })],
  ["an app tab with a form, idle", { ...frontOf({ ...CASE, appTab: { id: "a", entity: "case" }, form: { id: "f" } }), idle: true }],
];

const HOUR_MS = 3_600_000;
/** A look every five seconds. @param {number} from @param {number} until @param {any} [facts] */
const looks = (from, until, facts = {}) => Array.from({ length: (until - from) / 5 + 1 }, (_, i) => ({ mono: 1000 * (from + 5 * i), ...facts }));

/** Stories of input, after a minute without which people are idle; `wall` is how far the wall clock moved, where it is not `mono`. @type {[string, any[]][]} */
const INPUTS = [
  ["no input at all", [...looks(0, 60), { mono: 60_001 }, { mono: 61_000 }]],
  ["input now and then", [...looks(0, 40), { mono: 41_500, input: true }, ...looks(45, 100), { mono: 101_500 }, { mono: 101_501 }]],
  ["the first input ends it", [...looks(0, 70), { mono: 71_200, input: true }, { mono: 71_200 }, { mono: 72_000 }]],
  ["who is away is not idle, and to come back is input", [...looks(0, 40), ...looks(45, 90, { focused: false }), ...looks(91, 156)]],
  ["so it is from a hidden page", [...looks(0, 65, { visible: false }), ...looks(66, 71)]],
  ["and from a locked screen", [...looks(0, 65), ...looks(66, 71, { locked: true }), ...looks(72, 77)]],
  ["to wake is input, where the monotonic clock stood still", [...looks(0, 50), { mono: 51_000, wall: HOUR_MS }, { mono: 52_000, wall: HOUR_MS + 1000 }]],
  ["to wake is input, where it ran", [...looks(0, 50), { mono: HOUR_MS }, { mono: HOUR_MS + 1000 }]],
  ["a nap of a minute is not", [...looks(0, 50), { mono: 51_000, wall: 110_000 }, { mono: 52_000, wall: 111_000 }, { mono: 112_000, wall: 170_000 }]],
  ["more than a day tells a day", [{ mono: 24 * HOUR_MS + 1, focused: false }]],
  ["it is switched off, and on again", [...looks(0, 65), ...looks(66, 76, { minutes: 0 }), ...looks(77, 87, { minutes: 2 }), ...looks(88, 93)]],
];

/** The files by name, with the text that they should have. */
export function vectors() {
  return {
    "outbox.json": text(STORIES.map(told)),
    "clocks.json": text(PAIRS.map(compared)),
    "causes.json": causes(),
    "idle.json": text(INPUTS.map(watched)),
  };
}

/** The text that a file has. @param {string} name */
export function kept(name) {
  return readFileSync(new URL(name, FOLDER), "utf8");
}

/** @param {any[]} rows */
function text(rows) {
  return `[\n${rows.map((row) => "  " + JSON.stringify(row)).join(",\n")}\n]\n`;
}

/** @param {[string, number, number]} pair */
function compared([title, wallMs, monoMs]) {
  const now = { at: INSTANT.at + wallMs, mono: INSTANT.mono + monoMs };
  return { title, last: INSTANT, now, stood_still: stoodStill(INSTANT, now), stood_still_hidden: stoodStill(INSTANT, now, false) };
}

function causes() {
  const snapshots = SNAPSHOTS.map(([title, change]) => ({ title, snapshot: { ...IN_FRONT, ...change } }));
  const after = (/** @type {any} */ before) => snapshots.map(({ title, snapshot }) => [title, causeOf(before, snapshot)]);
  const table = snapshots.map(({ title, snapshot }) => [title, Object.fromEntries(after(snapshot))]);
  return JSON.stringify({ snapshots, causes: Object.fromEntries(table) }, null, 1) + "\n";
}

/** @param {[string, any[]]} story */
function watched([title, steps]) {
  let mono = 0;
  const settings = { enabled: true, count_idle: false, idle_after_minutes: 1 };
  const env = Object.assign(new EventTarget(), { document: {}, performance: { now: () => mono } });
  const agent = Object.assign(new EventTarget(), { settings, status: {} });
  const input = inputOf(/** @type {any} */ (env), agent, "workspace", { userState: () => undefined }, () => {}, new AbortController().signal);
  const done = steps.map(({ wall, input: isInput, minutes = 1, ...changed }) => {
    mono = changed.mono;
    const instant = { mono, at: OPEN.at + (wall ?? mono) };
    if (isInput) {
      env.dispatchEvent(new Event("keydown"));
      return { ...instant, input: true };
    }
    settings.idle_after_minutes = minutes;
    const { visible, focused, locked } = { ...IN_FRONT, ...changed };
    const snapshot = { ...IN_FRONT, visible, focused, locked }, seen = /** @type {any} */ ({ ...instant });
    input.mark(snapshot, seen);
    return { ...instant, minutes, visible, focused, locked, idle: snapshot.idle, quiet: seen.quiet ?? null };
  });
  return { title, steps: done };
}

/** @param {any} story */
function told({ title, app = "workspace", steps }) {
  const stream = "5f0c0000-0000-4000-8000-000000000001", owner = "ana";
  const place = new Stored(stream);
  let log = new Log(place.storage, stream, owner, app);
  const done = steps.map((/** @type {any} */ step) => {
    const shown = { ...step };
    if (step.do === "load") [log] = Log.all(place.storage);
    else if (step.do === "report") shown.report = report(log, step);
    else (onLog[step.do] ?? place[step.do].bind(place))(step.do in onLog ? log : step, step);
    return { ...shown, then: log ? { ...state(log), stored: place.seen } : null };
  });
  return { title, stream, owner, app, steps: done };
}

/** @type {Record<string, (log: any, step: any) => void>} */
const onLog = {
  append(log, { event, times = 1, fill }) {
    const session = fill && { session: { id: fill[0].repeat(fill[1]) } };
    for (let i = 0; i < times; i++) log.append({ ...event, at: event.at + i * RAISE_MS, mono: event.mono + i * RAISE_MS, ...session });
  },
  seal: (log) => log.seal(),
  receive: (log, { seq }) => log.receive(seq),
  commit: (log, { seq }) => log.commit(seq),
  gap: (log, { expected }) => log.rewind(expected - 1),
  wait: (log) => log.rewind(log.received),
  not_yours: (log) => log.rewind(Infinity),
  welcome: (log, { committed }) => log.reconnect(committed),
};

/** @param {any} log @param {{ limit: number, sent_at: number }} how */
function report(log, { limit, sent_at }) {
  const next = log.report(limit, sent_at);
  return next && { first: next.first, sent_at: next.sent_at, seqs: runs(next.events), bytes: new Blob([JSON.stringify(next)]).size };
}

/** @param {any} log */
function state(log) {
  const { events, last, sent, received, undelivered, durable } = log;
  const number = (/** @type {number} */ seq) => (seq === Infinity ? "all" : seq);
  const newest = last && JSON.parse(JSON.stringify(last, (key, value) => (key === "id" && value.length > 99 ? undefined : value)));
  return { held: runs(events), last: newest ?? null, sent: number(sent), received: number(received), undelivered: runs(undelivered), durable };
}

/** @param {{ seq: number }[]} events */
function runs(events) {
  /** @type {[number, number][]} */
  const found = [];
  for (const { seq } of events) {
    const run = found.at(-1);
    if (run?.[1] === seq - 1) run[1] = seq;
    else found.push([seq, seq]);
  }
  return found;
}

/** The storage with what can befall one stream in it. */
class Stored {
  storage = new FakeStorage();
  /** @type {string | null} */
  #remembered = null;

  /** @param {string} stream */
  constructor(stream) {
    this.key = `caseclock:stream:${stream}`;
  }

  get seen() {
    const [log] = /** @type {any[]} */ (Log.all(this.storage));
    return log ? { owner: log.owner ?? null, app: log.app ?? null, held: runs(log.events) } : null;
  }

  lose({ seqs }) {
    this.#change((rows) => rows.filter(([seq]) => !seqs.includes(seq)));
  }

  corrupt({ seqs }) {
    this.#change((rows) => rows.map(([seq, line]) => [seq, seqs.includes(seq) ? line.slice(1) : line]));
  }

  repeat({ seqs }) {
    this.#change((rows) => [...rows, ...rows.filter(([seq]) => seqs.includes(seq))]);
  }

  tear({ characters }) {
    this.storage.setItem(this.key, /** @type {string} */ (this.storage.getItem(this.key)).slice(0, -characters));
  }

  behead() {
    this.#change((rows) => rows, (header) => header.slice(1));
  }

  empty() {
    this.storage.clear();
  }

  fill() {
    full.add(this.storage);
  }

  free() {
    full.delete(this.storage);
  }

  keep() {
    this.#remembered = this.storage.getItem(this.key);
  }

  restore() {
    if (this.#remembered === null) this.storage.removeItem(this.key);
    else this.storage.setItem(this.key, this.#remembered);
  }

  /** @param {(rows: [number, string][]) => [number, string][]} change @param {(header: string) => string} head */
  #change(change, head = (header) => header) {
    const [header, ...lines] = /** @type {string} */ (this.storage.getItem(this.key)).split("\n");
    const rows = change(lines.map((line) => [Number(/"seq":(\d+)/.exec(line)?.[1]), line]));
    this.storage.setItem(this.key, [head(header), ...rows.map(([, line]) => line)].join("\n"));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, wanted] of Object.entries(vectors())) writeFileSync(new URL(name, FOLDER), wanted);
}
