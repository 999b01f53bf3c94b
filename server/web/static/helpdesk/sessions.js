// @ts-check
// Which sessions and app tabs are open, and which are in front. Pure: values in, values out.

/**
 * @typedef {"main" | "reading"} FormId
 * @typedef {{id: string, entity: string, key: string, label: string, form: FormId}} Tab
 *   `key` is the reference of a case, or what identifies another record; `form` is used by cases alone.
 * @typedef {{id: string, kind: "case" | "inbox", ref: string | null, tabs: Tab[], front: string}} Session
 *   `ref` of the inbox is the case in its preview. The first tab of a case session is the case's own form.
 * @typedef {{sessions: Session[], front: string | null, opened: number}} Desk
 */

export const OWN_FORM = "form";
export const INBOX = "inbox";
export const CASE_ENTITY = "incident";

/** @type {Desk} */
export const EMPTY = { sessions: [], front: null, opened: 0 };

/** The session in front. @param {Desk} desk */
export function frontSession(desk) {
  return desk.sessions.find(({ id }) => id === desk.front);
}

/** The app tab in front of a session. @param {Session} session */
export function frontTab(session) {
  return session.tabs.find(({ id }) => id === session.front);
}

/** Bring a case to the front, in its own session; one that is open already is used. @param {Desk} desk @param {string} ref @returns {Desk} */
export function openCase(desk, ref) {
  const open = desk.sessions.find((session) => session.kind === "case" && session.ref === ref);
  if (open) return selectTab(selectSession(desk, open.id), open.id, OWN_FORM);
  const opened = desk.opened + 1;
  const id = `session-${opened}`;
  const own = { id: OWN_FORM, entity: CASE_ENTITY, key: ref, label: ref, form: /** @type {FormId} */ ("main") };
  return { opened, front: id, sessions: [...desk.sessions, { id, kind: "case", ref, tabs: [own], front: OWN_FORM }] };
}

/** Bring the inbox to the front. @param {Desk} desk @returns {Desk} */
export function openInbox(desk) {
  if (desk.sessions.some(({ id }) => id === INBOX)) return selectSession(desk, INBOX);
  return { ...desk, front: INBOX, sessions: [{ id: INBOX, kind: "inbox", ref: null, tabs: [], front: "" }, ...desk.sessions] };
}

/** Preview a case in the inbox. @param {Desk} desk @param {string | null} ref @returns {Desk} */
export function preview(desk, ref) {
  return changeSession(desk, INBOX, (inbox) => ({ ...inbox, ref }));
}

/** Open a record as app tab of the session in front. @param {Desk} desk @param {string} entity @param {string} key @param {string} label @returns {Desk} */
export function openRecord(desk, entity, key, label) {
  return changeSession(desk, desk.front, (session) => {
    if (entity === CASE_ENTITY && key === session.ref) return { ...session, front: OWN_FORM };
    const id = `${entity}:${key}`;
    if (session.tabs.some((tab) => tab.id === id)) return { ...session, front: id };
    return { ...session, front: id, tabs: [...session.tabs, { id, entity, key, label, form: "main" }] };
  });
}

/** @param {Desk} desk @param {string | null} id @returns {Desk} */
export function selectSession(desk, id) {
  return desk.sessions.some((session) => session.id === id) ? { ...desk, front: id } : desk;
}

/** @param {Desk} desk @param {string} sessionId @param {string} tabId @returns {Desk} */
export function selectTab(desk, sessionId, tabId) {
  return changeSession(desk, sessionId, (session) => (session.tabs.some(({ id }) => id === tabId) ? { ...session, front: tabId } : session));
}

/** Close a session; if it was in front, its neighbour comes there. @param {Desk} desk @param {string} id @returns {Desk} */
export function closeSession(desk, id) {
  const sessions = desk.sessions.filter((session) => session.id !== id);
  return { ...desk, sessions, front: desk.front === id ? neighbour(desk.sessions, id) : desk.front };
}

/** Close an app tab; the case's own form stays. @param {Desk} desk @param {string} sessionId @param {string} tabId @returns {Desk} */
export function closeTab(desk, sessionId, tabId) {
  if (tabId === OWN_FORM) return desk;
  return changeSession(desk, sessionId, (session) => ({
    ...session,
    tabs: session.tabs.filter(({ id }) => id !== tabId),
    front: session.front === tabId ? neighbour(session.tabs, tabId) ?? OWN_FORM : session.front,
  }));
}

/** Show the case of an app tab on another form. @param {Desk} desk @param {string} sessionId @param {string} tabId @param {FormId} form @returns {Desk} */
export function chooseForm(desk, sessionId, tabId, form) {
  return changeSession(desk, sessionId, (session) => ({ ...session, tabs: session.tabs.map((tab) => (tab.id === tabId ? { ...tab, form } : tab)) }));
}

/**
 * What the agent is told. A record that is no case is seen beside the case's own form, so that form goes with it.
 * @param {Desk} desk
 * @param {{widget: boolean, isMissing: (ref: string | null) => boolean}} options
 * @returns {import("../../../../client_js/types.d.ts").Front | null}
 */
export function frontOf(desk, { widget, isMissing }) {
  const session = frontSession(desk);
  if (!session) return null;
  const there = (/** @type {string | null} */ ref) => (isMissing(ref) ? null : ref);
  const shown = { id: session.id, kind: session.kind, case: there(session.ref) };
  const tab = frontTab(session);
  if (!tab) return { session: shown, appTab: null, form: null };
  const isCase = tab.entity === CASE_ENTITY;
  const form = isCase ? tab.form : session.tabs[0].form;
  return {
    session: shown,
    appTab: { id: tab.id, entity: tab.entity, case: isCase ? there(tab.key) : null },
    form: { id: form, tracked: form !== "reading", widget },
  };
}

/** Read a desk that was kept as JSON; anything else is an empty desk. @param {string | null} text @returns {Desk} */
export function restored(text) {
  try {
    const desk = JSON.parse(text ?? "");
    return Array.isArray(desk.sessions) && Number.isInteger(desk.opened) ? desk : EMPTY;
  } catch {
    return EMPTY;
  }
}

/** @param {Desk} desk @param {string | null} id @param {(session: Session) => Session} change @returns {Desk} */
function changeSession(desk, id, change) {
  return { ...desk, sessions: desk.sessions.map((session) => (session.id === id ? change(session) : session)) };
}

/** @param {{id: string}[]} all @param {string} id */
function neighbour(all, id) {
  const place = all.findIndex((each) => each.id === id);
  return (all[place - 1] ?? all[place + 1])?.id ?? null;
}
