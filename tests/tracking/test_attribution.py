"""From claims to spans: at every instant at most one case, the one that began last."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.tracking.attribution import Span, attribute, covered_ms
from server.tracking.claims import Claim
from server.tracking.spans import Interval

A, B, C = "CAS-1001", "CAS-1002", "CAS-1003"

INTERVALS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)
deterministic = settings(derandomize=True, deadline=None, max_examples=400)


def claim(case: str, started: int, ended: int, *, stream: str = "aaaa", began: int | None = None) -> Claim:
    return Claim(case, stream, started if began is None else began, started, ended, "focus", "blur")


def painted(*claims: Claim, **cuts: Any) -> list[tuple[str, int, int]]:
    return [(span.case, span.started, span.ended) for span in attribute(claims, **cuts)]


def test_no_claims_give_no_spans() -> None:
    assert attribute([]) == []


def test_one_claim_is_one_span_with_the_causes_of_its_ends() -> None:
    """F22: each record keeps what started and ended it."""
    assert attribute([claim(A, 0, 10)]) == [Span(A, "aaaa", 0, 10, "focus", "blur")]


def test_an_empty_claim_gives_nothing() -> None:
    assert attribute([claim(A, 5, 5)]) == []
    assert painted(claim(A, 5, 5, stream="bbbb"), claim(B, 0, 10)) == [(B, 0, 10)]


def test_f18_the_one_that_began_last_wins_and_the_older_goes_on_when_it_ends() -> None:
    spans = attribute([claim(A, 0, 30), claim(B, 10, 20, stream="bbbb")])
    assert spans == [
        Span(A, "aaaa", 0, 10, "focus", "overlap"),
        Span(B, "bbbb", 10, 20, "focus", "blur"),
        Span(A, "aaaa", 20, 30, "overlap", "blur"),
    ]


def test_the_order_in_which_claims_come_does_not_matter() -> None:
    claims = [claim(A, 0, 30), claim(B, 10, 20, stream="bbbb"), claim(C, 15, 40, stream="cccc")]
    assert attribute(claims) == attribute(reversed(claims))


def test_three_deep_each_older_one_goes_on_in_turn() -> None:
    assert painted(claim(A, 0, 50), claim(B, 10, 40, stream="bbbb"), claim(C, 20, 30, stream="cccc")) == [
        (A, 0, 10),
        (B, 10, 20),
        (C, 20, 30),
        (B, 30, 40),
        (A, 40, 50),
    ]


def test_the_last_to_begin_keeps_the_time_after_the_older_one_has_ended() -> None:
    assert painted(claim(A, 0, 20), claim(B, 10, 30, stream="bbbb")) == [(A, 0, 10), (B, 10, 30)]


@pytest.mark.parametrize(("other", "winner"), [("bbbb", B), ("a", A)])
def test_x48_at_the_same_instant_the_greater_stream_id_wins(other: str, winner: str) -> None:
    assert painted(claim(A, 0, 10), claim(B, 0, 10, stream=other)) == [(winner, 0, 10)]
    assert painted(claim(B, 0, 10, stream=other), claim(A, 0, 10)) == [(winner, 0, 10)]


def test_at_the_same_instant_the_lesser_stream_goes_on_when_the_greater_ends() -> None:
    assert painted(claim(A, 0, 20), claim(B, 0, 10, stream="bbbb")) == [(B, 0, 10), (A, 10, 20)]


def test_claims_that_touch_do_not_overlap() -> None:
    assert painted(claim(A, 0, 10), claim(B, 10, 20, stream="bbbb")) == [(A, 0, 10), (B, 10, 20)]


def test_the_same_case_on_two_devices_counts_once() -> None:
    """F18: never more time than the wall clock."""
    spans = attribute([claim(A, 0, 20), claim(A, 10, 30, stream="bbbb")])
    assert sum(span.ended - span.started for span in spans) == 30


def test_what_decides_is_when_the_run_began_not_where_the_rest_of_it_starts() -> None:
    """The front of the older claim is committed; its rest starts later than the newer claim, and still is older."""
    assert painted(claim(A, 20, 40, began=0), claim(B, 10, 30, stream="bbbb")) == [(B, 10, 30), (A, 30, 40)]


def test_a_claim_that_is_cut_keeps_the_instant_at_which_it_began() -> None:
    """A resolved period in mid-claim does not make what follows it newer than a claim of another page."""
    cut_in_the_middle = claim(A, 0, 60)
    other = claim(B, 10, 50, stream="bbbb")
    assert painted(cut_in_the_middle, other, resolved={A: [(5, 20)]}) == [(A, 0, 5), (B, 10, 50), (A, 50, 60)]
    assert painted(cut_in_the_middle, other, untracked=[(15, 20)]) == [
        (A, 0, 10),
        (B, 10, 15),
        (B, 20, 50),
        (A, 50, 60),
    ]


def test_f6_a_resolved_period_stops_the_clock_at_that_instant() -> None:
    spans = attribute([claim(A, 0, 30)], resolved={A: [(10, 2**62)]})
    assert spans == [Span(A, "aaaa", 0, 10, "focus", "resolve")]


def test_f6_no_clock_starts_on_a_resolved_case() -> None:
    assert painted(claim(A, 20, 30), resolved={A: [(10, 2**62)]}) == []


def test_f6_reopened_the_clock_goes_on() -> None:
    spans = attribute([claim(A, 0, 30)], resolved={A: [(10, 20)]})
    assert [(span.started, span.ended, span.started_by, span.ended_by) for span in spans] == [
        (0, 10, "focus", "resolve"),
        (20, 30, "resolve", "blur"),
    ]


def test_f6_only_the_resolved_case_is_cut() -> None:
    assert painted(claim(A, 0, 10), claim(B, 10, 20), resolved={B: [(0, 15)]}) == [(A, 0, 10), (B, 15, 20)]


def test_f6_where_the_newest_is_resolved_the_older_one_has_the_time() -> None:
    """Time in front of the older case is not lost to one that may not count."""
    assert painted(claim(A, 0, 30), claim(B, 10, 20, stream="bbbb"), resolved={B: [(0, 2**62)]}) == [(A, 0, 30)]


def test_a1_untracked_periods_are_cut_out_of_every_case() -> None:
    spans = attribute([claim(A, 0, 30), claim(B, 40, 60)], untracked=[(10, 20), (50, 2**62)])
    assert [(span.case, span.started, span.ended, span.started_by, span.ended_by) for span in spans] == [
        (A, 0, 10, "focus", "tracking-off"),
        (A, 20, 30, "tracking-off", "blur"),
        (B, 40, 50, "focus", "tracking-off"),
    ]


def test_what_is_committed_stays_and_a_late_claim_gets_the_rest() -> None:
    spans = attribute([claim(A, 0, 30)], taken=[(10, 20)])
    assert [(span.started, span.ended, span.started_by, span.ended_by) for span in spans] == [
        (0, 10, "focus", "committed"),
        (20, 30, "committed", "blur"),
    ]


def test_taken_time_does_not_pass_to_an_older_claim() -> None:
    assert painted(claim(A, 0, 30), claim(B, 10, 20, stream="bbbb"), taken=[(12, 15)]) == [
        (A, 0, 10),
        (B, 10, 12),
        (B, 15, 20),
        (A, 20, 30),
    ]


def test_taken_and_resolved_periods_may_come_unsorted_and_overlapping() -> None:
    cuts = [(20, 25), (5, 8), (7, 12)]
    expected = [(A, 0, 5), (A, 12, 20), (A, 25, 30)]
    assert painted(claim(A, 0, 30), taken=iter(cuts)) == expected
    assert painted(claim(A, 0, 30), resolved={A: cuts}) == expected
    assert painted(claim(A, 0, 30), untracked=cuts) == expected


def test_neighbouring_pieces_of_one_claim_become_one_span() -> None:
    """Another claim's end inside it does not chop a span, which keeps the causes of its own ends."""
    assert attribute([claim(A, 10, 40), claim(B, 0, 20, stream="bbbb"), claim(B, 15, 25, began=5, stream="cccc")]) == [
        Span(B, "bbbb", 0, 10, "focus", "overlap"),
        Span(A, "aaaa", 10, 40, "focus", "blur"),
    ]


def test_two_claims_of_one_stream_that_touch_stay_two_spans_where_they_began_apart() -> None:
    assert painted(claim(A, 0, 10), claim(A, 10, 20)) == [(A, 0, 10), (A, 10, 20)]


def test_claims_are_values_and_are_not_changed() -> None:
    claims = [claim(A, 0, 30), claim(B, 10, 20, stream="bbbb")]
    before = list(claims)
    attribute(claims, taken=[(5, 6)], resolved={A: [(2, 3)]})
    assert claims == before


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], 0),
        ([(0, 10)], 0),
        ([(30, 40)], 0),
        ([(12, 12)], 0),
        ([(0, 11)], 1),
        ([(29, 40)], 1),
        ([(12, 17)], 5),
        ([(10, 30)], 20),
        ([(0, 40)], 20),
        ([(25, 35), (5, 12), (8, 14)], 9),
    ],
)
def test_what_is_credited_already_covers_only_what_is_claimed(taken: list[Interval], expected: int) -> None:
    assert covered_ms([claim(A, 10, 30)], iter(taken)) == expected


def test_time_that_two_claims_share_is_covered_once() -> None:
    claims = [claim(A, 0, 20), claim(B, 10, 30, stream="bbbb"), claim(A, 50, 60)]
    assert covered_ms(iter(claims), [(5, 15), (25, 55)]) == 20


def test_nothing_is_covered_where_nothing_is_claimed() -> None:
    assert covered_ms([], [(0, 10)]) == 0
    assert covered_ms([claim(A, 5, 5)], [(0, 10)]) == 0


@deterministic
@given(INTERVALS, INTERVALS)
def test_what_is_covered_and_what_a_commit_adds_are_together_what_is_claimed(
    claimed: list[Interval], taken: list[Interval]
) -> None:
    claims = [claim((A, B, C)[place % 3], *interval, stream=str(place)) for place, interval in enumerate(claimed)]
    alone, added = (sum(span.ended - span.started for span in attribute(claims, taken=cut)) for cut in ((), taken))
    assert covered_ms(claims, taken) + added == alone
