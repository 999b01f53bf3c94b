"""Interval algebra on half-open intervals `[start, end)` of milliseconds.

Pure. Every function takes and gives lists sorted by start; what it gives is disjoint and has no empty interval.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The instants that lie in any of the intervals; neighbours that touch become one.

    a  [--------)
    b       [-------)      [--)
    =  [------------)      [--)
    """
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def subtract(interval: Interval, holes: Sequence[Interval]) -> list[Interval]:
    """What is left of one interval without the holes (sorted and disjoint, as `union` gives them).

    a      [--------------)
    holes  [--)   [---)
    =         [---)   [---)
    """
    left: list[Interval] = []
    start, end = interval
    for hole_start, hole_end in holes:
        if hole_end <= start:
            continue
        if hole_start >= end:
            break
        if hole_start > start:
            left.append((start, hole_start))
        start = max(start, hole_end)
    if start < end:
        left.append((start, end))
    return left


def total(intervals: Iterable[Interval]) -> int:
    """The sum of the lengths, in milliseconds."""
    return sum(end - start for start, end in intervals)
