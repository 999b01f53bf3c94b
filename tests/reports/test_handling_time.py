"""`/api/v1/reports/handling-time` and `/trend`: what the groups add up to, and what is usual for a case."""

import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases import cases
from server.clock import day_of, day_starts, to_datetime
from server.reports import figures
from server.reports.days import WEEK_STARTS, _offsets, week_of
from server.reports.figures import GROUPS, Figures
from server.reports.trend import trend
from server.reports.work import Chosen, work
from server.time_entries.models import Activity, AutomaticCorrection, TimeLog
from server.tracking.models import CaseTotal, DailyTotal
from tests.conftest import World
from tests.work import worked

URL = "/api/v1/reports/handling-time"
TREND = "/api/v1/reports/trend"
ZONES = ("Europe/Lisbon", "UTC", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe")


def _report(world: World, url: str = URL, *, who: str = "sam", **query: object) -> dict[str, Any]:
    answer = world.client(who).get(url, query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def _sums(report: dict[str, Any], name: str = "total_seconds") -> dict[str, int]:
    return {one["key"]: one[name] for one in report["items"]}


def _logs(world: World, who: str, case: str, seconds: int, at: str | None = None, kind: str = "time-logs") -> None:
    body: dict[str, object] = {"duration_seconds": seconds} | ({"worked_at": at} if at else {})
    answer = world.client(who).post(f"/api/v1/cases/{case}/{kind}", json=body)
    assert answer.status_code == 201, answer.text


def _person(world: World, who: str, **values: object) -> None:
    def change(session: Session) -> None:
        for name, value in values.items():
            setattr(session.get_one(Person, world.ids[who]), name, value)

    world.write(change)


@pytest.fixture
def busy(each_world: World) -> World:
    """Ana has 3 minutes on one case, 5 and a log of 2 on another; ben 9 on that one and a call of 1 on a third."""
    worked(each_world, "ana", "CAS-1001", minutes=3)
    worked(each_world, "ana", "CAS-1002", minutes=5)
    worked(each_world, "ben", "CAS-1002", minutes=9)
    _logs(each_world, "ana", "CAS-1002", 120)
    _logs(each_world, "ben", "CAS-1003", 60, kind="activities")
    return each_world


def test_s2_each_grouping_adds_up_automatic_and_manual_time(busy: World) -> None:
    """S2: by case, representative, team, day, week and month."""
    _person(busy, "ana", team="First line")

    found = {by: _sums(_report(busy, by=by)) for by in GROUPS}

    assert found == {
        "case": {"CAS-1002": 960, "CAS-1001": 180, "CAS-1003": 60},
        "representative": {"ana": 600, "ben": 600},
        "team": {"First line": 600, None: 600},
        "day": {"2026-11-20": 1200},
        "week": {"2026-11-16": 1200},
        "month": {"2026-11-01": 1200},
    }
    assert _sums(_report(busy, by="representative"), "manual_seconds") == {"ana": 120, "ben": 60}
    assert _sums(_report(busy, by="case"), "representatives") == {"CAS-1002": 2, "CAS-1001": 1, "CAS-1003": 1}


def test_s2_a_group_says_what_is_usual_for_its_cases(busy: World) -> None:
    """S2: average, median and 90th percentile of the handling time of a case in the group."""
    report = _report(busy, by="day")

    (day,) = report["items"]
    assert day == {
        "key": "2026-11-20",
        "name": None,
        "status": None,
        "team": None,
        "automatic_seconds": 1020,
        "manual_seconds": 180,
        "total_seconds": 1200,
        "cases": 3,
        "representatives": 2,
        "average_seconds": 400,
        "median_seconds": 180,
        "p90_seconds": 804,
    }
    assert report["totals"] == {name: value for name, value in day.items() if name in report["totals"]}
    assert (report["by"], report["since"], report["until"]) == ("day", "2026-10-22", "2026-11-20")


def test_s2_a_case_and_a_representative_are_named(busy: World) -> None:
    """S2"""
    _person(busy, "ana", team="First line")

    case = _report(busy, by="case")["items"][0]
    assert (case["key"], case["name"], case["status"]) == ("CAS-1002", "Title of CAS-1002", "active")
    people = {one["key"]: (one["name"], one["team"]) for one in _report(busy, by="representative")["items"]}
    assert people == {"ana": ("Ana Duarte", "First line"), "ben": ("Ben Okafor", None)}


def test_s2_filters_narrow_groups_and_totals(busy: World) -> None:
    """S2"""
    _person(busy, "ben", team="Second line")
    busy.client("ana").put("/api/v1/cases/CAS-1001/resolution", json={})

    totals = {
        name: _report(busy, **query)["totals"]["total_seconds"]
        for name, query in {
            "case": {"case": "CAS-1002"},
            "person": {"representative": "ben"},
            "both": {"representative": "ben", "case": "CAS-1002"},
            "team": {"team": "Second line"},
            "no team": {"team": ""},
            "active": {"status": "active"},
            "resolved": {"status": "resolved"},
            "period": {"since": "2026-11-01", "until": "2026-11-19"},
            "nobody": {"representative": "nobody"},
            "no case": {"case": "CAS-9999"},
        }.items()
    }

    assert totals == {
        "case": 960,
        "person": 600,
        "both": 540,
        "team": 600,
        "no team": 600,
        "active": 1020,
        "resolved": 180,
        "period": 0,
        "nobody": 0,
        "no case": 0,
    }


def test_s2_pages_follow_each_other(busy: World) -> None:
    """S2"""
    first = _report(busy, by="case", limit=2)
    second = _report(busy, by="case", limit=2, cursor=first["next_cursor"])

    assert [list(_sums(page)) for page in (first, second)] == [["CAS-1002", "CAS-1001"], ["CAS-1003"]]
    assert (second["next_cursor"], first["totals"]) == (None, second["totals"])


def test_s2_a_correction_counts_on_the_day_on_which_it_was_made(busy: World) -> None:
    """S2"""
    busy.clock.advance(minutes=24 * 60)
    body = {"duration_seconds": 60, "reason": "left the case open"}
    answer = busy.client("ana").patch("/api/v1/cases/CAS-1001/automatic-time", json=body)
    assert answer.status_code == 200, answer.text

    assert _sums(_report(busy, by="day"), "automatic_seconds") == {"2026-11-20": 1020, "2026-11-21": -120}
    assert _sums(_report(busy, by="case"), "automatic_seconds")["CAS-1001"] == 60


def test_s2_what_was_tracked_as_well_counts_once_where_the_settings_say_so(each_world: World) -> None:
    """S2"""
    start = datetime.fromtimestamp(each_world.clock.now / 1000, UTC).isoformat()
    worked(each_world, "ana", minutes=10)
    _logs(each_world, "ana", "CAS-1001", 900, start)

    assert _report(each_world)["totals"]["manual_seconds"] == 900
    each_world.client("ada").patch("/api/v1/settings/tracking", json={"count_overlap_once": True})
    assert _report(each_world)["totals"]["manual_seconds"] == 300


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Europe/Lisbon", "2026-03-28T23:59:59Z", "2026-03-28"),
        ("Europe/Lisbon", "2026-03-29T00:00:00Z", "2026-03-29"),
        ("Europe/Lisbon", "2026-03-29T22:59:59Z", "2026-03-29"),
        ("Europe/Lisbon", "2026-03-29T23:00:00Z", "2026-03-30"),
        ("America/New_York", "2026-11-02T04:59:59Z", "2026-11-01"),
        ("America/New_York", "2026-11-02T05:00:00Z", "2026-11-02"),
        ("Africa/Cairo", "2026-04-23T21:59:59Z", "2026-04-23"),
        ("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24"),
        ("Asia/Kolkata", "2026-11-19T18:30:00Z", "2026-11-20"),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),
    ],
)
def test_an_entry_counts_on_the_day_that_it_is_where_its_person_is(
    each_world: World, zone: str, at: str, day: str
) -> None:
    """S2: also on days when clocks change, and with the whole year around it in the period."""
    _person(each_world, "ana", time_zone=zone)
    _logs(each_world, "ana", "CAS-1001", 60, at)
    around = date.fromisoformat(day)
    year = {"since": around - timedelta(days=200), "until": around + timedelta(days=200)}

    for period in (year, {"since": day, "until": day}):
        assert _sums(_report(each_world, by="day", **period)) == {day: 60}, period
    for other in (around - timedelta(days=1), around + timedelta(days=1)):
        assert _report(each_world, since=other, until=other)["items"] == []


@pytest.mark.parametrize("week_start", WEEK_STARTS)
def test_a_week_begins_as_the_caller_says(each_world: World, week_start: str) -> None:
    """S2: the database and the calendar agree on every day of the week."""
    for days in range(8):
        _logs(each_world, "ben", "CAS-1001", 60, f"2026-11-{days + 10}T12:00:00Z")
    wanted: dict[str, int] = defaultdict(int)
    for days in range(8):
        wanted[week_of(date(2026, 11, days + 10), week_start).isoformat()] += 60

    assert _sums(_report(each_world, by="week", week_start=week_start)) == wanted
    assert {date.fromisoformat(one).strftime("%A").lower() for one in wanted} == {week_start}


def test_s2_a_trend_has_a_point_for_every_period(busy: World) -> None:
    """S2"""
    since = {"since": "2026-10-30", "until": "2026-11-21"}
    found = {by: _report(busy, TREND, by=by, **since) for by in ("day", "week", "month")}

    assert len(found["day"]["items"]) == 23
    assert [one["period"] for one in found["week"]["items"]] == ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]
    assert [one["total_seconds"] for one in found["month"]["items"]] == [0, 1200]
    assert found["month"]["items"][0] == {
        "period": "2026-10-01",
        **dict.fromkeys(found["month"]["totals"], 0),
    }
    (busy_day,) = [one for one in found["day"]["items"] if one["total_seconds"]]
    assert (busy_day["period"], busy_day["median_seconds"]) == ("2026-11-20", 180)


@pytest.mark.parametrize("url", [URL, TREND])
def test_only_who_supervises_sees_them(world: World, url: str) -> None:
    """S2"""
    statuses = {who: world.client(who).get(url).status_code for who in ("ana", "ben", "sam", "ada")}

    assert statuses == {"ana": 403, "ben": 403, "sam": 200, "ada": 200}
    assert world.client().get(url).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        {"by": "customer"},
        {"since": "yesterday"},
        {"since": "2026-11-21", "until": "2026-11-20"},
        {"since": "1999-01-01"},
        {"since": "1969-12-31", "until": "1970-01-01"},
        {"until": "9999-12-31"},
        {"until": "1970-01-01"},
        {"status": "open"},
        {"week_start": "tuesday"},
        {"format": "pdf"},
        {"limit": 0},
        {"cursor": "x"},
        {"team": "x" * 101},
        {"representative": "\0"},
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(world: World, query: dict[str, object]) -> None:
    """X86: a period has its bounds."""
    answer = world.client("sam").get(URL, query_string=query)

    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"


# Random work, compared with sums and percentiles made by hand


@dataclass(frozen=True)
class Work:
    """Automatic time (a row of the totals), a correction, a time log or an activity."""

    kind: str
    person: int
    case: int
    day: int
    ms: int


WORK = st.builds(
    Work,
    kind=st.sampled_from(["automatic", "automatic", "correction", "log", "activity"]),
    person=st.integers(0, 4),
    case=st.integers(0, 11),
    day=st.integers(0, 75),
    ms=st.integers(1, 36_000).map(lambda tenths: tenths * 1_000 + 7),
)
FIRST = date(2026, 9, 10)
LAST = FIRST + timedelta(days=75)


@pytest.fixture
def people(each_world: World) -> World:
    """Five people in as many zones and three teams, and a dozen cases."""

    def add(session: Session) -> None:
        for number, zone in enumerate(ZONES):
            team = (None, "A", "B")[number % 3]
            person = Person(
                username=f"p{number}", name=f"P {number}", role="representative", password_hash="!", time_zone=zone,
                team=team, created_at=0,
            )  # fmt: skip
            session.add(person)
            session.flush()
            each_world.ids[f"p{number}"] = person.id
        for number in range(12):
            each_world.ids[f"c{number}"] = cases.create(session, ref=f"c{number}", title="-", now=0).id

    each_world.write(add)
    return each_world


def _put(session: Session, world: World, works: list[Work]) -> None:
    """Nothing but this work."""
    for table in (DailyTotal, CaseTotal, AutomaticCorrection, TimeLog, Activity):
        session.execute(delete(table))
    sums: dict[tuple[int, str, int], int] = defaultdict(int)
    for one in works:
        person, case, day = world.ids[f"p{one.person}"], world.ids[f"c{one.case}"], FIRST + timedelta(days=one.day)
        named = {"representative_id": person, "case_id": case}
        if one.kind == "automatic":
            sums[person, day.isoformat(), case] += one.ms
        elif one.kind == "correction":
            row = AutomaticCorrection(
                **named, author_id=person, delta_ms=one.ms, before_ms=0, reason="-", day=day.isoformat(), created_at=0
            )
            session.add(row)
        else:
            at = day_starts(day, ZoneInfo(ZONES[one.person])) + one.ms % 82_800_000
            entry = {"duration_seconds": one.ms // 1000, "description": "-", "worked_at": at, "created_at": 0}
            table = TimeLog if one.kind == "log" else Activity
            more = {} if one.kind == "log" else {"kind": "task"}
            session.add(table(**named, **entry, **more, changed_at=0))
    for (person, day_text, case), ms in sums.items():
        session.add(DailyTotal(representative_id=person, day=day_text, case_id=case, automatic_ms=ms))


def _counted(one: Work) -> int:
    return one.ms if one.kind in ("automatic", "correction") else one.ms // 1000 * 1000


KEYS: dict[str, Callable[[Work], str | None]] = {
    "case": lambda one: f"c{one.case}",
    "representative": lambda one: f"p{one.person}",
    "team": lambda one: (None, "A", "B")[one.person % 3],
    "day": lambda one: (FIRST + timedelta(days=one.day)).isoformat(),
    "week": lambda one: week_of(FIRST + timedelta(days=one.day), "sunday").isoformat(),
    "month": lambda one: (FIRST + timedelta(days=one.day)).replace(day=1).isoformat(),
}


def _by_hand(works: list[Work], by: str) -> dict[str | None, tuple[int, ...]]:
    """(total, cases, people, twice the median, ten times the 90th percentile) of each group."""
    groups: dict[str | None, list[Work]] = defaultdict(list)
    for one in works:
        groups[KEYS[by](one)].append(one)
    return {key: _usual(group) for key, group in groups.items()}


def _usual(works: list[Work]) -> tuple[int, ...]:
    of_case: dict[int, int] = defaultdict(int)
    for one in works:
        of_case[one.case] += _counted(one)
    times = list(of_case.values())
    twice = [time * 20 for time in times]  # so that every figure is a whole number
    p90 = statistics.quantiles(twice, n=10, method="inclusive")[8] if len(times) > 1 else twice[0]
    people = {one.person for one in works}
    return (sum(times), len(times), len(people), round(statistics.median(twice) / 10), round(p90 / 2))


def _shape(one: Figures) -> tuple[int, ...]:
    return (one.total_ms, one.cases, one.representatives, one.median_2_ms, one.p90_10_ms)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(works=st.lists(WORK, min_size=1, max_size=60))
def test_s2_whatever_the_grouping_the_sums_are_those_of_all_cases(people: World, works: list[Work]) -> None:
    """S2: and averages, medians and percentiles are those of the statistics module."""
    people.write(lambda session: _put(session, people, works))
    chosen = Chosen(FIRST, LAST)
    total = sum(map(_counted, works))

    def check(session: Session) -> None:
        for by in GROUPS:
            groups = list(figures.by_group(session, chosen, by, week_start="sunday"))
            assert sum(one.total_ms for one in groups) == total, by
            assert {one.key: _shape(one) for one in groups} == _by_hand(works, by), by
        assert _shape(figures.altogether(session, chosen)) == _usual(works)
        points = list(trend(session, chosen, "week", week_start="sunday"))
        assert sum(one.total_ms for _, one in points) == total

    people.read(check)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(works=st.lists(WORK, max_size=40), start=st.integers(0, 75), length=st.integers(0, 75))
def test_s2_a_period_has_the_work_of_its_days(people: World, works: list[Work], start: int, length: int) -> None:
    """S2"""
    people.write(lambda session: _put(session, people, works))
    chosen = Chosen(FIRST + timedelta(days=start), FIRST + timedelta(days=start + length))
    within = [one for one in works if start <= one.day <= start + length]

    found = people.read(lambda session: figures.altogether(session, chosen))

    assert _shape(found) == (_usual(within) if within else (0, 0, 0, 0, 0))


@settings(max_examples=200, deadline=None)
@given(zone=st.sampled_from(ZONES), at=st.integers(0, 4_000_000_000_000))
def test_the_offsets_of_a_zone_give_the_day_of_every_instant(zone: str, at: int) -> None:
    year_ms = 366 * 24 * 3600 * 1000
    parts = _offsets(ZoneInfo(zone), at - year_ms, at + year_ms)

    assert [one[0] for one in parts[1:]] == [one[1] for one in parts[:-1]]
    (offset,) = [offset for began, ended, offset in parts if began <= at < ended]
    assert day_of(at + offset, ZoneInfo("UTC")) == day_of(at, ZoneInfo(zone))
    assert timedelta(milliseconds=offset) == to_datetime(at).astimezone(ZoneInfo(zone)).utcoffset()


def test_the_work_of_a_report_is_that_of_the_cases(busy: World) -> None:
    """S2: over all time a case has in the report what it has in its widget."""
    for one in _report(busy, by="case")["items"]:
        body = busy.client("sam").get(f"/api/v1/cases/{one['key']}/handling-time").json
        names = ("automatic_seconds", "manual_seconds", "total_seconds")
        assert [one[name] for name in names] == [body[name] for name in names], one["key"]


def test_s2_a_deleted_entry_counts_no_more(busy: World) -> None:
    """S2"""
    url = "/api/v1/cases/CAS-1002/time-logs"
    (entry,) = busy.client("ana").get(url).json["items"]
    assert busy.client("ana").delete(f"{url}/{entry['id']}").status_code == 204

    assert _sums(_report(busy), "manual_seconds") == {"CAS-1002": 0, "CAS-1001": 0, "CAS-1003": 60}


def test_s2_a_report_reads_the_totals_of_its_days_alone(world: World) -> None:
    """S2, A5: however much history there is; over everybody they are found by their day."""

    def plan(session: Session) -> str:
        rows = work(session, Chosen(date(2026, 11, 1), date(2026, 11, 20)))
        query = select(rows).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        return "\n".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))

    found = world.read(plan)
    assert "daily_totals USING INDEX daily_totals_by_day (day>? AND day<?)" in found
