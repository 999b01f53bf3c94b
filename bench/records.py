"""`python -m bench.records [--records N] [--rounds N]`: the list of tracker records and its purge, few against many.

Each line is one page over HTTP of a small and of a large database, asked in turn; both pages have the same number of
rows. The ratio is that of the fastest rounds, since everything else on the machine only adds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from server import migrate
from server.accounts.models import ADMINISTRATOR, Person
from server.accounts.tokens import issue_token
from server.admin import purges
from server.admin.records import Filter
from server.app import create_app
from server.clock import iso
from server.config import Config, Limits
from server.db import Database, database
from tests import postgresql

FEW = 1_000
LIMIT = 20
GOAL = 1.25
NOW = 1_795_176_000_000
DAY_MS = 24 * 3_600_000
YEARS_MS = 3 * 365 * DAY_MS
URL = "/api/v1/tracker-records"
SORTS = ("-ended_at", "ended_at", "-duration")
PURGED = 50_000


class World:
    """An application on a database with so many records: every tenth case is active, the newest ones."""

    def __init__(self, url: str, records: int, folder: Path) -> None:
        self.records = records
        self.people, self.cases = max(10, records // 5_000), max(50, records // 50)
        migrate.upgrade(url)
        config = Config(data_dir=folder, database_url=url, secret_key="k" * 40, limits=Limits(calls_burst=10**9))
        self.app = create_app(config, now=lambda: NOW)
        with self.app.app_context():
            self.database: Database = database()
        self.database.write(self._fill)
        token = self.database.write(self._administrator)
        self.client: FlaskClient = self.app.test_client()
        self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def _fill(self, session: Any) -> None:
        each = self.records // self.people
        if not self.database.is_sqlite:
            session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in (_PEOPLE, _CASES, _RECORDS):
            session.execute(
                text(_numbers(statement, is_sqlite=self.database.is_sqlite)),
                {
                    "people": self.people, "cases": self.cases, "each": each, "began": NOW - YEARS_MS,
                    "step": YEARS_MS // each, "spread": max(1, self.cases // 100), "all": each * self.people,
                },
            )  # fmt: skip

    def _administrator(self, session: Any) -> str:
        person = Person(
            id=0, username="ada", name="Ada", role=ADMINISTRATOR, password_hash="!", time_zone="UTC", created_at=0
        )
        session.add(person)
        session.flush()
        return issue_token(session, person, now=NOW - 1000)

    def filters(self) -> dict[str, dict[str, object]]:
        """What a list is asked for; the names are in every world."""
        case, who = f"C{self.cases * 2 // 5}", f"rep{self.people // 2}"
        period = {"since": iso(NOW - 200 * DAY_MS), "before": iso(NOW - 100 * DAY_MS)}
        return {
            "everything": {},
            "a case": {"case": case},
            "a representative": {"representative": who},
            "active": {"status": "active"},
            "resolved": {"status": "resolved"},
            "a period": period,
            "a period, active": period | {"status": "active"},
            "a period, resolved": period | {"status": "resolved"},
            "a representative, active": {"representative": who, "status": "active"},
            "a representative, a period": {"representative": who} | period,
        }

    def asks(self, **query: object) -> Any:
        answer = self.client.get(URL, query_string={"limit": LIMIT, **query})
        assert answer.status_code == 200, answer.text
        return answer.json

    def dry_run(self, body: dict[str, Any]) -> None:
        answer = self.client.post(f"{URL}/purge", json=body)
        assert answer.json["records"] == self.records, answer.text


def main() -> None:
    """Print a table for each of the two systems."""
    parser = argparse.ArgumentParser(prog="bench.records", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--system", choices=_SYSTEMS, nargs="*", default=list(_SYSTEMS))
    asked = parser.parse_args()
    for name in asked.system:
        place = _SYSTEMS[name]
        with tempfile.TemporaryDirectory(prefix="caseclock-bench-") as folder, place(Path(folder)) as urls:
            small, large = World(next(urls), FEW, Path(folder)), World(next(urls), asked.records, Path(folder))
            _settle(large)
            print(f"\n{name:<52}{FEW:>14,}{asked.records:>14,}{'ratio':>8}   goal <= {GOAL}")
            _lists(small, large, asked.rounds)
            _purge(small, large)
            for world in (small, large):
                world.database.close()


def _lists(small: World, large: World, rounds: int) -> None:
    for sort in SORTS:
        for name, query in small.filters().items():
            other = large.filters()[name]
            _line(
                f"{sort:<11}{name}",
                *_fastest(
                    rounds,
                    lambda query=query, sort=sort: small.asks(sort=sort, **query),
                    lambda other=other, sort=sort: large.asks(sort=sort, **other),
                ),
            )
    deep = [_thousandth(world) for world in (small, large)]
    _line("-ended_at  a page in the middle", *_fastest(rounds, *deep))
    for name, query in small.filters().items():
        other = large.filters()[name]
        _line(
            f"count      {name}",
            *_fastest(
                rounds,
                lambda query=query: small.asks(count="true", **query),
                lambda other=other: large.asks(count="true", **other),
            ),
        )


def _thousandth(world: World) -> Callable[[], Any]:
    cursor = f"{NOW - YEARS_MS // 2}-{world.records // 2}"
    return lambda: world.asks(cursor=cursor)


def _purge(small: World, large: World) -> None:
    """A dry run, which reads everything, and the longest transaction of a purge."""
    body = {"rule": {"before": iso(NOW)}, "dry_run": True}
    few, many = _fastest(3, *(lambda world=world: world.dry_run(body) for world in (small, large)))
    print(f"{'dry run of everything, no goal: reads all':<52}{few * 1000:>11.1f} ms{many * 1000:>11.1f} ms")
    chosen = Filter(up_to_id=min(PURGED, large.records))
    expected = large.database.read_long(lambda session: purges.estimate(session, chosen))
    asked = large.database.write(lambda session: purges.request(session, chosen, expected, now=NOW))
    took: list[float] = []
    large.database.timing = lambda: _timed(took)
    while purges.go_on(large.database, asked.id, clock=lambda: NOW):
        pass
    print(
        f"{f'purge of {expected.records:,}: transactions, median and longest':<52}"
        f"{sorted(took)[len(took) // 2] * 1000:>11.1f} ms{max(took) * 1000:>11.1f} ms"
    )


@contextmanager
def _timed(took: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    took.append(time.perf_counter() - began)


def _fastest(rounds: int, *calls: Callable[[], Any]) -> list[float]:
    """Seconds of the fastest round of each call; the calls take turns."""
    seconds = [float("inf")] * len(calls)
    for _ in range(rounds):
        for place, call in enumerate(calls):
            began = time.perf_counter()
            call()
            seconds[place] = min(seconds[place], time.perf_counter() - began)
    return seconds


def _line(name: str, few: float, many: float) -> None:
    verdict = "met" if many / few <= GOAL else "MISSED"
    print(f"{name:<52}{few * 1000:>11.1f} ms{many * 1000:>11.1f} ms{many / few:>8.2f}   {verdict}", flush=True)


@contextmanager
def _sqlite(folder: Path) -> Iterator[Iterator[str]]:
    yield (f"sqlite:///{folder}/{name}.sqlite3" for name in ("small", "large"))


@contextmanager
def _postgresql(_folder: Path) -> Iterator[Iterator[str]]:
    with postgresql.running() as server:
        yield (server.fresh_database() for _ in range(2))


_SYSTEMS = {"SQLite": _sqlite, "PostgreSQL": _postgresql}


def _settle(world: World) -> None:
    """What autovacuum does by itself after a while."""
    if not world.database.is_sqlite:
        with world.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _numbers(statement: str, *, is_sqlite: bool) -> str:
    """The statement with a source of the numbers 0 to `:last` of this system."""
    if is_sqlite:
        source = (
            "(WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k < {last} - 1) SELECT k FROM n)"
        )
    else:
        source = "generate_series(0, {last} - 1) AS k"
    for name in ("people", "cases", "all"):
        statement = statement.replace(f"{{{name}}}", source.format(last=f"CAST(:{name} AS BIGINT)"))
    return statement


_PEOPLE = """
    INSERT INTO people (id, username, name, role, password_hash, time_zone, active, session_epoch, created_at)
    SELECT k + 1, 'rep' || k, 'Rep ' || k, 'representative', '!', 'UTC', TRUE, 0, 0 FROM {people}
"""
_CASES = """
    INSERT INTO cases (id, ref, title, description, customer, status, created_at)
    SELECT k + 1, 'C' || k, 'a case', '', '',
        CASE WHEN k < CAST(:cases AS BIGINT) * 9 / 10 THEN 'resolved' ELSE 'active' END, 0 FROM {cases}
"""
_RECORDS = """
    INSERT INTO tracker_records
        (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)
    SELECT who, 1 + (CAST(:cases AS BIGINT) * number / :each + (number * 7919 + who * 31) % :spread) % :cases,
        began, began + 60000 + (number * 7919 + who * 104729) % 1140000,
        'b1946ac9-2f0c-4b1e-9c0e-' || (100000000000 + who), 'focus', 'blur', began
    FROM (
        SELECT k / CAST(:people AS BIGINT) AS number, 1 + k % CAST(:people AS BIGINT) AS who,
            CAST(:began AS BIGINT) + k / CAST(:people AS BIGINT) * CAST(:step AS BIGINT)
                + k % CAST(:people AS BIGINT) * 1000 AS began
        FROM {all}
    ) AS one
"""


if __name__ == "__main__":
    main()
