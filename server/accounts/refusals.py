"""Refused sign-ins on their way to the audit log.

They are counted in memory and written once a minute, an entry for each name, client network and reason: so no stranger
writes to the database, however many passwords they try. Past `MOST` of them in a minute the rest share an entry. What
a crash takes is a minute at most, and stands in the security log.
"""

from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server.audit import log as audit_log
from server.audit.log import Actor
from server.clock import iso
from server.db import Database

MOST = 100
OTHERS = "(others)"

_Key: TypeAlias = tuple[str, str, str]


@dataclass(slots=True)
class _Burst:
    """So many refusals from a first to a last instant."""

    tries: int
    first_at: int
    last_at: int


class Refusals:
    """The refusals that are not written yet."""

    def __init__(self) -> None:
        self._held: dict[_Key, _Burst] = {}

    def count(self, username: str, network: str, reason: str, *, now: int) -> None:
        """Remember a refusal; `username` is that of somebody who exists, or stands for a name that nobody has."""
        self._add((username, network, reason), _Burst(1, now, now))

    def write(self, database: Database, *, now: int) -> None:
        """Record what was counted since the last time; where that fails it is kept for the next."""
        taken, self._held = self._held, {}
        if not taken:
            return
        try:
            database.write(lambda session: _record(session, taken, now))
        except SQLAlchemyError:
            for key, burst in taken.items():
                self._add(key, burst)
            raise

    def _add(self, key: _Key, burst: _Burst) -> None:
        if key not in self._held and len(self._held) >= MOST:
            key = (OTHERS, OTHERS, key[-1])
        found = self._held.setdefault(key, _Burst(0, burst.first_at, burst.last_at))
        found.tries += burst.tries
        found.first_at = min(found.first_at, burst.first_at)
        found.last_at = max(found.last_at, burst.last_at)


def _record(session: Session, taken: dict[_Key, _Burst], now: int) -> None:
    for (username, network, reason), burst in taken.items():
        audit_log.record(
            session,
            "sign_in.refused",
            now=now,
            by=Actor("system", address=network),
            subject=username,
            reason=reason,
            tries=burst.tries,
            first_at=iso(burst.first_at),
            last_at=iso(burst.last_at),
        )
