// @ts-check
// What started and what ended a span, in words. The keys are the causes of the wire (docs/protocol.md) and the
// reasons that the server adds where the time beyond an end belongs elsewhere.

/** @type {Record<string, {started: string, ended: string}>} */
export const CAUSES = {
  open: { started: "case opened", ended: "another page opened" },
  focus: { started: "window came to the front", ended: "other part of the page in front" },
  blur: { started: "focus moved inside the page", ended: "window left" },
  visible: { started: "page shown again", ended: "page shown without the case" },
  hidden: { started: "page hidden", ended: "page hidden" },
  freeze: { started: "page frozen by the browser", ended: "page frozen by the browser" },
  suspend: { started: "computer slept", ended: "computer slept" },
  resume: { started: "page woke up", ended: "page woke up without the case" },
  lock: { started: "screen locked", ended: "screen locked" },
  unlock: { started: "screen unlocked", ended: "screen unlocked elsewhere" },
  idle: { started: "no input", ended: "no input" },
  active: { started: "input came back", ended: "input came back elsewhere" },
  "session-tab": { started: "session tab selected", ended: "other session tab selected" },
  "app-tab": { started: "app tab selected", ended: "other app tab selected" },
  case: { started: "case shown on the page", ended: "other case shown on the page" },
  form: { started: "tracked form chosen", ended: "form that is not tracked chosen" },
  dialog: { started: "dialog closed", ended: "dialog opened" },
  resolve: { started: "case reopened", ended: "case resolved" },
  close: { started: "another tab closed", ended: "closed" },
  beat: { started: "proof came in again", ended: "case left" },
  gap: { started: "proof came in again", ended: "no proof after this" },
  overlap: { started: "newer work ended", ended: "newer work began" },
  "tracking-off": { started: "tracking switched on", ended: "tracking switched off" },
  committed: { started: "follows recorded time", ended: "time after it was recorded before" },
  interval: { started: "goes on from the record before", ended: "recorded at the interval, work went on" },
};

/** What started a span. @param {string} cause */
export function startedBy(cause) {
  return CAUSES[cause]?.started ?? (cause || "not known");
}

/** What ended a span. @param {string} cause */
export function endedBy(cause) {
  return CAUSES[cause]?.ended ?? (cause || "not known");
}
