"""Row F21: what a client sends again, since it heard no answer, is logged once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import World

CASE = "/api/v1/cases/CAS-1001"
BOTH = pytest.mark.parametrize("kind", ["time-logs", "activities"])


def _send(world: World, who: str, client_id: object, kind: str = "time-logs", case: str = CASE, **values: Any) -> Any:
    body = {"duration_seconds": 1080, "worked_at": "2026-11-20T10:02:00Z", "client_id": client_id, **values}
    return world.client(who).post(f"{case}/{kind}", json=body)


def _listed(world: World, kind: str = "time-logs", case: str = CASE) -> list[dict[str, Any]]:
    return list(world.client("sam").get(f"{case}/{kind}").json["items"])


@BOTH
def test_f21_the_same_client_id_adds_one_entry(each_world: World, kind: str) -> None:
    """F21: the second answer is 200 and the entry that is there."""
    name = str(uuid4())

    first, second = (_send(each_world, "ana", name, kind) for _ in range(2))
    shouted = _send(each_world, "ana", name.upper(), kind)

    assert (first.status_code, second.status_code, shouted.status_code) == (201, 200, 200)
    assert first.json == second.json == shouted.json
    assert [one["id"] for one in _listed(each_world, kind)] == [first.json["id"]]


@BOTH
def test_f21_of_calls_at_once_one_adds_the_entry(each_world: World, kind: str) -> None:
    """F21: as from two tabs of a browser."""
    name = str(uuid4())

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _send(each_world, "ana", name, kind), range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len(_listed(each_world, kind)) == 1


def test_f21_of_calls_of_both_kinds_at_once_one_adds_an_entry(each_world: World) -> None:
    """F21"""
    name, kinds = str(uuid4()), ["time-logs", "activities"] * 4

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda kind: _send(each_world, "ana", name, kind).status_code, kinds))

    assert answers.count(201) == 1
    assert set(answers) <= {200, 201, 409}
    assert len(_listed(each_world) + _listed(each_world, "activities")) == 1


def test_f21_what_is_sent_again_as_something_else_is_refused(each_world: World) -> None:
    """F21: in another way, or on another case; nothing is added or changed."""
    name = str(uuid4())
    made = _send(each_world, "ana", name).json

    for answer in (
        _send(each_world, "ana", name, "activities"),
        _send(each_world, "ana", name, case="/api/v1/cases/CAS-1002"),
    ):
        assert answer.status_code == 409
        assert answer.json["detail"].startswith("This time was logged already")
    again = _send(each_world, "ana", name, duration_seconds=5)
    assert (again.status_code, again.json) == (200, made)
    assert _listed(each_world, "activities") == []
    assert _listed(each_world, case="/api/v1/cases/CAS-1002") == []


def test_f21_what_was_deleted_does_not_come_back(each_world: World) -> None:
    """F21"""
    name = str(uuid4())
    made = _send(each_world, "ana", name).json
    assert each_world.client("ana").delete(f"{CASE}/time-logs/{made['id']}").status_code == 204

    assert _send(each_world, "ana", name).status_code == 409
    assert _listed(each_world) == []


def test_f21_each_person_has_client_ids_of_their_own(each_world: World) -> None:
    """F21: also where an administrator adds in somebody's name, or makes an entry somebody else's and back again."""
    name = str(uuid4())

    made = _send(each_world, "ana", name).json
    assert _send(each_world, "ben", name).status_code == 201
    assert _send(each_world, "ada", name, representative="ana").status_code == 200
    assert _send(each_world, "ben", name, representative="ana").status_code == 403
    for who in ("ben", "ana"):
        address = f"{CASE}/time-logs/{made['id']}"
        assert each_world.client("ada").patch(address, json={"representative": who}).status_code == 200
    assert len(_listed(each_world)) == 2


def test_f21_without_a_client_id_each_call_adds(each_world: World) -> None:
    for client_id in (None, None):
        assert _send(each_world, "ana", client_id).status_code == 201
    assert len(_listed(each_world)) == 2


@pytest.mark.parametrize("bad", ["", "x", 5, [], "{}", "0" * 33])
def test_a_client_id_is_a_uuid(world: World, bad: object) -> None:
    answer = _send(world, "ana", bad)

    assert answer.status_code == 422
    assert answer.json["errors"] == {"client_id": ["Write a UUID."]}
