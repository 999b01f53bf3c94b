"""Each kind of tampering with the audit log is found, and named by its first place (A8, X85)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.audit.chain import BEGINNING
from server.audit.verify import Known, examine
from server.operation.doctor import examine as examine_all
from tests.audit.tampering import (
    COLUMNS,
    emptied,
    forged_head,
    head_of,
    put,
    rechained,
    rows_of,
    verdict_after,
    without_guards,
    write_entries,
)
from tests.conftest import World

OTHER = {"at": 1, "actor_id": 9, "previous_hash": "f" * 64, "hash": "f" * 64}


@pytest.fixture
def log(each_world: World) -> World:
    """Eight entries on either database."""
    emptied(each_world).write(write_entries)
    return each_world


def _after_sql(log: World, *statements: str) -> str:
    verdict = verdict_after(log, lambda session: [session.execute(text(one)) for one in statements])
    assert verdict.fault is not None
    return f"{verdict.right} right; {verdict.fault}"


def test_a_log_that_nobody_touched_is_right(log: World) -> None:
    """A8"""
    verdict = examine(log.database)

    assert (verdict.right, verdict.fault) == (8, None)
    assert verdict.last == Known(8, log.read(rows_of)[-1]["hash"])


def test_an_empty_log_is_right(each_world: World) -> None:
    """A8"""
    assert examine(emptied(each_world).database).fault is None


@pytest.mark.parametrize("column", COLUMNS[1:])
def test_a_changed_field_is_found(log: World, column: str) -> None:
    """A8, X85: in every column."""
    value = repr(OTHER.get(column, "other"))
    said = _after_sql(log, f"UPDATE audit_log SET {column} = {value} WHERE id = 5")

    assert said.startswith("4 right; entry 5 ")
    assert "changed" in said or column == "previous_hash"


def test_an_actor_that_was_taken_away_is_found(log: World) -> None:
    """X85: nothing, no word and the word null are three things."""
    for value in ("NULL", "0"):
        assert "entry 5 was changed" in _after_sql(log, f"UPDATE audit_log SET actor_id = {value} WHERE id = 5")


def test_a_row_deleted_in_the_middle_is_found(log: World) -> None:
    """A8, X85"""
    assert _after_sql(log, "DELETE FROM audit_log WHERE id = 3") == "2 right; entry 3 is missing"
    assert _after_sql(log, "DELETE FROM audit_log WHERE id = 1") == "0 right; entry 1 is missing"


def test_a_log_cut_off_at_its_end_is_found(log: World) -> None:
    """A8, X85"""
    said = _after_sql(log, "DELETE FROM audit_log WHERE id > 6")

    assert said == "6 right; entry 7 is missing: the log was cut off, it had 8 entries"


def test_a_log_cut_off_together_with_its_head_is_found(log: World) -> None:
    """A8, X85: the hash of the entry that is the last now is known to whoever reads; its seal is not."""

    def cut(session: Session) -> None:
        rows = rows_of(session)[:6]
        put(session, rows, {**head_of(session), "count": 6, "hash": rows[-1]["hash"]})

    verdict = verdict_after(log, cut)
    assert verdict.fault is not None
    assert "not sealed with this secret key" in verdict.fault
    assert verdict.seal_is_wrong


@pytest.mark.parametrize("secret", ["", "a guess", "k" * 39])
def test_a_log_that_was_written_anew_without_the_key_is_found(log: World, secret: str) -> None:
    """A8, X85: one word changed, every hash made again, the head sealed with some other key."""

    def rewrite(session: Session) -> None:
        rows = rows_of(session)
        rows[2]["actor"] = "ben"
        made = rechained(rows)
        put(session, made, forged_head(made, secret=secret))

    verdict = verdict_after(log, rewrite)
    assert verdict.seal_is_wrong


def test_a_log_that_was_written_anew_under_the_head_of_before_is_found(log: World) -> None:
    """X85"""

    def rewrite(session: Session) -> None:
        rows = rows_of(session)
        rows[2]["actor"] = "ben"
        put(session, rechained(rows))

    assert "written anew" in str(verdict_after(log, rewrite).fault)


def test_an_old_head_under_newer_entries_is_found(log: World) -> None:
    """X85: the head alone rolled back, with the seal that it had."""
    before = log.read(head_of)
    log.write(lambda session: write_entries(session, 2))

    verdict = verdict_after(log, lambda session: put(session, rows_of(session), before))

    assert verdict.right == 8
    assert verdict.fault == "entry 9 was put in, or the head put back: the log ends with entry 8"


def test_a_head_that_is_gone_is_found(log: World) -> None:
    """X85"""
    assert "the head is missing" in _after_sql(log, "DELETE FROM audit_head")


@pytest.mark.parametrize(("one", "other"), [(3, 4), (2, 7), (1, 8)])
def test_swapped_rows_are_found(log: World, one: int, other: int) -> None:
    """A8, X85: their places, or everything but their hashes."""
    places = [
        f"UPDATE audit_log SET id = {new} WHERE id = {old}" for old, new in [(one, 99), (other, one), (99, other)]
    ]
    assert _after_sql(log, *places).startswith(f"{one - 1} right; entry {one} does not follow")

    def swap_contents(session: Session) -> None:
        rows = rows_of(session)
        here, there = rows[one - 1], rows[other - 1]
        for name in COLUMNS[1:-2]:
            here[name], there[name] = there[name], here[name]
        put(session, rows)

    assert verdict_after(log, swap_contents).fault == f"entry {one} was changed: it does not fit its hash"


@pytest.mark.parametrize("place", [0, 1, 4, 8])
def test_a_row_that_was_put_in_is_found(log: World, place: int) -> None:
    """A8, X85: others making room for it; with or without hashes made again."""

    def put_in(session: Session) -> None:
        rows = rows_of(session)
        rows.insert(place, {**rows[2], "subject": "never happened"})
        put(session, [{**row, "id": number} for number, row in enumerate(rows, start=1)])

    verdict = verdict_after(log, put_in)
    assert verdict.right == place
    assert verdict.fault is not None

    assert verdict_after(log, lambda session: (put_in(session), put(session, rechained(rows_of(session))))).fault


@pytest.mark.parametrize("number", [0, -3])
def test_a_row_before_the_first_is_found(log: World, number: int) -> None:
    """X85"""

    def put_before(session: Session) -> None:
        rows = rows_of(session)
        put(session, [{**rows[0], "id": number}, *rows])

    assert verdict_after(log, put_before).fault == f"entry {number} was put in: the first one is 1"


def test_what_is_no_text_is_found(world: World) -> None:
    """X85: SQLite keeps bytes as text that no program can read."""
    emptied(world).write(write_entries)

    assert "changed" in _after_sql(world, "UPDATE audit_log SET actor = CAST(x'ff' AS TEXT) WHERE id = 4")


# --- the seal under a server that goes on


def test_a_server_that_goes_on_writing_does_not_sign_what_was_forged(
    log: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A8, X85: its next entry would otherwise put a good seal on a log that somebody cut off or wrote anew."""

    def cut(session: Session) -> None:
        rows = rows_of(session)[:6]
        put(session, rows, {**head_of(session), "count": 6, "hash": rows[-1]["hash"]})

    log.write(cut)
    answer = log.client("ada").patch("/api/v1/settings/tracking", json={"count_idle": True})

    assert answer.status_code == 200, "a broken seal stops nobody's work"
    assert "audit verify" in caplog.text
    verdict = examine(log.database)
    assert (verdict.right, verdict.seal_is_wrong) == (7, True)


def test_an_old_state_put_back_as_a_whole_is_known_by_what_was_kept(log: World) -> None:
    """X85: chain and head rolled back together are an older log, and right in itself."""
    kept = examine(log.database).last
    rows, head = log.read(rows_of), log.read(head_of)
    log.write(lambda session: write_entries(session, 3))
    newer = examine(log.database).last
    assert examine(log.database, kept=kept).fault is None

    log.write(lambda session: put(session, rows, head))

    assert examine(log.database).fault is None
    assert examine(log.database, kept=kept).fault is None
    assert "entry 11, which was kept, is gone" in str(examine(log.database, kept=newer).fault)
    log.write(lambda session: write_entries(session, 4, first=100))
    assert "entry 11 is another one than was kept" in str(examine(log.database, kept=newer).fault)
    log.write(lambda session: put(session, [], {"count": 0, "hash": BEGINNING, "seal": ""}))
    assert "is gone" in str(examine(log.database, kept=kept).fault)


def test_the_doctor_finds_it_too(log: World) -> None:
    """A8"""
    assert examine_all(log.database, now=log.clock.now).faults == []

    def change(session: Session) -> None:
        without_guards(session)
        session.execute(text("UPDATE audit_log SET subject = 'x' WHERE id = 2"))

    log.write(change)

    (finding,) = examine_all(log.database, now=log.clock.now).faults
    assert "audit log" in finding.words
    assert finding.examples == ("entry 2 was changed: it does not fit its hash",)


# --- accidents


ACCIDENTS: list[Callable[[Any], str]] = [
    lambda _: "UPDATE audit_log SET actor = 'x' WHERE id = 2",
    lambda _: "DELETE FROM audit_log WHERE id = 8",
    lambda _: "DELETE FROM audit_head",
    lambda is_sqlite: "DELETE FROM audit_log" if is_sqlite else "TRUNCATE audit_log",
    lambda _: "INSERT INTO audit_head (id, count, hash, seal) VALUES (2, 0, '', '')",
]


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_the_database_itself_refuses_changes_of_the_log(each_world: World, accident: Callable[[Any], str]) -> None:
    """A8"""
    each_world.write(write_entries)
    before = each_world.read(rows_of)
    statement = text(accident(each_world.database.is_sqlite))
    with pytest.raises(DBAPIError):
        each_world.write(lambda session: session.execute(statement))

    assert each_world.read(rows_of) == before
