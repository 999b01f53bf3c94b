// @ts-check
const GAP = 16;
export const NARROW = "(max-width: 479.98px)";

/** @type {import("./types.d.ts").CornerOf} */
export function cornerOf(form, view, size) {
  const empty = form.right <= form.left || form.bottom <= form.top;
  const right = edge(empty, form.left, form.right, view.width, size.width);
  const bottom = edge(empty, form.top, form.bottom, view.height, size.height);
  return right && bottom ? { right, bottom } : null;
}

/** 0 where nothing can be seen. */
function edge(empty, start, end, view, size) {
  if (!empty && (end <= 0 || start >= view)) return 0;
  return Math.max((empty ? view : Math.min(end, view)) - GAP, Math.min(size, view));
}

/** @type {import("./types.d.ts").KeepInCorner} */
export function keepInCorner(host, sheet, signal) {
  const { style } = /** @type {CSSStyleRule} */ (sheet.cssRules[sheet.insertRule(":host {}")]);
  const form = formOf(host);
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

  // what it reads of itself makes good for ancestors that `fixed` is relative to
  function now() {
    asked = 0;
    const own = host.getBoundingClientRect();
    if (!own.width || window.matchMedia(NARROW).matches) return; // there the style sheet places it
    const { clientWidth, clientHeight } = document.documentElement;
    const corner = cornerOf(form.getBoundingClientRect(), { width: clientWidth, height: clientHeight }, own);
    const widgets = widgetsOf(form);
    const below = widgets.slice(0, widgets.indexOf(host)).reduce((sum, { offsetHeight }) => sum + (offsetHeight && offsetHeight + GAP / 2), 0);
    style.visibility = corner ? "" : "hidden";
    if (!corner) return;
    at.right += own.right - corner.right;
    at.bottom += own.bottom - corner.bottom + below;
    for (const edge of ["right", "bottom"]) style.setProperty(`--${edge}`, `${Math.round(at[edge])}px`);
  }
}

function formOf(host) {
  const form = host.closest("[data-case-form]") ?? host.closest("form, main");
  return form ?? (host.getRootNode().host ? formOf(host.getRootNode().host) : document.documentElement);
}

function widgetsOf(form) {
  return [...form.querySelectorAll("handling-time")].filter((widget) => formOf(widget) === form);
}
