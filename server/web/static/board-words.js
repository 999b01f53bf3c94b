// @ts-check
// States of the board and what keeps clocks from running, in words. The keys are those of the wire (docs/protocol.md).
import { words } from "/static/format.js";
import { _ } from "/static/i18n.js";

/** @type {Record<import("./board-people.js").State, string>} */
export const STATE_NAMES = { working: _("Working"), idle: _("Idle"), away: _("Away"), offline: _("Offline") };

/** @type {Record<string, string>} */
export const REASONS = {
  idle: _("no input for a while"),
  locked: _("the screen is locked"),
  hidden: _("no browser tab of it is visible"),
  unfocused: _("another window is in front"),
  "no-case": _("no case is in front"),
  inbox: _("cases in the inbox are not tracked"),
  "untracked-form": _("the form in front is not tracked"),
  "no-widget": _("the widget is not on the form"),
  "not-counted": _("what is in front is not tracked"),
  resolved: _("the case is resolved"),
  "tracking-off": _("tracking is switched off"),
};

/** Why no clock runs, or "" where it is not known. @param {string | null} reason */
export function reasonOf(reason) {
  return reason === null ? "" : (REASONS[reason] ?? reason);
}

/** How long something has lasted, by the minute. @param {number} ms */
export function lastingOf(ms) {
  return ms < 60_000 ? _("just now") : words(ms / 1000);
}
