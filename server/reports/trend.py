"""Handling time over time: the figures of every day, week or month of a period, for charts."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy.orm import Session

from server.reports import figures
from server.reports.days import month_of, week_of
from server.reports.figures import MONTH, NOTHING, WEEK, Figures
from server.reports.work import Chosen


def trend(session: Session, chosen: Chosen, by: str, *, week_start: str) -> Iterator[tuple[date, Figures]]:
    """(first day, figures) of every period in order, those without work included."""
    found = {one.key: one for one in figures.by_group(session, chosen, by, week_start=week_start)}
    for first in _firsts(chosen, by, week_start):
        yield first, found.get(first.isoformat(), NOTHING)


def _firsts(chosen: Chosen, by: str, week_start: str) -> list[date]:
    days = (chosen.since + timedelta(days=n) for n in range((chosen.until - chosen.since).days + 1))
    if by == WEEK:
        return sorted({week_of(day, week_start) for day in days})
    return sorted({month_of(day) for day in days} if by == MONTH else days)
