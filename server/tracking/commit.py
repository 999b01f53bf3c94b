"""Committing: live time becomes tracker records, totals and cursors, in one transaction.

A batch of representatives shares a transaction, since the wait for the disk is what costs; a batch that fails is
tried again one representative at a time, so that one bad span cannot hold up anybody else: whoever fails alone too
is logged and tried again at their next interval. What was taken stays in the live store until the database has it,
and geometry makes a second try harmless: what is committed already is cut out of every claim.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases import cases
from server.db import insert_rows, upsert
from server.db_faults import advice, is_held_up
from server.tracking import ledger
from server.tracking.attribution import Span, attribute, covered_ms
from server.tracking.claims import Claim, settle
from server.tracking.intake import ACCEPTED_AGE_MS, from_cursor, untracked_periods
from server.tracking.ledger import Credit
from server.tracking.live_store import LiveStream, all_streams
from server.tracking.models import (
    CaseTotal,
    DailyTotal,
    PurgedSpan,
    StreamCursor,
    TrackerRecord,
)
from server.tracking.service import Commit, KnownCases, Tracking
from server.tracking.spans import Interval

BATCH = 500
_MOST_HELD_UP = 3
"""Each of them cost a time-out; beyond that it is not one representative's rows that are locked."""
_FOREVER = 2**62
_FORGET_AFTER_MS = 15 * 60 * 1000

log = logging.getLogger(__name__)

Taken: TypeAlias = dict[int, list[LiveStream]]


class CursorMoved(Exception):
    """The database holds another cursor of this stream than we started from: somebody else committed it."""

    def __init__(self, stream: str) -> None:
        super().__init__(f"stream {stream} was committed meanwhile")
        self.stream = stream


_REFUSALS = (IntegrityError, DataError, CursorMoved, LookupError, ValueError, ArithmeticError)
"""What the data of one representative can cause, as opposed to a database that does not answer."""


def commit(tracking: Tracking, representatives: Iterable[int], *, now: int) -> Commit:
    """Make everything durable that these representatives have proven, and announce it.

    Returns what was committed. A database that does not answer is raised, with nothing lost; what was committed
    before that is announced nevertheless.
    """
    done = _Sum()
    try:
        with tracking.commit_lock, tracking.tally.timing():
            asked = list(representatives)
            taken = _take(tracking, asked)
            tracking.committed_at.update((one, now) for one in asked if one not in taken)
            everyone = list(taken)
            for place in range(0, len(everyone), BATCH):
                batch = {one: taken[one] for one in everyone[place : place + BATCH]}
                _commit_batch(tracking, batch, now, done)
                tracking.committed_at.update(dict.fromkeys(batch, now))
            tracking.last_good_commit_at = now
    finally:
        result = done.commit()
        if result.covered:
            tracking.committed.send(tracking, commit=result)
    return result


def live_spans(session: Session, tracking: Tracking, representative_id: int) -> list[Span]:
    """What this representative has beyond what is committed, as it stands right now; nothing is changed."""
    return live_spans_of(session, tracking, [representative_id])[representative_id]


def live_spans_of(session: Session, tracking: Tracking, representatives: Iterable[int]) -> dict[int, list[Span]]:
    """The same of several at once."""
    live = {one: tracking.store.of_representative(one) for one in representatives}
    claims = {one: [claim for entry in entries for claim in entry.claims_so_far()] for one, entries in live.items()}
    case_ids = _case_ids(session, tracking.known_cases, claims)
    found = _attributed(session, tracking, claims, case_ids)
    return {one: [span for span in spans if span.case in case_ids] for one, spans in found.items()}


def _take(tracking: Tracking, representatives: Iterable[int]) -> Taken:
    with tracking.store.lock():
        taken = {}
        for representative in sorted(set(representatives)):
            dirty = [entry for entry in tracking.store.of_representative(representative) if entry.is_dirty]
            if dirty:
                taken[representative] = sorted(dirty, key=lambda entry: entry.state.stream)
        return taken


def _commit_batch(tracking: Tracking, taken: Taken, now: int, done: "_Sum") -> None:
    try:
        credited = tracking.database.write(lambda session: _write(session, tracking, taken, now))
    except OperationalError as problem:
        if len(taken) == 1 or not is_held_up(problem):
            raise
        _commit_one_by_one(tracking, taken, now, done)
        return
    except _REFUSALS as problem:
        if len(taken) > 1:
            _commit_one_by_one(tracking, taken, now, done)
            return
        log.warning("commit of representative %s refused, trying again: %s", next(iter(taken)), problem)
        try:
            taken, credited = _written_again(tracking, taken, now, done)
        except _REFUSALS:
            log.exception("commit of representative %s refused again; it waits for the next one", next(iter(taken)))
            tracking.tally.refused_commits += 1
            return
    _settle(tracking, taken)
    done.add(credited, taken)


def _commit_one_by_one(tracking: Tracking, taken: Taken, now: int, done: "_Sum") -> None:
    """Each representative in a transaction of their own; one whose rows another session holds waits for the next."""
    held_up = 0
    for representative, entries in taken.items():
        try:
            _commit_batch(tracking, {representative: entries}, now, done)
        except OperationalError as problem:
            held_up += 1
            if held_up == _MOST_HELD_UP or not is_held_up(problem):
                raise
            log.warning("commit of representative %s waits for the next one: %s", representative, advice(problem))


def _written_again(tracking: Tracking, taken: Taken, now: int, done: "_Sum") -> tuple[Taken, list[Credit]]:
    """The second try, from what the database says; what it had already is announced too."""
    (representative,) = taken
    streams = {entry.state.stream for entry in taken[representative]}
    taken = _recovered(tracking, taken, now)
    own = tracking.store.of_representative(representative)
    done.add_covered(representative, {e.state.stream: e.committed_seq for e in own if e.state.stream in streams})
    return taken, tracking.database.write(lambda session: _write(session, tracking, taken, now)) if taken else []


def _write(session: Session, tracking: Tracking, taken: Taken, now: int) -> list[Credit]:
    entries = [entry for own in taken.values() for entry in own]
    _check_cursors(session, entries)
    claims = {one: [claim for entry in own for claim in entry.claims()] for one, own in taken.items()}
    case_ids = _case_ids(session, tracking.known_cases, claims)
    zones = _zones(session, taken)
    spans = _attributed(session, tracking, claims, case_ids, counts_late=True)
    credited = [
        Credit(representative, case_ids[span.case], zones[representative], span)
        for representative, own in spans.items()
        for span in own
        if span.case in case_ids
    ]
    insert_rows(session, TrackerRecord, [ledger.record(credit, now) for credit in credited])
    upsert(session, CaseTotal, ledger.case_totals(credited, now), add=["automatic_ms"], replace=["updated_at"])
    upsert(session, DailyTotal, ledger.daily_totals(credited), add=["automatic_ms"])
    cursors = [ledger.cursor(entry, now) for entry in entries]
    upsert(session, StreamCursor, cursors, replace=[name for name in cursors[0] if name != "stream"])
    ledger.write_aside(session, entries, now)
    return credited


def _check_cursors(session: Session, entries: Sequence[LiveStream]) -> None:
    """Compare-and-set, its first half: lock each cursor and see that it is the one we started from."""
    rows = session.execute(
        select(StreamCursor.stream, StreamCursor.committed_seq, StreamCursor.applied_seq, StreamCursor.credited_to)
        .where(StreamCursor.stream.in_([entry.state.stream for entry in entries]))
        .order_by(StreamCursor.stream)
        .with_for_update()
    )
    there = {stream: tuple(cursor) for stream, *cursor in rows}
    for entry in entries:
        ours = (entry.committed_seq, entry.applied_seq, entry.credited_to) if entry.known_to_database else None
        if there.get(entry.state.stream) != ours:
            raise CursorMoved(entry.state.stream)


def _attributed(
    session: Session,
    tracking: Tracking,
    claims: Mapping[int, Sequence[Claim]],
    case_ids: Mapping[str, int],
    *,
    counts_late: bool = False,
) -> dict[int, list[Span]]:
    every = [claim for own in claims.values() for claim in own]
    if not every:
        return {one: [] for one in claims}
    since = min(claim.started for claim in every)
    until = max(claim.ended for claim in every)
    occupied = _taken_intervals(session, list(claims), since=since, until=until)
    if counts_late:
        tracking.tally.late_ms += sum(covered_ms(claims[one], intervals) for one, intervals in occupied.items())
    resolved = _resolved(session, case_ids, since)
    untracked = untracked_periods(tracking)
    return {
        one: attribute(own, resolved=resolved, untracked=untracked, taken=occupied.get(one, ()))
        for one, own in claims.items()
    }


def _taken_intervals(
    session: Session, representatives: Sequence[int], *, since: int, until: int
) -> dict[int, list[Interval]]:
    """What these representatives have in records already, or had before a purge."""
    found: dict[int, list[Interval]] = defaultdict(list)
    for table in (TrackerRecord, PurgedSpan):
        rows = session.execute(
            select(table.representative_id, table.started_at, table.ended_at).where(
                table.representative_id.in_(representatives), table.ended_at > since, table.started_at < until
            )
        )
        for representative, started_at, ended_at in rows:
            found[representative].append((started_at, ended_at))
    return found


def _resolved(session: Session, case_ids: Mapping[str, int], since: int) -> dict[str, list[Interval]]:
    periods = cases.resolved_periods(session, case_ids.values(), since=since)
    return {
        ref: [(start, _FOREVER if end is None else end) for start, end in periods[case_id]]
        for ref, case_id in case_ids.items()
        if case_id in periods
    }


def _case_ids(session: Session, known: KnownCases, claims: Mapping[int, Sequence[Claim]]) -> dict[str, int]:
    return known.look_up(session, {claim.case for own in claims.values() for claim in own})


def _zones(session: Session, representatives: Iterable[int]) -> dict[int, ZoneInfo]:
    rows = session.execute(select(Person.id, Person.time_zone).where(Person.id.in_(list(representatives))))
    return {person: ZoneInfo(zone) for person, zone in rows}


def _settle(tracking: Tracking, taken: Taken) -> None:
    """Let go of what the database has now; forget streams that have nothing more to say."""
    store = tracking.store
    with store.lock():
        for entries in taken.values():
            for entry in entries:
                current = store.get(entry.state.stream)
                if current is not None:
                    store.put(current.after_commit(entry))


def forget_quiet_streams(tracking: Tracking, *, now: int) -> int:
    """Drop streams from memory that are committed to the last word and quiet; their cursor brings them back."""
    store = tracking.store
    with store.lock():
        crowded = {one for one in store.representatives() if is_crowded(tracking, one)}
        quiet = [
            entry.state.stream
            for entry in all_streams(store)
            if not entry.is_dirty
            and entry.known_to_database
            and (entry.state.closed or now - entry.touched_at > _FORGET_AFTER_MS or entry.representative_id in crowded)
        ]
        for stream in quiet:
            store.drop(stream)
    return len(quiet)


def settle_silent_streams(tracking: Tracking, *, now: int) -> int:
    """Take up streams of which nothing more is believed, but some time is provisional: the next commit counts it."""
    query = (
        select(StreamCursor)
        .where(StreamCursor.credited_to < StreamCursor.instant, StreamCursor.updated_at < now - ACCEPTED_AGE_MS)
        .limit(BATCH)
    )
    cursors = tracking.database.read(lambda session: session.scalars(query).all())
    store = tracking.store
    with store.lock():
        silent = [from_cursor(cursor, now) for cursor in cursors if store.get(cursor.stream) is None]
        for entry in silent:
            store.put(replace(entry, state=settle(entry.state)))
    return len(silent)


def is_crowded(tracking: Tracking, representative: int) -> bool:
    """Whether somebody has so many live streams that those which are committed are forgotten early."""
    return len(tracking.store.of_representative(representative)) > tracking.limits.live_streams // 2


def _recovered(tracking: Tracking, taken: Taken, now: int) -> Taken:
    """Go on from what the database says, where another server or an earlier try of ours has committed.

    What is proven beyond that stays; the database's own records are cut out of it at the next try.
    """
    store = tracking.store
    streams = [entry.state.stream for entries in taken.values() for entry in entries]
    query = select(StreamCursor).where(StreamCursor.stream.in_(streams))
    cursors = tracking.database.read(lambda session: session.scalars(query).all())
    with store.lock():
        for cursor in cursors:
            current = store.get(cursor.stream)
            if current is None:
                continue
            if cursor.applied_seq > current.state.applied:
                store.put(from_cursor(cursor, now))
            else:
                covered = current.covered_to(
                    committed_seq=cursor.committed_seq,
                    applied_seq=cursor.applied_seq,
                    credited_to=cursor.credited_to,
                )
                store.put(covered)
    return _take(tracking, taken)


class _Sum:
    """Adds up what the batches of one commit did."""

    def __init__(self) -> None:
        self._cases: set[int] = set()
        self._covered: dict[int, dict[str, int]] = {}
        self._records = 0
        self._credited_ms = 0

    def add(self, credited: Sequence[Credit], taken: Taken) -> None:
        self._cases |= {credit.case_id for credit in credited}
        for representative, entries in taken.items():
            self.add_covered(representative, {entry.state.stream: entry.state.committable for entry in entries})
        self._records += len(credited)
        self._credited_ms += sum(credit.span.ended - credit.span.started for credit in credited)

    def add_covered(self, representative: int, streams: Mapping[str, int]) -> None:
        self._covered.setdefault(representative, {}).update(streams)

    def commit(self) -> Commit:
        return Commit(frozenset(self._cases), self._covered, self._records, self._credited_ms)
