// @ts-check
const button = (test, name, more = 'class="button"', label = "") => `<button type="button" data-testid="${test}" ${more} ${label && `aria-label="${label}" title="${label}"`}>${name}</button>`;
const icon = (path) => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
const number = (test, name) => `<dt>${name}<dd data-testid="${test}"></dd>`;
const part = (test, name, none) => `<h3>${name}</h3><ul data-testid="${test}" data-none="${none}"></ul>`;

const PILL = `<span class="state" data-testid="sign">${icon("")}<span></span></span><strong data-testid="pill-total"></strong>${icon("M6 15l6-6l6 6")}`;

const markupIn = (_, examples = _("1:30, 90m, 1.5h")) => `
<section class="panel" part="panel" data-testid="panel">
<header><h2 data-testid="title"></h2>${button("collapse", icon("M6 9l6 6l6-6"), 'class="icon" aria-expanded="true"', _("Make small"))}</header>
<div class="body">
<div><strong class="total" data-testid="total" aria-live="off"></strong>
<p class="state" data-testid="state">${icon("")}<span></span></p>
<p class="hint">${_("Updated")} <time data-testid="updated"></time></p></div>
<ul class="notes" data-testid="notes"></ul>
<label class="switch" data-testid="my-time-label"><input type="checkbox" role="switch" data-testid="my-time">${_("My time")}</label>
<dl>${number("automatic", _("Automatic"))}${number("manual", _("By hand"))}${number("time-log", _("Time logs"))}${number("activity", _("Activities"))}</dl>
<div class="people"><h3 data-testid="people-count"></h3><ul data-testid="people"></ul></div>
<div class="actions">${button("refresh", _("Refresh"))}${button("add", _("Add time log"))}</div>
<p class="hint" role="status" data-testid="result"></p>
<form novalidate hidden aria-label="${_("Add time log")}" data-testid="add-form">
<div class="two"><label>${_("Date")}<input type="date" data-testid="log-date"></label>
<label>${_("Duration")}<input autocomplete="off" placeholder="${examples}" data-testid="log-duration"></label></div>
<p class="echo" role="status" data-testid="log-understood"></p>
<label>${_("Description")}<textarea rows="2" maxlength="2000" data-testid="log-description"></textarea></label>
<p class="problem" role="alert" id="problem" data-testid="log-problem"></p>
<div class="actions"><button class="button primary" data-testid="log-save">${_("Save")}</button>${button("log-cancel", _("Cancel"))}</div>
</form>
<div data-testid="lock">${button("screen-lock", _("See screen lock"), 'class="button" aria-describedby="why"')}<p class="hint" id="why">${_("Then the clock stops the moment your screen is locked.")}</p></div>
<details data-testid="history"><summary>${_("History")}</summary>
${part("history-automatic", _("Automatic time"), _("None yet"))}${part("history-time-logs", _("Time logs"), _("None yet"))}${part("history-activities", _("Activities"), _("None yet"))}</details>
</div></section>
${button("expand", PILL, 'class="pill" part="pill" aria-expanded="false"')}`;

let policy;

/** What comes from outside is put in as text, never as markup. */
export function build({ _ }) {
  const root = element("div", "root");
  policy ??= /** @type {any} */ (window).trustedTypes?.createPolicy("caseclock", { createHTML: (text) => text });
  const markup = markupIn(_);
  root.innerHTML = policy?.createHTML(markup) ?? markup;
  const parts = [...root.querySelectorAll("[data-testid]")].map((on) => [on.getAttribute("data-testid"), on]);
  return { root, parts: Object.fromEntries(parts) };
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

/** Rows that did not change stay where they are. */
export function list(on, items, make) {
  const old = on.children;
  items.forEach((item, i) => {
    const key = JSON.stringify(item);
    if (old[i]?.key === key) return;
    const row = Object.assign(element("li", "", ...make(item)), { key });
    if (old[i]) old[i].replaceWith(row);
    else on.append(row);
  });
  while (old.length > items.length) old[items.length].remove();
}
