// @ts-check
// Supervision: who works on what, and a day or a week of one of them. The address says whom, which day and which range.
import { byId } from "/static/admin-parts.js";
import { Board } from "/static/board.js";
import { addDays, dayOf, isDay, weekStart } from "/static/days.js";
import { fill, loading } from "/static/dom.js";
import { api, withQuery } from "/static/http.js";
import { _ } from "/static/i18n.js";
import { Loader } from "/static/loader.js";
import { daysOf } from "/static/supervisor-lanes.js";
import { periodOf, reportParts, summaryOf } from "/static/supervisor-report.js";

const WEEK = 7;
/** What is shown is brought up to date at most that often. */
const QUIET_MS = 5000;

/** @typedef {"day" | "week"} Range */
/** @typedef {{representative: string | null, day: string | null, range: Range}} Choice `day` is today, if it is null */
/** @typedef {import("./supervisor-report.js").Report} Report */

const page = byId("supervision");
const section = byId("day");
const title = byId("day-title");
const zoneLine = byId("day-zone");
const status = byId("day-status");
const dayInput = byId("day-input", HTMLInputElement);
const previous = byId("previous-day", HTMLButtonElement);
const next = byId("next-day", HTMLButtonElement);
const place = byId("day-report");
const ranges = { day: byId("range-day"), week: byId("range-week") };

/** What is on the page: the report, as text too, and what was asked for. @type {{report: Report, text: string, asked: string} | null} */
let shown = null;
/** @type {() => import("./supervisor-scale.js").View | null} */
let viewOf = () => null;
let loadedAt = -Infinity;
let later = 0;

const loader = new Loader({ place, load, landing: () => title, shows: () => shown?.asked !== JSON.stringify(chosen()) });
const board = new Board({
  parts: { place: byId("people"), line: byId("board-line"), said: byId("people-status"), search: byId("people-filter", HTMLInputElement), teams: byId("people-team", HTMLSelectElement), states: byId("people-states"), tools: byId("people-tools") },
  chosen: () => chosen().representative,
  addressOf: (representative) => addressOf({ ...chosen(), representative }),
  changed: (username) => username === chosen().representative && refresh(),
});

previous.addEventListener("click", () => step(-1));
next.addEventListener("click", () => step(1));
byId("today").addEventListener("click", () => goTo({ ...chosen(), day: null }));
dayInput.addEventListener("change", () => isDay(dayInput.value) && dayInput.validity.valid && goTo({ ...chosen(), day: dayInput.value }));
for (const [range, button] of Object.entries(ranges)) button.addEventListener("click", () => goTo({ ...chosen(), range: /** @type {Range} */ (range) }));
byId("people").addEventListener("click", follow);
place.addEventListener("click", follow);
addEventListener("popstate", begin);
board.begin();
begin();

/** What the address asks for. @returns {Choice} */
function chosen() {
  const asked = new URLSearchParams(location.search);
  const day = asked.get("day");
  return { representative: asked.get("representative") || null, day: isDay(day) ? day : null, range: asked.get("range") === "week" ? "week" : "day" };
}

/** @param {Choice} choice */
function addressOf({ representative, day, range }) {
  return withQuery(location.pathname, { representative, day, range: range === "week" ? range : null });
}

/** @param {Choice} choice */
function goTo(choice) {
  history.pushState(null, "", addressOf(choice));
  return begin();
}

/** A day or a week on or back. @param {number} way */
function step(way) {
  if (shown) goTo({ ...chosen(), day: addDays(shown.report.day, way * (shown.report.range === "week" ? WEEK : 1)) });
}

/** Follow a link inside the page without loading it anew. @param {MouseEvent} event */
async function follow(event) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  if (link.origin !== location.origin || link.pathname !== location.pathname) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  const focused = link.dataset.day;
  await begin();
  const same = focused && place.querySelector(`[data-day="${CSS.escape(focused)}"]`);
  if (same instanceof HTMLElement) same.focus();
  else title.focus({ preventScroll: innerWidth >= 1024 });
}

/** Show what the address asks for. */
function begin() {
  const choice = chosen();
  page.classList.toggle("has-choice", choice.representative !== null);
  section.hidden = choice.representative === null;
  for (const [range, button] of Object.entries(ranges)) button.setAttribute("aria-pressed", String(range === choice.range));
  board.draw();
  if (choice.representative === null) return void (shown = null);
  if (shown?.report.representative !== choice.representative) {
    shown = null;
    title.textContent = board.nameOf(choice.representative) ?? choice.representative;
    zoneLine.textContent = "";
    fill(place, loading(choice.range === "week" ? _("Loading the week …") : _("Loading the day …")));
  }
  place.setAttribute("aria-busy", "true");
  return loader.run();
}

/** Bring up to date what is shown, without a word. */
function refresh() {
  if (later || !shown) return;
  const due = Math.max(0, loadedAt + QUIET_MS - performance.now());
  later = window.setTimeout(() => {
    later = 0;
    if (!loader.isTrying) loader.run();
  }, due);
}

/** @param {AbortSignal} signal */
async function load(signal) {
  const choice = chosen();
  if (choice.representative === null) return;
  loadedAt = performance.now();
  try {
    const report = await api("GET", pathOf(choice), undefined, { signal });
    show(report, JSON.stringify(choice));
  } catch (error) {
    if (!signal.aborted && shown?.asked !== JSON.stringify(choice)) shown = null;
    throw error;
  } finally {
    if (!signal.aborted) place.removeAttribute("aria-busy");
  }
}

/** @param {Choice} choice @param {string} [format] of a file */
function pathOf({ representative, day, range }, format) {
  return withQuery(`/api/v1/reports/representatives/${encodeURIComponent(String(representative))}`, { range, day, week_start: weekStart(), format });
}

/** @param {Report} report @param {string} asked */
function show(report, asked) {
  const text = JSON.stringify(report);
  if (shown?.text === text && shown.asked === asked) return;
  const isSame = shown?.asked === asked;
  shown = { report, text, asked };
  const now = Date.now();
  const choice = chosen();
  describe(report, dayOf(now, report.time_zone));
  if (!isSame) status.textContent = summaryOf(report);
  const focused = isSame && place.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  const { parts, view } = reportParts(report, {
    now,
    addressOf: (day) => addressOf({ ...choice, day }),
    dayAddressOf: (day) => addressOf({ ...choice, day, range: "day" }),
    exportOf: (format) => pathOf({ ...choice, day: report.day }, format),
    view: isSame ? viewOf() : null,
  });
  viewOf = view;
  fill(place, ...parts);
  const found = focused && place.querySelector(focused);
  if (found instanceof HTMLElement) found.focus({ preventScroll: true });
}

/** @param {Report} report @param {string} today */
function describe(report, today) {
  const isWeek = report.range === "week";
  const period = periodOf(report);
  document.title = `${report.name}, ${isWeek ? period : report.day} · ${_("Supervision")} · Caseclock`;
  title.textContent = report.name;
  zoneLine.textContent = _("{day} · all times in {zone}", { day: period, zone: report.time_zone });
  dayInput.value = report.day;
  dayInput.max = today;
  name(previous, isWeek ? _("Previous week") : _("Previous day"));
  name(next, isWeek ? _("Next week") : _("Next day"));
  next.disabled = daysOf(report).some(({ day }) => day >= today);
}

/** @param {HTMLElement} element @param {string} text */
function name(element, text) {
  element.setAttribute("aria-label", text);
  element.title = text;
}

/** A selector that finds an element again after it was made anew, if it has a name. @param {Element | null} element */
function keyOf(element) {
  if (!(element instanceof HTMLElement)) return null;
  const { key, day, testid } = element.dataset;
  if (key) return `[data-key="${CSS.escape(key)}"]`;
  if (day) return `[data-day="${CSS.escape(day)}"]`;
  return testid ? `[data-testid="${CSS.escape(testid)}"]` : null;
}
