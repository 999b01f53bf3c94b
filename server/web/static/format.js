// @ts-check
// How durations and instants are written. Durations are whole seconds, cut off, never rounded up.
import { _, locale } from "/static/i18n.js";

/** `0:00:09`, `1:02:03`, `123:00:00`. @param {number} seconds */
export function clock(seconds) {
  const { hours, minutes, rest } = parts(seconds);
  return `${hours}:${pad(minutes)}:${pad(rest)}`;
}

/** `0 s`, `45 s`, `20 min`, `1 h 20 min`, `3 h`. From one minute on, seconds are left out. @param {number} seconds */
export function words(seconds) {
  const { hours, minutes, rest } = parts(seconds);
  if (!hours && !minutes) return _("{n} s", { n: rest });
  return [hours && _("{n} h", { n: hours }), minutes && _("{n} min", { n: minutes })].filter(Boolean).join(" ");
}

/** For screen readers: `1 hour 20 minutes`. @param {number} seconds */
export function spoken(seconds) {
  const { hours, minutes, rest } = parts(seconds);
  if (!hours && !minutes) return count(rest, "second");
  return [hours && count(hours, "hour"), minutes && count(minutes, "minute")].filter(Boolean).join(" ");
}

/** Day and time in the reader's locale and zone. @param {string | number | Date} instant */
export function instant(instant) {
  return written(instant, { dateStyle: "medium", timeStyle: "short" });
}

/** Day in the reader's locale and zone. @param {string | number | Date} instant */
export function day(instant) {
  return written(instant, { dateStyle: "medium" });
}

/** Time of day in the reader's locale and zone. @param {string | number | Date} instant */
export function time(instant) {
  return written(instant, { timeStyle: "short" });
}

/** Time of day to the second, in the reader's locale and zone. @param {string | number | Date} instant */
export function second(instant) {
  return written(instant, { timeStyle: "medium" });
}

/** @param {string | number | Date} instant @param {Intl.DateTimeFormatOptions} options */
function written(instant, options) {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(locale, options).format(date);
}

/** @param {number} seconds */
function parts(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return { hours: Math.floor(whole / 3600), minutes: Math.floor(whole / 60) % 60, rest: whole % 60 };
}

/** @param {number} number */
function pad(number) {
  return String(number).padStart(2, "0");
}

/** @param {number} number @param {"hour" | "minute" | "second"} unit */
function count(number, unit) {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(number);
}
