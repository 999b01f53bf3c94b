// @ts-check
// What an entry of the audit log says, in words. Computes only; its action is named by the filter of the page.
import { amountOf, purgeState, recordsOf, ruleInWords } from "/static/admin-parts.js";
import { dateIn, timeOfDay } from "/static/days.js";
import { clock } from "/static/format.js";
import { _, ngettext, number } from "/static/i18n.js";

/** @typedef {{id: number, at: string, actor: string, action: string, subject: string, details: Record<string, any>, address: string, hash: string}} Entry */
/** @typedef {(details: Record<string, any>, zone: string) => string[]} Sayer */

/** The names of the settings, as the administration page has them. @type {Record<string, string>} */
export const SETTINGS = {
  enabled: _("Track case handling time"),
  update_interval_minutes: _("Update interval"),
  allow_time_logs: _("Representatives may add time logs"),
  count_overlap_once: _("Count logged time once"),
  show_only_own_time: _("Representatives see only their own time"),
  allow_my_time: _("Offer “My time” in the widget"),
  track_inbox: _("Track cases in the inbox"),
  idle_after_minutes: _("Ask about idle time after"),
  count_idle: _("Count idle time"),
  create_unknown_cases: _("Create unknown cases"),
  retention_months: _("Keep records for"),
  retention_resolved_only: _("Of resolved cases only"),
};

/** @type {Record<string, string>} */
const FIELDS = {
  duration_seconds: _("Duration"),
  has_start: _("Start is known"),
  kind: _("Kind"),
  representative: _("Representative"),
  worked_at: _("Worked at"),
  description: _("Description"),
  subject: _("Subject"),
};

/** @type {Record<string, string>} */
const ROLES = { representative: _("representative"), supervisor: _("supervisor"), administrator: _("administrator") };

/** @type {Record<string, string>} */
const KINDS = { "phone call": _("phone call"), task: _("task"), "e-mail": _("e-mail"), appointment: _("appointment") };

/** Why a sign-in was refused. @type {Record<string, string>} */
const REFUSALS = {
  wrong: _("name and password do not fit together"),
  "demo password": _("the demo password outside of the demo"),
  throttled: _("too many tries"),
  busy: _("too many people at once"),
};

/** @type {Record<string, Sayer>} */
const SAYERS = {
  "settings.changed": (details) => Object.entries(details).map(([name, { old, new: now }]) => `${SETTINGS[name] ?? name}: ${setting(name, old)} → ${setting(name, now)}`),
  "purge.requested": (details, zone) => [_("Purge {purge} of {records}: {rule}", { purge: details.purge, records: recordsOf(details.records_expected), rule: ruleOf(details, zone) })],
  "records.purged": (details, zone) => [
    _("Purge {purge}, {state}: {rule}", { purge: details.purge, state: purgeState(details.state), rule: ruleOf(details, zone) }),
    _("Deleted: {amount}", { amount: amountOf({ records: details.records, duration_seconds: Math.floor(details.duration_ms / 1000), dry_run: false }) }),
  ],
  "totals.repaired": ({ totals }) => [ngettext("{n} total was wrong and is right again", "{n} totals were wrong and are right again", totals, { n: number(totals) })],
  "automatic_time.corrected": ({ representative, automatic_seconds: { old, new: now } }) => [_("Automatic time of {representative}: {change}", { representative, change: `${clock(old)} → ${clock(now)}` })],
  "entry.added_by_administrator": (details, zone) => [entryOf(details), ...figuresOf(details, zone)],
  "entry.deleted_by_administrator": (details, zone) => [entryOf(details), ...figuresOf(details, zone)],
  "entry.changed_by_administrator": (details, zone) => [entryOf(details), ...Object.entries(details.changes).map(([name, change]) => changeOf(name, change, zone))],
  "user.added": ({ role }) => [_("Role: {role}", { role: ROLES[role] ?? role })],
  "user.role_changed": ({ role: { old, new: now } }) => [`${ROLES[old] ?? old} → ${ROLES[now] ?? now}`],
  "user.team_changed": ({ team: { old, new: now } }) => [`${old ?? _("no team")} → ${now ?? _("no team")}`],
  "token.created": ({ token, scope, days }) => [ngettext("Token {token}, scope “{scope}”, good for {n} day", "Token {token}, scope “{scope}”, good for {n} days", days, { token, scope, n: number(days) })],
  "token.revoked": ({ token }) => [_("Token {token}", { token })],
  "sign_in.refused": ({ reason, tries }) => [ngettext("{n} try: {reason}", "{n} tries: {reason}", tries, { n: number(tries), reason: REFUSALS[reason] ?? reason })],
  "audit.sealed": ({ entries }) => [ngettext("After {n} entry", "After {n} entries", entries, { n: number(entries) })],
};

/** What the details of an entry say; nothing where its action says it all. An entry that was tampered with may say anything. @param {Entry} entry @param {string} zone of the reader @returns {string[]} */
export function sentencesOf({ action, details }, zone) {
  try {
    return SAYERS[action]?.(details, zone) ?? [];
  } catch (error) {
    console.debug("caseclock: no words for an entry:", error);
    return [_("The details cannot be put into words.")];
  }
}

/** To whom or to what it was done; nothing where that says no more than the action. @param {Entry} entry */
export function subjectOf({ action, actor, subject }) {
  if (action === "settings.changed" || subject === actor) return "";
  return { "(unknown)": _("a name that nobody has"), "(others)": _("other names") }[subject] ?? subject;
}

/** @param {string} name @param {unknown} value */
function setting(name, value) {
  if (name === "idle_after_minutes" && value === 0) return _("off");
  if (name.endsWith("_minutes")) return _("{n} min", { n: String(value) });
  if (name === "retention_months") return value === 0 ? _("for ever") : ngettext("{n} month", "{n} months", Number(value));
  return value === true ? _("on") : value === false ? _("off") : String(value);
}

/** @param {Record<string, any>} details @param {string} zone */
function ruleOf({ ids, rule }, zone) {
  return ruleInWords(ids ? null : rule, zone);
}

/** `Time log 12 of ben`. @param {Record<string, any>} details */
function entryOf({ of, entry, representative }) {
  const values = { id: entry, representative };
  return of === "activities" ? _("Activity {id} of {representative}", values) : _("Time log {id} of {representative}", values);
}

/** @param {Record<string, any>} details @param {string} zone */
function figuresOf(details, zone) {
  return ["duration_seconds", "worked_at"].map((name) => `${FIELDS[name]}: ${figure(name, details[name], zone)}`);
}

/** Of words an entry says only that they changed. @param {string} name @param {any} change @param {string} zone */
function changeOf(name, change, zone) {
  const said = change === "changed" ? _("changed") : `${figure(name, change.old, zone)} → ${figure(name, change.new, zone)}`;
  return `${FIELDS[name] ?? name}: ${said}`;
}

/** @param {string} name @param {any} value @param {string} zone */
function figure(name, value, zone) {
  if (name === "duration_seconds") return clock(value);
  if (name === "worked_at") return `${dateIn(Date.parse(value), zone)}, ${timeOfDay(Date.parse(value), zone)}`;
  if (name === "has_start") return value ? _("yes") : _("no");
  return KINDS[value] ?? value ?? "–";
}
