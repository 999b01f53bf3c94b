"""Instants, days, and the words for them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from server import clock
from tests.conftest import NOON, World


def test_an_instant_and_its_datetime_are_the_same_to_the_millisecond() -> None:
    for instant in (0, 1, 999, NOON + 123, -1, 253_402_300_799_999):
        assert clock.to_instant(clock.to_datetime(instant)) == instant


def test_finer_parts_are_cut_off_never_rounded_up() -> None:
    assert clock.to_instant(datetime(2026, 11, 20, 12, 0, 0, 999_999, tzinfo=UTC)) == NOON + 999


def test_the_zone_of_a_datetime_does_not_change_its_instant() -> None:
    moment = datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1)))

    assert clock.to_instant(moment) == NOON


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (NOON, "2026-11-20T12:00:00.000Z"),
        (NOON + 7, "2026-11-20T12:00:00.007Z"),
        (-3_600_000, "1969-12-31T23:00:00.000Z"),
    ],
)
def test_an_instant_is_written_with_milliseconds_and_z(instant: int, text: str) -> None:
    assert clock.iso(instant) == text


def test_the_application_uses_the_clock_it_was_given(world: World) -> None:
    world.clock.advance(seconds=1.5)
    with world.app.app_context():
        assert clock.now_ms() == NOON + 1_500


def test_the_system_clock_tells_milliseconds_and_the_stopwatch_runs_on() -> None:
    assert clock.system_clock() > 1_700_000_000_000
    assert clock.stopwatch_s() <= clock.stopwatch_s()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("America/Havana", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Asia/Beirut", date(2026, 3, 29), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, day: date, hours: float) -> None:
    info = ZoneInfo(zone)

    length = clock.day_starts(day + timedelta(days=1), info) - clock.day_starts(day, info)
    assert length == hours * 3_600_000


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Africa/Cairo", "America/Havana", "Pacific/Apia", "Asia/Beirut"])
def test_a_day_starts_at_its_first_instant(zone: str) -> None:
    info = ZoneInfo(zone)
    for number in range(366 * 2):
        day = date(2026, 1, 1) + timedelta(days=number)
        start = clock.day_starts(day, info)
        assert clock.day_of(start, info) == day
        assert clock.day_of(start - 1, info) == day - timedelta(days=1)
