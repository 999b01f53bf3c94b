"""Which tracker records are meant, and their purge. Totals are kept apart and stay as they are."""

from dataclasses import dataclass
from typing import TypeVarTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import RESOLVED, Case
from server.db import upsert
from server.time_entries.models import Activity, TimeLog
from server.time_entries.overlap import keep_overlap
from server.tracking.intake import ACCEPTED_AGE_MS
from server.tracking.ledger import rows_by_day, sums_by_day
from server.tracking.models import PurgedSpan, PurgedTotal, TrackerRecord
from server.tracking.spans import union

Ts = TypeVarTuple("Ts")

_BATCH = 1_000
_LATE_MS = ACCEPTED_AGE_MS + 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records: of this case, this representative, of cases of this status, that ended in `[since, before]`.

    `resolved_only` means the status `resolved`; `up_to_id` leaves out what came later; `only_of` is the id of the one
    representative whose records somebody may see.
    """

    case: str | None = None
    representative: str | None = None
    status: str | None = None
    since: int | None = None
    before: int | None = None
    resolved_only: bool = False
    up_to_id: int | None = None
    ids: tuple[int, ...] | None = None
    only_of: int | None = None


@dataclass(frozen=True, slots=True)
class Purged:
    """How many records a purge took, or would take, and their time in milliseconds; `last_id` is the last it took."""

    records: int
    duration_ms: int
    last_id: int = 0


def newest_id(session: Session) -> int:
    """The id of the newest record, 0 where there is none."""
    return session.scalar(select(func.max(TrackerRecord.id))) or 0


def next_ids(session: Session, chosen: Filter, *, after_id: int, along_ids: bool) -> list[int]:
    """The ids of the next batch above `after_id`.

    With `along_ids` all batches together read the table once, whatever the filter; without it, SQLite looks for each of
    them through an index of what the filter names, which is less where few fit.
    """
    query = _chosen(select(TrackerRecord.id), chosen).where(TrackerRecord.id > after_id)
    if along_ids:
        query = query.with_hint(TrackerRecord, "NOT INDEXED", "sqlite")
    return list(session.scalars(query.order_by(TrackerRecord.id).limit(_BATCH)))


def count(session: Session, chosen: Filter) -> Purged:
    """How many records the filter chooses, and their time. Reads all of them."""
    length = TrackerRecord.ended_at - TrackerRecord.started_at
    records, duration_ms = session.execute(
        _chosen(select(func.count(TrackerRecord.id), func.coalesce(func.sum(length), 0)), chosen)
    ).one()
    return Purged(records, int(duration_ms))


def purge_batch(session: Session, chosen: Filter, *, now: int, after_id: int = 0) -> Purged:
    """Delete up to a thousand chosen records above `after_id`. Their time cannot come back through a late browser.

    What entries overlapped stays known. The rows are held, so that of two purges at once each takes what the other
    leaves.
    Call it, a transaction each time, until it takes none; with the `last_id` of the batch before, no batch reads
    again what the ones before it left.
    """
    rows = session.execute(
        _chosen(
            select(
                TrackerRecord.id,
                TrackerRecord.representative_id,
                TrackerRecord.case_id,
                Person.time_zone,
                TrackerRecord.started_at,
                TrackerRecord.ended_at,
            ),
            chosen,
        )
        .join(Person, Person.id == TrackerRecord.representative_id)
        .where(TrackerRecord.id > after_id)
        .order_by(TrackerRecord.id)
        .limit(_BATCH)
        .with_for_update(of=TrackerRecord)
    ).all()
    if not rows:
        return Purged(0, 0)
    late: dict[int, list[tuple[int, int]]] = {}
    for _, representative, _, _, started_at, ended_at in rows:
        if ended_at > now - _LATE_MS:
            late.setdefault(representative, []).append((started_at, ended_at))
    tombs = [
        {"representative_id": representative, "started_at": start, "ended_at": end}
        for representative, spans in late.items()
        for start, end in union(spans)
    ]
    if tombs:
        session.execute(insert(PurgedSpan), tombs)
    ids = [row.id for row in rows]
    keep_overlap(
        session,
        (TimeLog, Activity),
        ids,
        {row.representative_id for row in rows},
        started=min(row.started_at for row in rows),
        ended=max(row.ended_at for row in rows),
    )
    session.execute(delete(TrackerRecord).where(TrackerRecord.id.in_(ids)))
    taken = sums_by_day((who, case, ZoneInfo(zone), start, end) for _, who, case, zone, start, end in rows)
    upsert(session, PurgedTotal, rows_by_day(taken), add=["automatic_ms"])
    return Purged(len(rows), sum(row.ended_at - row.started_at for row in rows), rows[-1].id)


def forget_old_tombs(session: Session, *, now: int) -> None:
    """Drop the marks of purged time that no browser can bring back any more."""
    session.execute(delete(PurgedSpan).where(PurgedSpan.ended_at < now - _LATE_MS))


def _chosen(query: Select[*Ts], chosen: Filter) -> Select[*Ts]:
    query = query.select_from(TrackerRecord)
    people, statuses = select(Person.id), {chosen.status, RESOLVED if chosen.resolved_only else None} - {None}
    if chosen.case is not None:
        query = query.where(TrackerRecord.case_id.in_(select(Case.id).where(Case.ref == chosen.case)))
    if chosen.representative is not None:
        query = query.where(TrackerRecord.representative_id.in_(people.where(Person.username == chosen.representative)))
    for status in statuses:
        query = query.where(TrackerRecord.resolved == (status == RESOLVED))
    if chosen.since is not None:
        query = query.where(TrackerRecord.ended_at >= chosen.since)
    if chosen.before is not None:
        query = query.where(TrackerRecord.ended_at <= chosen.before)
    if chosen.up_to_id is not None:
        query = query.where(TrackerRecord.id <= chosen.up_to_id)
    if chosen.ids is not None:
        query = query.where(TrackerRecord.id.in_(chosen.ids))
    if chosen.only_of is not None:
        query = query.where(TrackerRecord.representative_id == chosen.only_of)
    return query
