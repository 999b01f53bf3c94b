// @ts-check
// The time line of a day: a lane per case, a bar per span, over the hours of the representative's own zone.
//
// Bars are placed by instants, so a day of 23 or 25 hours is as long as it was. The picture is one stop of the tab
// key; inside of it the arrow keys go from span to span. The table below the picture holds the same.
import { endedBy, startedBy } from "/static/supervisor-causes.js";
import { exactTime, hoursOf, timeOfDay } from "/static/days.js";
import { h } from "/static/dom.js";
import { clock, words } from "/static/format.js";
import { _ } from "/static/i18n.js";

const HOUR_MS = 3_600_000;
const SHORTEST_MS = 4 * HOUR_MS;
const LABEL_PX = 46;
const STEPS = [1, 2, 3, 4, 6, 12];

/** @typedef {{case: string, title: string, started_at: string, ended_at: string, duration_seconds: number, started_by: string, ended_by: string}} Span */
/** @typedef {{time_zone: string, began_at: string, ended_at: string, spans: Span[]}} Day */

/**
 * @param {Day} day
 * @param {{wholeDay: boolean, now: number, colourOf: (ref: string) => number, onSelect: (place: number) => void}} options
 *   `now` is where "now" is marked if the day holds it; `onSelect` hears the place of a span that was chosen
 */
export function timeline(day, { wholeDay, now, colourOf, onSelect }) {
  const range = rangeOf(day, { wholeDay, now });
  const tip = h("div", { class: "timeline-tip", "aria-hidden": "true", hidden: true, "data-testid": "timeline-tip" });
  const bars = day.spans.map((span, place) => bar(span, { place, range, zone: day.time_zone, colour: colourOf(span.case) }));
  const picture = h(
    "div",
    { class: "timeline", role: "group", "aria-label": _("Time line: the arrow keys go from span to span, Enter shows a span in the table"), "data-testid": "timeline" },
    axis(range, day.time_zone),
    h("div", { class: "timeline-lanes" }, ...lanesOf(day.spans).map((lane) => laneOf(lane, bars, colourOf))),
    nowMark(range, now),
    tip,
  );
  moveWithKeys(picture, bars, onSelect);
  showTips(picture, bars, tip, day);
  fitLabels(picture);
  return picture;
}

/** What a span is, in a sentence. @param {Span} span @param {string} zone */
export function sentenceOf(span, zone) {
  const [from, to] = [span.started_at, span.ended_at].map((at) => exactTime(Date.parse(at), zone));
  return _("{case}, {from} to {to}, {duration}. Started: {started}. Ended: {ended}.", {
    case: span.case,
    from,
    to,
    duration: words(span.duration_seconds),
    started: startedBy(span.started_by),
    ended: endedBy(span.ended_by),
  });
}

/** The hours to show: those that hold the work, or the whole day. @param {Day} day @param {{wholeDay: boolean, now: number}} options */
function rangeOf(day, { wholeDay, now }) {
  const [began, ended] = [Date.parse(day.began_at), Date.parse(day.ended_at)];
  if (wholeDay || !day.spans.length) return { from: began, to: ended };
  const first = Math.min(...day.spans.map((span) => Date.parse(span.started_at)));
  const last = Math.max(...day.spans.map((span) => Date.parse(span.ended_at)), now < ended ? Math.min(now, ended) : 0);
  const from = began + Math.floor((first - began) / HOUR_MS) * HOUR_MS;
  const to = Math.min(ended, Math.max(began + Math.ceil((last - began) / HOUR_MS) * HOUR_MS, from + SHORTEST_MS));
  return { from: Math.max(began, Math.min(from, to - SHORTEST_MS)), to };
}

/** @param {{from: number, to: number}} range @param {string} zone */
function axis(range, zone) {
  const ticks = hoursOf(range.from, range.to).map((instant) => {
    const tick = h("span", { class: "timeline-tick" }, h("span", null, instant === range.to ? "" : timeOfDay(instant, zone)));
    tick.style.left = share(instant, range);
    return tick;
  });
  return h("div", { class: "timeline-axis", "aria-hidden": "true" }, ...ticks);
}

/** The places of the spans by case, the case that began first on top. @param {Span[]} spans */
function lanesOf(spans) {
  /** @type {Map<string, {ref: string, title: string, places: number[], seconds: number}>} */
  const lanes = new Map();
  for (const [place, span] of spans.entries()) {
    const lane = lanes.get(span.case) ?? { ref: span.case, title: span.title, places: [], seconds: 0 };
    lane.places.push(place);
    lane.seconds += span.duration_seconds;
    lanes.set(span.case, lane);
  }
  return [...lanes.values()];
}

/** @param {ReturnType<typeof lanesOf>[number]} lane @param {HTMLElement[]} bars @param {(ref: string) => number} colourOf */
function laneOf(lane, bars, colourOf) {
  return h(
    "div",
    { class: "timeline-lane" },
    h(
      "div",
      { class: "timeline-label", title: `${lane.ref}: ${lane.title}` },
      h("span", { class: `swatch colour-${colourOf(lane.ref)}`, "aria-hidden": "true" }),
      h("span", { class: "timeline-ref" }, lane.ref),
      h("span", { class: "timeline-sum number" }, words(lane.seconds)),
    ),
    h("div", { class: "timeline-track" }, ...lane.places.map((place) => bars[place])),
  );
}

/** @param {Span} span @param {{place: number, range: {from: number, to: number}, zone: string, colour: number}} options */
function bar(span, { place, range, zone, colour }) {
  const [started, ended] = [Date.parse(span.started_at), Date.parse(span.ended_at)];
  const made = h("button", {
    type: "button",
    class: `timeline-bar colour-${colour}`,
    tabindex: place === 0 ? 0 : -1,
    "aria-label": sentenceOf(span, zone),
    "data-place": place,
    "data-case": span.case,
    "data-testid": "timeline-span",
  });
  made.style.left = share(started, range);
  made.style.width = `${((ended - started) / (range.to - range.from)) * 100}%`;
  return made;
}

/** @param {{from: number, to: number}} range @param {number} now */
function nowMark(range, now) {
  if (now <= range.from || now >= range.to) return null;
  const place = h("div", { class: "timeline-now" });
  place.style.left = share(now, range);
  return h("div", { class: "timeline-over", "aria-hidden": "true" }, place);
}

/** @param {HTMLElement} picture @param {HTMLElement[]} bars @param {(place: number) => void} onSelect */
function moveWithKeys(picture, bars, onSelect) {
  /** @type {Record<string, (place: number) => number>} */
  const moves = {
    ArrowRight: (place) => place + 1,
    ArrowDown: (place) => place + 1,
    ArrowLeft: (place) => place - 1,
    ArrowUp: (place) => place - 1,
    Home: () => 0,
    End: () => bars.length - 1,
  };
  picture.addEventListener("keydown", (event) => {
    const place = placeOf(event.target);
    const move = moves[event.key];
    if (place === null || !move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    bars[Math.max(0, Math.min(bars.length - 1, move(place)))].focus();
  });
  picture.addEventListener("focusin", (event) => {
    const place = placeOf(event.target);
    if (place !== null) for (const [other, one] of bars.entries()) one.tabIndex = other === place ? 0 : -1;
  });
  picture.addEventListener("click", (event) => {
    const place = placeOf(event.target);
    if (place !== null) onSelect(place);
  });
}

/** @param {HTMLElement} picture @param {HTMLElement[]} bars @param {HTMLElement} tip @param {Day} day */
function showTips(picture, bars, tip, day) {
  const show = (/** @type {Event} */ event) => {
    const place = placeOf(event.target);
    if (place === null) return;
    tip.replaceChildren(...tipOf(day.spans[place], day.time_zone));
    tip.hidden = false;
    putBy(tip, bars[place], picture);
  };
  const hide = () => (tip.hidden = true);
  picture.addEventListener("pointerover", show);
  picture.addEventListener("focusin", show);
  picture.addEventListener("pointerout", hide);
  picture.addEventListener("focusout", hide);
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
}

/** @param {Span} span @param {string} zone */
function tipOf(span, zone) {
  const [from, to] = [span.started_at, span.ended_at].map((at) => exactTime(Date.parse(at), zone));
  return [
    h("strong", null, span.case, " · ", clock(span.duration_seconds)),
    h("span", null, span.title),
    h("span", { class: "number" }, `${from} – ${to}`),
    h("span", null, _("Started: {cause}", { cause: startedBy(span.started_by) })),
    h("span", null, _("Ended: {cause}", { cause: endedBy(span.ended_by) })),
  ];
}

/** Above a bar, or below it where there is no room, and never over the side of the picture. @param {HTMLElement} tip @param {HTMLElement} target @param {HTMLElement} picture */
function putBy(tip, target, picture) {
  const [frame, box, own] = [picture, target, tip].map((element) => element.getBoundingClientRect());
  const left = Math.min(Math.max(0, box.left - frame.left + box.width / 2 - own.width / 2), Math.max(0, frame.width - own.width));
  const above = box.top - frame.top - own.height - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${box.top - own.height - 6 > 50 ? above : box.bottom - frame.top + 6}px`;
}

/** Hide the hours whose labels would run into each other. @param {HTMLElement} picture */
function fitLabels(picture) {
  new ResizeObserver(() => {
    const ticks = [...picture.querySelectorAll(".timeline-tick")];
    const room = (picture.querySelector(".timeline-axis")?.clientWidth ?? 0) / Math.max(1, ticks.length - 1);
    const step = STEPS.find((one) => one * room >= LABEL_PX) ?? 24;
    for (const [place, tick] of ticks.entries()) tick.classList.toggle("is-quiet", place % step !== 0);
  }).observe(picture);
}

/** @param {EventTarget | null} target */
function placeOf(target) {
  const found = target instanceof HTMLElement ? target.closest("[data-place]") : null;
  return found instanceof HTMLElement ? Number(found.dataset.place) : null;
}

/** @param {number} instant @param {{from: number, to: number}} range */
function share(instant, range) {
  return `${((instant - range.from) / (range.to - range.from)) * 100}%`;
}
