// @ts-check
// Reports: how long cases take, by whom and when. The address says what is shown, so that it can be sent to somebody.
import { byId, suggestCases } from "/static/admin-parts.js";
import { dayOf } from "/static/days.js";
import { fill, h, loading } from "/static/dom.js";
import { _, ngettext, number } from "/static/i18n.js";
import { Loader } from "/static/loader.js";
import { clearCharts } from "/static/reports-charts.js";
import { addressOf, choiceIn, isPeriod } from "/static/reports-choice.js";
import { arePeopleOfACase, caseOf, everybody, groupsOf, trendOf } from "/static/reports-data.js";
import { offer, onChoice, showChoice } from "/static/reports-form.js";
import { casePanel, files, groupsChart, nothing, tiles, trendPanel } from "/static/reports-parts.js";
import { daysName, rough } from "/static/reports-series.js";
import { groupTable } from "/static/reports-table.js";

const zone = byId("reports").dataset.timeZone ?? "UTC";
const today = () => dayOf(Date.now(), zone);
const title = byId("report-title");
const status = byId("report-status");
const place = byId("report");
const pager = h("div", { class: "pager" });
const count = h("p", { class: "muted", role: "status", "data-testid": "groups-status" });
const more = h("button", { type: "button", class: "btn btn-outline-secondary", "data-testid": "more", onclick: askMore }, _("Show more"));
const report = new Loader({ place, load, landing: () => title });
const following = new Loader({ place: pager, load: loadMore, landing: () => title });
/** @type {import("./reports-choice.js").Choice} */
let choice;
/** @type {string | null} */
let cursor = null;
/** @type {ReturnType<typeof groupTable> | null} */
let table = null;
let knowsPeople = false;

onChoice(today, (chosen) => {
  history.pushState(null, "", addressOf(chosen));
  begin();
});
addEventListener("popstate", begin);
begin();
suggestCases("known-cases");

function begin() {
  choice = choiceIn(location.search, today());
  history.replaceState(null, "", addressOf(choice));
  showChoice(choice, today());
  title.textContent = daysName(choice);
  document.title = `${daysName(choice)} · ${_("Reports")} · Caseclock`;
  status.textContent = "";
  cursor = table = null;
  clearCharts();
  fill(place, loading(_("Loading the report …")));
  report.run();
}

/** @param {AbortSignal} signal */
async function load(signal) {
  const people = knowsPeople ? null : everybody(signal);
  const [groups, trend, head] = await Promise.all([groupsOf(choice, null, signal), trendOf(choice, signal), caseOf(choice, signal), people?.then(offer)]);
  knowsPeople = true;
  const panel = head && casePanel(head, choice, { zone, today: today() });
  status.textContent = _("{total} of handling time in {days}.", { total: rough(groups.totals.total_seconds), days: daysName(choice) });
  if (!groups.items.length) return fill(place, panel, nothing(choice));
  const over = trendPanel(trend, choice);
  const below = groupsPanel(groups);
  fill(place, panel, tiles(groups.totals, choice), over.panel, below.panel);
  over.draw();
  below.draw();
}

/** @param {import("./reports-data.js").Groups} groups */
function groupsPanel(groups) {
  const name = groupsTitle();
  const chart = groupsChart(groups.items, choice, name);
  table = groupTable(choice, groups.totals, name);
  add(groups);
  const order = isPeriod(choice.by) ? _("In the order of time.") : _("The most time first.");
  const panel = h(
    "section",
    { class: "panel", "aria-labelledby": "groups-title" },
    h("h2", { id: "groups-title", tabindex: -1 }, name),
    chart && h("figure", null, chart.frame),
    h("p", { class: "muted" }, order, " ", _("A file holds all of it, with durations that a spreadsheet can add up.")),
    files("handling-time", choice, _("The table as a file:")),
    table.table,
    count,
    pager,
  );
  return { panel, draw: () => chart?.draw() };
}

function groupsTitle() {
  if (arePeopleOfACase(choice)) return _("Who worked on {case}", { case: choice.case ?? "" });
  return { case: _("Time by case"), representative: _("Time by representative"), team: _("Time by team"), day: _("Days with time"), week: _("Weeks with time"), month: _("Months with time") }[choice.by] ?? "";
}

/** @param {import("./reports-data.js").Groups} groups */
function add({ items, next_cursor: next }) {
  table?.add(items);
  cursor = next;
  more.disabled = false;
  fill(pager, next && more);
  const shown = table?.length ?? 0;
  const values = { n: number(shown) };
  count.textContent = next ? _("The first {n} rows are shown.", values) : ngettext("{n} row, which is all.", "{n} rows, which are all.", shown, values);
}

function askMore() {
  more.disabled = true;
  following.run();
}

/** A late try, for a report that is no longer asked for, brings nothing. @param {AbortSignal} signal */
async function loadMore(signal) {
  const wanted = table;
  if (!cursor || !wanted) return;
  const groups = await groupsOf(choice, cursor, signal);
  if (wanted !== table) return;
  const first = wanted.length;
  add(groups);
  wanted.link(first)?.focus();
}
