"""Interval algebra: half-open intervals, against a set of instants."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.tracking.spans import Interval, subtract, total, union

INTERVALS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)
deterministic = settings(derandomize=True, deadline=None, max_examples=400)


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], []),
        ([(5, 5)], []),
        ([(5, 3)], []),
        ([(0, 5)], [(0, 5)]),
        ([(0, 5), (5, 9)], [(0, 9)]),
        ([(0, 5), (6, 9)], [(0, 5), (6, 9)]),
        ([(6, 9), (0, 5)], [(0, 5), (6, 9)]),
        ([(0, 9), (2, 3)], [(0, 9)]),
        ([(0, 5), (3, 9), (20, 21)], [(0, 9), (20, 21)]),
    ],
)
def test_union_joins_what_overlaps_or_touches(intervals: list[Interval], expected: list[Interval]) -> None:
    assert union(intervals) == expected


@pytest.mark.parametrize(
    ("holes", "expected"),
    [
        ([], [(10, 20)]),
        ([(0, 10)], [(10, 20)]),
        ([(20, 30)], [(10, 20)]),
        ([(0, 11)], [(11, 20)]),
        ([(19, 30)], [(10, 19)]),
        ([(10, 20)], []),
        ([(0, 30)], []),
        ([(12, 14)], [(10, 12), (14, 20)]),
        ([(10, 12), (18, 20)], [(12, 18)]),
        ([(5, 12), (14, 15), (19, 40), (50, 60)], [(12, 14), (15, 19)]),
    ],
)
def test_subtract_leaves_what_no_hole_covers(holes: list[Interval], expected: list[Interval]) -> None:
    assert subtract((10, 20), holes) == expected


def test_nothing_is_left_of_an_empty_interval() -> None:
    assert subtract((10, 10), []) == []
    assert subtract((10, 10), [(0, 20)]) == []
    assert subtract((10, 10), [(10, 12)]) == []


def test_total_is_the_sum_of_lengths() -> None:
    assert total([]) == 0
    assert total([(0, 5), (7, 9)]) == 7


@deterministic
@given(INTERVALS)
def test_union_covers_the_same_instants_and_is_disjoint_and_sorted(intervals: list[Interval]) -> None:
    merged = union(intervals)
    assert _instants(merged) == _instants(intervals)
    assert all(one[1] < other[0] for one, other in pairwise(merged))
    assert all(start < end for start, end in merged)
    assert total(merged) == len(_instants(intervals))


@deterministic
@given(st.tuples(st.integers(0, 30), st.integers(0, 30)), INTERVALS)
def test_subtract_takes_away_exactly_the_instants_of_the_holes(interval: Interval, holes: list[Interval]) -> None:
    left = subtract(interval, union(holes))
    assert _instants(left) == _instants([interval]) - _instants(holes)
    assert left == union(left)


def _instants(intervals: list[Interval]) -> set[int]:
    return {instant for start, end in intervals for instant in range(start, end)}
