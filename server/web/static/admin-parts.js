// @ts-check
// What the parts of the administration page share, and the audit log with them: elements, sentences about errors and
// records, suggestions, dialogs, rules.
import { dayOf, dayStarts } from "/static/days.js";
import { fill, h } from "/static/dom.js";
import { words } from "/static/format.js";
import { ApiError, api } from "/static/http.js";
import { _, ngettext, number } from "/static/i18n.js";

const SUGGESTED_CASES = 200;

/** @typedef {{case?: string, representative?: string, status?: string, since?: string, before?: string, up_to_id?: number}} Rule */
/** @typedef {{records: number, duration_seconds: number, dry_run: boolean, bytes?: number | null, up_to_id?: number}} PurgeResult */

/**
 * The element of that id, which is of that class.
 * @template {typeof HTMLElement} [C=typeof HTMLElement]
 * @param {string} id
 * @param {C} [kind]
 * @returns {InstanceType<C>}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`The page has no such element #${id}`);
  return /** @type {InstanceType<C>} */ (found);
}

/** What went wrong, in the server's own sentences about the fields where it named them. @param {unknown} error */
export function problemOf(error) {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  return sentencesIn(error.errors).join(" ") || error.detail;
}

/** @param {string} text */
export function notice(text) {
  return h("p", { class: "notice notice-danger", role: "alert", "data-testid": "problem" }, text);
}

/** `1,204 records`. @param {number} count */
export function recordsOf(count) {
  return ngettext("{n} record", "{n} records", count, { n: number(count) });
}

/** `1,204 records, 37 h 12 min`. @param {PurgeResult} result */
export function amountOf(result) {
  return _("{records}, {duration} of automatic time", { records: recordsOf(result.records), duration: words(result.duration_seconds) });
}

/** What a purge frees, in words; nothing where the database does not say. @param {number | null | undefined} bytes */
export function roomOf(bytes) {
  if (bytes === null || bytes === undefined) return "";
  return _("About {size} of the database become free for new records.", { size: sizeOf(bytes) });
}

/** `18 MB`. @param {number} bytes */
export function sizeOf(bytes) {
  const [unit, size] = /** @type {[string, number][]} */ ([["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]).find(([, one]) => bytes >= one) ?? ["B", 1];
  return `${number(Math.round(bytes / size))} ${unit}`;
}

/**
 * The rule that the fields of a form say; what is left empty is left out.
 * @param {HTMLFormElement} form @param {string} zone in which a day begins
 * @returns {Rule}
 */
export function ruleOf(form, zone) {
  const values = new FormData(form);
  const text = (/** @type {string} */ name) => String(values.get(name) ?? "").trim();
  /** @type {Rule} */
  const rule = {};
  if (text("case")) rule.case = text("case");
  if (text("representative")) rule.representative = text("representative").toLowerCase();
  if (text("status")) rule.status = text("status");
  for (const name of /** @type {("since" | "before")[]} */ (["since", "before"])) {
    if (text(name)) rule[name] = new Date(dayStarts(text(name), zone)).toISOString();
  }
  return rule;
}

/**
 * `case CAS-1001, resolved cases, ended before 2026-08-20`; its days are those of the zone.
 * @param {(Rule & {resolved_only?: boolean}) | null} rule
 * @param {string} zone
 */
export function ruleInWords(rule, zone) {
  if (!rule) return _("selected records");
  const status = rule.resolved_only ? "resolved" : rule.status;
  return [
    rule.case && _("case {case}", { case: rule.case }),
    rule.representative && _("representative {representative}", { representative: rule.representative }),
    status && { active: _("active cases"), resolved: _("resolved cases") }[status],
    rule.since && _("ended from {day}", { day: dayOf(Date.parse(rule.since), zone) }),
    rule.before && _("ended before {day}", { day: dayOf(Date.parse(rule.before), zone) }),
  ].filter(Boolean).join(", ");
}

/** `done`. @param {string} state of a purge */
export function purgeState(state) {
  return /** @type {Record<string, string>} */ ({ running: _("running"), cancelled: _("cancelled"), done: _("done"), failed: _("failed") })[state] ?? state;
}

/** Choose an option if there is such a one. @param {HTMLSelectElement} field @param {string | null} value */
export function choose(field, value) {
  if ([...field.options].some((option) => option.value === value)) field.value = value ?? "";
}

/** Suggest cases for a field, by its list of options. @param {string} id */
export function suggestCases(id) {
  return suggest(id, `/api/v1/cases?limit=${SUGGESTED_CASES}`, (item) => [item.ref, item.title]);
}

/** Suggest people for a field, by its list of options. @param {string} id */
export function suggestPeople(id) {
  return suggest(id, "/api/v1/reports/representatives", (item) => [item.representative, item.name]);
}

/**
 * Suggestions for a field; without them it can still be typed into.
 * @param {string} id @param {string} path @param {(item: any) => [string, string]} read
 */
async function suggest(id, path, read) {
  try {
    const { items } = await api("GET", path);
    fill(byId(id), ...items.map(read).map(([value, label]) => h("option", { value, label: `${value} · ${label}` })));
  } catch (error) {
    console.debug("caseclock: no suggestions:", error);
  }
}

/**
 * A modal dialog: its `data-close` buttons and Escape close it, unless it is busy.
 * @param {HTMLDialogElement} dialog
 * @returns {{open: () => void, close: () => void, busy: (isBusy: boolean) => void}}
 */
export function modal(dialog) {
  let isBusy = false;
  dialog.addEventListener("cancel", (event) => isBusy && event.preventDefault());
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
  return {
    open: () => dialog.showModal(),
    close: () => dialog.close(),
    busy(now) {
      isBusy = now;
      dialog.setAttribute("aria-busy", String(now));
      for (const button of dialog.querySelectorAll("button[data-close]")) button.toggleAttribute("disabled", now);
    },
  };
}

/** The sentences in what the API says of a field, however deep. @param {unknown} found @returns {string[]} */
export function sentencesIn(found) {
  if (typeof found === "string") return [found];
  return found && typeof found === "object" ? Object.values(found).flatMap(sentencesIn) : [];
}
