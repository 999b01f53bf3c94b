// @ts-check
// The live board: who is on it, what is said of them, and the socket that brings it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { countsOf, fits, isNews, teamsOf, todayOf, together, weekOf } from "../../server/web/static/board-people.js";
import { watchBoard } from "../../server/web/static/board-socket.js";
import { REASONS, lastingOf, reasonOf } from "../../server/web/static/board-words.js";
import { Browser } from "./browser.js";

const NOON = 1_795_176_000_000;
const overview = (representative, name, team, today_seconds = 0, week_seconds = 0) => ({ representative, name, team, time_zone: "UTC", today_seconds, week_seconds });
/** @returns {any} */
const told = (username, name, facts = {}) => ({ username, name, team: null, state: "working", case: "CAS-1", title: "Wrong VAT rate", since: "2026-11-20T11:00:00.000Z", reason: null, today_seconds: 60, devices: 1, at: NOON, ...facts });
const board = (...people) => new Map(people.map((one) => [one.username, one]));
const PEOPLE = together(
  [overview("ana", "Ana", "First line", 50, 1000), overview("ben", "Ben", null)],
  board(told("sam", "Sam", { team: "Second line", state: "idle", reason: "idle" }), told("ana", "Ana", { team: "First line" })),
);
const ALL = { text: "", team: null, state: null };

test("S3: everybody is there by name, from the board and from the overview, and who is not on the board is offline", () => {
  assert.deepEqual([...PEOPLE.values()].map(({ username, state }) => [username, state]), [["ana", "working"], ["ben", "offline"], ["sam", "idle"]]);
  assert.equal(together([overview("ana", "Ana", null)], null).get("ana")?.state, null, "before the board has come nobody knows");
});

test("S3: the time of who works goes on, that of anybody else stands", () => {
  assert.equal(todayOf(told("ana", "Ana"), NOON + 90_500), 150);
  assert.equal(todayOf(told("ana", "Ana"), NOON - 5000), 60, "not back");
  assert.equal(todayOf(told("ana", "Ana", { state: "away" }), NOON + 90_500), 60);
});

test("S3: seven days hold what was worked since they were added up", () => {
  const ana = /** @type {import("../../server/web/static/board-people.js").Shown} */ (PEOPLE.get("ana"));
  assert.equal(weekOf(ana, NOON + 30_000), 1000 + 60 + 30 - 50);
  assert.equal(weekOf({ ...ana, week_seconds: null }, NOON), null);
});

test("S3: people are found by words, team and state, and each state is counted", () => {
  const found = (wanted) => [...PEOPLE.values()].filter((one) => fits(one, { ...ALL, ...wanted })).map(({ username }) => username);
  assert.deepEqual(found({}), ["ana", "ben", "sam"]);
  assert.deepEqual(found({ text: "  vat ANA" }), ["ana"]);
  assert.deepEqual(found({ team: "" }), ["ben"]);
  assert.deepEqual(found({ team: "Second line", state: "working" }), []);
  assert.deepEqual(countsOf(PEOPLE.values(), { ...ALL, state: "idle" }), { all: 3, working: 1, idle: 1, away: 0, offline: 1 });
  assert.deepEqual(countsOf(PEOPLE.values(), { ...ALL, team: "First line" }), { all: 1, working: 1, idle: 0, away: 0, offline: 0 });
  assert.deepEqual(teamsOf(PEOPLE.values()), ["First line", "Second line", ""]);
  assert.deepEqual(teamsOf([told("ana", "Ana")]), [], "there are no teams");
});

test("S3: another state or case is news, and what is seen for the first time is none", () => {
  const before = told("ana", "Ana");
  assert.equal(isNews(before, { ...before, today_seconds: 90 }), false);
  assert.equal(isNews(before, { ...before, case: "CAS-2" }), true);
  assert.equal(isNews(before, { ...before, state: "away" }), true);
  assert.equal(isNews(undefined, before), false);
});

test("F22: why no clock runs is said in words, for how long by the minute", () => {
  assert.equal(reasonOf(null), "");
  assert.equal(reasonOf("locked"), "the screen is locked");
  assert.equal(reasonOf("moon"), "moon");
  assert.deepEqual(Object.keys(REASONS).sort(), ["hidden", "idle", "inbox", "locked", "no-case", "no-widget", "not-counted", "resolved", "tracking-off", "unfocused", "untracked-form"]);
  assert.deepEqual([0, 59_999, 60_000, 3_900_000].map(lastingOf), ["just now", "just now", "1 min", "1 h 5 min"]);
});

/** A page with a board, and its sockets. @param {number} random */
function watching(random = 1) {
  const browser = new Browser();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const seen = { sockets: /** @type {any[]} */ ([]), told: /** @type {string[]} */ ([]), heard: /** @type {any[]} */ ([]), opened: /** @type {number[]} */ ([]) };
  const env = Object.assign(new EventTarget(), {
    document,
    Date: { now: () => browser.at },
    performance: { now: () => browser.elapsed },
    Math: { min: Math.min, random: () => random },
    setInterval: (/** @type {() => void} */ act, /** @type {number} */ ms) => browser.timer(act, ms, ms),
    WebSocket: class {
      sent = /** @type {any[]} */ ([]);
      isClosed = false;
      constructor() {
        seen.sockets.push(this);
        seen.opened.push(browser.elapsed);
      }
      send(/** @type {string} */ text) {
        this.sent.push(JSON.parse(text));
      }
      close() {
        this.isClosed = true;
      }
    },
  });
  watchBoard({ url: "ws://caseclock/agent", stream: "s", hear: (message) => seen.heard.push(message), tell: (state) => seen.told.push(state) }, /** @type {any} */ (env));
  const open = async () => {
    const socket = seen.sockets.at(-1);
    socket.onopen();
    await browser.run(0);
    socket.onmessage({ data: JSON.stringify({ type: "welcome" }) });
    return socket;
  };
  const says = (/** @type {any} */ socket, /** @type {any} */ message) => socket.onmessage({ data: JSON.stringify(message) });
  return { browser, document, env, open, says, seen };
}

test("S3: the page says hello without a single event, asks for the board, and hears of it", async () => {
  const { open, says, seen } = watching();
  const socket = await open();
  assert.deepEqual(socket.sent.map(({ type }) => type), ["hello", "watch_board"]);
  says(socket, { type: "settings" });
  says(socket, { type: "board", people: [] });
  says(socket, { type: "board_change", person: {} });
  assert.deepEqual(seen.heard.map(({ type }) => type), ["board", "board_change"]);
  assert.deepEqual(seen.told, ["offline", "online"]);
});

test("S3: a lost socket is opened again by itself, after pauses that grow by chance", async () => {
  const { browser, open, seen } = watching();
  (await open()).onclose({ code: 1006 });
  for (let tries = 0; tries < 4; tries++) {
    const before = seen.sockets.length;
    while (seen.sockets.length === before) await browser.run(1000);
    seen.sockets.at(-1).onclose({ code: 1006 });
  }
  const pauses = seen.opened.slice(1).map((at, place) => at - seen.opened[place]);
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000]);
  assert.deepEqual(seen.told, ["offline", "online", "offline"]);
});

test("S3: when the network is back the page does not wait", async () => {
  const { browser, env, open, seen } = watching();
  (await open()).onclose({ code: 1006 });
  await browser.run(100);
  env.dispatchEvent(new Event("online"));
  assert.equal(seen.sockets.length, 2);
});

test("S3: who may not see the board, or is signed out, is told so", async () => {
  const { open, says, seen } = watching();
  says(await open(), { type: "error", code: "not_allowed" });
  assert.equal(seen.told.at(-1), "refused");
  const other = watching();
  (await other.open()).onclose({ code: 4401 });
  await other.browser.run(1000);
  assert.equal(other.seen.told.at(-1), "signed-out");
});

test("S3: a page that nobody sees for a minute rests, and is there again once somebody looks", async () => {
  const { browser, document, open, seen } = watching();
  const socket = await open();
  document.visibilityState = "hidden";
  await browser.run(59_000);
  assert.equal(socket.isClosed, true, "a silent server is given up");
  await browser.run(2000);
  assert.equal(seen.told.at(-1), "resting");
  const before = seen.sockets.length;
  await browser.run(120_000);
  assert.equal(seen.sockets.length, before);
  document.visibilityState = "visible";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(seen.sockets.length, before + 1);
});
