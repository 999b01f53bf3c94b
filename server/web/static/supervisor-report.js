// @ts-check
// A representative's day as it stands on the page: figures, time line, two weeks by day and by case, spans.
import { endedBy, startedBy } from "/static/supervisor-causes.js";
import { beginsWeek, dayOf, exactTime, longDay, shortDay, timeOfDay, weekdayOf } from "/static/days.js";
import { timeline } from "/static/supervisor-timeline.js";
import { empty, h } from "/static/dom.js";
import { clock, spoken, words } from "/static/format.js";
import { _, ngettext } from "/static/i18n.js";

const COLOURS = 8;
const HOUR_MS = 3_600_000;
const HOUR_S = 3600;
const WEEK = 7;

/** @typedef {import("./supervisor-timeline.js").Span} Span */
/** @typedef {{day: string, duration_seconds: number}} DayTotal */
/** @typedef {{case: string, title: string, duration_seconds: number}} CaseTotal */
/** @typedef {{representative: string, name: string, time_zone: string, day: string, began_at: string, ended_at: string, spans: Span[], days: DayTotal[], cases: CaseTotal[]}} Report */

/**
 * The parts of the page for one report, in order.
 * @param {Report} report
 * @param {{now: number, addressOf: (day: string) => string}} options
 */
export function reportParts(report, options) {
  return [figures(report), timelinePanel(report, options), h("div", { class: "day-pair" }, daysPanel(report, options), casesPanel(report)), ...(report.spans.length ? [spansPanel(report)] : [])];
}

/** What a screen reader hears when a day is there. @param {Report} report */
export function summaryOf(report) {
  return _("{name}, {day}: {time} on {cases}.", { name: report.name, day: longDay(report.day), time: spoken(totalOf(report)), cases: casesIn(casesOf(report.spans).size) });
}

/** @param {Report} report */
function figures(report) {
  const zone = report.time_zone;
  const [week, before] = weeksOf(report);
  const first = report.spans[0];
  const last = report.spans.at(-1);
  const between = first && last ? `${timeOfDay(Date.parse(first.started_at), zone)} – ${timeOfDay(Date.parse(last.ended_at), zone)}` : "–";
  return h(
    "dl",
    { class: "figures panel" },
    figure(_("Time on cases"), words(totalOf(report)), "day-total"),
    figure(_("Cases"), String(casesOf(report.spans).size), "day-cases"),
    figure(_("First to last"), between, "day-between"),
    figure(_("7 days to here"), words(week), "week-total"),
    figure(_("7 days before"), words(before), "week-before-total"),
  );
}

/** @param {string} name @param {string} value @param {string} testId */
function figure(name, value, testId) {
  return h("div", null, h("dt", null, name), h("dd", { class: "number", "data-testid": testId }, value));
}

/** @param {Report} report @param {{now: number}} options */
function timelinePanel(report, { now }) {
  const panel = h("section", { class: "panel", "aria-labelledby": "timeline-title" });
  const colourOf = coloursOf(report);
  const place = h("div");
  const draw = (/** @type {boolean} */ wholeDay) => place.replaceChildren(timeline(report, { wholeDay, now, colourOf, onSelect: showSpan }));
  const whole = h("input", { type: "checkbox", class: "form-check-input", role: "switch", id: "whole-day", "data-testid": "whole-day", onchange: () => draw(whole.checked) });
  panel.append(
    h(
      "div",
      { class: "section-head" },
      h("h3", { id: "timeline-title" }, _("Time line")),
      report.spans.length > 0 && h("div", { class: "form-check form-switch whole-day" }, whole, h("label", { class: "form-check-label", for: "whole-day" }, _("Whole day"))),
    ),
    ...notes(report),
    place,
  );
  if (report.spans.length) draw(false);
  else place.append(nothing(report, now));
  return panel;
}

/** Sentences on what is unusual about this day. @param {Report} report */
function notes(report) {
  const hours = (Date.parse(report.ended_at) - Date.parse(report.began_at)) / HOUR_MS;
  const found = [];
  if (hours > 24) found.push(_("This day has {hours} hours: the clocks were set back.", { hours }));
  if (hours < 24) found.push(_("This day has {hours} hours: the clocks were put forward.", { hours }));
  if (hasLostRecords(report) && report.spans.length) found.push(_("Some tracker records of this day were deleted. Its total still counts them."));
  return found.map((text) => h("p", { class: "notice day-note", "data-testid": "day-note" }, text));
}

/** @param {Report} report @param {number} now */
function nothing(report, now) {
  if (hasLostRecords(report)) return empty(_("The tracker records of this day were deleted. Its total is kept."));
  return empty(report.day === dayOf(now, report.time_zone) ? _("Nothing committed yet today.") : _("No time on cases this day."));
}

/** @param {Report} report @param {{addressOf: (day: string) => string}} options */
function daysPanel(report, { addressOf }) {
  const most = Math.max(HOUR_S, ...report.days.map((one) => one.duration_seconds));
  const step = stepOf(most);
  const top = Math.ceil(most / step) * step;
  const bars = report.days.map((one) => dayBar(one, { top, chosen: one.day === report.day, href: addressOf(one.day) }));
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
        head([[_("Day")], [_("Time"), "end"]]),
        h("tbody", null, ...[...report.days].reverse().map((one) => h("tr", null, h("th", { scope: "row" }, shortDay(one.day)), h("td", { class: "text-end" }, clock(one.duration_seconds))))),
        h("tfoot", null, sumRow(_("7 days to here"), weeksOf(report)[0]), sumRow(_("7 days before"), weeksOf(report)[1])),
      ),
    ),
  );
}

/** @param {DayTotal} one @param {{top: number, chosen: boolean, href: string}} options */
function dayBar(one, { top, chosen, href }) {
  const bar = h("span", { class: "days-bar" });
  bar.style.height = `${(one.duration_seconds / top) * 100}%`;
  const weekday = weekdayOf(one.day);
  const label = `${shortDay(one.day)}: ${spoken(one.duration_seconds)}`;
  return h(
    "li",
    { class: beginsWeek(one.day) ? "begins-week" : null },
    h(
      "a",
      { href, "aria-label": label, title: `${shortDay(one.day)}: ${words(one.duration_seconds)}`, "aria-current": chosen ? "date" : null, "data-day": one.day, "data-testid": "day-bar" },
      h("span", { class: "days-track" }, bar),
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

/** @param {Report} report */
function casesPanel(report) {
  const panel = h("section", { class: "panel", "aria-labelledby": "cases-title" }, h("h3", { id: "cases-title" }, _("By case, last 14 days"), report.cases.length > 0 && h("span", { class: "muted cases-count" }, ` · ${casesIn(report.cases.length)}`)));
  if (!report.cases.length) return panel.append(empty(_("No time on any case in these 14 days."))), panel;
  const colourOf = coloursOf(report);
  const most = report.cases[0].duration_seconds;
  const rows = report.cases.map((one) => {
    const bar = h("span", { class: `share-bar colour-${colourOf(one.case)}` });
    bar.style.width = `${most ? (one.duration_seconds / most) * 100 : 0}%`;
    return h(
      "tr",
      null,
      h("th", { scope: "row", class: "case-cell" }, h("span", { class: "case-ref" }, one.case), h("span", { class: "case-title", title: one.title }, one.title), h("span", { class: "share", "aria-hidden": "true" }, bar)),
      h("td", { class: "text-end text-nowrap" }, clock(one.duration_seconds)),
    );
  });
  panel.append(
    h(
      "div",
      { class: "scrolls", tabindex: "0", role: "region", "aria-labelledby": "cases-title" },
      h("table", { class: "table", "data-testid": "cases-table" }, h("caption", { class: "visually-hidden" }, _("Time of {name} by case", { name: report.name })), head([[_("Case")], [_("Time"), "end"]]), h("tbody", null, ...rows)),
    ),
  );
  return panel;
}

/** @param {Report} report */
function spansPanel(report) {
  const colourOf = coloursOf(report);
  const rows = report.spans.map((span, place) => spanRow(span, { place, zone: report.time_zone, colour: colourOf(span.case) }));
  return h(
    "section",
    { class: "panel", "aria-labelledby": "spans-title" },
    h("h3", { id: "spans-title" }, _("Spans of the day")),
    h(
      "table",
      { class: "table spans", role: "table", "data-testid": "spans-table" },
      h("caption", { class: "visually-hidden" }, _("Spans of {name} on {day}, times in {zone}", { name: report.name, day: longDay(report.day), zone: report.time_zone })),
      head([[_("Case")], [_("From")], [_("To")], [_("Duration"), "end"], [_("Started by")], [_("Ended by")]]),
      h("tbody", { role: "rowgroup" }, ...rows),
    ),
  );
}

/** @param {Span} span @param {{place: number, zone: string, colour: number}} options */
function spanRow(span, { place, zone, colour }) {
  const cell = (/** @type {string} */ name, /** @type {string} */ text, /** @type {Record<string, unknown>} */ more = {}) => h("td", { role: "cell", ...more, class: `span-${name} ${more.class ?? ""}` }, text);
  return h(
    "tr",
    { role: "row", id: `span-${place}`, tabindex: "-1", "data-testid": "span-row", "data-case": span.case },
    h("th", { role: "rowheader", scope: "row", class: "span-case", title: span.title }, h("span", { class: `swatch colour-${colour}`, "aria-hidden": "true" }), span.case),
    cell("from", exactTime(Date.parse(span.started_at), zone)),
    cell("to", exactTime(Date.parse(span.ended_at), zone)),
    cell("duration", clock(span.duration_seconds), { class: "text-end" }),
    cell("started", startedBy(span.started_by), { "data-label": _("Started:") }),
    cell("ended", endedBy(span.ended_by), { "data-label": _("Ended:") }),
  );
}

/** @param {number} place */
function showSpan(place) {
  for (const row of document.querySelectorAll("tr.is-chosen")) row.classList.remove("is-chosen");
  const row = document.getElementById(`span-${place}`);
  row?.classList.add("is-chosen");
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "center" });
}

/** @param {[string, string?][]} names */
function head(names) {
  return h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...names.map(([name, side]) => h("th", { role: "columnheader", scope: "col", class: side ? `text-${side}` : null }, name))));
}

/** @param {string} name @param {number} seconds */
function sumRow(name, seconds) {
  return h("tr", null, h("th", { scope: "row" }, name), h("td", { class: "text-end" }, clock(seconds)));
}

/** A colour for each case: by its place among the cases of the two weeks, so that it stays from day to day. @param {Report} report */
function coloursOf(report) {
  const places = new Map(report.cases.map((one, place) => [one.case, place % COLOURS]));
  return (/** @type {string} */ ref) => places.get(ref) ?? 0;
}

/** Whether the day's total says more than its records: some were purged. Each span is cut to whole seconds. @param {Report} report */
function hasLostRecords(report) {
  const spans = report.spans.reduce((sum, span) => sum + span.duration_seconds, 0);
  return totalOf(report) > spans + report.spans.length + 1;
}

/** @param {Report} report */
function totalOf(report) {
  return report.days.at(-1)?.duration_seconds ?? 0;
}

/** The sums of the week that ends with the day, and of the one before. @param {Report} report @returns {[number, number]} */
function weeksOf(report) {
  const sum = (/** @type {DayTotal[]} */ days) => days.reduce((all, one) => all + one.duration_seconds, 0);
  return [sum(report.days.slice(-WEEK)), sum(report.days.slice(-2 * WEEK, -WEEK))];
}

/** @param {Span[]} spans */
function casesOf(spans) {
  return new Set(spans.map((span) => span.case));
}

/** @param {number} count */
function casesIn(count) {
  return ngettext("{n} case", "{n} cases", count);
}
