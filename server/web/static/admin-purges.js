// @ts-check
// The purges that were asked for: the ones under way with how far they are, and those that have ended.
//
// The server is asked again only while one runs; after a reload of the page it is found by its state.
import { byId, notice, problemOf, purgeState, recordsOf, ruleInWords, sizeOf } from "/static/admin-parts.js";
import { dateIn, timeOfDay } from "/static/days.js";
import { empty, fill, h, loading } from "/static/dom.js";
import { words } from "/static/format.js";
import { api } from "/static/http.js";
import { _, number } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

const PATH = "/api/v1/purges";
const LISTED = 20;
const AGAIN_MS = 1000;

/** @typedef {import("./admin-parts.js").Rule & {resolved_only?: boolean}} Rule */
/** @typedef {{id: number, rule: Rule | null, requested_by: string | null, name: string | null, requested_at: string, state: "running" | "cancelled" | "done" | "failed", records_expected: number, records_done: number, duration_seconds: number, bytes_estimated: number | null, finished_at: string | null, problem: string}} Purge */

/**
 * @param {{zone: string, onEnded: (done: string) => unknown}} options `onEnded` hears of a purge that ended while it was watched
 * @returns {{reload: () => Promise<void>}}
 */
export function startPurges({ zone, onEnded }) {
  const place = byId("purges");
  const under = byId("purges-running");
  const status = byId("purges-status");
  /** @type {Map<number, ReturnType<typeof bar>>} */
  const bars = new Map();
  const list = new Loader({ place, load, landing: () => byId("purges-title") });
  let timer = 0;

  fill(place, loading());
  reload();
  return { reload };

  function reload() {
    clearTimeout(timer);
    return list.run();
  }

  /** @param {AbortSignal} signal */
  async function load(signal) {
    const [running, listed] = await Promise.all([`${PATH}?state=running`, `${PATH}?limit=${LISTED}`].map((path) => api("GET", path, undefined, { signal })));
    show(running.items, listed.items);
    clearTimeout(timer);
    if (running.items.length) timer = window.setTimeout(reload, AGAIN_MS);
  }

  /** @param {Purge[]} running @param {Purge[]} listed */
  function show(running, listed) {
    for (const purge of running) {
      const known = bars.get(purge.id);
      if (known) known.show(purge);
      else begin(purge);
    }
    for (const id of bars.keys()) {
      if (!running.some((purge) => purge.id === id)) end(id, listed.find((purge) => purge.id === id));
    }
    const ended = listed.filter((purge) => purge.state !== "running");
    fill(place, ended.length ? table(ended, zone) : running.length === 0 && empty(_("Nothing was purged yet.")));
  }

  /** @param {Purge} purge */
  function begin(purge) {
    const made = bar(purge, zone, reload);
    bars.set(purge.id, made);
    under.append(made.element);
    status.textContent = _("A purge of {records} runs.", { records: recordsOf(purge.records_expected) });
  }

  /** @param {number} id @param {Purge} [purge] */
  function end(id, purge) {
    bars.get(id)?.element.remove();
    bars.delete(id);
    const done = purge ? _("Purge {state}: {records} deleted. Totals stay.", { state: purgeState(purge.state), records: recordsOf(purge.records_done) }) : "";
    status.textContent = done;
    onEnded(done);
  }
}

/** A purge under way. @param {Purge} purge @param {string} zone @param {() => void} onCancelled */
function bar(purge, zone, onCancelled) {
  const id = `purge-${purge.id}`;
  const progress = h("progress", { id, max: Math.max(1, purge.records_expected), "data-testid": "purge-progress" });
  const text = h("span", { class: "number", "data-testid": "purge-done" });
  const problem = h("div", null);
  const cancel = h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "data-testid": "purge-stop", onclick: stop }, _("Cancel purge"));
  const element = h(
    "div",
    { class: "purge-running", "data-testid": "purge-running" },
    h("label", { for: id }, `${ruleInWords(purge.rule, zone)} · ${whoseIs(purge)}`),
    progress,
    h("p", { class: "purge-running-foot" }, text, cancel),
    problem,
  );
  show(purge);
  return { element, show };

  /** @param {Purge} now */
  function show(now) {
    progress.value = now.records_done;
    text.textContent = _("{done} of {records}", { done: number(now.records_done), records: recordsOf(now.records_expected) });
  }

  async function stop() {
    cancel.disabled = true;
    try {
      await api("POST", `${PATH}/${purge.id}/cancel`, {});
      onCancelled();
    } catch (error) {
      fill(problem, notice(problemOf(error)));
      cancel.disabled = false;
    }
  }
}

/** @param {Purge[]} purges @param {string} zone */
function table(purges, zone) {
  const names = [_("When"), _("By"), _("What"), _("Deleted"), _("Freed"), _("State")];
  return h(
    "table",
    { class: "table purges-table", role: "table", "data-testid": "purges-table" },
    h("caption", { class: "visually-hidden" }, _("Purges, newest first")),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...names.map((name) => h("th", { role: "columnheader", scope: "col" }, name)))),
    h("tbody", { role: "rowgroup" }, ...purges.map((purge) => row(purge, names, zone))),
  );
}

/** @param {Purge} purge @param {string[]} names @param {string} zone */
function row(purge, names, zone) {
  const at = Date.parse(purge.requested_at);
  const share = purge.records_expected ? purge.records_done / purge.records_expected : 0;
  const freed = purge.bytes_estimated === null ? "–" : _("about {size}", { size: sizeOf(purge.bytes_estimated * Math.min(1, share)) });
  const values = [
    `${dateIn(at, zone)}, ${timeOfDay(at, zone)}`,
    whoseIs(purge),
    ruleInWords(purge.rule, zone),
    `${recordsOf(purge.records_done)}, ${words(purge.duration_seconds)}`,
    freed,
    [purgeState(purge.state), purge.problem].filter(Boolean).join(": "),
  ];
  return h("tr", { role: "row", "data-testid": "purge", "data-id": purge.id, "data-state": purge.state }, ...values.map((value, place) => h("td", { role: "cell", "data-label": names[place] }, value)));
}

/** @param {Purge} purge */
function whoseIs(purge) {
  return purge.name ?? _("retention (system)");
}
