"""SIGTERM: with many sockets, in the middle of a commit, and while the database does not answer."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.faults.ledger import check
from tests.faults.test_postgresql_faults import session
from tests.faults.test_sqlite_faults import path_of
from tests.faults.world import Browser, FaultyServer, bring_until
from tests.outside_client import AgentSocket
from tests.waiting import until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]

HOUR_LONG = {"CASECLOCK_SECONDS_PER_MINUTE": "60"}
"""Nothing is committed but by the stop."""
SOCKETS = 120


def test_with_many_sockets_open(start: Start, browse: Browse, database_url: str) -> None:
    """X20: everything proven is committed, everybody hears 1012, the process ends with 0."""
    server = start(database_url, environment=HOUR_LONG)
    working = [browse(server), browse(server, "ben")]
    for browser in working:
        browser.work(5)
        assert browser.deliver(browser.page)
    idle = []
    for place in range(SOCKETS):
        idle.append(AgentSocket(server.base_url))
        idle[-1].hello(server.tokens[("ana", "ben")[place % 2]])
    try:
        assert server.terminate() == 0
        assert {one.close_code() for one in idle} == {1012}
    finally:
        for one in idle:
            one.cut()
    check(database_url, *(browser.account for browser in working))
    server.start()
    for browser in working:
        browser.work(3)
        browser.turn_page()
    assert all(browser.deliver(outbox) for browser in working for outbox in browser.outboxes.values())
    assert server.terminate() == 0
    check(database_url, *(browser.account for browser in working))


@pytest.mark.parametrize("place", ["before SELECT FROM people", "before COMMIT", "after COMMIT"])
def test_in_the_middle_of_a_commit(start: Start, browse: Browse, database_url: str, place: str) -> None:
    """X20, X51: the commit that runs is finished first, then what came meanwhile is committed."""
    server = start(database_url)
    browser = browse(server)
    server.failpoint.arm("hold", place)
    browser.work(3)
    bring_until(lambda: server.failpoint.fired, browser)
    browser.work(3)
    bring_until(lambda: browser.page.is_delivered, browser)
    server.send_signal(signal.SIGTERM)
    until(lambda: "Stopping" in server.log, what="it has heard")
    server.failpoint.release()
    assert server.wait() == 0
    check(database_url, browser.account)
    server.start()
    browser.settle()
    check(database_url, browser.account)


def test_while_the_file_is_locked(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X53: it says that not everything is committed, closes its sockets all the same, and ends; nothing is lost."""
    server = start(sqlite_url)
    browser = browse(server)
    browser.work(3)
    browser.settle()
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stops_without_its_database(server, browser)
        other.execute("ROLLBACK")
    comes_back(server, browser)


def test_while_the_tables_are_locked(start: Start, browse: Browse, request: pytest.FixtureRequest) -> None:
    """X56: the same on PostgreSQL."""
    server = start(request.getfixturevalue("postgresql_server").fresh_database())
    browser = browse(server)
    browser.work(3)
    browser.settle()
    with session(server.database_url, autocommit=False) as other:
        other.execute("LOCK TABLE tracker_records IN ACCESS EXCLUSIVE MODE")
        stops_without_its_database(server, browser)
    comes_back(server, browser)


def stops_without_its_database(server: FaultyServer, browser: Browser) -> None:
    browser.work(3)
    bring_until(lambda: browser.page.is_delivered, browser)
    assert browser.socket is not None
    server.send_signal(signal.SIGTERM)
    assert browser.socket.close_code() == 1012
    assert server.wait(timeout_s=20) == 1
    assert "comes back from the browsers" in server.log


def comes_back(server: FaultyServer, browser: Browser) -> None:
    server.start()
    browser.settle()
    check(server.database_url, browser.account)
