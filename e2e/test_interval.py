"""Rows F15 to F17: the update interval, and what is kept when a browser ends between two of them.

A minute of the interval lasts a fraction of a second here, which scales no credited time.
"""

import pytest

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.waiting import until

CASE = "CAS-1001"


def interval_of(seconds: float) -> pytest.MarkDecorator:
    """Ten minutes, the default interval, last so many seconds."""
    return pytest.mark.parametrize("seconds_per_minute", [seconds / 10], indirect=True, ids=[f"{seconds:g}s"])


@interval_of(3)
def test_f15_two_representatives_on_one_case_add_up(ana: Desk, ben: Desk, recorded: Recorded) -> None:
    """Two hold the same case for one interval: the case shows twice that time."""
    ana_opened = ana.opens(CASE)
    ana.runs(CASE)
    ben_opened = ben.opens(CASE)
    ben.runs(CASE)

    until(lambda: min(recorded.ms("ana", CASE), recorded.ms("ben", CASE)) >= 3000, what="one interval each is recorded")

    ana_closed = ana.closes(CASE)
    ben_closed = ben.closes(CASE)
    ana.stands("no-case")
    ben.stands("no-case")
    spans = recorded.are(ana.worked(CASE, ana_opened, ana_closed), ben.worked(CASE, ben_opened, ben_closed))
    assert recorded.handling_time(CASE)["total_seconds"] == sum(span.ms for span in spans) // 1000 >= 6


@interval_of(2)
def test_f16_the_interval_drives_the_database_and_the_widget(ana: Desk, recorded: Recorded) -> None:
    ana.opens(CASE)
    ana.runs(CASE)
    ana.shows("total", 0)

    until(lambda: len(recorded.records()) >= 4, what="four intervals are recorded")

    first, *others = recorded.records()[:4]
    lengths = [other.committed - one.committed for one, other in zip((first, *others), others, strict=False)]
    assert all(1500 <= length <= 2800 for length in lengths), lengths
    assert all(record.ended_by == "interval" for record in others)
    until(lambda: (ana.seconds("total") or 0) >= 5, what="the widget shows what was committed, untouched")
    total = recorded.ms("ana", CASE) // 1000
    assert (ana.seconds("total") or 0) >= total - 2


@interval_of(2)
def test_f16_a_longer_interval_writes_less_often(ana: Desk, server: DemoServer, recorded: Recorded) -> None:
    server.sets(update_interval_minutes=20)
    ana.opens(CASE)
    ana.runs(CASE)

    until(lambda: len(recorded.records()) >= 3, timeout_s=25, what="three intervals are recorded")

    one, two, three = recorded.records()[:3]
    assert 3400 <= two.committed - one.committed <= 5000
    assert 3400 <= three.committed - two.committed <= 5000


def test_f16_nothing_is_written_before_the_interval_ends(ana: Desk, recorded: Recorded) -> None:
    ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(2)
    ana.closes(CASE)
    ana.stands("no-case")

    assert recorded.records() == []
    assert recorded.handling_time(CASE)["total_seconds"] == 0
    assert recorded.handling_time(CASE, query="?live=true")["total_seconds"] >= 2


@interval_of(3)
def test_f17_a_browser_closed_between_two_intervals_keeps_all_of_its_work(ana: Desk, recorded: Recorded) -> None:
    """The model keeps the first interval; here the rest is kept too, without anybody asking for it.

    Its page is closed first: what a page sends while the whole browser is torn down may get lost.
    """
    opened = ana.opens(CASE)
    ana.runs(CASE)
    until(lambda: recorded.records(), what="the first interval is recorded")
    ana.stopwatch.passes(1)
    closed = ana.closes_the_last_page()
    ana.chromium.quit()

    until(lambda: closed.holds(recorded.spans()[-1].ended), what="the rest is recorded by the next interval")

    recorded.are(ana.worked(CASE, opened, closed))


def test_f17_a_browser_killed_in_the_middle_of_work_keeps_what_it_has_proven(ana: Desk, recorded: Recorded) -> None:
    """Nothing was committed yet; the time after the last proof is not invented."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(1.5)
    proven = ana.clicks("queue-item-details", "looks at the queue item, which is the last sign of life")
    ana["queue-item-dialog"].wait_for()
    ana.runs(CASE)
    ana.stopwatch.passes(1)

    ana.does("loses the browser", ana.chromium.kill)

    assert recorded.records() == []
    recorded.are(ana.worked(CASE, opened, proven))
