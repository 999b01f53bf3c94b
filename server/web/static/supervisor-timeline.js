// @ts-check
// The time line of a day or a week: automatic spans, and what was entered by hand, in lanes over the hours.
//
// Bars are buttons and one stop of the tab key together; inside of it the arrow keys go from one to the next by time.
// The tables below the picture hold the same.
import { dayOf, longDay, shortDay, timeOfDay } from "/static/days.js";
import { h } from "/static/dom.js";
import { words } from "/static/format.js";
import { _ } from "/static/i18n.js";
import { lanesOf } from "/static/supervisor-lanes.js";
import { entrySentence, spanSentence, tellOf } from "/static/supervisor-words.js";
import { zoomable } from "/static/supervisor-zoom.js";

const HOUR_MS = 3_600_000;
const REGULAR_MS = 24 * HOUR_MS;

/** @typedef {import("./supervisor-lanes.js").Period} Period */
/** @typedef {import("./supervisor-lanes.js").Lane} Lane */
/** @typedef {import("./supervisor-lanes.js").Bar} Bar */
/** @typedef {import("./supervisor-scale.js").View} View */

/**
 * @param {Period} report
 * @param {object} options
 * @param {number} options.now where "now" is marked, if the report holds it
 * @param {(ref: string) => string} options.lookOf classes for the colour of a case
 * @param {(day: string) => string} options.addressOf the page of a day
 * @param {View | null} options.view the part that was looked at before
 * @returns {{element: HTMLElement, view: () => View | null}} `view` is the part that somebody chose to see
 */
export function timeline(report, { now, lookOf, addressOf, view }) {
  const lanes = lanesOf(report);
  const length = Math.max(...lanes.map((lane) => lane.length));
  const bars = lanes.flatMap((lane) => lane.bars.map((one) => ({ lane, one, element: barOf(report, lane, one, { length, lookOf }) })));
  bars.sort((one, other) => one.lane.began + one.one.from - other.lane.began - other.one.from);
  const stops = bars.map(({ element }) => element);
  for (const [order, element] of stops.entries()) element.tabIndex = order ? -1 : 0;
  const regular = lanes.find((lane) => lane.length === REGULAR_MS) ?? lanes[0];
  const axis = h("div", { class: "timeline-axis", "aria-hidden": "true" });
  const rows = lanes.map((lane) => laneRow(report, lane, { length, lookOf, addressOf, now, bars: bars.filter((each) => each.lane === lane).map(({ element }) => element) }));
  const corner = h("div", { class: "timeline-corner", "aria-hidden": "true" });
  const inner = h("div", { class: "timeline-inner" }, corner, axis, ...rows.map(({ element }) => element));
  const tip = h("div", { class: "timeline-tip", "aria-hidden": "true", hidden: true, "data-testid": "timeline-tip" });
  const chosen = h("div", { class: "timeline-chosen", role: "status", "data-testid": "timeline-chosen" }, h("p", { class: "muted" }, _("Choose a span to see why it began and ended.")));
  const zoom = zoomable({
    inner,
    axis,
    length,
    first: view,
    times: bars.map(({ one }) => one),
    labelOf: (at) => timeOfDay(regular.began + at, report.time_zone),
    mark: (marks) => {
      axis.replaceChildren(...marks.map((at) => markOf(at, length, timeOfDay(regular.began + at, report.time_zone))));
      for (const { lane, hours } of rows) hours?.replaceChildren(...marks.filter((at) => at < lane.length).map((at) => markOf(at, length, timeOfDay(lane.began + at, report.time_zone))));
    },
  });
  const picture = h("div", { class: `timeline timeline-of-${report.range}`, "data-testid": "timeline" }, zoom.tools, zoom.element, tip, chosen);
  moveWithKeys(inner, stops);
  showTips(picture, zoom.element, tip, (element) => tellingOf(report, element));
  inner.addEventListener("click", ({ target }) => {
    const element = barAt(target);
    if (!element) return;
    for (const other of stops) other.setAttribute("aria-pressed", String(other === element));
    chosen.replaceChildren(...tellingOf(report, element));
  });
  return { element: picture, view: zoom.view };
}

/** @param {Period} report @param {Lane} lane @param {{length: number, lookOf: (ref: string) => string, addressOf: (day: string) => string, now: number, bars: HTMLElement[]}} options */
function laneRow(report, lane, { length, lookOf, addressOf, now, bars }) {
  const isDay = report.range === "week";
  const track = h("div", { class: "timeline-track" }, ...bars, outside(lane, length), nowMark(lane, length, now));
  track.style.setProperty("--rows", String(lane.rows));
  const hours = isDay && lane.length !== REGULAR_MS ? h("div", { class: "timeline-hours", "aria-hidden": "true" }) : null;
  const label = isDay ? dayLabel(report, lane, addressOf) : caseLabel(report, lane, lookOf);
  return { lane, hours, element: h("div", { class: "timeline-lane", "data-testid": "timeline-lane", "data-lane": lane.key }, label, h("div", null, track, hours)) };
}

/** @param {Period} report @param {Lane} lane @param {(ref: string) => string} lookOf */
function caseLabel(report, lane, lookOf) {
  const items = lane.bars.map(({ what, place }) => (what === "span" ? report.spans : report.entries)[place]);
  const seconds = items.reduce((sum, one) => sum + one.duration_seconds, 0);
  const name = lane.key || _("By hand");
  return h(
    "div",
    { class: "timeline-label", title: lane.key ? `${lane.key}: ${items[0].title}` : name },
    h("span", { class: `swatch ${lane.key ? lookOf(lane.key) : "swatch-hand"}`, "aria-hidden": "true" }),
    h("span", { class: "timeline-ref" }, name),
    h("span", { class: "timeline-sum number" }, words(seconds)),
  );
}

/** @param {Period} report @param {Lane} lane @param {(day: string) => string} addressOf */
function dayLabel(report, lane, addressOf) {
  const hours = lane.length / HOUR_MS;
  return h(
    "div",
    { class: "timeline-label" },
    h("a", { class: "timeline-ref", href: addressOf(lane.key), title: longDay(lane.key), "data-testid": `lane-${lane.key}` }, shortDay(lane.key)),
    hours !== 24 && h("span", { class: "tag" }, _("{n} h", { n: hours })),
    h("span", { class: "timeline-sum number" }, words(lane.bars.reduce((sum, one) => sum + (one.what === "span" ? one.to - one.from : 0), 0) / 1000)),
  );
}

/** @param {Period} report @param {Lane} lane @param {Bar} one @param {{length: number, lookOf: (ref: string) => string}} options */
function barOf(report, lane, one, { length, lookOf }) {
  const isSpan = one.what === "span";
  const item = isSpan ? report.spans[one.place] : report.entries[one.place];
  const sentence = isSpan ? spanSentence(report.spans[one.place], report.time_zone) : entrySentence(report.entries[one.place], report.time_zone);
  const day = report.range === "week" ? `${shortDay(dayOf(lane.began, report.time_zone))}: ` : "";
  const made = h(
    "button",
    {
      type: "button",
      class: `timeline-bar is-${one.what} ${lookOf(item.case)}`,
      "aria-label": day + sentence,
      "aria-pressed": "false",
      "data-what": one.what,
      "data-place": one.place,
      "data-case": item.case,
      "data-key": `${one.what}-${one.place}-${lane.key}`,
      "data-testid": isSpan ? "timeline-span" : "timeline-entry",
    },
    h("span", { class: "timeline-bar-text" }, item.case),
  );
  made.style.left = share(one.from, length);
  made.style.width = share(one.to - one.from, length);
  made.style.setProperty("--row", String(one.row));
  return made;
}

/** What lies beyond the end of a day that is shorter than others. @param {Lane} lane @param {number} length */
function outside(lane, length) {
  if (lane.length === length) return null;
  const place = h("div", { class: "timeline-outside" });
  place.style.left = share(lane.length, length);
  return place;
}

/** @param {Lane} lane @param {number} length @param {number} now */
function nowMark(lane, length, now) {
  if (now <= lane.began || now >= lane.began + lane.length) return null;
  const place = h("div", { class: "timeline-now" });
  place.style.left = share(now - lane.began, length);
  return place;
}

/** @param {number} at @param {number} length @param {string} label */
function markOf(at, length, label) {
  const mark = h("span", { class: "timeline-tick" }, h("span", null, label));
  mark.style.left = share(at, length);
  return mark;
}

/** @param {HTMLElement} inner @param {HTMLElement[]} stops */
function moveWithKeys(inner, stops) {
  /** @type {Record<string, (order: number) => number>} */
  const moves = { ArrowRight: (order) => order + 1, ArrowDown: (order) => order + 1, ArrowLeft: (order) => order - 1, ArrowUp: (order) => order - 1, Home: () => 0, End: () => stops.length - 1 };
  inner.addEventListener("keydown", (event) => {
    const element = barAt(event.target);
    const move = moves[event.key];
    if (!element || !move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, move(stops.indexOf(element))))].focus();
  });
  inner.addEventListener("focusin", ({ target }) => {
    const element = barAt(target);
    if (element) for (const one of stops) one.tabIndex = one === element ? 0 : -1;
  });
}

/** @param {HTMLElement} picture @param {HTMLElement} frame @param {HTMLElement} tip @param {(element: HTMLElement) => HTMLElement[]} tellingOf */
function showTips(picture, frame, tip, tellingOf) {
  const show = (/** @type {Event} */ { target }) => {
    const element = barAt(target);
    if (!element) return;
    tip.replaceChildren(...tellingOf(element));
    tip.hidden = false;
    putBy(tip, element, frame, picture);
  };
  const hide = () => (tip.hidden = true);
  for (const type of ["pointerover", "focusin"]) frame.addEventListener(type, show);
  for (const type of ["pointerout", "focusout", "scroll"]) frame.addEventListener(type, hide);
  frame.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
}

/** Above a bar, or below it where there is no room, and never over the side of the picture. @param {HTMLElement} tip @param {HTMLElement} target @param {HTMLElement} frame @param {HTMLElement} picture */
function putBy(tip, target, frame, picture) {
  const [outer, inner, box, own] = [picture, frame, target, tip].map((element) => element.getBoundingClientRect());
  const middle = (Math.max(box.left, inner.left) + Math.min(box.right, inner.right)) / 2;
  const left = Math.min(Math.max(0, middle - outer.left - own.width / 2), Math.max(0, outer.width - own.width));
  const isRoomAbove = box.top - own.height - 6 > 50;
  tip.style.left = `${left}px`;
  tip.style.top = `${(isRoomAbove ? box.top - own.height - 6 : box.bottom + 6) - outer.top}px`;
}

/** @param {Period} report @param {HTMLElement} element */
function tellingOf(report, { dataset }) {
  const place = Number(dataset.place);
  const { head, title, lines } = tellOf(dataset.what === "span" ? { span: report.spans[place] } : { entry: report.entries[place] }, report);
  return [h("strong", null, head), h("span", null, title), ...lines.map((line) => h("span", { class: "number" }, line))];
}

/** @param {EventTarget | null} target */
function barAt(target) {
  const found = target instanceof Element ? target.closest("[data-place]") : null;
  return found instanceof HTMLElement ? found : null;
}

/** @param {number} part @param {number} length */
function share(part, length) {
  return `${(part / length) * 100}%`;
}
