// @ts-check
// Calendar days (`2026-11-20`) and times of day in somebody's time zone. Computes only.
import { locale } from "/static/i18n.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONDAY = 1;
const SUNDAY = 7;

/** The calendar day of an instant in a zone. @param {number} instant @param {string} zone @returns {string} */
export function dayOf(instant, zone) {
  return new Date(instant + offsetMs(instant, zone)).toISOString().slice(0, 10);
}

/** Whether a text names a day that exists. @param {string | null} text @returns {text is string} */
export function isDay(text) {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/** @param {string} day @param {number} count */
export function addDays(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** The same day `count` months earlier, or the last one of a shorter month. @param {string} day @param {number} count */
export function monthsBefore(day, count) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - count, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 - count, Math.min(date, last))).toISOString().slice(0, 10);
}

/** The instant at which a day begins in a zone. @param {string} day @param {string} zone */
export function dayStarts(day, zone) {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const near = midnight - offsetMs(midnight, zone);
  return midnight - offsetMs(near, zone);
}

/** The full hours of `[began, ended)`, by the zone's own clock: a day has 23, 24 or 25. @param {number} began @param {number} ended @returns {number[]} */
export function hoursOf(began, ended) {
  const hours = [];
  for (let instant = began; instant <= ended; instant += HOUR_MS) hours.push(instant);
  return hours;
}

/** `09:05`. @param {number} instant @param {string} zone */
export function timeOfDay(instant, zone) {
  return written(instant, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** `09:05:11`. @param {number} instant @param {string} zone */
export function exactTime(instant, zone) {
  return written(instant, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** The day of an instant in the reader's way of writing. @param {number} instant @param {string} zone */
export function dateIn(instant, zone) {
  return written(instant, { timeZone: zone, dateStyle: "medium" });
}

/** `Friday, 20 November 2026`, in the reader's way of writing. @param {string} day */
export function longDay(day) {
  return written(Date.parse(`${day}T00:00:00Z`), { timeZone: "UTC", dateStyle: "full" });
}

/** `Fri, 20 Nov`. @param {string} day */
export function shortDay(day) {
  return written(Date.parse(`${day}T00:00:00Z`), { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });
}

/** `Fri` and `F`. @param {string} day @returns {{short: string, initial: string}} */
export function weekdayOf(day) {
  const instant = Date.parse(`${day}T00:00:00Z`);
  return { short: written(instant, { timeZone: "UTC", weekday: "short" }), initial: written(instant, { timeZone: "UTC", weekday: "narrow" }) };
}

/** Whether a week begins with this day, where the reader is. @param {string} day */
export function beginsWeek(day) {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() || SUNDAY) === firstWeekday();
}

/** The day on which a week begins where the reader is, as reports of the API are asked for it. @returns {"monday" | "sunday" | "saturday"} */
export function weekStart() {
  const names = /** @type {const} */ ({ 6: "saturday", 7: "sunday" });
  return names[/** @type {6 | 7} */ (firstWeekday())] ?? "monday";
}

/** 1 is Monday, 7 is Sunday; some browsers do not know it. */
function firstWeekday() {
  const known = /** @type {any} */ (new Intl.Locale(locale));
  return (known.getWeekInfo?.() ?? known.weekInfo)?.firstDay ?? MONDAY;
}

/** How far a zone's clocks are ahead of UTC. @param {number} instant @param {string} zone */
function offsetMs(instant, zone) {
  const parts = formatter({ timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" }, "en").formatToParts(instant);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second) - Math.floor(instant / 1000) * 1000;
}

/** @param {number} instant @param {Intl.DateTimeFormatOptions} options */
function written(instant, options) {
  return formatter(options, locale).format(instant);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const made = new Map();

/** Making one is slow; a page needs a handful. @param {Intl.DateTimeFormatOptions} options @param {string} language */
function formatter(options, language) {
  const key = JSON.stringify([language, options]);
  let found = made.get(key);
  if (!found) made.set(key, (found = new Intl.DateTimeFormat(language, options)));
  return found;
}
