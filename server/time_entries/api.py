"""Time logs and activities over HTTP: `/api/v1/cases/{ref}/time-logs` and `/activities`."""

from typing import Any

from flask import current_app
from marshmallow import Schema
from sqlalchemy.orm import Session

from server import clock, settings
from server.accounts.access import current_person
from server.blueprints import Blueprint
from server.cases import cases
from server.db import database
from server.schemas import PageQuery, cursor_id, page_of, page_schema
from server.time_entries import entries
from server.time_entries.models import Activity, TimeLog
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
    @blueprint.doc(summary=f"List the {what} of a case, newest first.")
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
                before_id=cursor_id(query["cursor"]),
            )
        )
        return page_of(found, limit=limit, id_of=lambda entry: entry.id)

    @blueprint.post(f"/<ref:ref>/{path}", endpoint=f"add_{name}")
    @blueprint.doc(summary=f"Add to the {what} of a case, in one's own name.")
    @blueprint.arguments(new)
    @blueprint.response(201, schema)
    def add_entry(values: dict[str, Any], ref: str) -> TimeLog | Activity:
        person, now = current_person(), clock.now_ms()
        values["worked_at"] = now if values["worked_at"] is None else values["worked_at"]

        rules = settings.current()
        entry = database().write(
            lambda session: entries.add(
                session, kind, cases.find(session, ref), person, settings=rules, now=now, **values
            )
        )
        _announce(ref)
        return entry

    @blueprint.patch(f"/<ref:ref>/{path}/<int:entry_id>", endpoint=f"change_{name}")
    @blueprint.doc(summary=f"Change one of one's own {what} (administrators: any).")
    @blueprint.arguments(change)
    @blueprint.response(200, schema)
    def change_entry(values: dict[str, Any], ref: str, entry_id: int) -> TimeLog | Activity:
        person, now, only = current_person(), clock.now_ms(), only_of()

        def apply(session: Session) -> TimeLog | Activity:
            entry = entries.find(session, kind, cases.find(session, ref), entry_id, only_of=only)
            entries.change(session, entry, person, now=now, **values)
            return entry

        entry = database().write(apply)
        _announce(ref)
        return entry

    @blueprint.delete(f"/<ref:ref>/{path}/<int:entry_id>", endpoint=f"delete_{name}")
    @blueprint.doc(summary=f"Delete one of one's own {what} (administrators: any).")
    @blueprint.response(204)
    def delete_entry(ref: str, entry_id: int) -> None:
        person, now, only = current_person(), clock.now_ms(), only_of()

        def delete(session: Session) -> None:
            entry = entries.find(session, kind, cases.find(session, ref), entry_id, only_of=only)
            entries.delete(session, entry, person, now=now)

        database().write(delete)
        _announce(ref)


def only_of() -> int | None:
    """The one person whose time the caller may see, or None for everybody's."""
    person = current_person()
    return person.id if settings.current().show_only_own_time and not person.sees_everyone else None


def _announce(ref: str) -> None:
    entries.entries_changed.send(current_app._get_current_object(), ref=ref)  # type: ignore[attr-defined]


_routes("time-logs", TimeLog, schema=TimeLogSchema, new=NewTimeLogSchema, change=TimeLogChangeSchema)
_routes("activities", Activity, schema=ActivitySchema, new=NewActivitySchema, change=ActivityChangeSchema)
