"""A backup of the database in one file, taken while the server runs. Restoring it: docs/operation.md.

The file gets its name only once it is whole, checked and on the disk, so that a file of that name is a good backup.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

_BUSY_TIMEOUT_S = 30.0


class BackupFailed(Exception):
    """There is no backup; the message says why and what to do."""


def back_up(database_url: str, target: Path) -> None:
    """Write a checked backup to `target`, which must not exist yet. Raises `BackupFailed`."""
    if target.exists():
        raise BackupFailed(f"{target} is there already: name another file, such as one with the date in it")
    url = make_url(database_url)
    try:
        with _unfinished(target) as part:
            if url.get_backend_name() == "sqlite":
                _sqlite(str(url.database), part)
            else:
                _postgresql(url, part, target)
            _on_disk(part)
            part.rename(target)
        _on_disk(target.parent)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written: {error.strerror or error}") from None


def pg_dump_command(url: URL, target: Path) -> list[str]:
    """The command that backs up PostgreSQL; the password is not in it."""
    plain = URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database, query=url.query
    ).render_as_string()
    return ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={plain}"]


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """An empty file beside the target that only its owner can read; it is gone afterwards."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _sqlite(path: str, part: Path) -> None:
    """`VACUUM INTO` writes one consistent state, and reads every page of it; writers go on meanwhile."""
    try:
        with closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=rw", uri=True)) as source:
            source.execute(f"PRAGMA busy_timeout={round(_BUSY_TIMEOUT_S * 1000)}")
            source.execute("VACUUM INTO ?", (str(part),))
        with closing(sqlite3.connect(part)) as copy:
            said = [row[0] for row in copy.execute("PRAGMA integrity_check(10)")]
            dangling = copy.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise BackupFailed(f"SQLite could not copy {path}: {error}") from None
    if said != ["ok"] or dangling:
        raise BackupFailed(f"the copy of {path} is not sound ({said[0]}): run 'caseclock doctor'")


def _postgresql(url: URL, part: Path, target: Path) -> None:
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        command = " ".join(pg_dump_command(url, target))
        raise BackupFailed(f"pg_dump and pg_restore are not installed here: where they are, run {command}")
    with tempfile.NamedTemporaryFile("w", prefix="caseclock-pass-") as passwords:
        if url.password is not None:
            escaped = str(url.password).replace("\\", "\\\\").replace(":", "\\:")
            passwords.write(f"*:*:*:*:{escaped}\n")
            passwords.flush()
            url = url.update_query_dict({"passfile": passwords.name})
        _run(pg_dump_command(url, part))
    _run(["pg_restore", "--list", str(part)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no part of it is a shell's
    if done.returncode:
        raise BackupFailed(f"{command[0]} failed: {' '.join(done.stderr.split())}")


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
