"""The command `caseclock`: serve, demo, db, token, user."""

import sys

if len(sys.argv) > 1 and sys.argv[1] in ("serve", "demo"):
    # Before anything else is imported: sockets, locks and threads must be gevent's from the start.
    from gevent import monkey

    monkey.patch_all()

import getpass
import logging
import math
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from server import migrate
from server.accounts.models import REPRESENTATIVE, ROLES
from server.accounts.people import DEMO_PASSWORD, add_person, by_username
from server.accounts.tokens import DEFAULT_DAYS, issue_token
from server.clock import system_clock
from server.config import Config, ConfigError, from_environment
from server.db import Database
from server.problems import Problem


def _config(*, demo: bool = False) -> Config:
    try:
        return from_environment(demo=demo)
    except ConfigError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"caseclock: {message}", err=True)
    sys.exit(2)


def _migrated(config: Config) -> Config:
    if not migrate.is_current(config.database_url):
        _fail("the database is not of this version: run 'caseclock db upgrade' first")
    return config


class _Commands(click.Group):
    """Commands that say in a line why they cannot reach their database."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            _fail(f"the database does not answer as it should: {error.orig}. Look at CASECLOCK_DATABASE_URL.")


@click.group(cls=_Commands)
@click.version_option(package_name="caseclock")
def main() -> None:
    """Caseclock measures how long representatives really work on cases."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)


@main.command()
def serve() -> None:
    """Serve the database at CASECLOCK_DATABASE_URL, which `caseclock db upgrade` has migrated."""
    config = _migrated(_config())
    _serve(config, lambda address: click.echo(f"Caseclock is at {address}"))


@main.command()
def demo() -> None:
    """Serve a demo: migrated database, demo people and cases if it is new."""
    from server import demo_data

    config = _config(demo=True)
    migrate.upgrade(config.database_url)
    database = Database(config.database_url)
    database.write(lambda session: demo_data.fill(session, now=system_clock()))
    database.close()

    def ready(address: str) -> None:
        click.echo(demo_data.welcome(address))

    _serve(config, ready)


def _serve(config: Config, ready: object) -> None:
    from server.app import create_app
    from server.serve import serve as run

    try:
        run(create_app(config), config.host, config.port, ready=ready)  # type: ignore[arg-type]
    except OSError as error:
        _fail(f"cannot listen on {config.host}:{config.port}: {error.strerror}. Set CASECLOCK_PORT to a free one.")


@main.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Make the tables, or bring them to this version."""
    migrate.upgrade(_config().database_url)
    click.echo("The database is of this version.")


@main.group()
def user() -> None:
    """People."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default=REPRESENTATIVE, show_default=True)
@click.option("--full-name", help="As it is shown to others; the username if left out.")
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name, such as Europe/Berlin.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(name: str, role: str, full_name: str | None, time_zone: str, password_stdin: bool) -> None:
    """Add a person who can sign in as NAME."""
    config = _migrated(_config())
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else getpass.getpass("Password: ")
    if password == DEMO_PASSWORD:
        _fail("that is the password of the demo, which everybody knows: choose another one")
    database = Database(config.database_url)
    try:
        database.write(
            lambda session: add_person(
                session, name, role=role, password=password, now=system_clock(), name=full_name, time_zone=time_zone
            )
        )
    except Problem as problem:
        _fail(problem.detail)
    click.echo(f"Added {name} as {role}.")


@main.command()
@click.argument("user")
@click.option("--days", type=click.FloatRange(0.0, 3650), default=DEFAULT_DAYS, show_default=True)
@click.option("--label", default="", help="What the token is for.")
def token(user: str, days: float, label: str) -> None:
    """Print a new bearer token of USER. It cannot be shown again."""
    if math.isnan(days):
        _fail("--days must be a number of days")
    database = Database(_migrated(_config()).database_url)

    def issue(session: object) -> str | None:
        person = by_username(session, user)  # type: ignore[arg-type]
        if person is None:
            return None
        return issue_token(session, person, now=system_clock(), days=days, label=label)  # type: ignore[arg-type]

    issued = database.write(issue)
    if issued is None:
        _fail(f"there is no person named {user!r}: add them with 'caseclock user add'")
    click.echo(issued)


if __name__ == "__main__":
    main()
