// @ts-check
// Row F21 in the widget: what was missed waits for an answer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { askedText, spanText } from "../../client_js/widget/question_view.js";
import { PATIENCE_S, Unanswered, withAsked, withMissed } from "../../client_js/widget/unanswered.js";
import { ENGLISH } from "../../client_js/widget/words.js";
import { FakeStorage, full } from "./browser.js";

const missed = (from, to, ref = "CAS-1001") => ({ representative: "ana", case: ref, from, to });
const ids = (list) => list.map(({ id }) => id);

test("F21: times that touch are one question, others wait behind it, and a few at most", () => {
  const one = withMissed([], missed(0, 60_000), "a");
  const joined = withMissed(withAsked(one, 15), missed(61_000, 120_000), "b");
  assert.deepEqual(joined, [{ id: "a", case: "CAS-1001", from: 0, to: 120_000, asked: 0, sent: false }]);
  assert.deepEqual(ids(withMissed(one, missed(61_000, 120_000, "CAS-1002"), "b")), ["a", "b"]);
  assert.deepEqual(ids(withMissed(one, missed(90_000, 120_000), "b")), ["a", "b"]);
  let list = one;
  for (let n = 1; n < 9; n++) list = withMissed(list, missed(n * 1e6, n * 1e6 + 1), String(n));
  assert.deepEqual(ids(list), ["4", "5", "6", "7", "8"]);
});

test("F21: what may be with the server already grows no more", () => {
  const [sent] = withMissed([], missed(0, 60_000), "a");
  assert.deepEqual(ids(withMissed([{ ...sent, sent: true }], missed(60_000, 120_000), "b")), ["a", "b"]);
});

test("F21: ten minutes without an answer drop the first, then the next one is asked", () => {
  let list = withMissed(withMissed([], missed(0, 1), "a"), missed(9e6, 9e6 + 1), "b");
  for (let asked = 15; asked < PATIENCE_S; asked += 15) list = withAsked(list, 15);
  assert.deepEqual(ids(list), ["a", "b"]);
  assert.deepEqual(withAsked(list, 15).map(({ id, asked }) => [id, asked]), [["b", 0]]);
});

test("F21, X32: each person has a list of their own, also where the storage takes nothing", () => {
  for (const broken of [false, true]) {
    const storage = new FakeStorage();
    if (broken) full.add(storage);
    const unanswered = new Unanswered(/** @type {any} */ (storage));
    unanswered.keep("ana", withMissed([], missed(0, 1), "a"));
    assert.deepEqual(ids(unanswered.of("ana")), ["a"], String(broken));
    assert.deepEqual([unanswered.of("ben"), unanswered.of(undefined)], [[], []]);
    unanswered.keep("ana", []);
    assert.deepEqual(unanswered.of("ana"), []);
    assert.equal(Object.keys(storage).length, 0);
  }
  const storage = new FakeStorage();
  storage.setItem("caseclock:idle:ana", "{");
  assert.deepEqual(new Unanswered(/** @type {any} */ (storage)).of("ana"), []);
});

test("F21: the question says from when to when, how long and on which case; the notice how long", () => {
  const from = new Date(2026, 10, 20, 10, 2).getTime(), question = /** @type {any} */ ({ case: "CAS-1001", from, to: from + 18 * 60_000 });
  const british = { ...ENGLISH, locale: "en-GB" };
  assert.equal(askedText(question, true, from, british), "You were away from 10:02 to 10:20 (18 mins) on CAS-1001. Is that time to be kept, dropped, or logged as something else?");
  assert.match(askedText(question, true, from + 86_400_000, british), /20 Nov 2026.* 10:02/);
  assert.equal(askedText(question, false, from, british), "18 mins without input on CAS-1001 were not counted.");
  assert.deepEqual([60_000, 3_600_000, 7_500_000].map((ms) => spanText(ms, "en")), ["1 min", "1 hr", "2 hr 5 min"]);
  assert.match(spanText(7_500_000, "de"), /2 Std\. 5 Min\./);
});
