"""The one reader of the time, and the words for it.

An instant is an `int` of milliseconds since the epoch, UTC. Everything below the edge of the program
takes `now` as an argument; only the edge calls `now_ms()`, which asks the application's own clock, so
that a test can hand in another one.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

from flask import current_app

Clock: TypeAlias = Callable[[], int]

_EXTENSION = "caseclock.clock"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> int:
    """The wall clock of this computer, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def stopwatch_s() -> float:
    """Seconds of the monotonic clock: only differences mean something."""
    return time.monotonic()


def install(app_extensions: dict[str, object], clock: Clock) -> None:
    """Make `clock` the clock of the application that owns these extensions."""
    app_extensions[_EXTENSION] = clock


def now_ms() -> int:
    """The present instant of the current application, in milliseconds since the epoch."""
    return cast(Clock, current_app.extensions[_EXTENSION])()


def to_datetime(instant: int) -> datetime:
    """The aware UTC datetime of an instant in milliseconds; exact."""
    return _EPOCH + timedelta(milliseconds=instant)


def to_instant(moment: datetime) -> int:
    """The instant, in milliseconds, of an aware datetime; finer parts are cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def iso(instant: int) -> str:
    """An instant as ISO 8601 in UTC with milliseconds and `Z`: `2026-11-20T10:00:00.123Z`."""
    return to_datetime(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(instant: int, zone: ZoneInfo) -> date:
    """The calendar day of an instant in a zone."""
    return to_datetime(instant).astimezone(zone).date()


def day_starts(day: date, zone: ZoneInfo) -> int:
    """The instant at which a calendar day begins in a zone (the first moment of that date)."""
    return to_instant(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))
