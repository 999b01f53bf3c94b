"""The rows that a commit writes: from spans and streams to records, totals, cursors, and what is set aside."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.orm import Session

from server.clock import day_of, day_starts
from server.tracking.attribution import Span
from server.tracking.live_store import LiveStream
from server.tracking.models import RefusedEvent, StreamLoss

Day: TypeAlias = tuple[str, int, int]
"""A calendar day (ISO 8601) and its bounds `[began, over)` in milliseconds."""

ByDay: TypeAlias = tuple[int, str, int]
"""(representative, day, case), the ids as they are stored."""

_NO_DAY: Day = ("", 0, 0)


class Credit(Struct, frozen=True, gc=False):
    """One span with the ids it is stored under, and the zone that says which day it is."""

    representative_id: int
    case_id: int
    zone: ZoneInfo
    span: Span


def record(credit: Credit, now: int) -> dict[str, object]:
    """A tracker record."""
    span = credit.span
    return {
        "representative_id": credit.representative_id,
        "case_id": credit.case_id,
        "started_at": span.started,
        "ended_at": span.ended,
        "stream": span.stream,
        "started_by": span.started_by,
        "ended_by": span.ended_by or "interval",
        "committed_at": now,
    }


def case_totals(credited: Iterable[Credit], now: int) -> list[dict[str, object]]:
    """What to add to the totals by case and representative."""
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for credit in credited:
        sums[credit.case_id, credit.representative_id] += credit.span.ended - credit.span.started
    return [
        {"case_id": case, "representative_id": representative, "automatic_ms": ms, "updated_at": now}
        for (case, representative), ms in sorted(sums.items())
    ]


def daily_totals(credited: Iterable[Credit]) -> list[dict[str, object]]:
    """What to add to the totals by the representative's own day."""
    return rows_by_day(
        sums_by_day(
            (one.representative_id, one.case_id, one.zone, one.span.started, one.span.ended) for one in credited
        )
    )


def sums_by_day(spans: Iterable[tuple[int, int, ZoneInfo, int, int]]) -> dict[ByDay, int]:
    """Milliseconds by representative, day and case of spans (representative, case, zone, started, ended)."""
    sums: dict[ByDay, int] = defaultdict(int)
    days: dict[ZoneInfo, Day] = {}
    for representative, case, zone, started, ended in spans:
        for day, ms in by_day(started, ended, zone, days):
            sums[representative, day, case] += ms
    return sums


def rows_by_day(sums: Mapping[ByDay, int]) -> list[dict[str, object]]:
    """The sums as rows of `DailyTotal` or `PurgedTotal`."""
    return [
        {"representative_id": representative, "day": day, "case_id": case, "automatic_ms": ms}
        for (representative, day, case), ms in sorted(sums.items())
    ]


def by_day(started: int, ended: int, zone: ZoneInfo, days: dict[ZoneInfo, Day] | None = None) -> list[tuple[str, int]]:
    """Split `[started, ended)` at the midnights of a zone: (day, milliseconds) in order.

    `days` remembers the last day of each zone from one call to the next.
    """
    days = {} if days is None else days
    parts = []
    while started < ended:
        day, began, over = days.get(zone, _NO_DAY)
        if not began <= started < over:
            day, began, over = days[zone] = _day_around(started, zone)
        until = min(ended, over)
        parts.append((day, until - started))
        started = until
    return parts


def _day_around(instant: int, zone: ZoneInfo) -> Day:
    day = day_of(instant, zone)
    return day.isoformat(), day_starts(day, zone), day_starts(day + timedelta(days=1), zone)


def cursor(entry: LiveStream, now: int) -> dict[str, object]:
    """How far a stream is committed, and all that is needed to go on with it."""
    state, held = entry.state, entry.state.open_claim
    return {
        "stream": state.stream,
        "representative_id": entry.representative_id,
        "app": entry.app,
        "committed_seq": state.committable,
        "applied_seq": state.applied,
        "at": state.at,
        "mono": state.mono,
        "instant": state.instant,
        "run_began": state.run_began,
        "offset_ms": state.offset.value_ms if state.offset else None,
        "proves": state.proves,
        "closed": state.closed,
        "open_case": held.case if held else None,
        "open_began": held.began if held else None,
        "open_started_by": held.started_by if held else None,
        "credited_to": state.settled,
        "updated_at": now,
    }


def write_aside(session: Session, entries: Iterable[LiveStream], now: int) -> None:
    """Keep a row for each loss, and one for each run of refused events."""
    losses = [
        StreamLoss(
            representative_id=entry.representative_id,
            stream=entry.state.stream,
            first_seq=first,
            last_seq=last,
            noticed_at=now,
        )
        for entry in entries
        for first, last in entry.losses
    ]
    session.add_all(losses)
    for entry in entries:
        row: RefusedEvent | None = None
        for refusal in entry.refusals:
            if row is not None and row.code == refusal.code and row.last_seq + 1 == refusal.seq:
                row.last_seq = refusal.seq
                continue
            row = RefusedEvent(
                representative_id=entry.representative_id,
                stream=entry.state.stream,
                first_seq=refusal.seq,
                last_seq=refusal.seq,
                code=refusal.code,
                message=refusal.message,
                body=refusal.body.replace("\0", ""),
                refused_at=now,
            )
            session.add(row)
