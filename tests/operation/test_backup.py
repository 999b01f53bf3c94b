"""`caseclock db backup`: a file of that name is a good backup, or there is none."""

import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from server.db import Database
from server.operation import backup
from server.operation.backup import BackupFailed, back_up
from server.operation.doctor import examine
from tests.conftest import FakeClock, World, _made
from tests.server_process import ServerProcess
from tests.tracking.test_process import automatic_seconds
from tests.work import worked


def _restored(url: str, world: World) -> int:
    """Checks what a backup holds; returns the number of its records."""
    database = Database(url)
    try:
        assert examine(database, now=world.clock.now).faults == []
        return int(database.read(lambda session: session.scalar(text("SELECT count(*) FROM tracker_records"))) or 0)
    finally:
        database.close()


def test_a_backup_holds_everything_and_belongs_to_its_owner_alone(world: World, tmp_path: Path) -> None:
    worked(world, "ana", minutes=2)
    target = tmp_path / "backups" / "monday.sqlite3"
    target.parent.mkdir()

    back_up(world.config.database_url, target)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["monday.sqlite3"]
    assert _restored(f"sqlite:///{target}", world) == 1


def test_a_backup_is_one_state_though_a_commit_is_under_way(world: World, tmp_path: Path) -> None:
    worked(world, "ana", minutes=2)
    target = tmp_path / "now.sqlite3"

    def verb(session: Any) -> None:
        session.execute(text("DELETE FROM tracker_records"))
        session.flush()
        back_up(world.config.database_url, target)

    world.write(verb)

    assert _restored(f"sqlite:///{target}", world) == 1


def test_a_backup_takes_nobody_s_place(world: World, tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.write_text("precious")

    with pytest.raises(BackupFailed, match="there already"):
        back_up(world.config.database_url, target)

    assert target.read_text() == "precious"


@pytest.mark.parametrize("folder", ["no/such/folder", "/proc"])
def test_a_place_that_cannot_be_written_is_said_in_words(world: World, tmp_path: Path, folder: str) -> None:
    with pytest.raises(BackupFailed, match="cannot be written"):
        back_up(world.config.database_url, tmp_path / folder / "x.sqlite3")


def test_of_a_damaged_file_there_is_no_backup(world: World, tmp_path: Path) -> None:
    """X53"""
    worked(world, "ana", minutes=2)
    with world.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    world.database.close()
    path = Path(world.config.database_url.removeprefix("sqlite:///"))
    with path.open("r+b") as file:
        for page in range(3, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    target = tmp_path / "backups" / "x.sqlite3"
    target.parent.mkdir()

    with pytest.raises(BackupFailed, match=r"could not copy|is not sound"):
        back_up(world.config.database_url, target)

    assert list(target.parent.iterdir()) == []


def test_a_copy_that_is_not_sound_gets_no_name(world: World, tmp_path: Path) -> None:
    with closing(sqlite3.connect(world.config.database_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("INSERT INTO stream_losses VALUES (1, 999, 'a-stream', 1, 2, 3)")
        connection.commit()
    target = tmp_path / "backups" / "x.sqlite3"
    target.parent.mkdir()

    with pytest.raises(BackupFailed, match="caseclock doctor"):
        back_up(world.config.database_url, target)

    assert list(target.parent.iterdir()) == []


def test_a_backup_is_on_the_disk_before_it_has_its_name(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X54"""
    target = tmp_path / "x.sqlite3"

    def fails(_: int) -> None:
        assert not target.exists()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(BackupFailed, match="Input/output error"):
        back_up(world.config.database_url, target)

    assert not target.exists()


def test_a_backup_of_postgresql_is_restored_by_its_own_tool(tmp_path: Path, postgresql_server: Any) -> None:
    target, url = tmp_path / "monday.dump", postgresql_server.fresh_database()
    with _made(tmp_path, url, FakeClock()) as world:
        worked(world, "ana", minutes=2)
        back_up(url, target)

        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        restore_postgresql(f"{url}_restored", target)
        assert _restored(f"{url}_restored", world) == 1


def restore_postgresql(url: str, target: Path) -> None:
    """As docs/operation.md says: into a new, empty database."""
    server, name = url.rsplit("/", 1)
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    engine.dispose()
    plain = url.replace("postgresql+psycopg", "postgresql")
    done = subprocess.run(
        ["pg_restore", "--no-owner", f"--dbname={plain}", str(target)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_without_pg_dump_its_command_is_named_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup.shutil, "which", lambda _: None)

    with pytest.raises(BackupFailed) as failed:
        back_up("postgresql+psycopg://clock:secret@db.example:5433/caseclock?sslmode=require", tmp_path / "x.dump")

    assert "pg_dump --format=custom" in str(failed.value)
    assert "--dbname=postgresql://clock@db.example:5433/caseclock?sslmode=require" in str(failed.value)
    assert "secret" not in str(failed.value)


def test_the_password_goes_to_pg_dump_past_the_list_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def run(command: list[str]) -> None:
        if command[0] == "pg_dump":
            path = command[-1].split("passfile=")[1].replace("%2F", "/")
            seen.append((command, Path(path).read_text(), stat.S_IMODE(Path(path).stat().st_mode)))

    monkeypatch.setattr(backup, "_run", run)

    back_up("postgresql://clock:se:cr\\et@db.example/caseclock", tmp_path / "x.dump")

    ((command, passwords, mode),) = seen
    assert command[-1].startswith("--dbname=postgresql://clock@db.example/caseclock?passfile=")
    assert (passwords, mode) == ("*:*:*:*:se\\:cr\\\\et\n", 0o600)


def test_a_postgresql_that_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="pg_dump failed"):
        back_up("postgresql://nobody@127.0.0.1:1/nothing", tmp_path / "x.dump")

    assert list(tmp_path.iterdir()) == []


def test_the_command_says_where_the_backup_is_or_why_there_is_none(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        server.add_person("ana")
        server.call("POST", "/api/v1/cases", {"ref": "CAS-1001", "title": "A case"}, token=server.token("ana"))
        target = tmp_path / "x.sqlite3"
        assert server.run("db", "backup", str(target)) == f"The backup is in {target}."
        again = server.try_run("db", "backup", str(target))
        assert again.returncode == 2
        assert "there already" in again.stderr
        assert "Traceback" not in again.stderr
        assert automatic_seconds(server) == 0
