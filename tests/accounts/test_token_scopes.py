"""A token does no more than its scope says, on every route and on the socket."""

import hashlib
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from server import migrate
from server.accounts.models import FULL, READ, REPORT, Person
from server.accounts.tokens import find_token, issue_token
from server.db import Database
from tests.conftest import World
from tests.reports_of_agents import Page
from tests.security.routes import Route, routes

REPORTS = "/api/v1/agent/reports"


@pytest.fixture
def scoped(world: World) -> World:
    """The world with a token of each scope for ada, who may do everything; named after its scope."""
    for scope in (REPORT, READ, FULL):
        world.tokens[scope] = world.write(
            lambda session, scope=scope: issue_token(
                session, session.get(Person, world.ids["ada"]), now=world.clock.now, scope=scope
            )
        )
    return world


def _status(world: World, scope: str, route: Route) -> tuple[int, str]:
    answer = world.client(scope).open(route.address(), method=route.method, json=None if route.is_safe else {})
    return answer.status_code, answer.text


def _is_refused_for_its_scope(world: World, scope: str, route: Route) -> bool:
    status, text = _status(world, scope, route)
    return status == 403 and "scope" in text


def test_on_every_route_a_token_does_what_its_scope_says_and_no_more(scoped: World) -> None:
    checked = [route for route in routes(scoped.app) if not route.is_public]
    assert len(checked) > 25

    for route in checked:
        may = {FULL}
        if route.is_safe:
            may.add(READ)
        if route.endpoint == "agent.post_report":
            may.add(REPORT)
        for scope in (REPORT, READ, FULL):
            assert _is_refused_for_its_scope(scoped, scope, route) == (scope not in may), (scope, route)


def test_a_reading_token_reads_and_changes_nothing(scoped: World) -> None:
    client = scoped.client(READ)
    assert client.get("/api/v1/cases/CAS-1001").json["title"] == "Title of CAS-1001"

    answer = client.patch("/api/v1/cases/CAS-1001", json={"title": "changed"})

    assert answer.status_code == 403
    assert answer.json["detail"] == "This token has the scope 'read' alone: get one with --scope full."
    assert client.get("/api/v1/cases/CAS-1001").json["title"] == "Title of CAS-1001"


def test_a_reporting_token_reports_and_reads_nothing(scoped: World) -> None:
    page = Page(scoped.clock.now)
    page.works(scoped.clock.now, scoped.clock.advance(minutes=2), "CAS-1001")

    assert scoped.client(REPORT).post(REPORTS, json=page.report(scoped.clock.now)).status_code == 200
    assert scoped.client(REPORT).get("/api/v1/cases").status_code == 403


def test_a_token_of_the_time_before_scopes_may_do_everything(tmp_path: Path) -> None:
    """Also one that an older server, which still runs, adds to the newer tables."""
    database = Database(f"sqlite:///{tmp_path}/old.sqlite3")
    add = text(
        "INSERT INTO tokens (person_id, digest, label, created_at, expires_at) "
        "VALUES (1, :digest, '', 0, 9000000000000)"
    )
    with database.engine.connect() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    database.write(
        lambda session: session.execute(
            text(
                "INSERT INTO people (id, username, name, role, password_hash, time_zone, active, session_epoch, "
                "created_at) VALUES (1, 'ana', 'Ana', 'representative', '!', 'UTC', 1, 0, 0)"
            )
        )
    )
    database.write(lambda session: session.execute(add, {"digest": hashlib.sha256(b"before").hexdigest()}))
    migrate.upgrade(f"sqlite:///{tmp_path}/old.sqlite3")
    database.write(lambda session: session.execute(add, {"digest": hashlib.sha256(b"after").hexdigest()}))

    found = [database.read(lambda session, one=one: find_token(session, one, now=1)) for one in ("before", "after")]
    database.close()

    assert [token.scope for token in found if token is not None] == [FULL, FULL]
