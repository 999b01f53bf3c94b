"""Is the audit log as it was written? Walks the whole chain in batches; what is wrong is named by its first place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.audit.chain import BEGINNING, Head, hash_of, is_sealed
from server.audit.log import head_of, key_of
from server.audit.models import AuditEntry
from server.db import Database, see_one_state

_BATCH = 2_000
_COLUMNS = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor,
    AuditEntry.actor_id,
    AuditEntry.action,
    AuditEntry.subject,
    AuditEntry.details,
    AuditEntry.address,
    AuditEntry.previous_hash,
    AuditEntry.hash,
)


@dataclass(frozen=True, slots=True)
class Known:
    """An entry whose hash somebody keeps outside of the database."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`right` is the number of entries up to the first wrong one, `last` the last of them; `fault` says what is wrong.

    The chain alone may be right while the seal is not: then `seal_is_wrong`, and all entries count as right.
    """

    right: int
    last: Known
    fault: str | None = None
    seal_is_wrong: bool = False


class _Wrong(Exception):
    """The walk is over: what is wrong, in words."""


def examine(database: Database, *, kept: Known | None = None) -> Verdict:
    """Check the log of a database, with the key of its seals; the server may write to it meanwhile."""

    def look(session: Session) -> Verdict:
        see_one_state(session)
        return verify(session, key_of(database), kept=kept)

    return database.read(look)


def verify(session: Session, key: bytes | None, *, kept: Known | None = None) -> Verdict:
    """Check every entry, the head and, with a key, its seal; and that the log still holds an entry that was kept.

    The session must see one state of the database.
    """
    head, last = head_of(session), Known(0, BEGINNING)
    try:
        for row in _rows(session):
            _check(row, last, head)
            last = Known(row.id, row.hash)
            if kept is not None and kept.number == last.number and kept.hash != last.hash:
                raise _Wrong(f"entry {kept.number} is another one than was kept: the log was written anew")
        _check_end(head, last)
        if kept is not None and kept.number > last.number:
            raise _Wrong(f"entry {kept.number}, which was kept, is gone: the log was put back to an older state")
    except _Wrong as wrong:
        return Verdict(last.number, last, str(wrong))
    if key is not None and head is not None and not is_sealed(key, head):
        words = "the head is not sealed with this secret key: it was forged, or CASECLOCK_SECRET_KEY is another one"
        return Verdict(last.number, last, words, seal_is_wrong=True)
    return Verdict(last.number, last)


def _rows(session: Session) -> Iterator[Any]:
    query, after = select(*_COLUMNS).order_by(AuditEntry.id).limit(_BATCH), None
    while True:
        try:
            rows = session.execute(query if after is None else query.where(AuditEntry.id > after)).all()
        except OperationalError as error:
            if "decode" not in str(error.orig):
                raise
            raise _Wrong(f"an entry after {after or 0} was changed: it holds what is no text") from None
        yield from rows
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


def _check(row: Any, last: Known, head: Head | None) -> None:
    number = last.number + 1
    if row.id < number:
        raise _Wrong(f"entry {row.id} was put in: the first one is 1")
    if row.id > number:
        raise _Wrong(f"entry {number} is missing")
    if row.previous_hash != last.hash:
        raise _Wrong(f"entry {number} does not follow the one before it: it was moved, replaced or put in")
    if row.hash != hash_of(*row[:-1]):
        raise _Wrong(f"entry {number} was changed: it does not fit its hash")
    if head is not None and number > head.count:
        raise _Wrong(f"entry {number} was put in, or the head put back: the log ends with entry {head.count}")


def _check_end(head: Head | None, last: Known) -> None:
    if head is None:
        raise _Wrong("the head is missing: nothing says how many entries there were")
    if head.count > last.number:
        raise _Wrong(f"entry {last.number + 1} is missing: the log was cut off, it had {head.count} entries")
    if head.hash != last.hash:
        raise _Wrong("the head was forged, or all entries written anew: its hash is not that of the last entry")
