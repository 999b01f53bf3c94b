// @ts-check
// The workspace: sessions, each with app tabs. The desk (sessions.js) is the truth; the page and the agent follow it.
import { empty } from "/static/dom.js";
import { CaseForm } from "/static/helpdesk/case_form.js";
import { CaseList } from "/static/helpdesk/case_list.js";
import { isMissing, knownCase, onCase } from "/static/helpdesk/cases.js";
import { Kept, startDesk } from "/static/helpdesk/desk.js";
import { askForNewCase, confirm } from "/static/helpdesk/dialogs.js";
import { Inbox } from "/static/helpdesk/inbox.js";
import { recordIcon, recordPanel } from "/static/helpdesk/records.js";
import * as sessions from "/static/helpdesk/sessions.js";
import { TabStrip } from "/static/helpdesk/tab_strip.js";
import { _ } from "/static/i18n.js";

/**
 * @typedef {sessions.Session} Session
 * @typedef {sessions.Tab} Tab
 * @typedef {{element: HTMLElement, form?: CaseForm, dispose: () => void}} Panel
 */

const INBOX_PANEL = "inbox";
const keptDesk = new Kept("workspace");
const keptWidget = new Kept("workspace-widget");

let desk = sessions.restored(keptDesk.read());
let widget = keptWidget.read() !== "off";

/** The panels made so far, by session and tab. @type {Map<string, Panel>} */
const panels = new Map();

const agent = startDesk("workspace");
const place = /** @type {HTMLElement} */ (document.getElementById("panels"));
const nothing = empty(_("Open a case from the list, or make a new one."));
const caseList = new CaseList({ open: (ref) => change(sessions.openCase(desk, ref)), create: () => askForNewCase(({ ref }) => change(sessions.openCase(desk, ref))) });
const sessionStrip = new TabStrip({ label: _("Sessions"), prefix: "session-tab", testid: "session-tabs", select: (id) => change(sessions.selectSession(desk, id)), close: closeSession });
const appStrip = new TabStrip({ label: _("App tabs"), prefix: "app-tab", testid: "app-tabs", select: (id) => desk.front && change(sessions.selectTab(desk, desk.front, id)), close: closeTab });

start();

function start() {
  nothing.id = "nothing-open";
  nothing.dataset.testid = "nothing-open";
  place.append(nothing);
  document.getElementById("case-list")?.append(caseList.element);
  document.getElementById("session-strip")?.append(sessionStrip.element);
  document.getElementById("app-strip")?.append(appStrip.element);
  document.getElementById("open-inbox")?.addEventListener("click", () => change(sessions.openInbox(desk)));
  document.getElementById("toggle-list")?.addEventListener("click", () => showList(!document.body.classList.contains("list-open")));
  document.querySelector(".workspace-desk")?.addEventListener("pointerdown", ({ target }) => {
    if (!(target instanceof Element && target.closest("#toggle-list"))) showList(false);
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && showList(false));
  addEventListener("popstate", () => follow(location.search));
  onCase(showTabs);
  desk = fromAddress(desk, location.search);
  history.replaceState(null, "", addressOf(desk));
  show();
}

/** Take over a new state of the desk. @param {sessions.Desk} next */
function change(next) {
  showList(false);
  desk = next;
  if (addressOf(desk) !== location.pathname + location.search) history.pushState(null, "", addressOf(desk));
  show();
}

/** @param {import("../../../../client_js/types.d.ts").Cause} [cause] */
function show(cause) {
  tellAgent(cause);
  keptDesk.write(JSON.stringify(desk));
  showTabs();
  showPanels();
  document.body.classList.toggle("nothing-open", desk.front === null);
}

/** @param {import("../../../../client_js/types.d.ts").Cause} [cause] */
function tellAgent(cause) {
  agent.show(sessions.frontOf(desk, { widget, isMissing }), cause);
}

function showTabs() {
  const session = sessions.frontSession(desk);
  sessionStrip.show(desk.sessions.map(sessionView), desk.front);
  appStrip.show(session?.kind === "case" ? session.tabs.map((tab) => tabView(session, tab)) : [], session?.front ?? null);
  appStrip.element.hidden = session?.kind !== "case";
  caseList.setCurrent(session?.kind === "case" ? session.ref : null);
  document.title = `${session?.kind === "inbox" ? _("Inbox") : session?.ref ?? _("Workspace")} · Caseclock`;
}

/** @param {Session} session */
function sessionView(session) {
  const inbox = session.kind === "inbox";
  const label = inbox ? _("Inbox") : String(session.ref);
  const title = inbox ? _("Inbox") : [session.ref, knownCase(session.ref)?.title].filter(Boolean).join(" · ");
  return { id: session.id, label, title, icon: inbox ? "inbox" : "case", testid: `session-tab-${inbox ? "inbox" : session.ref}`, closable: true, panel: "panels" };
}

/** @param {Session} session @param {Tab} tab */
function tabView(session, tab) {
  const own = tab.id === sessions.OWN_FORM;
  const title = tab.entity === sessions.CASE_ENTITY ? knownCase(tab.key)?.title : undefined;
  const label = own ? title ?? tab.label : [tab.label, title].filter(Boolean).join(" ");
  return { id: tab.id, label, title: label, icon: recordIcon(tab.entity), testid: own ? "app-tab-form" : `app-tab-${tab.entity}-${tab.key}`, closable: !own, panel: panelId(session, tab) };
}

function showPanels() {
  const session = sessions.frontSession(desk);
  const wanted = session && keyOf(session, sessions.frontTab(session));
  dropClosed();
  if (session && wanted && !panels.has(wanted)) {
    const made = panelOf(session, sessions.frontTab(session));
    made.element.id = panelId(session, sessions.frontTab(session));
    made.element.setAttribute("role", "tabpanel");
    panels.set(wanted, made);
    place.append(made.element);
  }
  for (const [key, panel] of panels) panel.element.hidden = key !== wanted;
  nothing.hidden = Boolean(session);
}

/** @param {Session} session @param {Tab | undefined} tab @returns {Panel} */
function panelOf(session, tab) {
  if (!tab) {
    const inbox = new Inbox({ ref: session.ref, preview: (ref) => previewed(ref), open: (ref) => change(sessions.openCase(desk, ref)) });
    return { element: inbox.element, dispose: () => (inbox.end(), inbox.element.remove()) };
  }
  const open = (/** @type {string} */ entity, /** @type {string} */ key, /** @type {string} */ label) => change(sessions.openRecord(desk, entity, key, label));
  if (tab.entity !== sessions.CASE_ENTITY) {
    const element = recordPanel(tab.entity, tab.key, open);
    return { element, dispose: () => element.remove() };
  }
  const host = {
    agent,
    app: /** @type {const} */ ("workspace"),
    open,
    chooseForm: (/** @type {sessions.FormId} */ form) => change(sessions.chooseForm(desk, session.id, tab.id, form)),
    chooseWidget,
    changed: tellAgent,
  };
  const form = new CaseForm({ ref: tab.key, host, form: tab.form, widget });
  return { element: form.element, form, dispose: () => form.dispose() };
}

/** @param {string | null} ref */
function previewed(ref) {
  desk = sessions.preview(desk, ref);
  keptDesk.write(JSON.stringify(desk));
  tellAgent();
}

/** @param {boolean} on */
function chooseWidget(on) {
  widget = on;
  keptWidget.write(on ? "on" : "off");
  for (const { form } of panels.values()) form?.setWidget(on);
  tellAgent();
}

/** @param {string} id */
function closeSession(id) {
  const session = desk.sessions.find((each) => each.id === id);
  if (session) afterAsking(session.tabs.map((tab) => keyOf(session, tab)), () => change(sessions.closeSession(desk, id)));
}

/** @param {string} id */
function closeTab(id) {
  const session = sessions.frontSession(desk);
  const tab = session?.tabs.find((each) => each.id === id);
  if (session && tab) afterAsking([keyOf(session, tab)], () => change(sessions.closeTab(desk, session.id, id)));
}

/** @param {string[]} keys @param {() => void} close */
function afterAsking(keys, close) {
  if (!keys.some((key) => panels.get(key)?.form?.isDirty)) return close();
  confirm({ title: _("Close without saving?"), text: _("There are changes that are not saved. They are lost when it is closed."), label: _("Close without saving"), run: close });
}

function dropClosed() {
  const open = new Set(desk.sessions.flatMap((session) => (session.tabs.length ? session.tabs.map((tab) => keyOf(session, tab)) : [keyOf(session, undefined)])));
  for (const [key, panel] of panels) {
    if (open.has(key)) continue;
    panel.dispose();
    panels.delete(key);
  }
}

/** The address of what is in front, so that reload and back lead there. @param {sessions.Desk} desk */
function addressOf(desk) {
  const session = sessions.frontSession(desk);
  const query = new URLSearchParams();
  if (session?.kind === "inbox") query.set("inbox", "");
  if (session?.kind === "case") query.set("case", String(session.ref));
  if (session?.kind === "case" && session.front !== sessions.OWN_FORM) query.set("tab", session.front);
  const text = query.toString().replace(/=$/, "");
  return text ? `${location.pathname}?${text}` : location.pathname;
}

/** @param {sessions.Desk} desk @param {string} search */
function fromAddress(desk, search) {
  const query = new URLSearchParams(search);
  const ref = query.get("case");
  if (query.has("inbox")) return sessions.openInbox(desk);
  if (!ref) return desk;
  const next = sessions.openCase(desk, ref);
  return sessions.selectTab(next, String(next.front), query.get("tab") ?? sessions.OWN_FORM);
}

/** The person went back or forward. @param {string} search */
function follow(search) {
  desk = search ? fromAddress(desk, search) : { ...desk, front: null };
  show();
}

/** On narrow screens the list lies over the rest until something is opened. @param {boolean} open */
function showList(open) {
  if (document.body.classList.contains("list-open") === open) return;
  const toggle = document.getElementById("toggle-list");
  const listed = document.getElementById("list-pane")?.contains(document.activeElement);
  document.body.classList.toggle("list-open", open);
  toggle?.setAttribute("aria-expanded", String(open));
  if (open) document.getElementById("open-inbox")?.focus();
  else if (listed) toggle?.focus();
}

/** @param {Session} session @param {Tab | undefined} tab */
function keyOf(session, tab) {
  return `${session.id} ${tab?.id ?? INBOX_PANEL}`;
}

/** @param {Session} session @param {Tab | undefined} tab */
function panelId(session, tab) {
  return `panel-${encodeURIComponent(keyOf(session, tab))}`;
}

