"""Handling time over HTTP: `/api/v1/cases/{ref}/handling-time` and `/history`."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.access import current_person
from server.accounts.models import Person
from server.blueprints import Blueprint
from server.cases import cases
from server.db import database
from server.handling_time.merge import handling_time, representatives_with_live_time
from server.handling_time.schemas import HandlingTimeQuery, HandlingTimeSchema, HistorySchema
from server.schemas import MAX_LIMIT
from server.time_entries import entries
from server.time_entries.api import only_of
from server.time_entries.models import Activity, TimeLog
from server.tracking.models import CaseTotal
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
    database().read(lambda session: cases.find(session, ref))
    service = tracking()
    commit_after_sync(service, representatives_with_live_time(service, ref))
    return _body(ref, **query)


@blueprint.get("/<ref:ref>/history")
@blueprint.response(200, HistorySchema)
def get_history(ref: str) -> dict[str, Any]:
    """Automatic time by representative, time logs and activities; the newest 500 of each kind of entry."""
    only = only_of()

    def read(session: Session) -> dict[str, Any]:
        case = cases.find(session, ref)
        totals = (
            select(CaseTotal, Person)
            .join(Person, Person.id == CaseTotal.representative_id)
            .where(CaseTotal.case_id == case.id)
            .order_by(CaseTotal.automatic_ms.desc())
        )
        if only is not None:
            totals = totals.where(Person.id == only)
        return {
            "automatic": [
                {
                    "representative": person.username,
                    "name": person.name,
                    "duration_seconds": total.automatic_ms // 1000,
                    "updated_at": total.updated_at,
                }
                for total, person in session.execute(totals)
            ],
            "time_logs": entries.of_case(session, TimeLog, case, only_of=only, limit=MAX_LIMIT),
            "activities": entries.of_case(session, Activity, case, only_of=only, limit=MAX_LIMIT),
        }

    return database().read(read)


def _body(ref: str, *, mine: bool, live: bool) -> dict[str, Any]:
    only = current_person().id if mine else only_of()
    service = tracking() if live else None
    merged = database().read(lambda session: handling_time(session, cases.find(session, ref), tracking=service))
    return merged.body(only_of=only)
