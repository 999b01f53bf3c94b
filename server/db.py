"""The database: tables' base, portable column types, and one transaction per verb.

SQLite is the default (WAL, `STRICT` tables, one writer that waits for the disk), PostgreSQL goes beyond.
A verb takes a `Session` and values; the edge hands it to `Database.read` or `Database.write`, which own the
transaction. Under gevent an SQLite write runs in one native thread of its own, since it would otherwise
stop every greenlet; PostgreSQL's driver waits cooperatively and needs none.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar, cast

from flask import current_app
from sqlalchemy import BigInteger, Boolean, Dialect, Engine, Table, Text, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session

T = TypeVar("T")

_EXTENSION = "caseclock.database"
_BUSY_TIMEOUT_MS = 10_000
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


class Database:
    """Two ways in: `read` and `write`, each one transaction around a verb."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._readers = _sqlite_engine(url, begin="BEGIN", synchronous="NORMAL")
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", synchronous="FULL", pool_size=1)
        else:
            self._readers = self._writer = _postgresql_engine(url)
        self._write_lock = threading.Lock()
        self._thread = _native_thread() if self.is_sqlite else None

    @property
    def engine(self) -> Engine:
        """The engine that writes; for migrations."""
        return self._writer

    def read(self, verb: Callable[[Session], T]) -> T:
        """Run `verb(session)` in a read-only look at the database and return what it returns."""
        with Session(self._readers) as session:
            return verb(session)

    def write(self, verb: Callable[[Session], T]) -> T:
        """Run `verb(session)` in one transaction, durable when this returns; undone if it raises."""
        if self._thread is not None:
            return cast(T, self._thread.apply(self._write_here, (verb,)))
        if self.is_sqlite:
            with self._write_lock:
                return self._write_here(verb)
        return self._write_here(verb)

    def _write_here(self, verb: Callable[[Session], T]) -> T:
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            return verb(session)

    def close(self) -> None:
        """Give every connection back."""
        self._readers.dispose()
        self._writer.dispose()


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
    session.connection().exec_driver_sql(text, parameters)


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


def _sqlite_engine(url: str, *, begin: str, synchronous: str, pool_size: int = 5) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0 if pool_size == 1 else 20,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_MS / 1000},
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


def _postgresql_engine(url: str) -> Engine:
    plain = make_url(url)
    if plain.get_driver_name() != "psycopg":
        plain = plain.set(drivername="postgresql+psycopg")
    return create_engine(plain, pool_size=10, max_overflow=10, pool_pre_ping=True)


def warn_of_old_sqlite() -> None:
    """Log a warning where this SQLite can lose a write-ahead log that two processes reset at once."""
    first, last = _WAL_RESET_BUG
    if first <= sqlite3.sqlite_version_info <= last:
        log.warning(
            "SQLite %s has the WAL-reset bug (3.7.0 to 3.51.2); keep one server process per file, or upgrade SQLite",
            sqlite3.sqlite_version,
        )


def _native_thread() -> Any:
    """A gevent pool of one native thread, or None where gevent does not run the show."""
    if not _under_gevent():
        return None
    from gevent.threadpool import ThreadPool

    return ThreadPool(1)


def _under_gevent() -> bool:
    """Whether threads are greenlets here, so that a call that blocks would stop them all."""
    from gevent import monkey

    return bool(monkey.is_module_patched("threading"))
