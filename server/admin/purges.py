"""Purges, kept in the database from the request to the end: whatever stops one, it goes on where it was.

A purge takes its records in batches, each a short transaction together with how far it is. What the next batch is made
of is found beforehand, outside of it, and chosen once more inside: a case may have been reopened meanwhile.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.admin import records, space
from server.admin.models import CANCELLED, DONE, FAILED, RUNNING, Purge
from server.admin.records import Filter
from server.audit import log as audit_log
from server.audit.log import SYSTEM, Actor
from server.clock import iso
from server.db import Database
from server.i18n import _
from server.problems import Conflict, NotFound

AT_ONCE = 5_000
"""Up to so many records a purge is done while its caller waits."""

_REFUSALS = (IntegrityError, DataError, LookupError, ValueError, ArithmeticError)
"""What the data of a batch can cause, and another try would cause again."""

Clock: TypeAlias = Callable[[], int]


class Estimate(NamedTuple):
    """What a purge would take: `up_to_id` is the newest record there is, `bytes` None where nobody can say."""

    records: int
    duration_ms: int
    bytes: int | None
    up_to_id: int


def estimate(session: Session, chosen: Filter) -> Estimate:
    """Count what a filter chooses. Reads all of it: hand it to `Database.read_long`."""
    up_to_id = records.newest_id(session) if chosen.up_to_id is None else chosen.up_to_id
    found = records.count(session, replace(chosen, up_to_id=up_to_id))
    return Estimate(found.records, found.duration_ms, space.bytes_of(session, found.records), up_to_id)


def request(session: Session, chosen: Filter, expected: Estimate, *, now: int, by: Actor = SYSTEM) -> Purge:
    """Write a purge down that is to be done. The system asks where the settings keep records for some months only."""
    rule = asdict(replace(chosen, up_to_id=expected.up_to_id))
    purge = Purge(
        rule=json.dumps({name: value for name, value in rule.items() if value is not None and value is not False}),
        requested_by=by.id,
        requested_at=now,
        records_expected=expected.records,
        bytes_estimated=expected.bytes,
    )
    session.add(purge)
    session.flush()
    details = {"purge": purge.id, "records_expected": expected.records, **_said(purge)}
    audit_log.record(session, "purge.requested", now=now, by=by, subject=chosen.case or "", **details)
    return purge


def filter_of(purge: Purge) -> Filter:
    """Which records it is about."""
    rule = json.loads(purge.rule)
    return Filter(**{**rule, "ids": tuple(rule["ids"]) if "ids" in rule else None})


def go_on(database: Database, purge_id: int, *, clock: Clock) -> bool:
    """Take one batch; says whether the purge goes on after it. One that cannot go on has failed, which is raised."""
    purge = database.read(lambda session: get(session, purge_id))
    if purge.state != RUNNING:
        return False
    chosen = filter_of(purge)
    along_ids = purge.records_expected > AT_ONCE
    ids = database.read_long(
        lambda session: records.next_ids(session, chosen, after_id=purge.last_id, along_ids=along_ids)
    )
    now = clock()
    try:
        return database.write(lambda session: _take(session, purge, replace(chosen, ids=tuple(ids)), now=now))
    except _REFUSALS as problem:
        text = f"{type(problem).__name__}: {problem}"
        database.write(lambda session: _end(session, _held(session, purge_id), FAILED, now=now, problem=text))
        raise


def cancel(session: Session, purge_id: int, *, now: int, by: Actor = SYSTEM) -> Purge:
    """End a purge that runs. What it took stays purged."""
    purge = _held(session, purge_id)
    if purge.state != RUNNING:
        raise Conflict(_("The purge has ended already."))
    _end(session, purge, CANCELLED, now=now, by=by)
    return purge


def get(session: Session, purge_id: int) -> Purge:
    """The purge of that id."""
    return _known(session.get(Purge, purge_id))


def with_requester(session: Session, purge_id: int) -> tuple[Purge, Person | None]:
    """The purge, and who asked for it; None where the retention of the settings did."""
    purge = get(session, purge_id)
    return purge, None if purge.requested_by is None else session.get(Person, purge.requested_by)


def oldest_running(session: Session) -> int | None:
    """The id of the purge that is to go on."""
    return session.scalar(select(Purge.id).where(Purge.state == RUNNING).order_by(Purge.id).limit(1))


def page(
    session: Session, *, limit: int, before_id: int | None = None, state: str | None = None
) -> Sequence[tuple[Purge, Person | None]]:
    """Up to `limit` purges with who asked for them, the newest first."""
    query = select(Purge, Person).outerjoin(Person, Person.id == Purge.requested_by).order_by(Purge.id.desc())
    if before_id is not None:
        query = query.where(Purge.id < before_id)
    if state is not None:
        query = query.where(Purge.state == state)
    return [(purge, person) for purge, person in session.execute(query.limit(limit))]


def _take(session: Session, seen: Purge, batch: Filter, *, now: int) -> bool:
    purge = _held(session, seen.id)
    if purge.state != RUNNING or purge.last_id != seen.last_id:
        return purge.state == RUNNING
    if not batch.ids:
        _end(session, purge, DONE, now=now)
        return False
    gone = records.purge_batch(session, batch, now=now)
    purge.records_done += gone.records
    purge.duration_ms += gone.duration_ms
    purge.last_id = batch.ids[-1]
    return True


def _held(session: Session, purge_id: int) -> Purge:
    """The purge, which nobody else changes before this transaction ends."""
    return _known(session.get(Purge, purge_id, with_for_update=True))


def _known(purge: Purge | None) -> Purge:
    if purge is None:
        raise NotFound(_("There is no such purge."))
    return purge


def _end(session: Session, purge: Purge, state: str, *, now: int, problem: str = "", by: Actor | None = None) -> None:
    """Write down how it ended, and what it took. `by` is who ended it; else it is who asked for it."""
    purge.state, purge.finished_at, purge.problem = state, now, problem
    audit_log.record(
        session,
        "records.purged",
        now=now,
        by=by or _requester(session, purge),
        subject=filter_of(purge).case or "",
        purge=purge.id,
        state=state,
        records=purge.records_done,
        duration_ms=purge.duration_ms,
        **_said(purge),
    )


def _requester(session: Session, purge: Purge) -> Actor:
    _purge, person = with_requester(session, purge.id)
    return SYSTEM if person is None else Actor(person.username, person.id)


def _said(purge: Purge) -> dict[str, Any]:
    """How the records are chosen, in the words of the API: by their ids, or by a rule."""
    rule = json.loads(purge.rule)
    if "ids" in rule:
        return {"ids": rule["ids"]}
    return {"rule": {name: iso(value) if name in ("since", "before") else value for name, value in rule.items()}}
