"""Broken messages do no damage: a small part of `python -m tests.hostile`, with seeds of its own."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from server.tracking import wire
from server.tracking.commit import commit
from server.tracking.intake import take_report
from server.tracking.models import TrackerRecord
from tests.conftest import World
from tests.hostile.fuzz import Fuzz
from tests.reports_of_agents import Page

REPORTS = "/api/v1/agent/reports"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_broken_messages_credit_nothing_that_is_not_proven(world: World, seed: int) -> None:
    """X6, X21 to X24, X35, X39, X47, X75, X76, X77: no error, no time out of nothing, none lost for who is honest."""
    fuzz = Fuzz(world, seed)
    for _ in fuzz.run(12_000):
        pass
    assert fuzz.result.findings == []
    assert fuzz.result.credited_ms > 0
    assert {"received", "bad_message", "gap", "not_yours"} <= set(fuzz.result.answers)


def take(world: World, body: dict[str, Any], who: str = "ana") -> list[dict[str, Any]]:
    report, errors = wire.decode_report(wire.encode(body).encode(), max_events=300)
    return errors + take_report(
        world.tracking, report, representative_id=world.ids[who], app="workspace", now=world.clock.now
    )


def commit_all(world: World) -> None:
    commit(world.tracking, world.tracking.store.representatives(), now=world.clock.now)


def credited_ms(world: World, who: str) -> int:
    query = select(TrackerRecord).where(TrackerRecord.representative_id == world.ids[who])
    return sum(row.ended_at - row.started_at for row in world.read(lambda session: session.scalars(query).all()))


@pytest.mark.parametrize("sent_at", [2**53 - 1, 4_102_444_799_999, 10**13, 2**63])
def test_a_clock_of_the_far_future_stops_nobodys_commit(each_world: World, sent_at: int) -> None:
    """X24, X39: time that was proven stays where it is, and everybody else's is committed with it."""
    start = each_world.clock.now
    pages = {who: Page(start) for who in ("ana", "ben")}
    for page in pages.values():
        page.works(start, start + 60_000)
    each_world.clock.advance(minutes=1)
    for who, page in pages.items():
        take(each_world, page.report(each_world.clock.now), who)
    pages["ana"].event(each_world.clock.now, "beat")
    try:
        take(each_world, {**pages["ana"].report(each_world.clock.now, since=5), "sent_at": sent_at})
    except wire.BadMessage as problem:
        assert "sent_at" in str(problem)  # noqa: PT017 - either is right, a crash is not
    commit_all(each_world)
    assert credited_ms(each_world, "ben") == 60_000
    assert credited_ms(each_world, "ana") == 60_000
    starts = each_world.read(lambda session: session.scalars(select(TrackerRecord.started_at)).all())
    assert min(starts) == start, "and nothing moved into another year"


def test_an_event_of_the_future_does_not_stretch_into_hours(world: World) -> None:
    """X47: pulled back to its arrival, it proves no more than a minute up to the next one."""
    start = world.clock.now
    page = Page(start)
    page.event(start)
    for ahead_ms in (30_000, 60_000):
        page.event(start + ahead_ms)
    hours_later = start + 7 * 3_600_000
    for number, event in enumerate(page.events[1:]):
        event["at"] = event["mono"] = hours_later - 60_000 + number * 30_000
    page.events[0]["at"] = page.events[0]["mono"] = hours_later - 90_000
    take(world, page.report(start, until=2))
    world.clock.advance(minutes=7 * 60)
    take(world, page.report(world.clock.now, since=3))
    commit_all(world)
    assert credited_ms(world, "ana") <= 64_000


def test_what_a_clock_that_was_set_back_leaves_behind_is_let_go(world: World) -> None:
    """X40: committed once, it is not written again at every commit for ever."""
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(minutes=2))
    take(world, page.report(world.clock.now))
    for sent_at_error_ms in (0, 3_600_000):  # a break of the clocks, then a message that sets back what came after it
        now = world.clock.advance(seconds=20)
        page.event(now)["mono"] += 10**6
        take(world, {**page.report(now, since=len(page.events)), "sent_at": now + sent_at_error_ms})
    commit_all(world)
    assert credited_ms(world, "ana") == 140_000
    (entry,) = world.tracking.store.of_representative(world.ids["ana"])
    assert entry.pending == ()
    assert not entry.is_dirty


@pytest.mark.parametrize(
    "body",
    [b"\xff", b'{"type":"report","stream":"a\xe4bcd"}', "{}".encode("utf-16"), "\ufeff{}".encode(), b"\0", b""],
)
def test_a_body_that_is_no_utf_8_is_a_400(world: World, body: bytes) -> None:
    """X11, X76, over the road that has no frames."""
    answer = world.client("ana").post(REPORTS, data=body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("text", ['{"type":' * 1_000, "[" * 60_000, '{"a":' * 9_000 + "1" + "}" * 9_000])
def test_a_body_that_nests_deeply_is_a_400(world: World, text: str) -> None:
    """X76."""
    assert world.client("ana").post(REPORTS, data=text).status_code == 400


def test_a_body_of_very_many_keys_is_read_or_refused(world: World) -> None:
    """X76: as many as 64 KiB hold; 10^6 keys do not fit."""
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(minutes=1))
    report = page.report(world.clock.now)
    many = {**report, **{f"k{number}": 0 for number in range(4_000)}, "__proto__": {"admin": True}}
    assert world.client("ana").post(REPORTS, data=json.dumps(many)).status_code == 200
    assert world.client("ana").post(REPORTS, data=json.dumps({f"k{n}": 0 for n in range(10**6)})).status_code == 413
