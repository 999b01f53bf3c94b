"""The fold of one stream into claims: order, proof, and what ends a claim. Times are milliseconds after noon."""

from collections.abc import Sequence
from typing import Any

import pytest

from server.tracking.attention import Policy
from server.tracking.claims import (
    Bounds,
    Claim,
    Placed,
    Refusal,
    StreamState,
    after_loss,
    fold,
    place,
    shifted,
    trimmed,
)
from server.tracking.events import AppTab, CaseForm, Event, Refused, SessionTab
from server.tracking.live_store import LiveStream, MemoryLiveStore, all_streams
from tests.tracking.strategies import DAY_MS, HOUR_MS, MAX_GAP_MS, NOON, Receiver, delivery, shows

A, B, C = "CAS-1001", "CAS-1002", "CAS-1003"
AWAY: dict[str, Any] = {"focused": False}


def folded(*events: Event | Refused, arrival: int | None = None, **settings: Any) -> list[tuple[str, int, int]]:
    """What one report of these events claims, the claim that still holds included."""
    receiver = Receiver(**settings)
    newest = max(event.at for event in events if isinstance(event, Event))
    receiver.take(delivery(*events, sent_at=newest if arrival is None else NOON + arrival))
    return painted(receiver.claims())


def painted(claims: Sequence[Claim]) -> list[tuple[str, int, int]]:
    return [(claim.case, claim.started - NOON, claim.ended - NOON) for claim in claims]


def broken(seq: int) -> Refused:
    return Refused(seq, "bad_message", "Not an event.", "{}")


class TestPlace:
    """Rule 1: order, duplicates, holes, losses."""

    def test_the_first_events_of_a_stream_are_next(self) -> None:
        events = [shows(1, 0), shows(2, 10)]
        assert place(0, 1, events) == Placed(events)

    def test_what_was_applied_is_skipped(self) -> None:
        events = [shows(1, 0), shows(2, 10), shows(3, 20)]
        assert place(2, 1, events) == Placed([events[2]])

    def test_a_report_of_nothing_new_is_no_error(self) -> None:
        assert place(2, 1, [shows(1, 0), shows(2, 10)]) == Placed([])
        assert place(2, 1, []) == Placed([])

    def test_a_hole_the_browser_can_fill_applies_nothing(self) -> None:
        placed = place(2, 1, [shows(4, 30), shows(5, 40)])
        assert (list(placed.fresh), placed.lost, placed.expected, placed.behind) == ([], None, 3, 4)

    def test_a_hole_inside_a_report_applies_nothing_of_it(self) -> None:
        placed = place(0, 1, [shows(1, 0), shows(3, 20)])
        assert (list(placed.fresh), placed.lost, placed.expected, placed.behind) == ([], None, 2, 3)

    def test_a_hole_below_first_is_a_loss(self) -> None:
        """X22, X28: nobody can fill it, so the stream goes on from `first`."""
        events = [shows(5, 40)]
        assert place(2, 5, events) == Placed(events, (3, 4))

    def test_a_loss_of_one_event_is_a_loss(self) -> None:
        assert place(2, 4, [shows(4, 30)]).lost == (3, 3)
        assert place(2, 3, [shows(3, 30)]).lost is None

    def test_a_loss_is_noticed_without_any_event(self) -> None:
        assert place(2, 5, []) == Placed([], (3, 4))

    def test_a_hole_above_first_is_asked_for_even_behind_a_loss(self) -> None:
        placed = place(2, 5, [shows(7, 60)])
        assert (list(placed.fresh), placed.lost, placed.expected, placed.behind) == ([], None, 5, 7)

    def test_a_first_above_an_event_of_the_report_is_not_believed(self) -> None:
        events = [shows(3, 20), shows(4, 30)]
        assert place(2, 4, events) == Placed(events)

    def test_refused_events_have_their_place_in_the_order(self) -> None:
        events = [shows(1, 0), broken(2), shows(3, 20)]
        assert place(0, 1, events) == Placed(events)


class TestWhatCounts:
    def test_f1_time_between_two_events_counts_and_after_the_newest_does_not_yet(self) -> None:
        assert folded(shows(1, 0, cause="open"), shows(2, 20_000)) == [(A, 0, 20_000)]
        assert folded(shows(1, 0, cause="open")) == []

    def test_a_claim_is_a_run_of_events_and_keeps_the_causes_of_its_ends(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0, cause="open"), shows(2, 20_000), shows(3, 25_000, cause="blur", **AWAY)))
        (claim,) = receiver.claims()
        assert claim == Claim(A, "aaaa", NOON, NOON, NOON + 25_000, "open", "blur")

    def test_a_beat_prolongs_a_claim_and_does_not_begin_one(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0, cause="focus"), shows(2, 20_000)), delivery(shows(3, 40_000)))
        (claim,) = receiver.claims()
        assert (claim.began, claim.started_by, claim.ended) == (NOON, "focus", NOON + 40_000)

    def test_f10_a_dialog_prolongs_the_claim(self) -> None:
        assert folded(shows(1, 0), shows(2, 5_000, cause="dialog"), shows(3, 9_000, **AWAY)) == [(A, 0, 9_000)]

    @pytest.mark.parametrize("facts", [{"focused": False}, {"visible": False}], ids=["unfocused", "hidden"])
    def test_f7_looking_away_stops_at_that_instant(self, facts: dict[str, Any]) -> None:
        assert folded(shows(1, 0), shows(2, 7_000, **facts), shows(3, 9_000, **facts)) == [(A, 0, 7_000)]

    def test_f9_a_lock_stops_at_that_instant_and_an_unlock_begins_a_new_claim(self) -> None:
        receiver = Receiver()
        receiver.take(
            delivery(
                shows(1, 0, cause="open"),
                shows(2, 7_000, cause="lock", locked=True),
                shows(3, 9_000, cause="unlock"),
                shows(4, 12_000),
            )
        )
        assert painted(receiver.claims()) == [(A, 0, 7_000), (A, 9_000, 12_000)]
        assert [(claim.began - NOON, claim.started_by, claim.ended_by) for claim in receiver.claims()] == [
            (0, "open", "lock"),
            (9_000, "unlock", ""),
        ]

    @pytest.mark.parametrize(
        "facts",
        [{"cause": "session-tab", "case": B}, {"cause": "app-tab", "app_tab": AppTab("t1", "incident", B)}],
        ids=["F5 session tab", "F3 app tab"],
    )
    def test_another_case_starts_at_the_instant_at_which_the_first_stops(self, facts: dict[str, Any]) -> None:
        assert folded(shows(1, 0), shows(2, 7_001, **facts), shows(3, 9_000, **facts)) == [
            (A, 0, 7_001),
            (B, 7_001, 9_000),
        ]

    def test_f2_an_article_over_the_case_does_not_begin_anew(self) -> None:
        article = {"cause": "app-tab", "app_tab": AppTab("t1", "knowledgearticle")}
        assert folded(shows(1, 0), shows(2, 7_000, **article), shows(3, 9_000)) == [(A, 0, 9_000)]

    @pytest.mark.parametrize(
        "facts",
        [
            {"cause": "session-tab", "session": None},
            {"cause": "form", "form": CaseForm("x", tracked=False)},
            {"cause": "session-tab", "session": SessionTab("inbox", "inbox", A)},
        ],
        ids=["F4 closed", "F8 untracked form", "F11 inbox"],
    )
    def test_nothing_attended_stops_the_clock(self, facts: dict[str, Any]) -> None:
        assert folded(shows(1, 0), shows(2, 7_000, **facts), shows(3, 9_000, **facts)) == [(A, 0, 7_000)]

    def test_f14_the_policy_of_the_app_decides(self) -> None:
        hub = {"policy": Policy(app="hub")}
        with_widget = {"form": CaseForm("main", widget=True)}
        assert folded(shows(1, 0), shows(2, 9_000), **hub) == []
        assert folded(shows(1, 0, **with_widget), shows(2, 9_000), shows(3, 12_000), **hub) == [(A, 0, 9_000)]

    def test_x49_a_focus_of_no_length_gives_nothing(self) -> None:
        assert folded(shows(1, 0), shows(2, 0, B), shows(3, 0, C), shows(4, 5_000, **AWAY)) == [(C, 0, 5_000)]
        assert folded(shows(1, 0, A), shows(2, 5_000, B), shows(3, 5_000, A), shows(4, 9_000)) == [
            (A, 0, 5_000),
            (A, 5_000, 9_000),
        ]

    def test_a_close_ends_the_claim_and_makes_the_whole_stream_committable(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 7_000, cause="close", visible=False, focused=False)))
        state = receiver.entries["aaaa"].state
        assert painted(receiver.claims()) == [(A, 0, 7_000)]
        assert (state.closed, state.committable, state.open_claim) == (True, 2, None)

    def test_the_newest_event_of_a_living_page_is_never_committable(self) -> None:
        assert StreamState("aaaa").committable == 0
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0)))
        assert receiver.entries["aaaa"].state.committable == 0
        receiver.take(delivery(shows(2, 10_000)))
        assert receiver.entries["aaaa"].state.committable == 1

    def test_a_report_without_events_leaves_a_closed_page_closed(self) -> None:
        closed = StreamState("aaaa", applied=2, closed=True)
        bounds = Bounds(MAX_GAP_MS, 0)
        assert fold(closed, [], sent_at=NOON, arrival=NOON, policy=Policy(), bounds=bounds).state.closed is True

    def test_a_page_that_speaks_after_its_close_is_open_again(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0, cause="close", visible=False), shows(2, 5_000), shows(3, 9_000)))
        assert not receiver.entries["aaaa"].state.closed
        assert painted(receiver.claims()) == [(A, 5_000, 9_000)]


class TestProof:
    """Rule 2: at most `max_gap_s` apart, and both clocks agree to within two seconds."""

    def test_exactly_the_greatest_gap_counts(self) -> None:
        assert folded(shows(1, 0), shows(2, 60_000)) == [(A, 0, 60_000)]

    def test_a_millisecond_more_does_not(self) -> None:
        """F19, X42: of a gap that is too long nothing counts, not even its beginning."""
        assert folded(shows(1, 0), shows(2, 60_001), shows(3, 70_000)) == [(A, 60_001, 70_000)]

    @pytest.mark.parametrize(("early_ms", "claimed"), [(4_000, [(A, 0, 64_000)]), (4_001, [])])
    def test_a_gap_stretched_by_an_event_of_the_future_counts_up_to_the_greatest_drift(
        self, early_ms: int, claimed: list[tuple[str, int, int]]
    ) -> None:
        """X47: the first is pulled back to its arrival, so that its neighbour a minute later is further away."""
        receiver = Receiver()
        receiver.take(delivery(shows(1, early_ms), sent_at=NOON), delivery(shows(2, early_ms + 60_000)))
        assert painted(receiver.claims()) == claimed

    def test_a_claim_ends_at_its_last_proof_and_not_at_now(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000), shows(3, 20_000 + 9 * 3_600_000)))
        assert painted(receiver.claims()) == [(A, 0, 20_000)]
        assert receiver.claims()[0].ended_by == "gap"

    def test_what_follows_a_gap_began_after_it(self) -> None:
        """A beat behind the gap opens a new claim; it does not go on with the old one."""
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0, cause="open"), shows(2, 60_001), shows(3, 80_000)))
        (claim,) = receiver.claims()
        assert (claim.began - NOON, claim.started_by) == (60_001, "beat")

    def test_a_gap_between_two_reports_is_a_gap(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000)), delivery(shows(3, 70_001), shows(4, 80_000)))
        assert painted(receiver.claims()) == [(A, 0, 10_000), (A, 70_001, 80_000)]

    def test_the_bound_is_the_servers_and_not_a_constant(self) -> None:
        assert folded(shows(1, 0), shows(2, 5_001), max_gap_ms=5_000) == []
        assert folded(shows(1, 0), shows(2, 5_000), max_gap_ms=5_000) == [(A, 0, 5_000)]

    @pytest.mark.parametrize("mono", [8_000, 12_000], ids=["stood still", "ran on"])
    def test_clocks_that_disagree_by_two_seconds_are_believed(self, mono: int) -> None:
        assert folded(shows(1, 0), shows(2, 10_000, mono=mono)) == [(A, 0, 10_000)]

    @pytest.mark.parametrize("mono", [7_999, 12_001], ids=["stood still", "ran on"])
    def test_clocks_that_disagree_by_a_millisecond_more_are_not(self, mono: int) -> None:
        assert folded(shows(1, 0), shows(2, 10_000, mono=mono), shows(3, 15_000, mono=mono + 5_000)) == [
            (A, 10_000, 15_000)
        ]

    def test_clocks_are_compared_between_neighbours_and_not_since_the_start(self) -> None:
        """X41: a slewed clock is off by more and more, and never by much between two events."""
        events = [shows(seq, seq * 20_000, mono=seq * 18_500) for seq in range(1, 10)]
        assert folded(*events) == [(A, 20_000, 180_000)]

    def test_the_clocks_of_a_report_are_compared_with_those_of_the_report_before(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000)), delivery(shows(3, 30_000, mono=11_000)))
        assert painted(receiver.claims()) == [(A, 0, 10_000)]

    def test_f19_suspend_and_resume_leave_the_sleep_out(self) -> None:
        """The page tells after the fact when it last lived; the machine's monotonic clock stood still."""
        assert folded(
            shows(1, 0),
            shows(2, 20_000),
            shows(3, 31_000, cause="suspend", visible=False),
            shows(4, 45_000, cause="resume", mono=32_000),
            shows(5, 50_000, mono=37_000),
        ) == [(A, 0, 31_000), (A, 45_000, 50_000)]

    def test_f19_a_sleep_without_a_word_of_it_is_left_out_from_the_last_proof(self) -> None:
        assert folded(shows(1, 0), shows(2, 20_000), shows(3, 50_000, mono=21_000), shows(4, 55_000, mono=26_000)) == [
            (A, 0, 20_000),
            (A, 50_000, 55_000),
        ]


class TestRefused:
    """What cannot be believed proves nothing to either side, and costs only itself."""

    def test_a_refused_event_breaks_the_claim(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000), broken(3), shows(4, 20_000), shows(5, 25_000)))
        assert painted(receiver.claims()) == [(A, 0, 10_000), (A, 20_000, 25_000)]
        assert [(claim.began - NOON, claim.ended_by) for claim in receiver.claims()] == [(0, "gap"), (20_000, "")]
        assert [(refusal.seq, refusal.code) for refusal in receiver.entries["aaaa"].refusals] == [(3, "bad_message")]

    def test_a_refused_event_at_the_end_of_a_report_breaks_the_next_one_too(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000), broken(3)), delivery(shows(4, 20_000), shows(5, 25_000)))
        assert painted(receiver.claims()) == [(A, 0, 10_000), (A, 20_000, 25_000)]

    def test_a_refused_event_at_the_end_of_a_report_proves_nothing_and_closes_nothing(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000), broken(3)))
        state = receiver.entries["aaaa"].state
        assert (state.proves, state.closed, state.open_claim, state.committable) == (False, False, None, 2)

    def test_x35_a_refused_event_first_in_the_queue_does_not_block_the_stream(self) -> None:
        assert folded(broken(1), shows(2, 0), shows(3, 5_000)) == [(A, 0, 5_000)]

    def test_refused_events_count_as_applied(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), broken(2), broken(3)))
        assert receiver.entries["aaaa"].state.applied == 3
        receiver.take(delivery(broken(1), broken(2), broken(3), sent_at=NOON))
        assert len(receiver.entries["aaaa"].refusals) == 2

    def test_an_unknown_case_gives_no_time_and_ends_what_was_held_at_that_instant(self) -> None:
        receiver = Receiver(unknown_cases=[B])
        receiver.take(delivery(shows(1, 0), shows(2, 7_000, B), shows(3, 9_000, A), shows(4, 12_000)))
        assert painted(receiver.claims()) == [(A, 0, 7_000), (A, 9_000, 12_000)]
        assert [(refusal.seq, refusal.code) for refusal in receiver.entries["aaaa"].refusals] == [(2, "unknown_case")]

    def test_a_refusal_says_why_and_keeps_what_was_refused(self) -> None:
        """Of a long reference the sentence names the first eighty characters; it is kept whole."""
        unknown = "C" * 81
        receiver = Receiver(oldest=NOON, untracked=[(NOON + 5_000, NOON + 10_000)], unknown_cases=[unknown])
        receiver.take(delivery(shows(1, -1, mono=0), shows(2, 5_000), shows(3, 10_000, unknown), broken(4)))
        assert list(receiver.entries["aaaa"].refusals) == [
            Refusal(1, "too_old", "The event is older than the accepted age: forget it."),
            Refusal(2, "not_tracked", "Tracking is switched off: this time does not count."),
            Refusal(3, "unknown_case", f"There is no case '{unknown[:80]}': this time does not count.", unknown),
            Refusal(4, "bad_message", "Not an event.", "{}"),
        ]

    def test_an_unknown_case_that_is_not_attended_is_no_error(self) -> None:
        receiver = Receiver(unknown_cases=[B])
        receiver.take(delivery(shows(1, 0, B, **AWAY)))
        assert receiver.entries["aaaa"].refusals == ()

    def test_x25_an_event_older_than_the_accepted_age_gives_no_time(self) -> None:
        receiver = Receiver(oldest=NOON + 10_000)
        receiver.take(delivery(shows(1, 0), shows(2, 9_999), shows(3, 10_000), shows(4, 15_000)))
        assert painted(receiver.claims()) == [(A, 10_000, 15_000)]
        assert [(refusal.seq, refusal.code) for refusal in receiver.entries["aaaa"].refusals] == [
            (1, "too_old"),
            (2, "too_old"),
        ]

    def test_too_old_is_told_by_the_corrected_instant(self) -> None:
        """X39: a clock of 1970 is not old age."""
        receiver = Receiver(oldest=NOON - 7 * DAY_MS)
        receiver.take(delivery(shows(1, 5_000 - NOON), shows(2, 15_000 - NOON), lag=NOON))
        assert painted(receiver.claims()) == [(A, 5_000, 15_000)]
        assert receiver.entries["aaaa"].refusals == ()

    def test_a1_nothing_starts_while_tracking_is_off(self) -> None:
        receiver = Receiver(untracked=[(NOON + 5_000, NOON + 15_000)])
        receiver.take(delivery(shows(1, 0), shows(2, 5_000), shows(3, 14_999), shows(4, 15_000), shows(5, 18_000)))
        assert painted(receiver.spans()) == [(A, 0, 5_000), (A, 15_000, 18_000)]
        assert [(refusal.seq, refusal.code) for refusal in receiver.entries["aaaa"].refusals] == [
            (2, "not_tracked"),
            (3, "not_tracked"),
        ]

    def test_a1_time_before_and_after_an_untracked_period_inside_one_beat_counts(self) -> None:
        receiver = Receiver(untracked=[(NOON + 5_000, NOON + 15_000)])
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        assert painted(receiver.spans()) == [(A, 0, 5_000), (A, 15_000, 20_000)]

    def test_f6_a_resolved_period_inside_one_beat_is_cut_out(self) -> None:
        receiver = Receiver(resolved={A: [(NOON + 5_000, NOON + 15_000)], B: [(NOON, NOON + DAY_MS)]})
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        assert painted(receiver.spans()) == [(A, 0, 5_000), (A, 15_000, 20_000)]


class TestInstants:
    """Rule 6, the end of it: never after the arrival, never before the predecessor."""

    @pytest.mark.parametrize("ahead", [59_000, 61_000, 3_600_000])
    def test_x47_an_event_of_the_future_is_pulled_back_to_its_arrival(self, ahead: int) -> None:
        mono = {"mono": 30_000}
        assert folded(shows(1, 0), shows(2, 30_000), shows(3, 30_000 + ahead, **mono), arrival=30_000) == [
            (A, 0, 30_000)
        ]

    def test_x47_a_future_within_the_gap_is_pulled_back_too(self) -> None:
        assert folded(shows(1, 0), shows(2, 30_000), arrival=10_000) == [(A, 0, 10_000)]

    def test_x40_an_event_before_its_predecessor_is_lifted_to_it(self) -> None:
        assert folded(shows(1, 10_000), shows(2, 9_000), shows(3, 12_000, **AWAY)) == [(A, 10_000, 12_000)]

    def test_a_lifted_switch_takes_nothing_from_what_was_held(self) -> None:
        assert folded(shows(1, 0), shows(2, 10_000), shows(3, 9_000, B), shows(4, 12_000, B)) == [
            (A, 0, 10_000),
            (B, 10_000, 12_000),
        ]

    def test_instants_of_the_next_report_are_lifted_to_those_of_the_one_before(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000)), delivery(shows(3, 9_000), shows(4, 12_000), lag=1_000))
        assert painted(receiver.claims()) == [(A, 0, 12_000)]


class TestDeliveredByAnotherPage:
    """X40: what a page wrote down is read by its own clock where that is known; the clock may have been set since."""

    @staticmethod
    def _instants(state: StreamState, *events: Event, lag: int) -> tuple[int, int]:
        """Where the run and its newest event are put, told a minute after noon."""
        arrival = NOON + 60_000
        after = fold(
            state,
            events,
            sent_at=arrival - lag,
            arrival=arrival,
            policy=Policy(),
            bounds=Bounds(MAX_GAP_MS, 0),
            is_own=False,
        ).state
        return after.run_began - NOON, after.instant - NOON

    @pytest.fixture
    def known(self) -> StreamState:
        """A page that told by itself that its clock was right."""
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        return receiver.entries["aaaa"].state

    @pytest.mark.parametrize("lag", [HOUR_MS, -HOUR_MS])
    def test_a_clock_that_was_set_since_moves_nothing(self, known: StreamState, lag: int) -> None:
        assert self._instants(known, shows(3, 40_000), lag=lag) == (0, 40_000)

    def test_of_a_page_that_never_spoke_the_other_clock_is_all_that_is_known(self) -> None:
        ahead = [shows(1, HOUR_MS, mono=0), shows(2, HOUR_MS + 40_000, mono=40_000)]
        assert self._instants(StreamState("aaaa"), *ahead, lag=-HOUR_MS) == (0, 40_000)

    def test_a_clock_that_the_events_themselves_show_to_be_set_is_believed(self, known: StreamState) -> None:
        assert self._instants(known, shows(3, 40_000 + HOUR_MS, mono=40_000), lag=-HOUR_MS) == (40_000, 40_000)


class TestLoss:
    """A hole that nobody can fill."""

    def test_nothing_counts_across_a_loss(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000)))
        receiver.take(delivery(shows(5, 30_000), shows(6, 35_000), first=5))
        assert painted(receiver.claims()) == [(A, 0, 10_000), (A, 30_000, 35_000)]
        assert receiver.claims()[0].ended_by == "gap"
        assert receiver.entries["aaaa"].losses == ((3, 4),)
        assert receiver.entries["aaaa"].state.applied == 6

    def test_a_stream_may_begin_with_a_loss(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(3, 30_000), shows(4, 35_000), first=3))
        assert painted(receiver.claims()) == [(A, 30_000, 35_000)]
        assert receiver.entries["aaaa"].losses == ((1, 2),)

    def test_a_loss_without_an_event_ends_the_claim_at_its_last_proof(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000)), delivery(first=5, sent_at=NOON + 20_000))
        assert painted(receiver.claims()) == [(A, 0, 10_000)]
        assert receiver.entries["aaaa"].state.open_claim is None
        receiver.take(delivery(shows(5, 21_000), shows(6, 22_000), first=5))
        assert painted(receiver.claims()) == [(A, 0, 10_000), (A, 21_000, 22_000)]

    def test_a_loss_reopens_a_closed_stream(self) -> None:
        closed = StreamState("aaaa", applied=2, instant=NOON, proves=True, closed=True)
        assert after_loss(closed, (3, 4)) == (StreamState("aaaa", applied=4, committable=3, instant=NOON), [])

    def test_a_hole_that_can_be_filled_changes_nothing_until_it_is(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0)), delivery(shows(3, 20_000)), delivery(shows(2, 10_000), shows(3, 20_000)))
        assert painted(receiver.claims()) == [(A, 0, 20_000)]
        assert receiver.entries["aaaa"].losses == ()

    def test_x23_an_event_told_again_with_another_body_is_the_one_that_was_told_first(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 10_000)), delivery(shows(2, 15_000, B), shows(3, 20_000)))
        assert painted(receiver.claims()) == [(A, 0, 20_000)]


class TestValues:
    def test_trimmed_keeps_when_the_run_began(self) -> None:
        claim = Claim(A, "aaaa", 0, 0, 30, "open", "")
        assert trimmed(claim, 10) == Claim(A, "aaaa", 0, 10, 30, "open", "")
        assert trimmed(claim, 0) is claim
        assert (trimmed(claim, 50).started, trimmed(claim, 50).ended) == (50, 50)

    def test_shifted_moves_all_three_instants(self) -> None:
        assert shifted(Claim(A, "aaaa", 5, 10, 30, "open", ""), -5) == Claim(A, "aaaa", 0, 5, 25, "open", "")
        assert shifted(None, -5) is None

    def test_the_fold_changes_none_of_its_arguments(self) -> None:
        state = StreamState("aaaa")
        fold(
            state,
            [shows(1, 0)],
            sent_at=NOON,
            arrival=NOON,
            policy=Policy(),
            bounds=Bounds(max_gap_ms=MAX_GAP_MS, oldest=0),
        )
        assert state == StreamState("aaaa")


class TestWaitingForTheCommit:
    """LiveStream: what was committed is let go, what came since goes on waiting."""

    def test_a_committed_claim_that_still_holds_goes_on_from_there_and_keeps_when_it_began(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        assert painted(receiver.commit()) == [(A, 0, 20_000)]
        assert receiver.claims() == []
        receiver.take(delivery(shows(3, 40_000)))
        (claim,) = receiver.claims()
        assert (claim.began - NOON, claim.started - NOON, claim.ended - NOON) == (0, 20_000, 40_000)

    def test_what_came_while_a_commit_was_on_its_way_is_neither_lost_nor_doubled(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000), broken(3), shows(4, 30_000)))
        under_way = receiver.entries["aaaa"]
        receiver.take(delivery(shows(5, 40_000), shows(6, 50_000, B), broken(7), shows(8, 60_000)))
        receiver.take(delivery(shows(10, 70_000), first=10))
        entry = receiver.entries["aaaa"].after_commit(under_way)
        assert painted(under_way.claims()) == [(A, 0, 20_000)]
        assert painted(entry.claims()) == [(A, 30_000, 50_000)]
        assert [refusal.seq for refusal in entry.refusals] == [7]
        assert entry.losses == ((9, 9),)
        assert (entry.committed_seq, entry.credited_to - NOON) == (3, 30_000)

    def test_a_claim_that_ended_while_it_was_being_committed_waits_with_its_rest(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        under_way = receiver.entries["aaaa"]
        receiver.take(delivery(shows(3, 35_000, **AWAY)))
        assert painted(receiver.entries["aaaa"].after_commit(under_way).claims()) == [(A, 20_000, 35_000)]

    def test_a_stream_with_nothing_new_is_not_dirty(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        assert receiver.entries["aaaa"].is_dirty
        receiver.commit()
        assert not receiver.entries["aaaa"].is_dirty

    @pytest.mark.parametrize(
        "news",
        [
            [delivery(shows(3, 30_000))],
            [delivery(broken(3), sent_at=NOON + 30_000)],
            [delivery(first=5, sent_at=NOON + 30_000)],
            [delivery(shows(3, 20_000, cause="close", visible=False))],
        ],
        ids=["an event", "a refusal", "a loss", "a close at the same instant"],
    )
    def test_anything_new_makes_a_stream_dirty(self, news: list[Any]) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        receiver.commit()
        receiver.take(*news)
        assert receiver.entries["aaaa"].is_dirty

    def test_a_page_that_speaks_after_its_committed_close_is_dirty(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000, cause="close", visible=False)))
        receiver.commit()
        receiver.take(delivery(shows(3, 25_000)))
        assert receiver.entries["aaaa"].is_dirty

    def test_it_knows_which_cases_wait_and_which_one_is_in_front(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000, B)))
        entry = receiver.entries["aaaa"]
        assert [entry.has_claim_on(case) for case in (A, B, C)] == [True, True, False]
        receiver.commit()
        entry = receiver.entries["aaaa"]
        assert [entry.has_claim_on(case) for case in (A, B, C)] == [False, True, False]

    def test_a_store_keeps_one_entry_a_stream_and_forgets_what_is_dropped(self) -> None:
        store = MemoryLiveStore()
        ana = LiveStream(1, "workspace", StreamState("aaaa"))
        ben = LiveStream(2, "hub", StreamState("bbbb"))
        for entry in (ana, ben, ana):
            store.put(entry)
        assert store.get("aaaa") is ana
        assert store.of_representative(1) == [ana]
        assert sorted(store.representatives()) == [1, 2]
        assert all_streams(store) == [ana, ben]
        assert all_streams(store, [2]) == [ben]
        store.drop("aaaa")
        store.drop("aaaa")
        assert store.get("aaaa") is None
        assert store.representatives() == [2]
        with store.lock():
            assert store.of_representative(1) == []
