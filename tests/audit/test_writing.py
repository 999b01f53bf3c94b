"""An entry stands or falls with what it records, and no two writers take one number (A8)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from server import db
from server.accounts import people
from server.accounts.models import Person
from server.audit import log as audit_log
from server.audit.models import AuditEntry
from server.audit.verify import examine
from server.db import Database
from tests.audit.tampering import emptied, write_entries
from tests.conftest import NOON, World


class _Fails(Exception):
    pass


def _entries(world: World) -> int:
    return int(world.read(lambda session: session.scalar(select(func.count()).select_from(AuditEntry))))


def _role(world: World, who: str) -> str:
    return str(world.read(lambda session: session.get_one(Person, world.ids[who]).role))


def test_what_fails_after_its_entry_leaves_neither(each_world: World) -> None:
    """A8"""
    before = _entries(each_world)

    def verb(session: Session) -> None:
        people.set_role(session, session.get_one(Person, each_world.ids["ana"]), "supervisor", now=NOON)
        raise _Fails

    with pytest.raises(_Fails):
        each_world.write(verb)

    assert (_role(each_world, "ana"), _entries(each_world)) == ("representative", before)
    assert examine(each_world.database).fault is None


def test_what_cannot_be_recorded_does_not_happen(each_world: World) -> None:
    """A8: here since the database refuses an entry from before 1970."""
    before = _entries(each_world)

    def verb(session: Session) -> None:
        people.set_role(session, session.get_one(Person, each_world.ids["ana"]), "supervisor", now=-1)

    with pytest.raises(DBAPIError):
        each_world.write(verb)

    assert (_role(each_world, "ana"), _entries(each_world)) == ("representative", before)


def test_a_verb_may_record_several_things(each_world: World) -> None:
    """A8"""
    emptied(each_world).write(lambda session: write_entries(session, 3))
    each_world.write(lambda session: write_entries(session, 2))

    assert examine(each_world.database).right == 5


def test_many_writers_at_once_leave_no_gap(each_world: World) -> None:
    """A8: two processes with four threads each, as far as the database can tell."""
    emptied(each_world)
    other = Database(each_world.config.database_url)
    audit_log.seal_with(other, each_world.config.secret_key)

    def write(number: int) -> None:
        database = other if number % 2 else each_world.database
        database.write(lambda session: audit_log.record(session, "test.written", now=NOON + number, number=number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(80)))
    other.close()

    verdict = examine(each_world.database)
    assert (verdict.right, verdict.fault) == (80, None)
    instants = each_world.read(lambda session: session.scalars(select(AuditEntry.at)).all())
    assert sorted(instants) == [NOON + number for number in range(80)]


def test_who_comes_second_waits_until_the_first_is_done(each_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A8"""
    monkeypatch.setattr(db, "BUSY_TIMEOUT_S", 0.01)
    other = Database(each_world.config.database_url)

    def second(session: Session) -> None:
        if not each_world.database.is_sqlite:
            session.execute(text("SET LOCAL lock_timeout = '10ms'"))
        write_entries(session, 1)

    def first(session: Session) -> None:
        write_entries(session, 1)
        with pytest.raises(OperationalError, match=r"locked|lock timeout"):
            other.write(second)

    each_world.write(first)
    other.close()

    assert examine(each_world.database).fault is None


def test_a_reader_sees_one_state_while_others_write(each_world: World) -> None:
    """A8: an entry that is added during the walk is neither missed nor surplus."""
    database = each_world.database
    emptied(each_world).write(write_entries)
    added: list[int] = []
    execute = Session.execute

    def adding(self: Session, statement: object, *args: object, **more: object) -> object:
        found = execute(self, statement, *args, **more)  # type: ignore[call-overload]
        if "audit_head" in str(statement) and not added:
            added.append(1)
            other = Database(each_world.config.database_url)
            audit_log.seal_with(other, each_world.config.secret_key)
            other.write(lambda session: write_entries(session, 2))
            other.close()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "execute", adding)
        verdict = examine(database)

    assert added
    assert (verdict.right, verdict.fault) == (8, None)
    assert examine(database).right == 10
