"""The command `caseclock`: serve, demo, db, doctor, audit, token, user."""

import sys

if len(sys.argv) > 1 and sys.argv[1] in ("serve", "demo"):
    # Before anything else is imported: sockets, locks and threads must be gevent's from the start.
    from gevent import monkey

    monkey.patch_all()

import getpass
import json
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import logs, migrate
from server.accounts import passwords, people
from server.accounts.models import FULL, REPRESENTATIVE, ROLES, SCOPES, Person
from server.accounts.people import DEMO_PASSWORD, by_username
from server.accounts.tokens import DEFAULT_DAYS, issue_token, revoke_token, tokens_of
from server.admin.schemas import AuditEntrySchema
from server.audit import listing
from server.audit import log as audit_log
from server.audit.verify import Known
from server.audit.verify import examine as examine_log
from server.clock import iso, system_clock
from server.config import MIN_SECRET_KEY_LENGTH, Config, ConfigError, from_environment
from server.db import Database
from server.db_faults import advice
from server.problems import Invalid, NotFound, Problem

T = TypeVar("T")


def _config(*, demo: bool = False) -> Config:
    try:
        config = from_environment(demo=demo)
    except ConfigError as error:
        _fail(str(error))
    logs.configure(log_format=config.log_format, level=config.log_level)
    return config


def _fail(message: str) -> NoReturn:
    click.echo(f"caseclock: {message}", err=True)
    sys.exit(2)


def _migrated(config: Config) -> Config:
    if not migrate.is_current(config.database_url):
        _fail("the database is not of this version: run 'caseclock db upgrade' first")
    return config


def _opened(config: Config) -> Database:
    """The database; what is written to its audit log is sealed with the server's secret key."""
    database = Database(config.database_url)
    audit_log.seal_with(database, config.secret_key)
    return database


@contextmanager
def _database() -> Iterator[Database]:
    """The migrated database; a problem is said in a line."""
    database = _opened(_migrated(_config()))
    try:
        yield database
    except Problem as problem:
        _fail(problem.detail)
    finally:
        database.close()


class _Commands(click.Group):
    """Commands that say in a line why they cannot reach their database."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DBAPIError as error:
            _fail(f"the database does not answer as it should: {advice(error)}.")


@click.group(cls=_Commands)
@click.version_option(package_name="caseclock")
def main() -> None:
    """Caseclock measures how long representatives really work on cases."""


@main.command()
def serve() -> None:
    """Serve the database at CASECLOCK_DATABASE_URL, which `caseclock db upgrade` has migrated."""
    config = _migrated(_config())
    if len(config.secret_key) < MIN_SECRET_KEY_LENGTH:
        _fail(
            f"CASECLOCK_SECRET_KEY has fewer than {MIN_SECRET_KEY_LENGTH} characters, so that session cookies could be "
            "forged: set a longer one, or none, and one is made and kept in CASECLOCK_DATA_DIR"
        )
    _serve(config, lambda address: _say(f"Caseclock is at {address}"))


@main.command()
def demo() -> None:
    """Serve a demo: migrated database, demo people and cases if it is new."""
    from server import demo_data

    config = _config(demo=True)
    migrate.upgrade(config.database_url)
    database = _opened(config)
    database.write(lambda session: demo_data.fill(session, now=system_clock()))
    database.close()

    def ready(address: str) -> None:
        _say(demo_data.welcome(address))

    _serve(config, ready)


def _serve(config: Config, ready: object) -> None:
    from server.app import create_app
    from server.serve import serve as run

    try:
        run(create_app(config), config.host, config.port, ready=ready)  # type: ignore[arg-type]
    except OSError as error:
        _fail(f"cannot listen on {config.host}:{config.port}: {error.strerror}. Set CASECLOCK_PORT to a free one.")
    logs.let_go()


def _say(words: str) -> None:
    """Print what a server that starts has to say. Where nobody can read it, the server runs nevertheless."""
    try:
        click.echo(words)
    except OSError as error:
        logging.getLogger(__name__).warning("standard output cannot be written: %s", error)


@main.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Make the tables, or bring them to this version."""
    migrate.upgrade(_config().database_url)
    click.echo("The database is of this version.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write a checked backup of the database to FILE; the server may run meanwhile."""
    from server.operation.backup import BackupFailed, back_up

    config = _migrated(_config())
    try:
        back_up(config.database_url, file)
    except BackupFailed as failed:
        _fail(str(failed))
    click.echo(f"The backup is in {file}.")


@main.command()
@click.option("--repair", is_flag=True, help="Rebuild totals that are wrong from records and purged time.")
def doctor(repair: bool) -> None:
    """Check what stands in the database; the server may run meanwhile. Ends with 1 where something is wrong."""
    from server.operation.doctor import examine, report
    from server.operation.totals import repair as repair_totals

    database = _opened(_migrated(_config()))
    found = examine(database, now=system_clock())
    click.echo(report(found))
    if repair and found.totals is not None and found.totals.count:
        click.echo(f"\nSetting {found.totals.count} totals to their records and purged time ...")
        done = database.write(lambda session: repair_totals(session, now=system_clock()))
        click.echo(f"{done.count} totals were set right.\n")
        found = examine(database, now=system_clock())
        click.echo(report(found))
    database.close()
    if found.faults:
        sys.exit(1)


@main.group()
def audit() -> None:
    """The audit log: who changed settings, people, tokens and records."""


def _entry_hash(_context: click.Context, _option: click.Parameter, text: str | None) -> Known | None:
    if text is None:
        return None
    number, _, hash_ = text.partition(":")
    if not (number.isascii() and number.isdigit() and hash_):
        raise click.BadParameter("write it as 'audit verify' said it: NUMBER:HASH")
    return Known(int(number), hash_)


@audit.command("verify")
@click.option(
    "--kept", metavar="NUMBER:HASH", callback=_entry_hash, help="What an earlier 'audit verify' said to keep."
)
def audit_verify(kept: Known | None) -> None:
    """Check every entry, the end and its seal; the server may run meanwhile. Ends with 1 where something is wrong."""
    with _database() as database:
        verdict = examine_log(database, kept=kept)
    if verdict.fault is not None:
        click.echo(f"WRONG  {verdict.fault}.\nThe {verdict.right:,} entries before that are as they were written.")
        sys.exit(1)
    click.echo(f"All {verdict.right:,} entries follow one another as they were written, and the end is sealed.")
    if verdict.right:
        click.echo(f"Keep this outside of the database: --kept {verdict.last.number}:{verdict.last.hash}")


@audit.command("seal")
def audit_seal() -> None:
    """Seal the log anew after CASECLOCK_SECRET_KEY was changed; its entries must be right. That leaves an entry."""
    now = system_clock()
    with _database() as database:
        verdict = examine_log(database)
        if verdict.fault is not None and not verdict.seal_is_wrong:
            _fail(f"this log cannot be sealed: {verdict.fault}")
        done = database.write(lambda session: audit_log.seal_anew(session, now=now))
    click.echo("The log is sealed with the secret key of now." if done else "The seal is right already.")


@audit.command("list")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 1_000_000), help="How many entries.")
def audit_list(last: int) -> None:
    """Print the newest entries, the newest at the end: a JSON object a line."""
    with _database() as database:
        found = database.read(lambda session: listing.page(session, listing.Filter(), limit=last))
    for entry in reversed(found):
        click.echo(json.dumps(AuditEntrySchema().dump(entry)))


@main.group()
def user() -> None:
    """People."""


def _new_password(name: str, *, from_stdin: bool) -> str:
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else getpass.getpass("Password: ")
    if password == DEMO_PASSWORD:
        _fail("that is the password of the demo, which everybody knows: choose another one")
    try:
        passwords.check(password, name)
    except Invalid as invalid:
        _fail(invalid.detail)
    return password


def _change(verb: Callable[[Session], T]) -> T:
    """Run a verb in a transaction on the migrated database."""
    with _database() as database:
        return database.write(verb)


def _person(session: Session, name: str) -> Person:
    person = by_username(session, name)
    if person is None:
        raise NotFound(f"there is no person named {name!r}: add them with 'caseclock user add'")
    return person


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default=REPRESENTATIVE, show_default=True)
@click.option("--full-name", help="As it is shown to others; the username if left out.")
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name, such as Europe/Berlin.")
@click.option("--team", help="The team they are in; none if left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(
    name: str, role: str, full_name: str | None, time_zone: str, team: str | None, password_stdin: bool
) -> None:
    """Add a person who can sign in as NAME."""
    _migrated(_config())
    password = _new_password(name, from_stdin=password_stdin)
    now = system_clock()
    _change(
        lambda session: people.add_person(
            session, name, role=role, password=password, now=now, name=full_name, time_zone=time_zone, team=team
        )
    )
    click.echo(f"Added {name} as {role}.")


@user.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_password(name: str, password_stdin: bool) -> None:
    """Give NAME a new password; all their sessions end."""
    _change(lambda session: _person(session, name))
    hashed = passwords.hash_of(_new_password(name, from_stdin=password_stdin))
    now = system_clock()
    _change(lambda session: people.set_password(session, _person(session, name), hashed, now=now))
    click.echo(
        f"{name} has a new password. Their sessions have ended; 'caseclock token list {name}' shows their tokens."
    )


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def user_role(name: str, role: str) -> None:
    """Give NAME the role ROLE; all their sessions end."""
    now = system_clock()
    _change(lambda session: people.set_role(session, _person(session, name), role, now=now))
    click.echo(f"{name} is {role}. Their sessions have ended, their sockets are closed within a minute.")


@user.command("set-team")
@click.argument("name")
@click.argument("team", default="")
def user_set_team(name: str, team: str) -> None:
    """Put NAME into TEAM; without TEAM they are in none. Reports count all of their time for the team they are in."""
    now = system_clock()
    _change(lambda session: people.set_team(session, _person(session, name), team, now=now))
    click.echo(f"{name} is in the team {team!r}." if team.strip() else f"{name} is in no team.")


@user.command("deactivate")
@click.argument("name")
def user_deactivate(name: str) -> None:
    """Keep NAME out: their sessions end, their tokens are revoked. Their time stays."""
    now = system_clock()
    _change(lambda session: people.set_active(session, _person(session, name), active=False, now=now))
    click.echo(f"{name} is kept out. Their tokens are revoked, their sockets are closed within a minute.")


@user.command("activate")
@click.argument("name")
def user_activate(name: str) -> None:
    """Let NAME in again. Tokens that were revoked stay so."""
    now = system_clock()
    _change(lambda session: people.set_active(session, _person(session, name), active=True, now=now))
    click.echo(f"{name} may sign in again.")


class _TokenCommands(click.Group):
    """`caseclock token USER` is short for `caseclock token issue USER`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["issue", *args]
        return super().parse_args(ctx, args)


@main.group(cls=_TokenCommands)
def token() -> None:
    """Bearer tokens. `caseclock token USER` prints a new one that may do all that USER may."""


@token.command("issue")
@click.argument("user")
@click.option("--scope", type=click.Choice(SCOPES), default=FULL, show_default=True, help="What it may do at most.")
@click.option("--days", type=click.FloatRange(0.0, 3650), default=DEFAULT_DAYS, show_default=True)
@click.option("--label", default="", help="What the token is for.")
def token_issue(user: str, scope: str, days: float, label: str) -> None:
    """Print a new bearer token of USER. It cannot be shown again."""
    if math.isnan(days):
        _fail("--days must be a number of days")
    now = system_clock()
    click.echo(
        _change(
            lambda session: issue_token(session, _person(session, user), now=now, days=days, label=label, scope=scope)
        )
    )


@token.command("list")
@click.argument("user")
def token_list(user: str) -> None:
    """List the tokens of USER: id, scope, state, the instant of expiry, label."""
    now = system_clock()
    for one in _change(lambda session: tokens_of(session, _person(session, user))):
        state = "revoked" if one.revoked_at is not None else "valid" if now < one.expires_at else "expired"
        click.echo(f"{one.id}\t{one.scope}\t{state}\t{iso(one.expires_at)}\t{one.label}".rstrip())


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=int)
def token_revoke(token_id: int) -> None:
    """Make the token with this ID worthless; sockets opened with it are closed within a minute."""
    now = system_clock()
    revoked = _change(lambda session: revoke_token(session, token_id, now=now))
    click.echo(f"Token {token_id} of {revoked.person.username} is revoked.")


if __name__ == "__main__":
    main()
