// @ts-check
// What the parts of the administration page share: elements, sentences about errors and records, dialogs, rules.
import { dayStarts } from "/static/supervisor-days.js";
import { h } from "/static/dom.js";
import { words } from "/static/format.js";
import { ApiError } from "/static/http.js";

/** @typedef {{case?: string, representative?: string, before?: string, resolved_only?: boolean}} Rule */
/** @typedef {{records: number, duration_seconds: number, dry_run: boolean}} PurgeResult */

/**
 * The element of that id, which is of that class.
 * @template {typeof HTMLElement} [C=typeof HTMLElement]
 * @param {string} id
 * @param {C} [kind]
 * @returns {InstanceType<C>}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`admin.html has no such element #${id}`);
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

/** `1,204 records`. @param {number} number */
export function recordsOf(number) {
  return `${number.toLocaleString()} record${number === 1 ? "" : "s"}`;
}

/** `1,204 records, 37 h 12 min`. @param {PurgeResult} result */
export function amountOf(result) {
  return `${recordsOf(result.records)}, ${words(result.duration_seconds)} of automatic time`;
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
  if (text("before")) rule.before = new Date(dayStarts(text("before"), zone)).toISOString();
  if (values.has("resolved_only")) rule.resolved_only = true;
  return rule;
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

/** @param {unknown} found @returns {string[]} */
function sentencesIn(found) {
  if (typeof found === "string") return [found];
  return found && typeof found === "object" ? Object.values(found).flatMap(sentencesIn) : [];
}
