"""A commit that dies or loses its database at any place of it: before and after each statement, COMMIT included."""

from collections.abc import Callable

import pytest

from tests.faults.ledger import check
from tests.faults.world import Browser, FaultyServer, bring_until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]

FEWEST_PLACES = 20
"""Begin, cursors, people, records, purged spans, resolutions, three inserts of time, cursors, aside, COMMIT: twice."""


@pytest.mark.parametrize("act", ["kill", "lose"])
def test_at_every_place_of_a_commit(start: Start, browse: Browse, database_url: str, act: str) -> None:
    """X51 with `kill`; X2, X52 with `lose`: before COMMIT it was not done, after COMMIT it was, and nobody was told."""
    server = start(database_url)
    browser = browse(server)
    places: list[str] = []
    while True:
        server.failpoint.arm(act, len(places) + 1)
        browser.work(6)
        if len(places) % 5 == 4:
            browser.turn_page()
            browser.work(6)
        bring_until(lambda: server.failpoint.fired or browser.is_settled, browser)
        if server.failpoint.fired is None:
            break
        places.append(server.failpoint.fired)
        server.failpoint.disarm()
        if act == "kill":
            assert server.wait() == -9
            server.start()
        browser.settle()
        check(database_url, browser.account)
    assert {"before COMMIT", "after COMMIT"} <= set(places)
    assert len(places) >= FEWEST_PLACES, places
    browser.turn_page()
    browser.settle()
    check(database_url, browser.account)


@pytest.mark.parametrize("error", ["MemoryError", "RecursionError", "StopIteration"])
def test_whatever_is_raised_in_a_commit_the_job_runs_again(
    start: Start, browse: Browse, database_url: str, error: str
) -> None:
    """X62: neither the job's thread nor the scheduler's ends with it."""
    server = start(database_url)
    browser = browse(server)
    for place in ("before INSERT INTO tracker_records", "before COMMIT", "after COMMIT"):
        server.failpoint.arm("raise", place, error=error)
        browser.work(3)
        bring_until(lambda: server.failpoint.fired, browser)
        browser.settle()
        check(database_url, browser.account)


def test_a_commit_that_takes_longer_than_its_interval_holds_up_no_agent(
    start: Start, browse: Browse, database_url: str
) -> None:
    """X61: reports are received, pages answer, and what came meanwhile is in the commits that follow."""
    server = start(database_url)
    ana, ben = browse(server), browse(server, "ben")
    server.failpoint.arm("hold", "before COMMIT")
    ana.work(3)
    bring_until(lambda: server.failpoint.fired, ana)
    for _ in range(5):
        ana.work(3)
        ben.work(3)
        bring_until(lambda: ana.page.is_delivered and ben.page.is_delivered, ana, ben)
    assert ben.page.committed == 0
    assert server.call("GET", "/api/v1/cases/CAS-1001/handling-time", token=server.token("ana"))[0] == 200
    server.failpoint.release()
    ana.settle()
    ben.settle()
    check(database_url, ana.account, ben.account)
