// @ts-check
// A representative's day or week as it stands on the page: figures, time line, two weeks by day and by case, tables.
import { dayOf, longDay, shortDay, timeOfDay } from "/static/days.js";
import { empty, h } from "/static/dom.js";
import { spoken, words } from "/static/format.js";
import { _ } from "/static/i18n.js";
import { daysOf } from "/static/supervisor-lanes.js";
import { entriesPanel, spansPanel, timelessList } from "/static/supervisor-tables.js";
import { timeline } from "/static/supervisor-timeline.js";
import { casesIn, casesPanel, daysPanel, sumOf, weeksOf } from "/static/supervisor-totals.js";

const COLOURS = 8;
const PATTERNS = 3;
const HOUR_MS = 3_600_000;

/** @typedef {import("./supervisor-lanes.js").Span} Span */
/** @typedef {import("./supervisor-scale.js").View} View */
/** @typedef {{duration_seconds: number, manual_seconds: number, total_seconds: number}} Time `duration_seconds` is automatic time */
/** @typedef {Time & {day: string}} DayTotal */
/** @typedef {Time & {case: string, title: string}} CaseTotal */
/** @typedef {import("./supervisor-lanes.js").Period & {representative: string, name: string, days: DayTotal[], cases: CaseTotal[]}} Report */
/** @typedef {{now: number, addressOf: (day: string) => string, dayAddressOf: (day: string) => string, exportOf: (format: string) => string, view: View | null}} Options */

/**
 * The parts of the page for one report, in order; `view` answers which part of the time line somebody chose to see.
 * @param {Report} report
 * @param {Options} options
 * @returns {{parts: HTMLElement[], view: () => View | null}}
 */
export function reportParts(report, options) {
  const lookOf = looksOf(report);
  const days = daysOf(report).map(({ day }) => day);
  const line = timelinePanel(report, { ...options, lookOf });
  const parts = [
    figures(report),
    line.element,
    report.spans.length > 0 && spansPanel(report, lookOf),
    report.entries.length > 0 && entriesPanel(report, lookOf),
    h("div", { class: "day-pair" }, daysPanel(report, { addressOf: options.addressOf, isShown: (day) => days.includes(day) }), casesPanel(report, lookOf)),
  ];
  return { parts: parts.filter((part) => part instanceof HTMLElement), view: line.view };
}

/** What a screen reader hears when a report is there. @param {Report} report */
export function summaryOf(report) {
  const values = { name: report.name, time: spoken(totalOf(report).duration_seconds), cases: casesIn(casesOf(report.spans).size) };
  if (report.range === "day") return _("{name}, {day}: {time} on {cases}.", { ...values, day: longDay(report.day) });
  return _("{name}, week of {day}: {time} on {cases}.", { ...values, day: longDay(daysOf(report)[0].day) });
}

/** `Friday, 20 November 2026`, or `Mon, 16 Nov – Sun, 22 Nov`. @param {Report} report */
export function periodOf(report) {
  if (report.range === "day") return longDay(report.day);
  const days = daysOf(report);
  return `${shortDay(days[0].day)} – ${shortDay(days[days.length - 1].day)}`;
}

/** @param {Report} report */
function figures(report) {
  const zone = report.time_zone;
  const time = totalOf(report);
  const [week, before] = weeksOf(report);
  const first = report.spans[0];
  const last = report.spans.at(-1);
  const between = first && last ? `${timeOfDay(Date.parse(first.started_at), zone)} – ${timeOfDay(Date.parse(last.ended_at), zone)}` : "–";
  const isWeek = report.range === "week";
  return h(
    "dl",
    { class: "figures panel" },
    figure(_("Automatic time"), words(time.duration_seconds), "day-total"),
    figure(_("By hand"), words(time.manual_seconds), "day-manual"),
    figure(_("Cases"), String(casesOf(report.spans).size), "day-cases"),
    !isWeek && figure(_("First to last"), between, "day-between"),
    !isWeek && figure(_("7 days to here"), words(week.duration_seconds), "week-total"),
    figure(_("7 days before"), words(before.duration_seconds), "week-before-total"),
  );
}

/** @param {string} name @param {string} value @param {string} testId */
function figure(name, value, testId) {
  return h("div", null, h("dt", null, name), h("dd", { class: "number", "data-testid": testId }, value));
}

/** @param {Report} report @param {Options & {lookOf: (ref: string) => string}} options */
function timelinePanel(report, options) {
  const { now, lookOf, dayAddressOf, exportOf, view } = options;
  const isEmpty = !report.spans.length && !report.entries.length;
  const line = isEmpty ? null : timeline(report, { now, lookOf, addressOf: dayAddressOf, view });
  const export_ = (/** @type {string} */ format) => h("a", { class: "btn btn-sm btn-outline-secondary", href: exportOf(format), download: "", "data-testid": `export-${format}` }, format.toUpperCase());
  const element = h(
    "section",
    { class: "panel", "aria-labelledby": "timeline-title" },
    h("div", { class: "section-head" }, h("h3", { id: "timeline-title" }, _("Time line")), !isEmpty && h("div", { class: "exports", role: "group", "aria-label": _("Export what is shown") }, h("span", { class: "muted", "aria-hidden": "true" }, _("Export")), export_("csv"), export_("xlsx"))),
    ...notes(report),
    line?.element ?? nothing(report, now),
    timelessList(report, lookOf),
    report.range === "week" && !isEmpty && legend(report, lookOf),
  );
  return { element, view: () => line?.view() ?? null };
}

/** Which colour is which case, and what is hatched. @param {Report} report @param {(ref: string) => string} lookOf */
function legend(report, lookOf) {
  const titles = new Map([...report.spans, ...report.entries].map((one) => [one.case, one.title]));
  const item = (/** @type {string} */ look, /** @type {string} */ name, title = "") => h("li", { title }, h("span", { class: `swatch ${look}`, "aria-hidden": "true" }), name);
  return h("ul", { class: "legend", "aria-label": _("Legend"), "data-testid": "legend" }, ...[...titles].map(([ref, title]) => item(lookOf(ref), ref, title)), report.entries.length > 0 && item("swatch-hand", _("hatched: by hand")));
}

/** Sentences on what is unusual. @param {Report} report */
function notes(report) {
  const found = [];
  for (const { day, began, ended } of daysOf(report)) {
    const hours = (ended - began) / HOUR_MS;
    const values = { day: shortDay(day), hours };
    if (hours > 24) found.push(_("{day} has {hours} hours: the clocks were set back.", values));
    if (hours < 24) found.push(_("{day} has {hours} hours: the clocks were put forward.", values));
  }
  if (hasLostRecords(report) && report.spans.length) found.push(_("Some tracker records of these days were deleted. The totals still count them."));
  return found.map((text) => h("p", { class: "notice day-note", "data-testid": "day-note" }, text));
}

/** @param {Report} report @param {number} now */
function nothing(report, now) {
  if (hasLostRecords(report)) return empty(_("The tracker records of these days were deleted. The totals are kept."));
  if (report.range === "week") return empty(_("No time on cases this week."));
  return empty(report.day === dayOf(now, report.time_zone) ? _("Nothing committed yet today.") : _("No time on cases this day."));
}

/** The colour of each case: by its place among the cases of the two weeks, so that it stays from day to day; then with a pattern. @param {Report} report */
function looksOf(report) {
  const places = new Map(report.cases.map((one, place) => [one.case, place]));
  return (/** @type {string} */ ref) => {
    const place = places.get(ref) ?? 0;
    return `colour-${place % COLOURS} pattern-${Math.floor(place / COLOURS) % PATTERNS}`;
  };
}

/** Whether the total says more than records and corrections: some were purged. Each span is cut to whole seconds. @param {Report} report */
function hasLostRecords(report) {
  const corrections = report.entries.filter(({ kind }) => kind === "correction");
  const kept = [...report.spans, ...corrections].reduce((sum, one) => sum + one.duration_seconds, 0);
  return totalOf(report).duration_seconds > kept + report.spans.length + corrections.length + daysOf(report).length;
}

/** The time of what is shown. @param {Report} report */
function totalOf(report) {
  return sumOf(report.days.slice(-daysOf(report).length));
}

/** @param {Span[]} spans */
function casesOf(spans) {
  return new Set(spans.map((span) => span.case));
}
