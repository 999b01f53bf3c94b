// @ts-check
// The list of tracker records: filters, pages by cursor, a selection on the page that is shown.
//
// Pages are found by where the page before ended, so the thousandth costs as much as the first; the
// cursors of the pages that were seen are kept for the way back. How many fit the filter is asked apart,
// and only where that may have changed: the list does not wait for it.
import { byId, choose, recordsOf, ruleOf } from "/static/admin-parts.js";
import { endedBy, startedBy } from "/static/supervisor-causes.js";
import { dateIn, dayOf, exactTime, isDay } from "/static/days.js";
import { empty, fill, h, loading } from "/static/dom.js";
import { clock } from "/static/format.js";
import { api, withQuery } from "/static/http.js";
import { _, number } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

const PATH = "/api/v1/tracker-records";

/** @typedef {import("./admin-parts.js").Rule} Rule */
/** @typedef {{items: TrackerRecord[], next_cursor: string | null}} RecordPage */
/** @typedef {{count: number, count_is_exact: boolean}} Fitting */
/** @typedef {{id: number, case: string, representative: string, name: string, started_at: string, ended_at: string, duration_seconds: number, started_by: string, ended_by: string}} TrackerRecord */

/**
 * @param {{zone: string, onDelete: (ids: number[]) => void, onDeleteMatching: () => void}} options
 * @returns {{reload: (done: string) => Promise<void>, rule: () => FormData}} `reload` shows the page anew and says what was done
 */
export function startRecords({ zone, onDelete, onDeleteMatching }) {
  const filters = byId("filters", HTMLFormElement);
  const place = byId("records");
  const status = byId("records-status");
  const pager = byId("pager");
  const newer = byId("newer", HTMLButtonElement);
  const older = byId("older", HTMLButtonElement);
  const size = byId("page-size", HTMLSelectElement);
  const all = byId("select-all", HTMLInputElement);
  const sort = byId("sort", HTMLSelectElement);
  const remove = byId("delete-selected", HTMLButtonElement);
  const matching = byId("delete-matching", HTMLButtonElement);
  const hint = byId("matching-hint");
  const list = new Loader({ place, load, landing: () => byId("records-title") });
  const counting = new Loader({ place: status, load: count, landing: () => null, shows: () => false });
  /** @type {(string | null)[]} the cursor of each page up to the one that is shown */
  let cursors = [null];
  /** @type {string | null} */
  let following = null;
  /** @type {Rule} */
  let rule = {};
  /** @type {AbortSignal | null} of the newest try */
  let newest = null;
  /** What was done, to be said with what is shown next. */
  let done = "";
  /** How many records the filter fits; null until that is known. @type {Fitting | null} */
  let fitting = null;
  /** @type {number | null} */
  let lastTicked = null;

  filters.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(true);
  });
  for (const choice of [size, sort]) choice.addEventListener("change", () => begin());
  matching.addEventListener("click", onDeleteMatching);
  byId("clear-filters").addEventListener("click", () => {
    filters.reset();
    begin(true);
  });
  older.addEventListener("click", () => following && turn([...cursors, following]));
  newer.addEventListener("click", () => turn(cursors.slice(0, -1)));
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    showSelection();
  });
  place.addEventListener("change", showSelection);
  place.addEventListener("click", tickRange);
  remove.addEventListener("click", () => onDelete(selected()));
  fromAddress();
  begin(true);

  return {
    rule: () => new FormData(filters),
    async reload(what) {
      done = what;
      countAnew();
      await list.run();
      byId("records-title").focus();
    },
  };

  /** @param {boolean} [isAsked] whether somebody asked for that filter; else they changed how the list is shown */
  function begin(isAsked = false) {
    if (!filters.reportValidity()) return;
    const before = JSON.stringify(rule);
    rule = ruleOf(filters, zone);
    cursors = [null];
    done = "";
    toAddress();
    if (isAsked || JSON.stringify(rule) !== before) countAnew();
    if (!place.querySelector("table")) fill(place, loading(_("Loading the records …")));
    return list.run();
  }

  /** @param {(string | null)[]} to */
  async function turn(to) {
    cursors = to.length ? to : [null];
    done = "";
    await list.run();
    byId("records-title").scrollIntoView({ block: "nearest" });
  }

  /** The page that is asked for, or the one before where it is empty by now. @param {AbortSignal} signal @returns {Promise<void>} */
  async function load(signal) {
    newest = signal;
    place.setAttribute("aria-busy", "true");
    try {
      const query = { ...rule, sort: sort.value, limit: size.value, cursor: cursors.at(-1) };
      const page = await api("GET", withQuery(PATH, query), undefined, { signal });
      if (page.items.length || cursors.length === 1) return draw(page);
      cursors = cursors.slice(0, -1);
      return await load(signal);
    } catch (error) {
      if (newest === signal) leave();
      throw error;
    } finally {
      if (newest === signal) place.removeAttribute("aria-busy");
    }
  }

  /** Whether what is shown is still that of before. */
  function isOld() {
    return place.hasAttribute("aria-busy");
  }

  function countAnew() {
    fitting = null;
    counting.run();
  }

  /** @param {AbortSignal} signal */
  async function count(signal) {
    fitting = await api("GET", withQuery(PATH, { ...rule, limit: 1, count: true }), undefined, { signal });
    if (isOld()) return;
    showStatus();
    showSelection();
  }

  /** Nothing is shown, so nothing can be chosen. */
  function leave() {
    if (!list.isHindered) fill(place);
    pager.hidden = true;
    status.textContent = "";
    showSelection();
  }

  /** @param {RecordPage} page */
  function draw({ items, next_cursor: next }) {
    following = next;
    lastTicked = null;
    place.removeAttribute("aria-busy");
    fill(place, items.length ? table(items, zone, sort.value) : empty(Object.keys(rule).length ? _("No record fits these filters.") : _("There are no tracker records yet.")));
    const first = (cursors.length - 1) * Number(size.value);
    const range = items.length ? `${number(first + 1)} – ${number(first + items.length)}` : "";
    byId("page-range").textContent = range;
    pager.hidden = !next && cursors.length === 1;
    keepFocus(newer, cursors.length === 1, older);
    keepFocus(older, !next, newer);
    showSelection();
    showStatus();
  }

  function showStatus() {
    const listed = boxes().length;
    status.textContent = [done, listed && onThisPage(recordsOf(listed), inAll(fitting, listed))].filter(Boolean).join(" ");
  }

  function showSelection() {
    const [listed, chosen] = [boxes().length, selected().length];
    all.disabled = listed === 0;
    all.checked = listed > 0 && chosen === listed;
    all.indeterminate = chosen > 0 && chosen < listed;
    const fit = inAll(fitting, listed);
    const isPartOnly = all.checked && fit !== "";
    const isFiltered = Object.keys(rule).length > 0;
    matching.hidden = !isPartOnly || !isFiltered || isOld();
    hint.textContent = isPartOnly && !isFiltered ? _("This page alone is selected. Set a filter to delete all records that fit it, on every page.") : "";
    matching.textContent = _("Delete all that match: {records} …", { records: fit });
    remove.disabled = chosen === 0;
    remove.classList.toggle("btn-danger", chosen > 0);
    remove.classList.toggle("btn-outline-secondary", chosen === 0);
    remove.textContent = chosen ? _("Delete {records} …", { records: recordsOf(chosen) }) : _("Delete selected …");
    for (const box of boxes()) box.closest("tr")?.classList.toggle("is-chosen", box.checked);
  }

  /** With Shift, a click ticks every row from the one ticked before. @param {MouseEvent} event */
  function tickRange(event) {
    if (!(event.target instanceof HTMLInputElement)) return;
    const found = boxes();
    const here = found.indexOf(event.target);
    if (event.shiftKey && lastTicked !== null) {
      const [from, to] = [Math.min(here, lastTicked), Math.max(here, lastTicked)];
      for (const box of found.slice(from, to + 1)) box.checked = event.target.checked;
    }
    lastTicked = here;
  }

  /** @returns {HTMLInputElement[]} */
  function boxes() {
    return [...place.querySelectorAll("input")];
  }

  function selected() {
    return boxes().filter((box) => box.checked).map((box) => Number(box.value));
  }

  function toAddress() {
    const values = new FormData(filters);
    const order = sort.selectedIndex ? sort.value : null;
    history.replaceState(null, "", withQuery(location.pathname, { ...Object.fromEntries(values), sort: order }));
  }

  function fromAddress() {
    const asked = new URLSearchParams(location.search);
    const set = (/** @type {string} */ name, /** @type {string | null} */ value) => (byId(`filter-${name}`, HTMLInputElement).value = value ?? "");
    set("case", asked.get("case"));
    set("representative", asked.get("representative"));
    for (const name of ["since", "before"]) set(name, isDay(asked.get(name)) ? asked.get(name) : null);
    choose(byId("filter-status", HTMLSelectElement), asked.get("status"));
    choose(sort, asked.get("sort"));
  }
}

/** @param {TrackerRecord[]} items @param {string} zone @param {string} order */
function table(items, zone, order) {
  const columns = [
    column(h("span", { class: "visually-hidden" }, _("Select")), "record-select"),
    column(_("Id"), "text-end"),
    ...[_("Case"), _("Representative"), _("Started")].map((name) => column(name)),
    column(_("Ended"), "", { "-ended_at": "descending", ended_at: "ascending" }[order]),
    column(_("Duration"), "text-end", order === "-duration" ? "descending" : ""),
    ...[_("Started by"), _("Ended by")].map((name) => column(name)),
  ];
  return h(
    "table",
    { class: "table records-table", role: "table", "data-testid": "records-table" },
    h("caption", { class: "visually-hidden" }, _("Tracker records")),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...columns)),
    h("tbody", { role: "rowgroup" }, ...items.map((item) => row(item, zone))),
  );
}

/** @param {Node | string} name @param {string} [look] @param {string} [order] */
function column(name, look, order) {
  return h("th", { role: "columnheader", scope: "col", class: look || null, "aria-sort": order || null }, name);
}

/** How many fit, in words; empty where all of them are on the page, or that is not known yet. @param {Fitting | null} fitting @param {number} listed */
function inAll(fitting, listed) {
  if (!fitting || fitting.count <= listed) return "";
  const records = recordsOf(fitting.count);
  return fitting.count_is_exact ? records : _("more than {records}", { records });
}

/** @param {string} records @param {string} fitting */
function onThisPage(records, fitting) {
  return fitting ? _("{records} on this page, {fitting} in all.", { records, fitting }) : _("{records} on this page.", { records });
}

/** @param {TrackerRecord} item @param {string} zone */
function row(item, zone) {
  const cell = (/** @type {string} */ name, /** @type {Node | string | number} */ content, /** @type {Record<string, unknown>} */ more = {}) => h("td", { role: "cell", class: `record-${name}`, ...more }, content);
  const [started, ended] = [Date.parse(item.started_at), Date.parse(item.ended_at)];
  const id = `record-${item.id}`;
  const label = _("Select record {id}: {case}, {name}", { id: item.id, case: item.case, name: item.name });
  return h(
    "tr",
    { role: "row", "data-testid": "record", "data-id": item.id },
    cell("select", h("input", { type: "checkbox", class: "form-check-input", id, value: item.id, "aria-label": label, "data-testid": "select-record" })),
    cell("id", item.id, { "data-label": _("no.") }),
    h("th", { role: "rowheader", scope: "row", class: "record-case", title: item.case }, item.case),
    cell("representative", item.name, { title: item.representative }),
    cell("started", `${dateIn(started, zone)}, ${exactTime(started, zone)}`, { title: item.started_at }),
    cell("ended", dayOf(started, zone) === dayOf(ended, zone) ? exactTime(ended, zone) : `${dateIn(ended, zone)}, ${exactTime(ended, zone)}`, { title: item.ended_at }),
    cell("duration", clock(item.duration_seconds)),
    cell("started-by", startedBy(item.started_by), { "data-label": _("Started:") }),
    cell("ended-by", endedBy(item.ended_by), { "data-label": _("Ended:") }),
  );
}

/** Disable a button without losing the focus that is on it. @param {HTMLButtonElement} button @param {boolean} isOff @param {HTMLButtonElement} other */
function keepFocus(button, isOff, other) {
  const hadFocus = document.activeElement === button;
  button.disabled = isOff;
  if (isOff && hadFocus) {
    other.disabled = false;
    other.focus();
  }
}
