"""Who loses a right while connected loses the socket too, within a minute (X74); scopes on the socket."""

from collections.abc import Callable
from typing import Any

import pytest

from server.accounts import people, sessions
from server.accounts.models import READ, REPORT, Person
from server.accounts.tokens import issue_token, tokens_of
from server.jobs import jobs
from server.tracking import connections_check
from tests.accounts.signing_in import add_eva, signed_in
from tests.conftest import World
from tests.outside_client import AgentSocket, Closed, Outbox, wall_ms
from tests.tracking.test_agent_socket import is_well, near

__all__ = ["near"]

Near = tuple[World, str]


def _change(world: World, who: str, verb: Callable[[Any, Person], object]) -> None:
    world.write(lambda session: verb(session, session.get(Person, world.ids[who])))


def _token(world: World, who: str, scope: str) -> str:
    return world.write(
        lambda session: issue_token(session, session.get(Person, world.ids[who]), now=world.clock.now, scope=scope)
    )


def _with_cookie(world: World, url: str, who: str) -> AgentSocket:
    cookie = signed_in(world, who).get_cookie("caseclock")
    assert cookie is not None
    socket = AgentSocket(url, origin=url, cookie=f"caseclock={cookie.value}")
    socket.hello(None)
    return socket


def _look(world: World) -> int:
    return connections_check.run(world.tracking, now=world.clock.now)


LOSSES: dict[str, Callable[[World], Callable[[Any, Person], object]]] = {
    "another role": lambda world: (
        lambda session, person: people.set_role(session, person, "representative", now=world.clock.now)
    ),
    "deactivated": lambda world: (
        lambda session, person: people.set_active(session, person, active=False, now=world.clock.now)
    ),
    "a new password": lambda world: (
        lambda session, person: people.set_password(session, person, "!", now=world.clock.now)
    ),
    "signed out everywhere": lambda world: sessions.end_all,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_session_that_ends_takes_its_sockets_with_it(near: Near, loss: str) -> None:
    """X74"""
    world, url = near
    for who in ("eva", "eve"):
        add_eva(world, who, role="supervisor")
    with _with_cookie(world, url, "eva") as eva, _with_cookie(world, url, "eve") as eve:
        assert _look(world) == 0
        _change(world, "eva", LOSSES[loss](world))

        assert _look(world) == 1
        assert eva.close_code() == 4401
        assert is_well(eve)


def test_signing_out_closes_the_sockets_of_that_browser_alone(near: Near) -> None:
    """X74"""
    world, url = near
    add_eva(world)
    browser = signed_in(world)
    cookie = browser.get_cookie("caseclock")
    assert cookie is not None
    with (
        AgentSocket(url, origin=url, cookie=f"caseclock={cookie.value}") as here,
        _with_cookie(world, url, "eva") as there,
    ):
        here.hello(None)
        browser.post("/sign-out")

        assert _look(world) == 1
        assert here.close_code() == 4401
        assert is_well(there)


def test_a_session_that_is_over_takes_its_sockets_with_it(near: Near) -> None:
    """X33, X74"""
    world, url = near
    add_eva(world)
    with _with_cookie(world, url, "eva") as socket:
        world.clock.now += sessions.LIFETIME_MS - 1
        assert _look(world) == 0

        world.clock.now += 1
        assert _look(world) == 1
        assert socket.close_code() == 4401


def test_with_a_token_too_a_socket_does_not_outlive_the_role_it_was_opened_in(near: Near) -> None:
    """X74: it would go on seeing everybody's time."""
    world, url = near
    with AgentSocket(url) as sam, AgentSocket(url) as ana:
        sam.hello(world.tokens["sam"])
        ana.hello(world.tokens["ana"])
        _change(
            world,
            "sam",
            lambda session, person: people.set_role(session, person, "representative", now=world.clock.now),
        )

        assert _look(world) == 1
        assert sam.close_code() == 4401
        assert is_well(ana)
    with AgentSocket(url) as again:
        assert again.hello(world.tokens["sam"])["representative"]["role"] == "representative"


def test_of_two_tokens_the_revoked_one_closes_its_own_socket(near: Near) -> None:
    """X74"""
    world, url = near
    other = _token(world, "ana", REPORT)
    with AgentSocket(url) as first, AgentSocket(url) as second:
        first.hello(world.tokens["ana"])
        second.hello(other)

        def revoke(session: Any, person: Person) -> None:
            tokens_of(session, person)[0].revoked_at = world.clock.now

        _change(world, "ana", revoke)

        assert _look(world) == 1
        assert first.close_code() == 4401
        assert is_well(second)


def test_the_look_is_taken_at_least_every_minute(world: World) -> None:
    """X74"""
    runs = [job for job in jobs(world.tracking) if "lost access" in job.name]

    assert [job.every_s <= 30 for job in runs] == [True]


# Scopes


def test_a_token_that_may_only_read_opens_no_socket(near: Near) -> None:
    world, url = near
    token = _token(world, "ana", READ)
    with AgentSocket(url) as socket, pytest.raises(Closed) as closed:
        socket.hello(token)
    assert (closed.value.code, closed.value.reason) == (4401, "the token's scope is read: it cannot report")

    with AgentSocket(url, headers=[f"Authorization: Bearer {token}"]) as socket, pytest.raises(Closed) as closed:
        socket.hello(None)
    assert closed.value.code == 4401


@pytest.mark.parametrize("signs_in_by", ["hello", "header"])
def test_a_token_that_may_only_report_reports_and_watches_nothing(near: Near, signs_in_by: str) -> None:
    world, url = near
    world.clock.now = wall_ms()
    token = _token(world, "ana", REPORT)
    headers = [f"Authorization: Bearer {token}"] if signs_in_by == "header" else []
    outbox = Outbox()
    outbox.add(wall_ms(), 10_000_000, "open", case="CAS-1001")
    with AgentSocket(url, headers=headers) as socket:
        socket.hello(token if signs_in_by == "hello" else None)
        socket.send(outbox.report())
        assert socket.next("received")["seq"] == 1

        socket.send({"type": "watch", "case": "CAS-1001"})

        assert socket.next("error")["code"] == "not_allowed"
        assert is_well(socket)
        assert "handling_time" not in {message["type"] for message in socket.heard}


def test_what_is_watched_is_what_may_be_seen(near: Near) -> None:
    """X75: the socket has the same scope as the routes."""
    world, url = near
    body = {"duration_seconds": 60, "description": "ana's"}
    assert world.client("ana").post("/api/v1/cases/CAS-1001/time-logs", json=body).status_code == 201
    world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": True})
    seen = {}
    for who in ("ana", "ben", "sam", "ada"):
        with AgentSocket(url) as socket:
            socket.hello(world.tokens[who])
            socket.send({"type": "watch", "case": "CAS-1001"})
            told = socket.next("handling_time")
            seen[who] = (told["total_seconds"], [one["username"] for one in told["representatives"]])

    assert seen == {"ana": (60, ["ana"]), "ben": (0, []), "sam": (60, ["ana"]), "ada": (60, ["ana"])}
