"""When to commit: once per interval and representative, spread evenly, asked for a beat first."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from server import jobs
from server.config import Limits
from server.tracking import wire
from server.tracking.connections import Connection
from server.tracking.intake import take_report
from server.tracking.schedule import commit_due, due, slot
from server.tracking.service import Tracking
from tests.conftest import NOON, World
from tests.reports_of_agents import Page

TEN_MINUTES_MS = 600_000


class Recorder:
    """A socket that keeps what is sent through it, and answers a `sync` at once if told how."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.on_sync: Any = None

    def send(self, data: str) -> None:
        message = json.loads(data)
        self.sent.append(message)
        if message["type"] == "sync" and self.on_sync is not None:
            self.on_sync()

    def close(self, reason: int | None = None, message: str | None = None) -> None: ...


def take(tracking: Tracking, page: Page, *, who: int, now: int) -> None:
    report, _ = wire.decode_report(wire.encode(page.report(now, since=len(page.events) - 250)).encode(), max_events=300)
    take_report(tracking, report, representative_id=who, app="workspace", now=now)


def beat(world: World, page: Page, *, who: str = "ana") -> None:
    """The page of somebody who is at work sends its next beat."""
    page.event(world.clock.now)
    take(world.tracking, page, who=world.ids[who], now=world.clock.now)


def connected(world: World, page: Page, *, who: str = "ana") -> tuple[Connection, Recorder]:
    recorder = Recorder()
    connection = Connection(
        socket=recorder,
        representative_id=world.ids[who],
        username=who,
        name=who,
        role="representative",
        sees_everyone=False,
        stream=page.stream,
        app="workspace",
        limits=Limits(outgoing_messages=10),
    )
    assert world.tracking.connections.add(connection, limit=10, limit_each=10)
    return connection, recorder


def test_each_representative_is_due_once_per_interval() -> None:
    """Over a day of seconds, each of them, at the same place of every interval."""
    for representative in (1, 2, 77, 4711):
        turns = [
            second
            for second in range(1, 24 * 3600)
            if slot(representative, NOON + second * 1000, TEN_MINUTES_MS)
            > slot(representative, NOON + (second - 1) * 1000, TEN_MINUTES_MS)
        ]
        assert len(turns) == 144 or len(turns) == 143
        assert {later - earlier for earlier, later in pairwise(turns)} == {600}


def test_phases_are_spread_evenly() -> None:
    """A thousand representatives over sixty parts of the interval: none has more than three times its share."""
    parts = [0] * 60
    for representative in range(1, 1001):
        phase = next(
            second
            for second in range(0, 600, 10)
            if slot(representative, NOON + (second + 10) * 1000, TEN_MINUTES_MS)
            > slot(representative, NOON + second * 1000, TEN_MINUTES_MS)
        )
        parts[phase // 10] += 1
    assert min(parts) >= 5
    assert max(parts) <= 50


def test_neighbouring_ids_are_far_apart() -> None:
    """People who were added together do not commit together."""
    phases = sorted((one * 2654435761 % 2**32) / 2**32 for one in range(1, 11))
    assert min(later - earlier for earlier, later in pairwise(phases)) > 0.03


def test_nobody_is_due_without_live_time_and_nobody_before_their_turn(world: World) -> None:
    assert due(world.tracking, now=world.clock.now) == []
    page = Page(world.clock.now)
    beat(world, page)
    assert due(world.tracking, now=world.clock.now) == []


def test_a_working_day_is_committed_once_per_interval(world: World) -> None:
    """Two hours of beats and a tick every 20 s: twelve commits of ten minutes each."""
    page = Page(world.clock.now)
    commits = []
    for _ in range(360):
        beat(world, page)
        done = commit_due(world.tracking, now=world.clock.now)
        if done is not None:
            commits.append(done)
        world.clock.advance(seconds=20)
    assert len(commits) == 12
    assert {done.credited_ms for done in commits[1:]} == {TEN_MINUTES_MS}


def test_two_people_have_their_own_turns(world: World) -> None:
    pages = {who: Page(world.clock.now) for who in ("ana", "ben")}
    turns: dict[int, list[int]] = {}
    for tick in range(180):
        for who, page in pages.items():
            beat(world, page, who=who)
        done = commit_due(world.tracking, now=world.clock.now)
        for representative in done.covered if done is not None else ():
            turns.setdefault(representative, []).append(tick)
        world.clock.advance(seconds=20)
    assert all(len(ticks) == 6 for ticks in turns.values())
    assert not set(turns[world.ids["ana"]]) & set(turns[world.ids["ben"]])


@pytest.mark.parametrize(("before", "after"), [(10, 60), (60, 10)])
def test_an_interval_that_is_changed_holds_from_then_on(world: World, before: int, after: int) -> None:
    """Neither a storm of commits nor a pause longer than the two together."""

    def set_interval(minutes: int) -> None:
        world.tracking.settings.value = replace(world.tracking.settings.value, update_interval_minutes=minutes)

    set_interval(before)
    page = Page(world.clock.now)
    turns = []
    for minute in range(6 * 60):
        if minute == 2 * 60:
            set_interval(after)
        for _ in range(3):
            beat(world, page)
            if commit_due(world.tracking, now=world.clock.now) is not None:
                turns.append(minute)
            world.clock.advance(seconds=20)
    distances = [later - earlier for earlier, later in pairwise(turns)]
    assert max(distances) <= max(before, after)
    assert distances[0] == before
    assert distances[-1] == after


def test_seconds_per_minute_shortens_the_interval_and_not_the_time(world: World) -> None:
    world.tracking.seconds_per_minute = 0.5
    assert world.tracking.interval_ms == 5_000
    assert jobs.jobs(world.tracking)[0].every_s == 0.25
    page = Page(world.clock.now)
    beat(world, page)
    commit_due(world.tracking, now=world.clock.now)
    world.clock.advance(seconds=20)
    beat(world, page)
    done = commit_due(world.tracking, now=world.clock.now)
    assert done is not None
    assert done.credited_ms == 20_000


def test_agents_are_asked_for_a_beat_first_so_that_the_commit_is_exact(world: World) -> None:
    page = Page(world.clock.now)
    connection, recorder = connected(world, page)
    other, idle = connected(world, Page(world.clock.now), who="ben")

    def answer() -> None:
        beat(world, page)
        connection.reported()

    recorder.on_sync = answer
    beat(world, page)
    commit_due(world.tracking, now=world.clock.now)
    world.clock.advance(minutes=9)
    beat(world, page)
    page.events[-1]["cause"] = "focus"
    world.clock.advance(seconds=59)
    world.tracking.committed_at[world.ids["ana"]] = NOON - TEN_MINUTES_MS
    done = commit_due(world.tracking, now=world.clock.now)
    assert done is not None
    assert done.credited_ms == 59_000, "up to this very moment"
    assert [message["type"] for message in recorder.sent] == ["sync"]
    assert idle.sent == [], "whoever is not due is left in peace"
    world.tracking.connections.remove(other)


def test_an_agent_that_does_not_answer_holds_up_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.tracking.schedule.SYNC_TIMEOUT_S", 0.05)
    page = Page(world.clock.now)
    _, recorder = connected(world, page)
    beat(world, page)
    world.clock.advance(seconds=20)
    beat(world, page)
    world.tracking.committed_at[world.ids["ana"]] = NOON - TEN_MINUTES_MS
    done = commit_due(world.tracking, now=world.clock.now)
    assert done is not None
    assert done.credited_ms == 20_000
    assert recorder.sent == [{"type": "sync"}]


def test_a_database_that_is_down_does_not_fill_the_outboxes_with_beats(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X53, X56: a commit is tried every second, an agent is asked for a beat once per interval."""
    monkeypatch.setattr("server.tracking.schedule.SYNC_TIMEOUT_S", 0.01)
    page = Page(world.clock.now)
    _, recorder = connected(world, page)
    beat(world, page)
    world.tracking.committed_at[world.ids["ana"]] = NOON - TEN_MINUTES_MS

    def is_down(verb: Any) -> Any:
        raise OperationalError("BEGIN", {}, OSError("connection refused"))

    write = world.database.write
    monkeypatch.setattr(world.database, "write", is_down)
    for tries in range(1, 1_500):
        world.clock.advance(seconds=1)
        with pytest.raises(OperationalError):
            commit_due(world.tracking, now=world.clock.now)
        assert len(recorder.sent) <= 1 + tries * 1_000 // TEN_MINUTES_MS + 1
    monkeypatch.setattr(world.database, "write", write)
    assert commit_due(world.tracking, now=world.clock.now) is not None


@pytest.mark.parametrize("kind", ["claims", "refusals"])
def test_whoever_holds_too_much_is_committed_early(world: World, kind: str) -> None:
    """Everything is bounded, over all streams of a representative together."""
    world.tracking.limits = replace(Limits(), pending_claims=100)
    now = world.clock.now
    for _ in range(3):
        page = Page(now - 60_000)
        for place in range(80):
            at = now - 60_000 + place * 500
            if kind == "claims":
                page.event(at, "session-tab", f"CAS-100{1 + place % 2}")
            else:
                page.event(at, "session-tab", "CAS-9999")
        take(world.tracking, page, who=world.ids["ana"], now=now)
    assert due(world.tracking, now=now) == [world.ids["ana"]]
    commit_due(world.tracking, now=now)
    assert due(world.tracking, now=now) == []


def test_whoever_was_due_with_nothing_to_commit_has_had_their_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that lies in the background is not due again every second, but in its next interval."""
    monkeypatch.setattr("server.tracking.schedule.SYNC_TIMEOUT_S", 0.01)
    page, ana = Page(world.clock.now), world.ids["ana"]
    beat(world, page)
    world.clock.advance(seconds=20)
    beat(world, page)
    world.tracking.committed_at[ana] = NOON - TEN_MINUTES_MS
    done = commit_due(world.tracking, now=world.clock.now)
    assert done is not None
    assert done.credited_ms == 20_000
    turn = next(second for second in range(1, 601) if due(world.tracking, now=world.clock.now + second * 1000))
    world.clock.advance(seconds=turn)
    nothing = commit_due(world.tracking, now=world.clock.now)
    assert nothing is not None
    assert nothing.covered == {}
    for seconds in (0, 1, 300, 599):
        assert due(world.tracking, now=world.clock.now + seconds * 1000) == []
    assert due(world.tracking, now=world.clock.now + TEN_MINUTES_MS) == [ana]


def test_a_tick_without_anything_to_do_is_a_good_one(world: World) -> None:
    """The alarm is on the age of the last good run."""
    assert commit_due(world.tracking, now=world.clock.now) is None
    assert world.tracking.last_good_commit_at == world.clock.now


def test_a_job_that_fails_is_logged_and_runs_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """X62: the boundary of a job."""
    calls = []

    def fails(_tracking: Tracking, now: int) -> None:
        calls.append(now)
        raise OSError("disk full")

    job = jobs.Job("test", 1, fails)
    for _ in range(2):
        jobs._guarded(world.app, world.tracking, job)
    assert len(calls) == 2
    assert "disk full" in caplog.text
