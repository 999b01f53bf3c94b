// @ts-check
// The fields with which a report is chosen.
import { byId, choose } from "/static/admin-parts.js";
import { addDays } from "/static/days.js";
import { fill, h } from "/static/dom.js";
import { _ } from "/static/i18n.js";
import { daysOf, presetOf } from "/static/reports-choice.js";

/**
 * @typedef {import("./reports-choice.js").Choice} Choice
 * @typedef {import("./reports-data.js").Known} Known
 */

const form = byId("choice", HTMLFormElement);
const period = byId("choice-period", HTMLSelectElement);
const since = byId("choice-since", HTMLInputElement);
const until = byId("choice-until", HTMLInputElement);
const by = byId("choice-by", HTMLSelectElement);
const trend = byId("choice-trend", HTMLSelectElement);
const team = byId("choice-team", HTMLSelectElement);
const status = byId("choice-status", HTMLSelectElement);
const person = byId("choice-representative", HTMLInputElement);
const ref = byId("choice-case", HTMLInputElement);
const LONGEST_DAYS = 3660;

/** Hear of it when somebody wants to see what they chose. @param {() => string} today @param {(choice: Choice) => void} show */
export function onChoice(today, show) {
  period.addEventListener("change", () => {
    const days = daysOf(period.value, today());
    if (days) [since.value, until.value] = [days.since, days.until];
    else since.focus();
  });
  for (const field of [since, until]) field.addEventListener("change", () => (period.value = presetOf({ since: since.value, until: until.value }, today())));
  for (const field of [since, until]) field.addEventListener("input", checkOrder);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.reportValidity()) show(chosen());
  });
  byId("clear-filters").addEventListener("click", () => {
    for (const field of [team, person, status, ref]) field.value = "";
    show(chosen());
  });
}

/** @param {Choice} choice @param {string} today */
export function showChoice(choice, today) {
  [since.value, until.value] = [choice.since, choice.until];
  period.value = presetOf(choice, today);
  choose(by, choice.by);
  choose(trend, choice.trend ?? "");
  choose(status, choice.status ?? "");
  [person.value, ref.value] = [choice.representative ?? "", choice.case ?? ""];
  offerTeam(choice.team);
  team.value = teamValue(choice.team);
  checkOrder();
}

/** Offer the people and their teams. @param {Known[]} people */
export function offer(people) {
  const kept = team.value;
  const names = [...new Set(people.map((one) => one.team))].filter((name) => name !== null).sort((one, other) => one.localeCompare(other));
  fill(team, h("option", { value: "" }, _("any")), ...names.map(teamOption), teamOption(""));
  offerTeam(kept ? kept.slice(1) : null);
  team.value = kept;
  fill(byId("known-people"), ...people.map((one) => h("option", { value: one.representative, label: `${one.representative} · ${one.name}` })));
}

/** @returns {Choice} */
function chosen() {
  const text = (/** @type {HTMLInputElement} */ field) => field.value.trim() || null;
  return {
    since: since.value,
    until: until.value,
    by: by.value,
    trend: trend.value || null,
    case: text(ref),
    representative: text(person)?.toLowerCase() ?? null,
    team: team.value ? team.value.slice(1) : null,
    status: status.value || null,
  };
}

/** What the browser says of days that make no period. */
function checkOrder() {
  const tooLong = since.value && until.value > addDays(since.value, LONGEST_DAYS - 1);
  until.setCustomValidity(until.value < since.value ? _("The last day cannot be before the first.") : tooLong ? _("A report is of ten years at most.") : "");
}

/** A team that nobody is in any more can still be asked for. @param {string | null} name */
function offerTeam(name) {
  if (name !== null && ![...team.options].some((option) => option.value === teamValue(name))) team.append(teamOption(name));
}

/** @param {string} name */
function teamOption(name) {
  return h("option", { value: teamValue(name) }, name || _("in no team"));
}

/** Any team is "", the people in none are "=", a team is "=" and its name. @param {string | null} name */
function teamValue(name) {
  return name === null ? "" : `=${name}`;
}
