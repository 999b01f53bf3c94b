// @ts-check
// Who is on the board, what is known of them, and which of them are looked for. Computes only.

/** @typedef {"working" | "idle" | "away" | "offline"} State */
/** @typedef {{username: string, name: string, team: string | null, state: State, case: string | null, title: string | null, since: string | null, reason: string | null, today_seconds: number, devices: number}} Told */
/** @typedef {{representative: string, name: string, team: string | null, time_zone: string, today_seconds: number, week_seconds: number}} Overview */
/**
 * Somebody as the page shows them. `state` is null until the board has come, `week_seconds` until the overview has.
 * @typedef {Omit<Told, "state"> & {state: State | null, at: number, counted_seconds: number, week_seconds: number | null}} Shown
 */
/** @typedef {{text: string, team: string | null, state: State | null}} Wanted a `team` of "" is that of those who are in none */

/** Those who work come first. @type {readonly State[]} */
export const STATES = Object.freeze(["working", "idle", "away", "offline"]);

const NOTHING = Object.freeze({ case: null, title: null, since: null, reason: null, devices: 0 });

/**
 * Everybody of the overview and of the board, by name: that order stays whatever they do.
 * Whoever is not on a board that has come is not there.
 * @param {Overview[]} overview
 * @param {Map<string, Told & {at: number}> | null} board
 * @returns {Map<string, Shown>}
 */
export function together(overview, board) {
  /** @type {Map<string, Shown>} */
  const found = new Map();
  for (const { representative, name, team, today_seconds, week_seconds } of overview) {
    const state = board ? "offline" : null;
    found.set(representative, { ...NOTHING, username: representative, name, team, state, at: 0, today_seconds, counted_seconds: today_seconds, week_seconds });
  }
  for (const told of board?.values() ?? []) {
    const known = found.get(told.username);
    found.set(told.username, { ...told, counted_seconds: known?.counted_seconds ?? told.today_seconds, week_seconds: known?.week_seconds ?? null });
  }
  const byName = (/** @type {Shown} */ one, /** @type {Shown} */ other) => one.name.localeCompare(other.name) || one.username.localeCompare(other.username);
  return new Map([...found.values()].sort(byName).map((one) => [one.username, one]));
}

/** Today's time at an instant: that of who works goes on. @param {Shown} one @param {number} now */
export function todayOf({ state, today_seconds, at }, now) {
  return state === "working" ? today_seconds + Math.max(0, Math.floor((now - at) / 1000)) : today_seconds;
}

/** The time of seven days, with what was worked today since they were added up; null while it is not known. @param {Shown} one @param {number} now */
export function weekOf(one, now) {
  return one.week_seconds === null ? null : one.week_seconds + Math.max(0, todayOf(one, now) - one.counted_seconds);
}

/** Whether something changed that is worth a look. @param {Shown | undefined} before @param {Shown} now */
export function isNews(before, now) {
  return before !== undefined && before.state !== null && (before.state !== now.state || before.case !== now.case);
}

/** @param {Shown} one @param {Wanted} wanted */
export function fits(one, { text, team, state }) {
  return fitsButState(one, { text, team }) && (state === null || one.state === state);
}

/** How many are in each state, of those who fit otherwise. @param {Iterable<Shown>} people @param {Wanted} wanted */
export function countsOf(people, wanted) {
  const counts = { all: 0, working: 0, idle: 0, away: 0, offline: 0 };
  for (const one of people) {
    if (!fitsButState(one, wanted)) continue;
    counts.all++;
    if (one.state) counts[one.state]++;
  }
  return counts;
}

/** The teams of these people by name; "" last, where some are in none beside others who are. @param {Iterable<Shown>} people */
export function teamsOf(people) {
  const found = new Set([...people].map(({ team }) => team ?? ""));
  const named = [...found].filter(Boolean).sort((one, other) => one.localeCompare(other));
  return named.length && found.has("") ? [...named, ""] : named;
}

/** @param {Shown} one @param {Pick<Wanted, "text" | "team">} wanted */
function fitsButState(one, { text, team }) {
  if (team !== null && (one.team ?? "") !== team) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const said = [one.name, one.username, one.team, one.case, one.title].join(" ").toLowerCase();
  return words.every((word) => said.includes(word));
}
