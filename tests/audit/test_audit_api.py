"""`GET /api/v1/audit-log`: for administrators, newest first, in pages (A8)."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from server.audit.log import Actor, record
from tests.audit.tampering import emptied, rows_of, without_guards
from tests.conftest import NOON, World

URL = "/api/v1/audit-log"


@pytest.fixture
def log(each_world: World) -> World:
    """Six entries, one a second: three of ada, three of the system, on three subjects."""

    def write(session: Session) -> None:
        for number in range(6):
            by = Actor("ada", 4, "203.0.113.7") if number % 2 else Actor("system")
            action, subject = ("user.added", "token.created")[number // 3], f"eva{number % 3}"
            record(session, action, now=NOON + number * 1_000, by=by, subject=subject, number=number)

    emptied(each_world).write(write)
    return each_world


def _numbers(world: World, query: str = "") -> list[int]:
    answer = world.client("ada").get(f"{URL}?{query}")
    assert answer.status_code == 200, answer.text
    return [item["details"]["number"] for item in answer.json["items"]]


def test_an_item_says_who_did_what_to_whom_when_and_from_where(log: World) -> None:
    """A8"""
    (item,) = log.client("ada").get(f"{URL}?limit=1").json["items"]

    assert item == {
        "id": 6,
        "at": "2026-11-20T12:00:05.000Z",
        "actor": "ada",
        "action": "token.created",
        "subject": "eva2",
        "details": {"number": 5},
        "address": "203.0.113.7",
        "hash": log.read(rows_of)[-1]["hash"],
    }


def test_it_is_for_administrators(log: World) -> None:
    """A8"""
    assert [log.client(who).get(URL).status_code for who in (None, "ana", "sam", "ada")] == [401, 403, 403, 200]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("actor=ada", [5, 3, 1]),
        ("actor=system&action=user.added", [2, 0]),
        ("action=token.created", [5, 4, 3]),
        ("subject=eva1", [4, 1]),
        ("since=2026-11-20T12:00:04Z", [5, 4]),
        ("until=2026-11-20T12:00:04Z", [3, 2, 1, 0]),
        ("since=2026-11-20T13:00:01%2B01:00&until=2026-11-20T12:00:03Z", [2, 1]),
        ("actor=nobody", []),
        ("actor=%25", []),
    ],
)
def test_it_is_filtered(log: World, query: str, numbers: list[int]) -> None:
    """A8"""
    assert _numbers(log, query) == numbers


def test_pages_hold_each_entry_once_though_others_are_added(log: World) -> None:
    """A8"""
    ada, cursor, found = log.client("ada"), "", []
    for _ in range(3):
        page: Any = ada.get(f"{URL}?limit=2{cursor}").json
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
        log.write(lambda session: record(session, "test.written", now=NOON + 9_000))

    assert (found, page["next_cursor"]) == ([6, 5, 4, 3, 2, 1], None)


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=501", "since=yesterday", "until=2026-11-20T12:00:00"])
def test_what_it_does_not_understand_it_refuses_in_words(world: World, query: str) -> None:
    """A8"""
    answer = world.client("ada").get(f"{URL}?{query}")

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


@pytest.mark.parametrize("details", ["no JSON", "7", "[1]", "[[1, 2]]", '"x"'])
def test_details_that_somebody_spoilt_hide_no_entry(world: World, details: str) -> None:
    """A8"""

    def spoil(session: Session) -> None:
        without_guards(session)
        session.execute(text("UPDATE audit_log SET details = :details WHERE id = 2"), {"details": details})

    world.write(spoil)

    items = world.client("ada").get(URL).json["items"]
    assert {item["id"]: item["details"] for item in items}[2] == {"unreadable": details}


def test_nobody_writes_to_it_over_http(world: World) -> None:
    """A8"""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert world.client("ada").open(URL, method=method, json={}).status_code == 405
