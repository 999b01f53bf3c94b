"""A real PostgreSQL for tests: started in a temporary folder on a free port, stopped at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

from server import migrate
from tests.server_process import free_port

_TEMPLATE = "caseclock_template"


@dataclass
class Server:
    """A server in a folder; databases are made from a migrated template."""

    folder: Path
    port: int
    _control: list[str]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self, *, port: int | None = None) -> None:
        """Start it, on the port that it had or on another one."""
        self.port = port or self.port
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
            " -c dynamic_shared_memory_type=mmap"  # nobody who tidies /dev/shm can take it away
        )
        _call([*self._control, "-l", str(self.folder / "log"), "-o", options, "start"])

    def stop(self) -> None:
        """End it at once, in the middle of whatever it does; it recovers as it starts."""
        _call([*self._control, "-m", "immediate", "stop"])

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """The URL of a new migrated, empty database."""
        name = f"caseclock_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.url(name)

    def make_template(self) -> None:
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        migrate.upgrade(self.url(_TEMPLATE))

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block runs."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="caseclock-pg-"))
    as_user = _as_unprivileged(folder)
    data = folder / "data"
    try:
        _call(
            [*as_user, str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
        )
        server = Server(folder, free_port(), [*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-w"])
        server.start()
        try:
            server.make_template()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("PostgreSQL is not installed: run 'apt-get install -y postgresql'")
    return Path(on_path).parent


def _as_unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as the user that its package made."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _call(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")
