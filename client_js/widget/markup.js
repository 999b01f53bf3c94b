// @ts-check
const button = (test, name, more = 'class="button"') => `<button type="button" data-testid="${test}" ${more}>${name}</button>`;
const icon = (path) => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
const number = (test, name) => `<dt>${name}<dd data-testid="${test}"></dd>`;
const part = (test, name) => `<h3>${name}</h3><ul data-testid="${test}"></ul>`;

const MARKUP = `
<section class="panel" part="panel" data-testid="panel">
<header><h2 data-testid="title"></h2>${button("collapse", icon("M6 9l6 6l6-6"), 'class="icon" aria-label="Make small" title="Make small" aria-expanded="true"')}</header>
<div class="body">
<div><strong class="total" data-testid="total" aria-live="off"></strong>
<p class="state" data-testid="state">${icon("")}<span></span></p>
<p class="hint">Updated <time data-testid="updated"></time></p></div>
<ul class="notes" data-testid="notes"></ul>
<label class="switch" data-testid="my-time-label"><input type="checkbox" role="switch" data-testid="my-time">My time</label>
<dl>${number("automatic", "Automatic")}${number("manual", "By hand")}${number("time-log", "Time logs")}${number("activity", "Activities")}</dl>
<div class="people"><h3 data-testid="people-count"></h3><ul data-testid="people"></ul></div>
<div class="actions">${button("refresh", "Refresh")}${button("add", "Add time log")}</div>
<p class="hint" role="status" data-testid="result"></p>
<form novalidate hidden aria-label="Add time log" data-testid="add-form">
<div class="two"><label>Date<input type="date" data-testid="log-date"></label>
<label>Duration<input autocomplete="off" placeholder="1:30, 90m, 1.5h" data-testid="log-duration"></label></div>
<p class="echo" role="status" data-testid="log-understood"></p>
<label>Description<textarea rows="2" maxlength="2000" data-testid="log-description"></textarea></label>
<p class="problem" role="alert" id="problem" data-testid="log-problem"></p>
<div class="actions"><button class="button primary" data-testid="log-save">Save</button>${button("log-cancel", "Cancel")}</div>
</form>
<div data-testid="lock">${button("screen-lock", "See screen lock", 'class="button" aria-describedby="why"')}<p class="hint" id="why">Then the clock stops the moment your screen is locked.</p></div>
<details data-testid="history"><summary>History</summary>
${part("history-automatic", "Automatic time")}${part("history-time-logs", "Time logs")}${part("history-activities", "Activities")}</details>
</div></section>
${button("expand", `<span class="state" data-testid="sign">${icon("")}<span></span></span><strong data-testid="pill-total"></strong>${icon("M6 15l6-6l6 6")}`, 'class="pill" part="pill" aria-expanded="false"')}`;

/** What comes from outside is put in as text, never as markup. */
export function build() {
  const root = element("div", "root");
  const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("caseclock", { createHTML: (text) => text });
  root.innerHTML = policy?.createHTML(MARKUP) ?? MARKUP;
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
