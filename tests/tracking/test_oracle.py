"""Properties of the way from reports to spans, on generated histories, and a slow oracle that paints the same picture.

The examples are the same in every run.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from server.tracking.attribution import Span
from server.tracking.events import Refused
from server.tracking.spans import Interval, subtract, total, union
from tests.tracking import oracle
from tests.tracking.strategies import (
    CASES,
    DAY_MS,
    NOON,
    TICK_MS,
    Delivery,
    Page,
    Receiver,
    delivery,
    histories,
    interleaved,
    moved,
    pages,
    resends,
    shows,
    splits,
)

deterministic = settings(
    derandomize=True,
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

PERIODS = st.lists(
    st.tuples(st.integers(0, 3_000), st.sampled_from([1, 50, 300, 2_000])).map(
        lambda pair: (NOON + pair[0] * TICK_MS, NOON + sum(pair) * TICK_MS)
    ),
    max_size=2,
)


def at_once(history: Sequence[Page]) -> list[Delivery]:
    """Each page's whole life in one report."""
    return [page.report(0, len(page.happened)) for page in history]


def received(deliveries: Iterable[Delivery], **settings: object) -> Receiver:
    receiver = Receiver(**settings)  # type: ignore[arg-type]
    receiver.take(*deliveries)
    return receiver


def intervals(spans: Iterable[Span]) -> list[Interval]:
    return [(span.started, span.ended) for span in spans]


def true_instants(history: Sequence[Page]) -> dict[tuple[str, int], int]:
    return {(page.stream, each.event.seq): each.instant for page in history for each in page.happened}


def painted(spans: Iterable[Span]) -> dict[int, str]:
    """The spans tick by tick; a tick painted twice is an error."""
    picture: dict[int, str] = {}
    for span in spans:
        assert span.started % TICK_MS == span.ended % TICK_MS == 0
        for tick in range(span.started // TICK_MS, span.ended // TICK_MS):
            assert tick not in picture
            picture[tick] = span.case
    return picture


def by_case(spans: Iterable[Span]) -> dict[str, int]:
    sums = dict.fromkeys(CASES, 0)
    for span in spans:
        sums[span.case] += span.ended - span.started
    return sums


class TestTheOracle:
    @deterministic
    @given(st.data())
    def test_it_paints_the_same_picture(self, data: st.DataObject) -> None:
        history = data.draw(histories())
        deliveries = data.draw(interleaved([data.draw(splits(page)) for page in history]))
        spans = received(deliveries).spans()
        assert painted(spans) == oracle.paint(deliveries, true_instants(history))

    @deterministic
    @given(st.data())
    def test_it_paints_the_same_picture_with_everything_cut_out(self, data: st.DataObject) -> None:
        """F6, A1, and time that is committed already."""
        history = data.draw(histories())
        deliveries = data.draw(interleaved([data.draw(splits(page)) for page in history]))
        cuts = {
            "resolved": {case: data.draw(PERIODS) for case in CASES[:2]},
            "untracked": data.draw(PERIODS),
        }
        taken = data.draw(PERIODS)
        receiver = received(deliveries, **cuts)
        receiver.credited = [Span(CASES[0], "dddd", start, end, "", "") for start, end in taken]
        expected = oracle.paint(deliveries, true_instants(history), taken=taken, **cuts)  # type: ignore[arg-type]
        assert painted(receiver.spans()) == expected

    @deterministic
    @given(st.data())
    def test_it_paints_the_same_picture_with_losses_repeats_holes_and_refusals(self, data: st.DataObject) -> None:
        """X21, X22, X35: reports in any state, as browsers with torn storage would send them."""
        history = data.draw(histories())
        deliveries = data.draw(interleaved([_torn(data, page) for page in history]))
        note(str(deliveries))
        assert painted(received(deliveries).spans()) == oracle.paint(deliveries, true_instants(history))

    @deterministic
    @given(st.data())
    def test_it_paints_the_same_picture_of_messages_that_left_before_their_events(self, data: st.DataObject) -> None:
        """X47: events of the future are pulled back to the arrival, and what follows is lifted."""
        page = data.draw(pages("aaaa").filter(lambda page: len(set(page.lags)) == 1))
        deliveries = []
        for one in data.draw(splits(page)):
            early = data.draw(st.sampled_from([0, 0, 1, 50, 300, 700])) * TICK_MS
            deliveries.append(Delivery(one.stream, 1, one.events, one.sent_at - early, one.arrival - early))
        if 0 < page.lags[0] <= 2_000:
            deliveries = [Delivery(d.stream, 1, d.events, d.sent_at, d.sent_at) for d in deliveries]
        assert painted(received(deliveries).spans()) == oracle.paint(deliveries, true_instants([page]))

    def test_it_sees_what_it_should(self) -> None:
        """The oracle itself, on a history that one can check by hand."""
        deliveries = [
            delivery(shows(1, 0), shows(2, 1_000), shows(3, 1_300, CASES[1]), shows(4, 61_301, CASES[1])),
            delivery(shows(1, 200, CASES[2]), shows(2, 500, focused=False), stream="bbbb"),
        ]
        instants = {(each.stream, event.seq): event.at for each in deliveries for event in each.events}
        tick = NOON // TICK_MS
        assert oracle.paint(deliveries, instants) == {
            **dict.fromkeys((tick, tick + 1), CASES[0]),
            **dict.fromkeys((tick + 2, tick + 3, tick + 4), CASES[2]),
            **dict.fromkeys(range(tick + 5, tick + 13), CASES[0]),
        }


def _torn(data: st.DataObject, page: Page) -> list[Delivery]:
    """Reports with events missing, refused, repeated, or out of turn; the last event is never refused or missing."""
    deliveries: list[Delivery] = []
    lowest = 1
    for one in data.draw(resends(page)):
        events = list(one.events)
        fate = data.draw(st.sampled_from(["well", "well", "refused", "hole", "lost", "late"]))
        place = data.draw(st.integers(0, len(events) - 1))
        if fate == "refused" and place < len(events) - 1:
            events[place] = Refused(events[place].seq, "bad_message", "Not an event.", "{}")
        elif fate == "hole" and place < len(events) - 1:
            del events[place]
        elif fate == "lost":
            lowest = max(lowest, events[place].seq)
            events = events[place:]
        torn = Delivery(one.stream, lowest, tuple(e for e in events if e.seq >= lowest), one.sent_at, one.arrival)
        if torn.events and (fate != "late" or one.events[-1].seq == len(page.happened)):
            deliveries.append(torn)
    return deliveries


class TestTheGeometry:
    @deterministic
    @given(histories())
    def test_f18_spans_never_overlap_and_are_never_empty(self, history: list[Page]) -> None:
        spans = intervals(received(at_once(history)).spans())
        assert all(start < end for start, end in spans)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))

    @deterministic
    @given(histories(), PERIODS, PERIODS, PERIODS)
    def test_every_proven_millisecond_is_credited_once_and_nothing_else(
        self, history: list[Page], resolved: list[Interval], untracked: list[Interval], taken: list[Interval]
    ) -> None:
        """The union of the spans is the union of the claims that may count, minus what is taken."""
        receiver = received(at_once(history), resolved={CASES[0]: resolved}, untracked=untracked)
        receiver.credited = [Span(CASES[0], "dddd", start, end, "", "") for start, end in taken]
        countable = [
            piece
            for claim in receiver.claims()
            for piece in subtract(
                (claim.started, claim.ended), union([*untracked, *(resolved if claim.case == CASES[0] else ())])
            )
        ]
        expected = [rest for piece in union(countable) for rest in subtract(piece, union(taken))]
        spans = receiver.spans()
        assert union(intervals(spans)) == union(expected)
        assert total(intervals(spans)) == total(expected)

    @deterministic
    @given(histories())
    def test_a_case_never_gets_more_than_it_was_claimed(self, history: list[Page]) -> None:
        receiver = received(at_once(history))
        for span in receiver.spans():
            claimed = union(
                (claim.started, claim.ended)
                for claim in receiver.claims()
                if (claim.case, claim.stream) == (span.case, span.stream)
            )
            assert not subtract((span.started, span.ended), claimed)

    @deterministic
    @given(histories())
    def test_f19_nothing_is_invented(self, history: list[Page]) -> None:
        """Each page's claims lie between its first and its last event, and never cross a gap that is too long."""
        receiver = received(at_once(history))
        for page in history:
            proven = [
                (one.instant, other.instant)
                for one, other in pairwise(page.happened)
                if other.event.at - one.event.at <= 60_000
            ]
            for claim in receiver.claims():
                if claim.stream == page.stream:
                    assert not subtract((claim.started, claim.ended), union(proven))


class TestTheRoadDoesNotMatter:
    @deterministic
    @given(st.data())
    def test_splitting_a_stream_into_reports_changes_nothing(self, data: st.DataObject) -> None:
        history = data.draw(histories())
        split = data.draw(interleaved([data.draw(splits(page)) for page in history]))
        assert received(split).spans() == received(at_once(history)).spans()

    @deterministic
    @given(st.data())
    def test_x21_repeats_and_resends_change_nothing(self, data: st.DataObject) -> None:
        history = data.draw(histories())
        repeated = data.draw(interleaved([data.draw(resends(page)) for page in history]))
        assert received(repeated).spans() == received(at_once(history)).spans()

    @deterministic
    @given(histories())
    def test_everything_told_twice_changes_nothing_at_all(self, history: list[Page]) -> None:
        once = received(at_once(history))
        twice = received(at_once(history) + at_once(history))
        assert twice.entries == once.entries

    @deterministic
    @given(histories(), st.sampled_from([1, 999, 3_600_000, 30 * DAY_MS, -1, -DAY_MS]))
    def test_moving_the_world_in_time_moves_the_spans(self, history: list[Page], by_ms: int) -> None:
        sound = [page for page in history if min(each.event.at for each in page.happened) > DAY_MS * 30]
        spans = received(at_once(sound)).spans()
        later = received(moved(each, by_ms) for each in at_once(sound)).spans()
        assert [(s.case, s.stream, s.started + by_ms, s.ended + by_ms) for s in spans] == [
            (s.case, s.stream, s.started, s.ended) for s in later
        ]


class TestCommittingInRounds:
    @deterministic
    @given(st.data())
    def test_f16_rounds_credit_the_same_milliseconds_as_one_commit_at_the_end(self, data: st.DataObject) -> None:
        history = data.draw(histories())
        deliveries = data.draw(interleaved([data.draw(splits(page)) for page in history]))
        once = received(deliveries).commit()
        rounds = Receiver()
        for one in deliveries:
            rounds.take(one)
            if data.draw(st.booleans()):
                rounds.commit()
        rounds.commit()
        assert union(intervals(rounds.credited)) == union(intervals(once))
        assert total(intervals(rounds.credited)) == total(intervals(once))
        assert rounds.commit() == []

    @deterministic
    @given(st.data())
    def test_rounds_of_one_page_credit_the_same_to_each_case(self, data: st.DataObject) -> None:
        history = [data.draw(pages("aaaa", max_events=20))]
        rounds = Receiver()
        for one in data.draw(splits(history[0])):
            rounds.take(one)
            rounds.commit()
        assert by_case(rounds.credited) == by_case(received(at_once(history)).spans())

    @deterministic
    @given(st.data())
    def test_f17_f19_a_server_that_dies_at_any_moment_loses_and_doubles_nothing(self, data: st.DataObject) -> None:
        """Browsers bring back what was not committed; the cursor says how to go on."""
        history = data.draw(histories())
        expected = received(at_once(history)).spans()
        receiver = Receiver()
        told = dict.fromkeys((page.stream for page in history), 0)
        for _ in range(data.draw(st.integers(1, 8))):
            page = data.draw(st.sampled_from(history))
            told[page.stream] = data.draw(st.integers(told[page.stream], len(page.happened)))
            _brings(receiver, page, told[page.stream])
            match data.draw(st.sampled_from(["goes on", "commits", "dies", "commits and dies"])):
                case "commits":
                    receiver.commit()
                case "dies":
                    receiver.crash()
                case "commits and dies":
                    receiver.commit()
                    receiver.crash()
        for page in history:
            _brings(receiver, page, len(page.happened))
        receiver.commit()
        assert union(intervals(receiver.credited)) == union(intervals(expected))
        assert total(intervals(receiver.credited)) == total(intervals(expected))

    @deterministic
    @given(st.data())
    def test_a_restart_does_not_change_who_wins(self, data: st.DataObject) -> None:
        """The cursor keeps when the open claim began, so commits with and without a restart credit alike."""
        history = data.draw(histories())
        deliveries = data.draw(interleaved([data.draw(splits(page)) for page in history]))
        living, dying = Receiver(), Receiver()
        for one in deliveries:
            living.take(one)
            living.commit()
            (page,) = (page for page in history if page.stream == one.stream)
            _brings(dying, page, one.events[-1].seq)
            dying.commit()
            dying.crash()
        assert painted(dying.credited) == painted(living.credited)

    @deterministic
    @given(st.data())
    def test_what_an_agent_may_forget_is_never_needed_again(self, data: st.DataObject) -> None:
        """A report that holds only what is not yet `committed` is never a gap and never a loss."""
        history = data.draw(histories())
        receiver = Receiver()
        for page in history:
            for end in sorted(data.draw(st.sets(st.integers(1, len(page.happened))))):
                receiver.crash()
                (placed,) = _brings(receiver, page, end)
                assert (placed.expected, placed.lost) == (None, None)
                receiver.commit()
        assert all(not entry.losses for entry in receiver.entries.values())


def _brings(receiver: Receiver, page: Page, end: int) -> Sequence[object]:
    """Everything up to an event that the agent still holds: what is not covered, and always its newest event."""
    if not end:
        return ()
    start = min(receiver.committed_seq(page.stream), end - 1)
    return receiver.take(page.report(start, end, first=start + 1))


@pytest.mark.parametrize("minutes", [1, 10])
def test_f15_two_representatives_are_two_worlds(minutes: int) -> None:
    """Each representative's time is attributed apart, so ten minutes of each are twenty on the case."""
    worlds: Mapping[str, Receiver] = {"ana": Receiver(), "ben": Receiver()}
    end = minutes * 60_000
    for stream, world in zip(("aaaa", "bbbb"), worlds.values(), strict=True):
        events = [shows(seq, at) for seq, at in enumerate(range(0, end + 1, 20_000), 1)]
        world.take(delivery(*events, stream=stream))
    assert sum(total(intervals(world.spans())) for world in worlds.values()) == 2 * end
