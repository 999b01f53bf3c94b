"""Retention: what is older than the settings say is purged, once a day."""

from calendar import monthrange

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import settings
from server.admin import purges, record_list
from server.admin.models import RUNNING, Purge
from server.admin.records import Filter
from server.clock import to_datetime, to_instant
from server.db import Database

_DAY_MS = 24 * 3600 * 1000


def request_if_due(database: Database, *, now: int) -> bool:
    """Ask for a purge of what is too old, if there is any and none was asked for within a day; says whether it did."""
    chosen = database.read(lambda session: due(session, now=now))
    if chosen is None:
        return False
    if not database.read_long(lambda session: record_list.count(session, chosen, most=0)):
        return False
    expected = database.read_long(lambda session: purges.estimate(session, chosen))
    database.write(lambda session: purges.request(session, chosen, expected, now=now))
    return True


def due(session: Session, *, now: int) -> Filter | None:
    """What the settings do not keep any longer; None where they keep everything, or it was seen to within a day."""
    said = settings.load(session)
    if not said.retention_months:
        return None
    of_retention = Purge.requested_by.is_(None)
    last = session.scalar(select(func.max(Purge.requested_at)).where(of_retention))
    is_running = session.scalar(select(Purge.id).where(of_retention, Purge.state == RUNNING).limit(1))
    if is_running or (last is not None and last > now - _DAY_MS):
        return None
    return Filter(before=months_before(now, said.retention_months), resolved_only=said.retention_resolved_only)


def months_before(instant: int, months: int) -> int:
    """The same day and time of day so many months earlier in UTC, or the last day of a shorter month."""
    moment = to_datetime(instant)
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return to_instant(moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1])))
