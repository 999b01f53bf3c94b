"""What representatives worked on: read-only queries on records and daily totals. A day is a day in their zone."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.clock import day_of, day_starts
from server.tracking.models import DailyTotal, TrackerRecord


@dataclass(frozen=True, slots=True)
class DayOfWork:
    """The spans of one representative's day, `[began, ended)` in milliseconds, cut at its midnights."""

    day: date
    began: int
    ended: int
    spans: list[tuple[TrackerRecord, Case]]


def overview(session: Session, *, now: int) -> list[tuple[Person, int, int]]:
    """Everybody who is active or has time: (person, milliseconds today, milliseconds in the last seven days)."""
    people = session.scalars(select(Person).order_by(Person.name)).all()
    rows = session.execute(
        select(DailyTotal.representative_id, DailyTotal.day, func.sum(DailyTotal.automatic_ms))
        .where(DailyTotal.day >= (day_of(now, ZoneInfo("UTC")) - timedelta(days=8)).isoformat())
        .group_by(DailyTotal.representative_id, DailyTotal.day)
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
            found.append((person, days.get(today, 0), week))
    return found


def day_of_work(session: Session, person: Person, day: date) -> DayOfWork:
    """The records of one day in the person's zone; a record that crosses midnight shows in both days."""
    zone = ZoneInfo(person.time_zone)
    began, ended = day_starts(day, zone), day_starts(day + timedelta(days=1), zone)
    rows = session.execute(
        select(TrackerRecord, Case)
        .join(Case, Case.id == TrackerRecord.case_id)
        .where(
            TrackerRecord.representative_id == person.id,
            TrackerRecord.ended_at > began,
            TrackerRecord.started_at < ended,
        )
        .order_by(TrackerRecord.started_at)
    )
    return DayOfWork(day, began, ended, [(record, case) for record, case in rows])


def totals_by_day(session: Session, person: Person, first: date, last: date) -> list[tuple[date, int]]:
    """(day, milliseconds) for each day from `first` to `last`, days without time included."""
    rows = session.execute(
        select(DailyTotal.day, func.sum(DailyTotal.automatic_ms))
        .where(DailyTotal.representative_id == person.id, DailyTotal.day.between(first.isoformat(), last.isoformat()))
        .group_by(DailyTotal.day)
    )
    found = {date.fromisoformat(day): int(ms) for day, ms in rows}
    return [(day, found.get(day, 0)) for day in (first + timedelta(days=n) for n in range((last - first).days + 1))]


def totals_by_case(session: Session, person: Person, first: date, last: date) -> list[tuple[Case, int]]:
    """(case, milliseconds) from `first` to `last`, the most time first."""
    rows = session.execute(
        select(Case, func.sum(DailyTotal.automatic_ms).label("ms"))
        .join(Case, Case.id == DailyTotal.case_id)
        .where(DailyTotal.representative_id == person.id, DailyTotal.day.between(first.isoformat(), last.isoformat()))
        .group_by(Case.id)
        .order_by(func.sum(DailyTotal.automatic_ms).desc(), Case.ref)
    )
    return [(case, int(ms)) for case, ms in rows]
