"""Changing the audit log as somebody would who can write to the database and knows all but the secret key."""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.audit.chain import BEGINNING, hash_of, key_from
from server.audit.log import Actor, record
from server.audit.verify import Verdict, verify
from tests.conftest import NOON, World

KEY = key_from("k" * 40)
"""That of the world's server."""

COLUMNS = ("id", "at", "actor", "actor_id", "action", "subject", "details", "address", "previous_hash", "hash")

Row = dict[str, Any]


def write_entries(session: Session, many: int = 8, *, first: int = 0) -> None:
    """Add so many entries, whose contents are numbered from `first` on."""
    ada = Actor("ada", 4, "203.0.113.7")
    for number in range(first, first + many):
        record(session, "settings.changed", now=NOON + number, by=ada, subject=f"Größe {number}", old=number, new=None)


def emptied(world: World) -> World:
    """A log that begins now, whatever was recorded while the world was made."""

    def empty(session: Session) -> None:
        without_guards(session)
        session.execute(text("DELETE FROM audit_log"))
        session.execute(text(f"UPDATE audit_head SET count = 0, hash = '{BEGINNING}', seal = ''"))

    world.write(empty)
    return world


def without_guards(session: Session) -> None:
    """Switch the rules off that keep entries from being changed by accident."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    names = session.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'audit%'")).all()
    for name in names:
        session.execute(text(f"DROP TRIGGER {name}"))


def rows_of(session: Session) -> list[Row]:
    return [dict(row._mapping) for row in session.execute(text("SELECT * FROM audit_log ORDER BY id"))]


def head_of(session: Session) -> Row:
    return dict(session.execute(text("SELECT count, hash, seal FROM audit_head")).one()._mapping)


def put(session: Session, rows: Sequence[Row], head: Row | None = None) -> None:
    """Have these rows be the whole log, and this its head; without one the head stays."""
    without_guards(session)
    session.execute(text("DELETE FROM audit_log"))
    if rows:
        names = ", ".join(COLUMNS)
        places = ", ".join(f":{name}" for name in COLUMNS)
        session.execute(text(f"INSERT INTO audit_log ({names}) VALUES ({places})"), list(rows))
    if head is not None:
        session.execute(text("UPDATE audit_head SET count = :count, hash = :hash, seal = :seal"), head)


def rechained(rows: Sequence[Row]) -> list[Row]:
    """The same contents numbered and hashed anew, which takes no key."""
    made: list[Row] = []
    for number, row in enumerate(rows, start=1):
        one = {**row, "id": number, "previous_hash": made[-1]["hash"] if made else BEGINNING}
        one["hash"] = hash_of(*(one[name] for name in COLUMNS[:-1]))
        made.append(one)
    return made


def forged_head(rows: Sequence[Row], *, secret: str = "a guess") -> Row:
    """A head for these rows, sealed with a key that is not the server's."""
    count, last = len(rows), rows[-1]["hash"] if rows else BEGINNING
    seal = hmac.digest(key_from(secret), f'[{count},"{last}"]'.encode(), "sha256").hex()
    return {"count": count, "hash": last, "seal": seal}


def verdict_after(world: World, tamper: Callable[[Session], object]) -> Verdict:
    """What verification says after a tampering, which is undone again."""
    found: list[Verdict] = []

    class Undone(Exception):
        pass

    def verb(session: Session) -> None:
        without_guards(session)
        tamper(session)
        found.append(verify(session, KEY))
        raise Undone

    try:
        world.write(verb)
    except Undone:
        pass
    return found[0]
