"""Calendar days in SQL, alike on both databases: of instants in people's zones, and the weeks that days are in.

Which day an instant lies in is decided by Python's zone data, as for the days of totals: the database is only told when
which offset from UTC was in force.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, BigInteger, ColumnElement, Text, column, values
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from server.clock import day_starts, to_datetime

MONDAY, SUNDAY, SATURDAY = "monday", "sunday", "saturday"
WEEK_STARTS = (MONDAY, SUNDAY, SATURDAY)
"""The days with which a week may begin."""

_BEFORE_SUNDAY = {SUNDAY: 0, MONDAY: 6, SATURDAY: 1}
"""How many days of the week lie between the one before a Sunday and its first: what to add to Sunday's number, 0."""
_STEP_MS = 7 * 24 * 3600 * 1000


def week_of(day: date, week_start: str) -> date:
    """The first day of the week that a day is in."""
    return day - timedelta(days=(day.isoweekday() + _BEFORE_SUNDAY[week_start]) % 7)


def month_of(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def zones_of(names: Iterable[str], since: date, until: date) -> CTE:
    """Rows (zone, began, ended, offset_ms): when, from the first to the last of these days, which offset held."""
    rows = [
        (name, began, ended, offset)
        for name in sorted(names)
        for began, ended, offset in _offsets(
            ZoneInfo(name), day_starts(since, ZoneInfo(name)), day_starts(until + timedelta(days=1), ZoneInfo(name))
        )
    ]
    columns = (
        column("zone", Text),
        column("began", BigInteger),
        column("ended", BigInteger),
        column("offset_ms", BigInteger),
    )
    return values(*columns, name="zones").data(rows).cte("zones")


def _offsets(zone: ZoneInfo, began: int, ended: int) -> list[tuple[int, int, int]]:
    """The parts of `[began, ended)` through which a zone's offset stayed the same, with the offset in milliseconds."""
    parts: list[tuple[int, int, int]] = []
    while began < ended:
        offset, over = _offset(zone, began), min(began + _STEP_MS, ended)
        if _offset(zone, over - 1) != offset:
            over = _change(zone, began, over - 1, offset)
        if parts and parts[-1][2] == offset:
            began = parts.pop()[0]
        parts.append((began, over, offset))
        began = over
    return parts


def _change(zone: ZoneInfo, same: int, other: int, offset: int) -> int:
    """The first instant at which the offset is another one; it still is `offset` at `same`, and not at `other`."""
    while other - same > 1:
        middle = (same + other) // 2
        same, other = (middle, other) if _offset(zone, middle) == offset else (same, middle)
    return other


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = to_datetime(instant).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(milliseconds=1)


class DayText(FunctionElement[str]):
    """`2026-11-20` of a number of milliseconds since the epoch, in UTC."""

    type = Text()
    inherit_cache = True
    name = "day_text"


class WeekText(FunctionElement[str]):
    """The first day of the week of a day, both as text. The second argument comes from `_BEFORE_SUNDAY`."""

    type = Text()
    inherit_cache = True
    name = "week_text"


def week_text(day: ColumnElement[str], week_start: str) -> ColumnElement[str]:
    """The SQL counterpart of `week_of`."""
    return WeekText(day, _BEFORE_SUNDAY[week_start])


@compiles(DayText, "sqlite")
def _day_text_of_sqlite(element: DayText, compiler: Any, **options: Any) -> str:
    (instant,) = _arguments(element, compiler, options)
    return f"strftime('%Y-%m-%d', ({instant}) / 1000, 'unixepoch')"


@compiles(DayText, "postgresql")
def _day_text_of_postgresql(element: DayText, compiler: Any, **options: Any) -> str:
    (instant,) = _arguments(element, compiler, options)
    return f"to_char(to_timestamp(({instant}) / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


@compiles(WeekText, "sqlite")
def _week_text_of_sqlite(element: WeekText, compiler: Any, **options: Any) -> str:
    day, before = _arguments(element, compiler, options)
    return f"date({day}, '-' || ((strftime('%w', {day}) + {before}) % 7) || ' days')"


@compiles(WeekText, "postgresql")
def _week_text_of_postgresql(element: WeekText, compiler: Any, **options: Any) -> str:
    day, before = _arguments(element, compiler, options)
    return f"to_char({day}::date - mod(extract(dow from {day}::date)::int + ({before})::int, 7), 'YYYY-MM-DD')"


def _arguments(element: FunctionElement[str], compiler: Any, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]
