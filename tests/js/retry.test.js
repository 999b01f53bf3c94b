// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, api, isAway } from "../../server/web/static/http.js";
import { BACK, Retry } from "../../server/web/static/retry.js";
import { Browser } from "./browser.js";

/** What the server says to each try, in turn; then it hangs. @typedef {"there" | "away" | "refused"} Answer */

/** A page that loads something. @param {Answer[]} answers @param {number} [random] */
function loading(answers, random = 1) {
  const browser = new Browser();
  const env = Object.assign(new EventTarget(), {
    setTimeout: (/** @type {() => void} */ act, /** @type {number} */ ms) => browser.timer(act, ms),
    clearTimeout: (/** @type {number} */ id) => browser.clear(id),
    Math: { min: Math.min, random: () => random },
  });
  const seen = { tries: /** @type {number[]} */ ([]), told: /** @type {string[]} */ ([]), wanted: true };
  const act = (/** @type {AbortSignal} */ signal) => {
    seen.tries.push(browser.elapsed);
    const answer = answers.shift();
    if (answer === "there") return Promise.resolve();
    if (answer) return Promise.reject(new ApiError(answer, answer === "away" ? 0 : 403));
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const retry = new Retry({ act, passes: isAway, wanted: () => seen.wanted, tell: (state) => seen.told.push(state) }, /** @type {any} */ (env));
  return { browser, env, retry, seen };
}

/** @param {number} times @returns {Answer[]} */
const away = (times) => Array(times).fill("away");

test("F19: what the server did not answer is tried again by itself, after pauses that double up to half a minute", async () => {
  const { browser, retry, seen } = loading([...away(7), "there"]);
  retry.run();
  await browser.run(200_000);
  assert.deepEqual(seen.tries, [0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000]);
  assert.deepEqual(seen.told.slice(-3), ["waiting", "trying", "done"]);
});

test("F19: pauses differ by chance, so that not everybody is back at the same instant", async () => {
  const { browser, retry, seen } = loading([...away(3), "there"], 0.25);
  retry.run();
  await browser.run(10_000);
  assert.deepEqual(seen.tries, [0, 250, 750, 1750]);
});

test("F19: when browser or agent are back, the pause is short again", async () => {
  for (const type of BACK) {
    const { browser, env, retry, seen } = loading([...away(6), "there"]);
    retry.run();
    await browser.run(40_000);
    env.dispatchEvent(new Event(type));
    await browser.run(1000);
    assert.deepEqual(seen.tries.slice(-2), [31_000, 41_000]);
    assert.equal(seen.told.at(-1), "done");
  }
});

test("F19: a try that hangs is given up after 20 seconds, and at once when the network is back", async () => {
  const { browser, env, retry, seen } = loading([]);
  retry.run();
  await browser.run(21_000);
  assert.deepEqual(seen.tries, [0, 21_000]);
  await browser.run(4000);
  env.dispatchEvent(new Event("online"));
  await browser.run(1000);
  assert.deepEqual(seen.tries, [0, 21_000, 26_000]);
});

test("F19: the first try is left alone by the agent, which finds the server while the page loads", async () => {
  const { browser, env, retry, seen } = loading([]);
  retry.run();
  env.dispatchEvent(new Event("caseclock:online"));
  await browser.run(5000);
  assert.deepEqual(seen.tries, [0]);
});

test("F19: whoever asks is heard at once, and what was under way says nothing any more", async () => {
  const { browser, retry, seen } = loading(["away"]);
  retry.run();
  await browser.run(1500);
  retry.run();
  await browser.run(0);
  assert.deepEqual(seen.tries, [0, 1000, 1500]);
  assert.deepEqual(seen.told, ["trying", "waiting", "trying", "trying"]);
});

test("F19: nothing is tried again that is there, is refused, or is wanted no longer", async () => {
  for (const answers of /** @type {Answer[][]} */ ([["there"], ["refused"], ["away"]])) {
    const { browser, env, retry, seen } = loading(answers);
    seen.wanted = false;
    retry.run();
    await browser.run(100_000);
    for (const type of BACK) env.dispatchEvent(new Event(type));
    await browser.run(100_000);
    assert.deepEqual(seen.tries, [0]);
  }
});

test("F19: no answer, one that breaks off, and that of a proxy without its server pass by themselves; what the server says does not", async () => {
  const broken = () => Promise.resolve(new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError("network error")) })));
  const answers = /** @type {[boolean, () => Promise<Response>][]} */ ([
    [true, () => Promise.reject(new TypeError("Failed to fetch"))],
    [true, broken],
    ...[502, 503, 504].map((status) => [true, () => Promise.resolve(new Response("<html>", { status }))]),
    ...[401, 403, 404, 422, 429, 500].map((status) => [false, () => Promise.resolve(new Response("{}", { status }))]),
  ]);
  const { fetch } = globalThis;
  Object.assign(globalThis, { document: { querySelector: () => null } });
  try {
    for (const [passes, answer] of answers) {
      globalThis.fetch = answer;
      await assert.rejects(api("GET", "/api/v1/cases"), (error) => isAway(error) === passes);
    }
  } finally {
    globalThis.fetch = fetch;
    Reflect.deleteProperty(globalThis, "document");
  }
});
