"""Reports over HTTP: `/api/v1/reports`. Supervisors and administrators see everybody, a representative themselves."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server import clock
from server.accounts.access import allow, current_person
from server.accounts.models import ADMINISTRATOR, SUPERVISOR
from server.accounts.people import by_username
from server.blueprints import Blueprint
from server.db import database
from server.problems import Invalid, NotFound
from server.reports import representatives
from server.reports.schemas import DayQuery, DayReportSchema, OverviewSchema

DAYS_BEFORE = 13

blueprint = Blueprint("reports", __name__, url_prefix="/api/v1/reports", description="Who worked on what")


@blueprint.get("/representatives")
@allow(SUPERVISOR, ADMINISTRATOR)
@blueprint.response(200, OverviewSchema)
def get_overview() -> dict[str, Any]:
    """Everybody's time of today and of the last seven days."""
    now = clock.now_ms()
    found = database().read(lambda session: representatives.overview(session, now=now))
    items = [
        {
            "representative": person.username,
            "name": person.name,
            "time_zone": person.time_zone,
            "today_seconds": today // 1000,
            "week_seconds": week // 1000,
        }
        for person, today, week in found
    ]
    return {"items": items, "next_cursor": None}


@blueprint.get("/representatives/<username>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, DayReportSchema)
def get_day(query: dict[str, Any], username: str) -> dict[str, Any]:
    """One representative's day as spans, with the totals of the two weeks that end with it, by day and by case."""
    caller, now = current_person(), clock.now_ms()

    def read(session: Session) -> dict[str, Any]:
        person = by_username(session, username)
        if person is None or not (caller.sees_everyone or caller.id == person.id):
            raise NotFound("There is no such representative, or you may not see their time.")
        day = query["day"] or clock.day_of(now, ZoneInfo(person.time_zone))
        if not 1970 <= day.year <= 9998:
            raise Invalid("Choose a day of the years 1970 to 9998.")
        first = day - timedelta(days=DAYS_BEFORE)
        work = representatives.day_of_work(session, person, day)
        return {
            "representative": person.username,
            "name": person.name,
            "time_zone": person.time_zone,
            "day": day,
            "began_at": work.began,
            "ended_at": work.ended,
            "spans": [
                {
                    "case": case.ref,
                    "title": case.title,
                    "started_at": max(record.started_at, work.began),
                    "ended_at": min(record.ended_at, work.ended),
                    "duration_seconds": (min(record.ended_at, work.ended) - max(record.started_at, work.began)) // 1000,
                    "started_by": record.started_by,
                    "ended_by": record.ended_by,
                }
                for record, case in work.spans
            ],
            "days": [
                {"day": one, "duration_seconds": ms // 1000}
                for one, ms in representatives.totals_by_day(session, person, first, day)
            ],
            "cases": [
                {"case": case.ref, "title": case.title, "duration_seconds": ms // 1000}
                for case, ms in representatives.totals_by_case(session, person, first, day)
            ],
        }

    return database().read(read)
