"""Servers that start in a tenth of a second: forked from a process that has imported everything already.

What runs is the command `caseclock serve` in a process group of its own, with its own environment, files and signals;
it shares only the imports. `Nursery` is the tests' side; `python -m tests.faults.nursery` is the process that forks.
The two speak JSON, one line an order and one line an answer.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
_PRELOADED = (
    "alembic.command",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "server.app",
    "server.cli",
    "server.serve",
    "tests.faults.failpoints",
)


class Nursery:
    """Use it as a context; every process it started ends with it."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._answer() == "ready"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def start(self, **order: Any) -> "Child":
        """Fork a process; see `_run` for what an order holds."""
        return Child(self, int(self.ask({"start": order})))

    def ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class Child:
    """A forked process, to be used like `subprocess.Popen`."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._handle = os.pidfd_open(pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None and self._has_ended(0):
            self._code = int(self._nursery.ask({"reap": self.pid}))
            os.close(self._handle)
        return self._code

    def wait(self, timeout: float) -> int:
        if self._code is None and not self._has_ended(timeout):
            raise subprocess.TimeoutExpired("caseclock serve", timeout)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self._code is None:
            signal.pidfd_send_signal(self._handle, number)

    def _has_ended(self, timeout_s: float) -> bool:
        return bool(select.select([self._handle], [], [], timeout_s)[0])


def main() -> None:
    """Fork what is asked for, until nobody asks any more."""
    from gevent import _hub_local, monkey

    monkey.patch_all()
    fork, waitpid = monkey.get_original("os", ["fork", "waitpid"])
    for name in _PRELOADED:
        import_module(name)
    configure_mappers = import_module("sqlalchemy.orm").configure_mappers
    configure_mappers()
    assert _hub_local.get_hub_if_exists() is None, "a loop must not be shared with what is forked"
    children: set[int] = set()
    _say("ready")
    for order in _orders():
        if "start" in order:
            pid = fork()
            if pid == 0:
                _run(**order["start"])
                return
            children.add(pid)
            _say(pid)
        else:
            children.discard(order["reap"])
            _say(os.waitstatus_to_exitcode(waitpid(order["reap"], 0)[1]))
    for pid in children:
        os.killpg(pid, signal.SIGKILL)


def _run(*, arguments: list[str], environment: dict[str, str], folder: str, log: str, setup: dict[str, Any]) -> None:
    """Be a `caseclock` process: `setup` says what is to fail in it (see `failpoints.install`)."""
    import server.cli
    from tests.faults import failpoints

    os.setsid()
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        handle = os.open(path, flags, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    os.dup2(1, 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["caseclock", *arguments]
    failpoints.install(**setup)
    server.cli.main()


def _orders() -> Iterator[dict[str, Any]]:
    waiting = b""
    while read := os.read(0, 65_536):
        *lines, waiting = (waiting + read).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _say(answer: Any) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
