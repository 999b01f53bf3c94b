// @ts-check
// Why the clock runs or stands, in words. Pure.

/** @typedef {import("../../../../client_js/types.d.ts").AgentStatus} AgentStatus */

const STANDS = {
  hidden: "this browser tab is not visible",
  unfocused: "another window is in front",
  locked: "the screen is locked",
  idle: "no input for a while",
  "no-case": "no case is in front",
  inbox: "cases in the inbox are not tracked",
  "untracked-form": "this form is not tracked",
  "no-widget": "the handling-time widget is not on the form",
  "tracking-off": "an administrator has switched tracking off",
  stopped: "tracking has ended on this page",
};

/**
 * What the clock does. The agent does not know which cases are resolved, so the page says it.
 * @param {AgentStatus} status
 * @param {(ref: string) => boolean} isResolved
 * @returns {{runs: boolean, text: string}}
 */
export function clockWords(status, isResolved) {
  const { case: running, front, reason } = status;
  if (front && isResolved(front) && reason !== "stopped" && reason !== "tracking-off") return { runs: false, text: `Stands: ${front} is resolved` };
  if (running) return { runs: true, text: `Clock runs on ${running}` };
  return { runs: false, text: `Stands: ${STANDS[/** @type {keyof typeof STANDS} */ (reason)] ?? reason}` };
}

/** What hinders the agent, or "". @param {AgentStatus} status */
export function hindrance({ connection, storage }) {
  const wires = {
    online: "",
    offline: "Offline: recording goes on",
    "signed-out": "Signed out: recording goes on. Sign in again to deliver it",
    refused: "The server does not take reports from this page: recording goes on",
  }[connection];
  const memory = storage === "memory" ? "Storage is full or forbidden: recording lasts until this page closes" : "";
  return [wires, memory].filter(Boolean).join(". ");
}
