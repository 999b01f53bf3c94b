"""`/api/v1/cases/{ref}/time-logs` and `/activities`: what people log by hand."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from server.time_entries.models import ACTIVITY_KINDS, Activity, TimeLog
from tests.conftest import World

CASE = "/api/v1/cases/CAS-1001"
BOTH = pytest.mark.parametrize("kind", ["time-logs", "activities"])


def _add(world: World, who: str, entries: str = "time-logs", /, **values: Any) -> dict[str, Any]:
    answer = world.client(who).post(f"{CASE}/{entries}", json={"duration_seconds": 600, **values})
    assert answer.status_code == 201, answer.text
    return answer.json


def _total(world: World, who: str = "sam") -> dict[str, int]:
    body = world.client(who).get(f"{CASE}/handling-time").json
    return {name: body[name] for name in ("total_seconds", "manual_seconds", "time_log_seconds", "activity_seconds")}


def _allow_time_logs(world: World, *, allowed: bool) -> None:
    answer = world.client("ada").patch("/api/v1/settings/tracking", json={"allow_time_logs": allowed})
    assert answer.status_code == 200


def test_w5_a_time_log_has_date_duration_and_description(each_world: World) -> None:
    """W5: outside work counts, at the date the person names, in their own name."""
    values = {"duration_seconds": 5400, "description": "Called\nback", "worked_at": "2026-11-19T18:30:00+01:00"}

    made = each_world.client("ana").post(f"{CASE}/time-logs", json=values)

    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "representative": "ana",
        "name": "Ana Duarte",
        "duration_seconds": 5400,
        "overlap_seconds": 0,
        "description": "Called\nback",
        "worked_at": "2026-11-19T17:30:00.000Z",
        "has_start": True,
        "created_at": "2026-11-20T12:00:00.000Z",
        "editable": True,
    }
    seen = [made.json | {"editable": False}]
    assert each_world.client("ben").get(f"{CASE}/time-logs").json == {"items": seen, "next_cursor": None}


def test_w5_only_the_duration_is_needed(world: World) -> None:
    """W5"""
    made = _add(world, "ana")

    assert (made["description"], made["worked_at"]) == ("", "2026-11-20T12:00:00.000Z")
    assert _add(world, "ana", worked_at=None)["worked_at"] == "2026-11-20T12:00:00.000Z"


def test_an_activity_has_a_kind(each_world: World) -> None:
    assert _add(each_world, "ana", "activities")["kind"] == "task"
    for kind in ACTIVITY_KINDS:
        assert _add(each_world, "ana", "activities", kind=kind)["kind"] == kind

    client = each_world.client("ana")
    for kind in ["", "party", None, 5, "TASK"]:
        assert client.post(f"{CASE}/activities", json={"duration_seconds": 5, "kind": kind}).status_code == 422
    assert client.post(f"{CASE}/time-logs", json={"duration_seconds": 5, "kind": "task"}).status_code == 422


def test_w1_manual_time_is_time_logs_and_activities_and_follows_at_once(each_world: World) -> None:
    """W1: add, change and delete show in the next answer, whoever asks."""
    log = _add(each_world, "ana", duration_seconds=100)
    activity = _add(each_world, "ben", "activities", duration_seconds=30)
    assert _total(each_world) == {
        "total_seconds": 130,
        "manual_seconds": 130,
        "time_log_seconds": 100,
        "activity_seconds": 30,
    }

    each_world.client("ana").patch(f"{CASE}/time-logs/{log['id']}", json={"duration_seconds": 50})
    assert _total(each_world, "ana")["total_seconds"] == 80

    each_world.client("ben").delete(f"{CASE}/activities/{activity['id']}")
    assert _total(each_world, "ben") == {
        "total_seconds": 50,
        "manual_seconds": 50,
        "time_log_seconds": 50,
        "activity_seconds": 0,
    }


@BOTH
def test_the_list_shows_the_newest_first_page_by_page(each_world: World, kind: str) -> None:
    made = [_add(each_world, "ana", kind)["id"] for _ in range(7)]
    client, seen, cursor = each_world.client("ben"), [], None
    for _ in range(4):
        page = client.get(f"{CASE}/{kind}", query_string={"limit": 3} | ({"cursor": cursor} if cursor else {})).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == made[::-1]
    assert client.get(f"{CASE}/{kind}?limit=0").status_code == 422
    assert client.get(f"{CASE}/{kind}?cursor=x").status_code == 422


@BOTH
def test_a_change_leaves_what_it_does_not_name(each_world: World, kind: str) -> None:
    made = _add(each_world, "ana", kind, description="before", worked_at="2026-11-01T08:00:00Z")
    address = f"{CASE}/{kind}/{made['id']}"
    each_world.clock.advance(minutes=1)

    changed = each_world.client("ana").patch(address, json={"duration_seconds": 60})

    assert changed.status_code == 200
    assert changed.json == made | {"duration_seconds": 60}
    assert each_world.client("ana").patch(address, json={}).json == changed.json
    assert each_world.client("ana").patch(address, json={"description": ""}).json["description"] == ""


@BOTH
def test_one_may_change_and_delete_ones_own_and_nobody_elses(each_world: World, kind: str) -> None:
    made = _add(each_world, "ana", kind)
    address = f"{CASE}/{kind}/{made['id']}"

    for other in ("ben", "sam"):
        client = each_world.client(other)
        answers = [client.patch(address, json={"duration_seconds": 1}), client.delete(address)]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert all(answer.content_type == "application/problem+json" for answer in answers)
    assert each_world.client("ana").get(f"{CASE}/{kind}").json["items"] == [made]

    assert each_world.client("ana").delete(address).status_code == 204
    assert each_world.client("ana").delete(address).status_code == 404
    assert each_world.client("ana").patch(address, json={}).status_code == 404


@BOTH
def test_an_administrator_may_change_and_delete_anybodys_and_it_stays_theirs(world: World, kind: str) -> None:
    made = _add(world, "ana", kind)
    address = f"{CASE}/{kind}/{made['id']}"

    changed = world.client("ada").patch(address, json={"duration_seconds": 60}).json
    assert (changed["representative"], changed["duration_seconds"]) == ("ana", 60)
    assert world.client("ada").delete(address).status_code == 204


@BOTH
def test_an_entry_is_found_on_its_own_case_only(each_world: World, kind: str) -> None:
    made = _add(each_world, "ana", kind)
    other_kind = "activities" if kind == "time-logs" else "time-logs"
    client = each_world.client("ada")
    wrong = [
        f"/api/v1/cases/CAS-1002/{kind}/{made['id']}",
        f"{CASE}/{other_kind}/{made['id']}",
        f"{CASE}/{kind}/0",
        f"{CASE}/{kind}/{2**63 - 1}",
        f"{CASE}/{kind}/{2**63}",
        f"{CASE}/{kind}/{'9' * 400}",
        f"/api/v1/cases/NONE/{kind}/{made['id']}",
    ]
    for address in wrong:
        for answer in (client.patch(address, json={"duration_seconds": 5}), client.delete(address)):
            assert answer.status_code == 404, address[-40:]
            assert answer.content_type == "application/problem+json"
    assert client.delete(f"{CASE}/{kind}/-1").status_code in (404, 405)
    assert client.get(f"/api/v1/cases/NONE/{kind}").status_code == 404
    assert client.post(f"/api/v1/cases/NONE/{kind}", json={"duration_seconds": 5}).status_code == 404


@BOTH
def test_a_duration_is_a_whole_number_of_seconds_within_reason(each_world: World, kind: str) -> None:
    client, made = each_world.client("ana"), _add(each_world, "ana", kind)
    for bad in [0, -1, 1.5, "60", "", None, True, [], {}, 3_600_001, 2**31, 2**63, 10**30, float("inf"), float("nan")]:
        added = client.post(f"{CASE}/{kind}", json={"duration_seconds": bad})
        changed = client.patch(f"{CASE}/{kind}/{made['id']}", json={"duration_seconds": bad})
        assert [added.status_code, changed.status_code] == [422, 422], repr(bad)
        assert "duration_seconds" in added.json["errors"]
    assert client.post(f"{CASE}/{kind}", json={}).status_code == 422
    assert _total(each_world)["total_seconds"] == 600

    for good in (1, 3_600_000):
        assert client.post(f"{CASE}/{kind}", json={"duration_seconds": good}).status_code == 201


def test_a_sum_of_very_many_long_entries_is_exact(each_world: World) -> None:
    def fill(session: Any) -> None:
        session.add_all(
            TimeLog(
                case_id=1,
                representative_id=each_world.ids["ana"],
                duration_seconds=3_600_000,
                description="",
                worked_at=0,
                created_at=0,
                changed_at=0,
            )
            for _ in range(2_000)
        )

    each_world.write(fill)

    assert _total(each_world)["total_seconds"] == 7_200_000_000


@BOTH
def test_an_instant_of_work_names_its_zone_and_does_not_lie_ahead(each_world: World, kind: str) -> None:
    client = each_world.client("ana")
    bad = [
        "2026-11-20T10:00:00",
        "2026-11-20",
        "2026-11-22T12:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T23:59:59Z",
        "yesterday",
        "",
        1_795_176_000_000,
        True,
        [],
        "2026-13-01T00:00:00Z",
        "2026-11-20T25:00:00Z",
        "\ud800",
    ]
    for worked_at in bad:
        answer = client.post(f"{CASE}/{kind}", json={"duration_seconds": 5, "worked_at": worked_at})
        assert answer.status_code == 422, repr(worked_at)
        assert answer.json["detail"]
    assert client.get(f"{CASE}/{kind}").json["items"] == []

    made = _add(each_world, "ana", kind)
    for worked_at in [*bad, None]:
        answer = client.patch(f"{CASE}/{kind}/{made['id']}", json={"worked_at": worked_at})
        assert answer.status_code == 422, repr(worked_at)


def test_today_may_be_logged_from_every_zone_of_the_world(world: World) -> None:
    """At noon in London it is past midnight in Kiritimati: that day is not the future there."""
    assert _add(world, "ana", worked_at="2026-11-21T02:00:00+14:00")["worked_at"] == "2026-11-20T12:00:00.000Z"
    assert _add(world, "ana", worked_at="2026-11-21T12:00:00+14:00")["worked_at"] == "2026-11-20T22:00:00.000Z"


@BOTH
def test_a_description_is_text_of_any_script_and_never_markup(each_world: World, kind: str) -> None:
    texts = [
        "<script>alert(1)</script>",
        "\u202eright to left",
        "zero\u200bwidth",
        "\N{WOMAN}\u200d\N{PERSONAL COMPUTER} \N{ROCKET}",
        "{{7*7}} ${7*7} %s",
        "=cmd|'/c calc'!A1",
        "line\r\nline\ttab",
        "x" * 2_000,
    ]
    for text in texts:
        assert _add(each_world, "ana", kind, description=text)["description"] == text
    stored = [item["description"] for item in each_world.client("ana").get(f"{CASE}/{kind}").json["items"]]
    assert stored == texts[::-1]

    client = each_world.client("ana")
    for bad in ["a\0b", "\x1b[2J", "x" * 2_001, "x" * 10_000, "\ud800", None, 5, ["x"]]:
        answer = client.post(f"{CASE}/{kind}", json={"duration_seconds": 5, "description": bad})
        assert answer.status_code == 422, repr(bad)[:30]


@BOTH
@pytest.mark.parametrize("field", ["id", "representative", "representative_id", "case_id", "created_at", "x"])
def test_nobody_can_log_time_for_somebody_else_or_elsewhere(world: World, kind: str, field: str) -> None:
    client, made = world.client("ana"), _add(world, "ana", kind)
    value = world.ids["ben"]

    added = client.post(f"{CASE}/{kind}", json={"duration_seconds": 5, field: value})
    changed = client.patch(f"{CASE}/{kind}/{made['id']}", json={field: value})

    assert [added.status_code, changed.status_code] == [422, 422]
    assert field in added.json["errors"]
    assert client.get(f"{CASE}/{kind}").json["items"] == [made]


def test_a3_when_time_logs_are_switched_off_representatives_cannot_add_them(each_world: World) -> None:
    """A3: what is there stays, counts, and may be mended by its owner."""
    made = _add(each_world, "ana")
    _allow_time_logs(each_world, allowed=False)

    refused = each_world.client("ana").post(f"{CASE}/time-logs", json={"duration_seconds": 60})

    assert refused.status_code == 403
    assert "switched off" in refused.json["detail"]
    assert _total(each_world)["total_seconds"] == 600
    assert each_world.client("ana").get(f"{CASE}/time-logs").json["items"] == [made]
    assert _add(each_world, "ana", "activities")["duration_seconds"] == 600
    assert _add(each_world, "ada")["representative"] == "ada"

    _allow_time_logs(each_world, allowed=True)
    assert _add(each_world, "ana")["duration_seconds"] == 600


def test_w7_with_only_own_time_shown_the_lists_show_own_entries_only(each_world: World) -> None:
    """W7"""
    for who in ("ana", "ben"):
        for kind in ("time-logs", "activities"):
            _add(each_world, who, kind)
    each_world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": True})

    for kind in ("time-logs", "activities"):
        for who, seen in (("ana", {"ana"}), ("ben", {"ben"}), ("sam", {"ana", "ben"}), ("ada", {"ana", "ben"})):
            items = each_world.client(who).get(f"{CASE}/{kind}").json["items"]
            assert {item["representative"] for item in items} == seen, (kind, who)


def test_w7_anothers_entry_looks_the_same_as_none(world: World) -> None:
    """W7: with only own time shown, not even the number of an entry tells that it is there."""
    made = _add(world, "ben")
    world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": True})
    client = world.client("ana")

    theirs = client.patch(f"{CASE}/time-logs/{made['id']}", json={})
    none = client.patch(f"{CASE}/time-logs/{made['id'] + 1}", json={})

    assert theirs.status_code == none.status_code
    assert theirs.json | {"request_id": ""} == none.json | {"request_id": ""}
    assert theirs.status_code == 404


def test_two_deletions_at_once_are_one(each_world: World) -> None:
    made = _add(each_world, "ana")

    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: each_world.client("ana").delete(f"{CASE}/time-logs/{made['id']}").status_code, range(4))
        )

    assert 204 in answers
    assert set(answers) <= {204, 404, 409}
    assert _total(each_world)["total_seconds"] == 0


def test_a_wrong_method_is_named(world: World) -> None:
    made = _add(world, "ana")

    answer = world.client("ana").put(f"{CASE}/time-logs/{made['id']}", json={})

    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"


@BOTH
def test_what_is_deleted_leaves_a_mark_without_its_words(world: World, kind: str) -> None:
    made = _add(world, "ana", kind, description="a secret")
    world.clock.advance(minutes=1)
    world.client("ana").delete(f"{CASE}/{kind}/{made['id']}")

    table = TimeLog if kind == "time-logs" else Activity
    mark = world.read(lambda session: session.get(table, made["id"]))
    assert (mark.description, mark.deleted_at) == ("", world.clock.now)
    assert world.client("ana").get(f"{CASE}/{kind}").json["items"] == []
    assert world.client("ana").get(f"{CASE}/history").json[kind.replace("-", "_")] == []
