"""Verbs on time logs and activities. Both are entries of one person on one case, with the same rights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import blinker
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.models import ADMINISTRATOR, Person
from server.accounts.people import by_username
from server.cases.models import Case
from server.i18n import _
from server.problems import Forbidden, Invalid, NotFound
from server.settings import TrackingSettings
from server.time_entries import audited
from server.time_entries.models import Activity, TimeLog
from server.time_entries.overlap import MAX_MS

E = TypeVar("E", bound=TimeLog | Activity)

MAX_ID = 2**63 - 1
FUTURE_TOLERANCE_MS = 24 * 3600 * 1000
_INTERVAL = ("worked_at", "duration_seconds", "has_start")

entries_changed = blinker.Signal("Sent by the Flask application after an entry was added, changed or deleted.")

Entry: TypeAlias = TimeLog | Activity


@dataclass(frozen=True, slots=True)
class Logged:
    """Durations of entries, in seconds, and how much of that was tracked as well."""

    seconds: int = 0
    overlap_seconds: int = 0

    def counted(self, *, overlap_once: bool) -> int:
        """What of it counts; with `overlap_once`, what was tracked as well is left out."""
        return self.seconds - self.overlap_seconds if overlap_once else self.seconds


def add(
    session: Session,
    kind: type[E],
    case: Case,
    person: Person,
    /,
    *,
    settings: TrackingSettings,
    now: int,
    representative: str | None = None,
    worked_at: int | None = None,
    has_start: bool | None = None,
    address: str = "",
    **values: Any,
) -> E:
    """Log time on a case, as this person, of theirs or (administrators) of the `representative` of that username.

    Without `worked_at` it is now, of which only the day means something. `values` are further columns of the kind.
    """
    if kind is TimeLog and person.is_representative and not settings.allow_time_logs:
        raise Forbidden(_("Time logs are switched off: ask an administrator to allow them."))
    if worked_at is None and has_start:
        raise Invalid(_("Say when the work began: has_start needs worked_at."))
    instant = now if worked_at is None else worked_at
    _check_worked_at(instant, now)
    entry = kind(
        case_id=case.id,
        representative_id=whose(session, person, representative).id,
        worked_at=instant,
        has_start=worked_at is not None if has_start is None else has_start,
        created_at=now,
        changed_at=now,
        **values,
    )
    session.add(entry)
    session.flush()
    session.refresh(entry)
    audited.record_addition(session, entry, person, now=now, address=address)
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
        raise NotFound(_("There is no such entry on this case."))
    return entry


def change(
    session: Session,
    entry: Entry,
    person: Person,
    *,
    now: int,
    representative: str | None = None,
    address: str = "",
    **values: Any,
) -> None:
    """Change an own entry (administrators: any, and whose it is); columns that are not named stay.

    What purged records covered of it is forgotten with the interval that they covered.
    """
    _check_rights(entry, person)
    if "worked_at" in values:
        _check_worked_at(values["worked_at"], now)
    new_id = entry.representative_id if representative is None else whose(session, person, representative).id
    is_moved = new_id != entry.representative_id
    before = audited.seen(entry)
    if is_moved:
        _leave_mark(session, entry, now)
        entry.client_id = None
    if is_moved or any(name in values and values[name] != getattr(entry, name) for name in _INTERVAL):
        entry.purged_overlap_ms = 0
    for name, value in values.items():
        setattr(entry, name, value)
    entry.representative_id = new_id
    entry.changed_at = now
    session.flush()
    session.refresh(entry)
    audited.record_change(session, before, entry, person, now=now, address=address)


def delete(session: Session, entry: Entry, person: Person, *, now: int, address: str = "") -> None:
    """Delete an own entry (administrators: any): its words are gone, the mark of its deletion stays."""
    _check_rights(entry, person)
    before = audited.seen(entry)
    _make_mark(entry, now)
    audited.record_deletion(session, before, entry, person, now=now, address=address)


def may_change(entry: Entry, person: Person) -> bool:
    """Whether this person may change and delete the entry."""
    return entry.representative_id == person.id or person.role == ADMINISTRATOR


def of_case(
    session: Session,
    kind: type[E],
    case: Case,
    *,
    only_of: int | None = None,
    limit: int | None = None,
    before: tuple[int, ...] | None = None,
) -> Sequence[E]:
    """Entries of a case, what was worked last first; `only_of` is the one person whose entries may be seen.

    `before` is the place of the last entry of the page before.
    """
    query = select(kind).where(kind.case_id == case.id, kind.deleted_at.is_(None))
    query = query.order_by(kind.worked_at.desc(), kind.id.desc())
    if only_of is not None:
        query = query.where(kind.representative_id == only_of)
    if before is not None:
        query = query.where(tuple_(kind.worked_at, kind.id) < before)
    if limit is not None:
        query = query.limit(limit)
    return session.scalars(query).all()


def place(entry: Entry) -> tuple[int, ...]:
    """By what entries are sorted."""
    return entry.worked_at, entry.id


def overlap_seconds(entry: Entry) -> int:
    """How much of an entry was tracked as well, in whole seconds."""
    return entry.overlap_ms // 1000


def logged_by_person(session: Session, kind: type[Entry], case_id: int) -> dict[int, Logged]:
    """The sums of the entries on a case by the id of the person; overlaps in whole seconds of each entry."""
    each = (
        select(kind.representative_id, kind.duration_seconds, (kind.overlap_ms // 1000).label("overlap_seconds"))
        .where(kind.case_id == case_id, kind.deleted_at.is_(None))
        .subquery()
    )
    rows = session.execute(
        select(each.c.representative_id, func.sum(each.c.duration_seconds), func.sum(each.c.overlap_seconds)).group_by(
            each.c.representative_id
        )
    )
    return {person: Logged(int(seconds), int(overlap)) for person, seconds, overlap in rows}


def cases_worked_on_since(session: Session, representatives: Iterable[int], *, since: int) -> set[int]:
    """The ids of the cases with entries of these people whose interval goes on after an instant."""
    found: set[int] = set()
    for kind in (TimeLog, Activity):
        found |= set(
            session.scalars(
                select(kind.case_id).where(
                    kind.representative_id.in_(list(representatives)),
                    kind.worked_at > since - MAX_MS,
                    kind.worked_at + kind.duration_seconds * 1000 > since,
                    kind.has_start,
                    kind.deleted_at.is_(None),
                )
            )
        )
    return found


def last_changes(session: Session, kind: type[Entry], case_id: int) -> dict[int, int]:
    """When entries of the case were last added, changed or deleted, by the id of the person whose they are."""
    rows = session.execute(
        select(kind.representative_id, func.max(kind.changed_at))
        .where(kind.case_id == case_id)
        .group_by(kind.representative_id)
    )
    return {person: int(changed_at) for person, changed_at in rows}


def whose(session: Session, person: Person, named: str | None) -> Person:
    """Whose entry it is if this person adds or changes it: their own, or that of the username that is named."""
    if named in (None, person.username):
        return person
    if person.role != ADMINISTRATOR:
        raise Forbidden(_("Only administrators may say that somebody else worked: leave `representative` out."))
    found = by_username(session, str(named))
    if found is None:
        raise Invalid(_("There is nobody of the username that `representative` gives. Check it for typing errors."))
    return found


def _check_rights(entry: Entry, person: Person) -> None:
    if not may_change(entry, person):
        raise Forbidden(_("This entry is somebody else's: only they and administrators may change it."))


def _leave_mark(session: Session, entry: Entry, now: int) -> None:
    """Before an entry becomes somebody else's: for whose it was it is as if it were deleted."""
    columns = {column.name for column in entry.__table__.columns} - {"id"}
    mark = type(entry)(**{name: getattr(entry, name) for name in columns})
    _make_mark(mark, now)
    session.add(mark)


def _make_mark(entry: Entry, now: int) -> None:
    entry.description = ""
    if isinstance(entry, Activity):
        entry.subject = ""
    entry.changed_at = entry.deleted_at = now


def _check_worked_at(worked_at: int, now: int) -> None:
    if worked_at > now + FUTURE_TOLERANCE_MS:
        raise Invalid(_("Time cannot be logged ahead: choose a date that is not in the future."))
