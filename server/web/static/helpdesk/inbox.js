// @ts-check
// The inbox: cases left, preview right. Arrow keys flick through them.
import { empty, fill, h, icon, loading } from "/static/dom.js";
import { day } from "/static/format.js";
import { listCases, onCase } from "/static/helpdesk/cases.js";
import { _ } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

/** @typedef {import("/static/helpdesk/cases.js").Case} Case */

export class Inbox {
  #preview;
  #open;
  /** @type {Case[]} */
  #cases = [];
  /** @type {string | null} */
  #ref;
  #list = h("ul", { class: "inbox-rows", role: "listbox", tabindex: "0", "aria-label": _("Inbox"), "data-testid": "inbox-list", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) });
  #shown = h("article", { class: "inbox-preview", "aria-live": "polite", "data-testid": "inbox-preview" });

  /** @param {{ref: string | null, preview: (ref: string | null) => void, open: (ref: string) => void}} options */
  constructor({ ref, preview, open }) {
    this.#ref = ref;
    this.#preview = preview;
    this.#open = open;
    this.element = h("section", { class: "inbox", "data-testid": "inbox", "aria-label": _("Inbox") }, this.#list, this.#shown);
    const loader = new Loader({ place: this.#shown, load: (signal) => this.#load(signal), landing: () => this.#list });
    this.end = onCase((detail) => this.#cases.some((each) => each.ref === detail.ref && each.status !== detail.status) && loader.run());
    fill(this.#shown, loading());
    loader.run();
  }

  /** @param {AbortSignal} signal */
  async #load(signal) {
    this.#cases = (await listCases({ status: "active", signal })).items;
    const still = this.#cases.some(({ ref }) => ref === this.#ref);
    this.#choose(still ? this.#ref : this.#cases[0]?.ref ?? null);
  }

  /** @param {string | null} ref */
  #choose(ref) {
    this.#ref = ref;
    fill(this.#list, ...this.#cases.map((each) => this.#row(each)));
    const chosen = this.#cases.find((each) => each.ref === ref);
    fill(this.#shown, ...(chosen ? this.#views(chosen) : [empty(_("The inbox is empty."))]));
    if (ref) this.#list.setAttribute("aria-activedescendant", idOf(ref));
    else this.#list.removeAttribute("aria-activedescendant");
    this.#list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
    this.#preview(ref);
  }

  /** @param {Case} each */
  #row({ ref, title, customer }) {
    return h(
      "li",
      { role: "option", id: idOf(ref), class: "case-row", "aria-selected": String(ref === this.#ref), "data-ref": ref, "data-testid": `inbox-item-${ref}`, onclick: () => this.#choose(ref), ondblclick: () => this.#open(ref) },
      h("span", { class: "case-row-top" }, h("span", { class: "case-ref" }, ref)),
      h("span", { class: "case-row-title" }, title),
      h("span", { class: "case-row-customer" }, customer),
    );
  }

  /** @param {Case} chosen */
  #views({ ref, title, customer, description, created_at }) {
    return [
      h("p", { class: "record-kind" }, icon("case"), [ref, customer || _("No customer"), _("Created {day}", { day: day(created_at) })].join(" · ")),
      h("h2", null, title),
      ...description.split(/\n+/).map((line) => h("p", null, line)),
      h("button", { type: "button", class: "btn btn-sm btn-primary", "data-testid": "inbox-open", onclick: () => this.#open(ref) }, _("Open case")),
    ];
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const place = this.#cases.findIndex(({ ref }) => ref === this.#ref);
    const last = this.#cases.length - 1;
    const to = { ArrowUp: Math.max(0, place - 1), ArrowDown: Math.min(last, place + 1), Home: 0, End: last }[event.key];
    if (to !== undefined && to >= 0) this.#choose(this.#cases[to].ref);
    else if (event.key === "Enter" && this.#ref) this.#open(this.#ref);
    else return;
    event.preventDefault();
  }
}

/** @param {string} ref */
function idOf(ref) {
  return `inbox-${encodeURIComponent(ref)}`;
}
