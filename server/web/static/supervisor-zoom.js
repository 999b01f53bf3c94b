// @ts-check
// Zooming and moving a time line: buttons, keys, the wheel with Ctrl, dragging. Moving is the browser's own scrolling.
import { h } from "/static/dom.js";
import { _ } from "/static/i18n.js";
import { around, marksOf, stepOf, within, zoomed } from "/static/supervisor-scale.js";

const STEP = 1.5;
const LABEL_PX = 52;
/** A pointer that moved less has clicked. */
const DRAG_PX = 4;

/** @typedef {import("./supervisor-scale.js").View} View */

/**
 * Wraps a line into a frame in which it can be zoomed. `view` answers the part that somebody chose to see, if they did.
 * @param {object} options
 * @param {HTMLElement} options.inner holds labels and, beside them, the whole line
 * @param {HTMLElement} options.axis as wide as the line
 * @param {number} options.length of the line in milliseconds
 * @param {View | null} options.first the part to show first, if not the one with all `times`
 * @param {View[]} options.times where something happened
 * @param {(at: number) => string} options.labelOf the time of day of an instant
 * @param {(marks: number[]) => void} options.mark draw these hours
 */
export function zoomable({ inner, axis, length, first, times, labelOf, mark }) {
  const frame = h("div", { class: "timeline-frame", tabindex: "0", role: "group", "aria-label": _("Time line: plus and minus zoom, the arrow keys move; on a span they go to the next one, Enter shows why it began and ended"), "data-testid": "timeline-frame" }, inner);
  const said = h("output", { class: "timeline-view muted number", "aria-live": "off", "data-testid": "timeline-view" });
  const fit = around(times, length);
  let view = first ? within(first, length) : fit;
  let isChosen = first !== null;
  /** How the line lies since it was placed. */
  let placed = { left: 0, width: 0 };

  const tools = h(
    "div",
    { class: "timeline-tools", role: "group", "aria-label": _("Zoom") },
    tool("−", _("Zoom out"), "zoom-out", () => zoomBy(1 / STEP)),
    tool("+", _("Zoom in"), "zoom-in", () => zoomBy(STEP)),
    tool("←", _("Earlier"), "move-earlier", () => moveBy(-0.5)),
    tool("→", _("Later"), "move-later", () => moveBy(0.5)),
    h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "data-testid": "zoom-fit", onclick: () => show(fit) }, _("Hours of work")),
    h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "data-testid": "zoom-whole", onclick: () => show({ from: 0, to: length }) }, _("Whole day")),
    said,
  );

  new ResizeObserver(place).observe(frame);
  frame.addEventListener("scroll", () => follow());
  frame.addEventListener("wheel", byWheel, { passive: false });
  frame.addEventListener("keydown", byKey);
  frame.addEventListener("pointerdown", byDragging);
  return { element: frame, tools, view: () => (isChosen ? view : null) };

  /** @param {number} factor @param {number} [at] */
  function zoomBy(factor, at) {
    show(zoomed(view, length, factor, at));
  }

  /** @param {number} share of what is seen */
  function moveBy(share) {
    const way = (view.to - view.from) * share;
    show(within({ from: view.from + way, to: view.to + way }, length));
  }

  /** @param {View} next */
  function show(next) {
    view = next;
    isChosen = true;
    said.ariaLive = "polite";
    place();
  }

  /** Make the line as wide as the view needs it, and bring the view to the front. */
  function place() {
    if (!frame.isConnected || !frame.clientWidth) return;
    inner.style.setProperty("--zoom", String(length / (view.to - view.from)));
    frame.scrollLeft = Math.round((view.from / length) * lineWidth());
    placed = { left: frame.scrollLeft, width: lineWidth() };
    draw();
  }

  /** After scrolling by other means; when the page has another width, the line is placed anew instead. */
  function follow() {
    if (lineWidth() !== placed.width || frame.scrollLeft === placed.left) return;
    placed.left = frame.scrollLeft;
    const from = (placed.left / placed.width) * length;
    view = within({ from, to: from + (view.to - view.from) }, length);
    isChosen = true;
    said.ariaLive = "off";
    draw();
  }

  function draw() {
    const step = stepOf(length / lineWidth(), LABEL_PX);
    mark(marksOf(view, length, step));
    const text = `${labelOf(view.from)} – ${labelOf(Math.max(view.from, view.to - 1))}`;
    if (said.textContent !== text) said.textContent = text;
    frame.dataset.from = String(Math.round(view.from));
    frame.dataset.to = String(Math.round(view.to));
  }

  function lineWidth() {
    return Math.max(1, axis.clientWidth);
  }

  function labelWidth() {
    return axis.offsetLeft;
  }

  /** @param {WheelEvent} event */
  function byWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const seen = Math.max(1, frame.clientWidth - labelWidth());
    const at = (event.clientX - frame.getBoundingClientRect().left - labelWidth()) / seen;
    zoomBy(STEP ** (-event.deltaY / 100), view.from + Math.min(1, Math.max(0, at)) * (view.to - view.from));
  }

  /** @param {KeyboardEvent} event */
  function byKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnFrame = event.target === frame;
    /** @type {Record<string, () => void>} */
    const keys = { "+": () => zoomBy(STEP, inFront()), "=": () => zoomBy(STEP, inFront()), "-": () => zoomBy(1 / STEP, inFront()), 0: () => show({ from: 0, to: length }) };
    if (isOnFrame) Object.assign(keys, { ArrowLeft: () => moveBy(-0.25), ArrowRight: () => moveBy(0.25), Home: () => moveBy(-length), End: () => moveBy(length) });
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  /** The middle of the span that has the focus, if it is seen. */
  function inFront() {
    const bar = document.activeElement;
    if (!(bar instanceof HTMLElement) || !bar.matches(".timeline-bar")) return undefined;
    const at = ((bar.offsetLeft + bar.offsetWidth / 2) / lineWidth()) * length;
    return at >= view.from && at <= view.to ? at : undefined;
  }

  /** With a finger the browser scrolls by itself. @param {PointerEvent} down */
  function byDragging(down) {
    if (down.pointerType === "touch" || down.button !== 0) return;
    const began = frame.scrollLeft;
    let isDragged = false;
    const stop = new AbortController();
    const move = (/** @type {PointerEvent} */ { clientX, pointerId }) => {
      if (!isDragged && Math.abs(clientX - down.clientX) < DRAG_PX) return;
      if (!isDragged) frame.setPointerCapture(pointerId);
      isDragged = true;
      frame.classList.add("is-dragged");
      frame.scrollLeft = began - (clientX - down.clientX);
    };
    const end = () => {
      stop.abort();
      frame.classList.remove("is-dragged");
    };
    frame.addEventListener("pointermove", move, { signal: stop.signal });
    for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, end, { signal: stop.signal });
  }
}

/** @param {string} sign @param {string} name @param {string} testId @param {() => void} act */
function tool(sign, name, testId, act) {
  return h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "aria-label": name, title: name, "data-testid": testId, onclick: act }, sign);
}
