// @ts-check
// The line at the foot of the helpdesk that says what the clock does. It speaks up only when that changes.
import { h } from "/static/dom.js";
import { knownCase, onCase } from "/static/helpdesk/cases.js";
import { clockWords, hindrance } from "/static/helpdesk/status_words.js";
import { _ } from "/static/i18n.js";

/** A page that has just been opened is not called offline. */
const PATIENCE_MS = 2000;

/** @param {import("../../../../client_js/types.d.ts").Agent} agent */
export function statusLine(agent) {
  const clock = h("span", { class: "clock-state", role: "status", "data-testid": "clock-status" });
  const trouble = h("span", { class: "clock-trouble", role: "status", "data-testid": "agent-trouble" });
  const ask = h("button", { type: "button", class: "btn btn-sm btn-link", "data-testid": "ask-screen-lock", title: _("Then the clock stops the moment your screen is locked."), onclick: () => agent.askForScreenLock() }, _("See screen lock"));
  const dot = h("span", { class: "clock-dot", "aria-hidden": "true" });
  const line = h("footer", { class: "status-line", "data-testid": "status-line" }, dot, clock, trouble, ask);
  let patient = true;
  setTimeout(() => {
    patient = false;
    show();
  }, PATIENCE_MS);

  function show() {
    const { status } = agent;
    const { runs, text } = clockWords(status, (ref) => knownCase(ref)?.status === "resolved");
    put(clock, text);
    line.classList.toggle("runs", runs);
    line.dataset.reason = status.reason;
    line.dataset.running = runs ? status.case ?? "" : "";
    line.dataset.connection = status.connection;
    line.dataset.undelivered = String(status.undelivered);
    put(trouble, patient && status.connection === "offline" ? "" : hindrance(status));
    ask.hidden = status.screenLock !== "prompt";
  }

  agent.addEventListener("status", show);
  onCase(show);
  show();
  return line;
}

/** @param {Element} element @param {string} text */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
