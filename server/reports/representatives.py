"""What representatives worked on: read-only queries on records, entries and totals. A day is a day in their zone.

A correction counts on the day on which it was made. A day, or a case, that is less than nothing with it shows as
nothing; sums over several days are made first.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.clock import day_of, day_starts
from server.reports.work import Chosen, work
from server.time_entries.models import Activity, AutomaticCorrection, TimeLog
from server.tracking.models import TrackerRecord

TIME_LOG, CORRECTION = "time log", "correction"


@dataclass(frozen=True, slots=True)
class Days:
    """The days `first` to `last` of somebody: `[began, ended)` in milliseconds."""

    first: date
    last: date
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Span:
    """A record, cut at the ends of the days that were asked for."""

    case: Case
    started: int
    ended: int
    started_by: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody said of their time: a time log, an activity (then `kind` is that of the activity) or a correction.

    `at` is when the work began where `has_start`, else an instant of the day on which it counts. A correction may take
    time away: then `duration_ms` is less than zero.
    """

    id: int
    kind: str
    case: Case
    at: int
    has_start: bool
    duration_ms: int
    description: str


def overview(session: Session, *, now: int) -> list[tuple[Person, int, int]]:
    """Everybody who is active or has time: (person, milliseconds today, milliseconds in the last seven days)."""
    people = session.scalars(select(Person).order_by(Person.name)).all()
    present = day_of(now, ZoneInfo("UTC"))
    time = work(session, Chosen(present - timedelta(days=8), present + timedelta(days=1)))
    rows = session.execute(
        select(time.c.representative_id, time.c.day, func.sum(time.c.automatic_ms))
        .group_by(time.c.representative_id, time.c.day)
        .having(func.sum(time.c.automatic_ms) != 0)
    )
    by_day: dict[int, dict[date, int]] = defaultdict(dict)
    for person_id, day, ms in rows:
        by_day[person_id][date.fromisoformat(day)] = int(ms)
    found = []
    for person in people:
        today = day_of(now, ZoneInfo(person.time_zone))
        days = by_day[person.id]
        week = sum(ms for day, ms in days.items() if today - timedelta(days=7) < day <= today)
        if days or (person.active and person.is_representative):
            found.append((person, max(0, days.get(today, 0)), max(0, week)))
    return found


def days_of(person: Person, first: date, last: date) -> Days:
    """Those days where the person is."""
    zone = ZoneInfo(person.time_zone)
    return Days(first, last, day_starts(first, zone), day_starts(last + timedelta(days=1), zone))


def spans(session: Session, person: Person, days: Days) -> Iterator[Span]:
    """The records of these days in order; one that crosses their ends is cut there, and shows on both sides."""
    rows = session.execute(
        select(TrackerRecord, Case)
        .join(Case, Case.id == TrackerRecord.case_id)
        .where(
            TrackerRecord.representative_id == person.id,
            TrackerRecord.ended_at > days.began,
            TrackerRecord.started_at < days.ended,
        )
        .order_by(TrackerRecord.started_at)
    )
    for record, case in rows:
        started, ended = max(record.started_at, days.began), min(record.ended_at, days.ended)
        yield Span(case, started, ended, record.started_by, record.ended_by)


def entries(session: Session, person: Person, days: Days) -> list[Entry]:
    """What the person logged on these days, and the corrections they made on them, in order."""
    found = [
        Entry(entry.id, kind, case, entry.worked_at, entry.has_start, entry.duration_seconds * 1000, entry.description)
        for table in (TimeLog, Activity)
        for entry, case, kind in _of_days(session, person, days, table)
    ]
    corrections = session.execute(
        select(AutomaticCorrection, Case)
        .join(Case, Case.id == AutomaticCorrection.case_id)
        .where(
            AutomaticCorrection.representative_id == person.id,
            AutomaticCorrection.day.between(days.first.isoformat(), days.last.isoformat()),
        )
    )
    found += [
        Entry(made.id, CORRECTION, case, made.created_at, False, made.delta_ms, made.reason)
        for made, case in corrections
    ]
    return sorted(found, key=lambda entry: (entry.at, entry.kind, entry.id))


def _of_days(session: Session, person: Person, days: Days, table: Any) -> Iterator[tuple[Any, Case, str]]:
    rows = session.execute(
        select(table, Case)
        .join(Case, Case.id == table.case_id)
        .where(
            table.representative_id == person.id,
            table.worked_at >= days.began,
            table.worked_at < days.ended,
            table.deleted_at.is_(None),
        )
    )
    for entry, case in rows:
        yield entry, case, entry.kind if isinstance(entry, Activity) else TIME_LOG
