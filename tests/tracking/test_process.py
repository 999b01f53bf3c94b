"""The server as a process: how it starts, how it stops, and that neither loses anything."""

import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.clock import to_instant
from tests.outside_client import AgentSocket, Outbox, OutsideAgent, wall_ms
from tests.server_process import STOP_S, ServerProcess
from tests.waiting import until

Browser = Callable[[ServerProcess], OutsideAgent]

HOUR_LONG = {"CASECLOCK_SECONDS_PER_MINUTE": "60"}
"""The update interval is ten real minutes: nothing is committed but by a stop."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ServerProcess:
    """A demo that was started and stopped, with tokens, for tests to begin with a copy of."""
    with ServerProcess(tmp_path_factory.mktemp("template"), demo=True, environment=HOUR_LONG) as server:
        server.token("ana")
        server.token("ben")
        assert server.terminate() == 0
    return server


@pytest.fixture
def make(tmp_path: Path, template: ServerProcess) -> Iterator[Callable[..., ServerProcess]]:
    """Starts demo servers, each on its own copy of the demo's data; ends them."""
    with ExitStack() as stack:

        def start(**options: Any) -> ServerProcess:
            server = ServerProcess(tmp_path / "data", demo=True, environment=HOUR_LONG, **options)
            shutil.copytree(template.folder, server.folder, ignore=shutil.ignore_patterns("*.log"))
            server.tokens.update(template.tokens)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def browser() -> Iterator[Callable[[ServerProcess], OutsideAgent]]:
    """Makes browsers of ana; closes their sockets."""
    made: list[OutsideAgent] = []

    def of(server: ServerProcess) -> OutsideAgent:
        made.append(OutsideAgent(server.base_url, server.token("ana")))
        return made[-1]

    yield of
    for agent in made:
        agent.cut()


def work(agent: OutsideAgent, minutes: int = 3, case: str = "CAS-1001") -> Outbox:
    """An outbox full of work that ended now, on a page that lives on."""
    outbox = agent.open()
    end = wall_ms()
    for place in range(minutes * 3 + 1):
        at = end - (minutes * 3 - place) * 20_000
        outbox.add(at, 10_000_000 + at - end, "beat" if place else "open", case=case)
    return outbox


def automatic_seconds(server: ServerProcess, ref: str = "CAS-1001") -> int:
    status, body = server.call("GET", f"/api/v1/cases/{ref}/handling-time", token=server.token("ana"))
    assert status == 200
    return int(body["automatic_seconds"])


def stop(server: ServerProcess, number: int, *, to_group: bool = False) -> int:
    started = time.monotonic()
    server.send_signal(number, to_group=to_group)
    code = server.wait()
    assert time.monotonic() - started < STOP_S
    return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_commits_everything_says_goodbye_and_ends_with_0(
    make: Callable[..., ServerProcess], browser: Browser, number: int
) -> None:
    server = make()
    agent = browser(server)
    outbox = work(agent)
    assert agent.deliver(outbox)
    assert automatic_seconds(server) == 0
    with AgentSocket(server.base_url) as other:
        other.hello(server.token("ben"))
        assert stop(server, number) == 0
        assert other.close_code() == 1012
    assert agent.socket is not None
    assert agent.socket.close_code() == 1012
    agent.listen()
    kinds = [message["type"] for message in agent.socket.heard]
    assert "sync" in kinds, "asked for a last beat"
    assert {"type": "committed", "stream": outbox.stream, "seq": outbox.newest - 1} in agent.socket.heard
    server.start()
    assert automatic_seconds(server) == 180


@pytest.mark.parametrize(
    ("number", "script"),
    [
        (signal.SIGTERM, "{serve}"),
        (signal.SIGINT, "{serve}; exit $?"),
        (signal.SIGINT, "trap '' INT; exec {serve}"),
        (signal.SIGINT, "{serve} & wait $!; exit $?"),
        (signal.SIGTERM, "{serve} & wait $!; exit $?"),
    ],
)
def test_whatever_started_it_a_signal_to_the_group_ends_it_cleanly(
    make: Callable[..., ServerProcess], browser: Browser, number: int, script: str
) -> None:
    """As ctrl-C in a terminal, and a supervisor, do it."""
    server = make(launcher=["sh", "-c", script])
    agent = browser(server)
    assert agent.deliver(work(agent, 1))
    stop(server, number, to_group=True)
    until(lambda: not listens(server.port), what="the server itself has ended too")
    assert agent.socket is not None
    assert agent.socket.close_code() == 1012
    server.start()
    assert automatic_seconds(server) == 60


def test_a_signal_that_comes_twice_at_once_counts_as_one(make: Callable[..., ServerProcess], browser: Browser) -> None:
    """make hears of a group's SIGTERM and sends its child another."""
    server = make()
    agent = browser(server)
    assert agent.deliver(work(agent, 1))
    server.send_signal(signal.SIGTERM)
    until(lambda: "Stopping" in server.log, what="the first one was heard")
    assert stop(server, signal.SIGTERM) == 0
    server.start()
    assert automatic_seconds(server) == 60


def test_a_last_beat_at_the_stop_makes_the_commit_exact(make: Callable[..., ServerProcess], browser: Browser) -> None:
    server = make()
    agent = browser(server)
    outbox = work(agent, 1)
    for event in outbox.held:
        event["at"] -= 15_000
        event["mono"] -= 15_000
    assert agent.deliver(outbox)
    assert agent.socket is not None
    server.send_signal(signal.SIGTERM)
    agent.socket.next("sync")
    outbox.add(wall_ms(), 10_000_000 + 1, "beat", case="CAS-1001")
    beat = outbox.held[-1]
    beat["mono"] = outbox.held[0]["mono"] + beat["at"] - outbox.held[0]["at"]
    agent.send(outbox, since=outbox.newest)
    assert server.wait() == 0
    server.start()
    assert 75 <= automatic_seconds(server) <= 80


def test_a_kill_in_the_middle_and_a_resend_lose_nothing(make: Callable[..., ServerProcess], browser: Browser) -> None:
    """X51: what was not committed comes again from the browsers, and counts once."""
    server = make()
    agent = browser(server)
    first = work(agent, 2)
    assert agent.deliver(first)
    refresh = "/api/v1/cases/CAS-1001/handling-time/refresh"
    assert server.call("POST", refresh, token=server.token("ana"))[1]["automatic_seconds"] == 120
    agent.listen()
    assert first.committed == first.newest - 1
    end = first.held[-1]
    for step in (1, 2):
        first.add(end["at"] + step * 10, end["mono"] + step * 10, "beat", case="CAS-1001")
    now = wall_ms()
    closed = first.add(now, end["mono"] + now - end["at"], "close", case=None, focused=False)
    assert agent.deliver(first)
    server.kill()
    agent.cut()
    server.start()
    assert automatic_seconds(server) == 120
    first.received = first.committed
    assert agent.deliver(first)
    server.call("POST", refresh, token=server.token("ana"))
    until(lambda: (agent.listen(), not first.held)[1], what="all of it is durable")
    _, page = server.call("GET", "/api/v1/tracker-records?case=CAS-1001", token=server.token("ana"))
    records = sorted((instant_ms(item["started_at"]), instant_ms(item["ended_at"])) for item in page["items"])
    assert records == [(end["at"] - 120_000, end["at"]), (end["at"], closed["at"])]


def instant_ms(text: str) -> int:
    return to_instant(datetime.fromisoformat(text))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_in_use_is_said_in_a_line(make: Callable[..., ServerProcess]) -> None:
    server = make()
    done = server.try_run("serve")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{server.port}" in done.stderr
    assert "CASECLOCK_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_its_tables_is_said_in_a_line(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    done = server.try_run("serve")
    assert done.returncode == 2
    assert "caseclock db upgrade" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:1/nothing", "sqlite:////nonexistent/folder/caseclock.sqlite3"]
)
def test_a_database_that_cannot_be_reached_is_said_in_a_line(tmp_path: Path, url: str) -> None:
    done = ServerProcess(tmp_path, database_url=url).try_run("serve")
    assert done.returncode == 2
    assert "CASECLOCK_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_works_from_nothing_with_the_commands_of_the_manual(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        server.add_person("mia", time_zone="Europe/Berlin")
        token = server.token("mia")
        assert server.call("GET", "/api/v1/cases", token=token) == (200, {"items": [], "next_cursor": None})
        assert "Caseclock is at " + server.base_url in server.log
        assert server.terminate() == 0


def test_serve_works_on_postgresql(tmp_path: Path, request: pytest.FixtureRequest, browser: Browser) -> None:
    url = request.getfixturevalue("postgresql_server").fresh_database()
    with ServerProcess(tmp_path, database_url=url, environment=HOUR_LONG) as server:
        server.add_person("ana")
        server.call("POST", "/api/v1/cases", {"ref": "CAS-1001", "title": "A case"}, token=server.token("ana"))
        agent = browser(server)
        assert agent.deliver(work(agent, 1))
        server.restart()
        assert automatic_seconds(server) == 60


def test_the_demo_keeps_the_file_it_finds(make: Callable[..., ServerProcess]) -> None:
    server = make()
    ana = server.token("ana")
    assert server.call("POST", "/api/v1/cases", {"title": "Mine"}, token=ana)[0] == 201
    _, before = server.call("GET", "/api/v1/cases", token=ana)
    server.restart()
    assert server.call("GET", "/api/v1/cases", token=ana) == (200, before)


def test_the_demo_prints_where_it_is_and_how_to_sign_in(make: Callable[..., ServerProcess]) -> None:
    server = make()
    for words in (server.base_url, "ana", "ben", "sam", "ada", "caseclock-demo"):
        assert words in server.log


def test_a_stop_is_quick_with_many_agents_connected(make: Callable[..., ServerProcess], browser: Browser) -> None:
    """X20: closed with 1012, spread over a moment, committed, gone."""
    server = make()
    agent = browser(server)
    assert agent.deliver(work(agent, 1))
    sockets = []
    for place in range(100):
        sockets.append(AgentSocket(server.base_url))
        sockets[-1].hello(server.token(("ana", "ben")[place % 2]))
    assert stop(server, signal.SIGTERM) == 0
    assert {one.close_code() for one in sockets} == {1012}
    for one in sockets:
        one.cut()
    server.start()
    assert automatic_seconds(server) == 60


def test_the_folder_of_the_data_is_private(make: Callable[..., ServerProcess]) -> None:
    """A server without a given key keeps one that only its owner can read."""
    server = make()
    del server.environment["CASECLOCK_SECRET_KEY"]
    server.restart()
    key = server.folder / "secret_key"
    assert key.stat().st_mode & 0o077 == 0
