"""All work of a period, as rows that reports add up: who, on which day of theirs, on which case, how long.

Automatic time are the totals by day that commits keep, and corrections on the day on which they were made; manual time
are time logs and activities on the day in which `worked_at` lies in the zone of the person whose they are.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, literal, select, union_all
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.reports.days import DayText, zones_of
from server.time_entries.models import Activity, AutomaticCorrection, TimeLog
from server.tracking.models import DailyTotal

_NOTHING = literal(0)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which work: from the first to the last of these days, and of one case, person, team or status of the case.

    A team of "" is that of those who are in none. With `overlap_once`, manual time leaves out what was tracked as well.
    """

    since: date
    until: date
    case: str | None = None
    representative: str | None = None
    team: str | None = None
    status: str | None = None
    overlap_once: bool = False

    def over(self, since: date, until: date) -> "Chosen":
        """The same in another period."""
        return replace(self, since=since, until=until)


def work(session: Session, chosen: Chosen) -> Subquery:
    """Rows (representative_id, day, case_id, automatic_ms, manual_ms)."""
    zones = zones_of(session.scalars(select(Person.time_zone).distinct()), chosen.since, chosen.until)
    days = (chosen.since.isoformat(), chosen.until.isoformat())
    parts: list[Select[Any]] = [
        _rows(table, table.day, automatic=ms).where(table.day.between(*days))
        for table, ms in ((DailyTotal, DailyTotal.automatic_ms), (AutomaticCorrection, AutomaticCorrection.delta_ms))
    ]
    for kind in (TimeLog, Activity):
        seconds = kind.duration_seconds - kind.overlap_ms // 1000 if chosen.overlap_once else kind.duration_seconds
        parts.append(
            _rows(kind, DayText(kind.worked_at + zones.c.offset_ms), manual=seconds * 1000)
            .join(Person, Person.id == kind.representative_id)
            .join(
                zones,
                (zones.c.zone == Person.time_zone)
                & (kind.worked_at >= zones.c.began)
                & (kind.worked_at < zones.c.ended),
            )
            .where(kind.deleted_at.is_(None))
        )
    kinds = (DailyTotal, AutomaticCorrection, TimeLog, Activity)
    return union_all(
        *(part.where(*_conditions(kind, chosen)) for part, kind in zip(parts, kinds, strict=True))
    ).subquery("work")


def _rows(table: Any, day: Any, *, automatic: Any = _NOTHING, manual: Any = _NOTHING) -> Select[Any]:
    columns = (table.representative_id, day.label("day"), table.case_id)
    return select(*columns, automatic.label("automatic_ms"), manual.label("manual_ms")).select_from(table)


def _conditions(table: Any, chosen: Chosen) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    people = select(Person.id)
    if chosen.case is not None:
        conditions.append(table.case_id.in_(select(Case.id).where(Case.ref == chosen.case)))
    if chosen.status is not None:
        conditions.append(table.case_id.in_(select(Case.id).where(Case.status == chosen.status)))
    if chosen.representative is not None:
        conditions.append(table.representative_id.in_(people.where(Person.username == chosen.representative)))
    if chosen.team is not None:
        is_member = Person.team == chosen.team if chosen.team else Person.team.is_(None)
        conditions.append(table.representative_id.in_(people.where(is_member)))
    return conditions
