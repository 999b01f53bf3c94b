// @ts-check
// What a report is of, and what its charts show.
import assert from "node:assert/strict";
import { test } from "node:test";

import { dayOf } from "../../server/web/static/days.js";

const { addressOf, choiceIn, daysOf, lastOf, pathOf, presetOf, trendBy, within } = await import("../../server/web/static/reports-choice.js");
const { daysName, exact, groupLabels, groupsGist, nameOf, periodName, pointLabels, rough, stepOf, timeSeries, trendGist, usualSeries } = await import("../../server/web/static/reports-series.js");

const SATURDAY = "2026-11-21";
const NOTHING = { automatic_seconds: 0, manual_seconds: 0, total_seconds: 0, cases: 0, representatives: 0, average_seconds: 0, median_seconds: 0, p90_seconds: 0 };
const HOUR = { ...NOTHING, automatic_seconds: 2400, manual_seconds: 1200, total_seconds: 3600, cases: 2, representatives: 1, average_seconds: 1800, median_seconds: 1700, p90_seconds: 2000 };
const choice = (search = "") => choiceIn(search, SATURDAY);
const query = (/** @type {string} */ path) => Object.fromEntries(new URL(path, "http://x").searchParams);

test("S2: a preset has its days, and weeks begin where the locale says", () => {
  for (const [preset, start, since, until] of /** @type {[string, any, string, string][]} */ ([
    ["today", "monday", SATURDAY, SATURDAY],
    ["this-week", "monday", "2026-11-16", "2026-11-22"],
    ["this-week", "sunday", "2026-11-15", "2026-11-21"],
    ["this-week", "saturday", "2026-11-21", "2026-11-27"],
    ["last-week", "monday", "2026-11-09", "2026-11-15"],
    ["last-week", "saturday", "2026-11-14", "2026-11-20"],
    ["this-month", "monday", "2026-11-01", "2026-11-30"],
    ["last-month", "monday", "2026-10-01", "2026-10-31"],
    ["last-30-days", "monday", "2026-10-23", SATURDAY],
  ])) {
    assert.deepEqual(daysOf(preset, SATURDAY, start), { since, until }, `${preset}, ${start}`);
    assert.equal(presetOf({ since, until }, SATURDAY, start), preset);
  }
  assert.equal(daysOf("own", SATURDAY), null);
  assert.equal(presetOf({ since: "2026-11-02", until: "2026-11-03" }, SATURDAY), "own");
  assert.deepEqual(daysOf("last-month", "2026-03-31"), { since: "2026-02-01", until: "2026-02-28" });
  assert.deepEqual(daysOf("this-month", "2028-02-10"), { since: "2028-02-01", until: "2028-02-29" });
});

test("S2: today is the day of the reader's zone", () => {
  const instant = Date.parse("2026-11-21T23:30:00Z");
  assert.deepEqual(daysOf("today", dayOf(instant, "Europe/Berlin")), { since: "2026-11-22", until: "2026-11-22" });
  assert.deepEqual(daysOf("today", dayOf(instant, "America/Lima")), { since: "2026-11-21", until: "2026-11-21" });
});

test("S2: an address says everything that was chosen, and is read as it was written", () => {
  assert.deepEqual(choice(), { since: "2026-10-23", until: SATURDAY, by: "case", trend: null, case: null, representative: null, team: null, status: null });
  const all = { since: "2026-01-02", until: "2026-03-04", by: "team", trend: "month", case: "CAS-1/ä", representative: "ana", team: "First & second", status: "resolved" };
  assert.deepEqual(choice(new URL(addressOf(all), "http://x").search), all);
  const inNoTeam = { ...all, team: "" };
  assert.deepEqual(choice(new URL(addressOf(inNoTeam), "http://x").search), inNoTeam);
  assert.equal(addressOf(choice()), "/reports?since=2026-10-23&until=2026-11-21&by=case");
});

test("S2: an address that makes no sense asks for what is usual", () => {
  assert.deepEqual(choice("?since=2026-02-30&until=soon&by=moon&trend=year&status=open&case=&representative=%20"), choice());
  assert.deepEqual(choice("?until=2026-03-10").since, "2026-02-09");
  assert.equal(choice("?representative=%20Ana").representative, "ana");
});

test("S2: the API is asked for the same, with the first day of weeks", () => {
  const asked = { ...choice("?case=CAS-1&team=&trend=week"), by: "representative" };
  assert.deepEqual(query(pathOf("handling-time", asked, { limit: 50, cursor: null })), { since: "2026-10-23", until: SATURDAY, by: "representative", case: "CAS-1", team: "", week_start: query(pathOf("trend", asked)).week_start, limit: "50" });
  assert.match(query(pathOf("trend", asked)).week_start, /^(monday|sunday|saturday)$/);
  assert.equal(query(pathOf("trend", asked, { format: "csv" })).by, "week");
  assert.equal(query(pathOf("trend", asked, { format: "csv" })).format, "csv");
});

test("S2: the periods of a trend fit its days, unless they are chosen", () => {
  for (const [search, by] of [
    ["?since=2026-11-01&until=2026-11-30", "day"],
    ["?since=2026-06-01&until=2026-11-30", "week"],
    ["?since=2020-01-01&until=2026-11-30", "month"],
    ["?since=2020-01-01&until=2026-11-30&trend=week", "week"],
    ["?since=2020-01-01&until=2026-11-30&trend=week&by=day", "day"],
  ]) assert.equal(trendBy(choice(search)), by, search);
});

test("S2: a period leads to those of its days that were chosen", () => {
  const asked = choice("?since=2026-11-03&until=2026-12-10");
  assert.deepEqual([lastOf("2026-11-01", "month"), lastOf("2026-12-01", "month"), lastOf("2026-11-02", "week"), lastOf("2026-11-02", "day")], ["2026-11-30", "2026-12-31", "2026-11-08", "2026-11-02"]);
  assert.deepEqual([within(asked, "2026-11-01", "month").since, within(asked, "2026-11-01", "month").until], ["2026-11-03", "2026-11-30"]);
  assert.equal(within(asked, "2026-12-01", "month").until, "2026-12-10");
});

test("S2: series have a value for each item; of what is usual none where there is no case", () => {
  const items = [HOUR, NOTHING];
  assert.deepEqual(timeSeries(items).map(({ name, values }) => [name, values]), [["Automatic", [2400, 0]], ["Manual", [1200, 0]]]);
  assert.deepEqual(usualSeries(items).map(({ name, values }) => [name, values]), [["Average", [1800, null]], ["Median", [1700, null]], ["90th percentile", [2000, null]]]);
});

test("S2: the lines of an axis are times that people count in", () => {
  const minutes = (/** @type {number} */ most) => stepOf(most * 60) / 60;
  assert.deepEqual([1, 4, 29, 55, 100, 300, 1000, 2800].map(minutes), [0.25, 1, 5, 15, 30, 60, 240, 480]);
  for (const hours of [49, 100, 121, 1000, 3001, 100_000]) {
    const step = stepOf(hours * 3600) / 3600;
    assert.match(String(step), /^[125]0*$/);
    assert.ok(hours / step <= 6 && hours / step > 2, `${hours} h in steps of ${step} h`);
  }
  assert.equal(stepOf(6), 1);
});

test("S2: groups and periods have names, and long ones are cut beside a bar", () => {
  assert.equal(nameOf({ key: "CAS-1", name: "Invoice" }, "case"), "CAS-1");
  assert.equal(nameOf({ key: "ana", name: "Ana Duarte" }, "representative"), "Ana Duarte");
  assert.equal(nameOf({ key: null, name: null }, "team"), "in no team");
  assert.deepEqual(["day", "week", "month"].map((by) => periodName("2026-11-01", by)), ["Nov 1, 2026", "week of Nov 1, 2026", "November 2026"]);
  assert.deepEqual(pointLabels([{ ...HOUR, period: "2026-11-20" }], "day"), ["Fri, Nov 20"]);
  assert.deepEqual(pointLabels([{ ...HOUR, period: "2026-11-01" }], "month"), ["Nov 2026"]);
  const long = { ...HOUR, key: "T".repeat(40), name: null, status: null, team: null };
  assert.deepEqual(groupLabels([long], "team"), [`${"T".repeat(23)}…`]);
  assert.match(daysName({ since: "2026-11-01", until: "2026-11-30" }), /^Nov 1\s–\s30, 2026$/);
  assert.equal(daysName({ since: "2026-11-01", until: "2026-11-01" }), "Nov 1, 2026");
});

test("S2: a chart says its gist", () => {
  const points = [{ ...NOTHING, period: "2026-11-19" }, { ...HOUR, period: "2026-11-20" }];
  assert.equal(trendGist(points, "day", HOUR), "1 h in all. The most: Nov 20, 2026, 1 h.");
  assert.equal(trendGist([points[0]], "day", NOTHING), "No time in this period.");
  const group = { ...HOUR, key: "CAS-1", name: "Invoice", status: "active", team: null };
  assert.equal(groupsGist([group, { ...group, key: "CAS-2", total_seconds: 60 }], "case"), "2 bars, the most time first. The most: CAS-1, 1 h.");
});

test("S2: time that a correction took away is less than nothing", () => {
  assert.deepEqual([exact(-600), exact(3723), rough(-600), rough(3723)], ["−0:10:00", "1:02:03", "−10 min", "1 h 2 min"]);
});
