"""Reports as tables to download."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.clock import day_of
from server.exports import Table
from server.reports import figures, representatives
from server.reports.figures import CASE, PERIODS, REPRESENTATIVE, Figures
from server.reports.representatives import Days
from server.reports.trend import trend
from server.reports.work import Chosen
from server.sheets import Column, Kind

_FIGURES = (
    Column("automatic", Kind.DURATION),
    Column("manual", Kind.DURATION),
    Column("total", Kind.DURATION),
    Column("cases", Kind.NUMBER, 8),
    Column("representatives", Kind.NUMBER, 15),
    Column("average", Kind.DURATION),
    Column("median", Kind.DURATION),
    Column("p90", Kind.DURATION),
)
_HISTORY = (
    Column("day", Kind.DAY, 12),
    Column("kind", width=14),
    Column("case", width=16),
    Column("title", width=40),
    Column("started_at", Kind.INSTANT, 24),
    Column("ended_at", Kind.INSTANT, 24),
    Column("duration", Kind.DURATION),
    Column("started_by", width=12),
    Column("ended_by", width=12),
    Column("description", width=60),
)
AUTOMATIC = "automatic"


def handling_time(chosen: Chosen, by: str, *, week_start: str) -> Table:
    """Every group of the report with its figures."""
    names = (
        (Column("case", width=16), Column("title", width=40), Column("status", width=10))
        if by == CASE
        else (Column("representative", width=20), Column("name", width=24), Column("team", width=20))
        if by == REPRESENTATIVE
        else (Column(by, Kind.DAY if by in PERIODS else Kind.TEXT, 20),)
    )

    def rows(session: Session) -> Iterator[tuple[object, ...]]:
        for one in figures.by_group(session, chosen, by, week_start=week_start):
            key: object = date.fromisoformat(one.key) if by in PERIODS and one.key else one.key
            more = {CASE: (one.name, one.status), REPRESENTATIVE: (one.name, one.team)}.get(by, ())
            yield (key, *more, *_figures(one))

    return Table(_name("handling-time", by, chosen), (*names, *_FIGURES), rows)


def trend_of(chosen: Chosen, by: str, *, week_start: str) -> Table:
    """A row for every period."""

    def rows(session: Session) -> Iterator[tuple[object, ...]]:
        for first, one in trend(session, chosen, by, week_start=week_start):
            yield (first, *_figures(one))

    return Table(_name("trend", by, chosen), (Column(by, Kind.DAY, 12), *_FIGURES), rows)


def history(person: Person, days: Days) -> Table:
    """The spans of these days, and what the representative logged on them."""
    zone = ZoneInfo(person.time_zone)

    def rows(session: Session) -> Iterator[tuple[object, ...]]:
        for span in representatives.spans(session, person, days):
            length = span.ended - span.started
            names = (day_of(span.started, zone), AUTOMATIC, span.case.ref, span.case.title)
            yield (*names, span.started, span.ended, length, span.started_by, span.ended_by, None)
        for entry in representatives.entries(session, person, days):
            names = (day_of(entry.at, zone), entry.kind, entry.case.ref, entry.case.title)
            times = (entry.at, entry.at + entry.duration_ms) if entry.has_start else (None, None)
            yield (*names, *times, entry.duration_ms, None, None, entry.description)

    return Table(("history", person.username, days.first.isoformat(), days.last.isoformat()), _HISTORY, rows)


def _figures(one: Figures) -> tuple[int, ...]:
    sums = (one.automatic_ms, one.manual_ms, one.total_ms, one.cases, one.representatives)
    return (*sums, one.average_ms, one.median_ms, one.p90_ms)


def _name(what: str, by: str, chosen: Chosen) -> list[str]:
    filters = (chosen.case, chosen.representative, chosen.team, chosen.status)
    days = (chosen.since.isoformat(), chosen.until.isoformat())
    return [f"{what}-by-{by}", *days, *(text for text in filters if text)]
