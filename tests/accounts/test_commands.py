"""`caseclock user` and `caseclock token`: what an operator does to people and tokens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.accounts.models import Person, Token, UserSession
from server.accounts.people import DEMO_PASSWORD, password_is_right
from server.accounts.tokens import find_token
from server.db import Database
from tests.test_cli import PASSWORD, Run, _add, _refused

NEW = "blue kettle sings twice"


@pytest.fixture
def eva(run: Run, database: Database) -> Database:
    """A database with eva in it."""
    _add(run, "eva")
    return database


def _eva(database: Database) -> Person:
    return database.read(lambda session: session.scalars(select(Person)).one())


def _is_valid(database: Database, token: str) -> bool:
    return database.read(lambda session: find_token(session, token, now=1_000)) is not None


# --- user


def test_a_new_password_replaces_the_old_one_and_ends_the_sessions(run: Run, eva: Database) -> None:
    before = _eva(eva)
    eva.write(lambda db: db.add(UserSession(id="x", person_id=before.id, began_at=0, ends_at=9_000_000_000_000)))

    result = run("user", "password", "eva", "--password-stdin", typed=f"{NEW}\n")

    assert result.exit_code == 0
    assert "caseclock token list eva" in result.output
    assert NEW not in result.output
    after = _eva(eva)
    assert (password_is_right(after, NEW), password_is_right(after, PASSWORD)) == (True, False)
    assert after.session_epoch == before.session_epoch + 1
    assert eva.read(lambda session: session.scalar(select(func.count()).select_from(UserSession))) == 0


@pytest.mark.parametrize(
    ("password", "word"),
    [("short", "12"), (DEMO_PASSWORD, "demo"), ("password1234", "guessed"), ("eva-password", "guessed")],
)
def test_a_password_that_may_not_be_chosen_is_refused(run: Run, eva: Database, password: str, word: str) -> None:
    _refused(run("user", "password", "eva", "--password-stdin", typed=f"{password}\n"), word)
    _refused(_add(run, "eva-too", password=password), word)

    assert password_is_right(_eva(eva), PASSWORD)


def test_another_role_ends_the_sessions(run: Run, eva: Database) -> None:
    """X74"""
    assert run("user", "role", "eva", "supervisor").exit_code == 0

    assert (_eva(eva).role, _eva(eva).session_epoch) == ("supervisor", 1)
    assert run("user", "role", "eva", "king").exit_code == 2


def test_people_are_in_a_team_or_in_none(run: Run, eva: Database) -> None:
    """S2: reports add up teams."""
    assert _eva(eva).team is None
    assert run("user", "set-team", "eva", " First line ").exit_code == 0
    assert _eva(eva).team == "First line"
    _refused(run("user", "set-team", "eva", "x" * 101), "100 printable")
    _refused(run("user", "set-team", "eva", "a\nb"), "printable")
    assert _eva(eva).team == "First line"
    assert run("user", "set-team", "eva").exit_code == 0
    assert _eva(eva).team is None


def test_somebody_is_added_to_a_team(run: Run, database: Database) -> None:
    assert _add(run, "eva", "--team", "Zweite Linie").exit_code == 0

    assert _eva(database).team == "Zweite Linie"


def test_who_is_deactivated_is_out_with_sessions_and_tokens_and_may_come_back_without_them(
    run: Run,
    eva: Database,
) -> None:
    """X74: a token that was forgotten does not come to life again with its person."""
    token = run("token", "eva").stdout.strip()
    assert _is_valid(eva, token)

    assert run("user", "deactivate", "eva").exit_code == 0
    assert (_eva(eva).active, _eva(eva).session_epoch, _is_valid(eva, token)) == (False, 1, False)

    assert run("user", "activate", "eva").exit_code == 0
    assert (_eva(eva).active, _is_valid(eva, token)) == (True, False)
    assert _is_valid(eva, run("token", "eva").stdout.strip())


@pytest.mark.parametrize(
    "arguments", [["password"], ["role"], ["set-team"], ["deactivate"], ["activate"]], ids=lambda one: one[0]
)
def test_a_person_who_is_not_there_cannot_be_changed(run: Run, eva: Database, arguments: list[str]) -> None:
    more = ["supervisor"] if arguments == ["role"] else []

    _refused(run("user", *arguments, "nobody", *more, typed=f"{NEW}\n"), "nobody", "caseclock user add")


def test_a_name_of_control_characters_is_refused(run: Run, database: Database) -> None:
    """X84: names go into logs and pages."""
    _refused(_add(run, "eva", "--full-name", "Eva\r\nRoth"), "printable")


# --- token


def test_a_token_is_issued_as_before_by_the_name_alone(run: Run, eva: Database) -> None:
    """Programs outside rely on it; options may stand on either side of the name."""
    for arguments in (["eva"], ["--days", "2", "eva"], ["eva", "--label", "x"], ["issue", "eva"]):
        token = run("token", *arguments).stdout.strip()
        assert re.fullmatch(r"cc_[\w-]{43}", token), arguments
        assert eva.read(lambda session, token=token: find_token(session, token, now=1).scope) == "full"


@pytest.mark.parametrize("scope", ["report", "read", "full"])
def test_a_token_may_be_narrowed(run: Run, eva: Database, scope: str) -> None:
    token = run("token", "eva", "--scope", scope).stdout.strip()

    assert eva.read(lambda session: find_token(session, token, now=1).scope) == scope


def test_a_scope_that_is_none_is_refused(run: Run, eva: Database) -> None:
    assert run("token", "eva", "--scope", "everything").exit_code == 2
    assert eva.read(lambda session: session.scalar(select(func.count()).select_from(Token))) == 0


def test_tokens_are_listed_with_what_they_may_and_never_shown_again(run: Run, eva: Database) -> None:
    tokens = [run("token", "eva", *more).stdout.strip() for more in ([], ["--scope", "read", "--label", "wall board"])]
    run("token", "eva", "--days", "0")
    run("token", "revoke", "1")

    listed = run("token", "list", "eva").stdout

    rows = [line.split("\t") for line in listed.splitlines()]
    assert [row[:3] for row in rows] == [
        ["1", "full", "revoked"],
        ["2", "read", "valid"],
        ["3", "full", "expired"],
    ]
    assert rows[1][4] == "wall board"
    assert rows[1][3].endswith("Z")
    assert not any(token in listed or token[3:] in listed for token in tokens)


def test_a_revoked_token_opens_nothing(run: Run, eva: Database) -> None:
    """X74"""
    token, other = (run("token", "eva").stdout.strip() for _ in range(2))

    result = run("token", "revoke", "1")

    assert result.output == "Token 1 of eva is revoked.\n"
    assert (_is_valid(eva, token), _is_valid(eva, other)) == (False, True)
    _refused(run("token", "revoke", "1"), "already")


@pytest.mark.parametrize("number", ["0", "99", str(2**70)])
def test_a_token_that_is_none_cannot_be_revoked(run: Run, eva: Database, number: str) -> None:
    _refused(run("token", "revoke", number), "caseclock token list USER")


# --- serve


def test_the_server_refuses_a_short_secret_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASECLOCK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CASECLOCK_DATABASE_URL", "")
    monkeypatch.setenv("CASECLOCK_SECRET_KEY", "x" * 31)
    command = [sys.executable, "-m", "server.cli"]
    subprocess.run([*command, "db", "upgrade"], check=True, capture_output=True, timeout=60)

    done = subprocess.run([*command, "serve"], capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert done.stderr.startswith("caseclock: CASECLOCK_SECRET_KEY has fewer than 32 characters")
    assert "Traceback" not in done.stderr
