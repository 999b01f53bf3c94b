"""Reports into the live store: order, ownership, holes, refusals. Over the road and back, an event counts once."""

from typing import Any

import pytest
from sqlalchemy import select

from server.cases.models import Case
from server.tracking import wire
from server.tracking.commit import commit, forget_quiet_streams
from server.tracking.intake import take_report
from server.tracking.models import RefusedEvent, StreamLoss, TrackerRecord
from server.tracking.service import Commit
from tests.conftest import World
from tests.reports_of_agents import Page

MINUTE = 60_000


def take(world: World, body: dict[str, Any], *, who: str = "ana", is_own: bool = True) -> list[dict[str, Any]]:
    """Hand a report in as it would come over the wire; the answers."""
    report, errors = wire.decode_report(wire.encode(body).encode(), max_events=300)
    now = world.clock.now
    person = world.ids[who]
    return errors + take_report(
        world.tracking, report, representative_id=person, username=who, app="workspace", now=now, is_own=is_own
    )


def received(answers: list[dict[str, Any]]) -> int | None:
    return next((answer["seq"] for answer in answers if answer["type"] == "received"), None)


def codes(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["code"] for answer in answers if answer["type"] == "error"]


def commit_all(world: World) -> Commit:
    return commit(world.tracking, world.tracking.store.representatives(), now=world.clock.now)


def spans(world: World) -> list[tuple[int, int]]:
    rows = world.read(lambda session: session.scalars(select(TrackerRecord).order_by(TrackerRecord.started_at)).all())
    return [(row.started_at, row.ended_at) for row in rows]


def worked(world: World, minutes: int = 3) -> tuple[Page, int]:
    """A page on which somebody has just worked on CAS-1001 for so long, and when that began."""
    start = world.clock.now
    page = Page(start)
    page.works(start, world.clock.advance(minutes=minutes))
    return page, start


def test_a_report_sent_again_counts_once_and_is_acknowledged_again(world: World) -> None:
    """X21: twice, thrice, a day later."""
    page, start = worked(world)
    for wait_minutes in (0, 0, 24 * 60):
        world.clock.advance(minutes=wait_minutes)
        assert received(take(world, page.report(world.clock.now))) == len(page.events)
        commit_all(world)
    assert spans(world) == [(start, start + 3 * MINUTE)]


def test_a_hole_that_can_be_filled_refuses_the_report_and_names_what_to_send(world: World) -> None:
    """X22."""
    page, start = worked(world)
    now = world.clock.now
    answers = take(world, page.report(now, since=4))
    assert [(one["code"], one["seq"], one["expected"]) for one in answers] == [("gap", 4, 1)]
    assert world.tracking.store.representatives() == []
    take(world, page.report(now))
    commit_all(world)
    assert spans(world) == [(start, start + 3 * MINUTE)]


def test_a_hole_that_nobody_can_fill_is_a_loss_and_a_row(world: World) -> None:
    """X22, X28: nothing counts across it, and nothing vanishes unannounced."""
    page, start = worked(world)
    now = world.clock.now
    take(world, page.report(now, until=3))
    assert received(take(world, page.report(now, since=6, first=6))) == len(page.events)
    commit_all(world)
    assert spans(world) == [(start, start + 40_000), (start + 100_000, start + 180_000)]
    losses = world.read(lambda session: session.scalars(select(StreamLoss)).all())
    assert [(loss.stream, loss.first_seq, loss.last_seq) for loss in losses] == [(page.stream, 4, 5)]


def test_events_in_disorder_or_doubled_within_a_report_count_once(world: World) -> None:
    """X21: one that came already is skipped, never an error."""
    page, start = worked(world)
    body = page.report(world.clock.now)
    body["events"] = [one for event in reversed(body["events"]) for one in (event, event)]
    assert received(take(world, body)) == len(page.events)
    commit_all(world)
    assert spans(world) == [(start, start + 3 * MINUTE)]


def test_a_seq_that_comes_again_with_another_body_changes_nothing(world: World) -> None:
    """X23."""
    page, start = worked(world)
    take(world, page.report(world.clock.now))
    for event in page.events:
        event["session"] = {"id": "s1", "kind": "case", "case": "CAS-1002"}
    take(world, page.report(world.clock.now))
    commit_all(world)
    records = world.read(lambda session: session.scalars(select(TrackerRecord)).all())
    refs = {world.read(lambda session, one=one: session.get(Case, one.case_id)).ref for one in records}
    assert refs == {"CAS-1001"}
    assert spans(world) == [(start, start + 3 * MINUTE)]


@pytest.mark.parametrize("before", ["nothing", "a commit", "a commit and a restart"])
def test_a_browser_that_lost_its_last_writes_closes_its_stream_under_a_number_that_was_taken(
    each_world: World, before: str
) -> None:
    """X23, X28: otherwise the last event would wait for a successor for ever, on the server and in the browser."""
    world, start = each_world, each_world.clock.now
    page = Page(start)
    for seconds in (0, 20, 40, 60):
        page.event(start + seconds * 1000, "beat" if seconds else "open")
    world.clock.advance(seconds=60)
    take(world, page.report(world.clock.now))
    if before != "nothing":
        assert commit_all(world).covered == {world.ids["ana"]: {page.stream: 3}}
    if before == "a commit and a restart":
        world = world.restarted()
    page.events.pop()
    page.event(start + 40_000, "close", visible=False, focused=False)
    world.clock.advance(minutes=2)
    assert received(take(world, page.report(world.clock.now), is_own=False)) == 4
    assert commit_all(world).covered == {world.ids["ana"]: {page.stream: 4}}
    assert spans(world) == [(start, start + 60_000)]
    answers = take(world, page.report(world.clock.now), is_own=False)
    assert {"type": "committed", "stream": page.stream, "seq": 4} in answers
    assert forget_quiet_streams(world.tracking, now=world.clock.now) == 1


def test_only_the_newest_number_can_close_a_stream_anew(world: World) -> None:
    """X23: what a page told before it went on working ends nothing."""
    page, start = worked(world)
    take(world, page.report(world.clock.now))
    page.events[4] |= {"cause": "close", "visible": False, "focused": False}
    take(world, page.report(world.clock.now, until=5))
    assert commit_all(world).covered == {world.ids["ana"]: {page.stream: len(page.events) - 1}}
    assert spans(world) == [(start, start + 3 * MINUTE)]


@pytest.mark.parametrize("set_by_ms", [3_600_000, -3_600_000])
def test_what_another_page_delivers_after_the_clock_was_set_stays_where_it_was(world: World, set_by_ms: int) -> None:
    """X40: the clock by which it was written down is known from the page itself, while that lived."""
    page, start = worked(world)
    take(world, page.report(world.clock.now, until=5))
    left = page.report(world.clock.advance(minutes=1), since=5)
    left["sent_at"] += set_by_ms
    assert received(take(world, left, is_own=False)) == len(page.events)
    commit_all(world)
    assert spans(world) == [(start, start + 3 * MINUTE)]


def test_a_stream_of_somebody_else_is_refused_and_nothing_of_it_applied(world: World) -> None:
    """X32: the events wait until that one signs in again."""
    page, start = worked(world)
    now = world.clock.now
    take(world, page.report(now, until=2))
    answers = take(world, page.report(now), who="ben")
    assert codes(answers) == ["not_yours"]
    assert received(answers) is None
    commit_all(world)
    fresh = world.restarted()
    assert codes(take(fresh, page.report(now), who="ben")) == ["not_yours"], "the database remembers it too"
    assert received(take(fresh, page.report(now))) == len(page.events)
    commit_all(fresh)
    assert spans(fresh) == [(start, start + 20_000), (start + 20_000, start + 180_000)]


def test_a_report_that_says_whose_it_is_is_taken_from_nobody_else(world: World) -> None:
    """X32: a stream that the server has never heard of goes to its owner, whoever delivers it first."""
    page, start = worked(world)
    report = page.report(world.clock.now) | {"owner": "ana"}
    assert codes(take(world, report, who="ben")) == ["not_yours"]
    assert received(take(world, report)) == len(page.events)
    commit_all(world)
    assert spans(world) == [(start, start + 180_000)]


def test_two_people_who_race_for_a_new_stream_do_not_share_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page, _ = worked(world)
    now = world.clock.now
    look_up = world.tracking.database.read
    raced: list[dict[str, Any]] = []

    def read_while_ben_comes(verb: Any) -> Any:
        found = look_up(verb)
        monkeypatch.setattr(world.tracking.database, "read", look_up)
        raced.extend(take(world, page.report(now), who="ben"))
        return found

    monkeypatch.setattr(world.tracking.database, "read", read_while_ben_comes)
    answers = take(world, page.report(now))
    assert received(raced) == len(page.events)
    assert codes(answers) == ["not_yours"]


def test_nothing_of_a_report_that_is_refused_for_now_is_applied(world: World) -> None:
    """Neither are its cases made."""
    world.tracking.settings.value = type(world.tracking.settings.value)(create_unknown_cases=True)
    page, _ = worked(world)
    take(world, page.report(world.clock.now, until=1))
    page.events[1]["session"] = {"id": "s1", "kind": "case", "case": "NEW-1"}
    take(world, page.report(world.clock.now), who="ben")
    assert world.read(lambda session: session.scalar(select(Case).where(Case.ref == "NEW-1"))) is None


def test_an_unknown_case_is_made_where_the_settings_say_so(each_world: World) -> None:
    each_world.tracking.settings.value = type(each_world.tracking.settings.value)(create_unknown_cases=True)
    start = each_world.clock.now
    page = Page(start)
    page.works(start, each_world.clock.advance(minutes=1), "NEW-1")
    assert codes(take(each_world, page.report(each_world.clock.now))) == []
    commit_all(each_world)
    assert spans(each_world) == [(start, start + MINUTE)]


@pytest.mark.parametrize(
    "ref",
    ["CAS-9999", 'it\'s "one"', "<svg onload=alert(1)>", "nul \0 byte", "\0", " blank ", "line\nfeed", "\u202eRTL"],
)
@pytest.mark.parametrize("create", [False, True])
def test_a_reference_of_no_case_gives_no_time_and_blocks_nothing(each_world: World, ref: str, create: bool) -> None:
    """X35, X77: stored aside with its reason, applied, and the rest goes on."""
    each_world.tracking.settings.value = type(each_world.tracking.settings.value)(create_unknown_cases=create)
    start = each_world.clock.now
    page = Page(start)
    page.event(start, "open", ref)
    page.event(start + 20_000, "case", "CAS-1001")
    page.event(each_world.clock.advance(seconds=40), "close", None)
    answers = take(each_world, page.report(each_world.clock.now))
    assert received(answers) == 3
    commit_all(each_world)
    taken = spans(each_world)
    assert taken[-1] == (start + 20_000, start + 40_000)
    if len(taken) == 1:
        assert codes(answers) == ["unknown_case"]
        refused = each_world.read(lambda session: session.scalars(select(RefusedEvent)).one())
        assert (refused.first_seq, refused.last_seq, refused.code) == (1, 1, "unknown_case")
    else:
        assert create


def test_a_bad_event_is_kept_aside_and_counts_as_applied(each_world: World) -> None:
    """X35: at each end and in the middle of a report."""
    start = each_world.clock.now
    page = Page(start)
    page.works(start, each_world.clock.advance(minutes=3))
    last = len(page.events)
    for seq, field, value in ((1, "visible", "yes"), (5, "at", -5), (last, "cause", "\0")):
        page.events[seq - 1][field] = value
    answers = take(each_world, page.report(each_world.clock.now))
    assert [(one["code"], one["seq"]) for one in answers if one["type"] == "error"] == [
        ("bad_message", 1),
        ("bad_message", 5),
        ("bad_message", last),
    ]
    assert received(answers) == last
    commit_all(each_world)
    assert spans(each_world) == [(start + 20_000, start + 60_000), (start + 100_000, start + 160_000)]
    refused = each_world.read(lambda session: session.scalars(select(RefusedEvent).order_by(RefusedEvent.id)).all())
    assert [(row.first_seq, row.last_seq) for row in refused] == [(1, 1), (5, 5), (last, last)]
    assert '"at":-5' in refused[1].body


def test_a_flood_of_bad_events_is_a_row_and_keeps_one_body(world: World) -> None:
    """Everything is bounded: of neighbours that were refused for one reason only the first keeps what it showed."""
    page = Page(world.clock.now)
    for _ in range(600):
        page.event(world.clock.now, whim="x" * 100)["cause"] = "whim"
    take(world, page.report(world.clock.now, until=300))
    take(world, page.report(world.clock.now, since=301))
    (entry,) = world.tracking.store.of_representative(world.ids["ana"])
    assert [bool(refusal.body) for refusal in entry.refusals] == [True] + [False] * 599
    commit_all(world)
    refused = world.read(lambda session: session.scalars(select(RefusedEvent)).one())
    assert (refused.first_seq, refused.last_seq) == (1, 600)


@pytest.mark.parametrize("at", [0, 1000, 86_400_000])
@pytest.mark.parametrize("parts", [[3, 10], [10]], ids=["known stream", "first report"])
def test_an_event_of_1970_gives_nothing_and_the_rest_goes_on(world: World, at: int, parts: list[int]) -> None:
    """X39."""
    page, start = worked(world)
    page.events[4]["at"] = at
    for until in parts:
        answers = take(world, page.report(world.clock.now, until=until))
    assert received(answers) == len(page.events)
    commit_all(world)
    credited = spans(world)
    assert sum(end - begin for begin, end in credited) == 140_000, "what lies next to it is not proven"
    assert all(start <= begin and end <= world.clock.now for begin, end in credited)


def test_an_event_that_is_too_old_is_refused_for_good(world: World) -> None:
    """X25, X70: older than seven days: forget it."""
    start = world.clock.now
    page = Page(start)
    page.works(start, start + MINUTE)
    world.clock.advance(minutes=7 * 24 * 60 + 2)
    answers = take(world, page.report(world.clock.now))
    assert set(codes(answers)) == {"too_old"}
    assert received(answers) == len(page.events)
    commit_all(world)
    assert spans(world) == []


def test_an_outbox_of_five_days_counts_in_full(world: World) -> None:
    """X25: 10,000 events in parts of 300."""
    start = world.clock.now
    page = Page(start)
    page.works(start, start + 9_999 * 20_000)
    world.clock.advance(minutes=5 * 24 * 60)
    for since in range(1, len(page.events) + 1, 300):
        assert received(take(world, page.report(world.clock.now, since=since, until=since + 299)))
    commit_all(world)
    assert spans(world) == [(start, start + 9_999 * 20_000)]


@pytest.mark.parametrize("ahead_ms", [1_000, 59_000, 61_000, 3_600_000])
def test_times_ahead_of_their_arrival_invent_nothing(world: World, ahead_ms: int) -> None:
    """X47: `sent_at` tells the truth and `at` does not, or `at` lies after `sent_at`."""
    start = world.clock.now
    page = Page(start)
    page.event(start, "open")
    world.clock.advance(seconds=5)
    page.event(start + ahead_ms, "beat")
    page.event(start + ahead_ms + 20_000, "close", focused=False)
    take(world, page.report(world.clock.now))
    commit_all(world)
    assert all(start <= begin and end <= world.clock.now for begin, end in spans(world))


@pytest.mark.parametrize("error_ms", [-86_400_000, -3_600_000, 3_600_000, 86_400_000])
def test_a_clock_that_is_wrong_by_a_constant_is_invisible(world: World, error_ms: int) -> None:
    """X39."""
    start = world.clock.now
    page = Page(start, clock_error_ms=error_ms)
    page.works(start, world.clock.advance(minutes=3))
    take(world, page.report(world.clock.now))
    commit_all(world)
    assert spans(world) == [(start, start + 3 * MINUTE)]


def test_too_much_at_once_is_refused_for_now_and_taken_later(world: World) -> None:
    """`rate_limited`: the agent keeps it."""
    page, start = worked(world)
    now = world.clock.now
    body = page.report(now)
    answers: list[dict[str, Any]] = []
    for _ in range(10_000):
        answers = take(world, body)
        if codes(answers):
            break
    assert codes(answers) == ["rate_limited"]
    assert received(answers) is None
    assert received(take(world, Page(now).report(now), who="ben")) == 0, "nobody else is slowed"
    world.clock.advance(seconds=10)
    assert received(take(world, body)) == len(page.events)
    commit_all(world)
    assert spans(world) == [(start, start + 3 * MINUTE)]


def test_a_report_without_events_is_answered(world: World) -> None:
    page = Page(world.clock.now)
    assert take(world, page.report(world.clock.now)) == [{"type": "received", "stream": page.stream, "seq": 0}]


def test_a_browser_that_sends_what_it_could_have_forgotten_is_told_so(world: World) -> None:
    """X3: an acknowledgement that was lost comes again."""
    page, _ = worked(world)
    take(world, page.report(world.clock.now))
    commit_all(world)
    answers = take(world, page.report(world.clock.now))
    assert {"type": "committed", "stream": page.stream, "seq": len(page.events) - 1} in answers
