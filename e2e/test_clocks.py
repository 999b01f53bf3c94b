"""Row F20: whatever the clock of the computer says, time is credited by the server's clock, right to a second."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from e2e.desk import Desk
from e2e.recorded import Recorded, Span, overlaps
from e2e.stopwatch import TOLERANCE_MS, Moment, now_ms
from e2e.waiting import until
from e2e.wall_clock import WallClock

CASE = "CAS-1001"
HOUR_MS = 3_600_000
LOOK_MS = 1_000
"""A page looks at its clocks once a second: so much may be missing where one of them leapt."""


def to(year: int) -> int:
    """How far a clock is off that was set to the second day of a year."""
    return int(datetime(year, 1, 2, tzinfo=UTC).timestamp() * 1000) - now_ms()


@pytest.fixture
def sits_down_before(sits_down: Callable[..., Desk]) -> Callable[..., tuple[Desk, WallClock]]:
    """Ana sits down at a page whose wall clock is wrong from the beginning."""

    def sit(*, offset_ms: int = 0, rate: float = 1.0) -> tuple[Desk, WallClock]:
        ana = sits_down("ana")
        clock = WallClock(ana.page, offset_ms=offset_ms, rate=rate)
        ana.goes_to("/workspace")
        return ana, clock

    return sit


def is_right(ana: Desk, recorded: Recorded, opened: Moment, closed: Moment, *breaks: Moment) -> list[Span]:
    """All of the time is recorded once but for a second at each break, and no record lies outside of it."""
    due = closed.after + LOOK_MS

    def settled() -> bool:
        recorded.commit()
        spans = recorded.spans()
        return now_ms() >= due and bool(spans) and closed.holds(spans[-1].ended)

    until(settled, what="the last span is recorded")
    spans = recorded.spans()
    assert overlaps(recorded.records()) == []
    assert opened.holds(spans[0].started)
    missing = (spans[-1].ended - spans[0].started) - sum(span.ms for span in spans)
    assert 0 <= missing <= len(breaks) * (LOOK_MS + TOLERANCE_MS)
    for one, other in pairwise(spans):
        assert any(
            one.ended <= leap.after + TOLERANCE_MS and leap.before - TOLERANCE_MS <= other.started for leap in breaks
        )
    return spans


@pytest.mark.parametrize(
    "offset_ms",
    [HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, to(1970), to(2099)],
    ids=["an hour fast", "an hour slow", "a day fast", "a day slow", "1970", "2099"],
)
def test_f20_a_clock_that_is_wrong_all_the_time_changes_nothing(
    sits_down_before: Callable[..., tuple[Desk, WallClock]], recorded: Recorded, offset_ms: int
) -> None:
    """(X39)"""
    ana, clock = sits_down_before(offset_ms=offset_ms)
    assert abs(clock.now_ms() - now_ms() - offset_ms) < HOUR_MS / 2
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))


@pytest.mark.parametrize(
    "by_ms",
    [HOUR_MS, -HOUR_MS, to(1970), to(2099)],
    ids=["hour on", "hour back", "1970", "2099"],
)
def test_f20_a_clock_set_in_mid_work_and_set_right_again_costs_a_second_each(
    sits_down_before: Callable[..., tuple[Desk, WallClock]], recorded: Recorded, by_ms: int
) -> None:
    """(X39, X40) The page reports the leap itself."""
    ana, clock = sits_down_before()
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    leap = ana.does("sets the clock", lambda: clock.is_set(by_ms))
    recorded.grows("ana", CASE, seconds=2)
    mended = ana.does("sets the clock right", lambda: clock.is_set(-by_ms))
    recorded.grows("ana", CASE, seconds=2)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    is_right(ana, recorded, opened, closed, leap, mended)


def test_f20_a_clock_set_back_between_two_events_neither_doubles_nor_loses(
    sits_down_before: Callable[..., tuple[Desk, WallClock]], recorded: Recorded
) -> None:
    """(X40) The next event comes at the same moment, before the page has looked at its clocks by itself."""
    ana, clock = sits_down_before()
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)

    def sets_and_acts() -> None:
        clock.is_set(-HOUR_MS)
        ana["open-knowledgearticle-KA-101"].click()

    leap = ana.does("sets the clock back and opens a record", sets_and_acts)
    ana.runs(CASE)
    recorded.grows("ana", CASE, seconds=2)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    is_right(ana, recorded, opened, closed, leap)


@pytest.mark.parametrize("rate", [1.01, 0.99])
def test_f20_a_clock_that_drifts_by_one_per_cent_breaks_nothing(
    sits_down_before: Callable[..., tuple[Desk, WallClock]], recorded: Recorded, rate: float
) -> None:
    """(X41) It is off by an hour besides; a minute of work would be off by 0.6 s at its end."""
    ana, _ = sits_down_before(offset_ms=HOUR_MS, rate=rate)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE, seconds=5)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    (span,) = is_right(ana, recorded, opened, closed)
    assert {span.started_by, span.ended_by} & {"suspend", "resume", "gap"} == set()


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, 0, tzinfo=UTC)),
    ],
)
def test_f20_the_night_of_a_change_to_or_from_daylight_saving_is_like_any_other(
    sits_down_before: Callable[..., tuple[Desk, WallClock]], recorded: Recorded, zone: str, change: datetime
) -> None:
    """(X44) The computer stands in that zone, and its clock passes the change while a case is in front."""
    ana, clock = sits_down_before(offset_ms=int(change.timestamp() * 1000) - now_ms() - 8_000)
    ana.control.session.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    before = ana.page.evaluate("() => new Date().getTimezoneOffset()")
    opened = ana.opens(CASE)
    ana.runs(CASE)
    until(lambda: clock.now_ms() > change.timestamp() * 1000, timeout_s=30, what="the night has its change")
    assert ana.page.evaluate("() => new Date().getTimezoneOffset()") != before
    assert ana.page.evaluate("() => Intl.DateTimeFormat().resolvedOptions().timeZone") == ZoneInfo(zone).key
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))


def test_f19_a_browser_that_stands_still_counts_until_its_last_second(ana: Desk, recorded: Recorded) -> None:
    """(X42) All of its processes are stopped and go on later, both clocks running: as in a sleep under Windows."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    asleep = ana.does("falls asleep", lambda: ana.chromium.send(signal.SIGSTOP))
    ana.stopwatch.passes(8)
    awake = ana.does("wakes up", lambda: ana.chromium.send(signal.SIGCONT))
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    until(lambda: recorded.commit() or closed.holds(recorded.spans()[-1].ended), what="the last span is recorded")
    spans = recorded.spans()
    assert len(spans) == 2
    assert opened.holds(spans[0].started)
    assert asleep.before - LOOK_MS - TOLERANCE_MS <= spans[0].ended <= asleep.after + TOLERANCE_MS
    assert awake.before - TOLERANCE_MS <= spans[1].started <= awake.after + LOOK_MS + TOLERANCE_MS
    assert spans[0].ended_by == "suspend"
