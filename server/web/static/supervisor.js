// @ts-check
// Supervision: who worked on what. The address says which representative and which day are shown.
import { addDays, dayOf, isDay, longDay } from "/static/days.js";
import { reportParts, summaryOf } from "/static/supervisor-report.js";
import { empty, failed, fill, h, loading } from "/static/dom.js";
import { words } from "/static/format.js";
import { api, withQuery } from "/static/http.js";
import { _ } from "/static/i18n.js";

const SEARCH_FROM = 9;

/** @typedef {{representative: string, name: string, time_zone: string, today_seconds: number, week_seconds: number}} Overview */

const page = byId("supervision");
const people = byId("people");
const search = byId("people-search");
const filter = /** @type {HTMLInputElement} */ (byId("people-filter"));
const section = byId("day");
const title = byId("day-title");
const zoneLine = byId("day-zone");
const status = byId("day-status");
const dayInput = /** @type {HTMLInputElement} */ (byId("day-input"));
const nextDay = /** @type {HTMLButtonElement} */ (byId("next-day"));
const reportPlace = byId("day-report");

/** @type {Overview[]} */
let everybody = [];
/** @type {import("./supervisor-report.js").Report | null} */
let shown = null;
/** @type {AbortController | null} */
let asking = null;

byId("refresh").addEventListener("click", () => Promise.all([loadPeople(), loadDay()]));
byId("previous-day").addEventListener("click", () => shown && goTo(shown.representative, addDays(shown.day, -1)));
nextDay.addEventListener("click", () => shown && goTo(shown.representative, addDays(shown.day, 1)));
byId("today").addEventListener("click", () => goTo(chosen().representative, null));
dayInput.addEventListener("change", () => isDay(dayInput.value) && dayInput.validity.valid && goTo(chosen().representative, dayInput.value));
filter.addEventListener("input", drawPeople);
people.addEventListener("click", follow);
reportPlace.addEventListener("click", follow);
addEventListener("popstate", () => {
  drawPeople();
  loadDay();
});
loadPeople().then(showChosen);
loadDay();

/** What the address asks for. @returns {{representative: string | null, day: string | null}} */
function chosen() {
  const asked = new URLSearchParams(location.search);
  const day = asked.get("day");
  return { representative: asked.get("representative") || null, day: isDay(day) ? day : null };
}

/** @param {string | null} representative @param {string | null} day */
function addressOf(representative, day) {
  return withQuery(location.pathname, { representative, day });
}

/** @param {string | null} representative @param {string | null} day today, if it is null */
function goTo(representative, day) {
  history.pushState(null, "", addressOf(representative, day));
  drawPeople();
  return loadDay();
}

/** Follow a link inside the page without loading it anew. @param {MouseEvent} event */
async function follow(event) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  const asked = new URL(link.href).searchParams;
  const focused = link.dataset.day;
  await goTo(asked.get("representative"), asked.get("day"));
  if (focused) focusOn(reportPlace, `[data-day="${CSS.escape(focused)}"]`);
  else title.focus({ preventScroll: innerWidth >= 1024 });
}

async function loadPeople() {
  if (!everybody.length) fill(people, loading(_("Loading the representatives …")));
  try {
    everybody = (await api("GET", "/api/v1/reports/representatives")).items;
    drawPeople();
  } catch (error) {
    fill(people, failed(error, loadPeople));
  }
}

function drawPeople() {
  const { representative } = chosen();
  page.classList.toggle("has-choice", representative !== null);
  search.hidden = everybody.length < SEARCH_FROM;
  if (!everybody.length) return;
  const wanted = filter.value.trim().toLowerCase();
  const found = everybody.filter((one) => `${one.name} ${one.representative}`.toLowerCase().includes(wanted));
  if (!found.length) return fill(people, empty(_("Nobody of that name.")));
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.representative : undefined;
  const most = Math.max(1, ...everybody.map((one) => one.week_seconds));
  fill(people, peopleTable(found, { representative, most }));
  if (focused) focusOn(people, `[data-representative="${CSS.escape(focused)}"]`);
}

/** @param {Overview[]} found @param {{representative: string | null, most: number}} options */
function peopleTable(found, { representative, most }) {
  const column = (/** @type {string} */ name, look = "") => h("th", { scope: "col", class: look }, name);
  return h(
    "table",
    { class: "table people-table", "data-testid": "representatives-table" },
    h("caption", { class: "visually-hidden" }, _("Representatives with their time of today and of the last seven days")),
    h("thead", null, h("tr", null, column(_("Name")), column(_("Today"), "text-end"), column(_("7 days"), "text-end"))),
    h("tbody", null, ...found.map((one) => personRow(one, { isChosen: one.representative === representative, most }))),
  );
}

/** @param {Overview} one @param {{isChosen: boolean, most: number}} options */
function personRow(one, { isChosen, most }) {
  const bar = h("span", { class: "share-bar" });
  bar.style.width = `${(one.week_seconds / most) * 100}%`;
  const link = h(
    "a",
    { href: addressOf(one.representative, chosen().day), "aria-current": isChosen ? "true" : null, "data-representative": one.representative, "data-testid": `representative-${one.representative}` },
    one.name,
  );
  return h(
    "tr",
    { class: isChosen ? "is-chosen" : null },
    h("th", { scope: "row" }, link, h("span", { class: "person-zone" }, one.time_zone)),
    h("td", { class: "text-end text-nowrap", "data-testid": "today-time" }, words(one.today_seconds)),
    h("td", { class: "text-end text-nowrap", "data-testid": "week-time" }, words(one.week_seconds), h("span", { class: "share", "aria-hidden": "true" }, bar)),
  );
}

/** Bring the chosen one into view where the list is long. */
function showChosen() {
  const row = people.querySelector("tr.is-chosen");
  const panel = people.closest(".people");
  if (row && panel) panel.scrollTop += row.getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom + row.clientHeight;
}

async function loadDay() {
  const { representative, day } = chosen();
  asking?.abort();
  section.hidden = representative === null;
  if (representative === null) return void (shown = null);
  const mine = (asking = new AbortController());
  const isSame = shown?.representative === representative;
  if (!isSame) {
    shown = null;
    title.textContent = everybody.find((one) => one.representative === representative)?.name ?? representative;
    zoneLine.textContent = "";
    fill(reportPlace, loading(_("Loading the day …")));
  }
  reportPlace.setAttribute("aria-busy", "true");
  try {
    const path = withQuery(`/api/v1/reports/representatives/${encodeURIComponent(representative)}`, { day });
    drawDay(await api("GET", path, undefined, { signal: mine.signal }));
  } catch (error) {
    if (mine.signal.aborted) return;
    shown = null;
    byId("day-choice").hidden = true;
    fill(reportPlace, failed(error, loadDay));
  } finally {
    if (asking === mine) reportPlace.removeAttribute("aria-busy");
  }
}

/** @param {import("./supervisor-report.js").Report} report */
function drawDay(report) {
  shown = report;
  byId("day-choice").hidden = false;
  const now = Date.now();
  const today = dayOf(now, report.time_zone);
  document.title = `${report.name}, ${report.day} · ${_("Supervision")} · Caseclock`;
  title.textContent = report.name;
  zoneLine.textContent = _("{day} · all times in {zone}", { day: longDay(report.day), zone: report.time_zone });
  dayInput.value = report.day;
  dayInput.max = today;
  nextDay.disabled = report.day >= today;
  status.textContent = summaryOf(report);
  fill(reportPlace, ...reportParts(report, { now, addressOf: (day) => addressOf(report.representative, day) }));
}

/** @param {HTMLElement} place @param {string} selector */
function focusOn(place, selector) {
  const found = place.querySelector(selector);
  if (found instanceof HTMLElement) found.focus();
}

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`supervisor.html has no element #${id}`);
  return found;
}
