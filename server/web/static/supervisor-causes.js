// @ts-check
// What started and what ended a span, in words. The keys are the causes of the wire (docs/protocol.md) and the
// reasons that the server adds where the time beyond an end belongs elsewhere.
import { _ } from "/static/i18n.js";

/** @type {Record<string, {started: string, ended: string}>} */
export const CAUSES = {
  open: { started: _("case opened"), ended: _("another page opened") },
  focus: { started: _("window came to the front"), ended: _("other part of the page in front") },
  blur: { started: _("focus moved inside the page"), ended: _("window left") },
  visible: { started: _("page shown again"), ended: _("page shown without the case") },
  hidden: { started: _("page hidden"), ended: _("page hidden") },
  freeze: { started: _("page frozen by the browser"), ended: _("page frozen by the browser") },
  suspend: { started: _("computer slept"), ended: _("computer slept") },
  resume: { started: _("page woke up"), ended: _("page woke up without the case") },
  lock: { started: _("screen locked"), ended: _("screen locked") },
  unlock: { started: _("screen unlocked"), ended: _("screen unlocked elsewhere") },
  idle: { started: _("no input"), ended: _("no input") },
  active: { started: _("input came back"), ended: _("input came back elsewhere") },
  "session-tab": { started: _("session tab selected"), ended: _("other session tab selected") },
  "app-tab": { started: _("app tab selected"), ended: _("other app tab selected") },
  case: { started: _("case shown on the page"), ended: _("other case shown on the page") },
  form: { started: _("tracked form chosen"), ended: _("form that is not tracked chosen") },
  dialog: { started: _("dialog closed"), ended: _("dialog opened") },
  resolve: { started: _("case reopened"), ended: _("case resolved") },
  close: { started: _("another tab closed"), ended: _("closed") },
  beat: { started: _("proof came in again"), ended: _("case left") },
  gap: { started: _("proof came in again"), ended: _("no proof after this") },
  overlap: { started: _("newer work ended"), ended: _("newer work began") },
  "tracking-off": { started: _("tracking switched on"), ended: _("tracking switched off") },
  committed: { started: _("follows recorded time"), ended: _("time after it was recorded before") },
  interval: { started: _("goes on from the record before"), ended: _("recorded at the interval, work went on") },
};

/** What started a span. @param {string} cause */
export function startedBy(cause) {
  return CAUSES[cause]?.started ?? (cause || _("not known"));
}

/** What ended a span. @param {string} cause */
export function endedBy(cause) {
  return CAUSES[cause]?.ended ?? (cause || _("not known"));
}
