"""`/api/v1/cases/{ref}/resolution`: resolve and reopen."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from server.cases.models import Resolution
from tests.conftest import World
from tests.reports_of_agents import Page
from tests.work import commit_all, send, worked

URL = "/api/v1/cases/CAS-1001"


def _automatic(world: World) -> int:
    return world.client("sam").get(f"{URL}/handling-time").json["automatic_seconds"]


def test_a_case_is_resolved_and_reopened(each_world: World) -> None:
    client = each_world.client("ana")

    resolved = client.put(f"{URL}/resolution", json={"note": "Sent a new invoice."})
    assert (resolved.status_code, resolved.json["status"]) == (200, "resolved")
    assert client.get(f"{URL}/handling-time").json["status"] == "resolved"

    each_world.clock.advance(minutes=5)
    reopened = client.delete(f"{URL}/resolution")
    assert (reopened.status_code, reopened.json["status"]) == (200, "active")

    period = each_world.read(lambda session: session.scalars(select(Resolution)).one())
    assert (period.note, period.resolved_by) == ("Sent a new invoice.", each_world.ids["ana"])
    assert period.reopened_at - period.resolved_at == 300_000


def test_resolving_twice_is_a_conflict(each_world: World) -> None:
    client = each_world.client("ana")
    client.put(f"{URL}/resolution", json={"note": "first"})

    again = client.put(f"{URL}/resolution", json={"note": "second"})

    assert again.status_code == 409
    assert again.content_type == "application/problem+json"
    assert [row.note for row in each_world.read(lambda session: session.scalars(select(Resolution)).all())] == ["first"]


def test_reopening_an_active_case_is_a_conflict(each_world: World) -> None:
    client = each_world.client("ana")
    assert client.delete(f"{URL}/resolution").status_code == 409

    client.put(f"{URL}/resolution", json={})
    client.delete(f"{URL}/resolution")
    assert client.delete(f"{URL}/resolution").status_code == 409


def test_of_many_who_resolve_at_once_one_does(each_world: World) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda _: each_world.client("ana").put(f"{URL}/resolution", json={}).status_code, range(6))
        )

    assert sorted(answers) == [200] + [409] * 5


def test_a_resolution_needs_no_body_and_takes_no_unknown_field(world: World) -> None:
    client = world.client("ana")

    assert client.put(f"{URL}/resolution", json={"resolved_at": "2020-01-01T00:00:00Z"}).status_code == 422
    assert client.put(f"{URL}/resolution", json={"note": None}).status_code == 422
    assert client.put(f"{URL}/resolution").status_code == 200


def test_f6_resolving_while_the_clock_runs_ends_it_at_that_instant_for_everyone(each_world: World) -> None:
    """F6: who resolves and who merely looks on both get the time up to the resolution, and none after it."""
    world = each_world
    began = world.clock.now
    pages = [Page(began), Page(began)]
    for page in pages:
        page.event(began, "open")
    for minute in range(4):
        if minute == 2:
            world.client("ana").put(f"{URL}/resolution", json={})
        for second in (20, 40, 60):
            for page in pages:
                page.event(began + minute * 60_000 + second * 1000, "beat")
        world.clock.now = began + (minute + 1) * 60_000
    for who, page in zip(("ana", "ben"), pages, strict=True):
        send(world, who, page)
    commit_all(world)

    shares = world.client("sam").get(f"{URL}/handling-time").json["representatives"]
    assert {share["username"]: share["automatic_seconds"] for share in shares} == {"ana": 120, "ben": 120}


def test_f6_no_clock_starts_on_a_resolved_case_and_its_time_still_shows(world: World) -> None:
    """F6"""
    worked(world, "ana", minutes=5)
    world.client("ana").put(f"{URL}/resolution", json={})
    world.clock.advance(minutes=1)

    worked(world, "ana", minutes=10)
    assert _automatic(world) == 300

    world.client("ana").delete(f"{URL}/resolution")
    worked(world, "ana", minutes=2)
    assert _automatic(world) == 420
