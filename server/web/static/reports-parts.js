// @ts-check
// The parts of a report beside its groups: the case that it is of, its figures, its trend, its files.
import { empty, h } from "/static/dom.js";
import { _, ngettext, number } from "/static/i18n.js";
import { dayOf } from "/static/days.js";
import { chartOf } from "/static/reports-charts.js";
import { addressOf, isPeriod, pathOf, trendBy } from "/static/reports-choice.js";
import { arePeopleOfACase } from "/static/reports-data.js";
import { MOST_BARS, daysName, groupLabels, groupsGist, pointLabels, rough, timeSeries, trendGist, usualGist, usualSeries } from "/static/reports-series.js";
import { statusTag, trendTable } from "/static/reports-table.js";

/**
 * @typedef {import("./reports-choice.js").Choice} Choice
 * @typedef {import("./reports-series.js").Figures} Figures
 * @typedef {import("./reports-data.js").Row} Row
 */

/** The case with all of its time, and ways on. @param {import("./reports-data.js").CaseHead} head @param {Choice} choice @param {{zone: string, today: string}} options */
export function casePanel({ ref, title, status, customer, created_at: created, time }, choice, { zone, today }) {
  const people = time.representatives.length;
  const values = { total: rough(time.total_seconds), automatic: rough(time.automatic_seconds), manual: rough(time.manual_seconds), n: number(people) };
  const began = dayOf(Date.parse(created), zone);
  const whole = addressOf({ ...choice, since: began, until: today, by: "representative", trend: null });
  return h(
    "section",
    { class: "panel", "aria-labelledby": "case-title", "data-testid": "case-head" },
    h("h2", { id: "case-title", class: "case-title" }, `${ref} · ${title} `, statusTag(status)),
    customer && h("p", { class: "muted" }, customer),
    h(
      "p",
      { "data-testid": "case-time" },
      ngettext("All time on this case up to now: {total}, of which {automatic} automatic and {manual} manual, by {n} person.", "All time on this case up to now: {total}, of which {automatic} automatic and {manual} manual, by {n} people.", people, values),
    ),
    h(
      "p",
      { class: "report-links" },
      !arePeopleOfACase(choice) && h("a", { href: addressOf({ ...choice, by: "representative" }), "data-testid": "case-people" }, _("Its people")),
      choice.since !== began && h("a", { href: whole, "data-testid": "whole-case" }, _("Its people since it was created")),
      h("a", { href: addressOf({ ...choice, case: null, by: "case" }), "data-testid": "all-cases" }, _("All cases of this period")),
    ),
  );
}

/** The figures of everything that was chosen, each with what it is of. @param {Figures} totals @param {Choice} choice */
export function tiles(totals, choice) {
  const people = ngettext("by {n} person", "by {n} people", totals.representatives, { n: number(totals.representatives) });
  const parts = /** @type {[string, string, string, string][]} */ ([
    ["total", _("Total"), rough(totals.total_seconds), _("automatic and manual time together")],
    ["automatic", _("Automatic"), rough(totals.automatic_seconds), _("tracked while the case was in front")],
    ["manual", _("Manual"), rough(totals.manual_seconds), _("time logs and activities")],
  ]);
  const usual = /** @type {typeof parts} */ ([
    ["cases", _("Cases"), number(totals.cases), _("with time in this period, {people}", { people })],
    ["average", _("Average"), rough(totals.average_seconds), _("total time divided by cases")],
    ["median", _("Median"), rough(totals.median_seconds), _("half of the cases took no longer")],
    ["p90", _("90th percentile"), rough(totals.p90_seconds), _("nine of ten cases took no longer")],
  ]);
  return h(
    "dl",
    { class: "tiles", "data-testid": "tiles" },
    ...[...parts, ...(choice.case === null ? usual : [])].map(([name, label, value, meaning]) => h("div", { class: "panel tile" }, h("dt", null, label), h("dd", { class: "tile-value", "data-testid": `tile-${name}` }, value), h("dd", { class: "muted" }, meaning))),
  );
}

/** @param {import("./reports-data.js").Trend} trend @param {Choice} choice */
export function trendPanel({ items, totals }, choice) {
  const period = trendBy(choice);
  const titles = /** @type {Record<string, [string, string]>} */ ({
    day: [_("Time by day"), _("What a case takes, by day")],
    week: [_("Time by week"), _("What a case takes, by week")],
    month: [_("Time by month"), _("What a case takes, by month")],
  });
  const labels = pointLabels(items, period);
  const [title, usual] = titles[period];
  const time = chartOf({ kind: "bars", labels, series: timeSeries(items), title, gist: trendGist(items, period, totals) });
  const lines = chartOf({ kind: "lines", labels, series: usualSeries(items), title: usual, gist: usualGist(totals) });
  const isOfOne = choice.case !== null;
  const panel = h(
    "section",
    { class: "panel", "aria-labelledby": "trend-title" },
    h("h2", { id: "trend-title" }, _("Trend")),
    h("div", { class: "charts" }, figure(title, time.frame), !isOfOne && figure(usual, lines.frame)),
    h("details", { "data-testid": "trend-details" }, h("summary", { "data-testid": "trend-summary" }, isOfOne ? _("The chart as a table") : _("Both charts as a table")), trendTable(items, period, choice, title)),
    files("trend", choice, _("The trend as a file:")),
  );
  return { panel, draw: () => (isOfOne ? [time] : [time, lines]).forEach((chart) => chart.draw()) };
}

/** The bars of the groups with the most time; of periods the trend has them. @param {Row[]} rows @param {Choice} choice @param {string} title */
export function groupsChart(rows, choice, title) {
  if (isPeriod(choice.by)) return null;
  const drawn = rows.slice(0, MOST_BARS);
  return chartOf({ kind: "rows", labels: groupLabels(drawn, choice.by), series: timeSeries(drawn), title, gist: groupsGist(drawn, choice.by) });
}

/** @param {"handling-time" | "trend"} report @param {Choice} choice @param {string} text */
export function files(report, choice, text) {
  const link = (/** @type {string} */ format, /** @type {string} */ name) =>
    h("a", { class: "btn btn-sm btn-outline-secondary", href: pathOf(report, choice, { format }), download: true, "aria-label": `${text} ${name}`, "data-testid": `${report}-${format}` }, name);
  return h("p", { class: "files" }, h("span", { class: "muted" }, text), link("csv", "CSV"), link("xlsx", "XLSX"));
}

/** Shown where nobody worked. @param {Choice} choice */
export function nothing(choice) {
  const filtered = [choice.case, choice.representative, choice.team, choice.status].some((filter) => filter !== null);
  if (!filtered) return empty(_("No time is committed in {days}.", { days: daysName(choice) }));
  const without = addressOf({ ...choice, case: null, representative: null, team: null, status: null });
  return empty(_("No time in {days} fits these filters.", { days: daysName(choice) }), h("a", { class: "btn btn-outline-secondary", href: without, "data-testid": "without-filters" }, _("Show it without filters")));
}

/** @param {string} title @param {HTMLElement} frame */
function figure(title, frame) {
  return h("figure", null, h("figcaption", null, title), frame);
}
