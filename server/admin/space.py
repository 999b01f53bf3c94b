"""How much room tracker records take in the database, with their part of its indexes."""

from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from server.tracking.models import TrackerRecord

_SQLITE = text(
    "SELECT SUM(pgsize) FROM dbstat WHERE aggregate = TRUE"
    " AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'tracker_records')"
)
_POSTGRESQL = text("SELECT pg_total_relation_size('tracker_records')")


def bytes_of(session: Session, records: int) -> int | None:
    """About how many bytes so many records take: their share of the pages. None where the database cannot say.

    It is what becomes free for new rows; a file does not get smaller by itself.
    """
    everything = session.scalar(select(func.count()).select_from(TrackerRecord)) or 0
    try:
        taken = session.scalar(_POSTGRESQL if session.get_bind().dialect.name == "postgresql" else _SQLITE)
    except DatabaseError:  # an SQLite that was built without its table of statistics
        return None
    return int(taken or 0) * records // everything if everything else 0
