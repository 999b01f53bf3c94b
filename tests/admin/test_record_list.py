"""A5: every order and filter of the list answers what a sort of everything would, whichever way it takes there."""

from itertools import product
from typing import Any, TypeAlias

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.admin import record_list
from server.admin.records import Filter
from server.cases.models import Case
from server.tracking.models import TrackerRecord
from tests.conftest import NOON, World
from tests.work import insert_records

URL = "/api/v1/tracker-records"
MINUTE_MS = 60_000
DAY_MS = 24 * 3_600_000
Everything: TypeAlias = list[tuple[TrackerRecord, Case]]
FILTERS: tuple[dict[str, Any], ...] = tuple(
    {name: value for name, value in zip(("case", "representative", "status", "period"), values, strict=True) if value}
    for values in product((None, "CAS-1002"), (None, "ana"), (None, "active", "resolved"), (None, "short", "long"))
)
PERIODS = {
    "short": {"since": NOON - DAY_MS, "before": NOON - DAY_MS + 90 * MINUTE_MS},
    "long": {"since": NOON - 3 * DAY_MS, "before": NOON},
}


@pytest.fixture(params=["along the order", "by parts"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Records that are looked at in the order in which they are sorted, or all of those that a name has."""
    is_by_parts = request.param == "by parts"
    monkeypatch.setattr(record_list, "_FEW", 10_000 if is_by_parts else 0)
    monkeypatch.setattr(record_list, "_are_few", lambda *_: is_by_parts)
    return str(request.param)


@pytest.fixture
def filled(each_world: World) -> World:
    """Ends that several share, durations that many share, an old case that is active and others that are resolved."""
    for day, (who, case) in enumerate(product(("ana", "ben"), ("CAS-1001", "CAS-1002", "CAS-1003"))):
        first = NOON - (3 - day % 3) * DAY_MS + (day // 3) * 5 * MINUTE_MS
        for number, length in enumerate((1, 3, 2)):
            starts = range(first + number * 40 * MINUTE_MS, first + number * 40 * MINUTE_MS + 2, 4)
            insert_records(each_world, who, case, starts, length_ms=length * MINUTE_MS)
        many = range(first + 200 * MINUTE_MS, first + 230 * MINUTE_MS, 5 * MINUTE_MS)
        insert_records(each_world, who, case, many, length_ms=5 * MINUTE_MS)
    for ref in ("CAS-1002", "CAS-1003"):
        assert each_world.client("ada").put(f"/api/v1/cases/{ref}/resolution", json={}).status_code == 200
    return each_world


def _all(world: World) -> Everything:
    query = select(TrackerRecord, Case).join(Case, Case.id == TrackerRecord.case_id)
    return list(world.read(lambda session: [tuple(row) for row in session.execute(query)]))


def _expected(world: World, everything: Everything, chosen: Filter, sort: str) -> list[int]:
    """The slow way: look at everything, then sort."""
    fits = [
        record
        for record, case in everything
        if chosen.case in (None, case.ref)
        and chosen.representative
        in (None, *[name for name, id_ in world.ids.items() if id_ == record.representative_id])
        and chosen.status in (None, case.status)
        and (chosen.since is None or record.ended_at >= chosen.since)
        and (chosen.before is None or record.ended_at <= chosen.before)
    ]
    fits.sort(
        key=lambda one: (one.ended_at - one.started_at if "duration" in sort else one.ended_at, one.id),
        reverse=sort.startswith("-"),
    )
    return [one.id for one in fits]


def _listed(world: World, chosen: Filter, sort: str, limit: int) -> list[int]:
    """The ids of all pages."""
    found: list[int] = []
    after = None
    while True:
        rows = world.read(
            lambda session, after=after: record_list.page(session, chosen, limit=limit, sort=sort, after=after)
        )
        found += [row.id for row in rows]
        assert len(found) == len(set(found)), "a page comes twice"
        if len(rows) < limit:
            return found
        after = record_list.place_of(rows[-1], sort)


def test_a5_every_filter_in_every_order_leads_through_all_that_fits(filled: World, way: str) -> None:
    """A5: each record once, in order, whichever way the list takes; the count says how many."""
    everything = _all(filled)
    for asked, sort in product(FILTERS, record_list.SORTS):
        period = PERIODS.get(asked.get("period", ""), {})
        chosen = Filter(**{name: value for name, value in asked.items() if name != "period"}, **period)
        expected = _expected(filled, everything, chosen, sort)

        assert _listed(filled, chosen, sort, limit=7) == expected, (way, asked, sort)
        assert filled.read(lambda session, chosen=chosen: record_list.count(session, chosen)) == len(expected)


def test_a5_names_that_nobody_has_and_conditions_that_contradict_find_nothing(filled: World) -> None:
    """A5"""
    for chosen in (
        Filter(case="NONE"),
        Filter(representative="nobody"),
        Filter(status="active", resolved_only=True),
        Filter(representative="ben", only_of=filled.ids["ana"]),
        Filter(since=NOON, before=NOON - DAY_MS),
    ):
        assert filled.read(lambda session, chosen=chosen: record_list.page(session, chosen, limit=5)) == []
        assert filled.read(lambda session, chosen=chosen: record_list.count(session, chosen)) == 0


def test_a5_the_list_is_sorted_and_filtered_over_http(filled: World) -> None:
    """A5: the cursor goes on in the order that was asked for."""
    ada = filled.client("ada")
    for sort in record_list.SORTS:
        query = {"status": "resolved", "since": "2026-11-17T12:00:00Z", "sort": sort, "limit": 7}
        found, cursor = [], None
        while cursor or not found:
            page = ada.get(URL, query_string=query | ({"cursor": cursor} if cursor else {})).json
            found += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert found == _expected(filled, _all(filled), Filter(status="resolved", since=NOON - 3 * DAY_MS), sort)


def test_a5_the_count_is_exact_up_to_a_bound_and_says_when_it_is_not(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A5: never a count of everything, and never a number that is not so."""
    ada, everything = filled.client("ada"), len(_all(filled))
    assert "count" not in ada.get(URL).json
    exact = ada.get(URL, query_string={"count": "true", "limit": 1}).json
    assert (exact["count"], exact["count_is_exact"]) == (everything, True)
    monkeypatch.setattr(record_list, "MOST_COUNTED", everything - 1)
    more = ada.get(URL, query_string={"count": "true", "limit": 1}).json
    assert (more["count"], more["count_is_exact"]) == (everything - 1, False)


def test_a5_the_count_of_a_representative_is_that_of_their_own(filled: World) -> None:
    """A5"""
    own = filled.client("ana").get(URL, query_string={"count": "true"}).json["count"]
    assert own == len(_expected(filled, _all(filled), Filter(representative="ana"), "ended_at"))


def _steps(world: World, chosen: Filter, sort: str) -> int:
    """What a page and its count cost, in tens of instructions of SQLite's machine."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    def page(session: Session) -> None:
        session.connection().connection.dbapi_connection.set_progress_handler(step, 10)
        assert len(record_list.page(session, chosen, sort=sort, limit=10)) == 10
        record_list.count(session, chosen, most=10)
        session.connection().connection.dbapi_connection.set_progress_handler(None, 10)

    world.read(page)
    return steps


HISTORY = range(0, 36_000_000, 1_000)
"""Starts of records that nobody looks at."""


@pytest.mark.parametrize(
    "chosen",
    [
        Filter(),
        Filter(status="active"),
        Filter(status="resolved"),
        Filter(case="CAS-1002"),
        Filter(representative="ben"),
        Filter(representative="ben", status="active"),
        Filter(representative="ben", status="resolved"),
        Filter(representative="ben", case="CAS-1002"),
        Filter(since=NOON - DAY_MS),
        Filter(since=NOON - DAY_MS, status="resolved"),
        Filter(since=NOON - DAY_MS, representative="ben", status="active"),
    ],
    ids=lambda chosen: ", ".join(name for name in chosen.__slots__ if getattr(chosen, name)) or "everything",
)
@pytest.mark.parametrize("sort", ["-ended_at", "ended_at"])
def test_a5_a_page_reads_no_more_where_there_is_more(world: World, chosen: Filter, sort: str) -> None:
    """A5: what one asks for lies before or behind a long history of somebody's resolved case, which is not read."""
    for case in ("CAS-1001", "CAS-1002", "CAS-1003"):
        insert_records(
            world,
            "ben",
            case,
            range(NOON - DAY_MS + int(case[-1]) * 1_000, NOON - DAY_MS + 300_000, 10_000),
            length_ms=900,
        )
    for case in ("CAS-1001", "CAS-1003"):
        world.client("ada").put(f"/api/v1/cases/{case}/resolution", json={})
    insert_records(world, "ana", "CAS-1001", HISTORY[:600], length_ms=900)
    before = _steps(world, chosen, sort)
    insert_records(world, "ana", "CAS-1001", HISTORY[600:], length_ms=900)

    assert _steps(world, chosen, sort) <= before * 1.25
