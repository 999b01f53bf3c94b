"""Logs: one line for what happened, with the id of its request, without what is nobody's business."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server import logs
from tests.conftest import World
from tests.outside_client import AgentSocket, OutsideAgent
from tests.server_process import ServerProcess
from tests.tracking.test_process import automatic_seconds, work

Configured = Callable[..., io.StringIO]
SECRET = "the-secret-of-a-customer"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """Configures the logs as the command does and returns what they write to; afterwards all is as before."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("apscheduler", "alembic")}

    def configure(stream: Any = None, **options: str) -> Any:
        root.handlers[:] = []
        written = io.StringIO() if stream is None else stream
        monkeypatch.setattr(sys, "stderr", written)
        logs.configure(**{"log_format": "json", "level": "info"} | options)
        return written

    yield configure
    root.handlers[:] = before
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def _lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


# --- lines


def test_a_line_of_json_says_when_how_grave_who_and_what(configured: Configured) -> None:
    written = configured()

    logging.getLogger("server.somewhere").warning("%d people", 3, extra={"fields": {"role": "king", "count": 3}})

    (line,) = _lines(written)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "server.somewhere",
        "message": "3 people",
        "fields": {"role": "king", "count": 3},
    }


def test_a_line_of_text_has_its_fields_behind_the_words(configured: Configured) -> None:
    written = configured(log_format="text")

    logging.getLogger("server.somewhere").warning(
        "%d people", 3, extra={"fields": {"role": "king", "count": 3, "why": 'a "b"=c'}}
    )

    assert written.getvalue().endswith(' WARNING server.somewhere: 3 people role=king count=3 why="a \\"b\\"=c"\n')


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_no_line_can_be_forged(configured: Configured, log_format: str) -> None:
    """X84: by the message, by a field, nor by what an exception says."""
    written = configured(log_format=log_format)
    forged = "x\r\n2026-11-20 12:00:00,000 ERROR server: forged\x1b[2J\u2028\x85y"

    logging.getLogger("server").warning("%s", forged, extra={"fields": {"ref": forged}})
    try:
        raise ValueError(forged)
    except ValueError:
        logging.getLogger("server").exception("failed")

    lines = written.getvalue().split("\n")
    assert not any(line.startswith("2026-11-20 12") for line in lines)
    assert not any(char in written.getvalue() for char in "\r\x1b\u2028\x85")
    if log_format == "json":
        assert len(lines) == 3
        assert all(json.loads(line)["logger"] == "server" for line in lines[:-1])
        assert "forged" in json.loads(lines[1])["exc_info"]


def test_what_is_below_the_level_is_not_written(configured: Configured) -> None:
    written = configured(level="error")

    logging.getLogger("server").warning("a word")

    assert written.getvalue() == ""


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_a_value_in_an_error_of_the_database_is_left_out(
    configured: Configured, each_world: World, log_format: str
) -> None:
    written = configured(log_format=log_format)
    insert = text(
        "INSERT INTO time_logs (case_id, representative_id, duration_seconds, description, worked_at, created_at, "
        "changed_at) VALUES (1, 1, 0, :words, 0, 0, 0)"
    )
    for words in (SECRET, f"{SECRET}\n{SECRET}"):
        with pytest.raises(DBAPIError) as caught:
            each_world.write(lambda session, words=words: session.execute(insert, {"words": words}))
        logging.getLogger("server").error("refused: %s", caught.value, exc_info=caught.value)

    assert "time_logs" in written.getvalue()
    assert SECRET not in written.getvalue()


class _Full(io.StringIO):
    """A log on a disk that is full."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_lines_that_cannot_be_written_are_dropped_and_counted(configured: Configured) -> None:
    """X55"""
    configured(_Full())
    assert logs.dropped_lines() == 0

    for _ in range(3):
        logging.getLogger("server").error("nobody will read this")

    assert logs.dropped_lines() == 3


# --- requests


def _failing(app: Flask, endpoint: str = "cases.list_cases") -> None:
    def view(**_: object) -> None:
        raise RuntimeError("broken")

    app.view_functions[endpoint] = view


def test_a_request_has_an_id_in_its_answer_its_problem_and_its_log(configured: Configured, world: World) -> None:
    written = configured()
    _failing(world.app)

    answer = world.client("ana").get("/api/v1/cases", headers={"X-Request-ID": "proxy-4711.a:b_c"})

    assert answer.headers["X-Request-ID"] == answer.json["request_id"] == "proxy-4711.a:b_c"
    lines = [line for line in _lines(written) if "unexpected error" in line["message"]]
    assert [line["request_id"] for line in lines] == ["proxy-4711.a:b_c"]


@pytest.mark.parametrize("given", [None, "", "abc", "x" * 65, "a b c d", "-abcd", "a\tbcd", "abc\xe9d", "<script>"])
def test_an_id_that_is_not_sane_is_replaced(world: World, given: str | None) -> None:
    """X84"""
    headers = {} if given is None else {"X-Request-ID": given}

    ids = {world.client().get("/healthz", headers=headers).headers["X-Request-ID"] for _ in range(2)}

    assert len(ids) == 2
    assert all(len(one) == 16 and one.isalnum() for one in ids)


def test_ordinary_requests_log_only_their_route_and_only_when_asked_to(configured: Configured, world: World) -> None:
    written = configured(level="debug")
    world.client("ada").post("/api/v1/cases", json={"ref": "CAS-9", "title": SECRET, "description": SECRET})
    world.client("ana").post(
        "/api/v1/cases/CAS-9/time-logs",
        json={"duration_seconds": 60, "description": SECRET, "worked_at": "2026-11-20T10:00:00Z"},
    )
    world.client("ana").post("/api/v1/cases/CAS-9/time-logs", json={"description": SECRET})
    world.client("ana").get(f"/api/v1/cases?search={SECRET}")
    world.client().post("/sign-in", data={"username": "ana", "password": SECRET})

    seen = {
        (line["fields"]["method"], line["fields"]["route"])
        for line in _lines(written)
        if "route" in line.get("fields", {})
    }
    assert ("GET", "/api/v1/cases") in seen
    assert SECRET not in written.getvalue()
    assert not any(token in written.getvalue() for token in world.tokens.values())

    quiet = configured(level="info")
    world.client("ana").get("/api/v1/cases")
    assert quiet.getvalue() == ""


# --- the process


def test_a_server_logs_lines_of_json_alone(tmp_path: Path) -> None:
    environment = {"CASECLOCK_LOG_FORMAT": "json", "CASECLOCK_LOG_LEVEL": "debug"}
    with ServerProcess(tmp_path, environment=environment) as server:
        server.add_person("ana")
        with AgentSocket(server.base_url, headers=["X-Request-ID: socket-of-ana"]) as agent:
            agent.hello(server.token("ana"))
        server.call("GET", "/api/v1/cases?search=x", token=server.token("ana"), headers={"X-Request-ID": "list-of-ana"})
        assert server.terminate() == 0
        lines = [json.loads(line) for line in server.log.splitlines() if not line.startswith("Caseclock is at")]

    assert any("Stopping" in line["message"] for line in lines)
    assert [line["fields"]["route"] for line in lines if line.get("connection_id") == "socket-of-ana"] == ["/agent"]
    assert [line["fields"]["status"] for line in lines if line.get("request_id") == "list-of-ana"] == [200]
    assert server.token("ana") not in server.log


def test_a_full_log_disk_stops_neither_the_start_nor_the_work_nor_the_last_commit(tmp_path: Path) -> None:
    """X55: standard output and error both lead to a device that is always full."""
    launcher = ["sh", "-c", "exec {serve} >/dev/full 2>&1"]
    buffered = {"PYTHONUNBUFFERED": ""}  # as it is run without the tests
    with ServerProcess(tmp_path, launcher=launcher, environment=buffered) as server:
        server.add_person("ana")
        server.call("POST", "/api/v1/cases", {"ref": "CAS-1001", "title": "A case"}, token=server.token("ana"))
        agent = OutsideAgent(server.base_url, server.token("ana"))
        assert agent.deliver(work(agent, 2))
        assert "caseclock_log_lines_dropped_total 0.0" not in server.call("GET", "/metrics")[1]
        assert server.terminate() == 0
        agent.cut()
        server.start()
        assert automatic_seconds(server) == 120
