"""How much of what somebody logged was tracked as well: the part of an entry's interval that tracker records cover.

Whose entry says when the work began has an interval, `[worked_at, worked_at + duration)`. Time of one person may count
once only, so records on any case matter. What purged records covered is kept with the entry.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select, update
from sqlalchemy.orm import Session, aliased

from server.schemas import MAX_SECONDS
from server.tracking.models import TrackerRecord

MAX_MS = MAX_SECONDS * 1000


def tracked_ms(entry: Any, *chosen: ColumnElement[bool]) -> ColumnElement[int]:
    """Milliseconds of an entry's interval that tracker records of the same person cover; only `chosen` records count.

    `entry` is a class of entries. Records of one person do not overlap: by their ends, the first that does not end
    before the entry does is the last that can cover any of it, so an index on the ends gives just those that do.
    """
    record, later = TrackerRecord, aliased(TrackerRecord)
    start, end = entry.worked_at, entry.worked_at + entry.duration_seconds * 1000
    last = (
        select(func.min(later.ended_at))
        .where(later.representative_id == entry.representative_id, later.ended_at >= end)
        .correlate_except(later)
        .scalar_subquery()
    )
    first_ms = case((record.started_at > start, record.started_at), else_=start)
    over_ms = case((record.ended_at < end, record.ended_at), else_=end)
    covered = (
        select(cast(func.coalesce(func.sum(over_ms - first_ms), 0), BigInteger))
        .where(
            record.representative_id == entry.representative_id,
            record.ended_at > start,
            record.ended_at <= func.coalesce(last, end),
            record.started_at < end,
            *chosen,
        )
        .correlate_except(record)
        .scalar_subquery()
    )
    return case((entry.has_start, covered), else_=0)


def keep_overlap(
    session: Session,
    kinds: Iterable[Any],
    record_ids: Sequence[int],
    representative_ids: Iterable[int],
    *,
    started: int,
    ended: int,
) -> None:
    """Note with the entries of these kinds what they overlap of records that are about to be purged.

    The records are these people's, and lie in `[started, ended)`.
    """
    for kind in kinds:
        lost = tracked_ms(kind, TrackerRecord.id.in_(record_ids))
        session.execute(
            update(kind)
            .where(
                kind.representative_id.in_(list(representative_ids)),
                kind.worked_at > started - MAX_MS,
                kind.worked_at < ended,
                kind.worked_at + kind.duration_seconds * 1000 > started,
                kind.has_start,
                lost > 0,
            )
            .values(purged_overlap_ms=kind.purged_overlap_ms + lost),
            execution_options={"synchronize_session": False},
        )
