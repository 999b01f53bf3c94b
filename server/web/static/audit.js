// @ts-check
// The audit log: filters that the address keeps, entries in words, older ones beneath when they are asked for.
import { byId, choose, suggestCases, suggestPeople } from "/static/admin-parts.js";
import { sentencesOf, subjectOf } from "/static/audit-words.js";
import { addDays, dateIn, dayStarts, exactTime } from "/static/days.js";
import { empty, fill, h, loading } from "/static/dom.js";
import { api, withQuery } from "/static/http.js";
import { _, ngettext, number } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

const PATH = "/api/v1/audit-log";
const AT_ONCE = 50;

/** @typedef {import("./audit-words.js").Entry} Entry */
/** @typedef {{items: Entry[], next_cursor: string | null}} EntryPage */

const zone = byId("audit").dataset.timeZone ?? "UTC";
const filters = byId("filters", HTMLFormElement);
const actions = byId("filter-action", HTMLSelectElement);
const place = byId("entries");
const pager = byId("pager");
const status = byId("entries-status");
const title = byId("entries-title");
const older = h("button", { type: "button", class: "btn btn-outline-secondary", "data-testid": "older", onclick: askOlder }, _("Older entries"));
const list = h("ol", { class: "audit-list", "aria-labelledby": "entries-title" });
const newest = new Loader({ place, load: loadNewest, landing: () => title });
const following = new Loader({ place: pager, load: loadOlder, landing: () => title });
/** What was asked for, in the words of the API. @type {Record<string, string>} */
let query = {};
/** @type {string | null} */
let cursor = null;

filters.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
byId("clear-filters").addEventListener("click", () => {
  filters.reset();
  begin();
});
fromAddress();
begin();
suggestNames();

function begin() {
  if (!filters.reportValidity()) return;
  const values = Object.fromEntries([...new FormData(filters)].map(([name, value]) => [name, String(value).trim()]));
  history.replaceState(null, "", withQuery(location.pathname, values));
  const { from, until, ...rest } = values;
  query = Object.fromEntries(Object.entries(rest).filter(([, value]) => value));
  if (from) query.since = new Date(dayStarts(from, zone)).toISOString();
  if (until) query.until = new Date(dayStarts(addDays(until, 1), zone)).toISOString();
  cursor = null;
  fill(pager);
  status.textContent = "";
  fill(place, loading(_("Loading the entries …")));
  newest.run();
}

/** @param {AbortSignal} signal */
async function loadNewest(signal) {
  const page = await api("GET", withQuery(PATH, { ...query, limit: AT_ONCE }), undefined, { signal });
  fill(list);
  fill(place, page.items.length ? list : empty(Object.keys(query).length ? _("No entry fits these filters.") : _("There are no entries yet.")));
  add(page);
}

function askOlder() {
  older.disabled = true;
  following.run();
}

/** A late try, for entries that are no longer asked for, brings none. @param {AbortSignal} signal */
async function loadOlder(signal) {
  if (!cursor) return;
  const wanted = query;
  const page = await api("GET", withQuery(PATH, { ...wanted, limit: AT_ONCE, cursor }), undefined, { signal });
  if (wanted !== query) return;
  const first = list.childElementCount;
  add(page);
  list.children[first]?.querySelector("summary")?.focus();
}

/** @param {EntryPage} page */
function add({ items, next_cursor: next }) {
  cursor = next;
  list.append(...items.map(entry));
  older.disabled = false;
  fill(pager, next && older);
  const shown = list.childElementCount;
  const count = { n: number(shown) };
  if (next) status.textContent = _("The newest {n} entries are shown.", count);
  else status.textContent = shown ? ngettext("{n} entry, which is all.", "{n} entries, which are all.", shown, count) : "";
}

/** @param {Entry} entry */
function entry(entry) {
  const at = Date.parse(entry.at);
  const subject = subjectOf(entry);
  const said = sentencesOf(entry, zone);
  return h(
    "li",
    { class: "audit-entry", "data-testid": "entry", "data-id": entry.id, "data-action": entry.action },
    h("p", { class: "audit-when" }, h("time", { datetime: entry.at }, `${dateIn(at, zone)}, ${exactTime(at, zone)}`)),
    h(
      "div",
      { class: "audit-who" },
      h("p", null, entry.actor === "system" ? _("the system") : entry.actor),
      entry.address && h("p", { class: "muted" }, _("from {address}", { address: entry.address })),
    ),
    h(
      "div",
      { class: "audit-what" },
      h("p", null, h("strong", null, nameOf(entry.action)), subject && ` · ${subject}`),
      said.length > 0 && h("ul", { "data-testid": "sentences" }, ...said.map((sentence) => h("li", null, sentence))),
      asWritten(entry),
    ),
  );
}

/** @param {Entry} entry */
function asWritten({ id, action, subject, details, hash }) {
  const pairs = [[_("Action"), action], [_("Done to"), subject], [_("Hash"), hash]];
  return h(
    "details",
    { "data-testid": "as-written" },
    h("summary", null, _("Entry {id} as it was written", { id })),
    h("dl", null, ...pairs.filter(([, value]) => value).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))),
    Object.keys(details).length > 0 && h("pre", null, JSON.stringify(details, null, 2)),
  );
}

/** @param {string} action */
function nameOf(action) {
  return [...actions.options].find((option) => option.value === action)?.text ?? action;
}

function fromAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = filters.elements.namedItem(name);
    if (field instanceof HTMLSelectElement) choose(field, value);
    else if (field instanceof HTMLInputElement) field.value = value;
  }
}

async function suggestNames() {
  await Promise.all([suggestPeople("known-people"), suggestCases("known-subjects")]);
  byId("known-subjects").append(...[...byId("known-people").children].map((person) => person.cloneNode(true)));
  byId("known-people").append(h("option", { value: "system" }));
}
