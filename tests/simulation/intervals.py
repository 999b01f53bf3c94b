"""Sets of instants as half-open intervals of milliseconds, by other means than the product's own."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Span = tuple[int, int]


def within(instant: int, intervals: Any) -> bool:
    """Whether any of them holds the instant; more may follow after start and end."""
    return any(each[0] <= instant < each[1] for each in intervals)


def joined(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Neighbours of one case made one."""
    joined: list[tuple[int, int, str]] = []
    for start, end, case in spans:
        if joined and joined[-1][1] == start and joined[-1][2] == case:
            joined[-1] = (joined[-1][0], end, case)
        else:
            joined.append((start, end, case))
    return joined


def union(spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def widened(spans: list[Span], margin: int) -> list[Span]:
    return union([(start - margin, end + margin) for start, end in spans])


def length(spans: list[Span]) -> int:
    return sum(end - start for start, end in spans)


def subtract(spans: list[Span], holes: list[Span]) -> list[Span]:
    """Both sorted and disjoint."""
    left, place = [], 0
    for start, end in spans:
        while place and holes[place - 1][1] > start:
            place -= 1
        while place < len(holes) and holes[place][1] <= start:
            place += 1
        while place < len(holes) and holes[place][0] < end:
            low, high = holes[place]
            if low > start:
                left.append((start, low))
            start = max(start, high)
            place += 1
        if start < end:
            left.append((start, end))
    return left


def by_days(start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    """The days of a zone that an interval touches, as ISO dates, each with its milliseconds."""
    day = datetime.fromtimestamp(start / 1000, zone).date()
    while start < end:
        day_ends = min(end, _midnight(day + timedelta(days=1), zone))
        if day_ends > start:
            yield day.isoformat(), day_ends - start
        day, start = day + timedelta(days=1), max(start, day_ends)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)
