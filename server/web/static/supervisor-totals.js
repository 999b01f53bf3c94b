// @ts-check
// The two weeks that end with what is shown, by day and by case: a chart and its tables.
import { beginsWeek, shortDay, weekdayOf } from "/static/days.js";
import { empty, h } from "/static/dom.js";
import { clock, spoken, words } from "/static/format.js";
import { _, ngettext } from "/static/i18n.js";
import { head } from "/static/supervisor-tables.js";

const HOUR_S = 3600;
const WEEK = 7;

/** @typedef {import("./supervisor-report.js").Report} Report */
/** @typedef {import("./supervisor-report.js").DayTotal} DayTotal */

/** @param {Report} report @param {{addressOf: (day: string) => string, isShown: (day: string) => boolean}} options */
export function daysPanel(report, { addressOf, isShown }) {
  const most = Math.max(HOUR_S, ...report.days.map((one) => one.total_seconds));
  const step = stepOf(most);
  const top = Math.ceil(most / step) * step;
  const bars = report.days.map((one) => dayBar(one, { top, chosen: isShown(one.day), href: addressOf(one.day) }));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "days-title" },
    h("h3", { id: "days-title" }, _("By day, last 14 days")),
    h("div", { class: "days", "data-testid": "days-chart" }, grid(top, step), h("ol", { class: "days-bars" }, ...bars)),
    h(
      "details",
      { class: "as-table" },
      h("summary", { "data-testid": "days-as-table" }, _("Show as a table")),
      h(
        "table",
        { class: "table", "data-testid": "days-table" },
        h("caption", { class: "visually-hidden" }, _("Time of {name} by day", { name: report.name })),
        head([[_("Day")], [_("Automatic"), "end"], [_("By hand"), "end"]]),
        h("tbody", null, ...[...report.days].reverse().map((one) => row(shortDay(one.day), one))),
        h("tfoot", null, row(_("7 days to here"), weeksOf(report)[0]), row(_("7 days before"), weeksOf(report)[1])),
      ),
    ),
  );
}

/** @param {DayTotal} one @param {{top: number, chosen: boolean, href: string}} options */
function dayBar(one, { top, chosen, href }) {
  const [bar, byHand] = [h("span", { class: "days-bar" }), h("span", { class: "days-bar is-by-hand" })];
  bar.style.height = `${(one.duration_seconds / top) * 100}%`;
  byHand.style.height = `${(one.manual_seconds / top) * 100}%`;
  const weekday = weekdayOf(one.day);
  const tell = (/** @type {typeof words} */ said) => {
    const automatic = `${shortDay(one.day)}: ${said(one.duration_seconds)}`;
    return one.manual_seconds ? _("{automatic}, and {time} by hand", { automatic, time: said(one.manual_seconds) }) : automatic;
  };
  return h(
    "li",
    { class: beginsWeek(one.day) ? "begins-week" : null },
    h(
      "a",
      { href, title: tell(words), "aria-current": chosen ? "date" : null, "data-day": one.day, "data-testid": "day-bar" },
      h("span", { class: "visually-hidden" }, tell(spoken)),
      h("span", { class: "days-track" }, byHand, bar),
      h("span", { class: "days-foot", "aria-hidden": "true" }, h("span", { class: "days-weekday" }, weekday.short), h("span", { class: "days-initial" }, weekday.initial), h("span", null, Number(one.day.slice(-2)))),
    ),
  );
}

/** @param {number} top @param {number} step */
function grid(top, step) {
  const lines = [];
  for (let value = 0; value <= top; value += step) {
    const line = h("span", { class: "days-line" }, h("span", { class: "number" }, value ? words(value) : "0"));
    line.style.bottom = `${(value / top) * 100}%`;
    lines.push(line);
  }
  return h("div", { class: "days-grid", "aria-hidden": "true" }, ...lines);
}

/** Whole hours between the lines of the chart, so that there are at most five. @param {number} seconds */
function stepOf(seconds) {
  return HOUR_S * ([1, 2, 3, 4, 6, 12].find((hours) => seconds / HOUR_S / hours <= 5) ?? 24);
}

/** @param {Report} report @param {(ref: string) => string} lookOf */
export function casesPanel(report, lookOf) {
  const panel = h("section", { class: "panel", "aria-labelledby": "cases-title" }, h("h3", { id: "cases-title" }, _("By case, last 14 days"), report.cases.length > 0 && h("span", { class: "muted cases-count" }, ` · ${casesIn(report.cases.length)}`)));
  if (!report.cases.length) return panel.append(empty(_("No time on any case in these 14 days."))), panel;
  const most = Math.max(...report.cases.map((one) => one.total_seconds));
  const rows = report.cases.map((one) => {
    const bar = h("span", { class: `share-bar ${lookOf(one.case)}` });
    bar.style.width = `${most ? (one.total_seconds / most) * 100 : 0}%`;
    return h(
      "tr",
      null,
      h("th", { scope: "row", class: "case-cell" }, h("span", { class: "case-ref" }, one.case), h("span", { class: "case-title", title: one.title }, one.title), h("span", { class: "share", "aria-hidden": "true" }, bar)),
      h("td", { class: "text-end text-nowrap" }, clock(one.total_seconds)),
    );
  });
  panel.append(
    h(
      "div",
      { class: "scrolls", tabindex: "0", role: "group", "aria-labelledby": "cases-title" },
      h("table", { class: "table", "data-testid": "cases-table" }, h("caption", { class: "visually-hidden" }, _("Time of {name} by case", { name: report.name })), head([[_("Case")], [_("Time"), "end"]]), h("tbody", null, ...rows)),
    ),
  );
  return panel;
}

/** @param {string} name @param {Pick<DayTotal, "duration_seconds" | "manual_seconds">} time */
function row(name, time) {
  return h("tr", null, h("th", { scope: "row" }, name), h("td", { class: "text-end" }, clock(time.duration_seconds)), h("td", { class: "text-end" }, clock(time.manual_seconds)));
}

/** The sums of the week that ends with what is shown, and of the one before. @param {Report} report */
export function weeksOf(report) {
  return [sumOf(report.days.slice(-WEEK)), sumOf(report.days.slice(-2 * WEEK, -WEEK))];
}

/** @param {DayTotal[]} days */
export function sumOf(days) {
  const sum = (/** @type {"duration_seconds" | "manual_seconds"} */ name) => days.reduce((all, one) => all + one[name], 0);
  return { duration_seconds: sum("duration_seconds"), manual_seconds: sum("manual_seconds") };
}

/** @param {number} count */
export function casesIn(count) {
  return ngettext("{n} case", "{n} cases", count);
}
