"""What one representative may make the server hold, start and write: bounded, and without losing what was worked."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from server.cases.models import Case
from server.config import Config, ConfigError, Limits, from_environment
from server.settings import TrackingSettings
from server.tracking import wire
from server.tracking.connections import TOO_MANY, Connection
from server.tracking.intake import take_report
from server.tracking.models import RefusedEvent, StreamLoss
from server.tracking.rate import Buckets
from server.tracking.schedule import commit_due
from tests.conftest import World
from tests.hostile.test_fuzz import commit_all, credited_ms, take
from tests.reports_of_agents import Page
from tests.waiting import until


def limited(world: World, **bounds: Any) -> None:
    """Put other bounds in force."""
    world.tracking.limits = replace(Limits(), **bounds)
    world.tracking.buckets = Buckets(world.tracking.limits)


def codes(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["code"] for answer in answers if answer["type"] == "error"]


def half_a_minute(world: World, who: str = "ana", case: str = "CAS-1001") -> tuple[Page, list[dict[str, Any]]]:
    """A new page, half a minute of work on it, and what the server says to that."""
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(seconds=30), case)
    return page, take(world, page.report(world.clock.now), who)


def test_streams_that_come_and_go_are_committed_and_forgotten_early(world: World) -> None:
    """Nobody who loads page after page is refused, and every second of it counts."""
    limited(world, live_streams=20)
    for _ in range(100):
        _, answers = half_a_minute(world)
        assert codes(answers) == []
        commit_due(world.tracking, now=world.clock.now)
        assert len(world.tracking.store.of_representative(world.ids["ana"])) <= 20
    commit_all(world)
    assert credited_ms(world, "ana") == 100 * 30_000


def test_streams_without_end_are_refused_for_now_and_taken_when_there_is_room(world: World) -> None:
    limited(world, live_streams=20)
    for _ in range(20):
        assert codes(half_a_minute(world)[1]) == []
    page, answers = half_a_minute(world)
    assert codes(answers) == ["rate_limited"]
    assert codes(half_a_minute(world, "ben")[1]) == [], "nobody else is held up"
    for _ in range(2):
        commit_due(world.tracking, now=world.clock.advance(seconds=1))
    assert codes(take(world, page.report(world.clock.now))) == []
    commit_all(world)
    assert credited_ms(world, "ana") == 21 * 30_000


def test_new_streams_are_counted_by_the_hour(world: World) -> None:
    """Each leaves a row; known ones go on."""
    limited(world, streams_per_hour=5)
    first, _ = half_a_minute(world)
    for _ in range(4):
        half_a_minute(world)
    page, answers = half_a_minute(world)
    assert codes(answers) == ["rate_limited"]
    first.event(world.clock.now)
    assert codes(take(world, first.report(world.clock.now, since=len(first.events)))) == []
    world.clock.advance(minutes=60)
    assert codes(take(world, page.report(world.clock.now))) == []


def test_what_waits_for_a_commit_is_bounded_where_there_is_none(world: World) -> None:
    """A database that is away: what the server does not take, browsers keep."""
    limited(world, pending_claims_most=10)
    page = Page(world.clock.now)
    for number in range(15):
        page.event(world.clock.advance(seconds=10), "case", f"CAS-100{1 + number % 2}")
        answers = take(world, page.report(world.clock.now, since=number + 1))
    assert codes(answers) == ["rate_limited"]
    commit_all(world)
    received = next(iter(world.tracking.store.of_representative(world.ids["ana"]))).state.applied
    assert codes(take(world, page.report(world.clock.now, since=received + 1))) == []
    commit_all(world)
    assert credited_ms(world, "ana") == 14 * 10_000


def test_inventing_cases_is_counted_by_the_hour_and_costs_no_time(world: World) -> None:
    """As many as the largest report can name pass at once; what is more waits."""
    assert Limits().new_cases_per_hour >= 2 * Limits().events_per_report
    limited(world, new_cases_per_hour=3)
    world.tracking.settings.value = TrackingSettings(create_unknown_cases=True)
    for number in range(3):
        assert codes(half_a_minute(world, case=f"NEW-{number}")[1]) == []
    page, answers = half_a_minute(world, case="NEW-4")
    assert codes(answers) == ["rate_limited"]
    assert codes(half_a_minute(world)[1]) == [], "cases that there are go on"
    assert world.read(lambda session: session.scalar(select(func.count()).select_from(Case))) == 3 + 3
    world.clock.advance(minutes=60)
    assert codes(take(world, page.report(world.clock.now))) == []
    commit_all(world)
    assert credited_ms(world, "ana") == 5 * 30_000


def test_rows_that_are_set_aside_are_counted_by_the_hour(world: World) -> None:
    """X35: refused and good events in turn, and losses: each is a row."""
    assert Limits().set_aside_per_hour > Limits().events_per_report
    limited(world, set_aside_per_hour=10)
    page = Page(world.clock.now)
    for number in range(60):
        page.event(world.clock.now, "whim" if number % 2 else "beat")
    answers = take(world, page.report(world.clock.now, until=20))
    assert codes(answers).count("bad_message") == 10
    assert codes(take(world, page.report(world.clock.now, since=21))) == ["rate_limited"]
    assert codes(take(world, page.report(world.clock.now, since=31, first=31))) == ["rate_limited"]
    commit_all(world)
    count = {
        table: world.read(lambda session, table=table: session.scalar(select(func.count()).select_from(table)))
        for table in (RefusedEvent, StreamLoss)
    }
    assert count == {RefusedEvent: 10, StreamLoss: 0}
    world.clock.advance(minutes=60)
    assert "bad_message" in codes(take(world, page.report(world.clock.now, since=21, until=40)))


def test_nonsense_over_http_is_limited_with_the_rest(world: World) -> None:
    """X6."""
    limited(world, messages_burst=5.0)
    ana = world.client("ana")
    statuses = [ana.post("/api/v1/agent/reports", data=b"nonsense").status_code for _ in range(7)]
    assert statuses == [400] * 5 + [429] * 2
    assert world.client("ben").post("/api/v1/agent/reports", data=b"nonsense").status_code == 400


class Deaf:
    """A websocket whose peer reads nothing."""

    def __init__(self) -> None:
        self.closed: list[int | None] = []
        self.may_end = False

    def send(self, data: str) -> None:
        until(lambda: self.may_end, timeout_s=30)

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        until(lambda: self.may_end, timeout_s=30)
        self.closed.append(reason)


@pytest.mark.parametrize("bounds", [{"outgoing_messages": 10}, {"outgoing_messages": 10**6, "outgoing_bytes": 500}])
def test_a_queue_that_is_full_ends_its_connection_and_holds_up_nobody(bounds: dict[str, int]) -> None:
    """X5: `post` returns at once, though the close has to wait for the peer."""
    socket = Deaf()
    connection = Connection(
        socket=socket,
        representative_id=1,
        username="ana",
        name="Ana",
        role="representative",
        sees_everyone=False,
        stream="stream-1",
        app="workspace",
        limits=replace(Limits(), **bounds),
    )
    for _ in range(1_000):
        connection.post({"type": "sync", "padding": "x" * 50})
    assert socket.closed == [], "the close still waits, and nobody waits with it"
    socket.may_end = True
    until(lambda: socket.closed == [TOO_MANY], what="closed once")


def test_the_streams_a_connection_speaks_for_are_bounded_and_its_own_stays() -> None:
    connection = Connection(
        socket=Deaf(),
        representative_id=1,
        username="ana",
        name="Ana",
        role="representative",
        sees_everyone=False,
        stream="own-stream",
        app="workspace",
        limits=replace(Limits(), streams_per_connection=3),
    )
    for name in ("own-stream", "one", "two", "three", "four"):
        connection.delivers(name)
    assert list(connection.streams) == ["own-stream", "three", "four"]


def test_limits_can_be_set_by_the_operator(tmp_path: Any) -> None:
    environ = {"CASECLOCK_DATA_DIR": str(tmp_path), "CASECLOCK_LIMITS": "connections=5 hello_timeout_s=0.5"}
    config: Config = from_environment(environ)
    assert (config.limits.connections, config.limits.hello_timeout_s) == (5, 0.5)
    assert config.limits.frame_bytes == Limits().frame_bytes
    for wrong in ("connections", "connections=", "connections=many", "connections=0", "connections=1.5", "mood=1"):
        with pytest.raises(ConfigError, match="CASECLOCK_LIMITS"):
            from_environment({**environ, "CASECLOCK_LIMITS": wrong})


@pytest.mark.parametrize("seq", [0, -1, 2**53, 2**63, "1", 1.5, None, float("nan")])
def test_a_seq_that_is_none_never_blocks_its_stream(world: World, seq: Any) -> None:
    """X24, X35: first in the queue, alone, or among others; the stream goes on."""
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(minutes=1))
    body = page.report(world.clock.now)
    poisoned = {**body, "events": [{**body["events"][0], "seq": seq}, *body["events"][1:]]}
    for message in (poisoned, {**poisoned, "events": poisoned["events"][:1]}):
        try:
            report, _ = wire.decode(json.dumps(message), max_events=300)
        except wire.BadMessage:
            continue
        take_report(world.tracking, report, representative_id=world.ids["ana"], app="workspace", now=world.clock.now)
    assert codes(take(world, body)) == []
    commit_all(world)
    assert credited_ms(world, "ana") in (40_000, 60_000), "all but, at most, what lies next to the poison"
