// @ts-check
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { parseDuration, readDuration } from "../../client_js/widget/duration.js";
import { dateText, instantOf } from "../../client_js/widget/form.js";
import { notesOf } from "../../client_js/widget/history.js";
import { cornerOf } from "../../client_js/widget/place.js";
import { problemOf } from "../../client_js/widget/server.js";
import { clockState } from "../../client_js/widget/state.js";
import { Ticker } from "../../client_js/widget/ticker.js";
import { ENGLISH, agoText, clockText, dayOf, initials } from "../../client_js/widget/words.js";

/** @type {import("../../client_js/types.d.ts").AgentStatus} */
const RUNNING = {
  case: "CAS-1001", front: "CAS-1001", reason: "running", connection: "online", storage: "durable", screenLock: "unsupported",
  undelivered: 0, representative: { username: "ana", name: "Ana Duarte" }, updateIntervalS: 600,
};
const KNOWN = { resolved: false, offline: false, enabled: true };

/** What the widget says of CAS-1001. @param {object} [status] @param {object} [known] */
const said = (status = {}, known = {}) => clockState("CAS-1001", { ...RUNNING, ...status }, { ...KNOWN, ...known });

test("What a page loads for the widget weighs at most 12.5 KiB gzipped; form and history come when they are opened, the question where idle is switched on", () => {
  const folder = new URL("../../client_js/", import.meta.url);
  const later = ["duration.js", "form.js", "history.js", "kinds.js", "question.js", "question_view.js", "unanswered.js"];
  const names = readdirSync(new URL("widget/", folder)).filter((name) => name.endsWith(".js") && !later.includes(name));
  const sources = ["widget.js", ...names.map((name) => `widget/${name}`)].map((name) => readFileSync(new URL(name, folder), "utf8"));
  assert.ok(sources.every((source) => later.every((name) => !source.includes(`from "./${name}"`))));
  const size = gzipSync(sources.join(""), { level: 9 }).length;
  assert.ok(size <= 12.5 * 1024, `${size} bytes`);
});

test("W5: a duration is understood as people type it", () => {
  const cases = {
    "1:30": 5400, "0:05": 300, "1:30:15": 5415, "100:00": 360_000,
    "1h30m": 5400, "1h 30": 5400, "1h30": 5400, "1 hour and 5 minutes": 3900, "1 h, 20 min": 4800, "2 hrs": 7200,
    "90m": 5400, "90 min": 5400, "45s": 45, "1m 5s": 65, "1.5h": 5400, "1,5 h": 5400, ".5h": 1800, "0.25 hours": 900,
    "90": 5400, "1.5": 5400, "  1H30M ": 5400, "１:３０": 5400, "1000h": 3_600_000, "0.1m": 6,
  };
  for (const [typed, seconds] of Object.entries(cases)) assert.deepEqual(parseDuration(typed), { seconds }, typed);
});

test("W5: what is no duration, or none that can be logged, is answered with a sentence", () => {
  for (const typed of ["", " ", "soon", "1:75", "1:5", "-5m", "1h30m20", "h", "1e3", "1:30h", "2d", "m5", "1:30:99"]) {
    assert.match(parseDuration(typed).problem ?? "", /^(Say how long|Not understood).+1:30, 1h30m, 90m or 1.5h\.$/, typed);
  }
  for (const typed of ["0", "0:00", "0.1s", "1001h", "9999999999999999999h"]) assert.match(parseDuration(typed).problem ?? "", /1 second to 1,000 hours/, typed);
});

test("W5: whole seconds are sent, halves rounded up", () => {
  assert.deepEqual([parseDuration("0.5s"), parseDuration("1.5s"), parseDuration("2.5s")], [{ seconds: 1 }, { seconds: 2 }, { seconds: 3 }]);
});

test("W5: a log of today is of now, one of another day of its noon, where the person is", () => {
  const now = new Date(2026, 10, 20, 0, 30);
  assert.equal(dateText(now), "2026-11-20");
  assert.equal(instantOf("2026-11-20", now), now.toISOString());
  assert.equal(instantOf("2026-03-29", now), new Date(2026, 2, 29, 12).toISOString());
  assert.equal(dateText(new Date(2026, 2, 29, 23, 59)), "2026-03-29");
});

test("W11: work that began at a known time is of that time, today too, where the person is", () => {
  const now = new Date(2026, 10, 20, 14, 30);
  assert.equal(instantOf("2026-11-20", now, "09:15"), new Date(2026, 10, 20, 9, 15).toISOString());
  assert.equal(instantOf("2026-03-29", now, "23:59"), new Date(2026, 2, 29, 23, 59).toISOString());
});

test("W6: a correction may make nothing of automatic time, or more than a time log may have", () => {
  assert.deepEqual([readDuration("0:00"), readDuration("1200h")], [{ seconds: 0 }, { seconds: 4_320_000 }]);
  assert.match(readDuration("soon").problem ?? "", /^Not understood/);
});

test("W6: a row says when and what the work was; the start only where it is known", () => {
  const worked_at = new Date(2026, 10, 20, 9, 30).toISOString(), day = dayOf(new Date(worked_at), "en");
  const activity = { worked_at, has_start: false, kind: "phone call", subject: "Carrier", description: "No answer.", overlap_seconds: 0 };
  const [note, ...more] = notesOf(activity, ENGLISH);
  assert.deepEqual(more, []);
  assert.ok(note.endsWith(" · phone call · Carrier · No answer."), note);
  assert.equal(/\d:\d/.test(note), false, note);
  assert.match(notesOf({ ...activity, has_start: true }, { ...ENGLISH, locale: "en-GB" })[0], /09:30/);
  assert.equal(notesOf({ worked_at, description: "" }, { ...ENGLISH, locale: "en" })[0], day);
});

test("W6: a corrected row says what was measured, and who corrected it last and why", () => {
  const corrections = ["Second", "First"].map((reason) => ({ author: "ana", author_name: "Ana", created_at: "2026-11-20T09:00:00Z", before_seconds: 720, after_seconds: 1800, reason }));
  assert.deepEqual(notesOf({ measured_seconds: 720, corrections }, ENGLISH), ["measured 0:12:00, corrected by Ana: Second"]);
  assert.deepEqual(notesOf({ measured_seconds: 720, corrections: [] }, ENGLISH), []);
});

test("W11: a row says how much of it was tracked too, and whether that is left out", () => {
  assert.deepEqual(notesOf({ overlap_seconds: 600, isLeftOut: false }, ENGLISH), ["0:10:00 of it was tracked automatically too"]);
  assert.deepEqual(notesOf({ overlap_seconds: 600, isLeftOut: true }, ENGLISH), ["0:10:00 of it was tracked automatically too, and is left out"]);
  assert.deepEqual(notesOf({ overlap_seconds: 0, isLeftOut: true }, ENGLISH), []);
});

test("W5: what the server says against a log is found by field, in both forms that it has", () => {
  const named = { duration_seconds: "A duration has 1 to 3600000 whole seconds." };
  assert.deepEqual(problemOf(422, { errors: { json: { duration_seconds: [named.duration_seconds] } } }).fields, named);
  assert.deepEqual(problemOf(422, { detail: "No.", errors: { duration_seconds: [named.duration_seconds] } }).fields, named);
  assert.equal(problemOf(422, { errors: { json: { duration_seconds: [named.duration_seconds] } } }).message, named.duration_seconds);
  assert.equal(problemOf(403, { detail: "Time logs are switched off." }).message, "Time logs are switched off.");
  assert.equal(problemOf(401, { detail: "Sign in." }).message, "Signed out: sign in again.");
  assert.equal(problemOf(0, null).status, 0);
});

test("W1, W3: time is shown as a clock of hours, minutes and seconds, days as hours", () => {
  assert.deepEqual([0, 59.9, 3600, 5409, 90_000].map(clockText), ["0:00:00", "0:00:59", "1:00:00", "1:30:09", "25:00:00"]);
});

test("W2: a profile carries the first letters of the first and the last name", () => {
  assert.deepEqual(["Ana Duarte", "ben", "Maria del Carmen Ruiz", "  élodie  ", "😀 x", ""].map(initials), ["AD", "B", "MR", "É", "😀X", ""]);
});

test("W3: the clock ticks from what the server knew by what has passed since", () => {
  const ticker = new Ticker();
  ticker.run(true, 1000);
  ticker.rebase(60_000, 2000, 2300);
  assert.equal(ticker.read(2300), 60_300);
  assert.equal(ticker.read(5000), 63_000);
});

test("W3: what passed before the clock began to run is not counted, nor what passes after it stands", () => {
  const ticker = new Ticker();
  ticker.rebase(60_000, 0, 100);
  ticker.run(true, 1000);
  assert.equal(ticker.read(3000), 62_000);
  ticker.rebase(61_000, 500, 3000);
  assert.equal(ticker.read(3000), 63_000);
  ticker.run(false, 4000);
  assert.equal(ticker.read(99_000), ticker.read(4000));
});

test("W3: news that put it back a little slow it down until reality has caught up", () => {
  const ticker = new Ticker();
  ticker.rebase(60_000, 0, 0);
  ticker.run(true, 0);
  ticker.rebase(68_000, 10_000, 10_000);
  const shown = [10_000, 11_000, 14_000, 18_000, 20_000].map((mono) => ticker.read(mono));
  assert.deepEqual(shown, [70_000, 70_750, 73_000, 76_000, 78_000]);
});

test("W3: news that put it back by three seconds or more, or forward, are shown as they are", () => {
  const ticker = new Ticker();
  ticker.rebase(60_000, 0, 0);
  ticker.run(true, 0);
  ticker.rebase(50_000, 10_000, 10_000);
  assert.equal(ticker.read(10_000), 50_000);
  ticker.rebase(90_000, 10_000, 10_000);
  assert.equal(ticker.read(11_000), 91_000);
});

test("W3: a clock that stands and knows a little less than it showed does not step back", () => {
  const ticker = new Ticker();
  ticker.rebase(60_000, 0, 0);
  ticker.run(true, 0);
  ticker.run(false, 5900);
  ticker.rebase(65_000, 6000, 6000);
  assert.equal(ticker.read(9000), 65_900);
});

test("W3: it never runs backwards, whatever small news come and whenever it starts and stops", () => {
  const ticker = new Ticker();
  let seed = 7, truth = 0, running = false, shown = 0;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  ticker.rebase(0, 0, 0);
  for (let mono = 0; mono < 3_600_000; mono += 250) {
    if (running) truth += 250;
    if (random() < 0.05) ticker.run((running = !running), mono + 250);
    if (random() < 0.05) ticker.rebase(Math.floor(truth / 1000) * 1000, mono + 250, mono + 250);
    const now = ticker.read(mono + 250);
    assert.ok(now >= shown, `${now} < ${shown} at ${mono}`);
    assert.ok(Math.abs(now - truth) < 3000, `${now} for ${truth} at ${mono}`);
    shown = now;
  }
});

test("W3: time in which the page did not live is skipped", () => {
  const ticker = new Ticker();
  ticker.rebase(60_000, 0, 0);
  ticker.run(true, 0);
  ticker.skip(10_000, 3_610_000);
  assert.equal(ticker.read(3_611_000), 71_000);
  ticker.run(false, 3_611_000);
  ticker.skip(3_611_000, 7_000_000);
  assert.equal(ticker.read(8_000_000), 71_000);
});

test("W4: when it was last updated is said in words, and never lies ahead", () => {
  assert.deepEqual([-5000, 0, 59_999, 60_000, 3_599_999, 7_200_000, 90_000_000, 999_999_999].map((ms) => agoText(ms)),
    ["just now", "just now", "just now", "1 min ago", "59 min ago", "2 h ago", "1 d ago", "11 d ago"]);
});

test("W8: it sits at the bottom right of what can be seen of the form", () => {
  const view = { width: 1000, height: 800 }, size = { width: 300, height: 400 };
  assert.deepEqual(cornerOf({ left: 200, top: 100, right: 900, bottom: 700 }, view, size), { right: 884, bottom: 684 });
  assert.deepEqual(cornerOf({ left: 200, top: -500, right: 1200, bottom: 3000 }, view, size), { right: 984, bottom: 784 });
});

test("W8: in a form smaller than itself it stays on the screen, and leaves with a form that is scrolled away", () => {
  const view = { width: 1000, height: 800 }, size = { width: 300, height: 400 };
  assert.deepEqual(cornerOf({ left: 0, top: 0, right: 100, bottom: 50 }, view, size), { right: 300, bottom: 400 });
  assert.equal(cornerOf({ left: 0, top: -900, right: 1000, bottom: -100 }, view, size), null);
  assert.equal(cornerOf({ left: 0, top: 800, right: 1000, bottom: 900 }, view, size), null);
  assert.deepEqual(cornerOf({ left: 0, top: 20, right: 1000, bottom: 20 }, view, size), { right: 984, bottom: 784 }, "an empty form counts as the page");
});

test("F22: a clock that runs says so", () => {
  assert.deepEqual(said(), { sign: "running", short: "Running", text: "Running", notes: [] });
});

test("F22: a clock that stands says why", () => {
  const texts = Object.fromEntries(["hidden", "unfocused", "locked", "idle", "inbox", "untracked-form", "no-widget"].map((reason) => [reason, said({ case: null, reason }).text]));
  assert.deepEqual(texts, {
    hidden: "Stands: this browser tab is in the background",
    unfocused: "Stands: another window is in front",
    locked: "Stands: the screen is locked",
    idle: "Stands: no input for a while",
    inbox: "Stands: cases in the inbox are not tracked",
    "untracked-form": "Stands: this form is not tracked",
    "no-widget": "Stands: this form counts only with the widget on it",
  });
});

test("F22: a case that is not in front stands, whatever the clock of the one in front does", () => {
  assert.equal(said({ case: "CAS-1002", front: "CAS-1002" }).text, "Stands: another case is in front");
  assert.equal(said({ case: null, front: "CAS-1002", reason: "locked" }).text, "Stands: another case is in front");
  assert.equal(said({ case: null, front: null, reason: "no-case" }).text, "Stands: this case is not in front");
});

test("F6, F22: a resolved case says so, even where the agent still runs", () => {
  assert.deepEqual([said({}, { resolved: true }).sign, said({}, { resolved: true }).text], ["resolved", "Resolved: no more time is counted"]);
  assert.equal(clockState("CAS-1001", null, { ...KNOWN, resolved: true }).sign, "resolved");
});

test("F22: it says that recording goes on offline, in memory only, or waits for a sign-in", () => {
  assert.deepEqual(said({ connection: "offline" }).notes, [], "not in the first seconds");
  assert.deepEqual(said({ connection: "offline" }, { offline: true }).notes, ["Offline: recording goes on, and is saved by itself later"]);
  assert.equal(said({ connection: "offline" }, { offline: true }).sign, "running");
  assert.deepEqual(said({ connection: "offline", case: null, reason: "hidden" }, { offline: true }).notes, ["Offline: what was recorded is kept, and is saved by itself later"]);
  assert.deepEqual(said({ storage: "memory" }).notes, ["Recording in memory only: this page must stay open"]);
  assert.deepEqual(said({ connection: "signed-out" }).notes, ["Signed out: recording goes on. Sign in again to save it"]);
});

test("X34: where the server does not take the page's reports the clock goes on, and the widget says that all is kept", () => {
  const { sign, notes } = said({ connection: "refused" });
  assert.equal(sign, "running");
  assert.deepEqual(notes, ["The server does not take reports from this page: recording goes on. Please tell an administrator"]);
});

test("F22, A1: tracking that is off, not started or ended is said", () => {
  assert.equal(clockState("CAS-1001", null, KNOWN).text, "Tracking has not started on this page");
  assert.equal(said({}, { enabled: false }).text, "Tracking is switched off");
  assert.equal(said({ case: null, reason: "tracking-off" }).text, "Tracking is switched off");
  assert.equal(said({ case: null, reason: "stopped" }).text, "Tracking has ended on this page");
  for (const status of [{ reason: "stopped", case: null }, { reason: "tracking-off", case: null }]) assert.equal(said(status).sign, "off");
});
