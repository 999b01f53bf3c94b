"""`/api/v1/reports`: overview and day of representatives, in their own zone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from server.accounts.models import Person
from tests.conftest import World
from tests.work import worked

URL = "/api/v1/reports/representatives"


def _at(world: World, text: str) -> None:
    world.clock.now = int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def _lives_in(world: World, who: str, zone: str) -> None:
    def move(session: Any) -> None:
        session.get(Person, world.ids[who]).time_zone = zone

    world.write(move)


def _day(world: World, day: str | None = None, *, of: str = "ana", who: str = "sam") -> dict[str, Any]:
    answer = world.client(who).get(f"{URL}/{of}", query_string={"day": day} if day else {})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def _seconds(report: dict[str, Any]) -> dict[str, int]:
    return {one["day"]: one["duration_seconds"] for one in report["days"] if one["duration_seconds"]}


def test_s1_the_overview_names_everybody_with_today_and_the_week(each_world: World) -> None:
    """S1: the days of seven are counted in each person's own zone."""
    world = each_world
    for text, minutes in (("2026-11-13T10:00:00Z", 1), ("2026-11-14T10:00:00Z", 2), ("2026-11-20T10:00:00Z", 4)):
        _at(world, text)
        worked(world, "ana", minutes=minutes)

    body = world.client("sam").get(URL).json

    assert body["next_cursor"] is None
    assert body["items"] == [
        {
            "representative": "ana",
            "name": "Ana Duarte",
            "team": None,
            "time_zone": "Europe/Lisbon",
            "today_seconds": 240,
            "week_seconds": 360,
        },
        {
            "representative": "ben",
            "name": "Ben Okafor",
            "team": None,
            "time_zone": "UTC",
            "today_seconds": 0,
            "week_seconds": 0,
        },
    ]
    assert world.client("ada").get(URL).json == body


def test_s1_a_day_shows_its_spans_and_the_totals_by_day_and_case(each_world: World) -> None:
    """S1"""
    world = each_world
    worked(world, "ana", "CAS-1001", minutes=3)
    worked(world, "ana", "CAS-1002", minutes=5)
    worked(world, "ben", "CAS-1002", minutes=9)

    report = _day(world)

    assert (report["day"], report["time_zone"]) == ("2026-11-20", "Europe/Lisbon")
    assert (report["began_at"], report["ended_at"]) == ("2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z")
    assert [(span["case"], span["title"], span["duration_seconds"]) for span in report["spans"]] == [
        ("CAS-1001", "Title of CAS-1001", 180),
        ("CAS-1002", "Title of CAS-1002", 300),
    ]
    assert report["spans"][0]["started_at"] == "2026-11-20T12:00:00.000Z"
    assert len(report["days"]) == 14
    assert (report["days"][0]["day"], report["days"][-1]["day"]) == ("2026-11-07", "2026-11-20")
    assert _seconds(report) == {"2026-11-20": 480}
    assert [(one["case"], one["duration_seconds"]) for one in report["cases"]] == [("CAS-1002", 300), ("CAS-1001", 180)]


def test_a6_a_report_needs_no_widget_and_no_page(world: World) -> None:
    """A6: automatic time per representative and case comes from the commits alone."""
    worked(world, "ana", minutes=3)

    assert [(one["case"], one["duration_seconds"]) for one in _day(world)["cases"]] == [("CAS-1001", 180)]


def test_a_span_across_midnight_shows_in_both_days_cut_at_midnight(each_world: World) -> None:
    world = each_world
    _lives_in(world, "ana", "America/New_York")
    _at(world, "2026-11-20T23:55:00-05:00")
    worked(world, "ana", minutes=20)

    first, second = _day(world, "2026-11-20"), _day(world, "2026-11-21")

    assert [span["duration_seconds"] for span in first["spans"]] == [300]
    assert first["spans"][0]["ended_at"] == first["ended_at"] == "2026-11-21T05:00:00.000Z"
    assert [span["duration_seconds"] for span in second["spans"]] == [900]
    assert second["spans"][0]["started_at"] == second["began_at"] == "2026-11-21T05:00:00.000Z"
    assert _seconds(second) == {"2026-11-20": 300, "2026-11-21": 900}
    assert sum(one["duration_seconds"] for one in second["cases"]) == 1200


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Lisbon", "2026-03-29", 23),
        ("Europe/Lisbon", "2026-10-25", 25),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Africa/Cairo", "2026-04-24", 23),
        ("America/Havana", "2026-11-01", 25),
        ("Pacific/Apia", "2011-12-30", 0),
        ("Asia/Kolkata", "2026-11-20", 24),
    ],
)
def test_a_day_has_the_hours_that_its_zone_gives_it(world: World, zone: str, day: str, hours: float) -> None:
    _lives_in(world, "ana", zone)
    report = _day(world, day)

    began, ended = (datetime.fromisoformat(report[name]) for name in ("began_at", "ended_at"))
    assert (ended - began).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("zone", "start", "days"),
    [
        ("Europe/Lisbon", "2026-10-25T00:45:00+01:00", {"2026-10-25": 7200}),
        ("Europe/Lisbon", "2026-03-29T00:15:00+00:00", {"2026-03-29": 7200}),
        ("Africa/Cairo", "2026-04-23T23:00:00+02:00", {"2026-04-23": 3600, "2026-04-24": 3600}),
        ("America/Havana", "2026-10-31T23:30:00-04:00", {"2026-10-31": 1800, "2026-11-01": 5400}),
        ("Pacific/Kiritimati", "2026-11-20T09:00:00+00:00", {"2026-11-20": 3600, "2026-11-21": 3600}),
    ],
)
def test_two_hours_are_two_hours_on_the_days_when_clocks_change(
    world: World, zone: str, start: str, days: dict[str, int]
) -> None:
    _lives_in(world, "ana", zone)
    _at(world, start)
    worked(world, "ana", minutes=60)
    worked(world, "ana", minutes=60)

    report = _day(world)

    assert _seconds(report) == days
    shown = sum(span["duration_seconds"] for day in days for span in _day(world, day)["spans"])
    assert shown == 7200


def test_today_is_the_day_where_the_representative_is(world: World) -> None:
    _lives_in(world, "ana", "Pacific/Kiritimati")
    _lives_in(world, "ben", "Pacific/Pago_Pago")
    _at(world, "2026-11-20T10:30:00Z")

    assert _day(world, of="ana")["day"] == "2026-11-21"
    assert _day(world, of="ben")["day"] == "2026-11-19"


def test_representatives_see_their_own_day_and_nobody_elses(each_world: World) -> None:
    worked(each_world, "ana", minutes=1)

    assert _day(each_world, who="ana")["cases"][0]["duration_seconds"] == 60
    foreign = each_world.client("ben").get(f"{URL}/ana")
    missing = each_world.client("ben").get(f"{URL}/nobody")
    assert foreign.status_code == missing.status_code
    assert foreign.json | {"request_id": ""} == missing.json | {"request_id": ""}
    assert foreign.status_code == 404
    assert foreign.content_type == "application/problem+json"
    assert each_world.client("ben").get(URL).status_code == 403


def test_somebody_who_does_not_exist_is_not_found(each_world: World) -> None:
    for name in ("nobody", "ANA", "%00", "x" * 5000, "ana%20", "%27%20OR%201=1"):
        assert each_world.client("sam").get(f"{URL}/{name}").status_code == 404, name[:20]


def test_a_bad_day_is_refused_in_words(each_world: World) -> None:
    for day in ("yesterday", "2026-02-30", "", "20-11-2026", "0001-01-01", "1969-12-31", "9999-12-31", "\0"):
        answer = each_world.client("sam").get(f"{URL}/ana", query_string={"day": day})
        assert answer.status_code == 422, day
        assert answer.content_type == "application/problem+json"
    for day in ("1970-01-01", "9998-12-31"):
        assert _day(each_world, day)["spans"] == []


# What people say of their time, and weeks


def _log(world: World, who: str, case: str, seconds: int, at: str, path: str = "time-logs", **more: object) -> None:
    body = {"duration_seconds": seconds, "worked_at": at, **more}
    assert world.client(who).post(f"/api/v1/cases/{case}/{path}", json=body).status_code == 201


def test_s1_what_was_logged_is_in_the_same_answer(each_world: World) -> None:
    """S1: time logs, activities and corrections of the day, in order; and all of it in the totals."""
    world = each_world
    worked(world, "ana", "CAS-1001", minutes=10)
    _log(world, "ana", "CAS-1002", 120, "2026-11-20T13:00:00Z", description="call back")
    _log(world, "ana", "CAS-1001", 60, "2026-11-20T11:00:00Z", "activities", kind="phone call", has_start=False)
    _log(world, "ana", "CAS-1002", 30, "2026-11-19T23:59:59Z")
    _log(world, "ben", "CAS-1001", 7, "2026-11-20T11:00:00Z")
    correction = {"duration_seconds": 300, "reason": "left it open"}
    assert world.client("ana").patch("/api/v1/cases/CAS-1001/automatic-time", json=correction).status_code == 200

    report = _day(world)

    names = ("kind", "case", "title", "at", "has_start", "duration_seconds", "description")
    assert [tuple(entry[name] for name in names) for entry in report["entries"]] == [
        ("phone call", "CAS-1001", "Title of CAS-1001", "2026-11-20T11:00:00.000Z", False, 60, ""),
        ("correction", "CAS-1001", "Title of CAS-1001", "2026-11-20T12:10:00.000Z", False, -300, "left it open"),
        ("time log", "CAS-1002", "Title of CAS-1002", "2026-11-20T13:00:00.000Z", True, 120, "call back"),
    ]
    assert report["days"][-2:] == [
        {"day": "2026-11-19", "duration_seconds": 0, "manual_seconds": 30, "total_seconds": 30},
        {"day": "2026-11-20", "duration_seconds": 300, "manual_seconds": 180, "total_seconds": 480},
    ]
    assert [(one["case"], one["duration_seconds"], one["manual_seconds"]) for one in report["cases"]] == [
        ("CAS-1001", 300, 60),
        ("CAS-1002", 0, 150),
    ]


def test_s1_weeks_are_whole_whatever_day_is_shown(each_world: World) -> None:
    """S1: the weeks that the fortnight is in, with all of their days."""
    world = each_world
    for day in ("2026-11-06", "2026-11-07", "2026-11-15", "2026-11-16", "2026-11-21", "2026-11-22"):
        _at(world, f"{day}T10:00:00Z")
        worked(world, "ana", minutes=1)

    def weeks(start: str) -> dict[str, int]:
        answer = world.client("sam").get(f"{URL}/ana", query_string={"day": "2026-11-20", "week_start": start})
        return {one["week"]: one["total_seconds"] for one in answer.json["weeks"]}

    assert weeks("monday") == {"2026-11-02": 120, "2026-11-09": 60, "2026-11-16": 180}
    assert weeks("sunday") == {"2026-11-01": 120, "2026-11-08": 0, "2026-11-15": 180}
    assert weeks("saturday") == {"2026-11-07": 60, "2026-11-14": 120}


def test_s1_a_week_is_shown_as_a_whole(each_world: World) -> None:
    """S1: its spans and entries, its totals and those of the week before; an hour longer where clocks go back."""
    world = each_world
    for day in ("2026-10-18", "2026-10-19", "2026-10-25"):
        _at(world, f"{day}T22:00:00Z")
        worked(world, "ana", minutes=1)
    _log(world, "ana", "CAS-1002", 60, "2026-10-25T23:59:59Z")
    _log(world, "ana", "CAS-1002", 60, "2026-10-26T00:00:00Z")

    query = {"day": "2026-10-21", "range": "week"}
    report = world.client("sam").get(f"{URL}/ana", query_string=query).json

    assert (report["day"], report["range"]) == ("2026-10-21", "week")
    assert (report["began_at"], report["ended_at"]) == ("2026-10-18T23:00:00.000Z", "2026-10-26T00:00:00.000Z")
    assert [span["started_at"] for span in report["spans"]] == ["2026-10-19T22:00:00.000Z", "2026-10-25T22:00:00.000Z"]
    assert [entry["at"] for entry in report["entries"]] == ["2026-10-25T23:59:59.000Z"]
    assert (len(report["days"]), report["days"][-1]["day"]) == (14, "2026-10-25")
    assert [one["total_seconds"] for one in report["weeks"]] == [60, 180]


def test_s1_a_representative_has_their_own_history_as_a_file_and_nobody_elses(world: World) -> None:
    """S1"""
    worked(world, "ana", minutes=1)

    own = world.client("ana").get(f"{URL}/ana", query_string={"format": "csv"})
    foreign = world.client("ben").get(f"{URL}/ana", query_string={"format": "csv"})

    assert (own.status_code, own.text.count("CAS-1001")) == (200, 2)
    assert (foreign.status_code, foreign.content_type) == (404, "application/problem+json")
