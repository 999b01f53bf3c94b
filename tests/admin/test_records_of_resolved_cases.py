"""A5: each record knows whether its case is resolved, whoever wrote it and whatever happens to the case."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, text

from server.cases import cases
from server.db import Database
from server.tracking.models import TrackerRecord
from tests.conftest import NOON, World
from tests.waiting import until
from tests.work import insert_records, worked

PERSON = """
    INSERT INTO people (username, name, role, password_hash, time_zone, active, session_epoch, created_at)
    VALUES ('ana', 'Ana', 'representative', '!', 'UTC', true, 0, 0)
"""
RESOLVE = "UPDATE cases SET status = 'resolved'"
RECORD = """
    INSERT INTO tracker_records
        (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)
    SELECT 1, id, 0, 1000, 's', 'focus', 'blur', 0 FROM cases
"""


def _known(world: World) -> list[tuple[int, bool]]:
    query = select(TrackerRecord.case_id, TrackerRecord.resolved).order_by(TrackerRecord.id)
    return world.read(lambda session: [tuple(row) for row in session.execute(query)])  # type: ignore[no-any-return]


def _listed(world: World, status: str) -> set[str]:
    items = world.client("ada").get("/api/v1/tracker-records", query_string={"status": status}).json["items"]
    return {item["case"] for item in items}


def test_a5_records_follow_their_case_as_it_is_resolved_and_reopened(each_world: World) -> None:
    """A5"""
    worked(each_world, "ana", "CAS-1001", minutes=3)
    worked(each_world, "ana", "CAS-1002", minutes=3)
    resolution = "/api/v1/cases/CAS-1001/resolution"

    assert (_listed(each_world, "active"), _listed(each_world, "resolved")) == ({"CAS-1001", "CAS-1002"}, set())
    assert each_world.client("ana").put(resolution, json={}).status_code == 200
    assert (_listed(each_world, "active"), _listed(each_world, "resolved")) == ({"CAS-1002"}, {"CAS-1001"})
    assert each_world.client("ana").delete(resolution).status_code == 200
    assert (_listed(each_world, "active"), _listed(each_world, "resolved")) == ({"CAS-1001", "CAS-1002"}, set())


def test_a5_a_record_that_comes_late_knows_that_its_case_is_resolved(each_world: World) -> None:
    """A5"""
    each_world.client("ana").put("/api/v1/cases/CAS-1001/resolution", json={})
    for case in ("CAS-1001", "CAS-1002"):
        insert_records(each_world, "ana", case, range(NOON - int(case[-1]) * 10_000, NOON, 10_000)[:1], length_ms=5_000)

    assert [resolved for _, resolved in _known(each_world)] == [True, False]


def _is_waiting(database: Database) -> bool:
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(database.read(lambda session: session.scalar(query)))


@pytest.mark.parametrize(("first", "second"), [(RESOLVE, RECORD), (RECORD, RESOLVE)])
def test_a5_a_record_and_the_resolution_of_its_case_at_once_know_of_each_other(
    postgresql_server: Any, first: str, second: str
) -> None:
    """A5: the second waits for the first, on PostgreSQL; SQLite writes one after the other anyway."""
    database = Database(postgresql_server.fresh_database())
    database.write(lambda session: session.execute(text(PERSON)))
    database.write(lambda session: cases.create(session, ref="CAS-1001", title="", now=0))
    with ThreadPoolExecutor(1) as beside:
        with database.engine.begin() as connection:
            connection.execute(text(first))
            other = beside.submit(database.write, lambda session: session.execute(text(second)))
            until(lambda: other.done() or _is_waiting(database))
        other.result(timeout=30)
    resolved = database.read(lambda session: session.scalar(select(TrackerRecord.resolved)))
    database.close()

    assert resolved is True
