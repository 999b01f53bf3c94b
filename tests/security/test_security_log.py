"""The security log: what is in it, what never is, and that nobody writes lines of their own into it (X84)."""

import json
import logging

import pytest

from server import logs
from server.accounts import security_log
from tests.accounts.signing_in import PASSWORD, add_eva, sign_in, signed_in
from tests.conftest import World

FORGED = "eva\r\n2026-11-20 INFO caseclock.security: sign_in.succeeded username='ada'\u2028\x1b[2J\u202e"


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "caseclock.security")
    return caplog


def _events(log: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [
        {"event": record.getMessage(), **record.fields}  # type: ignore[attr-defined]
        for record in log.records
        if record.name == "caseclock.security"
    ]


def test_sign_ins_refusals_and_throttling_are_logged_with_who_and_where(
    world: World, events: pytest.LogCaptureFixture
) -> None:
    add_eva(world)
    client = world.client()
    events.clear()
    for _ in range(6):
        sign_in(client, "eva", "wrong", address="203.0.113.7")
    client = signed_in(world)
    client.post("/sign-out")

    refused = {"event": "sign_in.refused", "username": "eva", "address": "203.0.113.7"}
    assert _events(events) == [
        *[{**refused, "reason": "wrong"}] * 5,
        {**refused, "reason": "throttled"},
        {"event": "sign_in.succeeded", "username": "eva", "address": "127.0.0.1"},
        {"event": "sign_out", "username": "eva", "address": "127.0.0.1", "everywhere": False},
    ]


def test_refused_rights_are_logged_with_the_route_and_not_with_the_case(
    world: World, events: pytest.LogCaptureFixture
) -> None:
    world.client("ana").patch("/api/v1/settings/tracking", json={"enabled": False})
    world.client().get("/api/v1/cases/CAS-1001", headers={"Authorization": "Bearer cc_stolen"})

    assert _events(events) == [
        {
            "event": "access.refused",
            "status": 403,
            "method": "PATCH",
            "route": "admin.change_settings",
            "username": "ana",
            "address": "127.0.0.1",
        },
        {
            "event": "access.refused",
            "status": 401,
            "method": "GET",
            "route": "cases.get_case",
            "address": "127.0.0.1",
        },
    ]


def test_no_secret_gets_into_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """X84: no password, token or cookie, not even the one that somebody typed as a name."""
    caplog.set_level(logging.DEBUG)
    add_eva(world)
    sign_in(world.client(), "hunter2-hunter2", "a wrong password")
    client = signed_in(world)
    cookies = [cookie.value for name in ("caseclock", "caseclock-device") if (cookie := client.get_cookie(name))]
    form = {"password": "the wrong one", "new_password": "password1234"}
    client.post("/account/password", data=form)
    client.post("/sign-out")
    world.client("ana").patch("/api/v1/settings/tracking", json={})
    world.client().get("/api/v1/cases", headers={"Authorization": "Bearer cc_stolen"})

    assert len(cookies) == 2
    assert "sign_in.refused" in caplog.text
    secrets = [PASSWORD, "hunter2", "a wrong password", "the wrong one", "password1234", "cc_stolen", "cc_", *cookies]
    said = caplog.text + json.dumps([getattr(record, "fields", {}) for record in caplog.records])
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.parametrize("formatter", [logs._TextFormatter(), logs._json_formatter()], ids=["text", "json"])
def test_a_line_end_in_a_field_begins_no_line_of_its_own(
    formatter: logging.Formatter, events: pytest.LogCaptureFixture
) -> None:
    """X84: in neither format, and neither do the characters that move a terminal's cursor or turn its text around."""
    security_log.refused("sign_in.refused", username=FORGED, address="203.0.113.7\n")

    line = formatter.format(events.records[-1])

    assert all(str(value).isprintable() for value in _events(events)[-1].values()), "whatever formats it"
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert "sign_in.refused" in line


def test_what_a_stranger_sends_cannot_write_a_line(world: World, events: pytest.LogCaptureFixture) -> None:
    """X84: name, address, method and path of a request."""
    client = world.client()
    sign_in(client, FORGED, "x")
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7\r\nforged"
    client.get("/api/v1/cases?search=%0d%0aforged", headers={"Authorization": "Bearer x"})

    logged = _events(events)
    assert [one["event"] for one in logged] == ["sign_in.refused", "access.refused"]
    assert {logged[0]["username"], logged[1]["address"]} == {"(unknown)", "unknown"}
    assert "forged" not in str(logged)


def test_a_long_field_is_cut(events: pytest.LogCaptureFixture) -> None:
    security_log.record("x", address="9" * 100_000)

    assert len(str(_events(events))) < 300
