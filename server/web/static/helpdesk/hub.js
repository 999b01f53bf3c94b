// @ts-check
// The hub: one form at a time. The address says which; page and agent follow it.
import { fill, h } from "/static/dom.js";
import { CaseForm } from "/static/helpdesk/case_form.js";
import { CaseList } from "/static/helpdesk/case_list.js";
import { isMissing } from "/static/helpdesk/cases.js";
import { Kept, startDesk } from "/static/helpdesk/desk.js";
import { askForNewCase, confirm } from "/static/helpdesk/dialogs.js";
import { recordPanel } from "/static/helpdesk/records.js";
import { CASE_ENTITY } from "/static/helpdesk/sessions.js";
import { _ } from "/static/i18n.js";

/** @typedef {import("/static/helpdesk/sessions.js").FormId} FormId */
/** @typedef {{entity: string, key: string}} View */

const SESSION = "hub";
const keptWidget = new Kept("hub-widget");

/** What is open, or null for the list. @type {View | null} */
let view = null;
/** @type {FormId} */
let form = "main";
let widget = keptWidget.read() !== "off";
/** @type {CaseForm | null} */
let caseForm = null;

const agent = startDesk("hub");
const list = /** @type {HTMLElement} */ (document.getElementById("hub-list"));
const record = /** @type {HTMLElement} */ (document.getElementById("hub-record"));
const trail = /** @type {HTMLElement} */ (document.getElementById("hub-trail"));

start();

function start() {
  const open = (/** @type {string} */ ref) => go({ entity: CASE_ENTITY, key: ref });
  list.append(new CaseList({ open, create: () => askForNewCase(({ ref }) => open(ref)) }).element);
  trail.querySelector("button")?.addEventListener("click", () => go(null));
  addEventListener("popstate", () => show(viewOf(location.search)));
  show(viewOf(location.search));
}

/** @param {View | null} next */
function go(next) {
  const leave = () => {
    history.pushState(null, "", addressOf(next));
    show(next);
    if (next) trail.querySelector("button")?.focus();
    else document.getElementById("main")?.focus();
  };
  if (!caseForm?.isDirty) return leave();
  confirm({ title: _("Leave without saving?"), text: _("There are changes that are not saved. They are lost when another form is opened."), label: _("Leave without saving"), run: leave });
}

/** @param {View | null} next */
function show(next) {
  view = next;
  form = "main";
  tellAgent();
  caseForm?.dispose();
  caseForm = null;
  list.hidden = view !== null;
  trail.hidden = view === null;
  record.hidden = view === null;
  document.title = `${view?.key ?? _("Hub")} · Caseclock`;
  const name = trail.querySelector("[data-name]");
  if (name) name.textContent = view?.key ?? "";
  fill(record, view && panelOf(view));
}

/** @param {View} view */
function panelOf({ entity, key }) {
  const open = (/** @type {string} */ entity, /** @type {string} */ key) => go({ entity, key });
  if (entity !== CASE_ENTITY) return h("div", { class: "hub-other" }, recordPanel(entity, key, open));
  caseForm = new CaseForm({ ref: key, host: { agent, app: "hub", open, chooseForm, chooseWidget, changed: tellAgent }, form, widget });
  return caseForm.element;
}

/** Only a case has a form whose clock can run. @param {import("../../../../client_js/types.d.ts").Cause} [cause] */
function tellAgent(cause) {
  if (!view) return agent.show(null);
  const isCase = view.entity === CASE_ENTITY;
  agent.show(
    {
      session: { id: SESSION, kind: "case", case: isCase && !isMissing(view.key) ? view.key : null },
      appTab: isCase ? null : { id: `${view.entity}:${view.key}`, entity: view.entity, case: null },
      form: isCase ? { id: form, tracked: form !== "reading", widget } : null,
    },
    cause,
  );
}

/** @param {FormId} chosen */
function chooseForm(chosen) {
  form = chosen;
  tellAgent();
}

/** @param {boolean} on */
function chooseWidget(on) {
  widget = on;
  keptWidget.write(on ? "on" : "off");
  caseForm?.setWidget(on);
  tellAgent();
}

/** @param {View | null} view */
function addressOf(view) {
  if (!view) return location.pathname;
  const name = view.entity === CASE_ENTITY ? "case" : view.entity;
  return `${location.pathname}?${new URLSearchParams({ [name]: view.key })}`;
}

/** @param {string} search @returns {View | null} */
function viewOf(search) {
  const [found] = new URLSearchParams(search);
  return found ? { entity: found[0] === "case" ? CASE_ENTITY : found[0], key: found[1] } : null;
}
