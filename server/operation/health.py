"""`/healthz` and `/readyz`: whether the process answers, and whether it can do its work.

Every problem is said in words, with what to do; docs/operation.md explains each of them. What needs no operator (a
representative who is tried again, an agent that sends nonsense) is no problem here but a figure in the metrics.
"""

import logging
from dataclasses import dataclass
from typing import cast

from flask import Flask
from gevent import Timeout
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server import clock
from server.accounts.access import public
from server.db_faults import advice
from server.operation.runs import Runs
from server.tracking.service import Tracking

COMMIT_JOB = "commit"
ALARM_MS = 60_000
"""After this a commit job that is silent, that runs, or that has not succeeded is a problem."""
_ANSWER_S = 5.0
_LOCK_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What `/readyz` asks. `revision` is that of the database when the process began."""

    tracking: Tracking
    runs: Runs
    revision: str | None

    def problems(self, now: int) -> list[str]:
        """Why the process cannot do its work, in words; empty where it can."""
        found = []
        if self.tracking.connections.closing:
            found.append("the server is going down")
        found += self._of_database()
        found += self._of_live_store()
        found += self._of_commits(now)
        return found

    def _of_database(self) -> list[str]:
        try:
            with Timeout(_ANSWER_S):
                revision = self.tracking.database.read(revision_of)
        except Timeout:
            return [f"the database does not answer within {_ANSWER_S:.0f} s"]
        except SQLAlchemyError as error:
            log.warning("the database does not answer: %s", advice(error))
            return ["the database does not answer"]
        if revision != self.revision:
            versions = f"from version {self.revision} to {revision}"
            return [f"the database was migrated {versions} under this process: restart it with the program of that one"]
        return []

    def _of_live_store(self) -> list[str]:
        lock = self.tracking.store.lock()
        if not lock.acquire(timeout=_LOCK_S):
            return ["the live store is blocked: restart the server, the browsers bring back what it held"]
        lock.release()
        return []

    def _of_commits(self, now: int) -> list[str]:
        job = self.runs.jobs.get(COMMIT_JOB)
        if job is None:
            return []
        found = []
        if job.silent_ms(now) > ALARM_MS:
            found.append(
                f"the scheduler has not run the commit job for {job.silent_ms(now) // 1000} s: restart the server, "
                "nothing is committed"
            )
        if job.running_ms(now) > ALARM_MS:
            found.append(
                f"a commit has been running for {job.running_ms(now) // 1000} s: look for what blocks the database"
            )
        last_good = max(self.tracking.last_good_commit_at, job.due_since)
        if now - last_good > ALARM_MS:
            found.append(f"the last good commit run was {(now - last_good) // 1000} s ago: the log says why")
        return found


def revision_of(session: Session) -> str | None:
    """The version of the database's tables."""
    return cast(str | None, session.scalar(text("SELECT version_num FROM alembic_version")))


def install(app: Flask, tracking: Tracking, runs: Runs) -> None:
    """Put both addresses on the application."""
    readiness = Readiness(tracking, runs, tracking.database.read(revision_of))

    @app.get("/healthz")
    @public
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    @public
    def readyz() -> tuple[dict[str, object], int]:
        """The process can do its work: database, live store, scheduler, commits."""
        found = readiness.problems(clock.now_ms())
        return {"status": "not ready" if found else "ready", "problems": found}, 503 if found else 200
