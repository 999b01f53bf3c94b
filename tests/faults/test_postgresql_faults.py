"""A PostgreSQL that restarts, moves, refuses, waits, deadlocks or freezes: agents go on, and it heals by itself."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.faults.ledger import check
from tests.faults.test_sqlite_faults import at_work, goes_on
from tests.faults.world import Browser, FaultyServer, bring_until
from tests.postgresql import Server
from tests.server_process import free_port
from tests.waiting import until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]


@pytest.fixture
def url(postgresql_server: Server) -> str:
    return postgresql_server.fresh_database()


@contextmanager
def session(url: str, *, autocommit: bool = True) -> Iterator["psycopg.Connection[Any]"]:
    """Somebody else in the same database."""
    with psycopg.connect(url.split("?")[0].replace("+psycopg", ""), autocommit=autocommit) as connection:
        yield connection


def with_options(url: str, **options: str) -> str:
    """The server's own time-outs, made short for a test."""
    return f"{url}?options=" + "%20".join(f"-c%20{name}%3D{value}" for name, value in options.items())


def test_a_restart_in_the_middle_of_a_commit(start: Start, browse: Browse, url: str, postgresql_server: Server) -> None:
    """X56: before the first insert, before COMMIT and after it; the pool finds the new process by itself."""
    server = start(url)
    browser = browse(server)
    for place in ("before INSERT INTO tracker_records", "before COMMIT", "after COMMIT"):
        server.failpoint.arm("hold", place)
        browser.work(3)
        bring_until(lambda: server.failpoint.fired, browser)
        postgresql_server.stop()
        postgresql_server.start()
        server.failpoint.release()
        browser.settle()
        check(url, browser.account)


def test_a_database_that_is_away_for_a_while(start: Start, browse: Browse, url: str, postgresql_server: Server) -> None:
    """X56: reports of pages that are known are received all the while; a new page comes with the database."""
    server = start(url)
    ana, ben = at_work(server, browse, "ana", "ben")
    postgresql_server.stop()
    try:
        goes_on(server, ana, ben)
        bring_until(lambda: "see that the database runs" in server.log, ana, ben)
        goes_on(server, ana, ben)
        ben.turn_page()
        ben.work(3)
    finally:
        postgresql_server.start()
    ana.settle()
    ben.settle()
    check(url, ana.account, ben.account)


def test_what_needs_a_database_that_is_away_is_refused_for_now(
    start: Start, browse: Browse, url: str, postgresql_server: Server
) -> None:
    """X56: a case that nobody knows and a page that is new wait, over either road; no socket ends, no traceback."""
    server = start(url)
    [ana] = at_work(server, browse, "ana")
    assert ana.socket is not None
    postgresql_server.stop()
    try:
        ana.work(1)
        ana.send(ana.page, since=ana.page.received + 1)
        refused = [ana.socket.next("error")]
        ana.turn_page()
        ana.work(1, strays=False)
        ana.send(ana.page)
        refused.append(ana.socket.next("error"))
        assert [error["code"] for error in refused] == ["rate_limited"] * 2
        assert [error["stream"] for error in refused] == list(ana.outboxes)
        assert ana.socket.is_open
        with pytest.raises(HTTPError) as answer:
            urlopen(_posted(server, ana))
        assert (answer.value.code, answer.value.headers["Retry-After"]) == (503, "5")
        assert "application/problem+json" in answer.value.headers["Content-Type"]
    finally:
        postgresql_server.start()
    ana.settle()
    check(url, ana.account)
    assert server.log.count("refused for now") == 3
    assert "Traceback" not in server.log


def _posted(server: FaultyServer, browser: Browser) -> Request:
    """The report of a page on its way over HTTP."""
    body = json.dumps(browser.page.report(sent_at=browser.now())).encode()
    return Request(
        f"{server.base_url}/api/v1/agent/reports", body, {"Authorization": f"Bearer {browser.token}"}, method="POST"
    )


def test_a_database_that_moves_to_another_address(
    start: Start, browse: Browse, url: str, postgresql_server: Server
) -> None:
    """X56, failover: the URL names both places, whichever takes writes is used."""
    home, other = postgresql_server.port, free_port()
    places = f"host=127.0.0.1:{home}&host=127.0.0.1:{other}&target_session_attrs=read-write"
    server = start(f"postgresql://postgres@/{url.rsplit('/', 1)[1]}?{places}")
    browser = browse(server)
    browser.work(3)
    browser.settle()
    server.failpoint.arm("hold", "before COMMIT")
    browser.work(3)
    bring_until(lambda: server.failpoint.fired, browser)
    postgresql_server.stop()
    postgresql_server.start(port=other)
    try:
        server.failpoint.release()
        browser.settle()
        check(server.database_url, browser.account)
    finally:
        postgresql_server.stop()
        postgresql_server.start(port=home)
    browser.work(3)
    browser.settle()
    check(server.database_url, browser.account)


def test_too_many_connections(start: Start, browse: Browse, url: str) -> None:
    """X56: the role may have none for a while, and those it had were ended."""
    name = url.rsplit("/", 1)[1]
    with session(url) as other:
        other.execute(f"CREATE ROLE {name} LOGIN")
        other.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
        other.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}")
        server = start(url.replace("postgres@", f"{name}@"))
        ana, ben = at_work(server, browse, "ana", "ben")
        other.execute(f"ALTER ROLE {name} CONNECTION LIMIT 0")
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,))
        goes_on(server, ana, ben)
        bring_until(lambda: "PostgreSQL takes no more connections" in server.log, ana, ben)
        goes_on(server, ana, ben)
        other.execute(f"ALTER ROLE {name} CONNECTION LIMIT -1")
        ana.settle()
        ben.settle()
    check(url, ana.account, ben.account)


def test_a_statement_that_takes_too_long(start: Start, browse: Browse, url: str) -> None:
    """X56, statement_timeout: the insert sleeps, is cancelled, and is tried again."""
    server = start(with_options(url, statement_timeout="300ms"))
    ana, ben = at_work(server, browse, "ana", "ben")
    with session(url) as other:
        other.execute("CREATE FUNCTION sleeps() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(60); END' LANGUAGE plpgsql")
        other.execute("CREATE TRIGGER slow BEFORE INSERT ON tracker_records EXECUTE FUNCTION sleeps()")
        goes_on(server, ana, ben)
        bring_until(lambda: "PostgreSQL is too slow" in server.log, ana, ben)
        goes_on(server, ana, ben)
        other.execute("DROP TRIGGER slow ON tracker_records")
    ana.settle()
    ben.settle()
    check(url, ana.account, ben.account)


def test_a_table_that_is_locked(start: Start, browse: Browse, url: str) -> None:
    """X61: nobody's commit passes, each try ends at the time-out, and the next begins."""
    server = start(with_options(url, lock_timeout="100ms"))
    ana, ben = at_work(server, browse, "ana", "ben")
    with session(url, autocommit=False) as other:
        other.execute("LOCK TABLE tracker_records IN ACCESS EXCLUSIVE MODE")
        goes_on(server, ana, ben)
        bring_until(lambda: server.log.count("another session holds a lock") > 3, ana, ben)
        goes_on(server, ana, ben)
    ana.settle()
    ben.settle()
    check(url, ana.account, ben.account)


def test_rows_of_one_representative_that_are_locked_hold_up_nobody_else(start: Start, browse: Browse, url: str) -> None:
    """X61: in one batch with them, others are committed; they themselves are as soon as the lock is gone."""
    server = start(with_options(url, lock_timeout="100ms"))
    ana, ben = at_work(server, browse, "ana", "ben")
    with session(url, autocommit=False) as other:
        other.execute("SELECT 1 FROM stream_cursors WHERE stream = %s FOR UPDATE", (ana.page.stream,))
        goes_on(server, ana)
        for _ in range(3):
            ben.work(3)
            ben.settle()
        ana.bring()
        assert not ana.is_settled
    ana.settle()
    check(url, ana.account, ben.account)


def test_a_deadlock(start: Start, browse: Browse, url: str) -> None:
    """X56: our transaction is the one that PostgreSQL ends; it is tried again."""
    server = start(with_options(url, deadlock_timeout="1s", lock_timeout="0"))
    browser = browse(server)
    browser.work(3)
    browser.settle()
    with session(url, autocommit=False) as other:
        other.execute("SET deadlock_timeout = '60s'")
        server.failpoint.arm("hold", "before INSERT INTO case_totals")
        browser.work(6)
        bring_until(lambda: server.failpoint.fired, browser)
        other.execute("LOCK TABLE case_totals IN EXCLUSIVE MODE")
        server.failpoint.release()
        other.execute("SELECT 1 FROM stream_cursors WHERE stream = %s FOR UPDATE", (browser.page.stream,))
        assert "deadlock detected" in until(lambda: server.log if "deadlock" in server.log else "")
    browser.settle()
    check(url, browser.account)


def test_changes_that_cannot_be_put_in_an_order(start: Start, browse: Browse, url: str) -> None:
    """X56, X60, serialization failure: two servers on the same stream where every transaction is serializable."""
    with session(url) as other:
        other.execute(f"ALTER DATABASE {url.rsplit('/', 1)[1]} SET default_transaction_isolation = 'serializable'")
    server = start(url)
    second = start(url, like=server)
    browser = browse(server)
    browser.work(3)
    browser.settle()
    second.failpoint.arm("hold", "after SELECT FROM people")
    server.failpoint.arm("hold", "before SELECT FROM stream_cursors")
    browser.work(3)
    report = browser.page.report()
    path = "/api/v1/agent/reports"
    assert second.call("POST", path, report, token=browser.token)[0] == 200
    until(lambda: second.failpoint.fired, what="the second one has locked the cursor")
    bring_until(lambda: server.failpoint.fired, browser)
    second.failpoint.release()
    until(lambda: second.failpoint.phase == 0, what="the second one is through")
    server.failpoint.release()
    browser.settle()
    browser.work(3)
    browser.settle()
    check(url, browser.account)


def test_a_database_that_freezes_in_the_middle_of_a_commit(start: Start, browse: Browse, url: str) -> None:
    """X61: it enforces no time-out of its own, the write is given up; then it wakes up, and nothing counts twice."""
    server = start(with_options(url, lock_timeout="100ms"), setup={"write_timeout_s": 1})
    ana, ben = at_work(server, browse, "ana", "ben")
    with session(url) as other:
        server.failpoint.arm("hold", "before INSERT INTO tracker_records")
        ana.work(3)
        bring_until(lambda: server.failpoint.fired, ana, ben)
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
        ((pid,),) = other.execute(query).fetchall()
        os.kill(pid, signal.SIGSTOP)
        try:
            server.failpoint.release()
            bring_until(lambda: "the database did not take a write" in server.log, ana, ben)
            ben.work(3)
            ben.settle()
        finally:
            os.kill(pid, signal.SIGCONT)
    ana.settle()
    check(url, ana.account, ben.account)
