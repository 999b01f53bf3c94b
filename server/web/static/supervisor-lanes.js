// @ts-check
// What lies where on a time line: a lane for each case of a day and one for what was entered by hand, or a lane for each
// day of a week. Times are milliseconds since the lane's day began, so days of 23 or 25 hours are as long as they were.
// Computes only.
import { addDays, dayOf, dayStarts } from "/static/days.js";

/** @typedef {{case: string, title: string, started_at: string, ended_at: string, duration_seconds: number, started_by: string, ended_by: string}} Span */
/** @typedef {{id: number, kind: string, case: string, title: string, at: string, has_start: boolean, duration_seconds: number, description: string}} Entry */
/** @typedef {{time_zone: string, range: "day" | "week", day: string, began_at: string, ended_at: string, spans: Span[], entries: Entry[]}} Period */

/** A span, or an entry, or the part of one that lies in the lane; `place` is where the report has it. @typedef {{what: "span" | "entry", place: number, from: number, to: number, row: number}} Bar */
/** `key` is a case, a day, or "" for what was entered by hand. @typedef {{key: string, began: number, length: number, bars: Bar[], rows: number}} Lane */
/** @typedef {{what: Bar["what"], place: number, case: string, from: number, to: number}} Stretch */

/** @param {Period} report @returns {Lane[]} */
export function lanesOf(report) {
  return report.range === "week" ? weekLanes(report) : dayLanes(report);
}

/** The days of the report, `[began, ended)` each. @param {Period} report */
export function daysOf({ began_at, ended_at, time_zone: zone }) {
  const days = [];
  for (let day = dayOf(Date.parse(began_at), zone); dayStarts(day, zone) < Date.parse(ended_at); day = addDays(day, 1)) {
    days.push({ day, began: dayStarts(day, zone), ended: dayStarts(addDays(day, 1), zone) });
  }
  return days;
}

/** Whether an entry has its place on the time line. @param {Entry} entry */
export function isOnLine({ has_start, duration_seconds }) {
  return has_start && duration_seconds > 0;
}

/** @param {Period} report */
function dayLanes(report) {
  const [day] = daysOf(report);
  const spans = spansOf(report);
  const cases = [...new Set(spans.map((span) => span.case))];
  const lanes = cases.map((ref) => laneOf(ref, day, [spans.filter((span) => span.case === ref)]));
  const entries = entriesOf(report);
  return entries.length ? [...lanes, laneOf("", day, rowsOf(entries))] : lanes;
}

/** @param {Period} report */
function weekLanes(report) {
  const [spans, entries] = [spansOf(report), entriesOf(report)];
  return daysOf(report).map((day) => {
    const of = (/** @type {Stretch[]} */ all) => all.filter((one) => one.from < day.ended && one.to > day.began);
    return laneOf(day.day, day, [of(spans), ...rowsOf(of(entries))]);
  });
}

/** @param {string} key @param {{began: number, ended: number}} day @param {Stretch[][]} rows @returns {Lane} */
function laneOf(key, { began, ended }, rows) {
  const bars = rows.flatMap((stretches, row) =>
    stretches.map(({ what, place, from, to }) => ({ what, place, from: Math.max(from, began) - began, to: Math.min(to, ended) - began, row })),
  );
  return { key, began, length: ended - began, bars, rows: Math.max(1, rows.length) };
}

/** As few rows as there can be without one lying over another. @param {Stretch[]} stretches */
function rowsOf(stretches) {
  /** @type {Stretch[][]} */
  const rows = [];
  for (const one of [...stretches].sort((one, other) => one.from - other.from)) {
    const free = rows.find((row) => (row.at(-1)?.to ?? 0) <= one.from);
    if (free) free.push(one);
    else rows.push([one]);
  }
  return rows;
}

/** @param {Period} report @returns {Stretch[]} */
function spansOf({ spans }) {
  return spans.map((span, place) => ({ what: "span", place, case: span.case, from: Date.parse(span.started_at), to: Date.parse(span.ended_at) }));
}

/** @param {Period} report @returns {Stretch[]} */
function entriesOf({ entries, began_at, ended_at }) {
  const [began, ended] = [Date.parse(began_at), Date.parse(ended_at)];
  return entries
    .map((entry, place) => ({ entry, place, from: Date.parse(entry.at) }))
    .filter(({ entry, from }) => isOnLine(entry) && from >= began && from < ended)
    .map(({ entry, place, from }) => ({ what: "entry", place, case: entry.case, from, to: from + entry.duration_seconds * 1000 }));
}
