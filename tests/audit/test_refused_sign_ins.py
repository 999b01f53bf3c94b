"""Refused sign-ins in the audit log: a line a minute for each guesser, however many tries there were (A8)."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server import jobs
from server.accounts.refusals import MOST, OTHERS, Refusals
from server.accounts.sign_in import door
from server.audit.verify import examine
from tests.accounts.signing_in import add_eva, sign_in, signed_in
from tests.audit.recorded import entries
from tests.conftest import World

GUESSER = "203.0.113.7"
WITHOUT = ("token.created", "user.added")


def _a_minute_later(world: World) -> None:
    """The job of the table runs."""
    (job,) = (one for one in jobs.jobs(world.tracking) if "refused sign-ins" in one.name)
    assert job.every_s == 60
    with world.app.app_context():
        job.run(world.tracking, world.clock.advance(minutes=1))


def test_a_burst_of_guesses_is_an_entry_for_each_reason(each_world: World) -> None:
    """A8"""
    world = each_world
    add_eva(world)
    client = world.client()
    for _ in range(9):
        sign_in(client, "eva", "wrong", address=GUESSER)
        world.clock.advance(seconds=0.25)
    assert entries(world, leave_out=WITHOUT) == [], "strangers do not write to the database"

    _a_minute_later(world)
    _a_minute_later(world)

    refused = {"actor": "system", "actor_id": None, "action": "sign_in.refused", "subject": "eva", "address": GUESSER}
    noon = "2026-11-20T12:00:0"
    assert entries(world, leave_out=WITHOUT) == [
        {
            **refused,
            "details": {
                "reason": "wrong",
                "tries": 5,
                "first_at": f"{noon}0.000Z",
                "last_at": f"{noon}1.000Z",
            },
        },
        {
            **refused,
            "details": {
                "reason": "throttled",
                "tries": 4,
                "first_at": f"{noon}1.250Z",
                "last_at": f"{noon}2.000Z",
            },
        },
    ]


def test_what_was_typed_as_a_name_that_nobody_has_is_not_recorded(world: World) -> None:
    """A8: it may be a password."""
    sign_in(world.client(), "hunter2-hunter2", "x")
    _a_minute_later(world)

    (entry,) = entries(world)
    assert (entry["subject"], "hunter2" in str(entry)) == ("(unknown)", False)


def test_a_sign_in_is_recorded_with_its_session(each_world: World) -> None:
    """A8"""
    add_eva(each_world)
    signed_in(each_world)

    assert entries(each_world, leave_out=WITHOUT) == [
        {
            "actor": "eva",
            "actor_id": each_world.ids["eva"],
            "action": "sign_in.succeeded",
            "subject": "eva",
            "details": {},
            "address": "127.0.0.1",
        }
    ]


def test_a_flood_from_everywhere_fills_neither_memory_nor_the_log(world: World) -> None:
    """A8"""
    refusals = Refusals()
    for number in range(10_000):
        refusals.count(f"name{number}", f"2001:db8:{number:x}::/64", "wrong", now=world.clock.now + number)

    refusals.write(world.database, now=world.clock.now + 60_000)

    found = entries(world)
    assert len(found) == MOST + 1
    assert sum(one["details"]["tries"] for one in found) == 10_000
    assert (found[-1]["subject"], found[-1]["address"]) == (OTHERS, OTHERS)
    assert examine(world.database).fault is None


def test_what_could_not_be_written_is_written_the_next_time(world: World) -> None:
    """A8"""
    refusals = Refusals()
    refusals.count("eva", GUESSER, "wrong", now=world.clock.now)

    class Failing:
        def write(self, verb: object) -> None:
            refusals.count("eva", GUESSER, "wrong", now=world.clock.now + 5)
            raise OperationalError("", {}, Exception())

    with pytest.raises(OperationalError):
        refusals.write(Failing(), now=world.clock.now)  # type: ignore[arg-type]
    refusals.write(world.database, now=world.clock.now)
    refusals.write(world.database, now=world.clock.now)

    (entry,) = entries(world)
    assert entry["details"] == {
        "reason": "wrong",
        "tries": 2,
        "first_at": "2026-11-20T12:00:00.000Z",
        "last_at": "2026-11-20T12:00:00.005Z",
    }


def test_a_minute_without_refusals_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A8"""
    with world.app.app_context():
        assert door().refusals._held == {}
    monkeypatch.setattr(Session, "commit", lambda _: pytest.fail("a transaction for nothing"))
    _a_minute_later(world)

    assert entries(world) == []
