// @ts-check
// What the time line shows, as tables: spans, entries by hand, and those that have no time of day.
import { dayOf, exactTime, longDay, shortDay } from "/static/days.js";
import { h } from "/static/dom.js";
import { clock } from "/static/format.js";
import { _ } from "/static/i18n.js";
import { endedBy, startedBy } from "/static/supervisor-causes.js";
import { isOnLine } from "/static/supervisor-lanes.js";
import { endOf, kindOf, lengthOf } from "/static/supervisor-words.js";

/** More rows scroll by themselves. */
const MANY = 30;

/** @typedef {import("./supervisor-report.js").Report} Report */
/** @typedef {import("./supervisor-lanes.js").Span} Span */
/** @typedef {import("./supervisor-lanes.js").Entry} Entry */
/** @typedef {(ref: string) => string} LookOf */

/** @param {Report} report @param {LookOf} lookOf */
export function spansPanel(report, lookOf) {
  const isWeek = report.range === "week";
  const names = isWeek ? _("Spans of {name} in this week, times in {zone}", { name: report.name, zone: report.time_zone }) : _("Spans of {name} on {day}, times in {zone}", { name: report.name, day: longDay(report.day), zone: report.time_zone });
  return panel(
    isWeek ? _("Spans of the week") : _("Spans of the day"),
    "spans",
    names,
    [[_("Case")], ...dayHead(report), [_("From")], [_("To")], [_("Duration"), "end"], [_("Started by")], [_("Ended by")]],
    report.spans.map((span) => spanRow(report, span, lookOf)),
  );
}

/** @param {Report} report @param {LookOf} lookOf */
export function entriesPanel(report, lookOf) {
  return panel(
    _("Entered by hand"),
    "entries",
    _("What {name} entered by hand, times in {zone}", { name: report.name, zone: report.time_zone }),
    [[_("Case")], ...dayHead(report), [_("Kind")], [_("From")], [_("To")], [_("Duration"), "end"], [_("Description")]],
    report.entries.map((entry) => entryRow(report, entry, lookOf)),
  );
}

/** What has its place on no time line, beside it. @param {Report} report @param {LookOf} lookOf */
export function timelessList(report, lookOf) {
  const found = report.entries.filter((entry) => !isOnLine(entry));
  if (!found.length) return null;
  const day = (/** @type {Entry} */ entry) => (report.range === "week" ? `${shortDay(dayOf(Date.parse(entry.at), report.time_zone))} · ` : "");
  const items = found.map((entry) =>
    h(
      "li",
      { "data-testid": "timeless-entry", "data-case": entry.case },
      h("span", { class: `swatch swatch-hand ${lookOf(entry.case)}`, "aria-hidden": "true" }),
      h("span", null, day(entry), h("span", { title: entry.title }, entry.case), ` · ${kindOf(entry)} · `, h("span", { class: "number" }, lengthOf(entry)), entry.description && ` · ${entry.description}`),
    ),
  );
  return h("div", { class: "timeless", "data-testid": "timeless" }, h("h4", null, _("Without a time of day")), h("ul", null, ...items));
}

/** @param {string} title @param {string} id @param {string} caption @param {[string, string?][]} names @param {HTMLElement[]} rows */
function panel(title, id, caption, names, rows) {
  return h(
    "section",
    { class: "panel", "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, title),
    h("div", { class: `scrolls-aside ${rows.length > MANY ? "is-long" : ""}`, tabindex: "0", role: "group", "aria-labelledby": `${id}-title` }, h("table", { class: "table spans", role: "table", "data-testid": `${id}-table` }, h("caption", { class: "visually-hidden" }, caption), head(names), h("tbody", { role: "rowgroup" }, ...rows))),
  );
}

/** @param {Report} report @param {Span} span @param {LookOf} lookOf */
function spanRow(report, span, lookOf) {
  const [from, to] = [Date.parse(span.started_at), Date.parse(span.ended_at)];
  return h(
    "tr",
    { role: "row", "data-testid": "span-row", "data-case": span.case },
    caseCell(span, lookOf(span.case)),
    ...dayCell(report, from),
    cell("from", exactTime(from, report.time_zone)),
    cell("to", exactTime(to, report.time_zone)),
    cell("duration", clock(span.duration_seconds), { class: "text-end" }),
    cell("more", startedBy(span.started_by), { "data-label": _("Started:") }),
    cell("more", endedBy(span.ended_by), { "data-label": _("Ended:") }),
  );
}

/** @param {Report} report @param {Entry} entry @param {LookOf} lookOf */
function entryRow(report, entry, lookOf) {
  const at = Date.parse(entry.at);
  const [from, to] = entry.has_start ? [exactTime(at, report.time_zone), exactTime(endOf(entry), report.time_zone)] : ["–", "–"];
  return h(
    "tr",
    { role: "row", "data-testid": "entry-row", "data-case": entry.case },
    caseCell(entry, `swatch-hand ${lookOf(entry.case)}`),
    ...dayCell(report, at),
    cell("kind", kindOf(entry)),
    cell("from", from),
    cell("to", to),
    cell("duration", lengthOf(entry), { class: "text-end" }),
    cell("more", entry.description, { "data-label": "" }),
  );
}

/** @param {{case: string, title: string}} item @param {string} look */
function caseCell(item, look) {
  return h("th", { role: "rowheader", scope: "row", class: "span-case", title: item.title }, h("span", { class: `swatch ${look}`, "aria-hidden": "true" }), item.case);
}

/** @param {string} name @param {string} text @param {Record<string, unknown>} [more] */
function cell(name, text, more = {}) {
  return h("td", { role: "cell", ...more, class: `span-${name} ${more.class ?? ""}` }, text);
}

/** @param {Report} report @returns {[string][]} */
function dayHead({ range }) {
  return range === "week" ? [[_("Day")]] : [];
}

/** @param {Report} report @param {number} at */
function dayCell({ range, time_zone: zone }, at) {
  return range === "week" ? [cell("day", shortDay(dayOf(at, zone)))] : [];
}

/** @param {[string, string?][]} names */
export function head(names) {
  return h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...names.map(([name, side]) => h("th", { role: "columnheader", scope: "col", class: side ? `text-${side}` : null }, name))));
}
