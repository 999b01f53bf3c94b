"""The database: tables' base, portable column types, and one transaction per verb.

SQLite is the default (WAL, `STRICT` tables, one writer that waits for the disk), PostgreSQL goes beyond.
A verb takes a `Session` and values; the edge hands it to `Database.read` or `Database.write`, which own the
transaction. Under gevent an SQLite write runs in one native thread of its own, since it would otherwise
stop every greenlet; PostgreSQL's driver waits cooperatively and needs none.

Nothing here waits for ever: a lock, a statement, a connection and a write each have their time-out. What a write that
was given up did is open; whoever needs to know asks the database.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar, cast

from flask import current_app
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Dialect,
    Engine,
    Table,
    Text,
    create_engine,
    event,
    exc,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import NullPool

T = TypeVar("T")

_EXTENSION = "caseclock.database"
BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another process's lock of an SQLite file."""
READ_BUSY_TIMEOUT_S = 0.5
"""The same for a read. It runs among the greenlets, which all wait with it."""
CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 30
IDLE_IN_TRANSACTION_S = 10
"""After this PostgreSQL undoes the transaction of a process that stands still, and frees its locks."""
WRITE_TIMEOUT_S = 60
"""A whole write, whatever it waits for: a database that is frozen enforces no time-out of its own."""
POOL_TIMEOUT_S = 10
_LONG_READS = 4
"""How many long reads run at a time; the next ones wait."""
_REST_S = 0.001

_NOTICE_DEAD_PEERS = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """The base of every table. Instants are `BigInteger` milliseconds since the epoch, UTC."""

    type_annotation_map = {int: BigInteger, str: Text, bool: Boolean}
    __table_args__: Any = {"sqlite_strict": True}


@compiles(BigInteger, "sqlite")
@compiles(Boolean, "sqlite")
def _integer_of_strict_tables(_type: object, _compiler: object, **_: object) -> str:
    return "INTEGER"


class TooSlow(exc.TimeoutError):
    """A write took longer than `WRITE_TIMEOUT_S` and was given up. Whether it was committed is not known."""

    def __init__(self) -> None:
        super().__init__(f"the database did not take a write in {WRITE_TIMEOUT_S} s")


class Database:
    """Two ways in: `read` and `write`, each one transaction around a verb.

    Reading and writing have connections of their own, so that no number of readers can hold up a commit.
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._readers = _sqlite_engine(
                url, begin="BEGIN", synchronous="NORMAL", busy_timeout_s=READ_BUSY_TIMEOUT_S, **_pool(5, more=20)
            )
            self._writer = _sqlite_engine(
                url, begin="BEGIN IMMEDIATE", synchronous="FULL", busy_timeout_s=BUSY_TIMEOUT_S, **_pool(1, more=0)
            )
        else:
            self._readers = _postgresql_engine(url, **_pool(10, more=10))
            self._writer = _postgresql_engine(url, **_pool(5, more=10))
        self.timing: Callable[[], AbstractContextManager[object]] = nullcontext
        """Entered around each write, for whoever measures how long they take."""
        self._write_lock = threading.Lock()
        self._thread = _native_threads(1) if self.is_sqlite else None
        self._long_readers = _long_reading_engine(url, is_sqlite=self.is_sqlite)
        self._long_threads = _native_threads(_LONG_READS)

    @property
    def engine(self) -> Engine:
        """The engine that writes; for migrations."""
        return self._writer

    def read(self, verb: Callable[[Session], T]) -> T:
        """Run `verb(session)` in a read-only look at the database and return what it returns."""
        with Session(self._readers) as session:
            return verb(session)

    def read_long(self, verb: Callable[[Session], T]) -> T:
        """As `read`, for what takes seconds: under gevent in a native thread, so that only the caller waits for it.

        The verb knows neither request nor application. Where it computes much, it calls `give_way` now and then.
        """

        def look() -> T:
            with Session(self._long_readers) as session:
                return verb(session)

        return look() if self._long_threads is None else _applied(self._long_threads, look)

    def write(self, verb: Callable[[Session], T]) -> T:
        """Run `verb(session)` in one transaction, durable when this returns; undone if it raises, but `TooSlow`."""
        with self.timing():
            return self._write(verb)

    def _write(self, verb: Callable[[Session], T]) -> T:
        if _under_gevent():
            with _deadline():
                return self._write_here(verb) if self._thread is None else self._write_in_thread(verb)
        if self.is_sqlite:
            with self._write_lock:
                return self._write_here(verb)
        return self._write_here(verb)

    def _write_here(self, verb: Callable[[Session], T]) -> T:
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            return verb(session)

    def _write_in_thread(self, verb: Callable[[Session], T]) -> T:
        return _applied(self._thread, lambda: self._write_here(verb))

    def close(self) -> None:
        """Give every connection back."""
        self._readers.dispose()
        self._writer.dispose()
        self._long_readers.dispose()


@contextmanager
def _deadline() -> Iterator[None]:
    """Give up after `WRITE_TIMEOUT_S`. The connection that was waited on is thrown away with what it was doing."""
    from gevent import Timeout

    with Timeout(WRITE_TIMEOUT_S) as late:
        try:
            yield
        except (Timeout, SQLAlchemyError) as error:
            if late.pending or (isinstance(error, Timeout) and error is not late):
                raise
            raise TooSlow from error  # a driver may have made another error of ours


def install(app_extensions: dict[str, object], database: Database) -> None:
    """Make `database` the one of the application that owns these extensions."""
    app_extensions[_EXTENSION] = database


def database() -> Database:
    """The database of the current application."""
    return cast(Database, current_app.extensions[_EXTENSION])


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert many rows of the same columns. Values go to the driver as they are: integers, text, booleans, None."""
    if rows:
        _execute_many(session, model, rows, (), ())


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, object]],
    *,
    add: Sequence[str] = (),
    replace: Sequence[str] = (),
) -> None:
    """Insert rows; where the primary key stands already, add to the columns `add` and overwrite `replace`."""
    if rows:
        _execute_many(session, model, rows, tuple(add), tuple(replace))


def _execute_many(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, object]],
    add: tuple[str, ...],
    replace: tuple[str, ...],
) -> None:
    """Hand the rows to the driver at once: SQLAlchemy's work on each parameter costs more than the insert itself."""
    text, names = _many_statement(model, session.get_bind().dialect, tuple(rows[0]), add, replace)
    parameters = list(map(itemgetter(*names), rows)) if names else [dict(row) for row in rows]
    connection = session.connection()
    connection.exec_driver_sql(text, parameters)
    if connection.dialect.name == "postgresql":
        # The driver sends many rows in a pipeline, whose end takes off PostgreSQL's timer of transactions that stand
        # still. The next statement sets it again: without one, a process that stops just here keeps its locks.
        connection.exec_driver_sql("SELECT 1")


@lru_cache(maxsize=256)
def _many_statement(
    model: type[Base], dialect: Dialect, columns: tuple[str, ...], add: tuple[str, ...], replace: tuple[str, ...]
) -> tuple[str, Sequence[str]]:
    """The SQL text, and the order of its parameters where the driver takes them by position."""
    table = cast(Table, model.__table__)
    statement = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    if add or replace:
        changes: dict[str, Any] = {name: table.c[name] + statement.excluded[name] for name in add}
        changes |= {name: statement.excluded[name] for name in replace}
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changes)
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return str(compiled), compiled.positiontup or ()


def offload(work: Callable[[], T]) -> T:
    """Run slow, pure computing (a password hash) beside the greenlets, where there are any."""
    if not _under_gevent():
        return work()
    import gevent

    return cast(T, gevent.get_hub().threadpool.apply(work))


def give_way() -> None:
    """Let the greenlets run, in the middle of long computing in a thread beside them; for every few milliseconds."""
    if _under_gevent():
        from gevent.monkey import get_original

        get_original("time", "sleep")(_REST_S)


def see_one_state(session: Session) -> None:
    """Let all queries of a reading session see one state of the database and take their time. Call it before them."""
    if session.get_bind().dialect.name == "postgresql":
        connection = session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def let_statements_take_long(connection: Connection) -> None:
    """Take the time-out off the statements of one connection: a migration may have to build an index for an hour."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.commit()


def _sqlite_engine(url: str, *, begin: str, synchronous: str, busy_timeout_s: float, **pool: Any) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # what people wrote must not come into the log with an error
        connect_args={"check_same_thread": False, "timeout": busy_timeout_s},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _long_reading_engine(url: str, *, is_sqlite: bool) -> Engine:
    """Its connections are made anew each time: a pool would have to be shared between threads."""
    if is_sqlite:
        return _sqlite_engine(
            url, begin="BEGIN", synchronous="NORMAL", busy_timeout_s=BUSY_TIMEOUT_S, poolclass=NullPool
        )
    return _postgresql_engine(url, poolclass=NullPool)


def _pool(size: int, *, more: int) -> dict[str, Any]:
    return {"pool_size": size, "max_overflow": more, "pool_timeout": POOL_TIMEOUT_S}


def _postgresql_engine(url: str, **pool: Any) -> Engine:
    """What the URL itself says of a connection (`?options=...`, `?connect_timeout=...`) counts before what is here."""
    plain = make_url(url)
    if plain.get_driver_name() != "psycopg":
        plain = plain.set(drivername="postgresql+psycopg")
    arguments = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "options": f"-c lock_timeout={LOCK_TIMEOUT_S}s -c statement_timeout={STATEMENT_TIMEOUT_S}s"
        f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_S}s",
        **_NOTICE_DEAD_PEERS,
    }
    return create_engine(
        plain,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={name: value for name, value in arguments.items() if name not in plain.query},
        **pool,
    )


def old_sqlite() -> str | None:
    """A warning where this SQLite can lose a write-ahead log that two processes reset at once."""
    first, last = _WAL_RESET_BUG
    if not first <= sqlite3.sqlite_version_info <= last:
        return None
    return (
        f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug (3.7.0 to 3.51.2); "
        "keep one server process per file, or upgrade SQLite"
    )


def warn_of_old_sqlite() -> None:
    """Log that warning."""
    if words := old_sqlite():
        log.warning(words)


def _native_threads(count: int) -> Any:
    """A gevent pool of so many native threads, or None where gevent does not run the show."""
    if not _under_gevent():
        return None
    from gevent.threadpool import ThreadPool

    return ThreadPool(count)


def _applied(threads: Any, work: Callable[[], T]) -> T:
    """Run it in one of these threads. Errors come back as values: gevent prints whatever is raised there."""
    from gevent.util import wrap_errors

    outcome = threads.apply(wrap_errors(Exception, work))
    if isinstance(outcome, Exception):
        raise outcome
    return cast(T, outcome)


def _under_gevent() -> bool:
    """Whether threads are greenlets here, so that a call that blocks would stop them all."""
    from gevent import monkey

    return bool(monkey.is_module_patched("threading"))
