// @ts-check
// The widget and the scripts of the pages in German.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { parseDuration } from "../../client_js/widget/duration.js";
import { notesOf } from "../../client_js/widget/history.js";
import { problemOf } from "../../client_js/widget/server.js";
import { clockState } from "../../client_js/widget/state.js";
import { ENGLISH, agoText, textsFor, textsIn } from "../../client_js/widget/words.js";
import * as ofWidget from "../../client_js/translations/de.js";
import * as ofPages from "../../server/web/static/translations/de.js";

document.documentElement.lang = "de";
const { clock, day, spoken, words } = await import("../../server/web/static/format.js");
const { clockWords, hindrance } = await import("../../server/web/static/helpdesk/status_words.js");
const { number } = await import("../../server/web/static/i18n.js");
const { beginsWeek, longDay, shortDay, weekStart } = await import("../../server/web/static/days.js");

const german = await textsFor("de-AT");
/** @type {import("../../client_js/types.d.ts").AgentStatus} */
const RUNNING = {
  case: "CAS-1001", front: "CAS-1001", reason: "running", connection: "online", storage: "durable", screenLock: "unsupported",
  undelivered: 0, representative: { username: "ana", name: "Ana Duarte" }, updateIntervalS: 600,
};
const said = (status, known = {}) => clockState("CAS-1001", { ...RUNNING, ...status }, { resolved: false, offline: false, enabled: true, ...known }, german);

test("a language is found by its tag, whatever the country; any other speaks English, without anything to load", async () => {
  assert.equal(german.lang, "de");
  assert.equal((await textsFor("DE")).lang, "de");
  for (const tag of ["en", "en-GB", "fr", "", "den"]) assert.equal(textsFor(tag), ENGLISH, tag);
});

test("a text that is not translated, and a name that is not filled in, stay as they are", () => {
  assert.equal(german._("Nobody wrote this"), "Nobody wrote this");
  assert.equal(german._("{name} (you)"), "{name} (Sie)");
  assert.equal(german._("{name} (you)", { name: "{name} $&" }), "{name} $& (Sie)");
});

test("a language has the plural forms that its catalogue says", () => {
  const of = (/** @type {number} */ n) => german.ngettext("{n} person worked on it", "{n} people worked on it", n);
  assert.deepEqual([0, 1, 2].map(of), ["0 Personen haben daran gearbeitet", "1 Person hat daran gearbeitet", "2 Personen haben daran gearbeitet"]);
  assert.equal(ENGLISH.ngettext("{n} person", "{n} people", 1), "1 person");
  const plural = (/** @type {number} */ n) => (n === 1 ? 0 : n < 5 ? 1 : 2);
  const polish = textsIn("pl", { plural, texts: { "{n} case": ["{n} sprawa", "{n} sprawy", "{n} spraw"] } });
  assert.deepEqual([1, 3, 5].map((n) => polish.ngettext("{n} case", "{n} cases", n)), ["1 sprawa", "3 sprawy", "5 spraw"]);
});

test("F22: the widget says why its clock runs or stands", () => {
  assert.deepEqual(said({}), { sign: "running", short: "Läuft", text: "Läuft", notes: [] });
  assert.equal(said({ case: null, reason: "locked" }).text, "Steht: der Bildschirm ist gesperrt");
  assert.equal(said({}, { resolved: true }).text, "Gelöst: Es wird keine Zeit mehr gezählt");
  assert.deepEqual(said({ connection: "offline" }, { offline: true }).notes, ["Offline: Die Erfassung läuft weiter und wird später von selbst gespeichert"]);
});

test("W4: when it was last updated", () => {
  assert.deepEqual([0, 60_000, 7_200_000, 90_000_000, 999_999_999].map((ms) => agoText(ms, german)),
    ["gerade eben", "vor 1 Min.", "vor 2 Std.", "vor 1 Tag", "vor 11 Tagen"]);
});

test("W5: a duration is understood as people type it in German", () => {
  const cases = { "1 Std. 30 Min.": 5400, "1 Stunde und 5 Minuten": 3900, "2 Stunden": 7200, "90 Min": 5400, "1,5 Std": 5400, "45 Sekunden": 45, "1std30": 5400, "5 Sek.": 5, "1 Minute": 60 };
  for (const [typed, seconds] of Object.entries(cases)) assert.deepEqual(parseDuration(typed, german), { seconds }, typed);
  assert.equal(parseDuration("bald", german).problem, "Nicht verstanden: Bitte 1:30, 1h30m, 90m oder 1,5h schreiben.");
  assert.equal(parseDuration("0", german).problem, "Ein Zeiteintrag umfasst 1 Sekunde bis 1.000 Stunden.");
});

test("W6, W11: the rows of the history", () => {
  const corrections = [{ author: "ana", author_name: "Ana", created_at: "2026-11-20T09:00:00Z", before_seconds: 720, after_seconds: 1800, reason: "Telefon" }];
  assert.deepEqual(notesOf({ measured_seconds: 720, corrections }, german), ["gemessen 0:12:00, berichtigt durch Ana: Telefon"]);
  assert.deepEqual(notesOf({ kind: "phone call", overlap_seconds: 600, isLeftOut: true }, german), ["Telefonat", "0:10:00 davon wurde auch automatisch erfasst und zählt hier nicht"]);
});

test("W5: what goes wrong between widget and server", () => {
  assert.equal(problemOf(401, {}, german).message, "Abgemeldet: Bitte wieder anmelden.");
  assert.match(problemOf(0, null, german).message, /^Der Server antwortet nicht/);
});

test("F22: the status line of the helpdesk", () => {
  assert.deepEqual(clockWords(RUNNING, () => false), { runs: true, text: "Uhr läuft für CAS-1001" });
  assert.equal(clockWords({ ...RUNNING, case: null, reason: "inbox" }, () => false).text, "Steht: Vorgänge im Posteingang werden nicht erfasst");
  assert.equal(hindrance({ ...RUNNING, connection: "offline" }), "Offline: Die Erfassung läuft weiter");
});

test("durations, days and numbers are written as in German", () => {
  assert.deepEqual([0, 59, 60, 3600, 3900].map(words), ["0 Sek.", "59 Sek.", "1 Min.", "1 Std.", "1 Std. 5 Min."]);
  assert.deepEqual([1, 60, 4800].map(spoken), ["1 Sekunde", "1 Minute", "1 Stunde 20 Minuten"]);
  assert.equal(clock(3900), "1:05:00");
  assert.equal(number(12_345), "12.345");
  assert.equal(day("2026-11-20T12:00:00Z"), "20.11.2026");
  assert.equal(longDay("2026-11-20"), "Freitag, 20. November 2026");
  assert.equal(shortDay("2026-11-20"), "Fr., 20. Nov.");
});

test("S1: a week begins on Monday", () => {
  const days = ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"];
  assert.deepEqual(days.filter(beginsWeek), ["2026-11-23"]);
  assert.equal(weekStart(), "monday");
});

test("what is put into the markup of the widget holds no markup", () => {
  for (const text of Object.values(ofWidget.texts).flat()) assert.doesNotMatch(text, /[<>&"]/);
});

test("a module of texts holds what the scripts of its folder say, and nothing else", () => {
  const folders = /** @type {const} */ ([["client_js/", ofWidget.texts], ["server/web/static/", ofPages.texts]]);
  for (const [folder, texts] of folders) {
    const place = new URL(`../../${folder}`, import.meta.url);
    const names = readdirSync(place, { recursive: true }).map(String).filter((name) => name.endsWith(".js") && !name.includes("translations"));
    const source = names.map((name) => readFileSync(new URL(name, place), "utf8")).join("");
    const missing = Object.keys(texts).filter((text) => !source.includes(JSON.stringify(text)));
    assert.deepEqual(missing, [], folder);
  }
});
