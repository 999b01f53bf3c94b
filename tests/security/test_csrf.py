"""A page of another site can send our cookie along; it cannot change anything with it (X81)."""

import json

import pytest
from sqlalchemy import text

from tests.accounts.signing_in import add_eva, signed_in
from tests.conftest import World
from tests.reports_of_agents import Page
from tests.security.routes import routes

BODY = {"title": "forged", "enabled": False, "note": "forged", "duration_seconds": 60, "rule": {"resolved_only": True}}
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "text/plain;application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/vnd.api+json",
    "application/octet-stream",
    "",
]
BY_ORIGIN = "agent.post_report"
TABLES = ("cases", "time_logs", "activities", "tracker_records", "tracking_settings", "tokens", "people", "resolutions")


def _state(world: World) -> list[object]:
    """Everything that a forged call could change."""
    return [
        [tuple(row) for row in world.read(lambda db, table=table: db.execute(text(f"SELECT * FROM {table}")).all())]
        for table in (*TABLES, "user_sessions")
    ]


def test_no_unsafe_route_takes_the_cookie_without_its_token_in_any_content_type(world: World) -> None:
    """X81: an administrator's cookie, so that no missing right hides a missing check."""
    add_eva(world, "adele", role="administrator")
    client = signed_in(world, "adele")
    right = client.environ_base.pop("HTTP_X_CSRF_TOKEN")
    unsafe = [route for route in routes(world.app) if not route.is_safe]
    assert len(unsafe) > 12
    before = _state(world)

    for route in unsafe:
        for content_type in CONTENT_TYPES:
            for token in (None, "", "null", right[:-1], right + "x", right.swapcase()):
                headers = {} if token is None else {"X-CSRF-Token": token}
                answer = client.open(
                    route.address(),
                    method=route.method,
                    data=json.dumps(BODY),
                    content_type=content_type,
                    headers=headers,
                )
                assert answer.status_code == 403, (route, content_type, token)

    assert _state(world) == before


def test_the_token_is_not_taken_from_the_address_or_another_cookie(world: World) -> None:
    """X81"""
    add_eva(world)
    client = signed_in(world)
    token = client.environ_base.pop("HTTP_X_CSRF_TOKEN")
    client.set_cookie("X-CSRF-Token", token)
    client.set_cookie("csrf_token", token)

    assert client.post(f"/api/v1/cases?csrf_token={token}&X-CSRF-Token={token}", json={"title": "x"}).status_code == 403


def test_the_token_of_somebody_else_is_none(world: World) -> None:
    """X81"""
    add_eva(world)
    add_eva(world, "eve")
    eva, eve = signed_in(world), signed_in(world, "eve")
    eva.environ_base["HTTP_X_CSRF_TOKEN"] = eve.environ_base["HTTP_X_CSRF_TOKEN"]

    assert eva.post("/api/v1/cases", json={"title": "x"}).status_code == 403


def test_a_get_changes_nothing(world: World) -> None:
    """X81: what a link or a picture of another site can ask for with the cookie."""
    add_eva(world, "adele", role="administrator")
    client = signed_in(world, "adele")
    before = _state(world)

    for route in routes(world.app):
        if route.is_safe:
            with client.get(route.address()) as answer:
                assert answer.status_code < 500, route
    assert client.get("/sign-out").status_code == 405

    assert _state(world) == before


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost.evil", "https://localhost"])
def test_the_road_for_reports_takes_the_cookie_from_our_own_pages_alone(world: World, origin: str | None) -> None:
    """X71, X73, X81: a page that is closed cannot set a header, so its origin is what counts."""
    add_eva(world)
    client = signed_in(world)
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(minutes=1))
    body = page.report(world.clock.now)
    headers = {} if origin is None else {"Origin": origin}

    assert client.post("/api/v1/agent/reports", json=body, headers=headers).status_code == 403
    assert world.tracking.store.representatives() == []
    assert client.post("/api/v1/agent/reports", json=body, headers={"Origin": "http://localhost"}).status_code == 200


def test_a_foreign_page_may_not_read_the_answers(world: World) -> None:
    """X81: no CORS header for an origin that the operator did not name."""
    add_eva(world)
    client = signed_in(world)
    for origin in ("https://evil.example", "null", "http://localhost.evil"):
        for method in ("GET", "OPTIONS"):
            asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
            answer = client.open("/api/v1/cases", method=method, headers=asked)
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control")], (origin, method)
