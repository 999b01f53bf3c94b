// @ts-check
// The dialogs of the helpdesk, on the browser's own <dialog>.
import { h, icon } from "/static/dom.js";
import { clock, instant } from "/static/format.js";
import { createCase, resolveCase } from "/static/helpdesk/cases.js";
import { api, casePath } from "/static/http.js";
import { _ } from "/static/i18n.js";

/** @typedef {import("../../../../client_js/types.d.ts").Agent} Agent */
/** @typedef {import("/static/helpdesk/cases.js").CaseDetail} CaseDetail */

let made = 0;

/** Ask for what a new case needs, and create it. @param {(detail: CaseDetail) => void} then */
export function askForNewCase(then) {
  const title = h("input", { class: "form-control", id: "new-title", maxlength: 300, required: true, autocomplete: "off", "data-testid": "new-case-title" });
  const customer = h("input", { class: "form-control", id: "new-customer", maxlength: 300, autocomplete: "off", "data-testid": "new-case-customer" });
  const description = h("textarea", { class: "form-control", id: "new-description", rows: 5, maxlength: 20_000, "data-testid": "new-case-description" });
  openDialog({
    title: _("New case"),
    testid: "new-case-dialog",
    body: [field(_("Title"), title), field(_("Customer"), customer), field(_("Description"), description)],
    submit: {
      label: _("Save"),
      testid: "new-case-save",
      run: async () => then(await createCase({ title: title.value, customer: customer.value, description: description.value })),
    },
  });
}

/**
 * Ask for the resolution note, and resolve. The total is the widget's (W9): what is proven by now is committed first,
 * so both show it.
 * @param {{ref: string, agent: Agent, resolved: () => void, closed: () => void}} options
 */
export function askForResolution({ ref, agent, resolved, closed }) {
  const note = h("textarea", { class: "form-control", id: "resolution-note", rows: 4, maxlength: 20_000, "data-testid": "resolve-note" });
  const total = h("output", { class: "total-time duration", "data-testid": "resolve-total" }, "…");
  const show = (/** @type {{total_seconds: number}} */ { total_seconds }) => {
    total.value = clock(total_seconds);
    total.dataset.seconds = String(total_seconds);
  };
  agent.note("dialog");
  const unwatch = agent.watch(ref, show);
  openDialog({
    title: _("Resolve {ref}", { ref }),
    testid: "resolve-dialog",
    body: [
      field(_("Resolution note"), note),
      h("p", { class: "total-line" }, h("span", null, _("Total handling time")), total),
      h("p", { class: "muted" }, _("The clock of this case stops for everyone when it is resolved.")),
    ],
    submit: {
      label: _("Resolve case"),
      testid: "resolve-confirm",
      run: async () => {
        await resolveCase(ref, note.value);
        resolved();
      },
    },
    closed: () => {
      unwatch();
      closed();
    },
  });
  bringUpToDate(ref, agent).then(show, () => (total.value = _("not known now")));
}

/** Prove and commit what has been worked on a case until now; answers its handling time. @param {string} ref @param {Agent} agent */
export async function bringUpToDate(ref, agent) {
  await agent.beat();
  return api("POST", casePath(ref, "/handling-time/refresh"));
}

/** Show where a case stands in its queue. It lies over the form, and the clock goes on. @param {CaseDetail} detail @param {Agent} agent */
export function showQueueItem(detail, agent) {
  agent.note("dialog");
  const facts = [
    [_("Queue"), _("Customer support")],
    [_("Case"), `${detail.ref} · ${detail.title}`],
    [_("Customer"), detail.customer || _("Not given")],
    [_("In the queue since"), instant(detail.created_at)],
    [_("Status"), detail.status === "resolved" ? _("Resolved") : _("Active")],
  ];
  openDialog({
    title: _("Queue item details"),
    testid: "queue-item-dialog",
    body: [h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))))],
  });
}

/** Ask before something is lost. @param {{title: string, text: string, label: string, run: () => void}} options */
export function confirm({ title, text, label, run }) {
  openDialog({ title, testid: "confirm-dialog", body: [h("p", null, text)], submit: { label, testid: "confirm-yes", danger: true, run: async () => run() } });
}

/**
 * @param {{title: string, testid: string, body: Node[], closed?: () => void,
 *   submit?: {label: string, testid: string, danger?: boolean, run: () => Promise<void>}}} options
 */
export function openDialog({ title, testid, body, submit, closed }) {
  const id = `dialog-${++made}`;
  const problem = h("p", { class: "notice notice-danger", role: "alert", hidden: true, "data-testid": "dialog-problem" });
  const close = () => dialog.close();
  const yes = submit && h("button", { type: "submit", class: `btn ${submit.danger ? "btn-danger" : "btn-primary"}`, "data-testid": submit.testid }, submit.label);
  const form = h(
    "form",
    { onsubmit: send },
    h("div", { class: "dialog-head" }, h("h2", { id }, title), h("button", { type: "button", class: "icon-button", "aria-label": _("Close dialog"), "data-testid": "dialog-close", onclick: close }, icon("close"))),
    h("div", { class: "dialog-body" }, problem, ...body),
    h("div", { class: "dialog-foot" }, h("button", { type: "button", class: "btn btn-outline-secondary", "data-testid": "dialog-cancel", onclick: close }, submit ? _("Cancel") : _("Close")), yes),
  );
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": id, "data-testid": testid, onclose: end }, form);

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (!submit || !yes || yes.disabled) return;
    yes.disabled = true;
    problem.hidden = true;
    try {
      await submit.run();
      dialog.close();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
      problem.hidden = false;
      yes.disabled = false;
    }
  }

  function end() {
    dialog.remove();
    closed?.();
  }

  document.body.append(dialog);
  dialog.showModal();
  const first = /** @type {HTMLElement | null} */ (dialog.querySelector("input, textarea")) ?? yes;
  first?.focus();
  return dialog;
}

/** A field under its label. @param {string} label @param {HTMLElement} input */
export function field(label, input) {
  return h("div", { class: "field" }, h("label", { class: "form-label", for: input.id }, label), input);
}
