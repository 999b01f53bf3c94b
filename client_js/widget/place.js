// @ts-check
const GAP = 16;
export const NARROW = "(max-width: 479.98px)";

/** @type {import("./types.d.ts").CornerOf} */
export function cornerOf(form, view, { width, height }) {
  const seen = form.right > form.left && form.bottom > form.top ? clip(form, view) : view;
  if (seen.right <= seen.left || seen.bottom <= seen.top) return null;
  const edge = (end, least, most) => Math.max(end - GAP, Math.min(most, least));
  return { right: edge(seen.right, view.left + width, view.right), bottom: edge(seen.bottom, view.top + height, view.bottom) };
}

/** At the bottom right of what can be seen of the case form, wherever it was added. @type {import("./types.d.ts").KeepInCorner} */
export function keepInCorner(host, sheet, signal) {
  const { style } = /** @type {CSSStyleRule} */ (sheet.cssRules[sheet.insertRule(":host {}")]);
  const form = formOf(host);
  const scrollers = scrollersOf(form);
  const at = { right: GAP, bottom: GAP };
  let asked = 0;

  const observer = new window.ResizeObserver(place);
  for (const watched of [host, form]) observer.observe(watched);
  form.dataset.caseclockRoom = "";
  window.addEventListener("scroll", place, { capture: true, passive: true, signal });
  window.addEventListener("resize", place, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    if (!widgetsOf(form).length) delete form.dataset.caseclockRoom;
  });
  return place;

  function place() {
    asked ||= requestAnimationFrame(now);
  }

  /** Reads, then writes. What it reads of itself makes good for ancestors that `fixed` is relative to. */
  function now() {
    asked = 0;
    const own = host.getBoundingClientRect();
    if (!own.width || window.matchMedia(NARROW).matches) return; // there the style sheet places it
    const { clientWidth, clientHeight } = document.documentElement;
    const view = scrollers.map((box) => box.getBoundingClientRect()).reduce(clip, { left: 0, top: 0, right: clientWidth, bottom: clientHeight });
    const corner = cornerOf(form.getBoundingClientRect(), view, own);
    const widgets = widgetsOf(form);
    const below = widgets.slice(0, widgets.indexOf(host)).reduce((sum, { offsetHeight }) => sum + offsetHeight && sum + offsetHeight + GAP / 2, 0);
    style.visibility = corner ? "" : "hidden";
    if (!corner) return;
    at.right += own.right - corner.right;
    at.bottom += own.bottom - corner.bottom + below;
    for (const edge of ["right", "bottom"]) style.setProperty(`--${edge}`, `${Math.round(at[edge])}px`);
  }
}

/** The part that both boxes have. @returns {import("./types.d.ts").Box} */
function clip(one, other) {
  const { max, min } = Math;
  return { left: max(one.left, other.left), top: max(one.top, other.top), right: min(one.right, other.right), bottom: min(one.bottom, other.bottom) };
}

/** @returns {HTMLElement} */
function formOf(host) {
  const form = host.closest("[data-case-form]") ?? host.closest("form, main");
  return form ?? (host.getRootNode().host ? formOf(host.getRootNode().host) : document.documentElement);
}

/** Of one form; they stand one above the other. @returns {HTMLElement[]} */
function widgetsOf(form) {
  return [...form.querySelectorAll("handling-time")].filter((widget) => formOf(widget) === form);
}

/** What cuts off a form that overflows it. @returns {Element[]} */
function scrollersOf(form) {
  const box = form.parentElement;
  if (!box || box === document.body) return [];
  return [...(window.getComputedStyle(box).overflowY === "visible" ? [] : [box]), ...scrollersOf(box)];
}
