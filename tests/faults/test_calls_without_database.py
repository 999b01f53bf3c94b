"""Calls of people while the database is away, locked or damaged: refused for now, and good again when it is."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.faults.ledger import CASES
from tests.faults.test_sqlite_faults import path_of
from tests.faults.world import FaultyServer
from tests.postgresql import Server
from tests.waiting import until

Start = Callable[..., FaultyServer]

LIST, CASE = "/api/v1/cases", f"/api/v1/cases/{CASES[0]}"
REFUSED = "a call was refused for now"


def refused(server: FaultyServer, method: str, path: str, body: bytes | None = None) -> tuple[int, str | None, str]:
    """The status, what is said of coming back, and the kind of the answer to a call of ana that must fail."""
    headers = {"Authorization": f"Bearer {server.token('ana')}", "Content-Type": "application/json"}
    with pytest.raises(HTTPError) as answer:
        urlopen(Request(server.base_url + path, body, headers, method=method), timeout=30)
    with answer.value as error:
        return error.code, error.headers["Retry-After"], error.headers["Content-Type"]


def are_refused_softly(server: FaultyServer, *calls: tuple[str, str, bytes | None], advice: str) -> None:
    """Each with 503 and a line of its own that says what to do; no traceback."""
    before = server.log.count(REFUSED)
    for call in calls:
        assert refused(server, *call) == (503, "5", "application/problem+json")
    lines = [line for line in server.log.splitlines() if REFUSED in line][before:]
    assert len(lines) == len(calls)
    assert all(advice in line for line in lines)
    assert "Traceback" not in server.log


def is_served(server: FaultyServer) -> None:
    """What was refused goes well by itself."""
    until(lambda: server.call("GET", LIST, token=server.token("ana"))[0] == 200, what="reads go well again")
    until(
        lambda: server.call("PATCH", CASE, {"title": "b"}, token=server.token("ana"))[0] == 200,
        what="changes go well again",
    )


READ, CHANGE = ("GET", LIST, None), ("PATCH", CASE, b'{"title": "a"}')


def test_a_database_that_is_away(start: Start, postgresql_server: Server) -> None:
    """X56: reads and changes of people, while PostgreSQL is stopped."""
    server = start(postgresql_server.fresh_database())
    is_served(server)
    postgresql_server.stop()
    try:
        are_refused_softly(server, READ, CHANGE, advice="see that the database runs")
    finally:
        postgresql_server.start()
    is_served(server)


def test_a_file_that_another_process_has_locked(start: Start, sqlite_url: str) -> None:
    """X53, SQLITE_BUSY: changes are refused after the time-out, reads go on."""
    server = start(sqlite_url)
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        are_refused_softly(server, CHANGE, advice="another process holds the lock")
        assert server.call("GET", LIST, token=server.token("ana"))[0] == 200
        other.execute("ROLLBACK")
    is_served(server)


def test_a_damaged_page(start: Start, sqlite_url: str) -> None:
    """X53, SQLITE_CORRUPT: the table of cases cannot be read."""
    server = start(sqlite_url)
    assert server.terminate() == 0
    file = path_of(sqlite_url)
    backup = file.read_bytes()
    with closing(sqlite3.connect(file)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'cases'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    file.write_bytes(backup[: (page - 1) * size] + b"\xa5" * size + backup[page * size :])
    server.start()
    are_refused_softly(server, READ, advice="restore the last good backup")
