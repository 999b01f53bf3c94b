"""The real server as a process of its own, on a free port, for tests that must see it from outside.

    with ServerProcess(tmp_path) as server:                # `caseclock serve`, on a new SQLite file
        server.add_person("ana")
        token = server.token("ana")
        status, body = server.call("GET", "/api/v1/cases", token=token)

    with ServerProcess(tmp_path, demo=True) as server:     # `caseclock demo`, with its people and cases
        ...

What the process prints is kept in `log`, and shown when it does not start or when the block ends with an error.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]
START_S = 30.0
STOP_S = 10.0
PASSWORD = "a long enough password"


class ServerProcess:
    """One server, its data folder and its people. The port stays the same over restarts."""

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = False,
        database_url: str | None = None,
        environment: Mapping[str, str] | None = None,
        launcher: Sequence[str] | None = None,
    ) -> None:
        """Nothing runs before `start` or `with`.

        `environment` is laid over the one that the tests run in; `launcher` is put in place of the command that
        starts the server and may name it as `{serve}`.
        """
        self.folder = folder
        self.demo = demo
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{folder / 'caseclock.sqlite3'}"
        self.process: subprocess.Popen[bytes] | None = None
        self._launcher = launcher
        self.tokens: dict[str, str] = {}
        self.log_path = folder / "server.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CASECLOCK_")},
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "CASECLOCK_HOST": "127.0.0.1",
            "CASECLOCK_PORT": str(self.port),
            "CASECLOCK_DATA_DIR": str(folder),
            "CASECLOCK_DATABASE_URL": self.database_url,
            "CASECLOCK_SECRET_KEY": secrets.token_urlsafe(32),
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.demo:
            self.run("db", "upgrade")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.kill()
        if error is not None:
            print(f"--- the end of the server's log ---\n{self.log[-20_000:]}", file=sys.stderr)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """All that the process has printed so far, over restarts."""
        return self.log_path.read_text(errors="replace") if self.log_path.is_file() else ""

    def start(self) -> None:
        """Start the process, in a process group of its own, and wait until it answers."""
        self.process = self.spawn()
        try:
            until(self._answers_or_ended, timeout_s=START_S, what="the server answers")
            assert self.is_running, "the server ended at its start"
        except AssertionError as error:
            if self.is_running:
                self.kill()
            raise AssertionError(f"{error}\n--- its log ---\n{self.log}") from None

    def spawn(self) -> "subprocess.Popen[bytes]":
        """A new process of the server, and no word of whether it answers yet."""
        command = [sys.executable, "-m", "server.cli", "demo" if self.demo else "serve"]
        if self._launcher is not None:
            command = [part.format(serve=" ".join(command)) for part in self._launcher]
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def send_signal(self, number: int, *, to_group: bool = False) -> None:
        """Signal the process alone or, as ctrl-C in a terminal does, its whole group."""
        assert self.process is not None
        if to_group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def wait(self, timeout_s: float = STOP_S) -> int:
        """Wait for the end of the process and return its exit code."""
        assert self.process is not None
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server still runs after {timeout_s:g} s\n{self.log}") from None

    def terminate(self) -> int:
        """Ask it to stop and wait for that; returns the exit code."""
        self.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it, and whatever it was started by, at once, as a power cut does."""
        self.send_signal(signal.SIGKILL, to_group=True)
        self.wait()

    def restart(self, *, gracefully: bool = True) -> None:
        """Stop it (or kill it) and start it again on the same port and data."""
        if gracefully:
            assert self.terminate() == 0, self.log
        else:
            self.kill()
        self.start()

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a `caseclock` command on the same data, and return what it prints."""
        done = self.try_run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"caseclock {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def try_run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a `caseclock` command that may fail."""
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=START_S,
        )

    def add_person(self, username: str, *, role: str = "representative", time_zone: str = "UTC") -> None:
        """Add somebody with the password `PASSWORD`."""
        options = ("--role", role, "--time-zone", time_zone, "--password-stdin")
        self.run("user", "add", username, *options, stdin=PASSWORD + "\n")

    def token(self, username: str) -> str:
        """A bearer token of that person; the same one each time."""
        if username not in self.tokens:
            self.tokens[username] = self.run("token", username)
        return self.tokens[username]

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, Any]:
        """One HTTP call with a JSON body (bytes go as they are); returns the status and the decoded answer."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=START_S) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())

    def _answers_or_ended(self) -> bool:
        if not self.is_running:
            return True
        try:
            return self.call("GET", "/healthz")[0] == 200
        except OSError:
            return False


def free_port() -> int:
    """A port of this computer that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _decoded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
