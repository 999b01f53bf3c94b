// @ts-check
export const button = (test, name, more = 'class="button"', label = "") => `<button type="button" data-testid="${test}" ${more} ${label && `aria-label="${label}" title="${label}"`}>${name}</button>`;
const icon = (path) => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
const number = (test, name) => `<dt>${name}<dd data-testid="${test}"></dd>`;

const PILL = `<span class="state" data-testid="sign">${icon("")}<span></span></span> <strong data-testid="pill-total"></strong>${icon("M6 15l6-6l6 6")}`;

export const markupIn = (_) => `
<section class="panel" part="panel" data-testid="panel">
<header><h2 data-testid="title"></h2>${button("collapse", icon("M6 9l6 6l6-6"), 'class="icon" aria-expanded="true"', _("Make small"))}</header>
<div class="body">
<div><strong class="total" data-testid="total" aria-live="off"></strong>
<p class="state" data-testid="state">${icon("")}<span></span></p>
<p class="hint">${_("Updated")} <time data-testid="updated"></time></p></div>
<ul class="notes" data-testid="notes"></ul>
<label class="switch" data-testid="my-time-label"><input type="checkbox" role="switch" data-testid="my-time">${_("My time")}</label>
<dl>${number("automatic", _("Automatic"))}${number("manual", _("By hand"))}${number("time-log", _("Time logs"))}${number("activity", _("Activities"))}</dl>
<p class="hint" data-testid="overlap"></p>
<div class="people"><h3 data-testid="people-count"></h3><ul data-testid="people"></ul></div>
<div class="actions">${button("refresh", _("Refresh"))}${button("add", _("Add time"))}</div>
<p class="hint" role="status" data-testid="result"></p>
<div data-testid="adding"></div>
<div data-testid="lock">${button("screen-lock", _("See screen lock"), 'class="button" aria-describedby="why"')}<p class="hint" id="why">${_("Then the clock stops the moment your screen is locked.")}</p></div>
<details data-testid="history"><summary>${_("History")}</summary></details>
</div></section>
${button("expand", PILL, `class="pill" part="pill" aria-expanded="false" title="${_("Handling time")}"`)}`;

let policy;

/** Puts markup, which is constant, into an element; what is in it by its test id. What comes from outside is put in as text. */
export function fill(on, markup) {
  policy ??= /** @type {any} */ (window).trustedTypes?.createPolicy("caseclock", { createHTML: (text) => text });
  on.innerHTML = policy?.createHTML(markup) ?? markup;
  return Object.fromEntries([...on.querySelectorAll("[data-testid]")].map((part) => [part.getAttribute("data-testid"), part]));
}

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

export function set(on, name, value) {
  if (value === false || value == null) on.removeAttribute(name);
  else if (on.getAttribute(name) !== String(value)) on.setAttribute(name, value);
}

export function say(on, text) {
  if (on.textContent !== text) on.textContent = text;
}

/** Rows that did not change stay where they are, and so does what is edited in one. */
export function list(on, items, make, keyOf = (_, i) => i) {
  const keys = items.map(keyOf), old = new Map([...on.children].map((row) => [row.key, row]));
  for (const [key, row] of old) if (!keys.includes(key)) row.remove();
  items.forEach((item, i) => {
    const said = JSON.stringify(item), row = old.get(keys[i]) ?? Object.assign(element("li", ""), { key: keys[i] });
    if (row.said !== said && !row.querySelector("form")) {
      row.replaceChildren(...make(item, row));
      row.said = said;
    }
    if (on.children[i] !== row) on.insertBefore(row, on.children[i] ?? null);
  });
}
