"""`/api/v1/tracker-records`: the list, its filters and pages, and the purge."""

from typing import Any

import pytest
from sqlalchemy import func, select

from server.tracking.models import DailyTotal, PurgedSpan, TrackerRecord
from tests.conftest import NOON, World
from tests.work import commit_all, insert_records, send, worked

URL = "/api/v1/tracker-records"
PURGE = f"{URL}/purge"
YEAR_MS = 365 * 24 * 3_600_000
BAD_TEXT = ["\0", "x" * 201, "\x1b"]


def _items(world: World, who: str = "ada", **query: Any) -> list[dict[str, Any]]:
    answer = world.client(who).get(URL, query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def _purge(world: World, body: dict[str, Any], who: str = "ada") -> dict[str, Any]:
    answer = world.client(who).post(PURGE, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def _total(world: World, case: str = "CAS-1001") -> int:
    return world.client("sam").get(f"/api/v1/cases/{case}/handling-time").json["automatic_seconds"]


def _count(world: World) -> int:
    return int(world.read(lambda session: session.scalar(select(func.count()).select_from(TrackerRecord))))


# --- list


def test_a5_a_record_names_case_person_and_instants_to_the_millisecond(each_world: World) -> None:
    """A5"""
    each_world.clock.now += 123
    worked(each_world, "ana", minutes=2)

    items = _items(each_world)

    assert items == [
        {
            "id": items[0]["id"],
            "case": "CAS-1001",
            "representative": "ana",
            "name": "Ana Duarte",
            "started_at": "2026-11-20T12:00:00.123Z",
            "ended_at": "2026-11-20T12:02:00.123Z",
            "duration_seconds": 120,
            "started_by": items[0]["started_by"],
            "ended_by": items[0]["ended_by"],
        }
    ]


def test_a5_the_pages_lead_through_thousands_to_the_end(each_world: World) -> None:
    """A5: each record once, the newest first, up to 500 a page."""
    insert_records(each_world, "ana", "CAS-1001", range(0, 2_345_000, 1_000), length_ms=999)
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": 500} | ({"cursor": cursor} if cursor else {})
        page = each_world.client("ada").get(URL, query_string=query).json
        seen += [item["id"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1

    assert pages == 5
    assert len(seen) == 2_345
    assert seen == sorted(set(seen), reverse=True)


def test_a5_the_list_is_filtered_by_case_person_and_instant(each_world: World) -> None:
    """A5: `before` is the instant by which a record had ended."""
    world = each_world
    worked(world, "ana", "CAS-1001", minutes=1)
    worked(world, "ben", "CAS-1002", minutes=1)
    worked(world, "ana", "CAS-1002", minutes=1)
    world.client("ana").put("/api/v1/cases/CAS-1002/resolution", json={})

    assert [item["representative"] for item in _items(world, case="CAS-1002")] == ["ana", "ben"]
    assert [item["case"] for item in _items(world, representative="ana")] == ["CAS-1002", "CAS-1001"]
    assert len(_items(world, representative="ana", case="CAS-1002")) == 1
    assert len(_items(world, before="2026-11-20T12:02:00Z")) == 2
    assert len(_items(world, before="2026-11-20T12:01:59.999Z")) == 1
    assert len(_items(world, before="2026-11-20T13:02:00+01:00")) == 2
    assert [item["case"] for item in _items(world, resolved_only="true")] == ["CAS-1002", "CAS-1002"]
    assert _items(world, case="NONE") == _items(world, representative="nobody") == []
    assert _items(world, case="' OR 1=1 --") == _items(world, case="CAS-100%") == []


def test_representatives_see_their_own_records_only(each_world: World) -> None:
    worked(each_world, "ana", minutes=1)
    worked(each_world, "ben", minutes=1)

    for who, seen in (("ana", {"ana"}), ("ben", {"ben"}), ("sam", {"ana", "ben"}), ("ada", {"ana", "ben"})):
        assert {item["representative"] for item in _items(each_world, who)} == seen
    assert _items(each_world, "ana", representative="ben") == []
    foreign = _items(each_world, "ben")[0]["id"]
    assert all(item["id"] != foreign for item in _items(each_world, "ana", cursor=f"{10**15}-{foreign + 1}"))


def test_a_bad_query_is_refused_in_words(each_world: World) -> None:
    bad = {
        "limit": ["0", "501", "x"],
        "cursor": ["x", "-1", "1", "1-", "1-2-3", "9" * 30, f"1-{'9' * 30}"],
        "since": ["yesterday", "2026-11-20"],
        "status": ["open", "Resolved", ""],
        "sort": ["id", "duration", ""],
        "count": ["perhaps"],
        "before": ["yesterday", "2026-11-20", "2026-11-20T10:00:00", "9999-12-31T23:59:59-23:59", ""],
        "case": BAD_TEXT,
        "representative": BAD_TEXT,
        "resolved_only": ["perhaps", ""],
    }
    for name, values in bad.items():
        for value in values:
            answer = each_world.client("ada").get(URL, query_string={name: value})
            assert answer.status_code == 422, (name, value[:20])
            assert answer.content_type == "application/problem+json"


def test_a_query_of_a_megabyte_is_refused_not_run(world: World) -> None:
    assert world.client("ada").get(f"{URL}?case={'x' * 1_000_000}").status_code == 422


def test_a_wrong_method_is_named(world: World) -> None:
    assert world.client("ada").post(URL, json={}).status_code == 405
    assert world.client("ada").delete(URL).status_code == 405
    assert world.client("ada").get(PURGE).status_code == 405


# --- purge


def test_a5_records_are_purged_by_id_and_totals_stay(each_world: World) -> None:
    """A5"""
    for minutes in (1, 2, 3):
        worked(each_world, "ana", minutes=minutes)
    newest, middle, _ = _items(each_world)

    done = _purge(each_world, {"ids": [newest["id"], middle["id"], 4_611_686_018_427_387_904]})

    assert done == {"records": 2, "duration_seconds": 300, "dry_run": False}
    assert [item["duration_seconds"] for item in _items(each_world)] == [60]
    assert _total(each_world) == 360
    assert _purge(each_world, {"ids": [newest["id"]]})["records"] == 0


def test_a5_the_id_of_a_purged_record_is_never_given_again(each_world: World) -> None:
    """A5: an export, an audit row or a page of the list that still names it must not mean another one."""
    for _ in range(2):
        worked(each_world, "ana", minutes=1)
    newest, older = (item["id"] for item in _items(each_world))
    _purge(each_world, {"ids": [newest]})
    worked(each_world, "ana", minutes=1)
    latest, kept = (item["id"] for item in _items(each_world))
    assert latest > newest > older == kept
    _purge(each_world, {"rule": {"representative": "ana"}})
    worked(each_world, "ana", minutes=1)
    assert _items(each_world)[0]["id"] > latest


def test_a7_a_rule_purges_what_it_names_after_a_dry_run_that_does_nothing(each_world: World) -> None:
    """A7"""
    world = each_world
    worked(world, "ana", "CAS-1001", minutes=1)
    worked(world, "ana", "CAS-1002", minutes=2)
    worked(world, "ben", "CAS-1002", minutes=4)
    world.client("ana").put("/api/v1/cases/CAS-1002/resolution", json={})
    rules: list[tuple[dict[str, Any], int, int]] = [
        ({"case": "CAS-1001"}, 1, 60),
        ({"representative": "ben"}, 1, 240),
        ({"before": "2026-11-20T12:03:00Z"}, 2, 180),
        ({"resolved_only": True}, 2, 360),
        ({"resolved_only": True, "representative": "ana"}, 1, 120),
        ({"status": "resolved"}, 2, 360),
        ({"status": "active"}, 1, 60),
        ({"status": "active", "resolved_only": True}, 0, 0),
        ({"since": "2026-11-20T12:03:00Z"}, 2, 360),
        ({"since": "2026-11-20T12:03:00.001Z", "before": "2026-11-20T12:07:00Z"}, 1, 240),
        ({"case": "NONE"}, 0, 0),
    ]
    for rule, records, seconds in rules:
        dry = _purge(world, {"rule": rule, "dry_run": True})
        found = {name: dry[name] for name in ("records", "duration_seconds", "dry_run")}
        assert found == {"records": records, "duration_seconds": seconds, "dry_run": True}, rule
    assert _count(world) == 3

    done = _purge(world, {"rule": {"resolved_only": True, "before": "2026-11-20T12:03:00Z"}})

    assert done == {"records": 1, "duration_seconds": 120, "dry_run": False}
    assert [item["representative"] for item in _items(world)] == ["ben", "ana"]
    assert (_total(world), _total(world, "CAS-1002")) == (60, 360)


def test_a7_a_purge_of_thousands_goes_in_batches_to_the_end(each_world: World) -> None:
    """A7"""
    insert_records(each_world, "ana", "CAS-1001", range(0, 3_210_000, 1_000), length_ms=500)
    insert_records(each_world, "ben", "CAS-1001", range(0, 5_000, 1_000), length_ms=500)

    done = _purge(each_world, {"rule": {"representative": "ana"}})

    assert done == {"records": 3_210, "duration_seconds": 1_605, "dry_run": False}
    assert _count(each_world) == 5


def test_a7_old_time_leaves_no_mark_and_late_time_does(world: World) -> None:
    """A7: only what a browser may still bring back has to be remembered."""
    insert_records(world, "ana", "CAS-1001", range(NOON - YEAR_MS, NOON - YEAR_MS + 10_000, 1_000), length_ms=1_000)
    worked(world, "ana", minutes=1)

    _purge(world, {"rule": {"representative": "ana"}})

    marks = world.read(lambda session: session.scalars(select(PurgedSpan)).all())
    assert [(mark.started_at, mark.ended_at) for mark in marks] == [(NOON, NOON + 60_000)]


def test_a7_purged_time_cannot_come_back_through_a_late_browser(each_world: World) -> None:
    """A7: neither by the same page that reports again, nor by another one of the same minutes, nor after a restart."""
    world = each_world
    page = worked(world, "ana", minutes=5)
    _purge(world, {"rule": {"case": "CAS-1001"}})
    assert _count(world) == 0

    send(world, "ana", page)
    commit_all(world)
    world.clock.now = NOON
    again = world.restarted()
    worked(again, "ana", minutes=5)

    assert _count(again) == 0
    assert _total(again) == 300
    worked(again, "ana", minutes=2)
    assert _total(again) == 420
    again.database.close()


def test_a7_reports_by_day_still_hold_after_a_purge(world: World) -> None:
    """A7"""
    worked(world, "ana", minutes=5)
    before = world.client("sam").get("/api/v1/reports/representatives/ana").json
    _purge(world, {"rule": {"representative": "ana"}})
    after = world.client("sam").get("/api/v1/reports/representatives/ana").json

    assert (after["days"], after["cases"]) == (before["days"], before["cases"])
    assert (len(before["spans"]), after["spans"]) == (1, [])
    assert world.read(lambda session: session.scalar(select(func.sum(DailyTotal.automatic_ms)))) == 300_000


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_purge_that_does_not_say_what_is_refused_and_purges_nothing(each_world: World, dry_run: bool) -> None:
    worked(each_world, "ana", minutes=1)
    one = _items(each_world)[0]["id"]
    bodies: list[Any] = [
        {},
        {"rule": {}},
        {"rule": {"resolved_only": False}},
        {"rule": {"case": ""}},
        {"rule": {"up_to_id": 1}},
        {"rule": {"case": "CAS-1001", "up_to_id": 0}},
        {"rule": {"status": "open"}},
        {"rule": {"case": " "}},
        {"rule": {"case": None}},
        {"rule": None},
        {"rule": {"no_such": 1}},
        {"rule": {"case": "CAS-1001", "only_of": 1}},
        {"rule": {"before": "yesterday"}},
        {"rule": {"before": "2026-11-20T10:00:00"}},
        {"rule": {"case": "\0"}},
        {"rule": {"case": "\ud800"}},
        {"rule": {"case": "x" * 201}},
        {"rule": [1]},
        {"ids": []},
        {"ids": None},
        {"ids": one},
        {"ids": [str(one)]},
        {"ids": [True]},
        {"ids": [0]},
        {"ids": [-1]},
        {"ids": [1.5]},
        {"ids": [2**63]},
        {"ids": [one] * 501},
        {"ids": [one], "rule": {"case": "CAS-1001"}},
        {"ids": [one], "extra": 1},
    ]
    for body in bodies:
        answer = each_world.client("ada").post(PURGE, json=body | {"dry_run": dry_run})
        assert answer.status_code == 422, body
        assert answer.content_type == "application/problem+json"
        assert answer.json["detail"]
    for flag in ("yes", None, 2, []):
        assert each_world.client("ada").post(PURGE, json={"ids": [one], "dry_run": flag}).status_code == 422
    assert _count(each_world) == 1


def test_administrators_alone_may_purge(each_world: World) -> None:
    worked(each_world, "ana", minutes=1)
    one = _items(each_world)[0]["id"]
    for who in ("ana", "ben", "sam"):
        for dry_run in (True, False):
            answer = each_world.client(who).post(PURGE, json={"ids": [one], "dry_run": dry_run})
            assert answer.status_code == 403
    assert _count(each_world) == 1
