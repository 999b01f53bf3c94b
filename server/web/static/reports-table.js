// @ts-check
// The tables of a report: its groups, and the periods of its trend. What a row is about leads on to more of it.
import { h } from "/static/dom.js";
import { _, number } from "/static/i18n.js";
import { addressOf, isPeriod, within } from "/static/reports-choice.js";
import { arePeopleOfACase } from "/static/reports-data.js";
import { exact, nameOf, periodName } from "/static/reports-series.js";
import { withQuery } from "/static/http.js";

/**
 * @typedef {import("./reports-choice.js").Choice} Choice
 * @typedef {import("./reports-series.js").Figures} Figures
 * @typedef {import("./reports-series.js").Point} Point
 * @typedef {import("./reports-data.js").Row} Row
 */

const COLUMNS = /** @type {[keyof Figures, string, (value: number) => string][]} */ ([
  ["automatic_seconds", _("Automatic"), exact],
  ["manual_seconds", _("Manual"), exact],
  ["total_seconds", _("Total"), exact],
  ["cases", _("Cases"), number],
  ["representatives", _("People"), number],
  ["average_seconds", _("Average"), exact],
  ["median_seconds", _("Median"), exact],
  ["p90_seconds", _("90th percentile"), exact],
]);
/** What is usual for a case says nothing of a single one. */
const OF_CASES = ["cases", "average_seconds", "median_seconds", "p90_seconds"];

/** What a group is, as the head of its column says it. @type {Record<string, string>} */
const GROUP_NAMES = { case: _("Case"), representative: _("Representative"), team: _("Team"), day: _("Day"), week: _("Week"), month: _("Month") };

/**
 * The table of groups; rows are added as they come.
 * @param {Choice} choice @param {Figures} totals @param {string} caption
 */
export function groupTable(choice, totals, caption) {
  const body = h("tbody");
  const foot = h("tfoot", null, h("tr", null, h("th", { scope: "row" }, _("Altogether")), ...extraHeads(choice).map(() => h("td")), ...figures(totals, choice)));
  return {
    table: scrolled("groups-table", caption, head(choice), body, foot),
    /** @param {Row[]} rows */
    add: (rows) => body.append(...rows.map((row) => groupRow(row, choice))),
    /** The link of a row. @param {number} place @returns {HTMLElement | null | undefined} */
    link: (place) => body.rows[place]?.querySelector("a"),
    get length() {
      return body.rows.length;
    },
  };
}

/** @param {Point[]} points @param {string} period @param {Choice} choice @param {string} caption */
export function trendTable(points, period, choice, caption) {
  const ofPeriods = { ...choice, by: period };
  const rows = points.map((point) => h("tr", { "data-key": point.period }, h("th", { scope: "row" }, periodLink(point.period, period, choice)), ...figures(point, ofPeriods)));
  return scrolled("trend-table", caption, head(ofPeriods), h("tbody", null, ...rows));
}

/** @param {string} testid @param {string} caption @param {...HTMLElement} parts */
function scrolled(testid, caption, ...parts) {
  const table = h("table", { class: "table report-table", "data-testid": testid }, h("caption", { class: "visually-hidden" }, caption), ...parts);
  return h("div", { class: "report-scroll", tabindex: 0, role: "group", "aria-label": caption }, table);
}

/** @param {Choice} choice */
function head(choice) {
  const names = [GROUP_NAMES[choice.by], ...extraHeads(choice)].map((text) => h("th", { scope: "col" }, text));
  return h("thead", null, h("tr", null, ...names, ...columnsOf(choice).map(([, text]) => h("th", { scope: "col", class: "text-end" }, text))));
}

/** @param {Choice} choice */
function extraHeads(choice) {
  if (arePeopleOfACase(choice)) return [_("First worked"), _("Last worked")];
  if (choice.by === "case") return [_("Status")];
  return choice.by === "representative" ? [_("Team")] : [];
}

/** @param {Row} row @param {Choice} choice */
function groupRow(row, choice) {
  return h("tr", { "data-key": row.key ?? "", "data-testid": "group" }, h("th", { scope: "row" }, ...nameLinks(row, choice)), ...extraCells(row, choice), ...figures(row, choice));
}

/** @param {Row} row @param {Choice} choice @returns {(Node | string)[]} */
function nameLinks(row, choice) {
  const name = nameOf(row, choice.by);
  const { by } = choice;
  if (isPeriod(by)) return [periodLink(row.key ?? "", by, choice)];
  if (by === "case") return [h("a", { href: addressOf({ ...choice, case: row.key, by: "representative" }), "data-testid": "to-people" }, name), h("span", { class: "report-title" }, row.name)];
  if (by === "team") return [h("a", { href: addressOf({ ...choice, team: row.key ?? "", by: "representative" }), "data-testid": "to-team" }, name)];
  const days = h("a", { href: dayAddress(row, row.last ?? null), "data-testid": "to-days" }, name);
  if (arePeopleOfACase(choice)) return [days];
  const cases = h("a", { class: "report-more", href: addressOf({ ...choice, representative: row.key, by: "case" }), "aria-label": _("Cases of {name}", { name }), "data-testid": "to-cases" }, _("Cases"));
  return [days, " ", cases];
}

/** @param {Row} row @param {Choice} choice */
function extraCells(row, choice) {
  if (arePeopleOfACase(choice)) return [row.first, row.last].map((day) => h("td", null, day && h("a", { href: dayAddress(row, day) }, periodName(day, "day"))));
  if (choice.by === "case") return [h("td", null, statusTag(row.status ?? ""))];
  return choice.by === "representative" ? [h("td", null, row.team ?? _("in no team"))] : [];
}

/** @param {string} status of a case */
export function statusTag(status) {
  return h("span", { class: `tag tag-${status}` }, { active: _("Active"), resolved: _("Resolved") }[status] ?? status);
}

/** @param {string} first @param {string} period @param {Choice} choice */
function periodLink(first, period, choice) {
  return h("a", { href: addressOf({ ...within(choice, first, period), by: "case", trend: null }), "data-testid": "to-period" }, periodName(first, period));
}

/** Where supervision shows somebody's day. @param {Row} row @param {string | null} day */
function dayAddress(row, day) {
  return withQuery("/supervisor", { representative: row.key, day });
}

/** @param {Choice} choice */
function columnsOf({ by, case: ref }) {
  const left = [...(by === "case" || ref !== null ? OF_CASES : []), ...(by === "representative" ? ["representatives"] : [])];
  return COLUMNS.filter(([name]) => !left.includes(name));
}

/** @param {Figures} one @param {Choice} choice */
function figures(one, choice) {
  return columnsOf(choice).map(([name, , written]) => h("td", { class: "text-end", "data-figure": name }, written(one[name])));
}
