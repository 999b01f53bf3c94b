"""Two servers on one database, both committing; one stands still in the middle of it and wakes up again."""

import signal
from collections.abc import Callable

import pytest

from tests.faults.ledger import check
from tests.faults.world import Browser, FaultyServer, bring_until
from tests.waiting import until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]

PLACES = ["before SELECT FROM stream_cursors", "before INSERT INTO case_totals", "before COMMIT", "after COMMIT"]


def test_both_have_the_same_events(start: Start, browse: Browse, database_url: str) -> None:
    """X60: every report goes to both of them, and each interval is committed once."""
    one = start(database_url)
    other = start(database_url, like=one)
    browser = browse(one)
    for _ in range(10):
        browser.work(4)
        report = browser.page.report()
        assert other.call("POST", "/api/v1/agent/reports", report, token=browser.token)[0] == 200
        browser.settle()
        browser.base_url = (other if browser.base_url == one.base_url else one).base_url
        browser.cut()
    check(database_url, browser.account)


@pytest.mark.parametrize("place", PLACES)
def test_one_is_stopped_in_the_middle_of_a_commit_on_postgresql(
    start: Start, browse: Browse, request: pytest.FixtureRequest, place: str
) -> None:
    """X60: PostgreSQL undoes what stands still, the other one commits the same events, the first finds them moved."""
    url = request.getfixturevalue("postgresql_server").fresh_database()
    options = "?options=-c%20lock_timeout%3D200ms%20-c%20idle_in_transaction_session_timeout%3D500ms"
    one = start(url + options)
    other = start(url + options, like=one)
    ana, ben = browse(one), browse(other, "ben")
    ana.work(3)
    ana.settle()
    one.failpoint.arm("stop", place)
    ana.work(5)
    bring_until(lambda: one.failpoint.fired, ana)
    ana.base_url = other.base_url
    ana.forsake()
    ben.work(3)
    ana.work(3)
    ben.settle()
    ana.settle()
    check(url, ana.account, ben.account)
    one.send_signal(signal.SIGCONT)
    ana.work(3)
    report = ana.page.report()
    until(lambda: one.call("POST", "/api/v1/agent/reports", report, token=ana.token)[0] == 200, what="it is awake")
    ana.settle()
    assert other.terminate() == 0
    ana.base_url = one.base_url
    ana.cut()
    ana.work(3)
    ana.settle()
    assert one.terminate() == 0
    check(url, ana.account, ben.account)


@pytest.mark.parametrize("place", ["before INSERT INTO case_totals", "before COMMIT", "after COMMIT"])
def test_one_is_stopped_in_the_middle_of_a_commit_on_sqlite(
    start: Start, browse: Browse, sqlite_url: str, place: str
) -> None:
    """X60: nobody can take its lock; the other one keeps everything and commits once the first is through."""
    one = start(sqlite_url)
    other = start(sqlite_url, like=one)
    ana, ben = browse(one), browse(other, "ben")
    one.failpoint.arm("stop", place)
    ana.work(5)
    bring_until(lambda: one.failpoint.fired, ana)
    ana.base_url = other.base_url
    ana.forsake()
    ana.work(3)
    ben.work(3)
    if place != "after COMMIT":
        bring_until(lambda: "another process holds the lock" in other.log, ana, ben)
        assert ben.page.committed == 0
    one.send_signal(signal.SIGCONT)
    ana.settle()
    ben.settle()
    assert one.terminate() == 0
    assert other.terminate() == 0
    check(sqlite_url, ana.account, ben.account)
