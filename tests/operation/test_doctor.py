"""`caseclock doctor`: finds nothing in what the product wrote, and finds each thing that cannot be."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import OperationalError

from server import db, migrate
from server.admin import records
from server.audit import log as audit_log
from server.cli import main
from server.db import Database
from server.operation import totals
from server.operation.doctor import Examination, examine
from server.tracking.models import (
    CaseTotal,
    DailyTotal,
    PurgedSpan,
    PurgedTotal,
    StreamCursor,
    StreamLoss,
    TrackerRecord,
)
from tests.conftest import NOON, FakeClock, World, _made
from tests.work import worked

HOUR_MS = 3_600_000
CORRUPTIONS: dict[str, tuple[str, Callable[[World], Any]]] = {}
"""What is damaged, by name: words of the finding, and how it is done."""


def corruption(words: str) -> Callable[[Callable[[World], Any]], Callable[[World], Any]]:
    def register(damage: Callable[[World], Any]) -> Callable[[World], Any]:
        CORRUPTIONS[damage.__name__] = (words, damage)
        return damage

    return register


def _examined(world: World) -> Examination:
    return examine(world.database, now=world.clock.now)


def _wrong(world: World) -> list[str]:
    return [finding.words for finding in _examined(world).faults]


def _run(world: World, *statements: str) -> None:
    def verb(session: Any) -> None:
        for statement in statements:
            session.execute(text(statement))

    world.write(verb)


def _lived_in(world: World) -> None:
    """A week of two people with a purge in it, a resolved case, and a hole in a stream."""
    for _ in range(3):
        worked(world, "ana", "CAS-1001", minutes=70)
        worked(world, "ben", "CAS-1002", minutes=30)
        world.clock.advance(minutes=11 * 60)
    purge = {"rule": {"case": "CAS-1002"}, "dry_run": False}
    assert world.client("ada").post("/api/v1/tracker-records/purge", json=purge).json["records"] == 3
    worked(world, "ben", "CAS-1002", minutes=30)
    assert world.client("ana").put("/api/v1/cases/CAS-1003/resolution", json={}).status_code == 200


# --- nothing is wrong


def test_nothing_is_wrong_in_what_the_product_wrote(each_world: World) -> None:
    assert _wrong(each_world) == []
    _lived_in(each_world)
    assert _wrong(each_world) == []
    assert each_world.read(lambda session: session.scalar(select(PurgedTotal.automatic_ms).limit(1)))


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("work"), st.sampled_from(["ana", "ben"]), st.sampled_from([1, 2]), st.integers(1, 80)),
        st.tuples(st.just("pause"), st.integers(1, 40 * 60)),
        st.tuples(st.just("purge"), st.sampled_from(["case", "representative", "before", "ids", "resolved_only"])),
    ),
    max_size=8,
)


def _act(world: World, action: tuple[Any, ...]) -> None:
    if action[0] == "work":
        worked(world, action[1], f"CAS-100{action[2]}", minutes=action[3])
    elif action[0] == "pause":
        world.clock.advance(minutes=action[1])
    else:
        some = world.read(lambda session: session.scalars(select(TrackerRecord.id).limit(2)).all())
        chosen = {
            "case": records.Filter(case="CAS-1001"),
            "representative": records.Filter(representative="ana"),
            "before": records.Filter(before=world.clock.now - 5 * HOUR_MS),
            "ids": records.Filter(ids=tuple(some)),
            "resolved_only": records.Filter(resolved_only=True),
        }[action[1]]
        world.write(lambda session: records.purge_batch(session, chosen, now=world.clock.now))


def _kept(world: World) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    by_case = select(CaseTotal.case_id, CaseTotal.representative_id, CaseTotal.automatic_ms)
    by_day = select(DailyTotal.day, DailyTotal.case_id, DailyTotal.representative_id, DailyTotal.automatic_ms)
    return world.read(
        lambda session: (set(map(tuple, session.execute(by_case))), set(map(tuple, session.execute(by_day))))
    )


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    actions=ACTIONS,
    kinds=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    step=st.sampled_from([-60_000, -1, 1, 7]),
)
def test_whatever_was_worked_and_purged_nothing_is_wrong_and_wrong_totals_are_set_right(
    migrated_sqlite: Path, actions: list[tuple[Any, ...]], kinds: list[int], step: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "caseclock.sqlite3"
        shutil.copy(migrated_sqlite, path)
        with _made(Path(folder), f"sqlite:///{path}", FakeClock(NOON)) as world:
            worked(world, "ana", minutes=60)
            for action in actions:
                _act(world, action)
            assert _wrong(world) == []
            before = _kept(world)

            damages = [
                update(CaseTotal).values(automatic_ms=CaseTotal.automatic_ms + step),
                update(DailyTotal).values(automatic_ms=DailyTotal.automatic_ms + step),
                delete(CaseTotal),
                delete(DailyTotal),
                insert(DailyTotal).values(representative_id=2, day="2020-02-29", case_id=3, automatic_ms=5),
            ]
            for kind in sorted(set(kinds)):
                world.write(lambda session, kind=kind: session.execute(damages[kind]))
            assert any(words.startswith("totals by") for words in _wrong(world))
            now = world.clock.advance(seconds=1)
            world.write(lambda session: totals.repair(session, now=now))
            assert _wrong(world) == []
            assert _kept(world) == before


# --- each thing that cannot be


def _without_rules(world: World, *statements: str) -> None:
    """As somebody does it who writes past the program: checks, triggers and references are off."""
    if not world.database.is_sqlite:
        _run(
            world,
            "ALTER TABLE tracker_records DROP CONSTRAINT tracker_records_no_overlap",
            "ALTER TABLE tracker_records DROP CONSTRAINT tracker_records_order",
            *statements,
        )
        return
    with world.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("DROP TRIGGER tracker_records_no_overlap_insert")
        connection.exec_driver_sql("DROP TRIGGER tracker_records_no_overlap_update")
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
        connection.commit()


@corruption("tracker records that overlap")
def overlapping(world: World) -> None:
    _without_rules(world, "UPDATE tracker_records SET ended_at = ended_at + 200000000 WHERE id = 1")


@corruption("tracker records that overlap")
def one_record_within_another(world: World) -> None:
    _without_rules(world, "UPDATE tracker_records SET started_at = started_at - 200000000 WHERE id = 3")


@corruption("rules of the database against overlapping records that are missing")
def no_rule_against_overlaps(world: World) -> None:
    _without_rules(world)


@corruption("end before or as they start")
def a_record_that_ends_before_it_starts(world: World) -> None:
    _without_rules(world, "UPDATE tracker_records SET ended_at = started_at - 5 WHERE id = 1")


@corruption("do not know whether their case is resolved")
def a_record_that_does_not_know_its_case(world: World) -> None:
    _run(world, "UPDATE tracker_records SET resolved = NOT resolved WHERE id = 1")


@corruption("totals by case")
def a_record_deleted_by_hand(world: World) -> None:
    _run(world, "DELETE FROM tracker_records WHERE id = 1")


@corruption("totals by day")
def a_day_moved(world: World) -> None:
    _run(world, "UPDATE daily_totals SET day = '1' || substr(day, 2) WHERE case_id = 1")


@corruption("totals by case")
def a_total_too_high(world: World) -> None:
    _run(world, "UPDATE case_totals SET automatic_ms = automatic_ms + 1 WHERE case_id = 2")


@corruption("committed event is not one that was applied")
def a_cursor_ahead_of_itself(world: World) -> None:
    _run(world, "UPDATE stream_cursors SET committed_seq = applied_seq + 1")


@corruption("records go on after the instant up to which they are said to be credited")
def a_cursor_before_its_records(world: World) -> None:
    _run(world, "UPDATE stream_cursors SET credited_to = credited_to - 3600000")


@corruption("records of a stream that belongs to another representative")
def a_stream_of_somebody_else(world: World) -> None:
    _run(world, "UPDATE stream_cursors SET representative_id = 3")


@corruption("streams whose open claim cannot be")
def an_open_claim_of_no_case(world: World) -> None:
    _run(world, "UPDATE stream_cursors SET open_case = NULL, open_began = credited_to")


@corruption("streams whose open claim cannot be")
def an_open_claim_of_the_future(world: World) -> None:
    _run(world, "UPDATE stream_cursors SET open_case = 'CAS-1001', open_began = credited_to + 1")


@corruption("streams that were committed after")
def a_clock_that_was_ahead(world: World) -> None:
    world.clock.advance(minutes=-10)


@corruption("tracker records from after")
def a_record_of_the_future(world: World) -> None:
    _run(world, "UPDATE tracker_records SET committed_at = 99999999999999 WHERE id = 1")


@corruption("marks of purged time that end before")
def an_empty_mark(world: World) -> None:
    _run(world, "INSERT INTO purged_spans (representative_id, started_at, ended_at) VALUES (3, 5, 5)")


@corruption("records of time that was purged")
def a_record_of_purged_time(world: World) -> None:
    _run(
        world,
        "INSERT INTO purged_spans (representative_id, started_at, ended_at) "
        "SELECT representative_id, ended_at - 1, ended_at + 9 FROM tracker_records WHERE id = 1",
    )


@corruption("sums of purged time that are negative")
def less_than_nothing_purged(world: World) -> None:
    _run(world, "UPDATE purged_totals SET automatic_ms = -1")


@corruption("corrections that take away more automatic time than there is")
def more_taken_away_than_measured(world: World) -> None:
    """W6: rows that no correction can write, beside one that was made as it should be."""
    body = {"duration_seconds": 0, "reason": "lunch"}
    assert world.client("ana").patch("/api/v1/cases/CAS-1001/automatic-time", json=body).status_code == 200
    assert _wrong(world) == []
    _run(world, "UPDATE case_totals SET automatic_ms = automatic_ms - 1 WHERE representative_id = 1")


@corruption("time logs of which more was tracked than they last")
def more_overlap_than_there_is_of_an_entry(world: World) -> None:
    """W11"""
    assert (
        world.client("ana").post("/api/v1/cases/CAS-1001/time-logs", json={"duration_seconds": 60}).status_code == 201
    )
    assert _wrong(world) == []
    _run(world, "UPDATE time_logs SET purged_overlap_ms = 60001")


@corruption("cases whose status is not that of their last resolution")
def a_resolved_case_without_a_resolution(world: World) -> None:
    _run(world, "UPDATE cases SET status = 'resolved' WHERE id = 1")


@corruption("cases whose status is not that of their last resolution")
def an_active_case_with_an_open_resolution(world: World) -> None:
    _run(world, "UPDATE cases SET status = 'active' WHERE id = 3")


@pytest.mark.parametrize("name", sorted(CORRUPTIONS))
def test_each_thing_that_cannot_be_is_found(each_world: World, name: str) -> None:
    words, damage = CORRUPTIONS[name]
    _lived_in(each_world)

    damage(each_world)

    found = [finding for finding in _examined(each_world).faults if words in finding.words]
    assert len(found) == 1, _wrong(each_world)
    assert found[0].count >= 1
    assert len(found[0].examples) == min(found[0].count, 10) or "rules" in words


def test_a_row_that_points_to_nothing_is_found(world: World) -> None:
    with world.database.engine.connect() as connection:
        connection.connection.execute("COMMIT") if connection.connection.driver_connection.in_transaction else None
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("INSERT INTO stream_losses VALUES (1, 999, 'a-stream', 1, 2, 3)")
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.exec_driver_sql("BEGIN")

    (finding,) = _examined(world).faults
    assert finding.words == "rows that point to rows which are not there"
    assert finding.examples == ("stream_losses row 1 points to no row of people",)


@pytest.mark.parametrize("page", range(2, 40, 4))
def test_a_damaged_page_is_found(world: World, page: int) -> None:
    """X53"""
    _lived_in(world)
    with world.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    world.database.close()
    path = Path(world.config.database_url.removeprefix("sqlite:///"))
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        assert len(file.read(4096)) == 4096
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)

    assert any("the file is damaged" in words for words in _wrong(world))


def test_a_loss_is_a_note_with_its_stream(each_world: World) -> None:
    row = {"representative_id": 1, "stream": "lost-stream", "first_seq": 4, "last_seq": 9, "noticed_at": NOON}
    each_world.write(lambda session: session.execute(insert(StreamLoss), [row] * 12))

    examination = _examined(each_world)

    assert examination.faults == []
    (note,) = [finding for finding in examination.findings if "holes" in finding.words]
    assert (note.count, len(note.examples)) == (12, 10)
    assert note.examples[0] == (
        "stream lost-stream of representative 1: events 4 to 9, noticed 2026-11-20T12:00:00.000Z"
    )


def test_an_old_sqlite_is_a_note(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for version, notes in (((3, 40, 1), 1), ((3, 52, 0), 0)):
        monkeypatch.setattr(db.sqlite3, "sqlite_version_info", version)
        examination = _examined(world)
        assert examination.faults == []
        assert len([one for one in examination.findings if "WAL-reset" in one.words]) == notes


# --- repair


def test_purged_time_stays_in_totals_that_are_repaired(each_world: World) -> None:
    """X68: what a purge took is no mistake, before the repair and after it."""
    _lived_in(each_world)
    purge = {"rule": {"representative": "ana"}, "dry_run": False}
    each_world.client("ada").post("/api/v1/tracker-records/purge", json=purge)
    before = _kept(each_world)
    assert {ms for _, _, ms in before[0]} == {210 * 60_000, 120 * 60_000}
    _run(each_world, "UPDATE case_totals SET automatic_ms = 1", "DELETE FROM daily_totals WHERE case_id = 1")

    done = each_world.write(lambda session: totals.repair(session, now=each_world.clock.now))

    assert done.count > 2
    assert _kept(each_world) == before
    assert each_world.write(lambda session: totals.repair(session, now=each_world.clock.now)).count == 0


def test_what_several_purges_took_of_one_day_adds_up(each_world: World) -> None:
    """X68"""
    for minutes in (1, 2, 4):
        worked(each_world, "ana", minutes=minutes)
    for record in (1, 3):
        purge = {"ids": [record], "dry_run": False}
        assert each_world.client("ada").post("/api/v1/tracker-records/purge", json=purge).json["records"] == 1
        assert _wrong(each_world) == []

    assert each_world.read(lambda session: session.scalars(select(PurgedTotal.automatic_ms)).all()) == [5 * 60_000]


def test_tombs_may_go_and_totals_are_right_nevertheless(each_world: World) -> None:
    _lived_in(each_world)
    later = each_world.clock.advance(minutes=20 * 24 * 60)
    each_world.write(lambda session: records.forget_old_tombs(session, now=later))

    assert each_world.read(lambda session: session.scalar(select(PurgedSpan.id))) is None
    assert _wrong(each_world) == []


def test_another_time_zone_of_a_representative_is_found_and_cut_anew(each_world: World) -> None:
    each_world.clock.now = NOON + 11 * HOUR_MS
    worked(each_world, "ana", minutes=80)
    total = {ms for _, _, ms in _kept(each_world)[0]}
    _run(each_world, "UPDATE people SET time_zone = 'Asia/Tokyo' WHERE id = 1")

    (words,) = _wrong(each_world)
    assert "time zone" in words
    each_world.write(lambda session: totals.repair(session, now=each_world.clock.now))

    assert _wrong(each_world) == []
    assert {ms for _, _, ms in _kept(each_world)[0]} == total
    assert {day for day, *_ in _kept(each_world)[1]} == {"2026-11-21"}


def test_nobody_commits_between_what_a_repair_reads_and_what_it_writes(each_world: World) -> None:
    """A record that comes in between would be missing in the totals."""
    worked(each_world, "ana", minutes=1)
    _run(each_world, "UPDATE case_totals SET automatic_ms = 7")
    if each_world.database.is_sqlite:
        _run(each_world, "PRAGMA busy_timeout = 10")
    record = {"representative_id": 2, "case_id": 2, "started_at": 0, "ended_at": 5, "stream": "x", "committed_at": 5}

    def commits(session: Any) -> None:
        if not each_world.database.is_sqlite:
            session.execute(text("SET LOCAL lock_timeout = '10ms'"))
        session.execute(insert(TrackerRecord), [record | {"started_by": "focus", "ended_by": "blur"}])

    def repairs(session: Any) -> None:
        totals.repair(session, now=each_world.clock.now)
        with pytest.raises(OperationalError, match=r"locked|lock timeout"):
            each_world.write(commits)

    other = Database(each_world.config.database_url)
    audit_log.seal_with(other, each_world.config.secret_key)
    other.write(repairs)
    other.close()
    worked(each_world, "ana", minutes=1)
    assert _wrong(each_world) == []


# --- the migration that began to remember what was purged


def test_what_was_purged_before_is_taken_over(tmp_path: Path, postgresql_server: Any) -> None:
    for url in (f"sqlite:///{tmp_path}/old.sqlite3", postgresql_server.fresh_database()):
        migrate.upgrade(url)
        with _made(tmp_path, url, FakeClock(NOON + 11 * HOUR_MS)) as world:
            worked(world, "ana", "CAS-1001", minutes=80)
            worked(world, "ana", "CAS-1002", minutes=30)
            _run(world, "DELETE FROM tracker_records WHERE case_id = 1", "DELETE FROM tracker_records WHERE id = 99")
            before = _kept(world)
            _run(world, "DROP TABLE purged_totals")
        database = Database(url)
        migration = ScriptDirectory.from_config(migrate._config()).get_revision("0003")
        with database.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
            migration.module.upgrade()
        assert examine(database, now=NOON + 20 * HOUR_MS).faults == []
        database.close()
        with_purges = World(world.app, world.clock, world.config)
        assert _kept(with_purges) == before


# --- the command


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("CASECLOCK_DATA_DIR", str(world.config.data_dir))
    monkeypatch.setenv("CASECLOCK_DATABASE_URL", world.config.database_url)
    monkeypatch.setenv("CASECLOCK_SECRET_KEY", world.config.secret_key)
    monkeypatch.setattr("server.cli.system_clock", world.clock)
    return lambda *arguments: CliRunner().invoke(main, ["doctor", *arguments])


def test_the_command_says_that_nothing_is_wrong(world: World, command: Callable[..., Result]) -> None:
    _lived_in(world)

    done = command()

    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "Nothing is wrong."


def test_the_command_says_what_it_found_repairs_totals_and_ends_with_what_is_left(
    world: World, command: Callable[..., Result]
) -> None:
    _lived_in(world)
    _run(world, "UPDATE case_totals SET automatic_ms = automatic_ms + 1500 WHERE case_id = 1")
    found = command()
    assert found.exit_code == 1
    assert "WRONG  1 totals by case" in found.stdout
    assert "case 1, representative 1: 12601.500 s kept, 12600.000 s right" in found.stdout
    assert command().stdout == found.stdout, "without --repair nothing is changed"

    repaired = command("--repair")
    assert repaired.exit_code == 0
    assert repaired.stdout.index("Setting 1 totals") < repaired.stdout.index("1 totals were set right")
    assert repaired.stdout.splitlines()[-1] == "Nothing is wrong."

    _run(world, "UPDATE stream_cursors SET committed_seq = applied_seq + 1")
    assert command("--repair").exit_code == 1, "only totals are repaired"


def test_the_command_shows_ten_examples_and_how_many_more(world: World, command: Callable[..., Result]) -> None:
    cursor = {"representative_id": 1, "app": "workspace", "committed_seq": 2, "applied_seq": 1, "at": 1, "mono": 1}
    cursor |= {"instant": 1, "run_began": 1, "proves": True, "closed": False, "credited_to": 1, "updated_at": 1}
    rows = [cursor | {"stream": f"stream-{number:02}"} for number in range(13)]
    world.write(lambda session: session.execute(insert(StreamCursor), rows))

    lines = command().stdout.splitlines()

    assert len([line for line in lines if "committed 2, applied 1" in line]) == 10
    assert "         and 3 more" in lines
