// @ts-check
// Which part of a time line is seen: zooming, moving, and the hours to mark. In milliseconds since the line begins. Computes only.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Nearer than that nobody has to look. */
const SHORTEST_MS = 5 * MINUTE_MS;
const STEPS_MS = [MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS, 4 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];

/** @typedef {{from: number, to: number}} View a part of `[0, length)` */

/** The same part, `factor` times as near; the instant `at` stays where it is. @param {View} view @param {number} length @param {number} factor @param {number} [at] */
export function zoomed(view, length, factor, at = (view.from + view.to) / 2) {
  const before = view.to - view.from;
  const after = Math.min(length, Math.max(Math.min(SHORTEST_MS, length), before / factor));
  return within({ from: at - ((at - view.from) / before) * after, to: at + ((view.to - at) / before) * after }, length);
}

/** As long as before, but inside of the line. @param {View} view @param {number} length @returns {View} */
export function within(view, length) {
  const shown = Math.min(length, view.to - view.from);
  const from = Math.min(Math.max(0, view.from), length - shown);
  return { from, to: from + shown };
}

/** The full hours around all of these times, at least four; the whole line where there are none. @param {View[]} times @param {number} length @returns {View} */
export function around(times, length) {
  if (!times.length) return { from: 0, to: length };
  const from = Math.floor(Math.min(...times.map((one) => one.from)) / HOUR_MS) * HOUR_MS;
  const to = Math.ceil(Math.max(...times.map((one) => one.to)) / HOUR_MS) * HOUR_MS;
  return within({ from, to: Math.max(to, from + 4 * HOUR_MS) }, length);
}

/** How far it is from mark to mark, so that their labels have room. @param {number} msPerPixel @param {number} labelPixels */
export function stepOf(msPerPixel, labelPixels) {
  return STEPS_MS.find((step) => step >= msPerPixel * labelPixels) ?? 24 * HOUR_MS;
}

/** The marks that can be seen. @param {View} view @param {number} length @param {number} step */
export function marksOf(view, length, step) {
  const marks = [];
  for (let at = Math.max(0, Math.floor(view.from / step) * step); at < length && at <= view.to; at += step) marks.push(at);
  return marks;
}
