"""Errors under `/api/` are problem documents (RFC 9457), whatever went wrong."""

import logging
from typing import Any, NoReturn

import pytest
from sqlalchemy import exc
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from werkzeug.test import TestResponse

from server.db import TooSlow
from tests.conftest import World
from tests.security.routes import routes

CASES = "/api/v1/cases"
LOGS = f"{CASES}/CAS-1001/time-logs"
DEFAULT_ADVICE = "see that the database runs and that CASECLOCK_DATABASE_URL names it"


def _problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem document of an answer that must be one."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body = answer.json
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "request_id"}
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return dict(body)


def test_an_address_that_is_not_there_is_a_404(world: World) -> None:
    for who in (None, "ana"):
        _problem(world.client(who).get("/api/v1/nothing"), 404)
        _problem(world.client(who).post("/api/v2/cases"), 404)


def test_a_wrong_method_is_a_405_that_names_the_right_ones(world: World) -> None:
    answer = world.client("ana").delete(CASES)

    _problem(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_body_that_is_too_large_is_a_413(world: World) -> None:
    body = b'{"title": "' + b"x" * 20_000_000 + b'"}'
    calls = [("POST", CASES), ("PATCH", f"{CASES}/CAS-1001"), ("PUT", f"{CASES}/CAS-1001/resolution"), ("POST", LOGS)]
    for method, address in [*calls, ("PATCH", "/api/v1/settings/tracking"), ("POST", "/api/v1/agent/reports")]:
        for content_type in ("application/json", "text/plain"):
            answer = world.client("ada").open(address, method=method, data=body, content_type=content_type)
            _problem(answer, 413)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", "x", ""],
)
def test_a_body_that_is_not_said_to_be_json_is_a_415_and_changes_nothing(world: World, content_type: str) -> None:
    ada = world.client("ada")
    for method, address, body in [
        ("POST", CASES, '{"title": "x"}'),
        ("PATCH", "/api/v1/settings/tracking", '{"enabled": false}'),
        ("PUT", f"{CASES}/CAS-1001/resolution", '{"note": "x"}'),
        ("PATCH", f"{CASES}/CAS-1001", "title=x"),
    ]:
        answer = ada.open(address, method=method, data=body, content_type=content_type)
        assert "application/json" in _problem(answer, 415)["detail"]
    assert ada.get("/api/v1/settings/tracking").json["enabled"] is True
    assert ada.get(f"{CASES}/CAS-1001").json["status"] == "active"


def test_json_may_carry_a_charset_or_be_a_json_of_another_name(world: World) -> None:
    for content_type in ("application/json; charset=utf-8", "application/vnd.api+json", "APPLICATION/JSON"):
        answer = world.client("ana").post(CASES, data='{"title": "ü"}'.encode(), content_type=content_type)
        assert answer.status_code == 201, content_type


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'title': 'x'}",
        b"\xff\xfe",
        b'{"title": "\xc3"}',
        b"title=x",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"title": ' + b"9" * 5_000 + b"}",
        b'{"title": "x"} trailing',
        b"\x00",
    ],
)
def test_a_body_that_is_not_json_is_a_400(world: World, body: bytes) -> None:
    answer = world.client("ana").post(CASES, data=body, content_type="application/json")

    assert "JSON" in _problem(answer, 400)["detail"]


def test_json_of_the_wrong_shape_is_a_422(world: World) -> None:
    for body in ("null", "[]", "5", '"x"', "true", '[{"title": "x"}]', "NaN", ""):
        _problem(world.client("ana").post(CASES, data=body, content_type="application/json"), 422)


def test_a_422_says_which_field_and_why(world: World) -> None:
    body = {"duration_seconds": "60", "worked_at": "2026-11-20", "surprise": 1}

    problem = _problem(world.client("ana").post(LOGS, json=body), 422)

    assert set(problem["errors"]) == {"duration_seconds", "worked_at", "surprise"}
    assert "Name the zone" in problem["errors"]["worked_at"][0]
    assert "worked_at: Name the zone" in problem["detail"]


def test_a_422_on_a_field_within_a_field_reads_as_a_sentence(world: World) -> None:
    answer = world.client("ada").post("/api/v1/tracker-records/purge", json={"rule": {"before": "x"}})

    problem = _problem(answer, 422)
    assert problem["errors"] == {"rule": {"before": ["Write an instant like 2026-11-20T10:00:00Z."]}}
    assert problem["detail"] == "rule: before: Write an instant like 2026-11-20T10:00:00Z."


def test_a_body_of_very_many_fields_or_one_field_twice_does_no_harm(world: World) -> None:
    many = world.client("ana").post(CASES, json={f"field{number}": 1 for number in range(20_000)})
    _problem(many, 422)
    assert len(many.data) < 5_000
    _problem(world.client("ana").post(CASES, json={"__proto__": {}, "title": "x"}), 422)

    twice = world.client("ana").post(CASES, data='{"title": "a", "title": "b"}', content_type="application/json")
    assert twice.json["title"] == "b"


def _failing(error: Exception) -> Any:
    def view(**_: Any) -> NoReturn:
        raise error

    return view


def test_a_view_that_fails_is_a_500_that_tells_nothing_of_the_inside(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.app.view_functions["cases.list_cases"] = _failing(RuntimeError("secret of the inside"))

    answer = world.client("ana").get(CASES)

    assert "secret" not in answer.text
    assert "logged" in _problem(answer, 500)["detail"]
    assert "secret of the inside" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, Exception("no route to db.internal as caseclock:password")),
        DatabaseError("SELECT 1", {}, Exception("database disk image is malformed, password")),
        exc.TimeoutError("QueuePool limit reached, password"),
        TooSlow(),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("verb", ["read", "write"])
def test_x53_x56_a_database_that_fails_is_a_503_with_a_line_that_says_what_to_do(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: SQLAlchemyError,
    verb: str,
) -> None:
    """X53, X56: whoever reads or writes is asked to come back soon; no traceback is logged."""
    ana = world.client("ana")
    monkeypatch.setattr(type(world.database), verb, _failing_verb(error))

    answer = ana.get(CASES) if verb == "read" else ana.post(CASES, json={"title": "x"})

    assert "password" not in str(_problem(answer, 503))
    assert answer.headers["Retry-After"] == "5"
    (line,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "refused for now" in line.getMessage()
    assert f" - {DEFAULT_ADVICE}" in line.getMessage()
    assert line.exc_info is None


def test_x53_x56_a_page_without_the_database_says_so_in_words_and_when_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X53, X56"""
    away = OperationalError("SELECT 1", {}, Exception("no route"))
    monkeypatch.setattr(type(world.database), "read", _failing_verb(away))

    answer = world.client("ana").get("/workspace", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (503, "text/html", "5")
    assert "The database does not answer" in answer.text


@pytest.mark.parametrize("failing", [("read", "read_long", "write"), ("read_long", "write")], ids=", ".join)
@pytest.mark.parametrize("who", ["ada", None])
def test_x53_x56_no_call_answers_500_while_the_database_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch, who: str | None, failing: tuple[str, ...]
) -> None:
    """X53, X56: each method of each route; what needs the database says when to come back."""
    away = OperationalError("SELECT 1", {}, Exception("no route"))
    client = world.client(who)
    for verb in failing:
        monkeypatch.setattr(type(world.database), verb, _failing_verb(away))

    refused = 0
    for route in routes(world.app):
        with client.open(route.address(), method=route.method, json={} if not route.is_safe else None) as answer:
            assert answer.status_code < 500 or answer.status_code == 503, (route, answer.text)
            if answer.status_code == 503 and route.endpoint != "readyz":
                assert answer.headers["Retry-After"] == "5", route
                refused += 1
    assert refused or who is None


def test_a_statement_that_is_wrong_is_our_fault_and_not_the_database_s(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.app.view_functions["cases.list_cases"] = _failing(ProgrammingError("SELCT", {}, Exception("syntax")))

    _problem(world.client("ana").get(CASES), 500)

    assert [record for record in caplog.records if record.exc_info]


def test_a_database_that_is_away_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    away = OperationalError("SELECT 1", {}, Exception("no route to db.internal as caseclock:password"))
    monkeypatch.setattr(type(world.database), "read", _failing_verb(away))

    ready = world.client().get("/readyz")
    assert ready.status_code == 503
    assert ready.json["status"] == "not ready"
    assert "password" not in ready.text
    assert world.client().get("/healthz").json == {"status": "ok"}


def _failing_verb(error: Exception) -> Any:
    def verb(*_: Any) -> NoReturn:
        raise error

    return verb


def test_two_changes_at_once_that_the_database_refuses_are_a_409(world: World) -> None:
    world.app.view_functions["cases.list_cases"] = _failing(IntegrityError("INSERT", {}, Exception("unique")))

    assert "try again" in _problem(world.client("ana").get(CASES), 409)["detail"]


def test_a_line_of_the_log_cannot_be_forged_by_an_address(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.app.view_functions["reports.get_day"] = _failing(RuntimeError("x"))
    with caplog.at_level(logging.ERROR):
        world.client("ana").get("/api/v1/reports/representatives/a%0d%0aERROR%20forged%1b[2J")

    messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert messages
    assert not any("\n" in message or "\r" in message or "\x1b" in message for message in messages)


def test_a_409_a_403_and_a_401_are_problems_too(world: World) -> None:
    _problem(world.client("ana").delete(f"{CASES}/CAS-1001/resolution"), 409)
    _problem(world.client("ana").patch("/api/v1/settings/tracking", json={}), 403)
    answer = world.client().get(CASES)
    _problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
