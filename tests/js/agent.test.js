// @ts-check
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { Browser, FakeStorage, full } from "./browser.js";

const CASE_1 = { session: { id: "s1", case: "CAS-1001" } };
const CASE_2 = { session: { id: "s2", case: "CAS-1002" } };

/** @param {any[]} events */
const causes = (events) => events.map(({ cause }) => cause);
/** The stream that the newest hello named, and what the server has of it. @param {Browser} browser */
const stream = ({ server }) => server.sent("hello").at(-1)?.stream;
/** @param {Browser} browser */
const recorded = (browser) => browser.server.events(stream(browser));

test("The modules of the agent together weigh at most 6 KiB gzipped; the one on input comes where idle is switched on", () => {
  const folder = new URL("../../client_js/", import.meta.url), later = "idle.js";
  const names = readdirSync(folder).filter((name) => name.endsWith(".js") && !name.startsWith("widget") && name !== later);
  const sources = names.map((name) => readFileSync(new URL(name, folder), "utf8"));
  assert.ok(sources.every((source) => !source.includes(`from "./${later}"`)));
  const weight = (/** @type {string} */ text) => gzipSync(text, { level: 9 }).length;
  const size = weight(sources.join("")), more = weight(readFileSync(new URL(later, folder), "utf8"));
  assert.ok(size <= 6144, `${size} bytes`);
  assert.ok(more <= 1536, `${more} bytes more`);
});

test("F1: a page says hello, opens its stream, and proves every beat that its case is in front", async () => {
  const browser = new Browser();
  const page = await browser.open();
  await browser.run(61_000);
  assert.deepEqual(causes(recorded(browser)), ["open", "session-tab", "beat", "beat", "beat"]);
  const [hello] = browser.server.sent("hello");
  assert.deepEqual(Object.keys(hello).sort(), ["agent", "app", "protocol", "sent_at", "stream", "token", "type"]);
  assert.match(hello.stream, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(browser.server.socket.url, "wss://caseclock.example/agent");
  assert.equal(page.agent.status.reason, "running");
  assert.equal(page.agent.status.case, "CAS-1001");
  assert.deepEqual(page.agent.status.representative, { username: "ana", name: "ana" });
});

test("An event carries the fields of the protocol and no other", async () => {
  const browser = new Browser();
  await browser.open({}, { front: { session: { id: 7, case: "CAS-1001", title: "private" }, appTab: { id: "a", entity: "knowledgearticle", url: "x" }, form: { id: "main", html: "x" } } });
  const event = recorded(browser).at(-1);
  assert.deepEqual(event, {
    seq: 2, at: event.at, mono: event.mono, cause: "session-tab", visible: true, focused: true, locked: false, idle: false,
    session: { id: "7", kind: "case", case: "CAS-1001" }, app_tab: { id: "a", entity: "knowledgearticle" }, form: { id: "main", tracked: true, widget: false },
  });
  assert.ok(Number.isInteger(event.at) && Number.isInteger(event.mono));
});

test("F3, F5: another case in front is one event, so that the one clock stops where the other starts", async () => {
  const browser = new Browser();
  const page = await browser.open();
  await browser.run(3000);
  page.agent.show({ ...CASE_1, appTab: { id: "t", entity: "case", case: "CAS-1003" } });
  page.agent.show(CASE_2);
  page.agent.show(CASE_2);
  await browser.run(0);
  assert.deepEqual(causes(recorded(browser)), ["open", "session-tab", "app-tab", "session-tab"]);
});

test("F4: closing the last tab leaves nothing in front", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.agent.show(null);
  await browser.run(25_000);
  assert.equal(page.agent.status.reason, "no-case");
  assert.equal(recorded(browser).at(-1).session, null);
});

test("F7: leaving the tab is told at once, and a hidden page beats no more", async () => {
  const browser = new Browser();
  const page = await browser.open();
  await browser.run(3400);
  page.turnTo(false);
  await browser.run(0);
  assert.equal(recorded(browser).at(-1).at, browser.at);
  const before = recorded(browser).length;
  await browser.run(55_000);
  assert.equal(recorded(browser).length, before);
  assert.equal(page.agent.status.reason, "hidden");
});

test("F7: a blur into an own iframe changes nothing; leaving the window from there shows within a second", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.dispatchEvent(new Event("blur"));
  await browser.run(2000);
  assert.equal(page.agent.status.reason, "running");
  page.document.focused = false;
  await browser.run(1000);
  assert.equal(page.agent.status.reason, "unfocused");
  assert.equal(recorded(browser).at(-1).cause, "blur");
});

test("F7: a closed page says so twice, over its socket and by a request that outlives it", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.dispatchEvent(new Event("pagehide"));
  await browser.run(0);
  assert.equal(recorded(browser).at(-1).cause, "close");
  assert.equal(recorded(browser).at(-1).visible, false);
  const [post] = page.posts;
  assert.equal(post.url, "https://caseclock.example/api/v1/agent/reports");
  assert.equal(post.keepalive, true);
  assert.equal(post.credentials, "include");
  assert.deepEqual(causes(post.body.events), ["close"]);
  assert.equal(browser.held.length, 0);
});

test("F9: the lock of the screen stops the clock where the browser lets it be seen", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { page: { permission: "granted" } });
  page.lock("locked");
  await browser.run(0);
  assert.equal(page.agent.status.reason, "locked");
  page.lock("unlocked");
  await browser.run(0);
  assert.deepEqual(causes(recorded(browser)).slice(-2), ["lock", "unlock"]);
  assert.equal(page.agent.status.screenLock, "granted");
});

test("F9: without permission nothing is watched until the person allows it", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { page: { permission: "prompt" } });
  assert.equal(page.agent.status.screenLock, "prompt");
  assert.equal(page.detector, undefined);
  await page.agent.askForScreenLock();
  assert.ok(page.detector);
});

test("F10: a dialog over the form is noted and changes no fact", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.agent.note("dialog");
  await browser.run(0);
  const [before, dialog] = recorded(browser).slice(-2);
  assert.equal(dialog.cause, "dialog");
  assert.deepEqual(dialog.session, before.session);
  assert.equal(page.agent.status.reason, "running");
});

test("F6: a resolve is told even where no fact of the page changed", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.agent.show(CASE_1, "resolve");
  await browser.run(0);
  assert.equal(recorded(browser).at(-1).cause, "resolve");
});

test("F11: switched on while a case is in front of the inbox, tracking begins with an event that can begin a claim", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { front: { session: { id: "i", kind: "inbox", case: "CAS-1001" } } });
  assert.equal(page.agent.status.reason, "inbox");
  browser.server.socket.say({ type: "settings", enabled: true, track_inbox: true, count_idle: true });
  await browser.run(21_000);
  assert.equal(page.agent.status.reason, "running");
  assert.deepEqual(causes(recorded(browser)).slice(-2), ["resume", "beat"]);
});

test("F12: a new case gets its number in the tab where it was begun", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { front: { session: { id: "s1", case: null } } });
  assert.equal(page.agent.status.reason, "no-case");
  page.agent.show(CASE_1);
  await browser.run(0);
  assert.equal(recorded(browser).at(-1).cause, "case");
});

test("F19: sleep costs a second at most, whether the monotonic clock stands still or runs", async () => {
  for (const windows of [false, true]) {
    const browser = new Browser();
    await browser.open();
    await browser.run(5000);
    const asleep = browser.at;
    browser.sleep(32_400_000, { windows });
    await browser.run(4000);
    const [suspend, resume] = recorded(browser).slice(-2);
    assert.deepEqual(causes([suspend, resume]), ["suspend", "resume"]);
    assert.ok(asleep - suspend.at <= 1000);
    assert.equal(suspend.visible, false);
    assert.equal(suspend.focused, true);
    assert.equal(resume.visible, true);
  }
});

test("F20: a clock that was set is told like a sleep", async () => {
  const browser = new Browser();
  await browser.open();
  await browser.run(5000);
  browser.atShift -= 3_600_000;
  await browser.run(1000);
  assert.deepEqual(causes(recorded(browser)).slice(-2), ["suspend", "resume"]);
});

test("X40: a clock that was set is told by a hidden page too, so that what it has recorded stays where it was", async () => {
  const browser = new Browser();
  const page = await browser.open();
  await browser.run(5000);
  page.turnTo(false);
  await browser.run(1000);
  browser.atShift += 3_600_000;
  await browser.run(1000);
  const told = recorded(browser);
  assert.deepEqual(causes(told).slice(-3), ["hidden", "suspend", "resume"]);
  assert.deepEqual(told.slice(-3).map(({ visible }) => visible), [false, false, false]);
  const [suspend, resume] = told.slice(-2);
  assert.ok(resume.at - suspend.at > 3_600_000 && resume.mono - suspend.mono <= 1000);
});

test("X43: the slow timers of a hidden page are no sleep", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.turnTo(false);
  browser.sleep(300_000, { windows: true });
  await browser.run(1000);
  page.turnTo(true);
  await browser.run(0);
  assert.ok(!causes(recorded(browser)).includes("suspend"));
});

test("A sleep is noticed by the first signal after it, before that signal is recorded", async () => {
  const browser = new Browser();
  const page = await browser.open();
  await browser.run(2000);
  browser.sleep(60_000);
  page.agent.show(CASE_2);
  await browser.run(0);
  assert.deepEqual(causes(recorded(browser)).slice(-2), ["suspend", "resume"]);
  assert.equal(recorded(browser).at(-1).session.case, "CAS-1002");
});

test("A page that comes back from the back/forward cache starts a new stream from the facts of then", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const old = stream(browser);
  page.dispatchEvent(new Event("pagehide"));
  await browser.run(600_000);
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await browser.run(0);
  assert.notEqual(stream(browser), old);
  assert.deepEqual(causes(recorded(browser)), ["open"]);
  assert.equal(recorded(browser)[0].seq, 1);
  assert.equal(recorded(browser)[0].session.case, "CAS-1001");
});

test("A prerendered page counts from its activation on", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { page: { prerendering: true } });
  await browser.run(30_000);
  assert.equal(browser.server.sockets.length, 0);
  assert.equal(browser.storage.streams.length, 0);
  page.document.prerendering = false;
  page.document.dispatchEvent(new Event("prerenderingchange"));
  await browser.run(0);
  assert.equal(recorded(browser)[0].at, browser.at);
  assert.equal(recorded(browser)[0].session.case, "CAS-1001");
});

test("A frozen page says so as its last word, and goes on with the facts of its thaw", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.document.dispatchEvent(new Event("freeze"));
  assert.deepEqual(causes(page.posts[0].body.events), ["freeze"]);
  browser.sleep(3_600_000, { windows: true });
  page.document.dispatchEvent(new Event("resume"));
  await browser.run(3000);
  assert.deepEqual(causes(recorded(browser)).slice(-2), ["freeze", "resume"]);
  assert.equal(recorded(browser).at(-2).visible, false);
});

test("X31: a duplicated tab is a stream of its own", async () => {
  const browser = new Browser();
  await browser.open();
  const first = stream(browser);
  await browser.open();
  assert.notEqual(stream(browser), first);
  await browser.run(120_000);
  assert.ok(!causes(browser.server.events(first)).includes("close"));
});

test("An event is in the storage before it is sent, and there until it is committed", async () => {
  const browser = new Browser();
  browser.server.down = true;
  const page = await browser.open();
  assert.deepEqual(causes(browser.storage.streams[0].events), ["open", "session-tab"]);
  assert.equal(page.agent.status.undelivered, 2);
  assert.equal(page.agent.status.connection, "offline");
  browser.server.down = false;
  await browser.run(3000);
  assert.equal(page.agent.status.undelivered, 0);
  assert.equal(browser.storage.streams[0].events.length, 2);
  browser.server.commit();
  assert.deepEqual(causes(browser.storage.streams[0].events), ["session-tab"]);
});

test("The end of a stream is forgotten once it is committed", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.dispatchEvent(new Event("pagehide"));
  await browser.run(0);
  await browser.open();
  await browser.run(1000);
  browser.server.commit();
  assert.equal(browser.storage.streams.length, 1);
});

test("X26, X29: with storage full or forbidden it records in memory, and says so", async () => {
  for (const storage of [null, new FakeStorage()]) {
    const browser = new Browser();
    if (storage) full.add(storage);
    const page = await browser.open({}, { page: { storage } });
    assert.equal(page.agent.status.storage, "memory");
    await browser.run(20_500);
    assert.deepEqual(causes(recorded(browser)), ["open", "session-tab", "beat"]);
    if (!storage) continue;
    full.delete(storage);
    await browser.run(20_000);
    assert.equal(page.agent.status.storage, "durable");
    assert.equal(storage.streams[0].events.length, 4);
  }
});

test("X27: what another tab cleared is written again with the next event", async () => {
  const browser = new Browser();
  await browser.open();
  browser.storage.clear();
  await browser.run(21_000);
  assert.deepEqual(causes(browser.storage.streams[0].events), ["open", "session-tab", "beat"]);
});

test("F19: a server that was killed gets back what it had not committed", async () => {
  const browser = new Browser();
  await browser.open();
  await browser.run(45_000);
  browser.server.commit();
  await browser.run(45_000);
  const before = recorded(browser).length;
  browser.server.crash();
  await browser.run(5000);
  assert.equal(recorded(browser).length, before);
  assert.deepEqual(recorded(browser).map(({ seq }) => seq), [...recorded(browser).keys()].map((i) => i + 1));
});

test("X36: a server restored from a backup gets what is still held", async () => {
  const browser = new Browser();
  await browser.open();
  await browser.run(45_000);
  browser.server.commit();
  browser.server.streams.clear();
  browser.server.socket.drop(1012);
  await browser.run(25_000);
  assert.equal(recorded(browser)[0].seq, 4);
});

test("After a reconnect only what was not received is sent again, and the newest event", async () => {
  const browser = new Browser();
  await browser.open();
  await browser.run(45_000);
  browser.server.socket.drop(1006);
  await browser.run(2000);
  assert.deepEqual(browser.server.socket.sent.map(({ type, events }) => [type, events?.length]), [["hello", undefined], ["report", 1]]);
});

test("A report that came too fast is tried again after some seconds", async () => {
  const browser = new Browser();
  const page = await browser.open();
  browser.server.refusals.push("rate_limited");
  page.agent.show(CASE_2);
  await browser.run(1000);
  assert.equal(recorded(browser).length, 2);
  await browser.run(3000);
  assert.equal(recorded(browser).length, 3);
});

test("X25: 2,000 events after a long time off go in bounded reports", async () => {
  const browser = new Browser();
  browser.server.down = true;
  const page = await browser.open();
  for (let i = 0; i < 2000; i++) page.agent.show(i % 2 ? CASE_1 : CASE_2);
  browser.server.down = false;
  page.dispatchEvent(new Event("online"));
  await browser.run(5000);
  const reports = browser.server.sent("report");
  assert.equal(recorded(browser).length, 2002);
  assert.ok(reports.every((report) => report.events.length <= 300 && JSON.stringify(report).length <= 61_440));
});

test("X32: what ana left behind waits for ana while ben is signed in", async () => {
  const browser = new Browser();
  const page = await browser.open({ representative: "ana" });
  const hers = stream(browser);
  browser.server.down = true;
  await browser.run(1000);
  page.agent.show(CASE_2);
  page.die();
  browser.server.down = false;
  browser.server.user = "ben";
  await browser.open({ representative: "ben" });
  await browser.run(90_000);
  assert.equal(browser.server.events(hers).length, 3);
  assert.ok(browser.storage.streams.some(({ id, owner }) => id === hers && owner === "ana"));
  browser.server.user = "ana";
  await browser.open({ representative: "ana" });
  await browser.run(1000);
  assert.equal(browser.server.events(hers).at(-1).cause, "close");
});

test("X32: what somebody else left behind is forgotten after a month by both clocks, and not by one of them", async () => {
  const day = 86_400_000;
  for (const [ageDays, clockIsOffByDays, stays] of /** @type {const} */ ([[29, 0, true], [31, 0, false], [1, 400, true], [31, -20_000, true]])) {
    const browser = new Browser();
    const event = { at: browser.at - ageDays * day, mono: 1, cause: "beat", seq: 1 };
    browser.storage.setItem("caseclock:stream:his", ['{"owner":"ben"}', JSON.stringify(event)].join("\n"));
    browser.atShift += clockIsOffByDays * day;
    browser.server.atShift = -clockIsOffByDays * day;
    await browser.open();
    await browser.run(1000);
    assert.equal(browser.storage.streams.some(({ id }) => id === "his"), stays, `${ageDays} ${clockIsOffByDays}`);
    assert.equal(browser.server.events("his").length, 0);
  }
});

test("X32: where the welcome names somebody else, the stream so far waits for its owner and a new one begins", async () => {
  const browser = new Browser();
  browser.storage.setItem("caseclock:who", "ana");
  browser.server.user = "ben";
  const page = await browser.open();
  await browser.run(3000);
  const [guessed] = browser.storage.streams.filter(({ owner }) => owner === "ana");
  assert.equal(guessed.events.at(-1).cause, "close");
  assert.equal(browser.server.events(guessed.id).length, 0);
  assert.equal(browser.server.streams.get(stream(browser))?.owner, "ben");
  assert.equal(page.agent.status.representative.username, "ben");
  assert.equal(browser.storage.getItem("caseclock:who"), "ben");
});

test("A stream that is not ours is kept, and a new one goes on", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const old = stream(browser);
  browser.server.refusals.push("not_yours");
  page.agent.show(CASE_2);
  await browser.run(3000);
  assert.notEqual(stream(browser), old);
  assert.equal(recorded(browser)[0].session.case, "CAS-1002");
  assert.ok(browser.storage.streams.some(({ id }) => id === old));
});

test("F17, F19: a page that crashed is delivered by the next one, and ends at its last proof", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const old = stream(browser);
  await browser.run(30_000);
  browser.server.down = true;
  browser.server.crash();
  await browser.run(15_000);
  page.die();
  await browser.run(600_000);
  browser.server.down = false;
  await browser.open();
  await browser.run(2000);
  const [last, close] = browser.server.events(old).slice(-2);
  assert.deepEqual(causes(browser.server.events(old)), ["open", "session-tab", "beat", "beat", "close"]);
  assert.equal(close.at, last.at);
  assert.equal(close.mono, last.mono);
  assert.equal(close.visible, false);
  browser.server.commit();
  assert.equal(browser.storage.streams.length, 1);
});

test("F17, X31: a page that crashed a moment before the next one signs in is delivered within seconds", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const old = stream(browser);
  browser.server.down = true;
  browser.server.crash();
  page.agent.show(CASE_2);
  page.die();
  browser.server.down = false;
  await browser.open();
  await browser.run(5000);
  assert.ok(!causes(browser.server.events(old)).includes("close"), "it may be a page whose lock is not granted yet");
  await browser.run(16_000);
  assert.deepEqual(causes(browser.server.events(old)), ["open", "session-tab", "session-tab", "close"]);
});

test("X22: an outbox that lost a row is delivered with the loss in sight", async () => {
  const browser = new Browser();
  const lines = [1, 2, 4, 5].map((seq) => JSON.stringify({ seq, at: browser.at - 60_000 + seq, mono: seq, cause: seq === 5 ? "close" : "beat" }));
  browser.storage.setItem("caseclock:stream:lost", ['{"owner":"ana"}', ...lines.slice(0, 2), "garbage", ...lines.slice(2)].join("\n"));
  await browser.open();
  await browser.run(3000);
  const reports = browser.server.sent("report").filter((report) => report.stream === "lost");
  assert.deepEqual(reports.map(({ first, events }) => [first, events.length]), [[1, 2], [4, 2]]);
  assert.deepEqual(browser.server.events("lost").map(({ seq }) => seq), [1, 2, 4, 5]);
});

test("X28: an outbox rolled back by a power cut delivers what it has and harms nothing", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const old = stream(browser);
  const key = `caseclock:stream:${old}`;
  const before = browser.storage.getItem(key);
  await browser.run(61_000);
  page.die();
  browser.storage.setItem(key, before ?? "");
  await browser.run(60_000);
  await browser.open();
  await browser.run(3000);
  assert.deepEqual(causes(browser.server.events(old)), ["open", "session-tab", "beat", "beat", "beat"]);
});

test("A storage key that nobody can read stops nothing", async () => {
  const browser = new Browser();
  browser.storage.setItem("caseclock:stream:broken", "\u0000");
  browser.storage.setItem("caseclock:stream:empty", '{"owner":"ana"}');
  await browser.open();
  await browser.run(61_000);
  assert.equal(recorded(browser).length, 5);
  assert.deepEqual(browser.storage.streams.map(({ id }) => id), [stream(browser)], "it is cleared away");
});

test("A living page, also a hidden one, is never taken for gone", async () => {
  const browser = new Browser();
  const page = await browser.open();
  const first = stream(browser);
  page.turnTo(false);
  await browser.open();
  await browser.run(3_600_000);
  assert.ok(!causes(browser.server.events(first)).includes("close"));
});

test("Without Web Locks a long silent page starts a new stream, as others may have closed its old one", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { page: { locks: false } });
  const first = stream(browser);
  await browser.run(2000);
  page.turnTo(false);
  const hidden = browser.at;
  await browser.open({}, { page: { locks: false } });
  await browser.run(400_000);
  assert.equal(browser.server.events(first).at(-1).cause, "close");
  assert.equal(browser.server.events(first).at(-1).at, hidden);
  page.turnTo(true);
  await browser.run(3000);
  assert.notEqual(stream(browser), first);
  assert.equal(recorded(browser)[0].visible, true);
  assert.deepEqual(browser.server.events(first).map(({ seq }) => seq), [...browser.server.events(first).keys()].map((i) => i + 1));
});

test("A page hidden for a minute closes its socket, and opens it when it is seen again", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.turnTo(false);
  await browser.run(55_000);
  assert.equal(browser.server.socket.readyState, 1);
  await browser.run(10_000);
  assert.equal(browser.server.socket.readyState, 3);
  const sockets = browser.server.sockets.length;
  await browser.run(600_000);
  assert.equal(browser.server.sockets.length, sockets);
  page.turnTo(true);
  await browser.run(0);
  assert.equal(page.agent.status.connection, "online");
});

test("A hidden page with something to deliver keeps trying", async () => {
  const browser = new Browser();
  const page = await browser.open();
  browser.server.down = true;
  browser.server.crash();
  page.turnTo(false);
  await browser.run(300_000);
  browser.server.down = false;
  await browser.run(31_000);
  assert.equal(recorded(browser).at(-1).visible, false);
});

test("Reconnects back off with full jitter up to half a minute", async () => {
  const browser = new Browser();
  browser.server.down = true;
  const page = await browser.open();
  page.random = 0.999;
  await browser.run(600_000);
  assert.ok(browser.server.sockets.length > 18 && browser.server.sockets.length < 28, `${browser.server.sockets.length} tries`);
  browser.server.down = false;
  page.dispatchEvent(new Event("online"));
  await browser.run(0);
  assert.equal(page.agent.status.connection, "online");
});

test("Signed out and refused are said, and tried again slowly", async () => {
  for (const [code, connection, waitMs] of /** @type {const} */ ([[4401, "signed-out", 30_000], [4403, "refused", 300_000], [4400, "refused", 300_000]])) {
    const browser = new Browser();
    const page = await browser.open();
    browser.server.socket.drop(code);
    await browser.run(waitMs - 2000);
    assert.equal(page.agent.status.connection, connection);
    assert.equal(browser.server.sockets.length, 1);
    await browser.run(3000);
    assert.equal(page.agent.status.connection, "online");
  }
});

test("X33: a token that expires in mid-drain costs nothing: the next one goes on where the last one ended", async () => {
  const browser = new Browser();
  browser.server.down = true;
  let token = "old";
  const page = await browser.open({ token: () => token });
  for (let i = 0; i < 1000; i++) page.agent.show(i % 2 ? CASE_1 : CASE_2);
  browser.server.down = false;
  browser.server.expires = { token, after: 2 };
  page.dispatchEvent(new Event("online"));
  await browser.run(0);
  assert.equal(page.agent.status.connection, "signed-out");
  assert.equal(recorded(browser).length, 600);
  assert.equal(page.agent.status.undelivered, 402);
  await browser.run(31_000);
  assert.equal(page.agent.status.connection, "signed-out");
  token = "new";
  await browser.run(31_000);
  assert.equal(page.agent.status.undelivered, 0);
  assert.deepEqual(recorded(browser).map(({ seq }) => seq), [...recorded(browser).keys()].map((i) => i + 1));
});

test("X34: an agent whose protocol is not spoken keeps everything, and delivers it when it is", async () => {
  const browser = new Browser();
  browser.server.protocol = 2;
  const page = await browser.open();
  await browser.run(200_000);
  page.agent.show(CASE_2);
  assert.equal(page.agent.status.connection, "refused");
  assert.equal(page.agent.status.reason, "running");
  assert.equal(browser.storage.streams[0].events.length, page.agent.status.undelivered);
  browser.server.protocol = 1;
  await browser.run(105_000);
  assert.equal(browser.server.sockets.length, 2);
  assert.equal(page.agent.status.undelivered, 0);
  assert.equal(recorded(browser)[0].seq, 1);
});

test("X38: acknowledgements of events that were never recorded take nothing from those that come", async () => {
  const browser = new Browser();
  const page = await browser.open();
  for (const type of ["received", "committed"]) browser.server.socket.say({ type, stream: stream(browser), seq: 999 });
  page.agent.show(CASE_2);
  browser.server.socket.drop(1006);
  await browser.run(3000);
  assert.deepEqual(recorded(browser).map(({ seq }) => seq), [1, 2, 3]);
  assert.equal(page.agent.status.undelivered, 0);
});

test("X4: a silent server is dropped after 35 seconds; one that answers pings is not", async () => {
  const browser = new Browser();
  const page = await browser.open({}, { front: null });
  await browser.run(300_000);
  assert.equal(browser.server.sockets.length, 1);
  assert.ok(browser.server.sent("ping").length >= 10);
  browser.server.silent = true;
  await browser.run(62_000);
  assert.ok(browser.server.sockets.length > 1);
  assert.equal(page.agent.status.connection, "offline");
});

test("A sync is answered at once with a beat, and a beat is true when the server has it", async () => {
  const browser = new Browser();
  const page = await browser.open();
  await browser.run(4000);
  browser.server.socket.say({ type: "sync" });
  await browser.run(0);
  assert.equal(recorded(browser).at(-1).cause, "beat");
  assert.equal(recorded(browser).at(-1).at, browser.at);
  const there = page.agent.beat();
  await browser.run(200);
  assert.equal(await there, true);
  browser.server.down = true;
  browser.server.crash();
  const away = page.agent.beat();
  await browser.run(2500);
  assert.equal(await away, false);
});

test("A sync that comes before a change of facts was noticed hides no start of a claim", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.focus(false);
  page.document.focused = true;
  browser.server.socket.say({ type: "sync" });
  await browser.run(0);
  assert.deepEqual(causes(recorded(browser)).slice(-2), ["focus", "beat"]);
});

test("Several listeners of one case are one watch, renewed after a reconnect and ended with the last", async () => {
  const browser = new Browser();
  const page = await browser.open();
  /** @type {any[]} */
  const heard = [];
  const unwatch = [1, 2].map((n) => page.agent.watch("CAS-1001", (/** @type {any} */ message) => heard.push([n, message.total_seconds])));
  page.agent.watch("CAS-1001", () => assert.fail("one listener that throws stops no other"));
  browser.server.socket.say({ type: "handling_time", case: "CAS-1001", total_seconds: 60 });
  browser.server.socket.say({ type: "handling_time", case: "CAS-9", total_seconds: 1 });
  assert.deepEqual(heard, [[1, 60], [2, 60]]);
  assert.equal(browser.server.sent("watch").length, 1);
  browser.server.socket.drop(1006);
  await browser.run(2000);
  assert.equal(browser.server.sent("watch").length, 2);
  unwatch.forEach((end) => end());
  assert.equal(browser.server.sent("unwatch").length, 0);
});

test("The hello is the first message of a socket, also where a widget watches and the token takes its time", async () => {
  const browser = new Browser();
  /** @type {(token: string) => void} */
  let give = () => {};
  const page = await browser.open({ token: () => new Promise((resolve) => (give = resolve)) });
  page.agent.watch("CAS-1001", () => {});
  await browser.run(1000);
  assert.equal(browser.server.socket.sent.length, 0);
  give("secret");
  await browser.run(0);
  assert.deepEqual(browser.server.socket.sent.map(({ type }) => type).slice(0, 2), ["hello", "watch"]);
  assert.equal(browser.server.socket.sent[0].token, "secret");
  page.dispatchEvent(new Event("pagehide"));
  assert.equal(page.posts[0].headers.Authorization, "Bearer secret");
  assert.ok(!browser.server.socket.url.includes("secret"));
});

test("A page has one agent, which widgets can wait for", async () => {
  const browser = new Browser();
  const page = await browser.open();
  assert.equal(await page.module.currentAgent(), page.agent);
  const { warn } = console;
  let warned = "";
  console.warn = (text) => (warned = text);
  assert.equal(page.module.startAgent({ app: "hub" }, page), page.agent);
  console.warn = warn;
  assert.match(warned, /already/);
});

test("Stopped, it says close, is silent, and can be started anew", async () => {
  const browser = new Browser();
  const page = await browser.open();
  page.agent.stop();
  await browser.run(0);
  assert.equal(recorded(browser).at(-1).cause, "close");
  assert.equal(page.agent.status.reason, "stopped");
  page.agent.show(CASE_2);
  page.agent.stop();
  await browser.run(60_000);
  assert.equal(browser.server.sockets.length, 1);
  assert.notEqual(page.module.startAgent({ server: "https://caseclock.example" }, page), page.agent);
});

test("Nothing throws into the host page", async () => {
  const browser = new Browser();
  const { debug } = console;
  console.debug = () => {};
  const page = await browser.open({ server: 42 }, { front: { session: Symbol("x"), form: 7, appTab: "a" } });
  page.agent.show(undefined);
  page.agent.note();
  page.WebSocket = class { constructor() { throw new Error("SyntaxError"); } };
  await browser.run(60_000);
  const { startAgent } = await import(String("../../client_js/agent.js?nothing"));
  startAgent(undefined, new EventTarget()).show({ session: Object.create(null) });
  browser.server.socket?.onmessage?.({ data: "no json" });
  console.debug = debug;
});
