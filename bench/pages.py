"""What each page asks of the server when it is opened, as the requests that its script makes."""

from collections.abc import Callable
from typing import Any, TypeAlias

from bench.worlds import DAY_MS, NOW, RECENT_CASE, REPRESENTATIVE_NAME, World
from server.clock import to_datetime

Page: TypeAlias = Callable[[World], Any]

API = "/api/v1"
ROWS = 50
DAY = to_datetime(NOW - DAY_MS).date().isoformat()
_REPORTS = ("case", "representative", "team", "day", "week", "month")


def _widget(world: World) -> None:
    path, who = f"{API}/cases/{RECENT_CASE}/handling-time", world.representative
    for mine in ("true", "false"):
        world.get(path, client=who, mine=mine, live=mine)
    world.get(f"{API}/settings/tracking", client=who)


def _history(world: World, case: str) -> None:
    world.get(f"{API}/cases/{case}/history", client=world.representative)


def _helpdesk(world: World, page: str) -> None:
    world.get(page, client=world.representative)
    world.get(f"{API}/cases", client=world.representative, limit=ROWS)


def _suggestions(world: World) -> None:
    world.get(f"{API}/cases", limit=200)
    world.get(f"{API}/reports/representatives")


def _supervision(world: World) -> None:
    world.get("/supervisor")
    world.get(f"{API}/reports/representatives")


def _day(world: World, **query: str) -> None:
    found = world.get(f"{API}/reports/representatives/{REPRESENTATIVE_NAME}", day=DAY, **query)
    assert found["spans"]


def _reports(world: World, by: str) -> None:
    """Its period is the last thirty days, and its trend goes by day."""
    world.get("/reports")
    assert world.get(f"{API}/reports/handling-time", by=by, limit=ROWS, week_start="monday")["items"]
    world.get(f"{API}/reports/trend", by=by if by in ("week", "month") else "day", week_start="monday")
    _suggestions(world)


def _administration(world: World) -> None:
    world.get("/admin")
    world.get(f"{API}/settings/tracking")
    world.get(f"{API}/tracker-records", sort="-ended_at", limit=ROWS)
    world.get(f"{API}/tracker-records", sort="-ended_at", limit=1, count="true")
    world.get(f"{API}/purges", state="running")
    world.get(f"{API}/purges", limit=20)
    _suggestions(world)


def _audit(world: World) -> None:
    world.get("/audit")
    world.get(f"{API}/audit-log", limit=ROWS)
    _suggestions(world)


PAGES: dict[str, Page] = {
    "widget panel": _widget,
    "history of a case of these days": lambda world: _history(world, RECENT_CASE),
    "history of an old case": lambda world: _history(world, world.old_case),
    "hub": lambda world: _helpdesk(world, "/hub"),
    "workspace": lambda world: _helpdesk(world, "/workspace"),
    "supervision, everybody": _supervision,
    "supervision, a day": _day,
    "supervision, a week": lambda world: _day(world, range="week"),
    **{f"reports by {by}": lambda world, by=by: _reports(world, by) for by in _REPORTS},  # type: ignore[misc]
    "administration": _administration,
    "audit log": _audit,
}
