// @ts-check
// Building the page. Data goes in as text or as attributes, never as markup.
import { _ } from "/static/i18n.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element: `h("button", { class: "btn", type: "button", onclick: save }, "Save")`.
 * A name that begins with `on` takes a listener; true sets a bare attribute; null, undefined and false leave it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown> | null} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...given(children));
  return element;
}

/** A picture of templates/icons.svg, which every page holds; it says nothing to screen readers. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Replace what an element holds. @param {Element} element @param {...(Node | string | number | null | undefined | false)} children */
export function fill(element, ...children) {
  element.replaceChildren(...given(children));
}

/** Shown while something is on its way. @param {string} text */
export function loading(text = _("Loading …")) {
  return h("p", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), text);
}

/** Shown where there is nothing yet. @param {string} text @param {...Node} more */
export function empty(text, ...more) {
  return h("div", { class: "empty" }, h("p", null, text), ...more);
}

/** @param {(Node | string | number | null | undefined | false)[]} children */
function given(children) {
  return children.filter((child) => child !== null && child !== undefined && child !== false).map((child) => (child instanceof Node ? child : String(child)));
}
