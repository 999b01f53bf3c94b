// @ts-check
// What a report is of: its days, its groups, its filters; and how the address and the API write that. Computes only.
import { addDays, isDay, weekStart } from "/static/days.js";

const PAGE = "/reports";
const API = "/api/v1/reports";
const USUAL_DAYS = 30;
const MOST_DAYS_BY_DAY = 35;
const MOST_DAYS_BY_WEEK = 190;
const DAY_MS = 86_400_000;
/** The number of each weekday with which a week may begin. */
const WEEKDAYS = { sunday: 0, monday: 1, saturday: 6 };
const PERIODS = ["day", "week", "month"];
const GROUPS = ["case", "representative", "team", ...PERIODS];
const STATUSES = ["active", "resolved"];

/**
 * @typedef {{since: string, until: string}} Days first and last, both included
 * @typedef {Days & {by: string, trend: string | null, case: string | null, representative: string | null, team: string | null, status: string | null}} Choice
 *   `team` "" are the people in none; `trend` is how long each period of the chart is, where that is not left to the page
 */

/** @type {Record<string, (today: string, week: string, month: string) => Days>} */
const PRESETS = {
  today: (today) => ({ since: today, until: today }),
  "this-week": (_today, week) => ({ since: week, until: lastOf(week, "week") }),
  "last-week": (_today, week) => ({ since: addDays(week, -7), until: addDays(week, -1) }),
  "this-month": (_today, _week, month) => ({ since: month, until: lastOf(month, "month") }),
  "last-month": (_today, _week, month) => ({ since: monthOf(addDays(month, -1)), until: addDays(month, -1) }),
  "last-30-days": (today) => usual(today),
};

/** The days of a preset; nothing for a name that is none. @param {string} preset @param {string} today @param {keyof typeof WEEKDAYS} [start] of weeks @returns {Days | null} */
export function daysOf(preset, today, start = weekStart()) {
  return PRESETS[preset]?.(today, weekOf(today, start), monthOf(today)) ?? null;
}

/** The preset that has these days; "own" where none has. @param {Days} days @param {string} today @param {keyof typeof WEEKDAYS} [start] of weeks */
export function presetOf({ since, until }, today, start = weekStart()) {
  const found = Object.keys(PRESETS).find((preset) => {
    const days = daysOf(preset, today, start);
    return days?.since === since && days.until === until;
  });
  return found ?? "own";
}

/** The last day of a period that begins with this day. @param {string} first @param {string} period */
export function lastOf(first, period) {
  if (period === "week") return addDays(first, 6);
  return period === "month" ? addDays(monthOf(addDays(first, 31)), -1) : first;
}

/** What an address asks for; the last 30 days by case where it says nothing. @param {string} search @param {string} today @returns {Choice} */
export function choiceIn(search, today) {
  const asked = new URLSearchParams(search);
  const text = (/** @type {string} */ name) => asked.get(name)?.trim() || null;
  const one = (/** @type {string} */ name, /** @type {string[]} */ of) => of.find((value) => value === asked.get(name)) ?? null;
  const [since, until] = [asked.get("since"), asked.get("until")];
  const days = usual(isDay(until) ? until : today);
  return {
    since: isDay(since) ? since : days.since,
    until: days.until,
    by: one("by", GROUPS) ?? "case",
    trend: one("trend", PERIODS),
    case: text("case"),
    representative: text("representative")?.toLowerCase() ?? null,
    team: asked.get("team")?.trim() ?? null,
    status: one("status", STATUSES),
  };
}

/** The address that asks for it. @param {Choice} choice */
export function addressOf(choice) {
  return `${PAGE}?${queryOf(choice)}`;
}

/**
 * Where the API has it.
 * @param {"handling-time" | "trend"} report @param {Choice} choice @param {Record<string, string | number | null>} [more] such as a format
 */
export function pathOf(report, choice, more = {}) {
  const by = report === "trend" ? trendBy(choice) : choice.by;
  return `${API}/${report}?${queryOf({ ...choice, trend: null, by, week_start: weekStart(), ...more })}`;
}

/** How long each period of the trend is: as chosen, else as the days let one see it at a glance. @param {Choice} choice */
export function trendBy({ by, trend, since, until }) {
  if (isPeriod(by)) return by;
  const days = (Date.parse(until) - Date.parse(since)) / DAY_MS + 1;
  return trend ?? (days <= MOST_DAYS_BY_DAY ? "day" : days <= MOST_DAYS_BY_WEEK ? "week" : "month");
}

/** Whether the groups are periods. @param {string} by */
export function isPeriod(by) {
  return PERIODS.includes(by);
}

/** The same within one of its periods: only the days that are in both. @param {Choice} choice @param {string} first @param {string} period @returns {Choice} */
export function within(choice, first, period) {
  const last = lastOf(first, period);
  return { ...choice, since: first > choice.since ? first : choice.since, until: last < choice.until ? last : choice.until };
}

/** @param {string} until @returns {Days} */
function usual(until) {
  return { since: addDays(until, 1 - USUAL_DAYS), until };
}

/** @param {string} day @param {keyof typeof WEEKDAYS} start */
function weekOf(day, start) {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return addDays(day, -((weekday - WEEKDAYS[start] + 7) % 7));
}

/** @param {string} day */
function monthOf(day) {
  return `${day.slice(0, 7)}-01`;
}

/** What is null is left out, and what is empty stays. @param {Record<string, string | number | null>} values */
function queryOf(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
