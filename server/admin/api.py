"""Administration over HTTP: settings, tracker records, their purge."""

from functools import partial
from typing import Any

from flask import current_app

from server import clock, settings
from server.accounts.access import allow, current_person
from server.accounts.models import ADMINISTRATOR
from server.admin import losses, records
from server.admin import settings as admin_settings
from server.admin.schemas import (
    PurgeResultSchema,
    PurgeSchema,
    RecordQuery,
    StreamLossSchema,
    TrackerRecordSchema,
    TrackingSettingsSchema,
)
from server.blueprints import Blueprint
from server.db import database
from server.schemas import PageQuery, cursor_id, page_of, page_schema
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
    after = database().write(lambda session: admin_settings.change(session, changes, now=now))
    settings.holder().value = after
    tracking().pauses = database().read(lambda session: admin_settings.pauses(session, now=now))
    settings_changed.send(current_app._get_current_object(), settings=after)  # type: ignore[attr-defined]
    return after.as_dict()


@blueprint.get("/tracker-records")
@blueprint.arguments(RecordQuery, location="query")
@blueprint.response(200, page_schema(TrackerRecordSchema))
def list_records(query: dict[str, Any]) -> dict[str, Any]:
    """List tracker records, newest first. Representatives see their own."""
    limit, before_id = query.pop("limit"), cursor_id(query.pop("cursor"))
    person = current_person()
    chosen = records.Filter(**query, only_of=None if person.sees_everyone else person.id)
    found = database().read(lambda session: records.page(session, chosen, limit=limit + 1, before_id=before_id))
    page = page_of(found, limit=limit, id_of=lambda row: row[0].id)
    page["items"] = [
        {
            "id": record.id,
            "case": ref,
            "representative": person.username,
            "name": person.name,
            "started_at": record.started_at,
            "ended_at": record.ended_at,
            "duration_seconds": (record.ended_at - record.started_at) // 1000,
            "started_by": record.started_by,
            "ended_by": record.ended_by,
        }
        for record, ref, person in page["items"]
    ]
    return page


@blueprint.post("/tracker-records/purge")
@allow(ADMINISTRATOR)
@blueprint.arguments(PurgeSchema)
@blueprint.response(200, PurgeResultSchema)
def purge_records(purge: dict[str, Any]) -> dict[str, Any]:
    """Delete tracker records, or say what would be deleted. Totals of cases and days stay as they are."""
    chosen = records.Filter(ids=tuple(purge["ids"])) if "ids" in purge else records.Filter(**purge["rule"])
    if purge["dry_run"]:
        found = database().read(lambda session: records.count(session, chosen))
        return _result(found.records, found.duration_ms, dry_run=True)
    now = clock.now_ms()
    gone = duration_ms = last_id = 0
    while (batch := database().write(partial(records.purge_batch, chosen=chosen, now=now, after_id=last_id))).records:
        gone += batch.records
        duration_ms += batch.duration_ms
        last_id = batch.last_id
    return _result(gone, duration_ms, dry_run=False)


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


def _result(count: int, duration_ms: int, *, dry_run: bool) -> dict[str, Any]:
    return {"records": count, "duration_seconds": duration_ms // 1000, "dry_run": dry_run}
