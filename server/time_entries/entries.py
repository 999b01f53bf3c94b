"""Verbs on time logs and activities. Both are entries of one person on one case, with the same rights."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import blinker
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import ADMINISTRATOR, Person
from server.cases.models import Case
from server.problems import Forbidden, Invalid, NotFound
from server.settings import TrackingSettings
from server.time_entries.models import Activity, TimeLog

E = TypeVar("E", bound=TimeLog | Activity)

MAX_ID = 2**63 - 1
FUTURE_TOLERANCE_MS = 24 * 3600 * 1000

entries_changed = blinker.Signal("Sent by the Flask application after an entry was added, changed or deleted.")

Entry: TypeAlias = TimeLog | Activity


def add(
    session: Session,
    kind: type[E],
    case: Case,
    person: Person,
    /,
    *,
    settings: TrackingSettings,
    now: int,
    **values: Any,
) -> E:
    """Log time of this person on a case; `values` are the columns of the kind."""
    if kind is TimeLog and person.is_representative and not settings.allow_time_logs:
        raise Forbidden("Time logs are switched off: ask an administrator to allow them.")
    _check_worked_at(values["worked_at"], now)
    entry = kind(case_id=case.id, representative_id=person.id, created_at=now, changed_at=now, **values)
    session.add(entry)
    session.flush()
    session.refresh(entry)
    return entry


def find(session: Session, kind: type[E], case: Case, entry_id: int, *, only_of: int | None = None) -> E:
    """The entry of that id on that case, held for a change, or `NotFound`; `only_of` as in `of_case`."""
    entry = session.get(kind, entry_id, with_for_update={"of": kind}) if entry_id <= MAX_ID else None
    if (
        entry is None
        or entry.deleted_at is not None
        or entry.case_id != case.id
        or only_of not in (None, entry.representative_id)
    ):
        raise NotFound("There is no such entry on this case.")
    return entry


def change(session: Session, entry: Entry, person: Person, *, now: int, **values: Any) -> None:
    """Change an own entry (administrators: any); columns that are not named stay."""
    _check_rights(entry, person)
    if "worked_at" in values:
        _check_worked_at(values["worked_at"], now)
    for name, value in values.items():
        setattr(entry, name, value)
    entry.changed_at = now
    session.flush()


def delete(session: Session, entry: Entry, person: Person, *, now: int) -> None:
    """Delete an own entry (administrators: any): its words are gone, the mark of its deletion stays."""
    _check_rights(entry, person)
    entry.description = ""
    entry.changed_at = entry.deleted_at = now


def of_case(
    session: Session,
    kind: type[E],
    case: Case,
    *,
    only_of: int | None = None,
    limit: int | None = None,
    before_id: int | None = None,
) -> Sequence[E]:
    """Entries of a case, the newest first; `only_of` is the id of the one person whose entries may be seen."""
    query = select(kind).where(kind.case_id == case.id, kind.deleted_at.is_(None)).order_by(kind.id.desc())
    if only_of is not None:
        query = query.where(kind.representative_id == only_of)
    if before_id is not None:
        query = query.where(kind.id < before_id)
    if limit is not None:
        query = query.limit(limit)
    return session.scalars(query).all()


def seconds_by_person(session: Session, kind: type[Entry], case_id: int) -> dict[int, int]:
    """The sum of the durations on a case, in seconds, by the id of the person."""
    rows = session.execute(
        select(kind.representative_id, func.sum(kind.duration_seconds))
        .where(kind.case_id == case_id, kind.deleted_at.is_(None))
        .group_by(kind.representative_id)
    )
    return {person: int(seconds) for person, seconds in rows}


def last_changes(session: Session, kind: type[Entry], case_id: int) -> dict[int, int]:
    """When entries of the case were last added, changed or deleted, by the id of the person whose they are."""
    rows = session.execute(
        select(kind.representative_id, func.max(kind.changed_at))
        .where(kind.case_id == case_id)
        .group_by(kind.representative_id)
    )
    return {person: int(changed_at) for person, changed_at in rows}


def _check_rights(entry: Entry, person: Person) -> None:
    if entry.representative_id != person.id and person.role != ADMINISTRATOR:
        raise Forbidden("This entry is somebody else's: only they and administrators may change it.")


def _check_worked_at(worked_at: int, now: int) -> None:
    if worked_at > now + FUTURE_TOLERANCE_MS:
        raise Invalid("Time cannot be logged ahead: choose a date that is not in the future.")
