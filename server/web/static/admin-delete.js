// @ts-check
// Deleting the selected records: what they are is counted first, then confirmed.
import { amountOf, byId, modal, notice, problemOf, recordsOf, roomOf } from "/static/admin-parts.js";
import { fill, h, loading } from "/static/dom.js";
import { api } from "/static/http.js";
import { _ } from "/static/i18n.js";
import { Loader } from "/static/loader.js";
import { say } from "/static/messages.js";

const PATH = "/api/v1/tracker-records/purge";

/**
 * @param {{onDone: (done: string) => unknown}} options `onDone` hears what was done
 * @returns {{open: (ids: number[]) => void}}
 */
export function startDeleting({ onDone }) {
  const dialog = modal(byId("delete-dialog", HTMLDialogElement));
  const counted = byId("delete-count");
  const problem = byId("delete-problem");
  const confirm = byId("delete-confirm", HTMLButtonElement);
  const counting = new Loader({ place: counted, load: count, landing: () => byId("delete-title") });
  /** @type {number[]} */
  let chosen = [];

  confirm.addEventListener("click", remove);
  return {
    open(ids) {
      chosen = ids;
      confirm.disabled = true;
      confirm.textContent = _("Delete");
      fill(problem);
      fill(counted, loading(_("Counting …")));
      dialog.open();
      counting.run();
    },
  };

  /** @param {AbortSignal} signal */
  async function count(signal) {
    const found = await api("POST", PATH, { ids: chosen, dry_run: true }, { signal });
    const missing = chosen.length - found.records;
    fill(counted, h("p", { class: "amount" }, amountOf(found)), h("p", { class: "muted" }, roomOf(found.bytes)), missing > 0 && h("p", null, _("{records} of the selection are gone already.", { records: recordsOf(missing) })));
    confirm.textContent = _("Delete {records}", { records: recordsOf(found.records) });
    confirm.disabled = found.records === 0;
  }

  async function remove() {
    confirm.disabled = true;
    dialog.busy(true);
    fill(problem, loading(_("Deleting …")));
    try {
      const gone = await api("POST", PATH, { ids: chosen, dry_run: false });
      dialog.close();
      const done = _("Deleted: {amount}. Totals stay.", { amount: amountOf(gone) });
      say(done);
      onDone(done);
    } catch (error) {
      fill(problem, notice(problemOf(error)));
      confirm.disabled = false;
    } finally {
      dialog.busy(false);
    }
  }
}
