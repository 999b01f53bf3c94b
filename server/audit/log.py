"""Writing the audit log: an entry stands or falls with the transaction of what it records.

A seal that is broken stays broken however much is written after it, so that nobody can have the server itself sign
what they forged. `seal_anew` alone, a deliberate act of an operator, makes a good one again, and leaves an entry.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from server.audit.chain import Head, canonical, hash_of, is_sealed, key_from, sealed
from server.audit.models import AuditEntry, AuditHead
from server.db import Database

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | Sequence[Value] | None"

log = logging.getLogger(__name__)

_KEY = "caseclock_audit_key"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: their username and id, and the address they call from, where there is one."""

    username: str
    id: int | None = None
    address: str = ""


SYSTEM = Actor("system")
"""The command line, and what runs by itself."""


def seal_with(database: Database, secret: str) -> None:
    """Have what is written through this `Database` sealed with a key made from the server's secret."""
    database.engine.update_execution_options(**{_KEY: key_from(secret)})


def key_of(database: Database) -> bytes | None:
    """The key of its seals, if it has one."""
    return database.engine.get_execution_options().get(_KEY)


def record(session: Session, action: str, *, now: int, by: Actor = SYSTEM, subject: str = "", **details: Value) -> None:
    """Add an entry in the transaction of what it records, as the last thing that is done in it.

    It holds up whoever else adds one until the transaction ends: what came after it could wait for them in turn.
    """
    head = _locked_head(session)
    key = _key(session)
    is_good = key is not None and is_sealed(key, head)
    if key is not None and not is_good:
        log.error("the audit log is not sealed with this server's secret key: run 'caseclock audit verify'")
    _append(session, head, key if is_good else None, action, now=now, by=by, subject=subject, details=details)


def seal_anew(session: Session, *, now: int) -> bool:
    """Seal the log with the key in use, whatever seal it has, and leave an entry; False if there was no need."""
    head = _locked_head(session)
    key = _key(session)
    if key is None or is_sealed(key, head):
        return False
    details: dict[str, Value] = {"entries": head.count, "hash": head.hash}
    _append(session, head, key, "audit.sealed", now=now, by=SYSTEM, subject="", details=details)
    return True


def head_of(session: Session) -> Head | None:
    """The end of the chain as it is stored."""
    row = session.execute(select(AuditHead.count, AuditHead.hash, AuditHead.seal)).one_or_none()
    return None if row is None else Head(*row)


def _locked_head(session: Session) -> Head:
    """The head, held until the transaction ends. SQLite holds off every other writer anyway."""
    session.flush()  # the locks of what is recorded come before the one that all wait for
    columns = select(AuditHead.count, AuditHead.hash, AuditHead.seal)
    return Head(*session.execute(columns.with_for_update()).one())


def _key(session: Session) -> bytes | None:
    return session.connection().get_execution_options().get(_KEY)


def _append(
    session: Session,
    head: Head,
    key: bytes | None,
    action: str,
    *,
    now: int,
    by: Actor,
    subject: str,
    details: Mapping[str, Value],
) -> None:
    number, text = head.count + 1, canonical(details)
    own = hash_of(number, now, by.username, by.id, action, subject, text, by.address, head.hash)
    session.execute(
        insert(AuditEntry).values(
            id=number,
            at=now,
            actor=by.username,
            actor_id=by.id,
            action=action,
            subject=subject,
            details=text,
            address=by.address,
            previous_hash=head.hash,
            hash=own,
        )
    )
    new = Head(number, own, "") if key is None else sealed(key, number, own)
    session.execute(
        update(AuditHead).values(count=new.count, hash=new.hash, seal=new.seal),
        execution_options={"synchronize_session": False},
    )
