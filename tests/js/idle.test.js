// @ts-check
// Row F21 in the agent: no input for a configurable time.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser } from "./browser.js";

const MINUTE_MS = 60_000;

/** @param {any} [settings] */
function watched(settings = {}) {
  const browser = new Browser();
  browser.server.settings = { enabled: true, track_inbox: false, count_idle: false, idle_after_minutes: 5, ...settings };
  return browser;
}

/** A page on CAS-1001 that looks for input, and what it told was missed. @param {Browser} browser @param {any} [page] */
async function opened(browser, page = {}) {
  const env = await browser.open({}, { page });
  /** @type {any[]} */
  const missed = [];
  env.agent.addEventListener("idle", (/** @type {any} */ { detail }) => missed.push(detail));
  if (env.agent.settings.idle_after_minutes) await looks(env);
  return Object.assign(env, { missed, types: (/** @type {string} */ type = "keydown") => env.dispatchEvent(new Event(type)) });
}

/** What looks for input is loaded. @param {any} page */
async function looks(page) {
  while (!page.heard.has("keydown")) await new Promise((resolve) => setImmediate(resolve));
}

/** @param {Browser} browser */
const events = (browser) => browser.server.events(browser.server.sent("hello").at(-1)?.stream);
/** @param {Browser} browser */
const causes = (browser) => events(browser).map(({ cause }) => cause);

test("F21: without input for that time a person is idle, and the event says when the last input was", async () => {
  const browser = watched();
  const page = await opened(browser);
  await browser.run(MINUTE_MS);
  page.types();
  const input = browser.at;
  await browser.run(5 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running", "not a moment too soon");
  await browser.run(1000);
  const { cause, idle, at, quiet } = events(browser).at(-1);
  assert.deepEqual([cause, idle], ["idle", true]);
  assert.equal(at - quiet, input);
  assert.equal(page.agent.status.reason, "idle");
});

for (const type of ["keydown", "pointermove", "pointerdown", "wheel", "touchstart", "touchmove", "scroll"])
  test(`F21: ${type} is input: it ends the idle time at once, not with the look of the next second`, async () => {
    const browser = watched();
    const page = await opened(browser);
    await browser.run(6 * MINUTE_MS + 300);
    page.types(type);
    assert.equal(page.agent.status.reason, "running");
    await browser.run(0);
    const { cause, idle, at, quiet } = events(browser).at(-1);
    assert.deepEqual([cause, idle, at, quiet], ["active", false, browser.at, 0]);
  });

test("F21: on return it is told once which case missed how much, by the clock of the server", async () => {
  const browser = watched();
  browser.server.atShift = 3_600_000;
  const page = await opened(browser);
  await browser.run(MINUTE_MS);
  page.types();
  const input = browser.at;
  await browser.run(18 * MINUTE_MS);
  assert.deepEqual(page.missed, [], "not while it lasts");
  page.types();
  page.types();
  await browser.run(2000);
  assert.equal(page.missed.length, 1);
  const [{ from, to, ...rest }] = page.missed;
  assert.deepEqual(rest, { representative: "ana", case: "CAS-1001" });
  assert.ok(Math.abs(from - input - 3_600_000) <= 1);
  assert.equal(to - from, 18 * MINUTE_MS);
});

test("F21: input now and then keeps a person from being idle, and each event says how long ago it was", async () => {
  const browser = watched();
  const page = await opened(browser);
  for (let minute = 0; minute < 20; minute += 4) {
    page.types();
    await browser.run(4 * MINUTE_MS);
  }
  assert.equal(causes(browser).includes("idle"), false);
  const beats = events(browser).filter(({ cause }) => cause === "beat");
  assert.ok(beats.every(({ quiet }) => Number.isInteger(quiet) && quiet <= 4 * MINUTE_MS));
  assert.deepEqual(beats.slice(0, 3).map(({ quiet }) => Math.round(quiet / 1000)), [20, 40, 60]);
});

test("F21: off, as it is unless somebody switches it on, nobody is idle and no event speaks of input", async () => {
  const browser = watched({ idle_after_minutes: 0 });
  const page = await opened(browser, { permission: "granted" });
  page.lock("unlocked", "idle");
  await browser.run(60 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running");
  assert.ok(events(browser).every((event) => event.idle === false && !("quiet" in event)));
});

test("F21: switched on and off while the page is open", async () => {
  const browser = watched({ idle_after_minutes: 0 });
  const page = await opened(browser);
  const say = async (/** @type {number} */ idle_after_minutes) => {
    browser.server.socket.say({ type: "settings", enabled: true, count_idle: false, idle_after_minutes });
    await browser.run(0);
  };
  await browser.run(9 * MINUTE_MS);
  assert.equal(page.heard.has("keydown"), false, "it does not even look");
  await say(5);
  await looks(page);
  await browser.run(4 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running", "it knows of no input before");
  await browser.run(2 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "idle");
  await say(0);
  assert.equal(page.agent.status.reason, "running");
  assert.equal("quiet" in events(browser).at(-1), false);
});

test("F21: where idle time counts it is told to the server, and nothing was missed", async () => {
  const browser = watched({ count_idle: true });
  const page = await opened(browser);
  await browser.run(6 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running");
  page.types();
  await browser.run(0);
  assert.deepEqual(causes(browser).filter((cause) => cause !== "beat").slice(-2), ["idle", "active"]);
  assert.deepEqual(page.missed, []);
});

test("F21: with no case in front nothing was missed", async () => {
  const browser = watched();
  const page = await opened(browser);
  page.agent.show(null);
  await browser.run(6 * MINUTE_MS);
  page.types();
  await browser.run(0);
  assert.deepEqual(page.missed, []);
});

test("F21: a page that is not in front sees no input, so nobody is idle there; to come back to it is input", async () => {
  const browser = watched();
  const page = await opened(browser);
  page.turnTo(false);
  await browser.run(20 * MINUTE_MS);
  page.turnTo(true);
  await browser.run(0);
  assert.deepEqual(causes(browser).slice(-2), ["hidden", "visible"]);
  assert.equal(events(browser).at(-1).quiet, 0);
  await browser.run(4 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running");
});

for (const [how, leave] of /** @type {[string, (page: any) => void][]} */ ([
  ["another tab comes to the front", (page) => page.turnTo(false)],
  ["the screen is locked", (page) => page.lock("locked", "idle")],
  ["the page is closed", (page) => page.dispatchEvent(new Event("pagehide"))],
  ["the agent is stopped", (page) => page.agent.stop()],
]))
  test(`F21: what was missed ends where something else would have stopped the clock: ${how}`, async () => {
    const browser = watched();
    const page = await opened(browser, { permission: "granted" });
    await browser.run(8 * MINUTE_MS);
    leave(page);
    await browser.run(30 * MINUTE_MS);
    assert.deepEqual(page.missed.map(({ from, to }) => to - from), [8 * MINUTE_MS]);
  });

test("F21, F9: a screen that was locked before that time makes nobody idle, and to unlock it is input", async () => {
  const browser = watched();
  const page = await opened(browser, { permission: "granted" });
  await browser.run(3 * MINUTE_MS);
  page.lock("locked", "idle");
  await browser.run(10 * MINUTE_MS);
  page.lock("unlocked");
  await browser.run(0);
  assert.deepEqual(causes(browser).filter((cause) => cause !== "beat").slice(-2), ["lock", "unlock"]);
  assert.deepEqual(page.missed, []);
});

test("F21: a case that comes to the front without input has missed time from then on", async () => {
  const browser = watched();
  const page = await opened(browser);
  await browser.run(8 * MINUTE_MS);
  page.agent.show({ session: { id: "s2", case: "CAS-1002" } });
  await browser.run(2 * MINUTE_MS);
  page.types();
  assert.deepEqual(page.missed.map((missed) => [missed.case, missed.to - missed.from]), [["CAS-1001", 8 * MINUTE_MS], ["CAS-1002", 2 * MINUTE_MS]]);
});

for (const windows of [false, true])
  test(`F19, F21: asleep while idle: what was missed ends with the last second lived (monotonic clock ${windows ? "runs" : "stands still"})`, async () => {
    const browser = watched();
    const page = await opened(browser);
    await browser.run(8 * MINUTE_MS);
    browser.sleep(9 * 60 * MINUTE_MS, { windows });
    await browser.run(4000);
    const lived = page.missed.map(({ from, to }) => to - from);
    assert.equal(lived.length, 1);
    assert.ok(lived[0] > 8 * MINUTE_MS - 1001 && lived[0] <= 8 * MINUTE_MS, String(lived));
    const [suspend, resume] = events(browser).slice(-2);
    assert.deepEqual([suspend.cause, suspend.idle, resume.cause, resume.idle, resume.quiet], ["suspend", true, "resume", false, 0]);
    assert.ok(suspend.quiet <= 8 * MINUTE_MS, "of the last second lived, not of now");
  });

test("F21: a page that was busy for some seconds had no input by that", async () => {
  const browser = watched();
  const page = await opened(browser);
  await browser.run(4 * MINUTE_MS);
  browser.sleep(7000, { windows: true });
  await browser.run(MINUTE_MS);
  assert.equal(page.agent.status.reason, "idle");
});

test("F21: what is typed in a frame is not seen: nobody is idle while the focus is there", async () => {
  const browser = watched();
  const page = await opened(browser);
  page.document.activeElement = { localName: "notes-editor", shadowRoot: { activeElement: { localName: "iframe" } } };
  await browser.run(20 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running");
  page.document.activeElement = { localName: "input" };
  await browser.run(5 * MINUTE_MS + 1000);
  assert.equal(page.agent.status.reason, "idle");
});

test("F21: in a frame the detector says who is idle, where it may", async () => {
  const browser = watched();
  const page = await opened(browser, { permission: "granted" });
  page.document.activeElement = { localName: "iframe" };
  await browser.run(20 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running", "there is input in the whole of the system");
  page.lock("unlocked", "idle"); // it says so a minute after the last input
  const input = browser.at - MINUTE_MS;
  await browser.run(4 * MINUTE_MS);
  assert.equal(page.agent.status.reason, "running");
  await browser.run(2000);
  const { cause, at, quiet } = events(browser).at(-1);
  assert.equal(cause, "idle");
  assert.ok(Math.abs(at - quiet - input) <= 1000);
  page.lock("unlocked", "active");
  await browser.run(0);
  assert.equal(page.agent.status.reason, "running");
});

test("X32, F21: what ana missed is told as hers, also where ben has signed in meanwhile", async () => {
  const browser = watched();
  const page = await opened(browser);
  await browser.run(8 * MINUTE_MS);
  browser.server.user = "ben";
  browser.server.socket.drop(1006);
  await browser.run(3 * MINUTE_MS);
  assert.equal(page.agent.status.representative.username, "ben");
  page.types();
  assert.deepEqual(page.missed.map(({ representative }) => representative), ["ana"]);
});

test("F21: to come back from the back/forward cache is input", async () => {
  const browser = watched();
  const page = await opened(browser);
  page.dispatchEvent(new Event("pagehide"));
  await browser.run(9 * MINUTE_MS);
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await browser.run(1000);
  assert.deepEqual([events(browser)[0].cause, events(browser)[0].quiet], ["open", 0]);
});
