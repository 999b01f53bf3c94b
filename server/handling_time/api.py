"""Handling time over HTTP: `/api/v1/cases/{ref}/handling-time`, `/history` and `/automatic-time`."""

from typing import Any

from sqlalchemy.orm import Session

from server import clock, settings
from server.accounts.access import current_person
from server.accounts.site import client_address
from server.blueprints import Blueprint
from server.cases import cases
from server.db import database
from server.handling_time.history import automatic_of
from server.handling_time.merge import handling_time, representatives_with_live_time
from server.handling_time.schemas import (
    AutomaticTimeChangeSchema,
    AutomaticTimeSchema,
    HandlingTimeQuery,
    HandlingTimeSchema,
    HistorySchema,
)
from server.i18n import _
from server.problems import Forbidden
from server.schemas import MAX_LIMIT
from server.time_entries import corrections, entries
from server.time_entries.api import announce, only_of, shown
from server.time_entries.models import Activity, TimeLog
from server.tracking.schedule import commit_after_sync
from server.tracking.service import tracking

blueprint = Blueprint("handling_time", __name__, url_prefix="/api/v1/cases", description="The merge of all time")


@blueprint.get("/<ref:ref>/handling-time")
@blueprint.arguments(HandlingTimeQuery, location="query")
@blueprint.response(200, HandlingTimeSchema)
def get_handling_time(query: dict[str, Any], ref: str) -> dict[str, Any]:
    """How long a case was handled, by whom, automatically and by hand."""
    return _body(ref, **query)


@blueprint.post("/<ref:ref>/handling-time/refresh")
@blueprint.arguments(HandlingTimeQuery, location="query")
@blueprint.response(200, HandlingTimeSchema)
def refresh_handling_time(query: dict[str, Any], ref: str) -> dict[str, Any]:
    """Commit what is proven on this case first, then answer as `GET .../handling-time`."""
    _commit(ref)
    return _body(ref, **query)


@blueprint.get("/<ref:ref>/history")
@blueprint.response(200, HistorySchema)
def get_history(ref: str) -> dict[str, Any]:
    """Automatic time by representative, time logs and activities; the newest 500 of each kind of entry."""
    person, only = current_person(), only_of()

    def read(session: Session) -> dict[str, Any]:
        case = cases.find(session, ref)
        logged = {
            kind: entries.of_case(session, kind, case, only_of=only, limit=MAX_LIMIT) for kind in (TimeLog, Activity)
        }
        return {
            "automatic": automatic_of(session, case, caller=person, only_of=only),
            "time_logs": [shown(entry) for entry in logged[TimeLog]],
            "activities": [shown(entry) for entry in logged[Activity]],
        }

    return database().read(read)


@blueprint.patch("/<ref:ref>/automatic-time")
@blueprint.arguments(AutomaticTimeChangeSchema)
@blueprint.response(200, AutomaticTimeSchema)
def correct_automatic_time(change: dict[str, Any], ref: str) -> dict[str, Any]:
    """Say what one's own automatic time on a case should be: what is proven is committed first, then corrected."""
    person = current_person()
    if change["representative"] not in (None, person.username):
        raise Forbidden(_("Automatic time is corrected by the person who worked: you can correct your own alone."))
    _commit(ref, only=person.id)
    now, address = clock.now_ms(), client_address()

    def correct(session: Session) -> dict[str, Any]:
        case = cases.find(session, ref)
        wanted, reason = change["duration_seconds"], change["reason"]
        corrections.correct(session, case, person, wanted_seconds=wanted, reason=reason, now=now, address=address)
        (own,) = automatic_of(session, case, caller=person, only_of=person.id)
        return own

    own = database().write(correct)
    announce(ref)
    return own


def _commit(ref: str, *, only: int | None = None) -> None:
    """Commit what is proven on a case, by everybody or by one person; `NotFound` where there is no such case."""
    database().read(lambda session: cases.find(session, ref))
    service = tracking()
    found = representatives_with_live_time(service, ref)
    commit_after_sync(service, [one for one in found if only in (None, one)])


def _body(ref: str, *, mine: bool, live: bool) -> dict[str, Any]:
    only = current_person().id if mine else only_of()
    service, overlap_once = tracking() if live else None, settings.current().count_overlap_once
    merged = database().read(
        lambda session: handling_time(session, cases.find(session, ref), overlap_once=overlap_once, tracking=service)
    )
    return merged.body(only_of=only)
