"""Time logs and activities over HTTP: `/api/v1/cases/{ref}/time-logs` and `/activities`."""

from typing import Any

from flask import current_app
from marshmallow import Schema
from sqlalchemy.orm import Session

from server import clock, settings
from server.accounts.access import current_person
from server.accounts.site import client_address
from server.blueprints import Blueprint
from server.cases import cases
from server.db import database
from server.schemas import PageQuery, cursor_key, page_by, page_schema
from server.time_entries import entries
from server.time_entries.models import Activity, TimeLog
from server.time_entries.once import add_once
from server.time_entries.schemas import (
    ActivityChangeSchema,
    ActivitySchema,
    NewActivitySchema,
    NewTimeLogSchema,
    TimeLogChangeSchema,
    TimeLogSchema,
)

blueprint = Blueprint("time_entries", __name__, url_prefix="/api/v1/cases", description="Time that people log")


def _routes(
    path: str,
    kind: type[TimeLog] | type[Activity],
    *,
    schema: type[Schema],
    new: type[Schema],
    change: type[Schema],
) -> None:
    """The five routes of one kind of entry."""
    name = kind.__tablename__
    what = name.replace("_", " ")

    @blueprint.get(f"/<ref:ref>/{path}", endpoint=f"list_{name}")
    @blueprint.doc(summary=f"List the {what} of a case, what was worked last first.")
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, page_schema(schema))
    def list_entries(query: dict[str, Any], ref: str) -> dict[str, Any]:
        limit = query["limit"]
        found = database().read(
            lambda session: entries.of_case(
                session,
                kind,
                cases.find(session, ref),
                only_of=only_of(),
                limit=limit + 1,
                before=cursor_key(query["cursor"], parts=2),
            )
        )
        page = page_by(found, limit=limit, key_of=entries.place)
        page["items"] = [shown(entry) for entry in page["items"]]
        return page

    @blueprint.post(f"/<ref:ref>/{path}", endpoint=f"add_{name}")
    @blueprint.doc(summary=f"Add to the {what} of a case, in one's own name (administrators: anybody's).")
    @blueprint.arguments(new)
    @blueprint.response(201, schema)
    @blueprint.alt_response(200, schema=schema, description="It was there already, under the same `client_id`.")
    def add_entry(values: dict[str, Any], ref: str) -> tuple[dict[str, Any], int]:
        person, now, address = current_person(), clock.now_ms(), client_address()
        rules = settings.current()
        entry, is_new = database().write(
            lambda session: add_once(
                session, kind, cases.find(session, ref), person, settings=rules, now=now, address=address, **values
            )
        )
        if is_new:
            announce(ref)
        return shown(entry), 201 if is_new else 200

    @blueprint.patch(f"/<ref:ref>/{path}/<int:entry_id>", endpoint=f"change_{name}")
    @blueprint.doc(summary=f"Change one of one's own {what} (administrators: any).")
    @blueprint.arguments(change)
    @blueprint.response(200, schema)
    def change_entry(values: dict[str, Any], ref: str, entry_id: int) -> dict[str, Any]:
        person, now, only, address = current_person(), clock.now_ms(), only_of(), client_address()

        def apply(session: Session) -> TimeLog | Activity:
            entry = entries.find(session, kind, cases.find(session, ref), entry_id, only_of=only)
            entries.change(session, entry, person, now=now, address=address, **values)
            return entry

        entry = database().write(apply)
        announce(ref)
        return shown(entry)

    @blueprint.delete(f"/<ref:ref>/{path}/<int:entry_id>", endpoint=f"delete_{name}")
    @blueprint.doc(summary=f"Delete one of one's own {what} (administrators: any).")
    @blueprint.response(204)
    def delete_entry(ref: str, entry_id: int) -> None:
        person, now, only, address = current_person(), clock.now_ms(), only_of(), client_address()

        def delete(session: Session) -> None:
            entry = entries.find(session, kind, cases.find(session, ref), entry_id, only_of=only)
            entries.delete(session, entry, person, now=now, address=address)

        database().write(delete)
        announce(ref)


def only_of() -> int | None:
    """The one person whose time the caller may see, or None for everybody's."""
    person = current_person()
    return person.id if settings.current().show_only_own_time and not person.sees_everyone else None


def shown(entry: TimeLog | Activity) -> dict[str, Any]:
    """An entry as it is given out to the caller."""
    said = {
        "id": entry.id,
        "representative": entry.representative.username,
        "name": entry.representative.name,
        "duration_seconds": entry.duration_seconds,
        "overlap_seconds": entries.overlap_seconds(entry),
        "description": entry.description,
        "worked_at": entry.worked_at,
        "has_start": entry.has_start,
        "created_at": entry.created_at,
        "editable": entries.may_change(entry, current_person()),
    }
    return said | {"kind": entry.kind, "subject": entry.subject} if isinstance(entry, Activity) else said


def announce(ref: str) -> None:
    """Tell whoever listens that what people say of their time on a case has changed."""
    entries.entries_changed.send(current_app._get_current_object(), ref=ref)  # type: ignore[attr-defined]


_routes("time-logs", TimeLog, schema=TimeLogSchema, new=NewTimeLogSchema, change=TimeLogChangeSchema)
_routes("activities", Activity, schema=ActivitySchema, new=NewActivitySchema, change=ActivityChangeSchema)
