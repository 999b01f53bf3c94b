"""Totals against what they are made of: records, and what was purged of them; and their repair.

    total by day   =  records of the day (in the representative's zone)  +  purged time of the day
    total by case  =  the sum of its days

A purge takes records and keeps totals; `PurgedTotal` says by how much, so that both can be told apart from mistakes.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.audit import log as audit_log
from server.db import upsert
from server.schemas import LAST_INSTANT
from server.tracking.ledger import ByDay, rows_by_day, sums_by_day
from server.tracking.models import CaseTotal, DailyTotal, PurgedTotal, TrackerRecord

ByCase: TypeAlias = tuple[int, int]
"""(case, representative), as they are stored."""

_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """Totals that are not what they should be: key to (milliseconds kept, milliseconds right)."""

    by_case: Mapping[ByCase, tuple[int, int]]
    by_day: Mapping[ByDay, tuple[int, int]]

    @property
    def count(self) -> int:
        """How many totals are wrong."""
        return len(self.by_case) + len(self.by_day)


def wrong(session: Session) -> Wrong:
    """Compare every total. Memory grows with the number of daily totals, not with that of records."""
    right_by_day = _right_by_day(session)
    right_by_case: dict[ByCase, int] = defaultdict(int)
    for (representative, _, case), ms in right_by_day.items():
        right_by_case[case, representative] += ms
    kept_by_day = {
        (representative, day, case): ms
        for representative, day, case, ms in session.execute(
            select(DailyTotal.representative_id, DailyTotal.day, DailyTotal.case_id, DailyTotal.automatic_ms)
        )
    }
    kept_by_case = {
        (case, representative): ms
        for case, representative, ms in session.execute(
            select(CaseTotal.case_id, CaseTotal.representative_id, CaseTotal.automatic_ms)
        )
    }
    return Wrong(
        by_case={
            key: (kept_by_case.get(key, 0), right_by_case.get(key, 0))
            for key in sorted(kept_by_case.keys() | right_by_case.keys())
            if kept_by_case.get(key, 0) != right_by_case.get(key, 0)
        },
        by_day={
            key: (kept_by_day.get(key, 0), right_by_day.get(key, 0))
            for key in sorted(kept_by_day.keys() | right_by_day.keys())
            if kept_by_day.get(key, 0) != right_by_day.get(key, 0)
        },
    )


def repair(session: Session, *, now: int) -> Wrong:
    """Set every wrong total right, in the caller's transaction, while nobody else commits; returns what was wrong."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("LOCK TABLE tracker_records, case_totals, daily_totals IN SHARE ROW EXCLUSIVE MODE"))
    found = wrong(session)
    for (case, representative), (_, right) in found.by_case.items():
        if not right:
            session.execute(
                delete(CaseTotal).where(CaseTotal.case_id == case, CaseTotal.representative_id == representative)
            )
    for (representative, day, case), (_, right) in found.by_day.items():
        if not right:
            session.execute(
                delete(DailyTotal).where(
                    DailyTotal.representative_id == representative, DailyTotal.day == day, DailyTotal.case_id == case
                )
            )
    cases = [
        {"case_id": case, "representative_id": representative, "automatic_ms": right, "updated_at": now}
        for (case, representative), (_, right) in found.by_case.items()
        if right
    ]
    upsert(session, CaseTotal, cases, replace=["automatic_ms", "updated_at"])
    days = rows_by_day({key: right for key, (_, right) in found.by_day.items() if right})
    upsert(session, DailyTotal, days, replace=["automatic_ms"])
    if found.count:
        audit_log.record(session, "totals.repaired", now=now, totals=found.count)
    return found


def _right_by_day(session: Session) -> dict[ByDay, int]:
    zones = {person: ZoneInfo(zone) for person, zone in session.execute(select(Person.id, Person.time_zone))}
    records = session.execute(
        select(TrackerRecord.representative_id, TrackerRecord.case_id, TrackerRecord.started_at, TrackerRecord.ended_at)
        .where(TrackerRecord.started_at >= 0, TrackerRecord.ended_at < LAST_INSTANT)
        .order_by(TrackerRecord.representative_id, TrackerRecord.ended_at),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    sums = sums_by_day((who, case, zones[who], start, end) for who, case, start, end in records)
    purged = session.execute(
        select(PurgedTotal.representative_id, PurgedTotal.day, PurgedTotal.case_id, PurgedTotal.automatic_ms)
    )
    for who, day, case, ms in purged:
        sums[who, day, case] = sums.get((who, day, case), 0) + ms
    return sums
