"""Administration over HTTP: settings, tracker records, their purge."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from server import clock, settings
from server.accounts.access import allow, current_actor, current_person
from server.accounts.models import ADMINISTRATOR, Person
from server.admin import losses, purges, record_export, record_list, records
from server.admin import settings as admin_settings
from server.admin.models import Purge
from server.admin.schemas import (
    AuditEntrySchema,
    AuditQuery,
    NothingSchema,
    PurgeResultSchema,
    PurgeSchema,
    PurgesQuery,
    PurgeStateSchema,
    RecordQuery,
    StreamLossSchema,
    TrackerRecordPageSchema,
    TrackingSettingsSchema,
)
from server.audit import listing
from server.blueprints import Blueprint
from server.db import database
from server.exports import JSON, described, export
from server.schemas import PageQuery, cursor_id, cursor_key, page_by, page_of, page_schema
from server.settings import settings_changed
from server.tracking.service import tracking

blueprint = Blueprint("admin", __name__, url_prefix="/api/v1", description="Settings and tracker records")


@blueprint.get("/settings/tracking")
@blueprint.response(200, TrackingSettingsSchema)
def get_settings() -> dict[str, Any]:
    """The tracking settings in force."""
    return settings.current().as_dict()


@blueprint.patch("/settings/tracking")
@allow(ADMINISTRATOR)
@blueprint.arguments(TrackingSettingsSchema)
@blueprint.response(200, TrackingSettingsSchema)
def change_settings(changes: dict[str, Any]) -> dict[str, Any]:
    """Change tracking settings; agents and widgets hear of it at once."""
    now = clock.now_ms()
    by = current_actor()
    after = database().write(lambda session: admin_settings.change(session, changes, now=now, by=by))
    settings.holder().value = after
    tracking().pauses = database().read(lambda session: admin_settings.pauses(session, now=now))
    settings_changed.send(current_app._get_current_object(), settings=after)  # type: ignore[attr-defined]
    return after.as_dict()


@blueprint.get("/tracker-records")
@blueprint.arguments(RecordQuery, location="query")
@blueprint.response(200, TrackerRecordPageSchema)
@blueprint.doc(**described())
def list_records(query: dict[str, Any]) -> dict[str, Any] | Response:
    """List tracker records, newest first unless another order is asked for. Representatives see their own.

    As CSV or XLSX all of them come, whatever `limit` and `cursor` say.
    """
    limit, sort, is_counted = query.pop("limit"), query.pop("sort"), query.pop("count")
    kind = query.pop("format")
    key = cursor_key(query.pop("cursor"), parts=2)
    after = None if key is None else record_list.Place(*key)
    person = current_person()
    chosen = records.Filter(**query, only_of=None if person.sees_everyone else person.id)
    if kind != JSON:
        return export(record_export.table(chosen, sort=sort), kind, ZoneInfo(person.time_zone))
    found = database().read(lambda session: record_list.page(session, chosen, limit=limit + 1, sort=sort, after=after))
    page = page_by(found, limit=limit, key_of=lambda row: record_list.place_of(row, sort))
    page["items"] = [
        {
            "id": row.id,
            "case": row.ref,
            "representative": row.username,
            "name": row.name,
            "started_at": row.started_at,
            "ended_at": row.ended_at,
            "duration_seconds": (row.ended_at - row.started_at) // 1000,
            "started_by": row.started_by,
            "ended_by": row.ended_by,
        }
        for row in page["items"]
    ]
    if is_counted:
        count = database().read(lambda session: record_list.count(session, chosen))
        page["count"] = min(count, record_list.MOST_COUNTED)
        page["count_is_exact"] = count <= record_list.MOST_COUNTED
    return page


@blueprint.post("/tracker-records/purge")
@allow(ADMINISTRATOR)
@blueprint.arguments(PurgeSchema)
@blueprint.response(200, PurgeResultSchema)
@blueprint.alt_response(202, schema=PurgeStateSchema, description="It is under way: ask for it by its id.")
def purge_records(purge: dict[str, Any]) -> ResponseReturnValue | dict[str, Any]:
    """Delete tracker records, or say what would be deleted. Totals of cases and days stay as they are.

    More than 5,000 are deleted little by little, while the server does its other work.
    """
    here, by, now = database(), current_actor(), clock.now_ms()
    chosen = records.Filter(**purge["rule"]) if "rule" in purge else records.Filter(ids=_existing(purge["ids"]))
    expected = here.read_long(lambda session: purges.estimate(session, chosen))
    if purge["dry_run"]:
        up_to_id = {"up_to_id": expected.up_to_id} if "rule" in purge and expected.up_to_id else {}
        return _result(expected.records, expected.duration_ms, dry_run=True) | {"bytes": expected.bytes} | up_to_id
    if not expected.records:
        return _result(0, 0, dry_run=False)
    requested = here.write(lambda session: purges.request(session, chosen, expected, now=now, by=by))
    if expected.records > purges.AT_ONCE:
        return jsonify(PurgeStateSchema().dump(_state(requested, current_person()))), 202
    while purges.go_on(here, requested.id, clock=clock.now_ms):
        pass
    done = here.read(lambda session: purges.get(session, requested.id))
    return _result(done.records_done, done.duration_ms, dry_run=False)


@blueprint.get("/purges")
@allow(ADMINISTRATOR)
@blueprint.arguments(PurgesQuery, location="query")
@blueprint.response(200, page_schema(PurgeStateSchema))
def list_purges(query: dict[str, Any]) -> dict[str, Any]:
    """List purges that were asked for, newest first."""
    limit, before_id, state = query["limit"], cursor_id(query["cursor"]), query["state"]
    found = database().read(lambda session: purges.page(session, limit=limit + 1, before_id=before_id, state=state))
    page = page_of(found, limit=limit, id_of=lambda row: row[0].id)
    page["items"] = [_state(purge, person) for purge, person in page["items"]]
    return page


@blueprint.get("/purges/<int:purge_id>")
@allow(ADMINISTRATOR)
@blueprint.response(200, PurgeStateSchema)
def get_purge(purge_id: int) -> dict[str, Any]:
    """How far a purge is, or how it ended."""
    return _state(*database().read(lambda session: purges.with_requester(session, purge_id)))


@blueprint.post("/purges/<int:purge_id>/cancel")
@allow(ADMINISTRATOR)
@blueprint.arguments(NothingSchema)
@blueprint.response(200, PurgeStateSchema)
def cancel_purge(_nothing: dict[str, Any], purge_id: int) -> dict[str, Any]:
    """End a purge that runs. What it has deleted stays deleted."""
    now, by = clock.now_ms(), current_actor()
    database().write(lambda session: purges.cancel(session, purge_id, now=now, by=by))
    return _state(*database().read(lambda session: purges.with_requester(session, purge_id)))


@blueprint.get("/stream-losses")
@allow(ADMINISTRATOR)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, page_schema(StreamLossSchema))
def list_losses(query: dict[str, Any]) -> dict[str, Any]:
    """List holes in what browsers reported that nobody can fill, newest first."""
    limit, before_id = query["limit"], cursor_id(query["cursor"])
    found = database().read(lambda session: losses.page(session, limit=limit + 1, before_id=before_id))
    page = page_of(found, limit=limit, id_of=lambda row: row[0].id)
    page["items"] = [
        {
            "id": loss.id,
            "representative": person.username,
            "name": person.name,
            "stream": loss.stream,
            "first_seq": loss.first_seq,
            "last_seq": loss.last_seq,
            "noticed_at": loss.noticed_at,
        }
        for loss, person in page["items"]
    ]
    return page


@blueprint.get("/audit-log")
@allow(ADMINISTRATOR)
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, page_schema(AuditEntrySchema))
def list_audit_log(query: dict[str, Any]) -> dict[str, Any]:
    """List who did what to settings, people, tokens and records, newest first."""
    limit, before = query.pop("limit"), cursor_key(query.pop("cursor"), parts=2)
    chosen = listing.Filter(**query)
    found = database().read(lambda session: listing.page(session, chosen, limit=limit + 1, before=before))
    return page_by(found, limit=limit, key_of=listing.place)


def _result(count: int, duration_ms: int, *, dry_run: bool) -> dict[str, Any]:
    return {"records": count, "duration_seconds": duration_ms // 1000, "dry_run": dry_run}


def _existing(ids: list[int]) -> tuple[int, ...]:
    """Those of the ids that records have."""
    chosen = records.Filter(ids=tuple(ids))
    return tuple(database().read(lambda session: records.next_ids(session, chosen, after_id=0, along_ids=False)))


def _state(purge: Purge, person: Person | None) -> dict[str, Any]:
    rule = json.loads(purge.rule)
    return {
        "id": purge.id,
        "rule": None if "ids" in rule else rule,
        "requested_by": None if person is None else person.username,
        "name": None if person is None else person.name,
        "requested_at": purge.requested_at,
        "state": purge.state,
        "records_expected": purge.records_expected,
        "records_done": purge.records_done,
        "duration_seconds": purge.duration_ms // 1000,
        "bytes_estimated": purge.bytes_estimated,
        "finished_at": purge.finished_at,
        "problem": purge.problem,
    }
