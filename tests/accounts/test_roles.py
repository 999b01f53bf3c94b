"""Every route of the application, called by everybody."""

import pytest
from flask import Flask

from tests.conftest import World

PUBLIC = {
    "agent",  # the socket: its first message says who it is
    "api-docs.openapi_json",
    "healthz",
    "metrics",
    "readyz",
    "web.choose_language",
    "web.client",
    "web.post_sign_in",
    "web.sign_in",
    "web.sign_out",
    "web.static",
}
MAY_NOT = {
    "ana": {
        "admin.change_settings",
        "admin.list_audit_log",
        "admin.cancel_purge",
        "admin.get_purge",
        "admin.list_losses",
        "admin.list_purges",
        "admin.purge_records",
        "reports.get_handling_time",
        "reports.get_overview",
        "reports.get_trend",
        "web.admin",
        "web.audit",
        "web.reports",
        "web.supervisor",
    },
    "sam": {
        "admin.cancel_purge",
        "admin.change_settings",
        "admin.get_purge",
        "admin.list_audit_log",
        "admin.list_losses",
        "admin.list_purges",
        "admin.purge_records",
        "web.admin",
        "web.audit",
    },
    "ada": set(),
}
VALUES = {"ref": "CAS-1001", "entry_id": 4711, "username": "ana", "name": "x.js", "purge_id": 4711}


def _calls(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, address) of every route, with values put in."""
    calls = []
    with app.test_request_context():
        adapter = app.create_url_adapter(None)
        assert adapter is not None or app.url_map
        for rule in app.url_map.iter_rules():
            address = app.url_map.bind("localhost").build(rule.endpoint, {one: VALUES[one] for one in rule.arguments})
            calls += [(rule.endpoint, method, address) for method in sorted(rule.methods - {"OPTIONS", "HEAD"})]
    return calls


def _open(world: World, who: str | None, method: str, address: str):  # type: ignore[no-untyped-def]
    return world.client(who).open(address, method=method, json=None if method == "GET" else {})


def test_no_route_that_is_not_public_answers_a_stranger(world: World) -> None:
    calls = [call for call in _calls(world.app) if call[0] not in PUBLIC]
    assert len(calls) > 25

    for endpoint, method, address in calls:
        answer = _open(world, None, method, address)
        if address.startswith("/api/"):
            assert answer.status_code == 401, endpoint
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        else:
            assert answer.status_code == 302, endpoint
            assert answer.headers["Location"].startswith("/sign-in"), endpoint


def test_what_is_public_is_what_we_meant_to_be(world: World) -> None:
    marked = {
        endpoint for endpoint, view in world.app.view_functions.items() if getattr(view, "_caseclock_public", False)
    }

    assert marked - {"agent"} == PUBLIC - {"agent"}


def test_a_bad_token_is_refused_on_every_route(world: World) -> None:
    for endpoint, method, address in _calls(world.app):
        if endpoint == "agent":
            continue
        answer = world.client().open(
            address, method=method, json={}, headers={"Authorization": "Bearer cc_of_somebody_else"}
        )
        assert answer.status_code == 401, endpoint
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("who", ["ana", "sam", "ada"])
def test_each_role_may_what_it_may_and_no_more(world: World, who: str) -> None:
    for endpoint, method, address in _calls(world.app):
        if endpoint in PUBLIC:
            continue
        answer = _open(world, who, method, address)
        if endpoint in MAY_NOT[who]:
            assert answer.status_code == 403, endpoint
            assert answer.content_type == "application/problem+json"
            assert "role" in answer.json["detail"]
        else:
            assert answer.status_code not in (401, 403), (endpoint, answer.text)
            assert answer.status_code < 500, endpoint


def test_head_and_options_are_not_a_way_round(world: World) -> None:
    for method in ("HEAD", "OPTIONS"):
        assert world.client().open("/api/v1/tracker-records", method=method).status_code == 401
    assert world.client("ana").head("/api/v1/reports/representatives").status_code == 403


def test_a_method_in_a_header_is_not_the_method(world: World) -> None:
    headers = {"X-HTTP-Method-Override": "PATCH", "X-Method-Override": "PATCH"}

    answer = world.client("ana").get("/api/v1/settings/tracking", headers=headers, json={"enabled": False})

    assert answer.json["enabled"] is True
