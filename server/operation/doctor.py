"""`caseclock doctor`: is what stands in the database true? Read-only, on one snapshot, while the server runs.

Each check is a query for rows that cannot be, with the words for them. What is no fault but worth knowing (events that
a browser had lost, an old SQLite) is a note.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from server.audit.log import key_of
from server.audit.verify import verify
from server.cases.models import RESOLVED, Case, Resolution
from server.clock import iso
from server.db import Database, old_sqlite, see_one_state
from server.operation import totals
from server.schemas import LAST_INSTANT
from server.time_entries.models import Activity, AutomaticCorrection, TimeLog
from server.tracking.models import CaseTotal, PurgedSpan, PurgedTotal, StreamCursor, StreamLoss, TrackerRecord

MOST_EXAMPLES = 10
_CLOCK_TOLERANCE_MS = 60_000
_ANCHOR_TOLERANCE_MS = 5 * 60_000
"""A clock's offset that turns out smaller moves a stream back by that much (see `clock_offset`), records stay."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`count` things that are `words` (0: it is said as it is), with up to ten examples. A note is no fault."""

    words: str
    count: int
    examples: tuple[str, ...]
    is_fault: bool = True


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, and which totals a repair would set right."""

    findings: tuple[Finding, ...]
    totals: totals.Wrong | None

    @property
    def faults(self) -> list[Finding]:
        """The findings that are faults."""
        return [finding for finding in self.findings if finding.is_fault]


@dataclass(frozen=True, slots=True)
class _Check:
    words: str
    query: Select[*tuple[Any, ...]]
    example: Callable[[Row[Any]], str]
    is_fault: bool = True


def examine(database: Database, *, now: int) -> Examination:
    """Check everything."""
    try:
        return database.read(lambda session: _examined(session, database, now))
    except DatabaseError as error:
        if not database.is_sqlite or "malformed" not in str(error.orig):
            raise
        return Examination((_damaged(str(error.orig)),), None)


def report(examination: Examination) -> str:
    """The findings as lines for an operator."""
    lines = []
    for finding in examination.findings:
        many = f"{finding.count:,} " if finding.count else ""
        lines.append(f"{'WRONG' if finding.is_fault else 'note '}  {many}{finding.words}")
        lines += [f"         {example}" for example in finding.examples]
        if finding.count > len(finding.examples) > 0:
            lines.append(f"         and {finding.count - len(finding.examples):,} more")
    wrong = len(examination.faults)
    lines.append(f"{wrong} kinds of fault were found." if wrong else "Nothing is wrong.")
    return "\n".join(lines)


def _examined(session: Session, database: Database, now: int) -> Examination:
    see_one_state(session)
    findings = list(_of_file(session) if database.is_sqlite else ())
    findings += _of_overlap_rule(session, database)
    for check in _checks(now):
        findings += _found(session, check)
    wrong = totals.wrong(session)
    findings += _of_totals(wrong)
    findings += _of_audit_log(session, database)
    warning = old_sqlite() if database.is_sqlite else None
    if warning:
        findings.append(Finding(warning, 0, (), is_fault=False))
    return Examination(tuple(findings), wrong)


def _of_file(session: Session) -> Iterator[Finding]:
    said = [row[0] for row in session.execute(text("PRAGMA integrity_check(100)"))]
    if said != ["ok"]:
        yield _damaged(*said)
    dangling = session.execute(text("PRAGMA foreign_key_check")).all()
    if dangling:
        examples = tuple(
            f"{table} row {row} points to no row of {to}" for table, row, to, _ in dangling[:MOST_EXAMPLES]
        )
        yield Finding("rows that point to rows which are not there", len(dangling), examples)


def _damaged(*said: str) -> Finding:
    words = "signs that the file is damaged: stop the server, keep a copy of the file, restore the last good backup"
    return Finding(words, len(said), said[:MOST_EXAMPLES])


def _of_overlap_rule(session: Session, database: Database) -> Iterator[Finding]:
    if database.is_sqlite:
        query = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'tracker_records_no_overlap_%'"
    else:
        query = "SELECT 2 * count(*) FROM pg_constraint WHERE conname = 'tracker_records_no_overlap'"
    missing = 2 - int(session.scalar(text(query)) or 0)
    if missing:
        yield Finding("rules of the database against overlapping records that are missing", missing, ())


def _found(session: Session, check: _Check) -> Iterator[Finding]:
    count = session.scalar(select(func.count()).select_from(check.query.subquery()))
    if count:
        examples = tuple(check.example(row) for row in session.execute(check.query.limit(MOST_EXAMPLES)))
        yield Finding(check.words, int(count), examples, check.is_fault)


def _of_totals(wrong: totals.Wrong) -> Iterator[Finding]:
    if wrong.by_case:
        examples = [
            f"case {case}, representative {representative}: {kept / 1000:.3f} s kept, {right / 1000:.3f} s right"
            for (case, representative), (kept, right) in wrong.by_case.items()
        ]
        words = "totals by case that are not their records and purged time (--repair rebuilds them)"
        yield Finding(words, len(examples), tuple(examples[:MOST_EXAMPLES]))
    if wrong.by_day:
        examples = [
            f"{day}, case {case}, representative {representative}: {kept / 1000:.3f} s kept, {right / 1000:.3f} s right"
            for (representative, day, case), (kept, right) in wrong.by_day.items()
        ]
        words = (
            "totals by day that are not their records and purged time (--repair rebuilds them; a representative's time "
            "zone that was changed shows here too)"
        )
        yield Finding(words, len(examples), tuple(examples[:MOST_EXAMPLES]))


def _of_audit_log(session: Session, database: Database) -> Iterator[Finding]:
    fault = verify(session, key_of(database)).fault
    if fault is not None:
        yield Finding("sign that the audit log is not as it was written (see docs/operation.md)", 1, (fault,))


def _checks(now: int) -> Iterator[_Check]:
    yield from _of_records(now)
    yield from _of_cursors(now)
    yield from _of_purges()
    yield from _of_corrections()
    yield from _of_cases()
    yield _Check(
        "holes in what browsers reported: events that nobody can bring back (see GET /api/v1/stream-losses)",
        select(StreamLoss).order_by(StreamLoss.id.desc()),
        lambda row: (
            f"stream {row[0].stream} of representative {row[0].representative_id}: events {row[0].first_seq} to "
            f"{row[0].last_seq}, noticed {iso(row[0].noticed_at)}"
        ),
        is_fault=False,
    )


def _of_records(now: int) -> Iterator[_Check]:
    before = func.lag(TrackerRecord.ended_at).over(
        partition_by=TrackerRecord.representative_id, order_by=(TrackerRecord.ended_at, TrackerRecord.id)
    )
    columns = (TrackerRecord.id, TrackerRecord.representative_id, TrackerRecord.started_at, TrackerRecord.ended_at)
    ordered = (
        select(*columns, before.label("before")).where(TrackerRecord.ended_at > TrackerRecord.started_at).subquery()
    )
    yield _Check(
        "tracker records that overlap one of the same representative",
        # By their ends, the last that ends before a record is the one it overlaps if it overlaps any.
        select(ordered).where(ordered.c.before > ordered.c.started_at),
        _record,
    )
    yield _Check(
        "tracker records that end before or as they start",
        select(*columns).where(TrackerRecord.ended_at <= TrackerRecord.started_at),
        _record,
    )
    late = now + _CLOCK_TOLERANCE_MS
    yield _Check(
        f"tracker records from after {iso(now)}: is the clock of this computer right?",
        select(*columns).where(or_(TrackerRecord.ended_at > late, TrackerRecord.committed_at > late)),
        _record,
    )


def _record(row: Row[Any]) -> str:
    span = f"{_instant(row.started_at)} to {_instant(row.ended_at)}"
    return f"record {row.id} of representative {row.representative_id}, {span}"


def _instant(instant: int) -> str:
    """In words where it can be: what is damaged may hold any number."""
    return iso(instant) if 0 <= instant < LAST_INSTANT else f"{instant} ms"


def _of_cursors(now: int) -> Iterator[_Check]:
    cursor = StreamCursor
    yield _Check(
        "streams whose committed event is not one that was applied",
        select(cursor).where(or_(cursor.committed_seq > cursor.applied_seq, cursor.committed_seq < 0)),
        lambda row: f"stream {row[0].stream}: committed {row[0].committed_seq}, applied {row[0].applied_seq}",
    )
    yield _Check(
        "streams whose records go on after the instant up to which they are said to be credited",
        select(cursor.stream, cursor.credited_to, func.max(TrackerRecord.ended_at).label("ended_at"))
        .join(TrackerRecord, TrackerRecord.stream == cursor.stream)
        .where(
            TrackerRecord.committed_at >= cursor.updated_at,
            TrackerRecord.ended_at > cursor.credited_to + _ANCHOR_TOLERANCE_MS,
        )
        .group_by(cursor.stream, cursor.credited_to),
        lambda row: (
            f"stream {row.stream}: credited to {_instant(row.credited_to)}, a record until {_instant(row.ended_at)}"
        ),
    )
    yield _Check(
        "records of a stream that belongs to another representative",
        select(TrackerRecord.id, TrackerRecord.stream)
        .join(cursor, cursor.stream == TrackerRecord.stream)
        .where(cursor.representative_id != TrackerRecord.representative_id),
        lambda row: f"record {row.id} of stream {row.stream}",
    )
    yield _Check(
        "streams whose open claim cannot be",
        select(cursor).where(
            or_(cursor.open_case.is_(None) != cursor.open_began.is_(None), cursor.open_began > cursor.credited_to)
        ),
        lambda row: f"stream {row[0].stream}: case {row[0].open_case!r} since {row[0].open_began}",
    )
    yield _Check(
        f"streams that were committed after {iso(now)}: is the clock of this computer right?",
        select(cursor).where(cursor.updated_at > now + _CLOCK_TOLERANCE_MS),
        lambda row: f"stream {row[0].stream}: {_instant(row[0].updated_at)}",
    )


def _of_purges() -> Iterator[_Check]:
    yield _Check(
        "marks of purged time that end before or as they start",
        select(PurgedSpan).where(PurgedSpan.ended_at <= PurgedSpan.started_at),
        lambda row: f"mark {row[0].id} of representative {row[0].representative_id}",
    )
    yield _Check(
        "records of time that was purged",
        select(PurgedSpan.id, TrackerRecord.id.label("record")).join(
            TrackerRecord,
            and_(
                TrackerRecord.representative_id == PurgedSpan.representative_id,
                TrackerRecord.ended_at > PurgedSpan.started_at,
                TrackerRecord.started_at < PurgedSpan.ended_at,
            ),
        ),
        lambda row: f"record {row.record} lies in mark {row.id}",
    )
    yield _Check(
        "sums of purged time that are negative",
        select(PurgedTotal).where(PurgedTotal.automatic_ms < 0),
        lambda row: f"{row[0].day}, case {row[0].case_id}, representative {row[0].representative_id}",
    )


def _of_corrections() -> Iterator[_Check]:
    correction = AutomaticCorrection
    yield _Check(
        "corrections that take away more automatic time than there is",
        select(correction.case_id, correction.representative_id, func.sum(correction.delta_ms).label("ms"))
        .outerjoin(
            CaseTotal,
            and_(CaseTotal.case_id == correction.case_id, CaseTotal.representative_id == correction.representative_id),
        )
        .group_by(correction.case_id, correction.representative_id, CaseTotal.automatic_ms)
        .having(func.sum(correction.delta_ms) + func.coalesce(CaseTotal.automatic_ms, 0) < 0),
        lambda row: f"case {row.case_id}, representative {row.representative_id}: {int(row.ms) / 1000:.3f} s",
    )
    for kind in (TimeLog, Activity):
        yield _Check(
            f"{kind.__tablename__.replace('_', ' ')} of which more was tracked than they last",
            select(kind.id).where(
                or_(kind.purged_overlap_ms < 0, kind.overlap_ms > kind.duration_seconds * 1000),
                kind.deleted_at.is_(None),
            ),
            lambda row: f"entry {row.id}",
        )


def _of_cases() -> Iterator[_Check]:
    is_open = select(Resolution.id).where(Resolution.case_id == Case.id, Resolution.reopened_at.is_(None)).exists()
    yield _Check(
        "cases whose status is not that of their last resolution",
        select(Case.id, Case.status).where((Case.status == RESOLVED) != is_open),
        lambda row: f"case {row.id} is {row.status}",
    )
    yield _Check(
        "tracker records that do not know whether their case is resolved",
        select(TrackerRecord.id, Case.status)
        .join(Case, Case.id == TrackerRecord.case_id)
        .where(TrackerRecord.resolved != (Case.status == RESOLVED)),
        lambda row: f"record {row.id} of a case that is {row.status}",
    )
