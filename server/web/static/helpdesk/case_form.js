// @ts-check
// The case form, in workspace and hub: fields, commands, notes, what belongs to the case, and the widget.
import { complain, say } from "/static/messages.js";
import { fill, h, icon, loading } from "/static/dom.js";
import { day } from "/static/format.js";
import { Loader } from "/static/loader.js";
import { articlesFor } from "/static/helpdesk/articles.js";
import { changeCase, knownCase, loadCase, onCase, reopenCase } from "/static/helpdesk/cases.js";
import { askForResolution, bringUpToDate, field, showQueueItem } from "/static/helpdesk/dialogs.js";
import { notesArea } from "/static/helpdesk/notes.js";
import { recordLink } from "/static/helpdesk/records.js";
import { _ } from "/static/i18n.js";

/**
 * @typedef {import("/static/helpdesk/cases.js").CaseDetail} CaseDetail
 * @typedef {import("/static/helpdesk/sessions.js").FormId} FormId
 * @typedef {object} Host what the page around the form does
 * @property {import("../../../../client_js/types.d.ts").Agent} agent
 * @property {"workspace" | "hub"} app
 * @property {import("/static/helpdesk/records.js").Open} open opens a record
 * @property {(form: FormId) => void} chooseForm another form was chosen
 * @property {(on: boolean) => void} chooseWidget the widget was put on the forms, or taken off
 * @property {(cause?: "resolve") => void} changed tells the agent anew what is in front
 */

const FIELDS = /** @type {const} */ (["title", "customer", "description"]);
const KINDS = { child: _("Child cases"), related: _("Related cases"), similar: _("Similar cases") };

const FOLDED_WIDGET_PX = 80;

let made = 0;

export class CaseForm {
  #ref;
  #host;
  /** @type {FormId} */
  #form;
  #widget;
  /** @type {CaseDetail | null} */
  #detail = null;
  #id = `case-form-${++made}`;
  /** @type {(() => void)[]} */
  #ends = [];
  #inputs = {
    title: h("input", { class: "form-control", id: `${this.#id}-title`, maxlength: 300, required: true, autocomplete: "off", "data-testid": "case-title" }),
    customer: h("input", { class: "form-control", id: `${this.#id}-customer`, maxlength: 300, autocomplete: "off", "data-testid": "case-customer" }),
    description: h("textarea", { class: "form-control", id: `${this.#id}-description`, rows: 5, maxlength: 20_000, "data-testid": "case-description" }),
  };
  #heading = h("h2", { "data-testid": "case-heading", "data-unsaved": _("not saved") });
  #facts = h("p", { class: "case-facts" });
  #save = command("case-save", "check", _("Save"), () => this.#saveChanges());
  #resolve = command("case-resolve", "check", _("Resolve"), () => this.#askForResolution());
  #reopen = command("case-reopen", "reopen", _("Reopen"), () => this.#reopenCase());
  #queueItem = command("queue-item-details", "info", _("Queue item details"), () => this.#detail && showQueueItem(this.#detail, this.#host.agent));
  #formSelect = h(
    "select",
    { class: "form-select form-select-sm", id: `${this.#id}-select`, "data-testid": "form-select", onchange: () => this.#chooseForm() },
    h("option", { value: "main" }, _("Main form")),
    h("option", { value: "reading" }, _("Reading form (not tracked)")),
  );
  #widgetSwitch = h("input", { class: "form-check-input", type: "checkbox", role: "switch", id: `${this.#id}-widget`, "data-testid": "widget-switch", onchange: () => this.#host.chooseWidget(this.#widgetSwitch.checked) });
  #resolvedNotice = h("p", { class: "notice case-resolved", "data-testid": "resolved-notice" }, _("This case is resolved: its clock does not start. Recorded time is still shown."));
  #main = h("div", { class: "case-main", "data-testid": "main-form" });
  #reading = h("article", { class: "case-reading", "data-testid": "reading-form" });
  #belongs = h("div", { class: "case-belongs" });
  #place = h("div", { class: "widget-place" });
  /** The widget lies over the form, so the form keeps clear of as much as it covers. */
  #room = new ResizeObserver(([{ target }]) => {
    const { offsetHeight } = /** @type {HTMLElement} */ (target);
    this.element.classList.toggle("widget-open", offsetHeight > FOLDED_WIDGET_PX);
    this.element.style.setProperty("--widget-height", `${offsetHeight}px`);
  });

  /** @param {{ref: string, host: Host, form?: FormId, widget: boolean}} options */
  constructor({ ref, host, form = "main", widget }) {
    this.#ref = ref;
    this.#host = host;
    this.#form = form;
    this.#widget = widget;
    this.element = h("section", { class: "case-form", "data-case-form": true, "data-testid": "case-form", "data-ref": ref, "aria-label": _("Case {ref}", { ref }) }, loading(_("Loading {ref} …", { ref })));
    this.#ends.push(onCase((detail) => detail.ref === ref && this.#show(detail)));
    this.#ends.push(host.agent.watch(ref, ({ status }) => this.#hear(status)));
    for (const name of FIELDS) this.#inputs[name].addEventListener("input", () => this.#showDirty());
    const seen = knownCase(ref);
    if (seen) this.#show(seen);
    new Loader({ place: this.element, load: (signal) => this.#load(signal), landing: () => this.#heading, shows: () => !this.#detail }).run();
  }

  /** Whether there are changes that are not saved. */
  get isDirty() {
    return FIELDS.some((name) => this.#isChanged(name));
  }

  /** Put the widget on the form, or take it off. @param {boolean} on */
  setWidget(on) {
    this.#widget = on;
    this.#showWidget();
  }

  /** The form is no longer needed. */
  dispose() {
    for (const end of this.#ends) end();
    this.#room.disconnect();
    this.element.remove();
  }

  /** Its news are shown; that there is no such case is news for the agent. @param {AbortSignal} signal */
  async #load(signal) {
    try {
      await loadCase(this.#ref, signal);
    } catch (error) {
      this.#host.changed();
      throw error;
    }
  }

  /** @param {CaseDetail} detail */
  #show(detail) {
    const before = this.#detail;
    const kept = FIELDS.filter((name) => this.#isChanged(name));
    this.#detail = detail;
    for (const name of FIELDS) if (!before || !kept.includes(name)) this.#inputs[name].value = detail[name];
    if (!before) this.#build();
    const resolved = detail.status === "resolved";
    fill(this.#heading, h("span", { class: "case-ref" }, detail.ref), " ", detail.title);
    fill(
      this.#facts,
      h("span", { class: `tag tag-${detail.status}`, "data-testid": "case-status" }, resolved ? _("Resolved") : _("Active")),
      h("span", null, detail.customer || _("No customer")),
      h("span", null, _("Created {day}", { day: day(detail.created_at) })),
    );
    for (const name of FIELDS) this.#inputs[name].readOnly = resolved;
    this.#resolvedNotice.hidden = !resolved;
    this.#resolve.hidden = resolved;
    this.#save.hidden = resolved;
    this.#reopen.hidden = !resolved;
    this.element.dataset.status = detail.status;
    fill(this.#reading, h("h3", null, _("Description")), ...detail.description.split(/\n+/).map((line) => h("p", null, line || _("None yet."))));
    fill(this.#belongs, ...this.#groups(detail));
    this.#showDirty();
    this.#showForm();
    this.#showWidget();
  }

  #build() {
    this.#main.append(
      h(
        "div",
        { class: "panel" },
        h("h3", null, _("Details")),
        field(_("Title"), this.#inputs.title),
        field(_("Customer"), this.#inputs.customer),
        field(_("Description"), this.#inputs.description),
      ),
      h("div", { class: "panel" }, h("h3", null, _("Notes")), notesArea(this.#ref)),
    );
    this.#reading.classList.add("panel");
    fill(
      this.element,
      h(
        "header",
        { class: "case-head" },
        h("div", { class: "case-name" }, this.#heading, this.#facts),
        h("div", { class: "case-commands", role: "group", "aria-label": _("Commands") }, this.#save, this.#resolve, this.#reopen, this.#queueItem),
        h(
          "div",
          { class: "case-choices" },
          h("label", { class: "visually-hidden", for: this.#formSelect.id }, _("Form")),
          this.#formSelect,
          h("div", { class: "form-check form-switch" }, this.#widgetSwitch, h("label", { class: "form-check-label", for: this.#widgetSwitch.id }, _("Widget on the form"))),
        ),
      ),
      h("div", { class: "case-body", "data-testid": "case-body" }, h("div", { class: "case-wide" }, this.#resolvedNotice, this.#main, this.#reading), this.#belongs),
      this.#place,
    );
  }

  /** @param {CaseDetail} detail */
  #groups(detail) {
    const open = this.#host.open;
    const kinds = /** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS));
    const groups = kinds.map((kind) => ({ title: KINDS[kind], found: detail.related.filter((each) => each.kind === kind) }));
    return [
      panel(_("Customer"), detail.customer ? [recordLink("contact", detail.customer, detail.customer, open)] : [_("Not given.")]),
      panel(_("Knowledge articles"), articlesFor(detail).map(({ id, title }) => recordLink("knowledgearticle", id, title, open))),
      ...groups.filter(({ found }) => found.length).map(({ title, found }) => panel(title, found.map(({ case: other }) => recordLink("incident", other.ref, `${other.ref} ${other.title}`, open)))),
    ];
  }

  #showForm() {
    this.#formSelect.value = this.#form;
    this.#main.hidden = this.#form !== "main";
    this.#reading.hidden = this.#form === "main";
    this.#save.hidden = this.#form !== "main" || this.#detail?.status === "resolved";
    this.element.dataset.form = this.#form;
  }

  #showWidget() {
    this.#widgetSwitch.checked = this.#widget;
    if (!this.#widget || !this.#detail) return this.#takeWidgetOff();
    if (this.#place.firstChild) return;
    const widget = document.createElement("handling-time");
    widget.setAttribute("case", this.#ref);
    if (this.#host.app === "hub") widget.setAttribute("mode", "hub");
    this.#place.append(widget);
    this.#room.observe(widget);
  }

  #takeWidgetOff() {
    this.#room.disconnect();
    this.#place.replaceChildren();
    this.element.classList.remove("widget-open");
    this.element.style.removeProperty("--widget-height");
  }

  #chooseForm() {
    this.#form = this.#formSelect.value === "reading" ? "reading" : "main";
    this.#showForm();
    this.#host.chooseForm(this.#form);
  }

  #showDirty() {
    this.#save.disabled = !this.isDirty;
    this.element.classList.toggle("dirty", this.isDirty);
  }

  /** @param {typeof FIELDS[number]} name */
  #isChanged(name) {
    return this.#detail !== null && this.#inputs[name].value !== this.#detail[name];
  }

  async #saveChanges() {
    if (!this.#inputs.title.reportValidity()) return;
    const changes = Object.fromEntries(FIELDS.filter((name) => this.#isChanged(name)).map((name) => [name, this.#inputs[name].value]));
    this.#save.disabled = true;
    try {
      const detail = await changeCase(this.#ref, changes);
      for (const name of Object.keys(changes)) this.#inputs[/** @type {typeof FIELDS[number]} */ (name)].value = detail[/** @type {typeof FIELDS[number]} */ (name)];
      say(_("{ref} is saved.", { ref: this.#ref }));
    } catch (error) {
      complain(error);
    }
    this.#showDirty();
  }

  #askForResolution() {
    const { agent, changed } = this.#host;
    askForResolution({
      ref: this.#ref,
      agent,
      resolved: () => {
        changed("resolve");
        bringUpToDate(this.#ref, agent).catch((error) => console.debug("caseclock: the total follows later:", error));
      },
      closed: () => (this.#reopen.hidden ? this.#resolve : this.#reopen).focus(),
    });
  }

  async #reopenCase() {
    this.#reopen.disabled = true;
    try {
      await reopenCase(this.#ref);
      this.#host.changed();
      this.#resolve.focus();
    } catch (error) {
      complain(error);
    }
    this.#reopen.disabled = false;
  }

  /** Somebody else may have resolved or reopened the case. @param {string} status */
  #hear(status) {
    if (this.#detail && status !== this.#detail.status) loadCase(this.#ref).catch(complain);
  }
}

/** @param {string} testid @param {string} picture @param {string} label @param {() => void} run */
function command(testid, picture, label, run) {
  const look = testid === "case-resolve" ? "btn-primary" : "btn-outline-secondary";
  return h("button", { type: "button", class: `btn btn-sm ${look}`, "data-testid": testid, onclick: run }, icon(picture), label);
}

/** @param {string} title @param {(Node | string)[]} items */
function panel(title, items) {
  return h("section", { class: "panel" }, h("h3", null, title), h("ul", { class: "links" }, ...items.map((item) => h("li", null, item))));
}
