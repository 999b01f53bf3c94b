"""F21: no input for a while is idle from the last input on. Times are milliseconds after noon."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.tracking.attention import Policy
from server.tracking.claims import Claim
from server.tracking.commit import forget_quiet_streams, live_spans, settle_silent_streams
from server.tracking.events import Event, Refused
from server.tracking.intake import ACCEPTED_AGE_MS
from server.tracking.models import StreamCursor
from server.tracking.spans import Interval, total, union
from tests.conftest import World
from tests.reports_of_agents import Page
from tests.tracking import oracle
from tests.tracking.strategies import NOON, WATCHED, Receiver, delivery, histories, interleaved, pages, shows, splits
from tests.tracking.test_commit import MINUTE, commit_all, credited_ms, spans, take
from tests.tracking.test_oracle import _brings, at_once, deterministic, intervals, received, true_instants
from tests.tracking.test_oracle import painted as picture

A, B = "CAS-1001", "CAS-1002"
IDLE: dict[str, Any] = {"cause": "idle", "idle": True}
BLUR: dict[str, Any] = {"cause": "blur", "focused": False}


def receiver_of(*events: Event | Refused, **settings: Any) -> Receiver:
    receiver = Receiver(**settings)
    receiver.take(delivery(*events))
    return receiver


def claimed(receiver: Receiver) -> list[tuple[str, int, int, str]]:
    return [_told(claim) for claim in receiver.claims()]


def _told(claim: Claim) -> tuple[str, int, int, str]:
    return claim.case, claim.started - NOON, claim.ended - NOON, claim.ended_by


class TestWhatCounts:
    def test_f21_who_is_idle_is_so_from_the_last_input_on(self) -> None:
        events = [shows(1, 0), shows(2, 20_000, quiet=5_000), shows(3, 40_000, quiet=25_000)]
        receiver = receiver_of(*events, shows(4, 45_000, quiet=30_000, **IDLE))
        assert claimed(receiver) == [(A, 0, 15_000, "idle")]

    def test_f21_after_the_last_input_nothing_is_settled_yet(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=5_000), shows(3, 40_000, quiet=25_000))
        assert claimed(receiver) == [(A, 0, 15_000, "")]

    def test_f21_later_input_settles_what_lies_before_it(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=15_000), shows(3, 40_000, quiet=1_000))
        assert claimed(receiver) == [(A, 0, 39_000, "")]

    def test_f21_an_event_that_does_not_know_the_last_input_settles_everything(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=15_000), shows(3, 40_000))
        assert claimed(receiver) == [(A, 0, 40_000, "")]

    def test_f21_an_older_input_than_was_told_unsettles_nothing(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=5_000), shows(3, 40_000, quiet=39_000))
        assert claimed(receiver) == [(A, 0, 15_000, "")]
        receiver.take(delivery(shows(4, 60_000, quiet=59_000, **IDLE)))
        assert claimed(receiver) == [(A, 0, 15_000, "idle")]

    @pytest.mark.parametrize(
        "facts",
        [
            BLUR,
            {"cause": "hidden", "visible": False},
            {"cause": "lock", "locked": True},
            {"cause": "suspend", "visible": False},
            {"cause": "close", "visible": False, "focused": False},
        ],
        ids=lambda facts: facts["cause"],
    )
    def test_f21_whatever_else_ends_attention_counts_all_that_was_before(self, facts: dict[str, Any]) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=5_000), shows(3, 40_000, quiet=25_000, **facts))
        assert claimed(receiver) == [(A, 0, 40_000, facts["cause"])]

    def test_f21_a_switch_to_another_case_counts_all_that_was_before(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=20_000), shows(3, 40_000, B, "case", quiet=40_000))
        assert claimed(receiver) == [(A, 0, 40_000, "case")]

    def test_f21_idle_reaches_back_no_further_than_its_claim_began(self) -> None:
        events = [shows(1, 0), shows(2, 20_000, B, "case", quiet=20_000), shows(3, 40_000, B, quiet=40_000, **IDLE)]
        assert claimed(receiver_of(*events)) == [(A, 0, 20_000, "case")]

    def test_f21_idle_without_a_last_input_ends_the_claim_when_it_is_told(self) -> None:
        assert claimed(receiver_of(shows(1, 0), shows(2, 20_000, **IDLE))) == [(A, 0, 20_000, "idle")]

    def test_f21_who_comes_back_begins_anew(self) -> None:
        events = [shows(1, 0), shows(2, 40_000, quiet=30_000, **IDLE), shows(3, 90_000, cause="active", quiet=0)]
        receiver = receiver_of(*events, shows(4, 100_000, quiet=0))
        assert claimed(receiver) == [(A, 0, 10_000, "idle"), (A, 90_000, 100_000, "")]

    def test_f21_where_idle_time_counts_the_last_input_does_not_matter(self) -> None:
        events = [shows(1, 0), shows(2, 20_000, quiet=20_000), shows(3, 40_000, quiet=40_000, **IDLE)]
        assert claimed(receiver_of(*events, policy=Policy(count_idle=True))) == [(A, 0, 40_000, "")]

    def test_f21_what_was_settled_while_idle_counted_stays_when_it_no_longer_does(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=20_000), policy=Policy(count_idle=True))
        receiver.policy = Policy()
        receiver.take(delivery(shows(3, 40_000, quiet=40_000, **IDLE)))
        assert claimed(receiver) == [(A, 0, 20_000, "idle")]

    @pytest.mark.parametrize(
        "behind",
        [
            [delivery(shows(4, 120_000, quiet=0))],
            [delivery(Refused(4, "bad_message", "", ""), sent_at=NOON + 40_000)],
            [delivery(first=5, sent_at=NOON + 40_000)],
            [delivery(shows(4, 60_000, mono=40_000, quiet=0))],
        ],
        ids=["a gap", "a refused event", "a loss", "clocks that disagree"],
    )
    def test_f21_at_a_place_without_proof_everything_up_to_the_last_proof_counts(self, behind: list[Any]) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=15_000), shows(3, 40_000, quiet=35_000))
        receiver.take(*behind)
        assert claimed(receiver) == [(A, 0, 40_000, "gap")]


class TestWhatIsAcknowledged:
    @staticmethod
    def _committable(*events: Event) -> int:
        return receiver_of(*events).entries["aaaa"].state.committable

    def test_f21_an_event_before_the_last_input_is_and_one_that_is_followed_by_it_is_not(self) -> None:
        events = [shows(1, 0), shows(2, 20_000, quiet=0), shows(3, 40_000, quiet=1_000)]
        assert self._committable(*events[:2]) == 1
        assert self._committable(*events) == 1
        assert self._committable(*events, shows(4, 60_000, quiet=21_000)) == 1
        assert self._committable(*events, shows(4, 60_000, quiet=2_000)) == 2

    def test_f21_nothing_is_taken_back(self) -> None:
        events = [shows(1, 0), shows(2, 20_000), shows(3, 40_000, quiet=40_000)]
        assert self._committable(*events[:2]) == self._committable(*events) == 1

    def test_f21_all_but_the_newest_once_it_is_settled_and_a_close_whole(self) -> None:
        events = [shows(1, 0), shows(2, 20_000, quiet=20_000), shows(3, 40_000, quiet=40_000)]
        assert self._committable(*events) == 0
        assert self._committable(*events, shows(4, 50_000, quiet=50_000, **BLUR)) == 3
        assert self._committable(*events, shows(4, 50_000, quiet=50_000, **IDLE)) == 3
        assert self._committable(*events, shows(4, 50_000, cause="close", visible=False)) == 4

    def test_f21_a_stream_whose_new_events_settle_nothing_is_committed_once_and_then_not_dirty(self) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=20_000))
        receiver.commit()
        assert not receiver.entries["aaaa"].is_dirty
        receiver.take(delivery(shows(3, 40_000, quiet=40_000)))
        assert receiver.entries["aaaa"].is_dirty
        assert (receiver.commit(), receiver.cursors["aaaa"]["applied_seq"]) == ([], 3)
        assert not receiver.entries["aaaa"].is_dirty

    @pytest.mark.parametrize("seq", [2, 3])
    def test_f21_x27_a_browser_that_lost_its_last_writes_ends_its_stream_with_a_number_that_was_taken(
        self, seq: int
    ) -> None:
        receiver = receiver_of(shows(1, 0), shows(2, 20_000, quiet=20_000), shows(3, 40_000, quiet=40_000))
        entry = receiver.entries["aaaa"].closed_by([shows(seq, 20_000, cause="close", visible=False)])
        assert [_told(claim) for claim in entry.claims()] == [(A, 0, 40_000, "")]
        assert entry.state.committable >= seq
        assert entry.is_dirty

    def test_f21_what_another_server_acknowledged_is_not_taken_back(self) -> None:
        events = [shows(1, 0), shows(2, 20_000, quiet=20_000), shows(3, 40_000, quiet=40_000)]
        entry = receiver_of(*events, shows(4, 60_000, quiet=60_000)).entries["aaaa"]
        covered = entry.covered_to(committed_seq=2, applied_seq=3, credited_to=NOON + 40_000)
        assert (entry.state.committable, covered.state.committable) == (0, 2)

    def test_f21_a_beat_that_is_told_again_settles_nothing(self) -> None:
        entry = receiver_of(shows(1, 0), shows(2, 20_000, quiet=20_000)).entries["aaaa"]
        assert entry.closed_by([shows(2, 20_000, quiet=20_000)]) is entry


class TestCommittingInRounds:
    @deterministic
    @given(st.data())
    def test_f21_the_oracle_paints_the_same_picture(self, data: st.DataObject) -> None:
        history = data.draw(histories(quiet=WATCHED))
        deliveries = data.draw(interleaved([data.draw(splits(page)) for page in history]))
        assert picture(received(deliveries).spans()) == oracle.paint(deliveries, true_instants(history))

    @deterministic
    @given(st.data())
    def test_f21_a_server_that_dies_at_any_moment_loses_and_doubles_nothing(self, data: st.DataObject) -> None:
        """Whatever was acknowledged, rounds and restarts come to what one commit at the end does."""
        history = data.draw(histories(quiet=WATCHED))
        expected = received(at_once(history)).spans()
        receiver = Receiver()
        told = dict.fromkeys((page.stream for page in history), 0)
        for _ in range(data.draw(st.integers(1, 8))):
            page = data.draw(st.sampled_from(history))
            told[page.stream] = data.draw(st.integers(told[page.stream], len(page.happened)))
            placed = _brings(receiver, page, told[page.stream])
            assert all((each.expected, each.lost) == (None, None) for each in placed)
            acts = data.draw(st.sampled_from([(), (receiver.commit,), (receiver.crash,), (receiver.commit,) * 2]))
            for act in (*acts, *([receiver.crash] if len(acts) == 2 else [])):
                act()
        for page in history:
            _brings(receiver, page, len(page.happened))
        receiver.commit()
        assert union(intervals(receiver.credited)) == union(intervals(expected))
        assert total(intervals(receiver.credited)) == total(intervals(expected))

    @deterministic
    @given(st.data())
    def test_f21_what_is_acknowledged_is_in_the_records_and_nothing_that_comes_changes_it(
        self, data: st.DataObject
    ) -> None:
        """Up to the event behind the last acknowledged one: the browser could be gone for good."""
        page = data.draw(pages("aaaa", quiet=WATCHED))
        receiver, seen = Receiver(), []
        for one in data.draw(splits(page)):
            receiver.take(one)
            receiver.commit()
            covered = receiver.committed_seq(page.stream)
            is_open = covered and page.happened[covered - 1].event.cause != "close"
            if is_open and covered < len(page.happened):
                seen.append((page.happened[covered].instant, intervals(receiver.credited)))
        for until, before in seen:
            assert clipped(before, until) == clipped(intervals(receiver.credited), until)


def clipped(spans: list[Interval], until: int) -> list[Interval]:
    return union((start, min(end, until)) for start, end in spans)


def watched(world: World, *, minutes: int, since_input: int) -> Page:
    """A page on which somebody worked for so long, and gave no input for the last minutes of that."""
    start = world.clock.now
    page = Page(start)
    for after in range(0, minutes * MINUTE + 1, 20_000):
        page.event(start + after, "beat" if after else "open", quiet=max(0, after - (minutes - since_input) * MINUTE))
    world.clock.advance(minutes=minutes)
    return page


def cursor_of(world: World, page: Page) -> tuple[int, int, int]:
    """What the cursor says: acknowledged, applied, and credited up to how long before the newest event, in minutes."""
    row = world.read(lambda session: session.get(StreamCursor, page.stream))
    return row.committed_seq, row.applied_seq, (row.instant - row.credited_to) // MINUTE


def test_f21_a_commit_takes_what_is_settled_and_acknowledges_no_more(each_world: World) -> None:
    page, start = watched(each_world, minutes=10, since_input=4), each_world.clock.now - 10 * MINUTE
    take(each_world, page)

    covered = commit_all(each_world).covered

    assert spans(each_world) == [(A, start, start + 6 * MINUTE)]
    assert covered == {each_world.ids["ana"]: {page.stream: 18}}
    assert cursor_of(each_world, page) == (18, 31, 4)


@pytest.mark.parametrize("first", [1, 19, 32], ids=["everything", "what is not acknowledged", "nothing but news"])
@pytest.mark.parametrize(
    ("news", "counted_s"),
    [(BLUR, 620), ({"quiet": 260_000, **IDLE}, 360), ({"quiet": 0}, 660)],
    ids=["blur", "idle", "input"],
)
def test_f21_f17_a_server_that_is_killed_then_counts_every_millisecond_once(
    each_world: World, first: int, news: dict[str, Any], counted_s: int
) -> None:
    page, start = watched(each_world, minutes=10, since_input=4), each_world.clock.now - 10 * MINUTE
    take(each_world, page)
    commit_all(each_world)
    fresh = each_world.restarted()
    for _ in range(3):
        page.event(fresh.clock.advance(seconds=20), **news)

    take(fresh, page, since=first, first=first)
    commit_all(fresh)

    assert union((begun, over) for _, begun, over in spans(fresh)) == [(start, start + counted_s * 1000)]
    assert credited_ms(fresh) == counted_s * 1000
    fresh.database.close()


def test_f21_live_time_is_what_stands_now_and_goes_back_where_somebody_was_idle(world: World) -> None:
    page = watched(world, minutes=10, since_input=4)
    take(world, page)
    assert live_ms(world) == 10 * MINUTE
    commit_all(world)
    assert (credited_ms(world), live_ms(world)) == (6 * MINUTE, 4 * MINUTE)

    page.event(world.clock.advance(minutes=1), quiet=5 * MINUTE, **IDLE)
    take(world, page, since=32, first=19)

    assert (credited_ms(world), live_ms(world)) == (6 * MINUTE, 0)


def live_ms(world: World) -> int:
    found = world.read(lambda session: live_spans(session, world.tracking, world.ids["ana"]))
    return sum(span.ended - span.started for span in found)


def test_f21_a_silent_stream_leaves_the_memory_and_its_cursor_settles_what_was_open(world: World) -> None:
    page, start = watched(world, minutes=10, since_input=4), world.clock.now - 10 * MINUTE
    take(world, page)
    commit_all(world)
    end = world.clock.now
    world.clock.advance(minutes=16)
    assert forget_quiet_streams(world.tracking, now=world.clock.now) == 1

    page.event(end, "close", visible=False, focused=False, quiet=4 * MINUTE)
    take(world, page, since=32, first=19)
    commit_all(world)

    assert union((begun, over) for _, begun, over in spans(world)) == [(start, end)]
    assert cursor_of(world, page) == (32, 32, 0)


def test_f21_what_a_browser_that_never_comes_back_left_counts_once_nothing_of_it_is_believed_any_more(
    each_world: World,
) -> None:
    """F19: the time up to the last proof, exactly once; before that the browser may still say that it was idle."""
    page, start = watched(each_world, minutes=10, since_input=4), each_world.clock.now - 10 * MINUTE
    take(each_world, page)
    commit_all(each_world)
    end = each_world.clock.now

    each_world.clock.advance(seconds=ACCEPTED_AGE_MS / 1000)
    assert settled_by_a_new_server(each_world) == (0, 6 * MINUTE)
    each_world.clock.advance(seconds=1)
    assert settled_by_a_new_server(each_world) == (1, 10 * MINUTE)
    assert settled_by_a_new_server(each_world) == (0, 10 * MINUTE)

    page.event(end + 20_000, quiet=260_000, **IDLE)
    take(each_world, page, since=32, first=19)
    commit_all(each_world)
    assert union((begun, over) for _, begun, over in spans(each_world)) == [(start, end)]


def settled_by_a_new_server(world: World) -> tuple[int, int]:
    """How many streams, and the time in the records after its commit."""
    fresh = world.restarted()
    streams = settle_silent_streams(fresh.tracking, now=fresh.clock.now)
    commit_all(fresh)
    counted = credited_ms(fresh)
    fresh.database.close()
    return streams, counted


def test_f21_what_a_living_page_has_is_not_settled_however_old_its_cursor_is(world: World) -> None:
    page = watched(world, minutes=10, since_input=4)
    take(world, page)
    commit_all(world)
    world.clock.advance(seconds=ACCEPTED_AGE_MS / 1000 + 1)

    assert settle_silent_streams(world.tracking, now=world.clock.now) == 0


def test_f21_of_two_servers_neither_sets_back_a_cursor_that_settled_nothing(each_world: World) -> None:
    page = watched(each_world, minutes=10, since_input=4)
    take(each_world, page, until=31)
    commit_all(each_world)
    behind = each_world.restarted()
    take(behind, page, since=31)
    for _ in range(2):
        page.event(each_world.clock.advance(seconds=20), quiet=5 * MINUTE)
    take(behind, page, since=32, until=32)
    take(each_world, page, since=32)
    commit_all(each_world)

    commit_all(behind)

    assert cursor_of(each_world, page)[1] == 33
    behind.database.close()
