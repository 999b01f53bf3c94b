"""A small and a large world of tracker records that differ in how much history they have, and in nothing else.

Both have the same people and the same last thirty days: 600 records of ten days, on 200 cases that are active. Before
that lie three years, over which the rest of the records is spread, fifty to a case, the last tenth of the cases active.
So what a page shows is the same in both; the large one only has more that it does not show.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from server import migrate
from server.accounts.models import ADMINISTRATOR, REPRESENTATIVE, Person
from server.accounts.tokens import issue_token
from server.app import create_app
from server.clock import iso
from server.config import Config, Limits
from server.db import Database, database
from tests import postgresql

FEW = 1_000
NOW = 1_795_176_000_000
DAY_MS = 24 * 3_600_000
PEOPLE, RECENT, RECENT_CASES, ENTRIES = 20, 600, 200, 100
RECENT_MS, BEFORE_MS, YEARS_MS = 10 * DAY_MS, 30 * DAY_MS, 3 * 365 * DAY_MS
RECORDS_OF_A_CASE = 50
REPRESENTATIVE_NAME, RECENT_CASE = "rep7", "R7"
LIMITS = Limits(calls_burst=10**9)


class World:
    """An application on a database of so many records, asked as an administrator or as a representative."""

    def __init__(self, url: str, records: int, folder: Path) -> None:
        self.url, self.records, self.old = url, records, records - RECENT
        self.cases = self.old // RECORDS_OF_A_CASE
        migrate.upgrade(url)
        self.app = create_app(
            Config(data_dir=folder, database_url=url, secret_key="k" * 40, limits=LIMITS), now=lambda: NOW
        )
        with self.app.app_context():
            self.database: Database = database()
        if self.database.read(lambda session: session.scalar(text("SELECT max(id) FROM people"))) is None:
            self.database.write(self._fill)
            self._settle()
        self.administrator = self._client("ada")
        self.representative = self._client(REPRESENTATIVE_NAME)

    def get(self, path: str, *, client: FlaskClient | None = None, **query: object) -> Any:
        """The JSON, or nothing for a page, that an administrator (or somebody else) gets."""
        answer = (client or self.administrator).get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json if answer.is_json else None

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.administrator.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    @property
    def old_case(self) -> str:
        """A resolved case, two thirds of the way to the present."""
        return f"C{self.cases * 2 // 3}"

    def filters(self) -> dict[str, dict[str, object]]:
        """What a list of records is asked for; the names are in every world."""
        case, who = {"case": self.old_case}, {"representative": REPRESENTATIVE_NAME}
        week = {"since": iso(NOW - 7 * DAY_MS)}
        years = {"since": iso(NOW - 900 * DAY_MS), "before": iso(NOW - 60 * DAY_MS)}
        active, resolved = {"status": "active"}, {"status": "resolved"}
        return {
            "everything": {},
            "a case": case,
            "a representative": who,
            "active": active,
            "resolved": resolved,
            "a week": week,
            "years": years,
            "years, active": years | active,
            "years, resolved": years | resolved,
            "a representative, active": who | active,
            "a representative, resolved": who | resolved,
            "a representative, a week": who | week,
            "a representative, years": who | years,
            "a representative, years, resolved": who | years | resolved,
        }

    def close(self) -> None:
        self.database.close()

    def _client(self, username: str) -> FlaskClient:
        token = self.database.write(
            lambda session: issue_token(session, session.query(Person).filter_by(username=username).one(), now=NOW)
        )
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def _fill(self, session: Session) -> None:
        session.add(_person("ada", ADMINISTRATOR))
        session.add_all(_person(f"rep{number}", REPRESENTATIVE, team=f"team {number % 4}") for number in range(PEOPLE))
        session.flush()
        first = session.query(Person).filter_by(username="rep0").one().id
        is_sqlite = self.database.is_sqlite
        if not is_sqlite:
            session.execute(text("SET LOCAL statement_timeout = 0"))
        values = {
            "first": first, "people": PEOPLE, "cases": self.cases, "old": self.old, "entries": ENTRIES,
            "began": NOW - BEFORE_MS - YEARS_MS, "step": YEARS_MS // self.old, "own": YEARS_MS * PEOPLE // self.old,
            "recent": RECENT, "recent_cases": RECENT_CASES, "recent_began": NOW - RECENT_MS,
            "recent_step": RECENT_MS // RECENT,
        }  # fmt: skip
        for statement in _STATEMENTS:
            session.execute(text(_of_system(statement, is_sqlite=is_sqlite)), values)

    def _settle(self) -> None:
        """What autovacuum does by itself after a while."""
        if not self.database.is_sqlite:
            with self.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class Processor:
    """Processor time of this program and, where there is one, of a PostgreSQL server with all of its processes.

    What others do on the machine makes the time on the clock many times as long, and this hardly.
    """

    postmaster: int | None = None

    def medians(self, rounds: int, *calls: Callable[[], Any]) -> list[float]:
        """Milliseconds of the median round of each call; the calls take turns, and each begins as many rounds."""
        seconds: list[list[float]] = [[] for _ in calls]
        for number in range(rounds + 1):
            for place in range(len(calls)):
                turn = (place + number) % len(calls)
                seconds[turn].append(self._seconds(calls[turn]))
        return [statistics.median(one[1:]) * 1000 for one in seconds]

    def _seconds(self, call: Callable[[], Any]) -> float:
        before = self._of_server()
        began = time.process_time()
        call()
        ended = time.process_time()
        return ended - began + self._of_server() - before

    def _of_server(self) -> float:
        """Seconds of the processes that live, to the nanosecond, and of those that ended, to the tick."""
        if self.postmaster is None:
            return 0.0
        here = Path(f"/proc/{self.postmaster}")
        fields = (here / "stat").read_text().rsplit(")", 1)[1].split()
        ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        children = (here / "task" / str(self.postmaster) / "children").read_text().split()
        return ended + sum(map(_lived, children))


def _lived(process: str) -> float:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[list[str], Processor]]:
    """The URLs of two databases, and what measures them."""
    yield [f"sqlite:///{folder}/{name}.sqlite3" for name in ("small", "large")], Processor()


@contextmanager
def postgresql_server(_folder: Path) -> Iterator[tuple[list[str], Processor]]:
    """The same, on a server that ends with the block."""
    with postgresql.running() as server:
        postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        yield [server.fresh_database() for _ in range(2)], Processor(postmaster)


def _person(username: str, role: str, team: str | None = None) -> Person:
    return Person(
        username=username, name=username.title(), role=role, team=team, password_hash="!", time_zone="UTC", created_at=0
    )


def _of_system(statement: str, *, is_sqlite: bool) -> str:
    """The statement with what the two systems write differently: the numbers from 0 on, and the day of an instant."""
    source = (
        "(WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k < {last} - 1) SELECT k FROM n)"
        if is_sqlite
        else "generate_series(0, {last} - 1) AS k"
    )
    for name in ("cases", "old", "recent", "recent_cases", "entries"):
        statement = statement.replace(f"{{{name}}}", source.format(last=f"CAST(:{name} AS BIGINT)"))
    day = (
        "strftime('%Y-%m-%d', ended_at / 1000, 'unixepoch')"
        if is_sqlite
        else "to_char(to_timestamp(ended_at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    )
    return statement.replace("{day}", day)


_CASES = """
    INSERT INTO cases (ref, title, description, customer, status, created_at)
    SELECT 'C' || k, 'a case', '', '', CASE WHEN k < :cases * 9 / 10 THEN 'resolved' ELSE 'active' END, 0 FROM {cases}
"""
_RECENT_CASES = """
    INSERT INTO cases (ref, title, description, customer, status, created_at)
    SELECT 'R' || k, 'a case', '', '', 'active', 0 FROM {recent_cases}
"""
_OLD_RECORDS = """
    INSERT INTO tracker_records
        (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)
    SELECT :first + k % :people, 1 + CAST(:cases AS BIGINT) * k / :old, began,
        began + 1000 + (k * 7919 + k % :people * 104729) % (CAST(:own AS BIGINT) * 9 / 10 - 1000),
        'b1946ac9-2f0c-4b1e-9c0e-' || (100000000000 + k % :people), 'focus', 'blur', began
    FROM (SELECT k, CAST(:began AS BIGINT) + k * CAST(:step AS BIGINT) AS began FROM {old}) AS one
"""
_RECENT_RECORDS = """
    INSERT INTO tracker_records
        (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)
    SELECT :first + k % :people, 1 + :cases + k % :recent_cases, began, began + 60000 + k * 7919 % 1140000,
        'b1946ac9-2f0c-4b1e-9c0e-' || (100000000000 + k % :people), 'focus', 'blur', began
    FROM (SELECT k, CAST(:recent_began AS BIGINT) + k * CAST(:recent_step AS BIGINT) AS began FROM {recent}) AS one
"""
_CASE_TOTALS = """
    INSERT INTO case_totals (case_id, representative_id, automatic_ms, updated_at)
    SELECT case_id, representative_id, sum(ended_at - started_at), max(ended_at) FROM tracker_records
    GROUP BY case_id, representative_id
"""
_DAILY_TOTALS = """
    INSERT INTO daily_totals (representative_id, day, case_id, automatic_ms)
    SELECT representative_id, {day}, case_id, sum(ended_at - started_at) FROM tracker_records
    GROUP BY representative_id, {day}, case_id
"""
_ENTRIES = """
    INSERT INTO time_logs
        (case_id, representative_id, duration_seconds, description, worked_at, has_start, created_at, changed_at)
    SELECT 1 + :cases + k % :recent_cases, :first + k % :people, 600, 'a call', began, TRUE, began, began
    FROM (SELECT k, CAST(:recent_began AS BIGINT) + k * CAST(:recent_step AS BIGINT) AS began FROM {entries}) AS one
"""
_STATEMENTS = (_CASES, _RECENT_CASES, _OLD_RECORDS, _RECENT_RECORDS, _CASE_TOTALS, _DAILY_TOTALS, _ENTRIES)
