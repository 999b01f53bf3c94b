// @ts-check
// Purge by rule, in two steps: count what the rule fits, then type that number to delete it.
import { amountOf, byId, modal, notice, problemOf, recordsOf, roomOf, ruleOf } from "/static/admin-parts.js";
import { dayOf, monthsBefore } from "/static/days.js";
import { fill, h, loading } from "/static/dom.js";
import { api } from "/static/http.js";
import { _ } from "/static/i18n.js";
import { say } from "/static/messages.js";

const PATH = "/api/v1/tracker-records/purge";

/** @typedef {import("./admin-parts.js").Rule} Rule */

/**
 * @param {{zone: string, onDone: (done: string) => unknown, onStarted: () => unknown, ruleOfList: () => FormData}} options
 *   `ruleOfList` is what the list is filtered by; `onDone` hears of a purge that is done, `onStarted` of one that is under way
 * @returns {{openCounted: () => void}} opens the dialog with the rule of the list and counts what it fits
 */
export function startPurge({ zone, onDone, onStarted, ruleOfList }) {
  const dialog = modal(byId("purge-dialog", HTMLDialogElement));
  const form = byId("purge-form", HTMLFormElement);
  const fields = byId("purge-fields", HTMLFieldSetElement);
  const result = byId("purge-result");
  const problem = byId("purge-problem");
  const confirmation = byId("purge-confirmation");
  const typed = byId("purge-typed", HTMLInputElement);
  const count = byId("purge-count", HTMLButtonElement);
  const confirm = byId("purge-confirm", HTMLButtonElement);
  const before = byId("purge-before", HTMLInputElement);
  const since = byId("purge-since", HTMLInputElement);
  /** @type {{rule: Rule, records: number} | null} what was counted, and is still what the fields say */
  let counted = null;

  byId("open-purge").addEventListener("click", open);
  fields.addEventListener("input", forget);
  for (const button of fields.querySelectorAll("[data-months]")) {
    button.addEventListener("click", () => {
      before.value = monthsBefore(dayOf(Date.now(), zone), Number(button.getAttribute("data-months")));
      forget();
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!counted) find();
    else if (!confirm.disabled) remove();
  });
  typed.addEventListener("input", allow);
  confirm.addEventListener("click", remove);
  return {
    openCounted() {
      open();
      find();
    },
  };

  function open() {
    form.reset();
    for (const [name, value] of ruleOfList()) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = String(value);
    }
    forget();
    dialog.open();
  }

  /** A rule that was changed must be counted again. */
  function forget() {
    counted = null;
    typed.value = "";
    confirmation.hidden = confirm.hidden = true;
    count.hidden = false;
    fill(result);
    fill(problem);
  }

  async function find() {
    const rule = ruleOf(form, zone);
    forget();
    if (!before.validity.valid || !since.validity.valid) return fill(problem, notice(_("Write the date in full, or leave it empty.")));
    if (!Object.keys(rule).length) return fill(problem, notice(_("Set at least one condition: an empty rule would delete every record.")));
    fill(result, loading(_("Counting …")));
    count.disabled = fields.disabled = true;
    try {
      const found = await api("POST", PATH, { rule, dry_run: true });
      if (found.records) showFound(rule, found);
      else fill(result, h("p", { class: "amount" }, _("No record fits this rule. There is nothing to delete.")));
    } catch (error) {
      fill(result);
      fill(problem, notice(problemOf(error)));
    } finally {
      count.disabled = fields.disabled = false;
      (counted ? typed : count).focus();
    }
  }

  /** @param {Rule} rule @param {import("./admin-parts.js").PurgeResult} found */
  function showFound(rule, found) {
    counted = { rule: { ...rule, up_to_id: found.up_to_id }, records: found.records };
    fill(
      result,
      h("p", { class: "amount", "data-testid": "purge-amount", "data-records": found.records }, amountOf(found)),
      h("p", { class: "muted", "data-testid": "purge-room" }, roomOf(found.bytes)),
    );
    confirm.textContent = _("Delete {records}", { records: recordsOf(found.records) });
    confirmation.hidden = confirm.hidden = false;
    count.hidden = true;
    allow();
  }

  function allow() {
    confirm.disabled = !counted || typed.value.replace(/\D/g, "") !== String(counted.records);
  }

  async function remove() {
    if (!counted) return;
    confirm.disabled = fields.disabled = typed.disabled = true;
    dialog.busy(true);
    fill(problem, loading(_("Deleting …")));
    try {
      const gone = await api("POST", PATH, { rule: counted.rule, dry_run: false });
      dialog.close();
      if (gone.state) return void onStarted();
      const done = _("Deleted: {amount}. Totals stay.", { amount: amountOf(gone) });
      say(done);
      onDone(done);
    } catch (error) {
      forget();
      fill(problem, notice(_("{problem} Count again: some of the records may be gone already.", { problem: problemOf(error) })));
    } finally {
      fields.disabled = typed.disabled = false;
      dialog.busy(false);
    }
  }
}
