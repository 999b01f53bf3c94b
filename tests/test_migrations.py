"""Migrations: an empty database becomes what the models say, with the rules only a database can keep."""

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import server.migrations.tables  # noqa: F401 - fills the metadata
from server import migrate
from server.db import Base, Database
from tests.conftest import NOON, World
from tests.work import insert_records

TABLES = set(Base.metadata.tables)

pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]


def _differences(url: str) -> list[Any]:
    """What autogenerate would still change. SQLite and PostgreSQL call the same columns by names of their own."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            return [one for one in compare_metadata(context, Base.metadata) if not _is_handwritten(one)]
    finally:
        database.close()


def _is_handwritten(difference: Any) -> bool:
    return "no_overlap" in str(difference)


def test_an_empty_database_becomes_what_the_models_say(database_url: str) -> None:
    assert _differences(database_url) == []


def test_it_has_the_tables_of_the_models_and_no_other(database_url: str) -> None:
    database = Database(database_url)
    found = set(inspect(database.engine).get_table_names())
    database.close()

    assert found == TABLES | {"alembic_version"}


def test_every_check_of_the_models_is_in_the_database(database_url: str) -> None:
    wanted = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint" and constraint.name
    }
    database = Database(database_url)
    seen = inspect(database.engine)
    found = {str(one["name"]) for table in TABLES for one in seen.get_check_constraints(table)}
    database.close()

    assert len(wanted) > 8
    assert wanted <= found


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    assert migrate.is_current(database_url)

    migrate.upgrade(database_url)

    assert migrate.is_current(database_url)
    assert _differences(database_url) == []


def _not_migrated(server: Any, name: str) -> str:
    """The URL of a new database without tables, on PostgreSQL."""
    engine = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    engine.dispose()
    return str(server.url(name))


def test_a_database_without_tables_is_not_current(tmp_path: Any, postgresql_server: Any) -> None:
    for url in (f"sqlite:///{tmp_path}/new.sqlite3", _not_migrated(postgresql_server, "never_migrated")):
        assert not migrate.is_current(url)
        migrate.upgrade(url)
        assert migrate.is_current(url)


OLD_ROWS = """
INSERT INTO people (username, name, role, password_hash, time_zone, active, session_epoch, created_at)
    VALUES ('ana', 'Ana', 'representative', '!', 'UTC', true, 0, 0);
INSERT INTO cases (ref, title, description, customer, status, created_at) VALUES ('A', '', '', '', 'active', 0);
INSERT INTO time_logs (case_id, representative_id, duration_seconds, description, worked_at, created_at, changed_at)
    VALUES (1, 1, 60, '', 0, 0, 0);
INSERT INTO activities
    (case_id, representative_id, kind, duration_seconds, description, worked_at, created_at, changed_at)
    VALUES (1, 1, 'task', 60, '', 0, 0, 0);
INSERT INTO tracking_settings
    (id, enabled, update_interval_minutes, allow_time_logs, show_only_own_time, allow_my_time, track_inbox, count_idle,
    create_unknown_cases) VALUES (1, true, 10, false, false, true, false, false, false)
"""


def test_of_old_entries_the_day_alone_is_known_and_no_time_changes(tmp_path: Any, postgresql_server: Any) -> None:
    """What is new in 0004: starts, subjects and overlaps of entries, and a setting."""
    for url in (f"sqlite:///{tmp_path}/old.sqlite3", _not_migrated(postgresql_server, "before_0004")):
        database = Database(url)
        with database.engine.connect() as connection:
            config = migrate._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0003")
        database.write(lambda session: [session.execute(text(row)) for row in OLD_ROWS.split(";")])
        migrate.upgrade(url)

        with database.engine.connect() as connection:
            for table, wanted in (("time_logs", (False, 0)), ("activities", (False, 0, ""))):
                columns = "has_start, purged_overlap_ms" + (", subject" if len(wanted) == 3 else "")
                assert tuple(connection.execute(text(f"SELECT {columns} FROM {table}")).one()) == wanted
            setting = connection.execute(
                text("SELECT allow_time_logs, count_overlap_once FROM tracking_settings")
            ).one()
            assert tuple(setting) == (False, False)
            connection.rollback()
        database.close()


OLD_RECORDS = """
INSERT INTO people (username, name, role, password_hash, time_zone, active, session_epoch, created_at)
    VALUES ('ana', 'Ana', 'representative', '!', 'UTC', true, 0, 0);
INSERT INTO cases (ref, title, description, customer, status, created_at) VALUES ('A', '', '', '', 'active', 0);
INSERT INTO cases (ref, title, description, customer, status, created_at) VALUES ('B', '', '', '', 'resolved', 0);
INSERT INTO tracker_records
    (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)
    SELECT 1, id, id * 10, id * 10 + 5, 's', 'focus', 'blur', 0 FROM cases
"""
KNOWN_OF_CASES = "SELECT status, resolved FROM tracker_records JOIN cases ON cases.id = case_id ORDER BY status"


def test_a5_old_records_learn_whether_their_case_is_resolved(tmp_path: Any, postgresql_server: Any) -> None:
    """A5: what is new in 0011."""
    for url in (f"sqlite:///{tmp_path}/old.sqlite3", _not_migrated(postgresql_server, "before_0011")):
        database = Database(url)
        with database.engine.connect() as connection:
            config = migrate._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0010")
        database.write(lambda session: [session.execute(text(row)) for row in OLD_RECORDS.split(";")])
        migrate.upgrade(url)

        found = database.read(lambda session: [tuple(row) for row in session.execute(text(KNOWN_OF_CASES))])
        database.close()
        assert found == [("active", False), ("resolved", True)]


def test_every_table_of_sqlite_is_strict(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.engine.connect() as connection:
        strict = {row.name: row.strict for row in connection.execute(text("PRAGMA table_list"))}
    database.close()

    assert {name for name in TABLES if not strict[name]} == set()


def test_a_strict_table_refuses_a_word_for_a_number(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(IntegrityError), database.engine.begin() as connection:
        connection.execute(text("INSERT INTO tracking_pauses (started_at) VALUES ('soon')"))
    database.close()


NEIGHBOURS = [
    (1_000, 1_000, False),
    (500, 1_000, False),
    (1_500, 1_000, False),
    (1_250, 500, False),
    (500, 2_000, False),
    (1_999, 1, False),
    (0, 1_000, True),
    (2_000, 1_000, True),
]


def test_the_database_itself_refuses_overlapping_records(each_world: World) -> None:
    insert_records(each_world, "ana", "CAS-1001", range(NOON + 1_000, NOON + 1_001), length_ms=1_000)
    for start, length, allowed in NEIGHBOURS:
        attempt = range(NOON + start, NOON + start + 1)
        if allowed:
            insert_records(each_world, "ana", "CAS-1002", attempt, length_ms=length)
            continue
        with pytest.raises(DBAPIError, match="overlap"):
            insert_records(each_world, "ana", "CAS-1002", attempt, length_ms=length)


def test_records_of_two_people_may_overlap(each_world: World) -> None:
    for who in ("ana", "ben"):
        insert_records(each_world, who, "CAS-1001", range(NOON, NOON + 1), length_ms=1_000)


def test_a_record_cannot_be_moved_over_another(each_world: World) -> None:
    insert_records(each_world, "ana", "CAS-1001", range(NOON, NOON + 3_000, 1_000), length_ms=1_000)
    move = text("UPDATE tracker_records SET ended_at = ended_at + :ms WHERE started_at = :start")

    with pytest.raises(DBAPIError, match="overlap"):
        each_world.write(lambda session: session.execute(move, {"ms": 1, "start": NOON}))
    each_world.write(lambda session: session.execute(move, {"ms": -1, "start": NOON}))


def test_a_record_ends_after_it_starts(each_world: World) -> None:
    for length in (0, -1):
        with pytest.raises(DBAPIError):
            insert_records(each_world, "ana", "CAS-1001", range(NOON, NOON + 1), length_ms=length)


OUT_OF_RANGE = [
    ("update_interval_minutes", 9),
    ("update_interval_minutes", 61),
    ("idle_after_minutes", -1),
    ("idle_after_minutes", 121),
]


def test_settings_out_of_range_are_refused_by_the_database_too(each_world: World) -> None:
    """F16, F21"""
    each_world.client("ada").patch("/api/v1/settings/tracking", json={"update_interval_minutes": 10})
    outside = [f"{name} = {minutes}" for name, minutes in OUT_OF_RANGE]
    for change in (*outside, "id = 2"):
        statement = text(f"UPDATE tracking_settings SET {change}")
        with pytest.raises(IntegrityError):
            each_world.write(lambda session, statement=statement: session.execute(statement))


def test_a_case_has_one_open_resolution_at_most(each_world: World) -> None:
    insert = text("INSERT INTO resolutions (case_id, resolved_at, reopened_at, note) VALUES (1, 5, :until, '')")
    each_world.write(lambda session: session.execute(insert, [{"until": 6}, {"until": 7}, {"until": None}]))

    with pytest.raises(IntegrityError):
        each_world.write(lambda session: session.execute(insert, {"until": None}))
    with pytest.raises(IntegrityError):
        each_world.write(lambda session: session.execute(insert, {"until": 4}))


def test_a_row_cannot_point_to_nothing(each_world: World) -> None:
    insert = text(
        "INSERT INTO case_totals (case_id, representative_id, automatic_ms, updated_at) VALUES (:case, 1, :ms, 0)"
    )
    with pytest.raises(IntegrityError):
        each_world.write(lambda session: session.execute(insert, {"case": 999, "ms": 1}))
    with pytest.raises(IntegrityError):
        each_world.write(lambda session: session.execute(insert, {"case": 1, "ms": -1}))
