// @ts-check
// The list of cases, with search, status and more on demand.
import { empty, failed, fill, h, icon, loading } from "/static/dom.js";
import { listCases, onCase } from "/static/helpdesk/cases.js";

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
  /** @type {AbortController | null} */
  #asking = null;
  #typing = 0;
  #search = h("input", { class: "form-control form-control-sm", type: "search", id: "case-search", placeholder: "Search", "aria-label": "Search cases", maxlength: 200, "data-testid": "case-search", oninput: () => this.#later() });
  #status = h(
    "select",
    { class: "form-select form-select-sm", "aria-label": "Status", "data-testid": "case-status-filter", onchange: () => this.load() },
    h("option", { value: "active" }, "Active"),
    h("option", { value: "resolved" }, "Resolved"),
    h("option", { value: "" }, "All"),
  );
  #rows = h("ul", { class: "case-rows", "data-testid": "case-rows" });
  #more = h("button", { type: "button", class: "btn btn-sm btn-outline-secondary case-more", hidden: true, "data-testid": "case-more", onclick: () => this.#loadMore() }, "Show more");
  #state = h("div", { class: "case-list-state" });

  /** @param {{open: (ref: string) => void, create?: () => void}} options */
  constructor({ open, create }) {
    this.#open = open;
    this.element = h(
      "div",
      { class: "case-list", "data-testid": "case-list" },
      h("div", { class: "case-list-head" }, create && h("button", { type: "button", class: "btn btn-sm btn-primary", "data-testid": "new-case", onclick: create }, icon("plus"), "New case"), h("div", { class: "case-list-filter" }, this.#search, this.#status)),
      h("div", { class: "case-list-body" }, this.#rows, this.#state, this.#more),
    );
    onCase((detail) => this.#change(detail));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#asking === null && this.load());
    this.load();
  }

  /** Mark the case that is in front. @param {string | null} ref */
  setCurrent(ref) {
    this.#current = ref;
    for (const row of this.#rows.querySelectorAll("button")) mark(row, row.dataset.ref === ref);
  }

  async load() {
    this.#asking?.abort();
    if (!this.#cases.length) fill(this.#state, loading());
    await this.#ask(null);
  }

  async #loadMore() {
    this.#more.disabled = true;
    await this.#ask(this.#cursor);
    this.#more.disabled = false;
  }

  /** @param {string | null} cursor */
  async #ask(cursor) {
    const asking = (this.#asking = new AbortController());
    try {
      const page = await listCases({ search: this.#search.value.trim(), status: this.#status.value, cursor, signal: asking.signal });
      this.#cases = cursor ? [...this.#cases, ...page.items] : page.items;
      this.#cursor = page.next_cursor;
      this.#show();
    } catch (error) {
      if (asking.signal.aborted) return;
      fill(this.#state, failed(error, () => this.load()));
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  #show() {
    fill(this.#rows, ...this.#cases.map((each) => h("li", null, this.#row(each))));
    fill(this.#state, this.#cases.length ? null : empty("No case fits."));
    this.#more.hidden = this.#cursor === null;
  }

  /** @param {Case} each */
  #row({ ref, title, customer, status }) {
    const row = h(
      "button",
      { type: "button", class: "case-row", "data-ref": ref, "data-testid": `case-row-${ref}`, onclick: () => this.#open(ref) },
      h("span", { class: "case-row-top" }, h("span", { class: "case-ref" }, ref), status === "resolved" && h("span", { class: "tag tag-resolved" }, "Resolved")),
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
