"""The two servers of a comparison, each a process of its own on a free port."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Running:
    """A server process and where it listens."""

    process: subprocess.Popen[bytes]
    port: int
    data_dir: Path

    def resident_kib(self) -> int:
        """Resident memory of the process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise RuntimeError("no VmRSS")

    def cpu_s(self) -> float:
        """Processor seconds that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def caseclock(database_url: str | None = None) -> Iterator[Running]:
    """Caseclock on a migrated database."""
    with tempfile.TemporaryDirectory(prefix="caseclock-bench-") as folder:
        data_dir = Path(folder)
        environ = {
            "CASECLOCK_DATA_DIR": folder,
            "CASECLOCK_DATABASE_URL": database_url or f"sqlite:///{folder}/caseclock.sqlite3",
        }
        yield from _running([sys.executable, "-m", "server.cli", "serve"], environ, data_dir)


@contextmanager
def echo() -> Iterator[Running]:
    """The bare echo."""
    port = _free_port()
    yield from _running([sys.executable, "-m", "bench.echo", str(port)], {}, Path(), port=port)


def _running(
    command: list[str], environ: dict[str, str], data_dir: Path, *, port: int | None = None
) -> Iterator[Running]:
    port = port or _free_port()
    if environ:
        from server import migrate

        migrate.upgrade(environ["CASECLOCK_DATABASE_URL"])
    process = subprocess.Popen(
        command, env={**os.environ, **environ, "CASECLOCK_PORT": str(port)}, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        yield Running(process, port, data_dir)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not answer within 30 s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
