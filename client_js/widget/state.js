// @ts-check
const STANDS = {
  hidden: "this browser tab is in the background",
  unfocused: "another window is in front",
  locked: "the screen is locked",
  idle: "no input for a while",
  inbox: "cases in the inbox are not tracked",
  "untracked-form": "this form is not tracked",
  "no-widget": "this form counts only with the widget on it",
};
const SHORT = { running: "Running", standing: "Stands", resolved: "Resolved", off: "Off" };

/** @type {import("./types.d.ts").ClockStateOf} */
export function clockState(ref, status, { resolved, offline, enabled }) {
  const [sign, text] = resolved ? /** @type {const} */ (["resolved", "Resolved: no more time is counted"]) : signOf(ref, status, enabled);
  const notes = [];
  const goes = sign === "running" ? "recording goes on" : "what was recorded is kept";
  if (status?.connection === "signed-out") notes.push(`Signed out: ${goes}. Sign in again to save it`);
  else if (status?.connection === "refused") notes.push(`The server does not take reports from this page: ${goes}. Please tell an administrator`);
  else if (offline) notes.push(`Offline: ${goes}, and is saved by itself later`);
  if (status?.storage === "memory") notes.push("Recording in memory only: this page must stay open");
  return { sign, short: SHORT[sign], text, notes };
}

/** @returns {["running" | "standing" | "off", string]} */
function signOf(ref, status, enabled) {
  if (!enabled || status?.reason === "tracking-off") return ["off", "Tracking is switched off"];
  if (!status) return ["off", "Tracking has not started on this page"];
  if (status.reason === "stopped") return ["off", "Tracking has ended on this page"];
  if (status.case === ref) return ["running", "Running"];
  const elsewhere = status.front ? "another case is in front" : "this case is not in front";
  return ["standing", `Stands: ${(status.front === ref && STANDS[status.reason]) || elsewhere}`];
}
