// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { attention, causeOf, frontOf } from "../../client_js/attention.js";
import { stoodStill } from "../../client_js/clocks.js";
import { orphans } from "../../client_js/orphans.js";
import { Log } from "../../client_js/outbox.js";
import { FakeStorage } from "./browser.js";

/** @type {{ id: string, title: string, app: any, policy: any, snapshot: any, expect: string | null, reason: string }[]} */
const rows = JSON.parse(readFileSync(new URL("../vectors/attention.json", import.meta.url), "utf8"));

for (const { id, title, app, policy, snapshot, expect, reason } of rows)
  test(`${id}: ${title}`, () => {
    const seen = attention(app, policy, snapshot);
    assert.equal(seen.case, expect);
    assert.equal(seen.reason, reason);
  });

const SNAPSHOT = { visible: true, focused: true, locked: false, idle: false, ...frontOf({ session: { id: "s1", case: "CAS-1" } }) };

test("F22: the cause of an event is what differs from the event before", () => {
  for (const [change, cause] of /** @type {[any, string][]} */ ([
    [{}, ""],
    [{ visible: false }, "hidden"],
    [{ focused: false }, "blur"],
    [{ visible: false, focused: false }, "hidden"],
    [{ locked: true, focused: false }, "lock"],
    [{ idle: true }, "idle"],
    [frontOf({ session: { id: "s2", case: "CAS-1" } }), "session-tab"],
    [frontOf(null), "session-tab"],
    [frontOf({ session: { id: "s1", case: "CAS-2" } }), "case"],
    [frontOf({ session: { id: "s1", case: "CAS-1" }, appTab: { id: "a", entity: "case", case: "CAS-2" } }), "app-tab"],
    [frontOf({ session: { id: "s1", case: "CAS-1" }, form: { id: "f" } }), "form"],
  ])) assert.equal(causeOf(SNAPSHOT, { ...SNAPSHOT, ...change }), cause, JSON.stringify(change));
  assert.equal(causeOf({ ...SNAPSHOT, visible: false }, SNAPSHOT), "visible");
  assert.equal(causeOf({ ...SNAPSHOT, focused: false }, SNAPSHOT), "focus");
  assert.equal(causeOf({ ...SNAPSHOT, locked: true }, SNAPSHOT), "unlock");
  assert.equal(causeOf({ ...SNAPSHOT, idle: true }, SNAPSHOT), "active");
});

test("A form is tracked and without widget unless it says otherwise; a session tab is a case", () => {
  assert.deepEqual(frontOf({ session: { id: "s", case: "" }, form: { id: "f" } }), {
    session: { id: "s", kind: "case", case: null }, app_tab: null, form: { id: "f", tracked: true, widget: false },
  });
});

test("Two looks a second apart show a standstill when a clock is set or the page slept, and nothing else", () => {
  const last = { at: 1_000_000, mono: 5000 };
  for (const [wallMs, monoMs, stood] of /** @type {[number, number, boolean][]} */ ([
    [1000, 1000, false],
    [1700, 1000, false], // slewed
    [4000, 4000, false], // a busy page
    [3000, 900, true], // asleep, the monotonic clock stood still
    [32_400_000, 1000, true],
    [32_400_000, 32_400_000, true], // asleep on Windows
    [6001, 6001, true],
    [-3_600_000, 1000, true], // set back
    [3_600_000, 1000, true], // set forward
    [0, 0, false],
  ])) assert.equal(stoodStill(last, { at: last.at + wallMs, mono: last.mono + monoMs }), stood, `${wallMs} ${monoMs}`);
});

/** @param {number} count */
function filled(count, storage = new FakeStorage(), id = "one") {
  const log = new Log(storage, id, "ana", "hub");
  for (let i = 1; i <= count; i++) log.append({ at: i, mono: i, cause: "beat" });
  return log;
}

test("A report holds what was not sent yet, numbered without a hole, and says what is held at least, whose it is, and the app of its page", () => {
  const log = filled(3);
  assert.deepEqual(log.report(2, 99), { type: "report", stream: "one", owner: "ana", app: "hub", first: 1, sent_at: 99, events: log.events.slice(0, 2) });
  assert.deepEqual(log.report(2, 99)?.events, log.events.slice(2));
  assert.equal(log.report(2, 99), null);
  log.receive(3);
  log.commit(2);
  log.append({ at: 4, mono: 4, cause: "blur" });
  const report = log.report(2, 99);
  assert.equal(report?.first, 3);
  assert.deepEqual(report?.events.map(({ seq }) => seq), [4]);
});

test("At most two reports are under way at a time", () => {
  const log = filled(1000);
  assert.ok(log.report(300, 0) && log.report(300, 0));
  assert.equal(log.report(300, 0), null);
  log.receive(300);
  assert.ok(log.report(300, 0));
});

test("A report stays under the size of a frame in any alphabet", () => {
  const log = new Log(new FakeStorage(), "one", "ana");
  for (let i = 0; i < 300; i++) log.append({ at: 1, mono: 1, cause: "form", ...frontOf({ session: { id: "漢".repeat(2000), case: "漢".repeat(2000) } }) });
  let seq = 0;
  for (let report; (report = log.report(300, 0)); log.receive(seq)) {
    assert.ok(new Blob([JSON.stringify(report)]).size <= 61_440);
    assert.equal(report.events[0].seq, seq + 1);
    seq = report.events.at(-1).seq;
  }
  assert.equal(seq, 300);
});

test("X22: what is behind a hole waits until everything in front of it is received, also when that is refused for now", () => {
  const storage = new FakeStorage(), key = "caseclock:stream:one";
  filled(5, storage);
  storage.setItem(key, (storage.getItem(key) ?? "").split("\n").filter((line) => !line.includes('"seq":3}')).join("\n"));
  const [log] = /** @type {any[]} */ (Log.all(storage));
  const sent = (/** @type {number} */ limit) => {
    const report = log.report(limit, 99);
    return report && [report.first, ...report.events.map((/** @type {{ seq: number }} */ { seq }) => seq)];
  };
  assert.deepEqual(sent(300), [1, 1, 2]);
  assert.equal(sent(300), null, "taken first, its first would make a loss of 1 and 2, which the browser still holds");
  log.rewind(log.received); // rate_limited
  assert.deepEqual(sent(1), [1, 1]);
  log.receive(1);
  assert.deepEqual(sent(1), [1, 2]);
  assert.equal(sent(1), null);
  log.receive(2);
  assert.deepEqual(sent(300), [4, 4, 5]);
});

test("X38: an acknowledgement of events that were never recorded forgets nothing of a living page", () => {
  const log = filled(2);
  log.commit(999);
  assert.deepEqual(log.events.map(({ seq }) => seq), [2]);
  log.append({ at: 3, mono: 3, cause: "beat" });
  assert.deepEqual(log.undelivered.map(({ seq }) => seq), [3]);
});

test("X3: acknowledgements that come late or twice change nothing", () => {
  const log = filled(5);
  log.receive(4);
  log.receive(2);
  log.commit(3);
  log.commit(1);
  assert.equal(log.received, 4);
  assert.deepEqual(log.events.map(({ seq }) => seq), [4, 5]);
});

test("A sealed stream leaves the storage when all of it is committed, and not before", () => {
  const storage = new FakeStorage();
  const log = filled(2, storage);
  log.seal();
  log.seal();
  assert.deepEqual(log.events.at(-1), { seq: 3, at: 2, mono: 2, cause: "close", visible: false, focused: false });
  log.commit(2);
  assert.equal(storage.streams.length, 1);
  log.commit(3);
  assert.equal(storage.streams.length, 0);
});

test("The storage keeps a header and a line an event, a key a stream", () => {
  const storage = new FakeStorage();
  filled(1, storage);
  filled(1, storage, "two");
  assert.deepEqual(Object.keys(storage), ["caseclock:stream:one", "caseclock:stream:two"]);
  assert.equal(storage.getItem("caseclock:stream:one"), '{"owner":"ana","app":"hub"}\n{"at":1,"mono":1,"cause":"beat","seq":1}');
});

test("Orphans are streams of the same person without a lock, or closed; a lock that was not granted yet has ten seconds", async () => {
  const storage = new FakeStorage();
  for (const id of ["held", "young", "closed", "gone", "hers"]) {
    const log = new Log(storage, id, id === "hers" ? "ben" : "ana");
    log.append({ at: id === "young" ? 995_000 : 900_000, mono: 1, cause: id === "closed" ? "close" : "beat" });
  }
  const env = { Date: { now: () => 1_000_000 }, navigator: { locks: { query: async () => ({ held: [{ name: "caseclock:held" }] }) } } };
  const found = await orphans(env, storage, "ana", 1_000_000);
  assert.deepEqual(found.map(({ id }) => id).sort(), ["closed", "gone"]);
  assert.ok(found.every((log) => log.last.cause === "close"));
});
