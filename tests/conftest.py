"""A small named world: ana and ben work on cases, sam supervises, ada administers. Time stands until it is moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server import migrate
from server.accounts.models import ADMINISTRATOR, REPRESENTATIVE, SUPERVISOR, Person
from server.accounts.tokens import issue_token
from server.app import create_app
from server.cases import cases
from server.config import Config
from server.db import Database
from server.tracking.agent_socket import tracking_of
from server.tracking.service import Tracking
from tests import postgresql

NOON = 1_795_176_000_000
"""2026-11-20T12:00:00Z, when every test begins."""

_PEOPLE = (
    ("ana", "Ana Duarte", REPRESENTATIVE, "Europe/Lisbon"),
    ("ben", "Ben Okafor", REPRESENTATIVE, "UTC"),
    ("sam", "Sam Lindqvist", SUPERVISOR, "UTC"),
    ("ada", "Ada Varga", ADMINISTRATOR, "UTC"),
)
_CASES = ("CAS-1001", "CAS-1002", "CAS-1003")


class FakeClock:
    """A clock that a test moves. Calling it gives milliseconds since the epoch."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, *, seconds: float = 0, minutes: float = 0) -> int:
        self.now += round((seconds + minutes * 60) * 1000)
        return self.now


@dataclass
class World:
    """An application on a fresh database, its clock, and ways to call it as somebody."""

    app: Flask
    clock: FakeClock
    config: Config
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def tracking(self) -> Tracking:
        return tracking_of(self.app)

    @property
    def database(self) -> Database:
        return self.tracking.database

    def read(self, verb: Callable[[Session], Any]) -> Any:
        return self.database.read(verb)

    def write(self, verb: Callable[[Session], Any]) -> Any:
        return self.database.write(verb)

    def client(self, username: str | None = None) -> FlaskClient:
        """A client that calls with this person's token; without a name, one who is not signed in."""
        client = self.app.test_client()
        if username is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.tokens[username]}"
        return client

    def restarted(self) -> "World":
        """The same database under a new server that remembers nothing."""
        return World(create_app(self.config, now=self.clock), self.clock, self.config, self.tokens, self.ids)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A real PostgreSQL of this test run, in a temporary folder on a free port."""
    with postgresql.running() as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    path = tmp_path / "caseclock.sqlite3"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database on each of the two systems."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return str(request.getfixturevalue("postgresql_server").fresh_database())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str, clock: FakeClock) -> Iterator[World]:
    """The named world on SQLite."""
    with _made(tmp_path, sqlite_url, clock) as made:
        yield made


@pytest.fixture
def each_world(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[World]:
    """The named world, once on SQLite and once on PostgreSQL."""
    with _made(tmp_path, database_url, clock) as made:
        yield made


class _made:  # noqa: N801 - reads as a verb
    def __init__(self, data_dir: Path, url: str, clock: FakeClock) -> None:
        config = Config(data_dir=data_dir, database_url=url, secret_key="k" * 40, demo=True)
        self._world = World(create_app(config, now=clock), clock, config)

    def __enter__(self) -> World:
        world = self._world
        world.write(lambda session: _fill(session, world))
        return world

    def __exit__(self, *_: object) -> None:
        self._world.database.close()


def _fill(session: Session, world: World) -> None:
    now = world.clock.now
    for username, name, role, zone in _PEOPLE:
        person = Person(
            username=username, name=name, role=role, password_hash="!", time_zone=zone, created_at=now - 1000
        )
        session.add(person)
        session.flush()
        world.ids[username] = person.id
        world.tokens[username] = issue_token(session, person, now=now - 1000)
    for ref in _CASES:
        cases.create(session, ref=ref, title=f"Title of {ref}", customer="Northwind", now=now - 3_600_000)
