"""What an error of the database means: whether only somebody's lock is in the way, and what an operator should do."""

from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_LOCK_NOT_AVAILABLE = "55P03"
_QUERY_CANCELED = "57014"
_DEADLOCK = "40P01"
_SERIALIZATION = "40001"
_TOO_MANY = "53300"
_SOMEBODY_ELSE = frozenset((_LOCK_NOT_AVAILABLE, _QUERY_CANCELED, _DEADLOCK, _SERIALIZATION))

_SQLITE = {
    "SQLITE_BUSY": "another process holds the lock of the file: find it and end it, one server process per file",
    "SQLITE_FULL": "the disk is full: make room where the database is",
    "SQLITE_IOERR": "the disk does not read or write: look for room on it and at the system's log",
    "SQLITE_READONLY": "make the file of CASECLOCK_DATABASE_URL and its folder writable for the user of the server",
    "SQLITE_CANTOPEN": "make the folder that CASECLOCK_DATABASE_URL names, and let the user of the server write there",
    "SQLITE_CORRUPT": "the file is damaged: stop the server, keep a copy of the file, restore the last good backup",
    "SQLITE_NOTADB": "the file is damaged: stop the server, keep a copy of the file, restore the last good backup",
}
_POSTGRESQL = {
    _LOCK_NOT_AVAILABLE: "another session holds a lock: look for it in pg_stat_activity",
    _QUERY_CANCELED: "PostgreSQL is too slow: look at its load and in pg_stat_activity",
    _DEADLOCK: "somebody changed the same at the same moment: this passes by itself",
    _SERIALIZATION: "somebody changed the same at the same moment: this passes by itself",
    "25006": "PostgreSQL takes no changes there: let CASECLOCK_DATABASE_URL name the one that does",
    "53100": "the disk of PostgreSQL is full: make room there",
    _TOO_MANY: "PostgreSQL takes no more connections: end some, or raise its max_connections",
    "XX001": "PostgreSQL found damaged data: stop the server, restore the last good backup",
    "XX002": "PostgreSQL found a damaged index: REINDEX it",
}
_DEFAULT = "see that the database runs and that CASECLOCK_DATABASE_URL names it"


def is_held_up(error: DBAPIError) -> bool:
    """Whether another session of PostgreSQL was in the way: a lock, a deadlock, a change at the same moment."""
    return getattr(error.orig, "sqlstate", None) in _SOMEBODY_ELSE


def is_of_the_database(error: SQLAlchemyError) -> bool:
    """Whether the database failed (away, locked, full, damaged, too slow), and not the program that asked it."""
    if isinstance(error, exc.DataError | exc.IntegrityError | exc.ProgrammingError | exc.NotSupportedError):
        return False
    return isinstance(error, exc.DatabaseError | exc.InterfaceError | exc.TimeoutError)


def advice(error: SQLAlchemyError) -> str:
    """One sentence for operators: what the database said, and what to do about it."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(said).split())
    name = getattr(said, "sqlite_errorname", None) or ""
    what = _POSTGRESQL.get(_sqlstate(said, text)) or _SQLITE.get("_".join(name.split("_")[:2]))
    return f"{text} - {what or _DEFAULT}"


def _sqlstate(said: BaseException, text: str) -> str:
    """The driver knows it of statements only; of a connection that was refused there is but the text."""
    if "too many connections" in text or "connection slots are reserved" in text:
        return _TOO_MANY
    return getattr(said, "sqlstate", None) or ""
