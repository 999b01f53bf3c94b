"""`PATCH /api/v1/cases/{ref}/automatic-time`: one's own automatic time, as one says it should be (W6)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from server.time_entries.models import AutomaticCorrection
from server.tracking.models import CaseTotal, DailyTotal, TrackerRecord
from tests.conftest import World
from tests.handling_time.saying import CASES, correct, corrected, history_of, logged, set_tracking, time_of
from tests.outside_client import AgentSocket
from tests.tracking.test_agent_socket import near
from tests.work import worked, works

__all__ = ["near"]

URL = f"{CASES}/CAS-1001/automatic-time"
REPORT = "/api/v1/reports/representatives"
TEN_YEARS = 10 * 365 * 24 * 3600


def _measured(world: World) -> Any:
    """Everything that was measured, row by row."""

    def rows(session: Any) -> list[Any]:
        found = []
        for table in (TrackerRecord, CaseTotal, DailyTotal):
            columns = [column for column in table.__table__.columns if column.name != "updated_at"]
            found.append(sorted(map(tuple, session.execute(select(*columns)))))
        return found

    return world.read(rows)


def _rows(world: World) -> int:
    return int(world.read(lambda session: session.scalar(select(func.count()).select_from(AutomaticCorrection))))


def test_w6_a_correction_is_told_with_who_when_and_why(each_world: World) -> None:
    """W6: the answer is the automatic part of the history; what was measured stays as it is."""
    world = each_world
    worked(world, "ana", minutes=5)
    before = _measured(world)
    world.clock.advance(minutes=1)
    corrected(world, "ana", 60, reason="lunch")
    world.clock.advance(minutes=1)

    answer = corrected(world, "ana", 400, reason="no, a call")

    assert answer == {
        "representative": "ana",
        "name": "Ana Duarte",
        "duration_seconds": 400,
        "measured_seconds": 300,
        "correction_seconds": 100,
        "corrections": [
            {
                "author": "ana",
                "author_name": "Ana Duarte",
                "created_at": "2026-11-20T12:07:00.000Z",
                "before_seconds": 60,
                "after_seconds": 400,
                "reason": "no, a call",
            },
            {
                "author": "ana",
                "author_name": "Ana Duarte",
                "created_at": "2026-11-20T12:06:00.000Z",
                "before_seconds": 300,
                "after_seconds": 60,
                "reason": "lunch",
            },
        ],
        "editable": True,
        "updated_at": "2026-11-20T12:07:00.000Z",
    }
    assert history_of(world, "ana")["automatic"] == [answer]
    assert history_of(world, "ben")["automatic"] == [answer | {"editable": False}]
    assert history_of(world, "ada")["automatic"] == [answer | {"editable": False}]
    assert _measured(world) == before


def test_w6_every_total_follows_at_once_and_later_time_adds_up_on_top(each_world: World) -> None:
    """W6, W1, W4"""
    world = each_world
    worked(world, "ana", minutes=5)
    worked(world, "ben", minutes=2)
    logged(world, "ana", 30)
    world.clock.advance(minutes=1)

    corrected(world, "ana", 0)

    body = time_of(world)
    assert (body["automatic_seconds"], body["manual_seconds"], body["total_seconds"]) == (120, 30, 150)
    assert body["updated_at"] == "2026-11-20T12:08:00.000Z"
    assert time_of(world, live="true")["automatic_seconds"] == 120
    assert time_of(world, "ana", mine="true")["automatic_seconds"] == 0
    works(world, "ana", minutes=1)
    assert time_of(world, live="true")["automatic_seconds"] == 180
    worked(world, "ana", minutes=1)
    assert time_of(world)["automatic_seconds"] == 240
    (own,) = [one for one in history_of(world)["automatic"] if one["representative"] == "ana"]
    assert (own["duration_seconds"], own["corrections"][0]["after_seconds"]) == (120, 0)


def test_w6_what_is_proven_but_not_committed_is_part_of_what_is_corrected(each_world: World) -> None:
    """W6: whoever sees three minutes of live time and makes one of it does not get four."""
    world = each_world
    works(world, "ana", minutes=3)
    works(world, "ben", minutes=2)

    answer = corrected(world, "ana", 60)

    assert (answer["duration_seconds"], answer["measured_seconds"]) == (60, 180)
    assert time_of(world, live="true")["automatic_seconds"] == 180
    assert time_of(world)["automatic_seconds"] == 60, "nobody else's time is committed by it"


def test_w6_the_value_that_it_has_already_writes_nothing(each_world: World) -> None:
    """W6: a part of a second that nobody sees is no change either."""
    world = each_world
    worked(world, "ana", minutes=1.9 / 60)
    assert corrected(world, "ana", 1)["corrections"] == []
    assert _rows(world) == 0

    assert corrected(world, "ana", 5)["correction_seconds"] == 4
    assert len(corrected(world, "ana", 5)["corrections"]) == 1
    assert _rows(world) == 1


def test_w6_nothing_and_ten_years_are_the_bounds(each_world: World) -> None:
    """W6"""
    worked(each_world, "ana", minutes=1)
    for seconds in (0, TEN_YEARS, 0, 60):
        assert corrected(each_world, "ana", seconds)["duration_seconds"] == seconds
        assert time_of(each_world)["automatic_seconds"] == seconds
    for bad in (-1, TEN_YEARS + 1, 1.5, "60", "", None, True, [], {}, 2**63, 10**30, float("nan")):
        answer = correct(each_world, "ana", bad)  # type: ignore[arg-type]
        assert answer.status_code == 422, repr(bad)
        assert "duration_seconds" in answer.json["errors"]
    assert time_of(each_world)["automatic_seconds"] == 60


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501, "a\0b", None, 5, "\ud800"])
def test_w6_a_correction_needs_a_reason(world: World, reason: Any) -> None:
    """W6"""
    worked(world, "ana", minutes=1)

    answer = correct(world, "ana", 5, reason=reason)

    assert answer.status_code == 422
    assert "reason" in answer.json["errors"]
    assert world.client("ana").patch(URL, json={"duration_seconds": 5}).status_code == 422
    assert corrected(world, "ana", 5, reason="<b>x</b>" + "y" * 492)["corrections"][0]["reason"].startswith("<b>")


def test_w6_who_has_no_automatic_time_is_told_to_add_a_time_log(each_world: World) -> None:
    """W6: also where they have it on another case, or others have it on this one."""
    worked(each_world, "ana", "CAS-1002", minutes=1)
    worked(each_world, "ben", minutes=1)
    logged(each_world, "ana", 60)

    answer = correct(each_world, "ana", 5)

    assert answer.status_code == 422
    assert "time log" in answer.json["detail"]
    assert correct(each_world, "ana", 5, case="NONE").status_code == 404
    assert _rows(each_world) == 0


def test_w6_nobody_corrects_the_time_of_somebody_else(world: World) -> None:
    """W6: not an administrator either; one's own name is fine."""
    for who in ("ana", "ada"):
        worked(world, who, minutes=1)
        for other in ("ben", "ANA", "nobody", " "):
            body = {"duration_seconds": 5, "reason": "x", "representative": other}
            answer = world.client(who).patch(URL, json=body)
            assert answer.status_code == 403, other
            assert "your own" in answer.json["detail"]
        body = {"duration_seconds": 5, "reason": "x", "representative": who}
        assert world.client(who).patch(URL, json=body).json["duration_seconds"] == 5
    assert world.client("ana").patch("/api/v1/cases/NONE/automatic-time", json=body).status_code == 403


def test_w6_of_corrections_at_once_each_starts_from_the_one_before(each_world: World) -> None:
    """W6: whoever comes last is right, and no two start from the same."""
    world = each_world
    worked(world, "ana", minutes=5)
    wanted = list(range(10, 18))

    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = list(pool.map(lambda seconds: correct(world, "ana", seconds).status_code, wanted))

    assert answers == [200] * len(wanted)
    (automatic,) = history_of(world)["automatic"]
    told = automatic["corrections"]
    assert {one["after_seconds"] for one in told} == set(wanted)
    assert [one["before_seconds"] for one in told] == [*(one["after_seconds"] for one in told[1:]), 300]
    assert time_of(world)["automatic_seconds"] == told[0]["after_seconds"] == automatic["duration_seconds"]


def test_a4_with_only_own_time_shown_others_corrections_are_nowhere(world: World) -> None:
    """A4, W7: neither what they made of it nor why."""
    for who in ("ana", "ben"):
        worked(world, who, minutes=5)
        corrected(world, who, 100 if who == "ana" else 77, reason=f"a reason of {who}")
    set_tracking(world, show_only_own_time=True)

    history = world.client("ana").get(f"{CASES}/CAS-1001/history")

    assert [one["representative"] for one in history.json["automatic"]] == ["ana"]
    assert "ben" not in history.text
    assert time_of(world, "ana")["total_seconds"] == 100
    assert time_of(world, "sam")["total_seconds"] == 177
    before = time_of(world, "ana")["updated_at"]
    world.clock.advance(minutes=1)
    corrected(world, "ben", 78)
    assert time_of(world, "ana")["updated_at"] == before


def test_w10_a_correction_reaches_every_open_widget(near: tuple[World, str]) -> None:
    """W10, W6"""
    world, url = near
    worked(world, "ana", minutes=5)
    with AgentSocket(url) as sam:
        sam.hello(world.tokens["sam"])
        sam.send({"type": "watch", "case": "CAS-1001"})
        assert sam.next("handling_time")["automatic_seconds"] == 300
        corrected(world, "ana", 60)
        pushed = sam.next("handling_time")
    assert {name: pushed[name] for name in time_of(world)} == time_of(world)
    assert pushed["automatic_seconds"] == 60


# Reports


def _at(world: World, text: str) -> None:
    world.clock.now = int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def _day(world: World, day: str) -> dict[str, Any]:
    return dict(world.client("sam").get(f"{REPORT}/ana", query_string={"day": day}).json)


def test_w6_reports_count_a_correction_on_the_representatives_own_day(each_world: World) -> None:
    """W6, S1: at half past eleven at night in London it is the day after in Lisbon's summer; sums stay right."""
    world = each_world
    _at(world, "2026-07-10T10:00:00Z")
    worked(world, "ana", minutes=10)
    worked(world, "ana", "CAS-1002", minutes=3)
    _at(world, "2026-07-10T23:30:00Z")
    corrected(world, "ana", 60)
    corrected(world, "ana", 240, case="CAS-1002")
    _at(world, "2026-07-11T10:00:00Z")
    worked(world, "ana", minutes=1)

    report = _day(world, "2026-07-11")

    days = {one["day"]: one["duration_seconds"] for one in report["days"] if one["duration_seconds"]}
    assert days == {"2026-07-10": 780}, "a day that is less than nothing shows as nothing"
    assert {one["case"]: one["duration_seconds"] for one in report["cases"]} == {"CAS-1001": 120, "CAS-1002": 240}
    overview = next(one for one in world.client("sam").get(REPORT).json["items"] if one["representative"] == "ana")
    assert (overview["today_seconds"], overview["week_seconds"]) == (0, 360)
    assert time_of(world)["automatic_seconds"] == 120


def test_w6_no_report_shows_less_than_nothing(each_world: World) -> None:
    """W6: nor does a window that a correction is in, and what it corrects is not."""
    world = each_world
    worked(world, "ana", minutes=10)
    world.clock.advance(minutes=60 * 24 * 20)
    corrected(world, "ana", 60)

    report = world.client("sam").get(f"{REPORT}/ana").json

    assert [one["duration_seconds"] for one in report["days"]] == [0] * 14
    assert [(one["case"], one["duration_seconds"]) for one in report["cases"]] == [("CAS-1001", 0)]
    overview = next(one for one in world.client("sam").get(REPORT).json["items"] if one["representative"] == "ana")
    assert (overview["today_seconds"], overview["week_seconds"]) == (0, 0)
