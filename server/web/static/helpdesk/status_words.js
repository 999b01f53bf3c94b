// @ts-check
// Why the clock runs or stands, in words. Pure.
import { _ } from "/static/i18n.js";

/** @typedef {import("../../../../client_js/types.d.ts").AgentStatus} AgentStatus */

const STANDS = {
  hidden: _("this browser tab is not visible"),
  unfocused: _("another window is in front"),
  locked: _("the screen is locked"),
  idle: _("no input for a while"),
  "no-case": _("no case is in front"),
  inbox: _("cases in the inbox are not tracked"),
  "untracked-form": _("this form is not tracked"),
  "no-widget": _("the handling-time widget is not on the form"),
  "tracking-off": _("an administrator has switched tracking off"),
  stopped: _("tracking has ended on this page"),
};

/**
 * What the clock does. The agent does not know which cases are resolved, so the page says it.
 * @param {AgentStatus} status
 * @param {(ref: string) => boolean} isResolved
 * @returns {{runs: boolean, text: string}}
 */
export function clockWords(status, isResolved) {
  const { case: running, front, reason } = status;
  if (front && isResolved(front) && reason !== "stopped" && reason !== "tracking-off") return { runs: false, text: _("Stands: {case} is resolved", { case: front }) };
  if (running) return { runs: true, text: _("Clock runs on {case}", { case: running }) };
  return { runs: false, text: _("Stands: {why}", { why: STANDS[/** @type {keyof typeof STANDS} */ (reason)] ?? reason }) };
}

/** What hinders the agent, or "". @param {AgentStatus} status */
export function hindrance({ connection, storage }) {
  const wires = {
    online: "",
    offline: _("Offline: recording goes on"),
    "signed-out": _("Signed out: recording goes on. Sign in again to deliver it"),
    refused: _("The server does not take reports from this page: recording goes on"),
  }[connection];
  const memory = storage === "memory" ? _("Storage is full or forbidden: recording lasts until this page closes") : "";
  return [wires, memory].filter(Boolean).join(". ");
}
