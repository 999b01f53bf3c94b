"""`python -m bench [--rounds N]`: three comparisons, each several rounds in turn, medians and ratios."""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec
from sqlalchemy import insert, select

from bench.load import Agent, connect, exchange, frame, read_one
from bench.servers import Running, caseclock, echo
from server import migrate
from server.accounts.models import REPRESENTATIVE, Person
from server.accounts.tokens import issue_token
from server.cases import cases
from server.clock import system_clock
from server.config import Limits
from server.db import Database
from server.settings import CurrentSettings, TrackingSettings
from server.tracking import commit as commits
from server.tracking import wire
from server.tracking.intake import take_report
from server.tracking.service import Tracking

AGENTS = 100
MESSAGES_EACH = 400
WINDOW = 16
IDLE_CONNECTIONS = 1_000
DUE = 10_000


@dataclass
class Row:
    """One line of the table; `better` says which way the goal looks."""

    name: str
    ours: str
    beside: str
    ratio: float
    goal: float
    better: str

    def text(self) -> str:
        met = self.ratio >= self.goal if self.better == "more" else self.ratio <= self.goal
        sign = ">=" if self.better == "more" else "<="
        verdict = "met" if met else "MISSED"
        return f"{self.name:<28}{self.ours:>20}{self.beside:>20}{self.ratio:>8.2f}   {sign} {self.goal}  {verdict}"


def main() -> None:
    """Run every comparison and print the table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison, in turn")
    rounds = parser.parse_args().rounds
    rows = [*events(rounds), memory(), commit_of_many(rounds)]
    print(f"{'':<28}{'caseclock':>20}{'bare':>20}{'ratio':>8}   goal")
    for row in rows:
        print(row.text())


def events(rounds: int) -> list[Row]:
    """Reports of one event against a bare echo of the same frames."""
    ours, bare, cpu_ours, cpu_bare = [], [], [], []
    with caseclock() as server, echo() as other:
        tokens = _people(f"sqlite:///{server.data_dir}/caseclock.sqlite3", AGENTS)
        for _ in range(rounds):
            agents = [_hello(server, token) for token in tokens]
            rate, cpu = _rate(server, agents)
            ours.append(rate)
            cpu_ours.append(cpu)
            others = [connect(other.port) for _ in range(AGENTS)]
            for agent in others:
                agent.frames = _reports(str(uuid4()))
            rate, cpu = _rate(other, others)
            bare.append(rate)
            cpu_bare.append(cpu)
    return [
        Row("events/s, one a message", _k(ours), _k(bare), _median_ratio(ours, bare), 0.5, "more"),
        Row(
            "server CPU us/event",
            f"{statistics.median(cpu_ours):.0f}",
            f"{statistics.median(cpu_bare):.0f}",
            _median_ratio(cpu_ours, cpu_bare),
            2.0,
            "less",
        ),
    ]


def memory() -> Row:
    """Memory of connected agents against bare connections."""
    with caseclock() as server:
        tokens = _people(f"sqlite:///{server.data_dir}/caseclock.sqlite3", IDLE_CONNECTIONS)
        _hello(server, tokens[0])
        ours = _growth(server, lambda: [_reported(_hello(server, token)) for token in tokens])
    with echo() as server:
        connect(server.port)
        bare = _growth(server, lambda: [_echoed(connect(server.port)) for _ in range(IDLE_CONNECTIONS)])
    return Row("KiB a connected agent", f"{ours:.1f}", f"{bare:.1f}", ours / bare, 1.5, "less")


def commit_of_many(rounds: int) -> Row:
    """A commit of many due representatives against bare inserts of the rows that it wrote."""
    ours, bare = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="caseclock-bench-") as folder:
            path = Path(folder) / "caseclock.sqlite3"
            tracking = _due_tracking(f"sqlite:///{path}")
            everyone = tracking.store.representatives()
            began = time.perf_counter()
            done = commits.commit(tracking, everyone, now=system_clock())
            ours.append(time.perf_counter() - began)
            if done.records != DUE:
                raise RuntimeError(f"{done.records} records instead of {DUE}")
            tracking.database.close()
            bare.append(_bare_inserts(path, Path(folder) / "bare.sqlite3"))
    return Row(
        f"commit of {DUE:,}",
        f"{statistics.median(ours):.2f} s",
        f"{statistics.median(bare):.2f} s",
        _median_ratio(bare, ours),
        0.3,
        "more",
    )


def _rate(server: Running, agents: list[Agent]) -> tuple[float, float]:
    """(messages a second, server microseconds of processor a message)."""
    count = sum(len(agent.frames) for agent in agents)
    before = server.cpu_s()
    seconds = exchange(agents, window=WINDOW)
    used = server.cpu_s() - before
    for agent in agents:
        agent.sock.close()
    return count / seconds, used / count * 1e6


def _hello(server: Running, token: str) -> Agent:
    agent = connect(server.port)
    stream = str(uuid4())
    hello = {
        "type": "hello", "protocol": 1, "stream": stream, "app": "workspace", "agent": "bench/1.0",
        "sent_at": system_clock(), "token": token,
    }  # fmt: skip
    agent.sock.sendall(frame(msgspec.json.encode(hello).decode()))
    read_one(agent)
    agent.frames = _reports(stream)
    return agent


def _reported(agent: Agent) -> Agent:
    agent.sock.sendall(agent.frames[0])
    read_one(agent)
    agent.frames = []
    return agent


def _echoed(agent: Agent) -> Agent:
    agent.sock.sendall(_reports(str(uuid4()))[0])
    read_one(agent)
    return agent


def _reports(stream: str) -> list[bytes]:
    """Reports of one beat each, as an agent sends them."""
    now = system_clock() - MESSAGES_EACH * 1000
    return [
        frame(msgspec.json.encode(_report(stream, seq, now + seq * 1000)).decode())
        for seq in range(1, MESSAGES_EACH + 1)
    ]


def _report(stream: str, seq: int, at: int) -> dict[str, object]:
    return {
        "type": "report",
        "stream": stream,
        "first": 1,
        "sent_at": at,
        "events": [_event(seq, at, seq * 1000)],
    }


def _event(seq: int, at: int, mono: int) -> dict[str, object]:
    return {
        "seq": seq, "at": at, "mono": mono, "cause": "beat", "visible": True, "focused": True, "locked": False,
        "idle": False, "session": {"id": "s1", "kind": "case", "case": "CAS-1"}, "app_tab": None,
        "form": {"id": "main", "tracked": True, "widget": True},
    }  # fmt: skip


def _people(database_url: str, count: int) -> list[str]:
    """Representatives with a token each, and the case they work on."""
    database = Database(database_url)
    tokens = []

    def add(session) -> None:  # type: ignore[no-untyped-def]
        cases.create(session, ref="CAS-1", title="Bench", now=0)
        session.execute(
            insert(Person),
            [
                {
                    "id": number, "username": f"rep{number}", "name": f"Rep {number}", "role": REPRESENTATIVE,
                    "password_hash": "!", "time_zone": "UTC", "active": True, "session_epoch": 0, "created_at": 0,
                }
                for number in range(1, count + 1)
            ],
        )  # fmt: skip
        for person in session.scalars(select(Person).order_by(Person.id)):
            tokens.append(issue_token(session, person, now=system_clock()))  # noqa: PERF401 - each is a row too

    database.write(add)
    database.close()
    return tokens


def _due_tracking(database_url: str) -> Tracking:
    """A tracking in which `DUE` representatives have ten minutes on a case each."""
    migrate.upgrade(database_url)
    _people(database_url, DUE)
    database = Database(database_url)
    now = system_clock()
    tracking = Tracking(database, CurrentSettings(TrackingSettings()), Limits(), system_clock, 60.0)
    for number in range(1, DUE + 1):
        stream = str(uuid4())
        body = {
            "type": "report", "stream": stream, "first": 1, "sent_at": now,
            "events": [_event(seq, now - 600_000 + seq * 20_000, seq * 20_000) for seq in range(1, 31)],
        }  # fmt: skip
        report, _ = wire.decode_report(msgspec.json.encode(body), max_events=300)
        take_report(tracking, report, representative_id=number, app="workspace", now=now)
    return tracking


def _bare_inserts(written: Path, path: Path) -> float:
    """Seconds to insert the rows of a commit into the same tables with nothing around."""
    tables = ("tracker_records", "case_totals", "daily_totals", "stream_cursors")
    migrate.upgrade(f"sqlite:///{path}")
    _people(f"sqlite:///{path}", DUE)
    source = sqlite3.connect(written)
    rows = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    source.close()
    target = sqlite3.connect(path, isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=FULL")
    target.execute("PRAGMA foreign_keys=ON")
    began = time.perf_counter()
    for place in range(0, DUE, commits.BATCH):
        target.execute("BEGIN IMMEDIATE")
        for table in tables:
            batch = rows[table][place : place + commits.BATCH]
            marks = ",".join("?" * len(batch[0]))
            target.executemany(f"INSERT INTO {table} VALUES ({marks})", batch)
        target.execute("COMMIT")
    seconds = time.perf_counter() - began
    target.close()
    return seconds


def _growth(server: Running, connect_all: Callable[[], list[Agent]]) -> float:
    before = server.resident_kib()
    agents = connect_all()
    grown = server.resident_kib() - before
    for agent in agents:
        agent.sock.close()
    return grown / len(agents)


def _median_ratio(ours: list[float], bare: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, bare, strict=True))


def _k(rates: list[float]) -> str:
    return f"{statistics.median(rates) / 1000:.1f} k"


if __name__ == "__main__":
    main()
