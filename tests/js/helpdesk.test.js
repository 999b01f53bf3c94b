// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { articlesFor, articleOf } from "../../server/web/static/helpdesk/articles.js";
import * as sessions from "../../server/web/static/helpdesk/sessions.js";
import { clockWords, hindrance } from "../../server/web/static/helpdesk/status_words.js";
import { clock, spoken, words } from "../../server/web/static/format.js";

const front = (desk, { widget = true, missing = [""] } = {}) => sessions.frontOf(desk, { widget, isMissing: (ref) => missing.includes(String(ref)) });
const one = sessions.openCase(sessions.EMPTY, "CAS-1");
const two = sessions.openCase(one, "CAS-2");

test("F1: a case that is opened is in front, on its tracked form", () => {
  assert.deepEqual(front(one), {
    session: { id: "session-1", kind: "case", case: "CAS-1" },
    appTab: { id: "form", entity: "incident", case: "CAS-1" },
    form: { id: "main", tracked: true, widget: true },
  });
});

test("F2: another record in an app tab leaves the session's case in front", () => {
  const { session, appTab, form } = front(sessions.openRecord(one, "knowledgearticle", "KA-1", "How to")) ?? {};
  assert.equal(session?.case, "CAS-1");
  assert.deepEqual(appTab, { id: "knowledgearticle:KA-1", entity: "knowledgearticle", case: null });
  assert.deepEqual(form, { id: "main", tracked: true, widget: true });
});

test("F3: a related case in an app tab of the same session is the case in front", () => {
  const related = sessions.openRecord(one, "incident", "CAS-7", "CAS-7");
  assert.deepEqual(front(related)?.appTab, { id: "incident:CAS-7", entity: "incident", case: "CAS-7" });
  assert.equal(front(related)?.session?.id, "session-1");
});

test("F4: closing the app tab of a case, or its session, takes it from the front", () => {
  const related = sessions.openRecord(one, "incident", "CAS-7", "CAS-7");
  assert.equal(front(sessions.closeTab(related, "session-1", "incident:CAS-7"))?.appTab?.case, "CAS-1");
  assert.equal(front(sessions.closeSession(one, "session-1")), null);
});

test("F4: the case's own form is closed with its session only", () => {
  assert.equal(sessions.closeTab(one, "session-1", "form"), one);
});

test("F5: another session tab brings its case to the front", () => {
  assert.equal(front(two)?.session?.case, "CAS-2");
  assert.equal(front(sessions.selectSession(two, "session-1"))?.session?.case, "CAS-1");
});

test("F8: the reading form is not tracked, nor is a record that is seen beside it", () => {
  const reading = sessions.chooseForm(one, "session-1", "form", "reading");
  assert.deepEqual(front(reading)?.form, { id: "reading", tracked: false, widget: true });
  assert.equal(front(sessions.openRecord(reading, "contact", "Acme", "Acme"))?.form?.tracked, false);
});

test("F8: each case of a session has a form of its own", () => {
  const reading = sessions.chooseForm(one, "session-1", "form", "reading");
  assert.equal(front(sessions.openRecord(reading, "incident", "CAS-7", "CAS-7"))?.form?.tracked, true);
});

test("F11: the inbox says that it is one", () => {
  const inbox = sessions.preview(sessions.openInbox(one), "CAS-5");
  assert.deepEqual(front(inbox), { session: { id: "inbox", kind: "inbox", case: "CAS-5" }, appTab: null, form: null });
});

test("F13: the widget is reported as it is", () => {
  assert.equal(front(one, { widget: false })?.form?.widget, false);
});

test("a case that does not exist is not reported", () => {
  assert.equal(front(one, { missing: ["CAS-1"] })?.session?.case, null);
});

test("what is open already is selected, not opened twice", () => {
  assert.deepEqual(sessions.openCase(two, "CAS-1").sessions.length, 2);
  const twice = sessions.openRecord(sessions.openRecord(one, "contact", "Acme", "Acme"), "contact", "Acme", "Acme");
  assert.equal(twice.sessions[0].tabs.length, 2);
  assert.equal(sessions.openRecord(twice, "incident", "CAS-1", "CAS-1").sessions[0].front, "form");
  assert.equal(sessions.openInbox(sessions.openInbox(one)).sessions.length, 2);
});

test("closing the session in front brings its neighbour there, closing another one does not", () => {
  const three = sessions.openCase(two, "CAS-3");
  assert.equal(sessions.closeSession(three, "session-3").front, "session-2");
  assert.equal(sessions.closeSession(sessions.selectSession(three, "session-1"), "session-1").front, "session-2");
  assert.equal(sessions.closeSession(three, "session-1").front, "session-3");
});

test("session ids are never used again in a window", () => {
  assert.equal(sessions.openCase(sessions.closeSession(one, "session-1"), "CAS-1").front, "session-2");
});

test("a desk survives being kept as text; nonsense is an empty desk", () => {
  assert.deepEqual(sessions.restored(JSON.stringify(two)), two);
  for (const text of [null, "", "{", "7", "null", "{}", '{"sessions":7,"opened":1}']) assert.equal(sessions.restored(text), sessions.EMPTY);
});

const status = (more) => ({
  case: null, front: null, reason: "no-case", connection: "online", storage: "durable", screenLock: "granted", undelivered: 0, representative: null, updateIntervalS: 600, ...more,
});
const none = () => false;

test("F22: the status line says why the clock runs or stands", () => {
  assert.deepEqual(clockWords(status({ case: "CAS-1", front: "CAS-1", reason: "running" }), none), { runs: true, text: "Clock runs on CAS-1" });
  assert.deepEqual(clockWords(status({ front: "CAS-1", reason: "unfocused" }), none), { runs: false, text: "Stands: another window is in front" });
  assert.equal(clockWords(status({}), none).text, "Stands: no case is in front");
});

test("F6: the clock of a resolved case stands, whatever the agent thinks", () => {
  const seen = status({ case: "CAS-1", front: "CAS-1", reason: "running" });
  assert.deepEqual(clockWords(seen, (ref) => ref === "CAS-1"), { runs: false, text: "Stands: CAS-1 is resolved" });
});

test("F22: the status line says what hinders the agent", () => {
  assert.equal(hindrance(status({})), "");
  assert.equal(hindrance(status({ connection: "offline" })), "Offline: recording goes on");
  assert.match(hindrance(status({ connection: "signed-out", storage: "memory" })), /Sign in again.*until this page closes/);
});

test("durations are cut off, never rounded up", () => {
  assert.deepEqual([0, 9.9, 59, 3599, 3600, 360_000].map(clock), ["0:00:00", "0:00:09", "0:00:59", "0:59:59", "1:00:00", "100:00:00"]);
  assert.deepEqual([0, 59, 60, 119, 3600, 4800].map(words), ["0 s", "59 s", "1 min", "1 min", "1 h", "1 h 20 min"]);
  assert.deepEqual([1, 60, 4800].map(spoken), ["1 second", "1 minute", "1 hour 20 minutes"]);
});

test("articles suit the case, and there is always one", () => {
  assert.deepEqual(articlesFor({ title: "Router reboots", description: "" }).map(({ id }) => id), ["KA-103", "KA-105"]);
  assert.deepEqual(articlesFor({ title: "", description: "" }).map(({ id }) => id), ["KA-105"]);
  assert.equal(articleOf("KA-105")?.title, "Write a case note that helps the next reader");
});
