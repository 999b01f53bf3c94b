"""What administrators do to entries of other people, for the audit log: which figures, and none of the words."""

from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.audit import log as audit_log
from server.audit.log import Actor
from server.cases.models import Case
from server.clock import iso
from server.time_entries.models import Activity, TimeLog

Entry: TypeAlias = TimeLog | Activity
Seen: TypeAlias = dict[str, Any]

_WORDS = ("description", "subject")


def seen(entry: Entry) -> Seen:
    """An entry as it is before a change. Of its words only whether they change will be said."""
    columns = {name: getattr(entry, name, None) for name in ("duration_seconds", "has_start", "kind", *_WORDS)}
    return {"representative": entry.representative.username, "worked_at": iso(entry.worked_at), **columns}


def record_addition(session: Session, entry: Entry, person: Person, *, now: int, address: str) -> None:
    """Record that an entry was added, if it is somebody else's."""
    new = seen(entry)
    if new["representative"] != person.username:
        details = {"duration_seconds": new["duration_seconds"], "worked_at": new["worked_at"]}
        _record(session, "entry.added_by_administrator", entry, person, new, details, now=now, address=address)


def record_change(session: Session, before: Seen, entry: Entry, person: Person, *, now: int, address: str) -> None:
    """Record what changed of an entry, if it was somebody else's or is now."""
    after = seen(entry)
    changed = {
        name: "changed" if name in _WORDS else {"old": before[name], "new": after[name]}
        for name in after
        if before[name] != after[name]
    }
    if changed and {before["representative"], after["representative"]} != {person.username}:
        details = {"changes": changed}
        _record(session, "entry.changed_by_administrator", entry, person, before, details, now=now, address=address)


def record_deletion(session: Session, before: Seen, entry: Entry, person: Person, *, now: int, address: str) -> None:
    """Record that an entry was deleted, if it was somebody else's."""
    if before["representative"] != person.username:
        details = {"duration_seconds": before["duration_seconds"], "worked_at": before["worked_at"]}
        _record(session, "entry.deleted_by_administrator", entry, person, before, details, now=now, address=address)


def _record(
    session: Session,
    action: str,
    entry: Entry,
    person: Person,
    whose: Seen,
    details: Seen,
    *,
    now: int,
    address: str,
) -> None:
    audit_log.record(
        session,
        action,
        now=now,
        by=Actor(person.username, person.id, address),
        subject=session.get_one(Case, entry.case_id).ref,
        entry=entry.id,
        of=entry.__tablename__,
        representative=whose["representative"],
        **details,
    )
