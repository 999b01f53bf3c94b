"""What happens inside a server that is to fail: it dies, stops, or loses its database at a chosen place of a commit.

The product knows nothing of this: SQLAlchemy tells of every statement. A commit has the places 1, 2, 3 ...: before and
after each statement, before and after COMMIT. `Failpoint` is the tests' side. It arms one place at a time by a file in
the server's folder; the server takes the file away as it fails there, and writes down where that was.

    kill    SIGKILL                         stop    SIGSTOP, until somebody sends SIGCONT
    lose    the connection is gone          hold    waits until it is released
    raise   an error of Python              calls   at COMMIT: system calls fail (see `system_calls`)
    sql     somebody else's statement runs
"""

import builtins
import json
import mmap
import os
import signal
import socket
import sqlite3
import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

IDLE, BEATS, TRANSACTION, COMMITTING, COMMITTED = range(5)
PHASES = ("between commits", "asking for beats", "in the transaction", "in COMMIT", "after COMMIT")

_QUICK_TICK_S = 0.05
_SLOT = struct.Struct("=ii")


class Failpoint:
    """Arms and reads the failpoint of one server, from outside."""

    def __init__(self, folder: Path) -> None:
        self._armed = folder / "failpoint.json"
        self._fired = folder / "failpoint-fired.json"
        self._go = folder / "failpoint-go"
        self._phase = folder / "failpoint-phase"
        self._phase.write_bytes(bytes(_SLOT.size))

    @property
    def setup(self) -> dict[str, Any]:
        """What to hand to `Nursery.start`."""
        return {"failpoint": str(self._armed.parent)}

    def arm(self, act: str, place: int | str, **details: Any) -> None:
        """Fail at a place: its number, or the beginning of its name: `before INSERT INTO tracker_records`."""
        self.disarm()
        waiting = self._armed.with_suffix(".new")
        waiting.write_text(json.dumps({"act": act, "place": place, **details}))
        waiting.rename(self._armed)

    def disarm(self) -> None:
        for path in (self._armed, self._fired, self._go):
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let a commit that holds go on."""
        self._go.touch()

    @property
    def is_armed(self) -> bool:
        return self._armed.exists()

    @property
    def fired(self) -> str | None:
        """The name of the place at which it failed; None while it has not."""
        return self._fired.read_text() if self._fired.exists() else None

    @property
    def phase(self) -> int:
        """Where the server is with its commits, or was when it died."""
        return int(_SLOT.unpack(self._phase.read_bytes())[0])


def install(
    *,
    failpoint: str | None = None,
    clock: str | None = None,
    without_rights: bool = False,
    write_timeout_s: float | None = None,
) -> None:
    """Called in the server's process before it starts.

    `failpoint` is the folder of a `Failpoint`; `clock` the file of a `SteppedClock` to live by; `without_rights` takes
    the rights of root away that read and write every file; `write_timeout_s` stands for the patience of `server.db`.
    """
    if write_timeout_s is not None:
        import server.db

        server.db.WRITE_TIMEOUT_S = write_timeout_s  # type: ignore[assignment]
    if failpoint is not None:
        _Inside(Path(failpoint)).install()
    if clock is not None:
        _live_by(Path(clock))
    if without_rights:
        from tests.faults.rights import drop_file_rights

        drop_file_rights()


def _live_by(clock: Path) -> None:
    """The time of the tests; jobs run more often, since more of it passes in a second."""
    import server.app
    import server.jobs
    from tests.faults.stepped_clock import SteppedClock

    create, table = server.app.create_app, server.jobs.jobs
    server.app.create_app = partial(create, now=SteppedClock(clock))  # type: ignore[assignment]
    server.jobs.jobs = lambda tracking: tuple(
        replace(job, every_s=min(job.every_s, _QUICK_TICK_S)) if job.name == "commit" else job
        for job in table(tracking)
    )


class _Inside:
    """Counts the places of the commit that is running, and fails at the one that is armed."""

    def __init__(self, folder: Path) -> None:
        self._armed = folder / "failpoint.json"
        self._fired = folder / "failpoint-fired.json"
        self._go = folder / "failpoint-go"
        with (folder / "failpoint-phase").open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _SLOT.size)
        self._place = 0
        self._order: dict[str, Any] | None = None
        self._running: int | None = None

    def install(self) -> None:
        from sqlalchemy import Engine, event
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
        from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

        from server.tracking import schedule

        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
            dialect.do_commit = self._around_commit(dialect.do_commit)  # type: ignore[method-assign]
        commit_due = schedule.commit_due

        def noted(*args: Any, **kwargs: Any) -> Any:
            self._enter(BEATS)
            try:
                return commit_due(*args, **kwargs)
            finally:
                self._enter(IDLE)

        schedule.commit_due = noted

    def _before(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        dbapi = connection.connection.dbapi_connection
        if _begins_a_commit(statement):
            self._begin(dbapi)
        if self._running == id(dbapi):
            self._reach(f"before {_named(statement)}", dbapi)

    def _after(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        dbapi = connection.connection.dbapi_connection
        if self._running == id(dbapi):
            self._reach(f"after {_named(statement)}", dbapi)

    def _around_commit(self, do_commit: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def around(dialect: Any, fairy: Any) -> None:
            dbapi = fairy.dbapi_connection
            if self._running != id(dbapi):
                do_commit(dialect, fairy)
                return
            commit = partial(do_commit, dialect, fairy)
            self._enter(COMMITTING)
            failing = self._reach("before COMMIT", dbapi)
            if failing is not None:
                from tests.faults.system_calls import call_with_failing

                call_with_failing(commit, calls=failing["calls"], error_number=failing["error_number"])
            else:
                commit()
            self._enter(COMMITTED)
            self._reach("after COMMIT", dbapi)
            self._running = None

        return around

    def _begin(self, dbapi: Any) -> None:
        self._running = id(dbapi)
        self._place = 0
        self._order = json.loads(self._armed.read_text()) if self._armed.exists() else None
        self._enter(TRANSACTION)

    def _enter(self, phase: int) -> None:
        self._shared[:] = _SLOT.pack(phase, self._place)

    def _reach(self, name: str, dbapi: Any) -> dict[str, Any] | None:
        """Fail here if that was asked for; returns the order where it is for the caller to carry out."""
        self._place += 1
        order = self._order
        if order is None or not (order["place"] == self._place or name.startswith(str(order["place"]))):
            return None
        self._order = None
        self._fired.write_text(name)
        if not order.get("again"):
            self._armed.unlink(missing_ok=True)
        match order["act"]:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "hold":
                self._wait_for_go()
            case "lose":
                _lose(dbapi, name)
            case "raise":
                raise getattr(builtins, order["error"])(f"failpoint {name}")
            case "sql":
                _run_sql(order["sql"], order.get("database_url"), dbapi)
            case "calls":
                return order
        return None

    def _wait_for_go(self) -> None:
        import gevent

        while not self._go.exists():
            gevent.sleep(0.01)


def _begins_a_commit(statement: str) -> bool:
    """SQLite writes nothing else while the tests run; PostgreSQL's BEGIN travels with the first statement."""
    return statement == "BEGIN IMMEDIATE" or ("stream_cursors" in statement and "FOR UPDATE" in statement)


def _named(statement: str) -> str:
    words = statement.split()
    if words[0] == "SELECT" and "FROM" in words:
        return f"SELECT FROM {words[words.index('FROM') + 1]}"
    return " ".join(words[:3])


def _lose(dbapi: Any, name: str) -> None:
    """The connection to the database is gone. After COMMIT, its answer is what was lost."""
    from psycopg import OperationalError
    from sqlalchemy.exc import OperationalError as Wrapped

    if isinstance(dbapi, sqlite3.Connection):
        lost: Exception = sqlite3.OperationalError("disk I/O error")
        raise lost if "COMMIT" in name else Wrapped(name, {}, lost)
    with socket.socket(fileno=os.dup(dbapi.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)
    if name == "after COMMIT":
        raise OperationalError("server closed the connection unexpectedly")


def _run_sql(sql: str, database_url: str | None, dbapi: Any) -> None:
    """Somebody else's statement at this moment: over a connection of its own, or where a file has one writer, ours."""
    if database_url is None:
        dbapi.execute(sql)
        return
    import psycopg

    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(sql)
