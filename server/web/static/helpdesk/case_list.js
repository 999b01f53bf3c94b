// @ts-check
// The list of cases, with search, status and more on demand.
import { empty, fill, h, icon, loading } from "/static/dom.js";
import { listCases, onCase } from "/static/helpdesk/cases.js";
import { _ } from "/static/i18n.js";
import { Loader } from "/static/loader.js";

/** @typedef {import("/static/helpdesk/cases.js").Case} Case */

const TYPING_MS = 200;

export class CaseList {
  #open;
  /** @type {Case[]} */
  #cases = [];
  /** @type {string | null} */
  #cursor = null;
  /** @type {string | null} */
  #current = null;
  /** Where the next page begins; null for the first one. @type {string | null} */
  #from = null;
  #typing = 0;
  #search = h("input", { class: "form-control form-control-sm", type: "search", id: "case-search", placeholder: _("Search"), "aria-label": _("Search cases"), maxlength: 200, "data-testid": "case-search", oninput: () => this.#later() });
  #status = h(
    "select",
    { class: "form-select form-select-sm", "aria-label": _("Status"), "data-testid": "case-status-filter", onchange: () => this.load() },
    h("option", { value: "active" }, _("Active")),
    h("option", { value: "resolved" }, _("Resolved")),
    h("option", { value: "" }, _("All")),
  );
  #rows = h("ul", { class: "case-rows", "data-testid": "case-rows" });
  #more = h("button", { type: "button", class: "btn btn-sm btn-outline-secondary case-more", hidden: true, "data-testid": "case-more", onclick: () => this.#loadMore() }, _("Show more"));
  #state = h("div", { class: "case-list-state" });
  #loader = new Loader({ place: this.#state, load: (signal) => this.#ask(signal), landing: () => this.#rows.querySelector("button") ?? this.#search });

  /** @param {{open: (ref: string) => void, create?: () => void}} options */
  constructor({ open, create }) {
    this.#open = open;
    this.element = h(
      "div",
      { class: "case-list", "data-testid": "case-list" },
      h("div", { class: "case-list-head" }, create && h("button", { type: "button", class: "btn btn-sm btn-primary", "data-testid": "new-case", onclick: create }, icon("plus"), _("New case")), h("div", { class: "case-list-filter" }, this.#search, this.#status)),
      h("div", { class: "case-list-body" }, this.#state, this.#rows, this.#more),
    );
    onCase((detail) => this.#change(detail));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !this.#loader.isTrying && this.load());
    this.load();
  }

  /** Mark the case that is in front. @param {string | null} ref */
  setCurrent(ref) {
    this.#current = ref;
    for (const row of this.#rows.querySelectorAll("button")) mark(row, row.dataset.ref === ref);
  }

  /** The first page anew. */
  load() {
    this.#from = null;
    if (!this.#cases.length && !this.#loader.isHindered) fill(this.#state, loading());
    return this.#loader.run();
  }

  async #loadMore() {
    this.#from = this.#cursor;
    this.#more.disabled = true;
    await this.#loader.run();
    this.#more.disabled = false;
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const from = this.#from;
    const page = await listCases({ search: this.#search.value.trim(), status: this.#status.value, cursor: from, signal });
    this.#cases = from ? [...this.#cases, ...page.items] : page.items;
    this.#cursor = page.next_cursor;
    this.#show();
  }

  #show() {
    fill(this.#rows, ...this.#cases.map((each) => h("li", null, this.#row(each))));
    fill(this.#state, this.#cases.length ? null : empty(_("No case fits.")));
    this.#more.hidden = this.#cursor === null;
  }

  /** @param {Case} each */
  #row({ ref, title, customer, status }) {
    const row = h(
      "button",
      { type: "button", class: "case-row", "data-ref": ref, "data-testid": `case-row-${ref}`, onclick: () => this.#open(ref) },
      h("span", { class: "case-row-top" }, h("span", { class: "case-ref" }, ref), status === "resolved" && h("span", { class: "tag tag-resolved" }, _("Resolved"))),
      h("span", { class: "case-row-title" }, title),
      h("span", { class: "case-row-customer" }, customer),
    );
    mark(row, ref === this.#current);
    return row;
  }

  /** A case was loaded or changed; a new one comes to the top. @param {Case} news */
  #change(news) {
    const before = this.#cases.find(({ ref }) => ref === news.ref);
    const same = before && ["title", "customer", "status"].every((name) => before[/** @type {"title"} */ (name)] === news[/** @type {"title"} */ (name)]);
    if (same) return;
    if (before || this.#isNewest(news)) this.load();
  }

  /** @param {Case} news */
  #isNewest(news) {
    return !this.#cases.length || news.created_at > this.#cases[0].created_at;
  }

  #later() {
    clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => this.load(), TYPING_MS);
  }
}

/** @param {HTMLElement} row @param {boolean} current */
function mark(row, current) {
  if (current) row.setAttribute("aria-current", "true");
  else row.removeAttribute("aria-current");
}
