"""Clocks that are wrong, set, slewed or asleep, and networks that are late: durations stay right.

`Computer` is told the truth: it makes events at true instants, stamps them with its own clocks, and delivers them
after a time of travel.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.tracking.clock_offset import TOLERANCE_MS, ClockOffset, correct
from server.tracking.events import Refused
from tests.tracking.strategies import DAY_MS, HOUR_MS, NOON, Delivery, Receiver, delivery, shows

A, B = "CAS-1001", "CAS-1002"
AWAY: dict[str, Any] = {"focused": False}


class Computer:
    """A computer with a wall clock that is ahead by `ahead` and runs at `rate`, and one page on it."""

    def __init__(
        self, *, ahead: int = 0, rate: float = 1, stream: str = "aaaa", receiver: Receiver | None = None
    ) -> None:
        self.ahead = ahead
        self.rate = rate
        self.asleep_ms = 0
        self.stream = stream
        self.told: list[Any] = []
        self.sent = 0
        self.receiver = receiver or Receiver()

    def does(self, instant: int, case: str | None = A, **facts: Any) -> "Computer":
        """Something happens at a true instant (milliseconds after noon)."""
        mono = round(instant * self.rate) - self.asleep_ms
        self.told.append(shows(len(self.told) + 1, self._wall(instant), case, mono=mono, **facts))
        return self

    def delivers(self, instant: int, *, travel: int = 0) -> "Computer":
        """What was not yet sent leaves at a true instant and arrives after the time of travel."""
        events, self.sent = self.told[self.sent :], len(self.told)
        sent_at = NOON + self._wall(instant)
        self.receiver.take(Delivery(self.stream, 1, events, sent_at, NOON + instant + travel))
        return self

    def commits(self) -> "Computer":
        """The server commits what is proven."""
        self.receiver.commit()
        return self

    def beats(self, start: int, end: int, *, travels: Sequence[int] = (0,), case: str = A) -> "Computer":
        """A beat every 20 s from `start` to `end`, each delivered at once; travel times take turns."""
        for turn, instant in enumerate(range(start, end + 1, 20_000)):
            self.does(instant, case).delivers(instant, travel=travels[turn % len(travels)])
        return self

    @property
    def spans(self) -> list[tuple[str, int, int]]:
        return [(span.case, span.started - NOON, span.ended - NOON) for span in self.receiver.spans()]

    @property
    def committed(self) -> list[tuple[int, int]]:
        """What the database has, by time."""
        return sorted((span.started - NOON, span.ended - NOON) for span in self.receiver.credited)

    @property
    def credited_ms(self) -> int:
        return sum(ended - started for _, started, ended in self.spans)

    def _wall(self, instant: int) -> int:
        return round(instant * self.rate) + self.ahead


class TestAConstantError:
    @pytest.mark.parametrize("ahead", [DAY_MS, -DAY_MS, HOUR_MS, -HOUR_MS, 2_001, -2_001, 1, 10 * 365 * DAY_MS])
    def test_f20_x39_a_wrong_clock_is_invisible(self, ahead: int) -> None:
        assert Computer(ahead=ahead).beats(0, 120_000).spans == [(A, 0, 120_000)]

    def test_x39_the_year_1970(self) -> None:
        """A computer whose battery is empty: its epoch began when it was switched on."""
        assert Computer(ahead=-NOON).beats(0, 120_000).spans == [(A, 0, 120_000)]

    def test_x39_the_year_2099(self) -> None:
        assert Computer(ahead=4_102_444_000_000 - NOON).beats(0, 120_000).spans == [(A, 0, 120_000)]

    @pytest.mark.parametrize("travel", [0, 1, 1_999, 2_000])
    def test_times_of_a_sound_clock_stay_as_they_were_reported(self, travel: int) -> None:
        assert Computer().beats(0, 120_000, travels=[travel]).spans == [(A, 0, 120_000)]

    def test_two_computers_of_one_person_agree_on_when_it_was(self) -> None:
        """F18, X50: each clock is off by its own error; the phone takes the time in which it was in front."""
        desk = Computer(ahead=DAY_MS)
        phone = Computer(ahead=-HOUR_MS, stream="bbbb", receiver=desk.receiver)
        desk.beats(0, 120_000)
        phone.does(30_000, B).does(50_000, B, **AWAY).delivers(50_000)
        assert desk.spans == [(A, 0, 30_000), (B, 30_000, 50_000), (A, 50_000, 120_000)]


class TestTravel:
    @pytest.mark.parametrize("ahead", [0, DAY_MS, -DAY_MS, -3_000])
    @pytest.mark.parametrize(
        "travels",
        [[0, 1_999], [1_999, 0], [1_500, 40, 900, 1_999, 3], [700, 300, 200, 100, 0]],
        ids=["up", "down", "mixed", "falling"],
    )
    def test_jitter_below_two_seconds_changes_no_duration(self, ahead: int, travels: list[int]) -> None:
        computer = Computer(ahead=ahead).beats(0, 380_000, travels=travels)
        assert computer.credited_ms == 380_000
        assert all(0 <= started <= TOLERANCE_MS for _, started, _ in computer.spans)

    @pytest.mark.parametrize("ahead", [0, DAY_MS, -DAY_MS])
    @pytest.mark.parametrize("late", range(7))
    def test_one_late_message_changes_no_duration_and_invents_nothing(self, ahead: int, late: int) -> None:
        """Also if it is the first one, from which the offset is learned."""
        travels = [40] * 7
        travels[late] = 5_000
        computer = Computer(ahead=ahead).beats(0, 120_000, travels=travels)
        lead = 0 if ahead == 0 else 40
        assert computer.spans == [(A, lead, 120_000 + lead)]

    @pytest.mark.parametrize("ahead", [0, DAY_MS, -DAY_MS])
    def test_a_first_message_that_is_late_by_five_seconds_is_anchored_anew(self, ahead: int) -> None:
        """Also where the next comes so late that a drift of two percent could be as much as a few hundred ms."""
        computer = Computer(ahead=ahead).does(0).delivers(0, travel=5_000)
        assert computer.beats(20_000, 600_000).spans == [(A, 0, 600_000)]

    @pytest.mark.parametrize("ahead", [0, DAY_MS, -DAY_MS])
    def test_one_late_message_amid_a_sound_run_changes_nothing(self, ahead: int) -> None:
        computer = Computer(ahead=ahead).beats(0, 400_000)
        computer.does(420_000).delivers(420_000, travel=5_000)
        assert computer.beats(440_000, 800_000).spans == [(A, 0, 800_000)]

    def test_one_late_message_after_a_commit_loses_and_invents_nothing(self) -> None:
        computer = Computer().beats(0, 100_000)
        computer.receiver.commit()
        computer.does(120_000).delivers(120_000, travel=5_000).beats(140_000, 200_000)
        computer.receiver.commit()
        assert sum(span.ended - span.started for span in computer.receiver.credited) == 200_000

    @pytest.mark.parametrize("ahead", [0, DAY_MS, -DAY_MS])
    def test_a_network_that_becomes_a_little_slower_for_minutes_moves_nothing(self, ahead: int) -> None:
        computer = Computer(ahead=ahead).beats(0, 100_000).beats(120_000, 700_000, travels=[1_999])
        assert computer.beats(720_000, 800_000).spans == [(A, 0, 800_000)]

    def test_what_follows_a_late_message_at_once_is_not_lifted_to_it(self) -> None:
        computer = Computer().does(0).delivers(0, travel=5_000).does(1_000, B).delivers(1_000)
        assert computer.does(3_000, B, **AWAY).delivers(3_000).spans == [(A, 0, 1_000), (B, 1_000, 3_000)]

    def test_messages_that_are_less_and_less_late_move_the_whole_run_each_time(self) -> None:
        computer = Computer().does(0).delivers(0, travel=9_000).does(1_000, B).delivers(1_000, travel=5_000)
        computer.does(2_000, A).delivers(2_000).does(3_000, A, **AWAY).delivers(3_000)
        assert computer.spans == [(A, 0, 1_000), (B, 1_000, 2_000), (A, 2_000, 3_000)]

    def test_a_run_goes_on_across_an_event_that_was_refused(self) -> None:
        """The clocks did not break there, so what was before it was as late as what was behind it."""
        computer = Computer().does(0).does(20_000)
        computer.told.append(Refused(3, "bad_message", "Not an event.", "{}"))
        computer.does(20_100).does(30_000).delivers(30_000, travel=5_000).beats(40_000, 60_000)
        assert computer.spans == [(A, 0, 20_000), (A, 20_100, 60_000)]

    def test_a_run_does_not_go_on_across_a_gap_in_which_the_clock_was_set(self) -> None:
        """What is anchored anew behind the break leaves what was before it alone."""
        computer = Computer().beats(0, 40_000)
        computer.ahead = HOUR_MS
        computer.does(60_000).delivers(60_000, travel=5_000).beats(80_000, 100_000)
        assert computer.spans == [(A, 0, 40_000), (A, 60_000, 100_000)]

    def test_a_late_first_message_that_is_committed_already_costs_its_lateness_at_most(self) -> None:
        """What is committed stays where it was put; nothing is credited twice to make up for it."""
        computer = Computer().does(0).does(20_000).delivers(20_000, travel=5_000)
        computer.receiver.commit()
        computer.beats(40_000, 100_000)
        computer.receiver.commit()
        spans = sorted((span.started - NOON, span.ended - NOON) for span in computer.receiver.credited)
        assert spans == [(5_000, 25_000), (25_000, 100_000)]

    def test_a_late_message_during_a_commit_doubles_nothing(self) -> None:
        """The run is anchored anew between the moment a commit took its values and the moment it was done."""
        computer = Computer().does(0).does(20_000).delivers(20_000, travel=5_000)
        receiver = computer.receiver
        under_way = receiver.entries["aaaa"]
        receiver.credited += receiver.spans()
        computer.beats(40_000, 60_000)
        receiver.entries["aaaa"] = receiver.entries["aaaa"].after_commit(under_way)
        computer.beats(80_000, 100_000)
        receiver.commit()
        spans = sorted((span.started - NOON, span.ended - NOON) for span in receiver.credited)
        assert spans == [(5_000, 25_000), (25_000, 100_000)]

    @pytest.mark.parametrize(
        ("oldest", "spans"),
        [(NOON, [(A, 0, 60_000)]), (NOON + 1, [(A, 5_000, 25_000), (A, 40_000, 60_000)])],
        ids=["to the accepted age", "beyond it"],
    )
    def test_a_run_is_not_anchored_anew_beyond_the_accepted_age(
        self, oldest: int, spans: list[tuple[str, int, int]]
    ) -> None:
        """No travel takes that long: what is proven stays where it is, and nothing counts across."""
        computer = Computer(receiver=Receiver(oldest=oldest)).does(0).delivers(0, travel=5_000)
        computer.does(20_000).delivers(20_000, travel=5_000).beats(40_000, 60_000)
        assert computer.spans == spans

    @pytest.mark.parametrize("stalled_ms", [20_000, 40_000, 50_000])
    def test_a_network_that_stands_still_and_delivers_all_at_once_changes_no_duration(self, stalled_ms: int) -> None:
        """Lags that rise by far and fall message by message, all arriving at one instant."""
        computer = Computer().beats(0, 100_000)
        freed = 100_000 + stalled_ms
        for instant in range(105_000, freed + 1, 5_000):
            computer.does(instant).delivers(instant, travel=freed - instant)
        computer.beats(freed + 20_000, freed + 100_000)
        assert computer.spans == [(A, 0, freed + 100_000)]

    def test_a_slow_minute_invents_nothing_however_often_it_comes(self) -> None:
        """Three messages in four are late by three seconds: that is the network, not the clock."""
        computer = Computer().beats(0, 1_600_000, travels=[40, 3_000, 3_000, 3_000])
        assert computer.spans == [(A, 0, 1_600_000)]

    def test_a_network_that_is_slow_for_minutes_invents_nothing(self) -> None:
        """The beat in which the lateness is at last believed is lost; what was before it stays where it was."""
        computer = Computer().beats(0, 100_000).beats(120_000, 700_000, travels=[10_000]).beats(720_000, 800_000)
        assert computer.spans == [(A, 0, 280_000), (A, 300_000, 800_000)]

    def test_x46_a_server_whose_clock_leaps_forward_invents_nothing(self) -> None:
        """Between two events whose clocks say twenty seconds no ten minutes are credited."""
        computer = Computer().beats(0, 100_000).beats(120_000, 1_000_000, travels=[600_000])
        assert 1_000_000 - 20_000 <= computer.credited_ms <= 1_000_000

    def test_x46_a_server_whose_clock_falls_back_doubles_nothing(self) -> None:
        computer = Computer().beats(0, 700_000)
        computer.receiver.commit()
        computer.beats(720_000, 2_000_000, travels=[-600_000])
        computer.receiver.commit()
        spans = sorted((span.started, span.ended) for span in computer.receiver.credited)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        assert spans[-1][1] == NOON + 2_000_000 - 600_000


class TestAClockThatIsSet:
    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS, 3_000, -3_000])
    @pytest.mark.parametrize("ahead", [0, DAY_MS])
    def test_a_step_in_mid_work_costs_the_beat_in_which_it_fell_and_no_more(self, by: int, ahead: int) -> None:
        computer = Computer(ahead=ahead).beats(0, 100_000)
        computer.ahead += by
        computer.beats(120_000, 200_000)
        assert computer.spans == [(A, 0, 100_000), (A, 120_000, 200_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    def test_a_step_that_the_page_noticed_costs_a_second(self, by: int) -> None:
        computer = Computer().beats(0, 100_000)
        computer.does(110_000, cause="suspend", visible=False)
        computer.ahead += by
        computer.does(111_000, cause="resume").delivers(111_000).beats(120_000, 200_000)
        assert computer.spans == [(A, 0, 110_000), (A, 111_000, 200_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    @pytest.mark.parametrize("reports", ["at once", "in one report", "first report of all"])
    def test_x40_there_and_back_again(self, by: int, reports: str) -> None:
        """Whether the server hears each step or all of it afterwards, from a browser that was offline."""
        computer = Computer()
        if reports == "at once":
            computer.beats(0, 100_000)
            computer.ahead += by
            computer.beats(120_000, 200_000)
            computer.ahead -= by
            computer.beats(220_000, 300_000)
        else:
            if reports == "in one report":
                computer.does(0).delivers(0)
            else:
                computer.does(0)
            for instant in range(20_000, 100_001, 20_000):
                computer.does(instant)
            computer.ahead += by
            for instant in range(120_000, 200_001, 20_000):
                computer.does(instant)
            computer.ahead -= by
            for instant in range(220_000, 300_001, 20_000):
                computer.does(instant)
            computer.delivers(300_000)
        assert computer.spans == [(A, 0, 100_000), (A, 120_000, 200_000), (A, 220_000, 300_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    def test_the_first_report_tells_of_a_step(self, by: int) -> None:
        """A browser that was offline: its clock was right, then it was set wrong."""
        computer = Computer().does(0).does(20_000)
        computer.ahead += by
        assert computer.does(40_000).does(60_000).delivers(60_000).spans == [(A, 0, 20_000), (A, 40_000, 60_000)]

    @pytest.mark.parametrize("slept_ms", [30_000, 9 * HOUR_MS])
    @pytest.mark.parametrize("reports", ["two", "one"])
    def test_f19_x42_a_sleep_is_no_step_of_the_clock(self, slept_ms: int, reports: str) -> None:
        computer = Computer().does(0).does(20_000)
        if reports == "two":
            computer.delivers(20_000)
        computer.asleep_ms = slept_ms
        woken = 20_000 + slept_ms
        computer.does(woken).does(woken + 20_000).delivers(woken + 20_000)
        assert computer.spans == [(A, 0, 20_000), (A, woken, woken + 20_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS, 90_000])
    @pytest.mark.parametrize("stands_still", [True, False], ids=["macOS and Linux", "Windows"])
    def test_a_clock_set_while_the_machine_slept(self, by: int, stands_still: bool) -> None:
        computer = Computer().beats(0, 100_000)
        computer.asleep_ms = 8 * HOUR_MS if stands_still else 0
        computer.ahead = by
        woken = 100_000 + 8 * HOUR_MS
        computer.beats(woken, woken + 100_000)
        assert computer.spans == [(A, 0, 100_000), (A, woken, woken + 100_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    @pytest.mark.parametrize("slept_first", [True, False], ids=["sleep, then set", "set, then sleep"])
    def test_a_sleep_and_a_step_in_one_report_are_told_apart(self, by: int, slept_first: bool) -> None:
        computer = Computer().does(0).delivers(0).does(20_000)
        if slept_first:
            computer.asleep_ms = 600_000
        else:
            computer.ahead = by
        computer.does(620_000 if slept_first else 40_000)
        middle = 640_000 if slept_first else 60_000
        computer.does(middle)
        if slept_first:
            computer.ahead = by
        else:
            computer.asleep_ms = 600_000
        end = 660_000
        computer.does(end).does(end + 20_000).delivers(end + 20_000)
        assert computer.spans == [(A, 0, 20_000), (A, middle - 20_000, middle), (A, end, end + 20_000)]

    def test_x42_a_step_ahead_of_a_long_sleep_is_found_though_the_clock_drifted_meanwhile(self) -> None:
        """Half a second in a thousand are fourteen in eight hours: more than travel, and still no other step."""
        computer = Computer(rate=1.0005).does(0).delivers(0)
        computer.does(20_000).ahead = 300_000
        computer.does(40_000).does(60_000).asleep_ms = 8 * HOUR_MS
        woken = 60_000 + 8 * HOUR_MS
        computer.does(woken).does(woken + 20_000).delivers(woken + 20_000)
        drift = round(woken * 0.0005)
        assert [ended - started for _, started, ended in computer.spans] == [20_010] * 3
        for (_, _, ended), true in zip(computer.spans, [20_000, 60_000, woken + 20_000], strict=True):
            assert abs(ended - true) <= drift + TOLERANCE_MS

    def test_a_late_message_behind_a_step_is_still_travel(self) -> None:
        computer = Computer().beats(0, 100_000)
        computer.ahead = -HOUR_MS
        computer.does(120_000).delivers(120_000, travel=5_000).beats(140_000, 200_000)
        assert computer.spans == [(A, 0, 100_000), (A, 120_000, 200_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    def test_a_step_behind_an_event_that_was_refused_moves_nothing_before_it(self, by: int) -> None:
        """The event that would have shown the break is not believed; the clocks of its neighbours still show it."""
        computer = Computer().beats(0, 100_000)
        computer.told.append(Refused(len(computer.told) + 1, "bad_message", "Not an event.", "{}"))
        computer.ahead = by
        computer.beats(120_000, 200_000)
        assert computer.spans == [(A, 0, 100_000), (A, 120_000, 200_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    @pytest.mark.parametrize("alone", [True, False], ids=["in a report of its own", "with what follows"])
    def test_a_step_behind_a_refused_end_of_a_report(self, by: int, alone: bool) -> None:
        computer = Computer().beats(0, 100_000)
        computer.told.append(Refused(len(computer.told) + 1, "bad_message", "Not an event.", "{}"))
        if alone:
            computer.delivers(105_000)
        computer.ahead = by
        computer.does(120_000).delivers(120_000).beats(140_000, 200_000)
        assert computer.spans == [(A, 0, 100_000), (A, 120_000, 200_000)]

    @pytest.mark.parametrize("by", [HOUR_MS, -HOUR_MS])
    def test_a_step_inside_a_loss_moves_nothing_before_it(self, by: int) -> None:
        receiver = Receiver()
        receiver.take(delivery(shows(1, 0), shows(2, 20_000)))
        after = (shows(5, 60_000 + by, mono=60_000), shows(6, 80_000 + by, mono=80_000))
        receiver.take(delivery(*after, first=5, lag=-by))
        spans = [(span.started - NOON, span.ended - NOON) for span in receiver.spans()]
        assert spans == [(0, 20_000), (60_000, 80_000)]

    def test_a_stream_that_begins_with_a_refused_event(self) -> None:
        receiver = Receiver()
        receiver.take(delivery(Refused(1, "bad_message", "Not an event.", "{}"), sent_at=NOON + DAY_MS, lag=-DAY_MS))
        receiver.take(delivery(shows(2, DAY_MS, mono=7), shows(3, DAY_MS + 20_000, mono=20_007), lag=-DAY_MS))
        assert [(span.started - NOON, span.ended - NOON) for span in receiver.spans()] == [(0, 20_000)]


class TestDrift:
    @pytest.mark.parametrize("rate", [0.99, 1.01], ids=["slow", "fast"])
    def test_f20_a_clock_that_drifts_for_hours_is_followed(self, rate: float) -> None:
        """1 % over four hours is 144 s by the browser's own clock; committed every ten minutes it is a few."""
        computer = Computer(rate=rate)
        for start in range(0, 4 * HOUR_MS, 600_000):
            computer.beats(start, start + 580_000)
            computer.receiver.commit()
        credited = [(span.started - NOON, span.ended - NOON) for span in computer.receiver.credited]
        worked = 4 * HOUR_MS - 20_000
        assert abs(sum(end - start for start, end in credited) - worked) <= 10_000
        assert abs(credited[-1][1] - worked) <= 4_000

    @pytest.mark.parametrize("rate", [0.99, 1.01], ids=["slow", "fast"])
    @pytest.mark.parametrize("ahead", [0, DAY_MS, -DAY_MS])
    def test_f20_a_clock_that_drifts_is_right_to_two_seconds_in_every_interval(self, rate: float, ahead: int) -> None:
        """F20: half an hour of one percent, committed every ten minutes: no commit takes back, or gives again."""
        computer = Computer(rate=rate, ahead=ahead)
        for start in range(0, 1_800_000, 600_000):
            computer.beats(start, start + 580_000).commits()
            assert abs(sum(end - begin for begin, end in computer.committed) - (start + 580_000)) <= TOLERANCE_MS
            assert abs(computer.committed[-1][1] - (start + 580_000)) <= 2 * TOLERANCE_MS
        assert abs(computer.committed[0][0]) <= TOLERANCE_MS
        assert all(one[1] == other[0] for one, other in pairwise(computer.committed))

    @pytest.mark.parametrize("rate", [0.99, 1.01], ids=["slow", "fast"])
    @pytest.mark.parametrize("travels", [[300, 40, 0, 170, 250], [40, 900, 0, 1_000, 500, 200, 990]])
    def test_f20_a_clock_that_drifts_on_a_restless_network_invents_nothing(
        self, rate: float, travels: list[int]
    ) -> None:
        """F20: in an hour without a commit; jitter must not be taken for the fall, or the rise, of a whole run."""
        computer = Computer(rate=rate).beats(0, 3_600_000, travels=travels)
        assert -TOLERANCE_MS <= computer.spans[0][1] <= max(travels)
        assert abs(computer.credited_ms - 3_600_000) <= 2 * TOLERANCE_MS
        assert computer.credited_ms - 3_600_000 <= TOLERANCE_MS + max(travels)

    @given(
        percent=st.integers(-100, 100),
        ahead=st.sampled_from([0, DAY_MS, -DAY_MS]),
        minutes_between_commits=st.sampled_from([1, 2, 5, 10, 60]),
        beat_ms=st.sampled_from([5_000, 20_000]),
    )
    def test_f20_no_drift_up_to_one_percent_invents_or_loses_more_than_two_seconds(
        self, percent: int, ahead: int, minutes_between_commits: int, beat_ms: int
    ) -> None:
        """F20: in hundredths of a percent, on any wrong clock, however often it is committed."""
        computer = Computer(rate=1 + percent / 10_000, ahead=ahead)
        end, next_commit = 1_800_000, minutes_between_commits * 60_000
        for instant in range(0, end + 1, beat_ms):
            computer.does(instant).delivers(instant)
            if instant >= next_commit:
                computer.commits()
                next_commit += minutes_between_commits * 60_000
        committed = computer.commits().committed
        a_beat_of_drift = beat_ms // 100
        assert abs(sum(ended - started for started, ended in committed) - end) <= TOLERANCE_MS + a_beat_of_drift
        assert -TOLERANCE_MS <= committed[0][0] <= TOLERANCE_MS
        assert all(one[1] <= other[0] for one, other in pairwise(committed))

    @pytest.mark.parametrize("rate", [0.9995, 1.0005], ids=["slow", "fast"])
    def test_x41_a_clock_that_is_slewed_is_right_to_a_few_seconds(self, rate: float) -> None:
        """500 parts in a million, the most that NTP slews, for four hours without a commit."""
        computer = Computer(rate=rate).beats(0, 4 * HOUR_MS)
        assert abs(computer.credited_ms - 4 * HOUR_MS) <= 4 * HOUR_MS * 0.0005 + 2
        assert abs(computer.spans[-1][2] - 4 * HOUR_MS) <= 4_000

    def test_x45_a_leap_second_smeared_over_a_day_changes_nothing(self) -> None:
        computer = Computer(rate=1 - 1 / 86_400).beats(0, 2 * HOUR_MS)
        assert abs(computer.credited_ms - 2 * HOUR_MS) <= 100


class TestCorrect:
    """What one message teaches, at its edges."""

    def test_the_first_message_tells_the_offset(self) -> None:
        taught = correct(None, lag=-7_000, arrival=7, jumps=[0, 0])
        assert (taught.offsets, taught.anchor_shift_ms, taught.is_anew) == ([-7_000] * 2, 0, False)
        assert taught.held == ClockOffset(-7_000, newest_ms=-7_000, anchor_ms=-7_000, anchor_since=7, least_ms=-7_000)

    def test_a_rise_is_believed_after_three_minutes_and_the_least_of_it_is_taken(self) -> None:
        held = ClockOffset(0, newest_ms=0)
        for arrival, lag in [(0, 3_000), (60_000, 2_500), (179_999, 9_000)]:
            taught = correct(held, lag=lag, arrival=arrival, jumps=[0], passed=20_000)
            assert taught.offsets == [0]
            held = taught.held
        taught = correct(held, lag=3_500, arrival=180_000, jumps=[0], passed=20_000)
        assert (taught.offsets, taught.anchor_shift_ms, taught.is_anew) == ([2_500], 0, False)
        assert taught.held == ClockOffset(2_500, newest_ms=3_500, anchor_ms=0, least_ms=0)

    def test_one_message_in_time_ends_a_rise(self) -> None:
        held = correct(ClockOffset(0, raised_ms=3_000, raised_since=0), lag=1_999, arrival=100_000, jumps=[0]).held
        assert (held.value_ms, held.raised_ms) == (0, None)

    @pytest.mark.parametrize(("lag", "is_anew"), [(4_000, False), (4_001, True)])
    def test_a_rise_by_more_than_a_drift_explains_proves_nothing(self, lag: int, is_anew: bool) -> None:
        held = ClockOffset(0, raised_ms=lag, raised_since=0)
        taught = correct(held, lag=lag, arrival=180_000, jumps=[0])
        assert (taught.offsets, taught.held.value_ms, taught.held.newest_ms) == ([lag], lag, lag)
        assert (taught.anchor_shift_ms, taught.is_anew) == (0, is_anew)

    def test_a_rise_of_exactly_two_seconds_is_not_jitter_and_a_millisecond_less_is(self) -> None:
        held = ClockOffset(-10_000, newest_ms=-10_000)
        for lag, raised_ms in [(-8_001, None), (-8_000, -8_000)]:
            taught = correct(held, lag=lag, arrival=5, jumps=[0], passed=20_000)
            assert taught.offsets == [-10_000]
            assert (taught.held.value_ms, taught.held.raised_ms) == (-10_000, raised_ms)

    @pytest.mark.parametrize(("newest", "offset"), [(1_800, 2_200), (1_799, 0)])
    def test_a_rise_that_creeps_by_two_percent_is_believed_at_once_and_one_that_leaps_is_not(
        self, newest: int, offset: int
    ) -> None:
        """Of twenty seconds two percent are 400 ms."""
        taught = correct(ClockOffset(0, newest_ms=newest), lag=2_200, arrival=5, jumps=[0], passed=20_000)
        assert (taught.offsets, taught.held.value_ms, taught.is_anew) == ([offset], offset, False)

    @pytest.mark.parametrize("held", [None, ClockOffset(0, newest_ms=0)], ids=["the first", "a later one"])
    @pytest.mark.parametrize(("lag", "offset"), [(2_200, 2_200), (2_201, 0)])
    def test_a_rise_creeps_from_the_newest_message_in_time(
        self, held: ClockOffset | None, lag: int, offset: int
    ) -> None:
        in_time = correct(held, lag=1_800, arrival=5, jumps=[0], passed=20_000).held
        assert correct(in_time, lag=lag, arrival=6, jumps=[0], passed=20_000).offsets == [offset]

    @pytest.mark.parametrize(("lag", "offset"), [(-7_600, -7_600), (-7_599, -10_000)])
    def test_where_no_lag_is_remembered_a_rise_creeps_by_two_seconds_more(self, lag: int, offset: int) -> None:
        """After a restart or a break only the offset is known: the newest lag may have been jitter above it."""
        taught = correct(ClockOffset(-10_000), lag=lag, arrival=5, jumps=[0], passed=20_000)
        assert (taught.offsets, taught.held.value_ms, taught.is_anew) == ([offset], offset, False)

    def test_a_fall_moves_the_whole_run(self) -> None:
        taught = correct(ClockOffset(5_000), lag=40, arrival=7, jumps=[0])
        assert (taught.offsets, taught.anchor_shift_ms) == ([0], -5_000)
        assert taught.held == ClockOffset(0, newest_ms=40, anchor_ms=5_000, anchor_since=7, least_ms=0)

    @pytest.mark.parametrize(
        ("before", "lag", "after_ms", "shift"),
        [
            (-1_800, -2_000, 200_000, -200),
            (-1_800, -2_001, 200_000, 0),
            (-1_800, -2_001, 49, -201),
            (-2_500, -4_499, 200_000, 0),
            (-2_500, -4_500, 200_000, -2_000),
            (-5_000, -6_000, 200_000, 0),
            (-5_000, -6_001, 200_000, -1_001),
        ],
        ids=["two seconds", "more", "more, too soon", "at once, less", "at once", "two percent", "more than that"],
    )
    def test_a_fall_that_creeps_moves_the_run_by_two_seconds_in_all(
        self, before: int, lag: int, after_ms: int, shift: int
    ) -> None:
        """Of two hundred seconds two percent are four."""
        held = ClockOffset(before, newest_ms=before, anchor_ms=0, anchor_since=7, least_ms=before)
        taught = correct(held, lag=lag, arrival=7 + after_ms, jumps=[0], passed=20_000)
        assert (taught.offsets, taught.held.value_ms, taught.anchor_shift_ms) == ([lag], lag, shift)

    def test_a_fall_back_to_what_the_run_had_before_moves_nothing(self) -> None:
        """A late message that looked like a slow clock: what came before it was placed by a lower offset."""
        held = ClockOffset(0, newest_ms=1_900, anchor_ms=0, least_ms=0)
        late = correct(held, lag=2_250, arrival=5, jumps=[0], passed=20_000)
        assert late.offsets == [2_250]
        assert correct(late.held, lag=40, arrival=6, jumps=[0], passed=20_000).anchor_shift_ms == 0
        assert correct(late.held, lag=2_100, arrival=6, jumps=[0], passed=20_000).anchor_shift_ms == 0
        assert correct(late.held, lag=-900, arrival=6, jumps=[0], passed=20_000).anchor_shift_ms == -900

    @pytest.mark.parametrize(("lag", "set_forward_by"), [(-3_000, 0), (-3_001, -3_001), (-6_999, -6_999), (-7_000, 0)])
    def test_a_leap_that_explains_the_change_to_two_seconds_was_a_clock_set_forward(
        self, lag: int, set_forward_by: int
    ) -> None:
        """Five seconds ahead, then a long sleep: what the leap does not explain falls to the last break."""
        taught = correct(ClockOffset(0), lag=lag, arrival=5, jumps=[5_000, 60_000])
        assert taught.offsets == [set_forward_by, lag]

    @pytest.mark.parametrize(("lag", "set_forward_by"), [(-8_999, -8_999), (-9_000, 0), (-2_501, -2_501), (-2_500, 0)])
    def test_a_leap_explains_the_change_but_for_two_percent_of_drift(self, lag: int, set_forward_by: int) -> None:
        """Of a hundred seconds two; what explains less than half of it explains nothing."""
        taught = correct(ClockOffset(0), lag=lag, arrival=5, jumps=[5_000, 60_000], passed=100_000)
        assert taught.offsets == [set_forward_by, lag]

    @pytest.mark.parametrize(
        ("jumps", "offsets"),
        [([9_000, 7_000, 60_000], [-8_500, -8_500, -8_500]), ([8_000, 9_000, 60_000], [0, -8_500, -8_500])],
        ids=["the nearer", "of two as near the later"],
    )
    def test_of_several_leaps_the_one_that_explains_the_change_best_was_the_step(
        self, jumps: list[int], offsets: list[int]
    ) -> None:
        taught = correct(ClockOffset(0), lag=-8_500, arrival=5, jumps=jumps, passed=500_000)
        assert taught.offsets == offsets

    def test_a_message_that_is_late_behind_sleeps_is_no_clock_that_was_set(self) -> None:
        taught = correct(ClockOffset(0), lag=30_000, arrival=5, jumps=[3_000, 60_000], passed=5_000_000)
        assert taught.offsets == [0, 30_000]

    def test_what_no_break_explains_falls_to_the_last_of_them_and_not_to_an_event_behind_it(self) -> None:
        assert correct(ClockOffset(0), lag=3_500, arrival=5, jumps=[-3_000, 0]).offsets == [3_500, 3_500]

    def test_a_report_without_events_teaches_too(self) -> None:
        taught = correct(None, lag=-7_000, arrival=0, jumps=[])
        assert (taught.offsets, taught.held.value_ms) == ([], -7_000)
