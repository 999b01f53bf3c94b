"""Reports over HTTP: `/api/v1/reports`. Supervisors and administrators see everybody, a representative themselves."""

from datetime import date, timedelta
from itertools import islice
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from flask import Response
from sqlalchemy.orm import Session

from server import clock, settings
from server.accounts.access import allow, current_person
from server.accounts.models import ADMINISTRATOR, SUPERVISOR, Person
from server.accounts.people import by_username
from server.blueprints import Blueprint
from server.db import database
from server.exports import JSON, described, export
from server.i18n import _
from server.problems import Invalid, NotFound
from server.reports import figures, representatives, tables
from server.reports.days import week_of
from server.reports.figures import CASE, DAY, WEEK, Figures
from server.reports.representatives import Days
from server.reports.schemas import (
    HandlingTimeReportQuery,
    HandlingTimeReportSchema,
    HistoryQuery,
    OverviewSchema,
    RepresentativeReportSchema,
    TrendQuery,
    TrendSchema,
)
from server.reports.trend import trend
from server.reports.work import Chosen
from server.schemas import cursor_id

MOST_DAYS = 3_660
"""The longest period of a report."""
_DEFAULT_DAYS = 30
_DAYS_BEFORE = 13

Answer: TypeAlias = dict[str, Any] | Response

blueprint = Blueprint("reports", __name__, url_prefix="/api/v1/reports", description="Who worked on what")


@blueprint.get("/handling-time")
@allow(SUPERVISOR, ADMINISTRATOR)
@blueprint.arguments(HandlingTimeReportQuery, location="query")
@blueprint.response(200, HandlingTimeReportSchema)
@blueprint.doc(**described())
def get_handling_time(query: dict[str, Any]) -> Answer:
    """Handling time by case, representative, team, day, week or month, as JSON, CSV or XLSX.

    Periods come in their order, anything else with the most time first. The cursor is a place in that order: what
    changes between two pages may move a group from one to the other.
    """
    chosen, by, week_start = _chosen(query), query["by"], query["week_start"]
    limit, offset = query["limit"], cursor_id(query["cursor"]) or 0
    if query["format"] != JSON:
        return _export(tables.handling_time(chosen, by, week_start=week_start), query["format"])

    def read(session: Session) -> dict[str, Any]:
        groups = figures.by_group(session, chosen, by, week_start=week_start, limit=limit + 1, offset=offset)
        found = list(groups)
        names = ("key", "name", "status", "team")
        return {
            **_period(chosen, by),
            "items": [{name: getattr(one, name) for name in names} | _seconds(one) for one in islice(found, limit)],
            "totals": _seconds(figures.altogether(session, chosen)),
            "next_cursor": str(offset + limit) if len(found) > limit else None,
        }

    return database().read_long(read)


@blueprint.get("/trend")
@allow(SUPERVISOR, ADMINISTRATOR)
@blueprint.arguments(TrendQuery, location="query")
@blueprint.response(200, TrendSchema)
@blueprint.doc(**described())
def get_trend(query: dict[str, Any]) -> Answer:
    """Handling time over time: a point for every day, week or month, as JSON, CSV or XLSX."""
    chosen, by, week_start = _chosen(query), query["by"], query["week_start"]
    if query["format"] != JSON:
        return _export(tables.trend_of(chosen, by, week_start=week_start), query["format"])

    def read(session: Session) -> dict[str, Any]:
        points = trend(session, chosen, by, week_start=week_start)
        return {
            **_period(chosen, by),
            "items": [{"period": first, **_seconds(one)} for first, one in points],
            "totals": _seconds(figures.altogether(session, chosen)),
        }

    return database().read_long(read)


@blueprint.get("/representatives")
@allow(SUPERVISOR, ADMINISTRATOR)
@blueprint.response(200, OverviewSchema)
def get_overview() -> dict[str, Any]:
    """Everybody's automatic time of today and of the last seven days."""
    now = clock.now_ms()
    found = database().read(lambda session: representatives.overview(session, now=now))
    items = [
        {
            "representative": person.username,
            "name": person.name,
            "team": person.team,
            "time_zone": person.time_zone,
            "today_seconds": today // 1000,
            "week_seconds": week // 1000,
        }
        for person, today, week in found
    ]
    return {"items": items, "next_cursor": None}


@blueprint.get("/representatives/<username>")
@blueprint.arguments(HistoryQuery, location="query")
@blueprint.response(200, RepresentativeReportSchema)
@blueprint.doc(**described())
def get_day(query: dict[str, Any], username: str) -> Answer:
    """One representative's day or week: spans, entries, and totals by day, week and case, as JSON, CSV or XLSX."""
    person = database().read(lambda session: _visible(session, username))
    day = query["day"] or clock.day_of(clock.now_ms(), ZoneInfo(person.time_zone))
    _check_year(day)
    first = week_of(day, query["week_start"]) if query["range"] == WEEK else day
    days = representatives.days_of(person, first, first + timedelta(days=6) if query["range"] == WEEK else day)
    if query["format"] != JSON:
        return _export(tables.history(person, days), query["format"])
    overlap_once = settings.current().count_overlap_once

    def read(session: Session) -> dict[str, Any]:
        return {
            "representative": person.username,
            "name": person.name,
            "team": person.team,
            "time_zone": person.time_zone,
            "range": query["range"],
            "day": day,
            "began_at": days.began,
            "ended_at": days.ended,
            "spans": _spans(session, person, days),
            "entries": _entries(session, person, days),
            **_totals(session, person, days.last, week_start=query["week_start"], overlap_once=overlap_once),
        }

    return database().read(read)


def _visible(session: Session, username: str) -> Person:
    person, caller = by_username(session, username), current_person()
    if person is None or not (caller.sees_everyone or caller.id == person.id):
        raise NotFound(_("There is no such representative, or you may not see their time."))
    return person


def _spans(session: Session, person: Person, days: Days) -> list[dict[str, Any]]:
    return [
        {
            "case": span.case.ref,
            "title": span.case.title,
            "started_at": span.started,
            "ended_at": span.ended,
            "duration_seconds": (span.ended - span.started) // 1000,
            "started_by": span.started_by,
            "ended_by": span.ended_by,
        }
        for span in representatives.spans(session, person, days)
    ]


def _entries(session: Session, person: Person, days: Days) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.id,
            "kind": entry.kind,
            "case": entry.case.ref,
            "title": entry.case.title,
            "at": entry.at,
            "has_start": entry.has_start,
            "duration_seconds": entry.duration_ms // 1000,
            "description": entry.description,
        }
        for entry in representatives.entries(session, person, days)
    ]


def _totals(session: Session, person: Person, last: date, *, week_start: str, overlap_once: bool) -> dict[str, Any]:
    """The two weeks that end with `last`, by day and by case, and the weeks that they are in."""
    first = last - timedelta(days=_DAYS_BEFORE)
    chosen = Chosen(first, last, representative=person.username, overlap_once=overlap_once)
    weeks = chosen.over(week_of(first, week_start), week_of(last, week_start) + timedelta(days=6))
    return {
        "days": [{"day": day, **_shown(one)} for day, one in trend(session, chosen, DAY, week_start=week_start)],
        "weeks": [{"week": day, **_shown(one)} for day, one in trend(session, weeks, WEEK, week_start=week_start)],
        "cases": [
            {"case": one.key, "title": one.name, **_shown(one)} for one in figures.by_group(session, chosen, CASE)
        ],
    }


def _shown(one: Figures) -> dict[str, int]:
    automatic, manual = max(0, one.automatic_ms) // 1000, one.manual_ms // 1000
    return {"duration_seconds": automatic, "manual_seconds": manual, "total_seconds": automatic + manual}


def _seconds(one: Figures) -> dict[str, int]:
    sums = {
        "automatic_seconds": one.automatic_ms,
        "manual_seconds": one.manual_ms,
        "total_seconds": one.total_ms,
        "average_seconds": one.average_ms,
        "median_seconds": one.median_ms,
        "p90_seconds": one.p90_ms,
    }
    counts = {"cases": one.cases, "representatives": one.representatives}
    return counts | {name: ms // 1000 for name, ms in sums.items()}


def _period(chosen: Chosen, by: str) -> dict[str, Any]:
    return {"by": by, "since": chosen.since, "until": chosen.until}


def _chosen(query: dict[str, Any]) -> Chosen:
    until = query["until"] or clock.day_of(clock.now_ms(), _zone())
    _check_year(until)
    since = query["since"] or until - timedelta(days=_DEFAULT_DAYS - 1)
    _check_year(since)
    if not 0 <= (until - since).days < MOST_DAYS:
        raise Invalid(_("Choose a period of 1 to %(most)s days, its first day first.", most=MOST_DAYS))
    filters = {name: query[name] for name in ("case", "representative", "team", "status")}
    return Chosen(since, until, **filters, overlap_once=settings.current().count_overlap_once)


def _check_year(day: date) -> None:
    if not 1970 <= day.year <= 9998:
        raise Invalid(_("Choose a day of the years 1970 to 9998."))


def _export(table: Any, kind: str) -> Response:
    return export(table, kind, _zone())


def _zone() -> ZoneInfo:
    """Where the caller is."""
    return ZoneInfo(current_person().time_zone)
