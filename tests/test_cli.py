"""The command `caseclock`, as an operator types it."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from server import demo_data, migrate
from server.accounts.models import Person, Token
from server.accounts.people import DEMO_PASSWORD, password_is_right
from server.accounts.tokens import DAY_MS, find_token
from server.cases.models import Case, CaseRelation
from server.cli import main
from server.db import Database
from server.demo_data import fill
from tests.conftest import NOON

PASSWORD = "correct horse battery staple"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command in a data folder of its own."""
    for name in [name for name in os.environ if name.startswith("CASECLOCK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CASECLOCK_DATA_DIR", str(tmp_path / "var"))
    levels = {name: logging.getLogger(name).level for name in ("apscheduler", "alembic")}

    def call(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=typed)

    yield call
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def database(run: Run, tmp_path: Path) -> Iterator[Database]:
    """The migrated database of that folder."""
    assert run("db", "upgrade").exit_code == 0
    database = Database(f"sqlite:///{tmp_path}/var/caseclock.sqlite3")
    yield database
    database.close()


def _refused(result: Result, *words: str) -> None:
    """A refusal is one line on the error output, with what to do, and no traceback."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.stderr, result.stderr


def _people(database: Database) -> list[tuple[str, str, str, str]]:
    return database.read(
        lambda session: [(one.username, one.name, one.role, one.time_zone) for one in session.scalars(select(Person))]
    )


def _add(run: Run, *arguments: str, password: str = PASSWORD) -> Result:
    return run("user", "add", "--password-stdin", *arguments, typed=password + "\n")


# --- db


def test_db_upgrade_makes_the_database_and_may_be_run_again(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        result = run("db", "upgrade")
        assert (result.exit_code, result.output) == (0, "The database is of this version.\n")
    assert migrate.is_current(f"sqlite:///{tmp_path}/var/caseclock.sqlite3")


def test_the_secret_key_is_readable_by_its_owner_alone(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")

    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "arguments", [["serve"], ["token", "ana"], ["user", "add", "eva", "--password-stdin"]], ids=lambda one: one[0]
)
def test_on_a_database_that_is_not_migrated_every_command_says_what_to_run(run: Run, arguments: list[str]) -> None:
    _refused(run(*arguments, typed=PASSWORD + "\n"), "caseclock db upgrade")


def test_serve_on_a_database_that_is_not_migrated_ends_at_once(tmp_path: Path) -> None:
    """In a process of its own, as it is run."""
    env = {**os.environ, "CASECLOCK_DATA_DIR": str(tmp_path / "var"), "CASECLOCK_DATABASE_URL": ""}

    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "serve"], env=env, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 2
    assert done.stderr.strip() == "caseclock: the database is not of this version: run 'caseclock db upgrade' first"


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("CASECLOCK_PORT", "http", "65535"),
        ("CASECLOCK_ALLOWED_ORIGINS", "*", "https://desk.example"),
        ("CASECLOCK_DATABASE_URL", "nonsense", "postgresql://"),
        ("CASECLOCK_DATABASE_URL", "sqlite:////no/such/folder/x.sqlite3", "CASECLOCK_DATABASE_URL"),
        ("CASECLOCK_DATABASE_URL", "postgresql://127.0.0.1:1/x", "CASECLOCK_DATABASE_URL"),
        ("CASECLOCK_DATA_DIR", "/proc/no/such", "CASECLOCK_DATA_DIR"),
    ],
)
def test_a_bad_environment_is_said_in_a_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str
) -> None:
    monkeypatch.setenv(name, value)

    for arguments in (["db", "upgrade"], ["token", "ana"], ["serve"]):
        _refused(run(*arguments), word)


# --- user add


def test_a_person_is_added_with_a_password_from_standard_input(run: Run, database: Database) -> None:
    result = _add(run, "eva", "--role", "supervisor", "--full-name", "Eva Roth", "--time-zone", "Europe/Berlin")

    assert (result.exit_code, result.output) == (0, "Added eva as supervisor.\n")
    assert _people(database) == [("eva", "Eva Roth", "supervisor", "Europe/Berlin")]
    person = database.read(lambda session: session.scalar(select(Person)))
    assert password_is_right(person, PASSWORD)
    assert PASSWORD not in person.password_hash


def test_a_person_is_a_representative_in_utc_unless_it_is_said_otherwise(run: Run, database: Database) -> None:
    _add(run, "eva")

    assert _people(database) == [("eva", "Eva", "representative", "UTC")]


def test_a_password_may_come_from_a_file_with_windows_lines(run: Run, database: Database) -> None:
    run("user", "add", "eva", "--password-stdin", typed=f"{PASSWORD}\r\n")

    assert password_is_right(database.read(lambda session: session.scalar(select(Person))), PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "password", "word"),
    [
        (["eva"], "short", "12"),
        (["eva"], "", "12"),
        (["eva"], "x" * 1_001, "1000"),
        (["eva"], DEMO_PASSWORD, "demo"),
        (["Eva"], PASSWORD, "a-z"),
        ([""], PASSWORD, "a-z"),
        (["eva roth"], PASSWORD, "a-z"),
        (["e" * 65], PASSWORD, "64"),
        (["éva"], PASSWORD, "a-z"),
        (["eva", "--role", "king"], PASSWORD, "administrator"),
        (["eva", "--time-zone", "Mars/Olympus"], PASSWORD, "Europe/Berlin"),
        (["eva", "--time-zone", "../../etc/passwd"], PASSWORD, "Europe/Berlin"),
        (["eva", "--time-zone", "Europe"], PASSWORD, "Europe/Berlin"),
        (["eva", "--time-zone", ""], PASSWORD, "Europe/Berlin"),
    ],
)
def test_a_person_that_cannot_be_is_refused_with_what_to_change(
    run: Run, database: Database, arguments: list[str], password: str, word: str
) -> None:
    _refused(_add(run, *arguments, password=password), word)

    assert _people(database) == []


def test_a_name_that_is_taken_is_refused_and_stays_who_it_was(run: Run, database: Database) -> None:
    _add(run, "eva")

    _refused(_add(run, "eva", "--role", "administrator"), "already")

    assert [role for _, _, role, _ in _people(database)] == ["representative"]


# --- token


def test_a_token_is_printed_alone_and_opens_the_door(run: Run, database: Database) -> None:
    _add(run, "eva")

    result = run("token", "eva", "--days", "2", "--label", "export")

    token = result.stdout.strip()
    assert result.stdout == f"{token}\n"
    stored = database.read(lambda session: session.scalar(select(Token)))
    assert (stored.label, stored.expires_at - stored.created_at) == ("export", 2 * DAY_MS)
    owner = database.read(lambda session: find_token(session, token, now=stored.created_at).person.username)
    assert owner == "eva"
    assert run("token", "eva").stdout.strip() != token


@pytest.mark.parametrize("name", ["nobody", "", "EVA", "eva\n", "' OR 1=1"])
def test_a_token_of_nobody_is_refused(run: Run, database: Database, name: str) -> None:
    _add(run, "eva")

    _refused(run("token", name), "caseclock user add")


@pytest.mark.parametrize("days", ["-1", "4000", "soon", "nan"])
def test_a_token_lasts_for_a_sensible_time(run: Run, database: Database, days: str) -> None:
    _add(run, "eva")

    result = run("token", "eva", "--days", days)
    assert result.exit_code == 2
    assert database.read(lambda session: session.scalar(select(func.count()).select_from(Token))) == 0


# --- demo


def test_the_demo_has_its_people_and_cases(database: Database) -> None:
    database.write(lambda session: fill(session, now=NOON))

    assert [(username, role) for username, _, role, _ in _people(database)] == [
        ("ana", "representative"),
        ("ben", "representative"),
        ("sam", "supervisor"),
        ("ada", "administrator"),
    ]
    refs = database.read(lambda session: session.scalars(select(Case.ref).order_by(Case.id)).all())
    assert refs[:2] == ["CAS-1001", "CAS-1002"]
    assert database.read(lambda session: session.scalar(select(func.count()).select_from(CaseRelation))) > 0
    ana = database.read(lambda session: session.scalar(select(Person)))
    assert password_is_right(ana, DEMO_PASSWORD)


def test_the_demo_data_is_put_in_only_once_and_never_beside_real_people(run: Run, database: Database) -> None:
    _add(run, "eva")

    for _ in range(2):
        database.write(lambda session: fill(session, now=NOON))

    assert [username for username, *_ in _people(database)] == ["eva"]
    assert database.read(lambda session: session.scalar(select(func.count()).select_from(Case))) == 0


def test_the_demo_filled_twice_is_the_demo_filled_once(database: Database) -> None:
    def count() -> int:
        return int(database.read(lambda session: session.scalar(select(func.count()).select_from(Case))) or 0)

    database.write(lambda session: fill(session, now=NOON))
    once = count()
    database.write(lambda session: fill(session, now=NOON + 1))

    assert count() == once > 5
    assert len(_people(database)) == 4


def test_the_demo_says_where_it_is_and_how_to_sign_in() -> None:
    text = demo_data.welcome("http://127.0.0.1:8000")

    for word in ("http://127.0.0.1:8000", "ana", "ben", "sam", "ada", DEMO_PASSWORD):
        assert word in text


def test_help_names_every_command(run: Run) -> None:
    text = run("--help").output

    for command in ("serve", "demo", "db", "doctor", "audit", "token", "user"):
        assert command in text
    assert run("--version").exit_code == 0
    assert run("no-such-command").exit_code == 2
