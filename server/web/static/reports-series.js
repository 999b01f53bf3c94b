// @ts-check
// What the charts of a report show: names, series, steps of the axis, and in a sentence what can be seen. Computes only.
import { shortDay } from "/static/days.js";
import { clock, words } from "/static/format.js";
import { _, locale, ngettext, number } from "/static/i18n.js";

/** So many groups are drawn; the table has them all. */
export const MOST_BARS = 12;
const LONGEST_LABEL = 24;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const STEPS = [1, 5, 15, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR];
const MOST_STEPS = 6;

/**
 * @typedef {{automatic_seconds: number, manual_seconds: number, total_seconds: number, cases: number, representatives: number, average_seconds: number, median_seconds: number, p90_seconds: number}} Figures
 * @typedef {Figures & {key: string | null, name: string | null, status: string | null, team: string | null}} Group
 * @typedef {Figures & {period: string}} Point
 * @typedef {{name: string, values: (number | null)[]}} Series
 */

/** `1:02:03`; `−0:10:00` where a correction took away more. @param {number} seconds */
export function exact(seconds) {
  return seconds < 0 ? `−${clock(-seconds)}` : clock(seconds);
}

/** `1 h 2 min`. @param {number} seconds */
export function rough(seconds) {
  return seconds < 0 ? `−${words(-seconds)}` : words(seconds);
}

/** How a group is called. @param {Pick<Group, "key" | "name">} group @param {string} by */
export function nameOf({ key, name }, by) {
  if (by === "case") return key ?? "";
  if (by === "representative") return name ?? key ?? "";
  return by === "team" ? key ?? _("in no team") : periodName(key ?? "", by);
}

/** `Nov 20, 2026`, `week of Nov 16, 2026`, `November 2026`. @param {string} first @param {string} period */
export function periodName(first, period) {
  if (period === "month") return written(first, { month: "long", year: "numeric" });
  const day = written(first, { dateStyle: "medium" });
  return period === "week" ? _("week of {day}", { day }) : day;
}

/** `Nov 1 – 30, 2026`. @param {import("./reports-choice.js").Days} days */
export function daysName({ since, until }) {
  const format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", dateStyle: "medium" });
  return since < until ? format.formatRange(Date.parse(since), Date.parse(until)) : format.format(Date.parse(since));
}

/** Automatic and manual time. @param {Figures[]} items @returns {[Series, Series]} */
export function timeSeries(items) {
  return [
    { name: _("Automatic"), values: items.map((one) => one.automatic_seconds) },
    { name: _("Manual"), values: items.map((one) => one.manual_seconds) },
  ];
}

/** What a case takes; nothing where there is none. @param {Figures[]} items @returns {[Series, Series, Series]} */
export function usualSeries(items) {
  const series = (/** @type {string} */ name, /** @type {"average_seconds" | "median_seconds" | "p90_seconds"} */ figure) => ({
    name,
    values: items.map((one) => (one.cases ? one[figure] : null)),
  });
  return [series(_("Average"), "average_seconds"), series(_("Median"), "median_seconds"), series(_("90th percentile"), "p90_seconds")];
}

/** What stands below the points of a trend. @param {Point[]} points @param {string} period */
export function pointLabels(points, period) {
  return points.map(({ period: first }) => (period === "month" ? written(first, { month: "short", year: "numeric" }) : shortDay(first)));
}

/** What stands beside the bars of groups: their names, long ones cut. @param {Group[]} groups @param {string} by */
export function groupLabels(groups, by) {
  return groups.map((group) => {
    const letters = [...nameOf(group, by)];
    return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join("")}…` : letters.join("");
  });
}

/** Seconds between two lines of an axis that reaches so far: a handful of times that people count in. @param {number} most */
export function stepOf(most) {
  const found = STEPS.find((step) => most / step <= MOST_STEPS);
  if (found) return found;
  const hours = most / HOUR / MOST_STEPS;
  const power = 10 ** Math.floor(Math.log10(hours));
  return HOUR * power * ([1, 2, 5].find((step) => step * power >= hours) ?? 10);
}

/** @param {Point[]} points @param {string} period @param {Figures} totals */
export function trendGist(points, period, totals) {
  const most = largest(points);
  if (!most || most.total_seconds <= 0) return _("No time in this period.");
  return _("{total} in all. The most: {name}, {time}.", { total: rough(totals.total_seconds), name: periodName(most.period, period), time: rough(most.total_seconds) });
}

/** @param {Figures} totals */
export function usualGist({ average_seconds: average, median_seconds: median, p90_seconds: p90 }) {
  return _("Per case in the whole period: average {average}, median {median}, 90th percentile {p90}.", { average: rough(average), median: rough(median), p90: rough(p90) });
}

/** @param {Group[]} groups those that are drawn @param {string} by */
export function groupsGist(groups, by) {
  const most = largest(groups);
  if (!most) return _("No time in this period.");
  const shown = ngettext("{n} bar.", "{n} bars, the most time first.", groups.length, { n: number(groups.length) });
  return `${shown} ${_("The most: {name}, {time}.", { name: nameOf(most, by), time: rough(most.total_seconds) })}`;
}

/** @template {Figures} T @param {T[]} items @returns {T | undefined} */
function largest(items) {
  return items.reduce((/** @type {T | undefined} */ most, one) => (most && most.total_seconds >= one.total_seconds ? most : one), undefined);
}

/** @param {string} day @param {Intl.DateTimeFormatOptions} options */
function written(day, options) {
  return new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(Date.parse(day));
}
