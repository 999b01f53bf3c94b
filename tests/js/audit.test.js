// @ts-check
// What an entry of the audit log says, in words.
import assert from "node:assert/strict";
import { test } from "node:test";

const { sentencesOf, subjectOf } = await import("../../server/web/static/audit-words.js");

const ENTRY = { id: 7, at: "2026-11-20T09:00:00Z", actor: "ada", action: "", subject: "", details: {}, address: "10.0.0.1", hash: "0" };
const said = (/** @type {string} */ action, /** @type {any} */ details = {}) => sentencesOf({ ...ENTRY, action, details }, "Europe/Berlin");

test("A8: a change of settings names each setting with its old and its new value", () => {
  assert.deepEqual(
    said("settings.changed", { update_interval_minutes: { old: 10, new: 15 }, enabled: { old: true, new: false }, retention_months: { old: 0, new: 1 } }),
    ["Update interval: 10 min → 15 min", "Track case handling time: on → off", "Keep records for: for ever → 1 month"],
  );
  assert.deepEqual(said("settings.changed", { of_tomorrow: { old: "a", new: "b" } }), ["of_tomorrow: a → b"]);
});

test("A8: a purge says its rule and what it took", () => {
  const rule = { case: "CAS-1001", status: "resolved", before: "2026-01-31T23:00:00Z", up_to_id: 99 };
  assert.deepEqual(said("purge.requested", { purge: 3, records_expected: 1204, rule }), ["Purge 3 of 1,204 records: case CAS-1001, resolved cases, ended before 2026-02-01"]);
  assert.deepEqual(said("records.purged", { purge: 3, state: "done", records: 1, duration_ms: 3_660_500, ids: [4] }), ["Purge 3, done: selected records", "Deleted: 1 record, 1 h 1 min of automatic time"]);
});

test("A8: a correction and an entry of somebody else say what was before and after", () => {
  assert.deepEqual(said("automatic_time.corrected", { representative: "ana", automatic_seconds: { old: 600, new: 75 } }), ["Automatic time of ana: 0:10:00 → 0:01:15"]);
  assert.deepEqual(said("entry.added_by_administrator", { entry: 5, of: "time_logs", representative: "ana", duration_seconds: 60, worked_at: "2026-11-20T09:00:00Z" }), ["Time log 5 of ana", "Duration: 0:01:00", "Worked at: Nov 20, 2026, 10:00"]);
  assert.deepEqual(
    said("entry.changed_by_administrator", { entry: 6, of: "activities", representative: "ana", changes: { kind: { old: "task", new: "e-mail" }, description: "changed", has_start: { old: false, new: true } } }),
    ["Activity 6 of ana", "Kind: task → e-mail", "Description: changed", "Start is known: no → yes"],
  );
});

test("A8: people, tokens and refused sign-ins", () => {
  assert.deepEqual(said("user.added", { role: "supervisor" }), ["Role: supervisor"]);
  assert.deepEqual(said("user.team_changed", { team: { old: null, new: "North" } }), ["no team → North"]);
  assert.deepEqual(said("token.created", { token: 4, scope: "read", days: 1 }), ["Token 4, scope “read”, good for 1 day"]);
  assert.deepEqual(said("sign_in.refused", { reason: "wrong", tries: 3 }), ["3 tries: name and password do not fit together"]);
  assert.deepEqual(said("sign_in.succeeded"), []);
});

test("A8: an entry that was tampered with, and one of an action nobody knows, hinder nothing", () => {
  for (const details of [{}, { rule: 7 }, { ids: 3, rule: null }, { unreadable: "{" }]) assert.ok(Array.isArray(said("records.purged", details)));
  assert.deepEqual(said("settings.changed", { enabled: null }), ["The details cannot be put into words."]);
  assert.deepEqual(said("of.tomorrow", { a: 1 }), []);
});

test("A8: a subject is named where it says more than the action and the actor", () => {
  assert.equal(subjectOf({ ...ENTRY, action: "settings.changed", subject: "tracking" }), "");
  assert.equal(subjectOf({ ...ENTRY, action: "sign_in.succeeded", subject: "ada" }), "");
  assert.equal(subjectOf({ ...ENTRY, action: "sign_in.refused", subject: "(unknown)" }), "a name that nobody has");
  assert.equal(subjectOf({ ...ENTRY, action: "automatic_time.corrected", subject: "CAS-1" }), "CAS-1");
});
