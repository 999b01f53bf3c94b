"""`/api/v1/cases/{ref}/handling-time`: the total, its parts, who worked, and when that last changed."""

from typing import Any

import pytest

from server.time_entries.models import TimeLog
from tests.conftest import World
from tests.work import commit_all, insert_records, worked, works

CASE = "/api/v1/cases/CAS-1001"
URL = f"{CASE}/handling-time"


def _get(world: World, who: str = "ana", **query: str) -> dict[str, Any]:
    answer = world.client(who).get(URL, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def _log(world: World, who: str, seconds: int, kind: str = "time-logs") -> int:
    answer = world.client(who).post(f"{CASE}/{kind}", json={"duration_seconds": seconds})
    assert answer.status_code == 201, answer.text
    return int(answer.json["id"])


def _only_own(world: World) -> None:
    assert world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": True}).status_code == 200


def test_w1_the_total_is_automatic_plus_manual_and_manual_is_logs_plus_activities(each_world: World) -> None:
    """W1"""
    worked(each_world, "ana", minutes=5)
    _log(each_world, "ana", 600)
    _log(each_world, "ben", 30, "activities")

    body = _get(each_world)

    assert body == {
        "case": "CAS-1001",
        "status": "active",
        "total_seconds": 930,
        "automatic_seconds": 300,
        "manual_seconds": 630,
        "time_log_seconds": 600,
        "activity_seconds": 30,
        "overlap_seconds": 0,
        "overlap_counted": True,
        "updated_at": "2026-11-20T12:05:00.000Z",
        "representatives": [
            {"username": "ana", "name": "Ana Duarte", "automatic_seconds": 300, "manual_seconds": 600},
            {"username": "ben", "name": "Ben Okafor", "automatic_seconds": 0, "manual_seconds": 30},
        ],
    }


def test_w1_holds_for_every_mixture_and_every_viewer(world: World) -> None:
    """W1: the parts sum up to the total, for all and for one, with and without live time."""
    for number, who in enumerate(("ana", "ben", "sam")):
        worked(world, who, minutes=1 + number)
        _log(world, who, 7 + number)
        _log(world, who, 11 + number, "activities")
        works(world, who, minutes=1)
    for who in ("ana", "ben", "sam", "ada"):
        for mine in ("false", "true"):
            for live in ("false", "true"):
                body = _get(world, who, mine=mine, live=live)
                assert body["total_seconds"] == body["automatic_seconds"] + body["manual_seconds"]
                assert body["manual_seconds"] == body["time_log_seconds"] + body["activity_seconds"]
                shares = body["representatives"]
                assert sum(share["automatic_seconds"] for share in shares) == body["automatic_seconds"]
                assert sum(share["manual_seconds"] for share in shares) == body["manual_seconds"]


def test_w1_parts_of_a_second_are_not_lost_by_many_small_spans(world: World) -> None:
    """W1: ten spans of 1.9 s are 19 s, not ten."""
    for _ in range(10):
        works(world, "ana", minutes=1.9 / 60)
        world.clock.advance(seconds=1)
    commit_all(world)

    assert _get(world)["automatic_seconds"] == 19


def test_f15_two_representatives_of_ten_minutes_each_make_twenty(each_world: World) -> None:
    """F15: at the same time, on the same case."""
    start = each_world.clock.now
    works(each_world, "ana", minutes=10)
    each_world.clock.now = start
    works(each_world, "ben", minutes=10)
    assert _get(each_world)["total_seconds"] == 0

    commit_all(each_world)

    assert _get(each_world)["total_seconds"] == 1200
    assert [share["automatic_seconds"] for share in _get(each_world)["representatives"]] == [600, 600]


def test_f12_a_new_case_shows_nothing_until_the_interval_or_a_refresh(each_world: World) -> None:
    """F12"""
    world, client = each_world, each_world.client("ana")
    assert client.post("/api/v1/cases", json={"ref": "NEW", "title": "x"}).status_code == 201
    works(world, "ana", "NEW", minutes=4)
    address = "/api/v1/cases/NEW/handling-time"

    assert client.get(address).json["total_seconds"] == 0
    assert client.get(f"{address}?live=true&mine=true").json["total_seconds"] == 240
    refreshed = client.post(f"{address}/refresh")
    assert refreshed.status_code == 200
    assert refreshed.json["total_seconds"] == client.get(address).json["total_seconds"] == 240


def test_live_time_is_counted_once_whether_committed_or_not(each_world: World) -> None:
    works(each_world, "ana", minutes=3)
    assert _get(each_world, live="true")["automatic_seconds"] == 180

    commit_all(each_world)
    assert _get(each_world, live="true")["automatic_seconds"] == 180

    works(each_world, "ana", minutes=2)
    assert _get(each_world, live="true")["automatic_seconds"] == 300
    assert _get(each_world)["automatic_seconds"] == 180


def test_live_time_on_another_case_does_not_show_here(world: World) -> None:
    works(world, "ana", "CAS-1002", minutes=3)

    assert _get(world, live="true")["total_seconds"] == 0


def test_w3_mine_shows_ones_own_part_alone(each_world: World) -> None:
    """W3"""
    worked(each_world, "ana", minutes=2)
    worked(each_world, "ben", minutes=3)
    _log(each_world, "ben", 60)

    assert _get(each_world, "ana", mine="true")["total_seconds"] == 120
    mine = _get(each_world, "ben", mine="true")
    assert (mine["total_seconds"], mine["automatic_seconds"], mine["manual_seconds"]) == (240, 180, 60)
    assert [share["username"] for share in mine["representatives"]] == ["ben"]
    assert _get(each_world, "sam", mine="true")["total_seconds"] == 0


def test_w2_everybody_with_any_time_is_named_once(each_world: World) -> None:
    """W2: automatic time, a time log or an activity is enough; a case one never worked on does not name one."""
    assert _get(each_world)["representatives"] == []
    worked(each_world, "ana", minutes=1)
    _log(each_world, "sam", 60)
    _log(each_world, "ben", 60, "activities")
    _log(each_world, "ben", 60)
    worked(each_world, "ada", "CAS-1002", minutes=1)

    assert [share["name"] for share in _get(each_world)["representatives"]] == [
        "Ana Duarte",
        "Ben Okafor",
        "Sam Lindqvist",
    ]


def test_w2_somebody_whose_last_entry_is_deleted_is_named_no_more(world: World) -> None:
    """W2"""
    made = _log(world, "ben", 60)
    world.client("ben").delete(f"{CASE}/time-logs/{made}")

    assert _get(world)["representatives"] == []


def test_w4_the_instant_of_the_last_update_moves_with_every_change(world: World) -> None:
    """W4: a commit, an entry, its change and its deletion; never back."""
    seen = [_get(world)["updated_at"]]
    assert seen == ["2026-11-20T11:00:00.000Z"]
    worked(world, "ana", minutes=1)
    seen.append(_get(world)["updated_at"])
    world.clock.advance(minutes=1)
    first = _log(world, "ana", 60)
    seen.append(_get(world)["updated_at"])
    world.clock.advance(minutes=1)
    second = _log(world, "ben", 60, "activities")
    seen.append(_get(world)["updated_at"])
    world.clock.advance(minutes=1)
    world.client("ana").patch(f"{CASE}/time-logs/{first}", json={"duration_seconds": 30})
    seen.append(_get(world)["updated_at"])
    world.clock.advance(minutes=1)
    world.client("ben").delete(f"{CASE}/activities/{second}")
    seen.append(_get(world)["updated_at"])
    world.clock.advance(minutes=1)
    world.client("ana").delete(f"{CASE}/time-logs/{first}")
    seen.append(_get(world)["updated_at"])

    assert seen == sorted(set(seen))
    world.clock.advance(minutes=5)
    assert _get(world)["updated_at"] == seen[-1]


def test_w4_a_refresh_by_a_person_who_only_looks_commits_the_others(each_world: World) -> None:
    """W4"""
    works(each_world, "ana", minutes=2)
    works(each_world, "ben", minutes=2)

    assert each_world.client("sam").post(f"{URL}/refresh").json["automatic_seconds"] == 240
    assert _get(each_world)["automatic_seconds"] == 240
    assert each_world.client("sam").post(f"{URL}/refresh").json["automatic_seconds"] == 240


def test_w7_when_only_own_time_is_shown_others_time_is_nowhere(each_world: World) -> None:
    """W7: not in the total, its parts, live time, the history, lists, records, reports; nor by asking otherwise."""
    world = each_world
    for who in ("ana", "ben"):
        worked(world, who, minutes=2 if who == "ana" else 50)
        _log(world, who, 61 if who == "ana" else 4000)
        _log(world, who, 62 if who == "ana" else 5000, "activities")
    works(world, "ben", minutes=7)
    _only_own(world)

    for query in ({}, {"mine": "false"}, {"live": "true"}, {"mine": "false", "live": "true"}):
        body = _get(world, "ana", **query)
        assert (body["automatic_seconds"], body["time_log_seconds"], body["activity_seconds"]) == (120, 61, 62)
        assert body["total_seconds"] == 243
        assert [share["username"] for share in body["representatives"]] == ["ana"]
    client = world.client("ana")
    refreshed = client.post(f"{URL}/refresh?mine=false").json
    assert refreshed["total_seconds"] == 243
    everywhere = [
        f"{CASE}/history",
        f"{CASE}/time-logs",
        f"{CASE}/activities",
        "/api/v1/tracker-records",
        "/api/v1/tracker-records?representative=ben",
        "/api/v1/reports/representatives/ana",
    ]
    for address in everywhere:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "ben" not in answer.text, address
        assert "Okafor" not in answer.text, address
    assert client.get("/api/v1/reports/representatives/ben").status_code == 404
    assert client.get("/api/v1/reports/representatives").status_code == 403


def test_w7_the_instant_of_the_last_update_does_not_tell_when_others_worked(world: World) -> None:
    """W7"""
    _log(world, "ana", 60)
    _only_own(world)
    before = _get(world, "ana")["updated_at"]
    world.clock.advance(minutes=9)
    worked(world, "ben", minutes=1)
    _log(world, "ben", 60)

    assert _get(world, "ana")["updated_at"] == before
    assert _get(world, "ben")["updated_at"] > before


def test_w7_supervisors_and_administrators_still_see_everybody(world: World) -> None:
    """W7"""
    worked(world, "ana", minutes=2)
    worked(world, "ben", minutes=3)
    _only_own(world)

    for who in ("sam", "ada"):
        assert _get(world, who)["total_seconds"] == 300
        assert _get(world, who, mine="true")["total_seconds"] == 0
        assert len(world.client(who).get(f"{CASE}/history").json["automatic"]) == 2
        assert len(world.client(who).get("/api/v1/tracker-records").json["items"]) == 2


def test_w7_begins_and_ends_with_the_setting(world: World) -> None:
    """W7"""
    worked(world, "ben", minutes=3)
    _only_own(world)
    assert _get(world, "ana")["total_seconds"] == 0

    world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": False})

    assert _get(world, "ana")["total_seconds"] == 180


def test_the_cost_of_a_total_does_not_grow_with_the_records(world: World) -> None:
    """Totals are kept: records without totals count for nothing here, and a purge takes nothing away."""
    worked(world, "ana", minutes=2)
    insert_records(world, "ana", "CAS-1001", range(0, 1_000_000, 1_000), length_ms=900)

    assert _get(world)["automatic_seconds"] == 120


def test_a_case_that_is_not_there_is_not_found(world: World) -> None:
    client = world.client("ana")
    for ref in ("NONE", "%00", "x" * 5000):
        assert client.get(f"/api/v1/cases/{ref}/handling-time").status_code == 404
        assert client.post(f"/api/v1/cases/{ref}/handling-time/refresh").status_code == 404
        assert client.get(f"/api/v1/cases/{ref}/history").status_code == 404


@pytest.mark.parametrize("query", ["mine=perhaps", "live=2", "mine=", "live=%00"])
def test_a_bad_query_is_refused(world: World, query: str) -> None:
    answer = world.client("ana").get(f"{URL}?{query}")

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_a_wrong_method_is_named(world: World) -> None:
    assert world.client("ana").post(URL).status_code == 405
    assert world.client("ana").get(f"{URL}/refresh").status_code in (404, 405)
    assert world.client("ana").delete(f"{CASE}/history").status_code == 405


# --- history


def test_w6_the_history_has_three_parts_entries_newest_first(each_world: World) -> None:
    """W6"""
    world = each_world
    worked(world, "ana", minutes=2)
    worked(world, "ben", minutes=5)
    logs = [_log(world, who, 60) for who in ("ana", "ben", "ana")]
    activities = [_log(world, who, 60, "activities") for who in ("ben", "ana")]

    history = world.client("ana").get(f"{CASE}/history").json

    assert set(history) == {"automatic", "time_logs", "activities"}
    assert history["automatic"] == [
        {
            "representative": "ben",
            "name": "Ben Okafor",
            "duration_seconds": 300,
            "measured_seconds": 300,
            "correction_seconds": 0,
            "corrections": [],
            "editable": False,
            "updated_at": "2026-11-20T12:07:00.000Z",
        },
        {
            "representative": "ana",
            "name": "Ana Duarte",
            "duration_seconds": 120,
            "measured_seconds": 120,
            "correction_seconds": 0,
            "corrections": [],
            "editable": True,
            "updated_at": "2026-11-20T12:02:00.000Z",
        },
    ]
    assert [entry["id"] for entry in history["time_logs"]] == logs[::-1]
    assert [entry["id"] for entry in history["activities"]] == activities[::-1]
    assert {entry["kind"] for entry in history["activities"]} == {"task"}


def test_w6_a_long_history_shows_the_newest_500_of_a_kind(world: World) -> None:
    """W6"""

    def fill(session: Any) -> None:
        session.add_all(
            TimeLog(
                case_id=1,
                representative_id=1,
                duration_seconds=1,
                description=str(n),
                worked_at=0,
                created_at=0,
                changed_at=0,
            )
            for n in range(510)
        )

    world.write(fill)

    logs = world.client("ana").get(f"{CASE}/history").json["time_logs"]
    assert (len(logs), logs[0]["description"], logs[-1]["description"]) == (500, "509", "10")


def test_w6_the_history_of_an_untouched_case_is_empty(world: World) -> None:
    """W6"""
    empty: dict[str, list[Any]] = {"automatic": [], "time_logs": [], "activities": []}

    assert world.client("ana").get(f"{CASE}/history").json == empty
