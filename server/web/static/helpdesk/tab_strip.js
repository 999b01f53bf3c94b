// @ts-check
// A row of tabs: arrows, Home and End select, Delete closes. The tab list owns its tabs by `aria-owns`, because the
// close buttons stand between them and may not be inside it.
import { fill, h, icon } from "/static/dom.js";
import { _ } from "/static/i18n.js";

/**
 * @typedef {{id: string, label: string, title?: string, icon: string, testid: string, closable: boolean, panel: string}} TabView
 *   `panel` is the id of the element that the tab shows.
 */

export class TabStrip {
  /** @type {TabView[]} */
  #tabs = [];
  /** @type {string | null} */
  #front = null;
  #prefix;
  #list;
  #row;
  #select;
  #close;

  /** @param {{label: string, prefix: string, testid: string, select: (id: string) => void, close: (id: string) => void}} options */
  constructor({ label, prefix, testid, select, close }) {
    this.#prefix = prefix;
    this.#select = select;
    this.#close = close;
    this.#list = h("div", { role: "tablist", "aria-label": label });
    this.#row = h("div", { class: "tab-row", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) });
    this.element = h("div", { class: "tab-strip", "data-testid": testid }, this.#list, this.#row);
  }

  /** @param {TabView[]} tabs @param {string | null} front */
  show(tabs, front) {
    const focused = this.#row.contains(document.activeElement);
    const news = JSON.stringify([tabs, front]) !== JSON.stringify([this.#tabs, this.#front]);
    if (!news) return;
    this.#tabs = tabs;
    this.#front = front;
    this.#list.setAttribute("aria-owns", tabs.map((tab) => this.#idOf(tab)).join(" "));
    fill(this.#row, ...tabs.map((tab) => this.#tab(tab)));
    const selected = /** @type {HTMLElement | null} */ (this.#row.querySelector('[aria-selected="true"]'));
    selected?.parentElement?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focused) selected?.focus();
  }

  /** @param {TabView} tab */
  #tab(tab) {
    const selected = tab.id === this.#front;
    const button = h(
      "button",
      {
        type: "button",
        role: "tab",
        id: this.#idOf(tab),
        class: "tab-button",
        "aria-selected": String(selected),
        "aria-controls": selected ? tab.panel : null,
        "aria-keyshortcuts": tab.closable ? "Delete" : null,
        tabindex: selected ? "0" : "-1",
        title: tab.title,
        "data-tab": tab.id,
        "data-testid": tab.testid,
        onclick: () => this.#select(tab.id),
      },
      icon(tab.icon),
      h("span", null, tab.label),
    );
    const close = tab.closable && h(
      "button",
      { type: "button", class: "icon-button tab-close", tabindex: "-1", "aria-label": _("Close {name}", { name: tab.label }), "data-testid": `close-${tab.testid}`, onclick: () => this.#close(tab.id) },
      icon("close"),
    );
    return h("div", { class: selected ? "tab tab-front" : "tab", onauxclick: (/** @type {MouseEvent} */ event) => event.button === 1 && tab.closable && this.#close(tab.id) }, button, close);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const place = this.#tabs.findIndex(({ id }) => id === this.#front);
    const last = this.#tabs.length - 1;
    const to = { ArrowLeft: place ? place - 1 : last, ArrowRight: place < last ? place + 1 : 0, Home: 0, End: last }[event.key];
    if (to !== undefined && to >= 0) this.#select(this.#tabs[to].id);
    else if (event.key === "Delete" && this.#tabs[place]?.closable) this.#close(this.#tabs[place].id);
    else return;
    event.preventDefault();
  }

  /** @param {TabView} tab */
  #idOf(tab) {
    return `${this.#prefix}-${tab.id.replace(/[^\w-]/g, (sign) => `_${sign.charCodeAt(0)}_`)}`;
  }
}
