// @ts-check
// What the reports page asks the API for.
import { api, casePath } from "/static/http.js";
import { pathOf } from "/static/reports-choice.js";

const AT_ONCE = 50;
const DAYS_AT_ONCE = 500;

/**
 * @typedef {import("./reports-choice.js").Choice} Choice
 * @typedef {import("./reports-series.js").Group & {first?: string, last?: string}} Row a person's row within a case says on which days they first and last worked on it
 * @typedef {{items: Row[], totals: import("./reports-series.js").Figures, next_cursor: string | null}} Groups
 * @typedef {{items: import("./reports-series.js").Point[], totals: import("./reports-series.js").Figures}} Trend
 * @typedef {{ref: string, title: string, status: string, customer: string, created_at: string, time: {total_seconds: number, automatic_seconds: number, manual_seconds: number, representatives: unknown[]}}} CaseHead
 * @typedef {{representative: string, name: string, team: string | null}} Known
 */

/** A page of groups. @param {Choice} choice @param {string | null} cursor @param {AbortSignal} signal @returns {Promise<Groups>} */
export async function groupsOf(choice, cursor, signal) {
  const page = await api("GET", pathOf("handling-time", choice, { limit: AT_ONCE, cursor }), undefined, { signal });
  if (!arePeopleOfACase(choice)) return page;
  return { ...page, items: await Promise.all(page.items.map((/** @type {Row} */ row) => withDays(row, choice, signal))) };
}

/** @param {Choice} choice @param {AbortSignal} signal @returns {Promise<Trend>} */
export function trendOf(choice, signal) {
  return api("GET", pathOf("trend", choice), undefined, { signal });
}

/** The case that a report is of, with all of its time; nothing where it is of all. @param {Choice} choice @param {AbortSignal} signal @returns {Promise<CaseHead | null>} */
export async function caseOf(choice, signal) {
  if (choice.case === null) return null;
  const paths = [casePath(choice.case), casePath(choice.case, "/handling-time")];
  const [head, time] = await Promise.all(paths.map((path) => api("GET", path, undefined, { signal })));
  return { ...head, time };
}

/** Everybody, with their teams. @param {AbortSignal} signal @returns {Promise<Known[]>} */
export async function everybody(signal) {
  return (await api("GET", "/api/v1/reports/representatives", undefined, { signal })).items;
}

/** Whether the groups are the people of one case. @param {Choice} choice */
export function arePeopleOfACase(choice) {
  return choice.case !== null && choice.by === "representative";
}

/** @param {Row} row @param {Choice} choice @param {AbortSignal} signal @returns {Promise<Row>} */
async function withDays(row, choice, signal) {
  const asked = { ...choice, by: "day", representative: row.key };
  const days = [];
  let cursor = null;
  do {
    const page = await api("GET", pathOf("handling-time", asked, { limit: DAYS_AT_ONCE, cursor }), undefined, { signal });
    days.push(...page.items.map((/** @type {Row} */ day) => day.key));
    cursor = page.next_cursor;
  } while (cursor);
  return { ...row, first: days[0], last: days.at(-1) };
}
