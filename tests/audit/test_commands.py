"""`caseclock audit`: what an operator asks of the log (A8)."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from server.db import Database
from tests.audit.tampering import put, rows_of, without_guards
from tests.test_cli import Run, _add, _refused, database, run

__all__ = ["database", "run"]


@pytest.fixture
def log(run: Run, database: Database) -> Database:
    """A log of four entries."""
    _add(run, "eva")
    _add(run, "kim", "--role", "supervisor")
    run("user", "role", "eva", "administrator")
    run("user", "deactivate", "kim")
    return database


def _kept(run: Run) -> str:
    return str(run("audit", "verify").output.split("--kept ")[1].strip())


def test_a_log_that_is_right_says_so_and_what_to_keep(run: Run, log: Database) -> None:
    """A8"""
    result = run("audit", "verify")

    last = log.read(rows_of)[-1]["hash"]
    assert result.exit_code == 0
    assert result.output == (
        "All 4 entries follow one another as they were written, and the end is sealed.\n"
        f"Keep this outside of the database: --kept 4:{last}\n"
    )
    assert run("audit", "verify", "--kept", f"4:{last}").exit_code == 0


def test_an_empty_log_has_nothing_to_keep(run: Run, database: Database) -> None:
    """A8"""
    result = run("audit", "verify")

    assert (result.exit_code, "--kept" in result.output) == (0, False)


def test_a_log_that_is_wrong_ends_the_command_with_1_and_the_first_wrong_entry(run: Run, log: Database) -> None:
    """A8, X85"""

    def change(session: Session) -> None:
        without_guards(session)
        session.execute(text("UPDATE audit_log SET subject = 'kim' WHERE id = 3"))

    log.write(change)
    result = run("audit", "verify")

    assert result.exit_code == 1
    assert result.output == (
        "WRONG  entry 3 was changed: it does not fit its hash.\nThe 2 entries before that are as they were written.\n"
    )
    doctor = run("doctor")
    assert (doctor.exit_code, "entry 3 was changed" in doctor.output) == (1, True)


def test_what_was_kept_shows_an_older_state(run: Run, log: Database) -> None:
    """A8, X85"""
    rows, head = log.read(rows_of), log.read(lambda s: dict(s.execute(text("SELECT * FROM audit_head")).one()._mapping))
    run("user", "activate", "kim")
    kept = _kept(run)
    log.write(lambda session: put(session, rows, head))

    assert run("audit", "verify").exit_code == 0
    result = run("audit", "verify", "--kept", kept)
    assert (result.exit_code, "entry 5, which was kept, is gone" in result.output) == (1, True)


@pytest.mark.parametrize("kept", ["", "4", "four:ab", "-1:ab", "4:", "٤:ab"])
def test_what_was_not_said_by_verify_is_refused(run: Run, log: Database, kept: str) -> None:
    """A8"""
    assert run("audit", "verify", "--kept", kept).exit_code == 2


def test_another_secret_key_is_told_from_a_change_and_mended_on_purpose(
    run: Run, log: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A8: sealing anew leaves an entry, and is refused while the entries themselves are wrong."""
    assert run("audit", "seal").output == "The seal is right already.\n"
    monkeypatch.setenv("CASECLOCK_SECRET_KEY", "another " * 5)
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "CASECLOCK_SECRET_KEY is another one" in result.output
    run("user", "activate", "kim")
    assert run("audit", "verify").exit_code == 1, "writing on does not mend it"

    assert run("audit", "seal").output == "The log is sealed with the secret key of now.\n"

    assert run("audit", "verify").exit_code == 0
    newest = json.loads(run("audit", "list", "--last", "1").output)
    assert (newest["action"], newest["details"]["entries"]) == ("audit.sealed", 5)
    monkeypatch.setenv("CASECLOCK_SECRET_KEY", "a third " * 5)

    def change(session: Session) -> None:
        without_guards(session)
        session.execute(text("UPDATE audit_log SET subject = 'kim' WHERE id = 1"))

    log.write(change)
    _refused(run("audit", "seal"), "cannot be sealed", "entry 1 was changed")


def test_the_newest_entries_are_listed_a_line_each(run: Run, log: Database) -> None:
    """A8"""
    lines = run("audit", "list", "--last", "2").output.splitlines()

    found = [json.loads(line) for line in lines]
    assert [(one["id"], one["actor"], one["action"], one["subject"]) for one in found] == [
        (3, "system", "user.role_changed", "eva"),
        (4, "system", "user.deactivated", "kim"),
    ]
    assert found[0]["details"] == {"role": {"old": "representative", "new": "administrator"}}
    assert set(found[0]) == {"id", "at", "actor", "action", "subject", "details", "address", "hash"}


def test_what_somebody_wrote_into_an_entry_moves_no_terminal(run: Run, log: Database) -> None:
    """A8, X84"""

    def change(session: Session) -> None:
        without_guards(session)
        session.execute(text("UPDATE audit_log SET subject = :words, details = 'none'"), {"words": "\x1b[2J\r\n\u202e"})

    log.write(change)
    result = run("audit", "list")

    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.output.splitlines())
    assert len(result.output.splitlines()) == 4


def test_a_backup_that_is_restored_verifies(run: Run, log: Database, tmp_path: Path) -> None:
    """A8: also against what was kept when it was made."""
    kept, target = _kept(run), tmp_path / "monday.sqlite3"
    assert run("db", "backup", str(target)).exit_code == 0
    run("user", "activate", "kim")
    log.close()
    path = tmp_path / "var" / "caseclock.sqlite3"
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        (path.parent / name).unlink(missing_ok=True)
    path.write_bytes(target.read_bytes())

    assert run("audit", "verify", "--kept", kept).exit_code == 0
    assert run("user", "activate", "kim").exit_code == 0
    assert run("audit", "verify", "--kept", kept).exit_code == 0
