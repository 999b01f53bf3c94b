"""When an entry's work began, what it was about, whose it is, and in which order entries are told (W5, W6)."""

from typing import Any

import pytest

from server.time_entries.models import Activity, TimeLog
from tests.conftest import World
from tests.handling_time.saying import CASES, history_of, logged, set_tracking, time_of

CASE = f"{CASES}/CAS-1001"
BOTH = pytest.mark.parametrize("kind", ["time-logs", "activities"])
MORNING = "2026-11-20T09:00:00Z"


def _add(world: World, who: str, kind: str, **values: Any) -> Any:
    return world.client(who).post(f"{CASE}/{kind}", json={"duration_seconds": 600, **values})


def _change(world: World, who: str, kind: str, made: dict[str, Any], **values: Any) -> Any:
    return world.client(who).patch(f"{CASE}/{kind}/{made['id']}", json=values)


@BOTH
def test_w5_an_entry_has_a_start_where_its_instant_is_given_unless_it_says_otherwise(
    each_world: World, kind: str
) -> None:
    """W5"""
    for values, has_start in (
        ({}, False),
        ({"worked_at": None}, False),
        ({"has_start": False}, False),
        ({"worked_at": MORNING}, True),
        ({"worked_at": MORNING, "has_start": True}, True),
        ({"worked_at": MORNING, "has_start": False}, False),
    ):
        made = _add(each_world, "ana", kind, **values)
        assert made.status_code == 201, values
        assert made.json["has_start"] is has_start, values


@BOTH
def test_w5_a_start_that_is_not_said_is_none(world: World, kind: str) -> None:
    """W5"""
    refused = _add(world, "ana", kind, has_start=True)

    assert refused.status_code == 422
    assert "worked_at" in refused.json["detail"]
    for bad in ("yes", "true", 0.5, "", [], {}):
        assert _add(world, "ana", kind, worked_at=MORNING, has_start=bad).status_code == 422, repr(bad)


@BOTH
def test_w5_a_change_of_the_day_says_nothing_of_the_start(world: World, kind: str) -> None:
    """W5: what is left out stays."""
    made = _add(world, "ana", kind).json

    assert _change(world, "ana", kind, made, worked_at=MORNING).json["has_start"] is False
    assert _change(world, "ana", kind, made, has_start=True).json["has_start"] is True
    assert _change(world, "ana", kind, made, worked_at="2026-11-19T09:00:00Z").json["has_start"] is True
    assert _change(world, "ana", kind, made, has_start=None).status_code == 422


def test_an_activity_has_a_subject_beside_its_description(each_world: World) -> None:
    made = _add(each_world, "ana", "activities", subject=" Call back ", description="about the invoice").json

    assert (made["subject"], made["description"]) == ("Call back", "about the invoice")
    assert _add(each_world, "ana", "activities").json["subject"] == ""
    assert _change(each_world, "ana", "activities", made, duration_seconds=5).json["subject"] == "Call back"
    assert _change(each_world, "ana", "activities", made, subject="x" * 200).json["subject"] == "x" * 200
    for blank in ("", " "):
        assert _change(each_world, "ana", "activities", made, subject="x").json["subject"] == "x"
        assert _change(each_world, "ana", "activities", made, subject=blank).json["subject"] == ""
    for bad in ("x" * 201, "a\0b", None, 5, ["x"]):
        assert _add(each_world, "ana", "activities", subject=bad).status_code == 422, repr(bad)
        assert _change(each_world, "ana", "activities", made, subject=bad).status_code == 422, repr(bad)
    assert _add(each_world, "ana", "time-logs", subject="x").status_code == 422
    assert each_world.client("ana").delete(f"{CASE}/activities/{made['id']}").status_code == 204
    assert each_world.read(lambda session: session.get(Activity, made["id"]).subject) == ""


# Whose it is


@BOTH
def test_an_administrator_may_log_time_of_somebody_else(each_world: World, kind: str) -> None:
    """Done by whom: it is theirs, to see, to change and in the total."""
    world = each_world
    set_tracking(world, allow_time_logs=False, show_only_own_time=True)

    made = _add(world, "ada", kind, representative="ben")

    assert (made.status_code, made.json["representative"], made.json["editable"]) == (201, "ben", True)
    assert time_of(world, "ben")["total_seconds"] == 600
    assert time_of(world, "ana")["total_seconds"] == 0
    assert _change(world, "ben", kind, made.json, duration_seconds=60).json["duration_seconds"] == 60
    for nobody in ("nobody", "BEN", "", "x" * 100):
        assert _add(world, "ada", kind, representative=nobody).status_code == 422, nobody


@BOTH
@pytest.mark.parametrize("who", ["ana", "sam"])
def test_nobody_else_may_say_that_somebody_else_worked(each_world: World, kind: str, who: str) -> None:
    made = _add(each_world, who, kind, representative=who)
    assert (made.status_code, made.json["representative"]) == (201, who)
    assert _change(each_world, who, kind, made.json, representative=who).status_code == 200

    for other in ("ben", "nobody", ""):
        for answer in (
            _add(each_world, who, kind, representative=other),
            _change(each_world, who, kind, made.json, representative=other, duration_seconds=1),
        ):
            assert answer.status_code == 403, other
            assert "administrators" in answer.json["detail"]
    assert each_world.client(who).get(f"{CASE}/{kind}").json["items"] == [made.json]


@BOTH
def test_an_administrator_may_say_who_it_was_and_for_the_other_it_is_deleted(each_world: World, kind: str) -> None:
    """W4: with only own time shown, the last update of whose it was moves on as of a deletion, never back."""
    world = each_world
    set_tracking(world, show_only_own_time=True)
    made = _add(world, "ana", kind, description="a secret", worked_at=MORNING).json
    seen = time_of(world, "ana")["updated_at"]
    world.clock.advance(minutes=1)

    moved = _change(world, "ada", kind, made, representative="ben")

    assert moved.json == made | {"representative": "ben", "name": "Ben Okafor"}
    assert (time_of(world, "ana")["total_seconds"], time_of(world, "ben")["total_seconds"]) == (0, 600)
    assert time_of(world, "ana")["updated_at"] == time_of(world, "ben")["updated_at"] > seen
    assert time_of(world, "sam")["total_seconds"] == 600
    assert _change(world, "ana", kind, made, duration_seconds=1).status_code == 404
    table = TimeLog if kind == "time-logs" else Activity
    words = world.read(lambda session: [one.description for one in session.query(table).order_by(table.id)])
    assert words == ["a secret", ""]
    assert _change(world, "ada", kind, made, representative="nobody").status_code == 422


@BOTH
def test_w6_one_may_edit_ones_own_entries_and_an_administrator_all(each_world: World, kind: str) -> None:
    """W6: as lists and history say."""
    for who in ("ana", "ben", "sam"):
        _add(each_world, who, kind)

    for viewer, editable in (("ana", {"ana"}), ("sam", {"sam"}), ("ada", {"ana", "ben", "sam"})):
        for told in (
            each_world.client(viewer).get(f"{CASE}/{kind}").json["items"],
            history_of(each_world, viewer)[kind.replace("-", "_")],
        ):
            assert {one["representative"] for one in told if one["editable"]} == editable
            assert len(told) == 3


# Order


@BOTH
def test_w6_what_was_worked_last_is_told_first_page_by_page(each_world: World, kind: str) -> None:
    """W6: by when it was worked, then by when it was added; each once, also where much was worked at one instant."""
    world = each_world
    days = [3, 1, 2, 2, 1, 2, 4, 2]
    made = [(day, logged(world, "ana", 60, kind=kind, worked_at=f"2026-11-0{day}T09:00:00Z")["id"]) for day in days]
    wanted = [one for _, one in sorted(made, reverse=True)]

    assert [one["id"] for one in history_of(world)[kind.replace("-", "_")]] == wanted
    for limit in (1, 2, 3, 8):
        seen, cursor = [], ""
        while cursor is not None:
            query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = world.client("ben").get(f"{CASE}/{kind}", query_string=query).json
            seen += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor and len(seen) == limit:
                logged(world, "ana", 60, kind=kind, worked_at="2026-11-10T09:00:00Z", case="CAS-1002")
        assert seen == wanted, limit


@BOTH
def test_w6_a_cursor_is_one_of_this_list(world: World, kind: str) -> None:
    """W6"""
    for bad in ("x", "1", "1-", "-1", "1-2-3", "1-x", "1- 2", "1-²", f"1-{'9' * 19}", "--"):
        answer = world.client("ana").get(f"{CASE}/{kind}", query_string={"cursor": bad})
        assert answer.status_code == 422, bad
    assert world.client("ana").get(f"{CASE}/{kind}?cursor=1-2").json["items"] == []
    assert world.client("ana").get(f"{CASES}?cursor=1-2").status_code == 422
