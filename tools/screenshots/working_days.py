"""Invents when somebody worked on what: the same for the same seed. Values in, values out."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from server.clock import day_of, day_starts
from server.tracking.attribution import Span

MINUTE_MS = 60_000
_HOUR_MS = 60 * MINUTE_MS
_BEGINS_MS = 8 * _HOUR_MS + 20 * MINUTE_MS
_LUNCH_MS = 12 * _HOUR_MS + 15 * MINUTE_MS
_ENDS_MS = 16 * _HOUR_MS + 40 * MINUTE_MS
_AT_LEAST_TODAY_MS = 5 * _HOUR_MS
_INTERVAL_MS = 10 * MINUTE_MS
_STARTS = ("open", "session-tab", "session-tab", "app-tab", "focus", "focus")
_ENDS = ("session-tab", "session-tab", "app-tab", "blur", "hidden", "close", "lock")

CasesOf = Callable[[date], Sequence[str]]
"""The references of the cases that were open on a day."""


def working_days(first: date, *, now: int, zone: ZoneInfo, cases_of: CasesOf, random: Random) -> Iterator[Span]:
    """The spans of one person from a day on until `now`, in their order; at week-ends they rest, but not today."""
    today = day_of(now, zone)
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        if day != today and (day.weekday() > 4 or random.random() < 0.06):
            continue
        midnight = day_starts(day, zone)
        begins = midnight + _BEGINS_MS + random.randrange(30) * MINUTE_MS
        if day == today:
            begins = max(midnight, min(begins, now - _AT_LEAST_TODAY_MS))
        yield from _day(begins, midnight, until=now, cases=cases_of(day), random=random)


def _day(begins: int, midnight: int, *, until: int, cases: Sequence[str], random: Random) -> Iterator[Span]:
    at = begins
    had_lunch = at > midnight + _LUNCH_MS
    while at < midnight + _ENDS_MS or at < begins + _AT_LEAST_TODAY_MS:
        length = min(random.randrange(6, 45) * MINUTE_MS + random.randrange(60_000), until - at)
        if length < MINUTE_MS:
            return
        yield from _stretch(at, at + length, case=random.choice(cases), random=random)
        at += length + random.randrange(1, 9) * MINUTE_MS
        if not had_lunch and at > midnight + _LUNCH_MS:
            had_lunch = True
            at += random.randrange(30, 50) * MINUTE_MS


def _stretch(started: int, ended: int, *, case: str, random: Random) -> Iterator[Span]:
    """Work without a break, cut where it was committed."""
    stream = str(UUID(int=random.getrandbits(128)))
    cuts = range(started - started % _INTERVAL_MS + _INTERVAL_MS, ended, _INTERVAL_MS)
    ends = [started, *cuts, ended]
    started_by = random.choice(_STARTS)
    for begin, end in pairwise(ends):
        is_last = end == ended
        yield Span(case, stream, begin, end, started_by, random.choice(_ENDS) if is_last else "interval")
        started_by = "interval"
