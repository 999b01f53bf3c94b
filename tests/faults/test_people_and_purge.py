"""What administrators do while time is on its way: purge, resolve, deactivate; and rows that the database refuses."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from server.accounts.models import Person
from server.clock import iso
from server.db import Database
from server.tracking.models import TrackerRecord
from tests.faults.ledger import Books, check
from tests.faults.world import HOUR_MS, Browser, FaultyServer, bring_until, change
from tests.outside_client import wall_ms
from tests.waiting import until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]

PURGE = "/api/v1/tracker-records/purge"


def books(url: str, username: str = "ana") -> Books:
    database = Database(url)
    try:
        return Books(database, username)
    finally:
        database.close()


def test_one_overlapping_span_in_a_batch(start: Start, browse: Browse, database_url: str) -> None:
    """X57: a record that somebody else put there between our look and our insert; the others of the batch pass."""
    server = start(database_url)
    ana, ben = browse(server), browse(server, "ben")
    for browser in (ana, ben):
        browser.visit_all_cases()
        browser.settle()
    at = ana.at
    ana.visit_all_cases()
    server.failpoint.arm(
        "sql",
        "after SELECT FROM purged_spans",
        sql="INSERT INTO tracker_records"
        " (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)"
        f" SELECT id, 1, {at}, {at + 1}, 'by-hand', 'open', 'close', 0 FROM people WHERE username = 'ana'",
        database_url=None if database_url.startswith("sqlite") else database_url,
    )
    ben.work(3)
    bring_until(lambda: server.failpoint.fired, ana, ben)
    ana.settle()
    ben.settle()
    check(database_url, ben.account)
    found = books(database_url)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found.records))
    assert found.credited_ms == ana.account.proven_ms


@pytest.mark.parametrize("place", ["after SELECT FROM tracker_records", "before COMMIT"])
def test_a_purge_in_the_middle_of_a_commit(start: Start, browse: Browse, database_url: str, place: str) -> None:
    """X68: what was purged does not come back with it; totals keep everything."""
    server = start(database_url, people=("ana", "ada"))
    ada = server.token("ada")
    browser = browse(server)
    browser.work(5, strays=False)
    browser.settle()
    purged = books(database_url).credited_ms
    assert purged
    server.failpoint.arm("hold", place)
    browser.work(5, strays=False)
    bring_until(lambda: server.failpoint.fired, browser)
    answers: list[tuple[int, Any]] = []
    body = everything_until_now()
    purge = threading.Thread(target=lambda: answers.append(server.call("POST", PURGE, body, token=ada)))
    purge.start()
    if not database_url.startswith("sqlite"):
        until(lambda: answers, what="PostgreSQL lets both in at once")
    server.failpoint.release()
    purge.join()
    assert answers[0][0] == 200, answers
    browser.cut()
    server.restart(gracefully=False)
    browser.page.committed = browser.page.received = 0
    browser.page.held = list(browser.account.lived[browser.page.stream])
    browser.settle()
    found = books(database_url)
    assert sum(found.case_totals.values()) == browser.account.proven_ms
    assert found.credited_ms <= browser.account.proven_ms - purged


def test_a_purge_during_a_long_read(start: Start, browse: Browse, database_url: str) -> None:
    """X68: the reader sees what was there as it began, the purge is done meanwhile."""
    server = start(database_url, people=("ana", "ada"))
    ada = server.token("ada")
    browser = browse(server)
    browser.work(5)
    browser.settle()
    reader = Database(database_url)

    def read(session: Any) -> list[int]:
        rows = session.query(TrackerRecord.id).yield_per(1)
        seen = [next(iter(rows))[0]]
        assert server.call("POST", PURGE, everything_until_now(), token=ada)[0] == 200
        return seen + [row.id for row in rows]

    assert reader.read(read)
    assert reader.read(lambda session: session.query(TrackerRecord).count()) == 0
    reader.close()
    browser.work(3)
    browser.settle()
    assert sum(books(database_url).case_totals.values()) == browser.account.proven_ms


def test_a_browser_that_comes_back_after_a_purge(start: Start, browse: Browse, database_url: str) -> None:
    """X70: what it brings late, and another of its devices had brought before, was purged and stays so."""
    server = start(database_url, people=("ana", "ada"))
    ada = server.token("ada")
    browser = browse(server)
    browser.work(10, strays=False)
    browser.settle()
    assert server.call("POST", PURGE, everything_until_now(), token=ada)[0] == 200
    late = browse(server)
    late.lives_again(browser)
    since = late.page.held[-1]["at"]
    late.beat()
    late.settle()
    found = books(database_url)
    assert sum(found.case_totals.values()) == late.account.proven_ms
    assert all(begin >= since for begin, _, _ in found.records)


def test_events_older_than_the_accepted_age(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X70: a browser that was away for longer than seven days may forget what it brings; each is a refused row."""
    server = start(sqlite_url)
    browser = browse(server, ago_ms=8 * 24 * HOUR_MS)
    browser.work(5, strays=False)
    browser.settle()
    found = books(sqlite_url)
    assert found.records == []
    assert [seq for _, seq in found.refused] == [event["seq"] for event in browser.account.lived[browser.page.stream]]


def test_somebody_who_is_deactivated_at_work(start: Start, browse: Browse, database_url: str) -> None:
    """X69: what the server had received before is committed; what the browser still holds waits for them."""
    server = start(database_url, environment={"CASECLOCK_SECONDS_PER_MINUTE": "60"})
    ana, ben = browse(server), browse(server, "ben")
    for browser in (ana, ben):
        browser.work(5)
        assert browser.deliver(browser.page)
    change(database_url, update(Person).where(Person.username == "ana").values(active=False))
    status, _ = server.call("POST", "/api/v1/agent/reports", ana.page.report(), token=ana.token)
    assert status == 401
    assert server.terminate() == 0
    check(database_url, ana.account, ben.account)
    server.start()
    ana.cut()
    ana.work(3)
    assert not ana.bring()
    change(database_url, update(Person).where(Person.username == "ana").values(active=True))
    assert ana.deliver(ana.page)
    assert server.terminate() == 0
    check(database_url, ana.account, ben.account)


def test_a_case_that_is_resolved_at_work(start: Start, browse: Browse, database_url: str) -> None:
    """X69: time up to that instant counts, none after it, whenever it arrives."""
    server = start(database_url)
    browser = browse(server, ago_ms=30_000)
    browser._write("open", "CAS-1001")
    assert browser.deliver(browser.page)
    status, case = server.call("PUT", "/api/v1/cases/CAS-1001/resolution", {}, token=browser.token)
    assert status == 200, case
    resolved_at = wall_ms()
    browser.at += 60_000 - 5_000
    browser._write("beat", "CAS-1001")
    browser.turn_page()
    bring_until(lambda: books(database_url).records, browser)
    ((begin, end, _),) = books(database_url).records
    assert begin == browser.account.lived[next(iter(browser.outboxes))][0]["at"]
    assert end <= resolved_at


def everything_until_now() -> dict[str, Any]:
    """The rule of a purge."""
    return {"rule": {"before": iso(wall_ms())}}
