// @ts-check
// Elements out of names, attributes and text; never out of markup.

const PATHS = {
  running: "M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14",
  standing: "M9 5v14M15 5v14",
  resolved: "M5 12.5l4.5 4.5L19 7",
  off: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16M6.5 6.5l11 11",
  refresh: "M20 5v5h-5M4 19v-5h5M5.5 9a7.5 7.5 0 0 1 13-1.5L20 10M4 14l1.5 2.5a7.5 7.5 0 0 0 13-1.5",
  add: "M12 5v14M5 12h14",
  collapse: "M6 9l6 6l6-6",
  expand: "M6 15l6-6l6 6",
  "screen-lock": "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
};

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @returns {HTMLElementTagNameMap[T]} */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name === "test" ? "data-testid" : name, value);
  made.append(...children);
  return made;
}

export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  set(svg, "viewBox", "0 0 24 24");
  set(svg, "aria-hidden", "true");
  set(path, "d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Changes an attribute only where it differs; null and false take it away. */
export function set(on, name, value) {
  if (value === false || value == null) on.removeAttribute(name);
  else if (on.getAttribute(name) !== String(value)) on.setAttribute(name, value === true ? "" : value);
}

export function say(on, text) {
  if (on.textContent !== text) on.textContent = text;
}

/** Brings a list up to date; rows that did not change stay where they are. */
export function list(on, items, make) {
  const old = on.children;
  items.forEach((item, i) => {
    const key = JSON.stringify(item);
    if (old[i]?.key === key) return;
    const row = Object.assign(make(item), { key });
    if (old[i]) old[i].replaceWith(row);
    else on.append(row);
  });
  while (old.length > items.length) old[items.length].remove();
}
