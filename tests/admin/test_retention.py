"""A7: retention purges what is older than the settings say, by itself, and to be seen like any other purge."""

from typing import Any

import pytest

from server import jobs
from server.admin import purges, retention
from server.clock import iso
from tests.conftest import NOON, World
from tests.work import insert_records

URL = "/api/v1/purges"
SETTINGS = "/api/v1/settings/tracking"
DAY_MS = 24 * 3_600_000


def _run(world: World) -> None:
    """What the scheduler does: ask, then purge."""
    for run in (jobs._ask_for_retention, jobs._purge):
        jobs._guarded(world.app, world.tracking, jobs.Job("test", 1, run))


def _purges(world: World) -> list[dict[str, Any]]:
    return list(world.client("ada").get(URL).json["items"])


def _left(world: World) -> list[str]:
    items = world.client("ada").get("/api/v1/tracker-records?sort=ended_at").json["items"]
    return [item["case"] for item in items]


def _set(world: World, **values: object) -> None:
    assert world.client("ada").patch(SETTINGS, json=values).status_code == 200


@pytest.fixture
def filled(each_world: World) -> World:
    """Old time on a resolved and an active case, young time on the resolved one."""
    for case, days in (("CAS-1001", 100), ("CAS-1002", 95), ("CAS-1001", 10)):
        start = NOON - days * DAY_MS
        insert_records(each_world, "ana", case, range(start, start + 3_000, 1_000), length_ms=500)
    each_world.client("ada").put("/api/v1/cases/CAS-1001/resolution", json={})
    return each_world


def test_a7_without_retention_records_are_kept_for_ever(filled: World) -> None:
    """A7: it is the default."""
    _run(filled)
    assert (len(_left(filled)), _purges(filled)) == (9, [])


def test_a7_retention_purges_old_records_of_resolved_cases_by_the_system(filled: World) -> None:
    """A7"""
    _set(filled, retention_months=3)
    _run(filled)

    assert _left(filled) == ["CAS-1002"] * 3 + ["CAS-1001"] * 3
    (purge,) = _purges(filled)
    assert (purge["requested_by"], purge["name"], purge["state"], purge["records_done"]) == (None, None, "done", 3)
    assert purge["rule"]["before"] == "2026-08-20T12:00:00.000Z"
    assert purge["rule"]["resolved_only"] is True


def test_a7_retention_of_all_cases_if_the_setting_says_so(filled: World) -> None:
    """A7"""
    _set(filled, retention_months=3, retention_resolved_only=False)
    _run(filled)
    assert _left(filled) == ["CAS-1001"] * 3
    assert "resolved_only" not in _purges(filled)[0]["rule"]


def test_a7_retention_asks_once_a_day_and_only_if_there_is_something(filled: World) -> None:
    """A7: the list of purges is no list of days."""
    _set(filled, retention_months=3)
    _run(filled)
    start = NOON - 120 * DAY_MS
    insert_records(filled, "ben", "CAS-1001", range(start, start + 1_000, 1_000), length_ms=500)
    filled.clock.now += DAY_MS - 1
    _run(filled)
    assert len(_purges(filled)) == 1

    filled.clock.now += 1
    _run(filled)
    assert len(_purges(filled)) == 2
    filled.clock.now += DAY_MS
    _run(filled)
    assert len(_purges(filled)) == 2


def test_a7_retention_waits_for_its_purge_that_still_runs(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A7"""
    monkeypatch.setattr(purges, "AT_ONCE", 0)
    _set(filled, retention_months=3)
    assert retention.request_if_due(filled.database, now=filled.clock.now)
    filled.clock.now += 2 * DAY_MS
    assert not retention.request_if_due(filled.database, now=filled.clock.now)
    assert len(_purges(filled)) == 1


@pytest.mark.parametrize("months", [-1, 121, 1.5, "6", None, True])
def test_a7_retention_is_zero_to_120_whole_months(world: World, months: object) -> None:
    """A7"""
    answer = world.client("ada").patch(SETTINGS, json={"retention_months": months})
    assert answer.status_code == 422
    assert world.client("ada").get(SETTINGS).json["retention_months"] == 0


def test_a7_months_before_end_with_the_month(world: World) -> None:
    """A7: there is no 31st of every month, and a year has twelve of them."""
    march = 1_774_915_200_000  # 2026-03-31T00:00:00Z
    assert [iso(retention.months_before(march, months))[:10] for months in (0, 1, 2, 3, 13, 25, 120)] == [
        "2026-03-31", "2026-02-28", "2026-01-31", "2025-12-31", "2025-02-28", "2024-02-29", "2016-03-31",
    ]  # fmt: skip
