// @ts-check
// What spans and entries are, in words.
import { dayOf, exactTime, shortDay, timeOfDay } from "/static/days.js";
import { clock, words } from "/static/format.js";
import { _ } from "/static/i18n.js";
import { endedBy, startedBy } from "/static/supervisor-causes.js";

/** @typedef {import("./supervisor-lanes.js").Span} Span */
/** @typedef {import("./supervisor-lanes.js").Entry} Entry */

/** @type {Record<string, string>} */
const KINDS = {
  "time log": _("Time log"),
  correction: _("Correction"),
  "phone call": _("phone call"),
  task: _("task"),
  "e-mail": _("e-mail"),
  appointment: _("appointment"),
};

/** @param {Entry} entry */
export function kindOf({ kind }) {
  return KINDS[kind] ?? kind;
}

/** `0:05:00`; of a correction `+0:05:00` or `−0:05:00`. @param {Entry} entry */
export function lengthOf({ kind, duration_seconds: seconds }) {
  if (kind !== "correction") return clock(seconds);
  return `${seconds < 0 ? "−" : "+"}${clock(Math.abs(seconds))}`;
}

/** When an entry ended, where it has a time of day. @param {Entry} entry */
export function endOf({ at, duration_seconds: seconds }) {
  return Date.parse(at) + seconds * 1000;
}

/** A span in a sentence. @param {Span} span @param {string} zone */
export function spanSentence(span, zone) {
  const [from, to] = [span.started_at, span.ended_at].map((at) => exactTime(Date.parse(at), zone));
  return _("{case}, {from} to {to}, {duration}. Started: {started}. Ended: {ended}.", {
    case: span.case,
    from,
    to,
    duration: words(span.duration_seconds),
    started: startedBy(span.started_by),
    ended: endedBy(span.ended_by),
  });
}

/** An entry that has a time of day, in a sentence. @param {Entry} entry @param {string} zone */
export function entrySentence(entry, zone) {
  const [from, to] = [Date.parse(entry.at), endOf(entry)].map((at) => timeOfDay(at, zone));
  return _("{case}, {from} to {to}, {duration}. By hand: {kind}. {description}", {
    case: entry.case,
    from,
    to,
    duration: words(entry.duration_seconds),
    kind: kindOf(entry),
    description: entry.description,
  }).trim();
}

/**
 * What is said of a span or an entry that was chosen: a name, and lines.
 * @param {{span: Span} | {entry: Entry}} chosen
 * @param {{time_zone: string, range: string}} report
 * @returns {{head: string, title: string, lines: string[]}}
 */
export function tellOf(chosen, { time_zone: zone, range }) {
  const isSpan = "span" in chosen;
  const { case: ref, title, duration_seconds: seconds } = isSpan ? chosen.span : chosen.entry;
  const [from, to] = isSpan ? [Date.parse(chosen.span.started_at), Date.parse(chosen.span.ended_at)] : [Date.parse(chosen.entry.at), endOf(chosen.entry)];
  const day = range === "week" ? `${shortDay(dayOf(from, zone))}, ` : "";
  const about = isSpan
    ? [_("Started: {cause}", { cause: startedBy(chosen.span.started_by) }), _("Ended: {cause}", { cause: endedBy(chosen.span.ended_by) })]
    : [_("By hand: {kind}", { kind: kindOf(chosen.entry) }), chosen.entry.description];
  return { head: `${ref} · ${clock(seconds)}`, title, lines: [`${day}${exactTime(from, zone)} – ${exactTime(to, zone)}`, ...about].filter(Boolean) };
}
