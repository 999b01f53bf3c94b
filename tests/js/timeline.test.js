// @ts-check
// The time line of supervision: which part is seen, and what lies where.
import assert from "node:assert/strict";
import { test } from "node:test";

import { daysOf, isOnLine, lanesOf } from "../../server/web/static/supervisor-lanes.js";
import { around, marksOf, stepOf, within, zoomed } from "../../server/web/static/supervisor-scale.js";
import { entrySentence, lengthOf, spanSentence, tellOf } from "../../server/web/static/supervisor-words.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const view = (from, to) => ({ from: from * HOUR, to: to * HOUR });

/** @returns {any} */
const span = (ref, from, to) => ({ case: ref, title: `Title of ${ref}`, started_at: from, ended_at: to, duration_seconds: (Date.parse(to) - Date.parse(from)) / 1000, started_by: "focus", ended_by: "idle" });
/** @returns {any} */
const entry = (ref, at, minutes, more = {}) => ({ id: 1, kind: "time log", case: ref, title: `Title of ${ref}`, at, has_start: true, duration_seconds: minutes * 60, description: "", ...more });
/** @returns {any} */
const day = (zone, began_at, ended_at, spans, entries = []) => ({ time_zone: zone, range: "day", day: began_at.slice(0, 10), began_at, ended_at, spans, entries });
const bars = (lane) => lane.bars.map(({ what, from, to, row }) => [what, from / HOUR, to / HOUR, row]);

test("S1: zooming holds the instant it is made at, and stays inside of the day", () => {
  assert.deepEqual(zoomed(view(8, 16), DAY, 2), view(10, 14));
  assert.deepEqual(zoomed(view(8, 16), DAY, 2, 8 * HOUR), view(8, 12));
  assert.deepEqual(zoomed(view(0, 8), DAY, 1 / 2), view(0, 16));
  assert.deepEqual(zoomed(view(8, 16), DAY, 1 / 100), view(0, 24));
  const nearest = zoomed(view(8, 16), DAY, 1e6);
  assert.equal(nearest.to - nearest.from, 5 * MINUTE);
  assert.equal((nearest.from + nearest.to) / 2, 12 * HOUR);
});

test("S1: moving stops at both ends", () => {
  assert.deepEqual(within(view(-3, 5), DAY), view(0, 8));
  assert.deepEqual(within(view(20, 28), DAY), view(16, 24));
  assert.deepEqual(within(view(-3, 40), DAY), view(0, 24));
});

test("S1: at first the full hours of work are seen, at least four", () => {
  assert.deepEqual(around([view(8.4, 9), view(16.2, 16.7)], DAY), view(8, 17));
  assert.deepEqual(around([view(9.5, 9.6)], DAY), view(9, 13));
  assert.deepEqual(around([view(23.5, 23.9)], DAY), view(20, 24));
  assert.deepEqual(around([], DAY), view(0, 24));
});

test("S1: hours are marked so that their labels have room, minutes where one looks closely", () => {
  assert.equal(stepOf(DAY / 1200, 50), HOUR);
  assert.equal(stepOf(DAY / 300, 50), 4 * HOUR);
  assert.equal(stepOf(HOUR / 1200, 50), 5 * MINUTE);
  assert.equal(stepOf(DAY, 50), DAY);
  assert.deepEqual(marksOf(view(8.5, 11), DAY, HOUR).map((at) => at / HOUR), [8, 9, 10, 11]);
  assert.deepEqual(marksOf(view(0, 24), DAY, 12 * HOUR).map((at) => at / HOUR), [0, 12]);
});

test("S1: a day has a lane for each case, and one for what was entered by hand, in which nothing lies over another", () => {
  const lanes = lanesOf(
    day("UTC", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", [span("B", "2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z"), span("A", "2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"), span("B", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z")], [
      entry("A", "2026-11-20T12:00:00Z", 60),
      entry("B", "2026-11-20T12:30:00Z", 60),
      entry("B", "2026-11-20T13:00:00Z", 30),
      entry("A", "2026-11-20T23:30:00Z", 60),
      entry("A", "2026-11-20T12:00:00Z", 60, { has_start: false }),
    ]),
  );
  assert.deepEqual(lanes.map(({ key, rows }) => [key, rows]), [["B", 1], ["A", 1], ["", 2]]);
  assert.deepEqual(bars(lanes[0]), [["span", 8, 9, 0], ["span", 10, 11, 0]]);
  assert.deepEqual(bars(lanes[2]), [["entry", 12, 13, 0], ["entry", 13, 13.5, 0], ["entry", 23.5, 24, 0], ["entry", 12.5, 13.5, 1]]);
  assert.equal(isOnLine(entry("A", "2026-11-20T12:00:00Z", -5)), false, "a correction that takes away");
});

test("S1: a week has a lane for each day of the representative, and a span over midnight lies in both", () => {
  const week = { ...day("Europe/Berlin", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z", [span("A", "2026-11-16T22:00:00Z", "2026-11-17T00:30:00Z")], [entry("A", "2026-11-17T08:00:00Z", 30)]), range: "week" };
  const lanes = lanesOf(week);
  assert.deepEqual(lanes.map(({ key }) => key), ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"]);
  assert.deepEqual(bars(lanes[0]), [["span", 23, 24, 0]]);
  assert.deepEqual(bars(lanes[1]), [["span", 0, 1.5, 0], ["entry", 9, 9.5, 1]]);
  assert.deepEqual(lanes.slice(2).flatMap(bars), []);
});

test("S1: days on which clocks are set have 23 and 25 hours", () => {
  const lengths = (began, ended) => lanesOf({ ...day("Europe/Berlin", began, ended, []), range: "week" }).map(({ length }) => length / HOUR);
  assert.deepEqual(lengths("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"), [24, 24, 24, 24, 24, 24, 23]);
  assert.deepEqual(lengths("2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"), [24, 24, 24, 24, 24, 24, 25]);
  const [autumn] = lanesOf(day("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", [span("A", "2026-10-25T22:00:00Z", "2026-10-25T23:00:00Z")]));
  assert.deepEqual(bars(autumn), [["span", 24, 25, 0]], "eleven in the evening is the 25th hour");
  assert.deepEqual(daysOf(day("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z", [])).map((one) => one.day), ["2026-04-24"], "a day that has no midnight");
});

test("S1, F22: spans and entries are said in words, with what began and ended them", () => {
  const worked = span("CAS-1", "2026-11-20T08:00:00Z", "2026-11-20T09:05:00Z");
  assert.equal(spanSentence(worked, "Europe/Berlin"), "CAS-1, 09:00:00 to 10:05:00, 1 h 5 min. Started: window came to the front. Ended: no input.");
  const logged = entry("CAS-2", "2026-11-20T08:00:00Z", 5, { kind: "phone call", description: "Call back" });
  assert.equal(entrySentence(logged, "UTC"), "CAS-2, 08:00 to 08:05, 5 min. By hand: phone call. Call back");
  assert.deepEqual(tellOf({ span: worked }, { time_zone: "UTC", range: "day" }), {
    head: "CAS-1 · 1:05:00",
    title: "Title of CAS-1",
    lines: ["08:00:00 – 09:05:00", "Started: window came to the front", "Ended: no input"],
  });
  assert.deepEqual(tellOf({ entry: logged }, { time_zone: "UTC", range: "week" }).lines, ["Fri, Nov 20, 08:00:00 – 08:05:00", "By hand: phone call", "Call back"]);
  assert.deepEqual([5, -5].map((minutes) => lengthOf(entry("A", "2026-11-20T08:00:00Z", minutes, { kind: "correction" }))), ["+0:05:00", "−0:05:00"]);
});
