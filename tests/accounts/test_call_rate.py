"""How many calls one person may make: who hammers the API waits, and nobody else does."""

from dataclasses import replace

import pytest

from server.config import Limits
from server.tracking.rate import Buckets
from tests.conftest import World
from tests.hostile.test_fuzz import take
from tests.reports_of_agents import Page

HANDLING_TIME = "/api/v1/cases/CAS-1001/handling-time"
REPORTS = "/api/v1/agent/reports"


@pytest.fixture(autouse=True)
def _five_at_once(world: World) -> None:
    """Five calls at once, then two a second."""
    world.tracking.buckets = Buckets(replace(Limits(), calls_per_s=2.0, calls_burst=5.0))


def statuses(world: World, who: str, count: int, address: str = HANDLING_TIME) -> list[int]:
    client = world.client(who)
    return [client.get(address).status_code for _ in range(count)]


def test_who_calls_too_often_waits_and_others_are_served(world: World) -> None:
    assert statuses(world, "ana", 7) == [200] * 5 + [429] * 2
    assert statuses(world, "ben", 1) == [200]
    world.clock.advance(seconds=1)
    assert statuses(world, "ana", 3) == [200] * 2 + [429]


def test_the_refusal_says_what_to_do_and_when(world: World) -> None:
    statuses(world, "ana", 5)
    answer = world.client("ana").get(HANDLING_TIME)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 429
    assert "wait a second" in answer.json["detail"]


def test_all_addresses_and_refused_calls_count_together(world: World) -> None:
    """A call that is forbidden costs us nearly as much as one that is not."""
    client = world.client("ana")
    assert client.patch("/api/v1/settings/tracking", json={}).status_code == 403
    assert client.get("/api/v1/cases/NONE").status_code == 404
    assert statuses(world, "ana", 4) == [200] * 3 + [429]


def test_reports_go_on_over_either_road(world: World) -> None:
    """No time that was worked waits because somebody calls too often, and no call waits for reports."""
    statuses(world, "ana", 6)
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(seconds=0.1))
    for _ in range(10):
        assert world.client("ana").post(REPORTS, json=page.report(world.clock.now)).status_code == 200
    page.event(world.clock.now)
    assert take(world, page.report(world.clock.now, since=3))[-1]["type"] == "received"
    assert statuses(world, "ana", 1) == [429]
    assert statuses(world, "ben", 5) == [200] * 5


def test_what_is_public_is_not_counted(world: World) -> None:
    statuses(world, "ana", 6)
    assert world.client("ana").get("/healthz").status_code == 200
    assert world.client("ana").get("/api/v1/openapi.json").status_code == 200


def test_pages_that_come_back_all_at_once_stay_below() -> None:
    """A browser that restores as many pages as may have a socket makes that many times some calls at once."""
    limits = Limits()
    assert limits.calls_burst > limits.connections_per_representative * 8
    assert limits.calls_per_s > 10
