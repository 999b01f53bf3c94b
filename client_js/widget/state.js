// @ts-check
import { ENGLISH } from "./words.js";

const namesOf = (_) => ({ running: _("Running"), standing: _("Stands"), resolved: _("Resolved"), off: _("Off") });

const causesOf = (_) => ({
  hidden: _("this browser tab is in the background"),
  unfocused: _("another window is in front"),
  locked: _("the screen is locked"),
  idle: _("no input for a while"),
  inbox: _("cases in the inbox are not tracked"),
  "untracked-form": _("this form is not tracked"),
  "no-widget": _("this form counts only with the widget on it"),
});

/** @type {import("./types.d.ts").ClockStateOf} */
export function clockState(ref, status, { resolved, offline, enabled }, { _ } = ENGLISH) {
  const [sign, text] = resolved ? /** @type {const} */ (["resolved", _("Resolved: no more time is counted")]) : signOf(ref, status, enabled, _);
  const notes = [];
  const kept = sign === "running" ? _("recording goes on") : _("what was recorded is kept");
  if (status?.connection === "signed-out") notes.push(_("Signed out: {kept}. Sign in again to save it", { kept }));
  else if (status?.connection === "refused") notes.push(_("The server does not take reports from this page: {kept}. Please tell an administrator", { kept }));
  else if (offline) notes.push(_("Offline: {kept}, and is saved by itself later", { kept }));
  if (status?.storage === "memory") notes.push(_("Recording in memory only: this page must stay open"));
  return { sign, short: namesOf(_)[sign], text, notes };
}

/** @returns {["running" | "standing" | "off", string]} */
function signOf(ref, status, enabled, _) {
  if (!enabled || status?.reason === "tracking-off") return ["off", _("Tracking is switched off")];
  if (!status) return ["off", _("Tracking has not started on this page")];
  if (status.reason === "stopped") return ["off", _("Tracking has ended on this page")];
  if (status.case === ref) return ["running", _("Running")];
  const elsewhere = status.front ? _("another case is in front") : _("this case is not in front");
  return ["standing", _("Stands: {why}", { why: (status.front === ref && causesOf(_)[status.reason]) || elsewhere })];
}
