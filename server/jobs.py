"""What runs by itself: one table of jobs, each a line that calls a verb with `now`.

APScheduler runs them with UTC, interval triggers, no grace time that would skip a late run, and runs that piled up
joined into one. The commit has an executor of its own, so that nothing else can hold it up, and so have purges, which
may take minutes.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from server import db_faults
from server.accounts.sign_in import door
from server.admin import purges, records, retention
from server.operation.runs import runs_of
from server.reports import board
from server.tracking import connections_check, schedule
from server.tracking.agent_socket import tracking_of
from server.tracking.commit import settle_silent_streams
from server.tracking.service import Tracking

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """`run(tracking, now)` every so many seconds; `executor` is the pool it runs in."""

    name: str
    every_s: float
    run: Callable[[Tracking, int], object]
    executor: str = "default"


def jobs(tracking: Tracking) -> tuple[Job, ...]:
    """The table."""
    tick_s = min(1.0, tracking.interval_ms / 1000 / 20)
    return (
        Job("commit", tick_s, lambda t, now: schedule.commit_due(t, now=now), "commit"),
        Job("tell who watches the board what changed on it", 1, lambda _, now: board.tell(now=now)),
        Job("close sockets of people who lost access", 20, lambda t, now: connections_check.run(t, now=now)),
        Job("write down refused sign-ins", 60, lambda t, now: door().refusals.write(t.database, now=now)),
        Job("forget purged time that is too old to return", 3600, _forget_old_tombs),
        Job("count what nobody can still call idle", 3600, lambda t, now: settle_silent_streams(t, now=now)),
        Job("purge what was asked for", 1, _purge, "purges"),
        Job("ask to purge what retention does not keep", 600, _ask_for_retention),
    )


def start(app: Flask) -> BackgroundScheduler:
    """Start every job of the table; the caller shuts the scheduler down."""
    tracking = tracking_of(app)
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={
            "default": ThreadPoolExecutor(2),
            "commit": ThreadPoolExecutor(1),
            "purges": ThreadPoolExecutor(1),
        },
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs(tracking):
        runs_of(app).plan(job.name, now=tracking.clock())
        scheduler.add_job(
            _guarded, "interval", (app, tracking, job), seconds=job.every_s, name=job.name, executor=job.executor
        )
    scheduler.start()
    return scheduler


def _guarded(app: Flask, tracking: Tracking, job: Job) -> None:
    """The boundary of a job: one that fails is logged and runs again at its next time."""
    with app.app_context():
        try:
            with runs_of(app).run(job.name, tracking.clock):
                job.run(tracking, tracking.clock())
        except SQLAlchemyError as error:
            log.error("job %r failed and is tried again: %s", job.name, db_faults.advice(error))
        except Exception:
            log.exception("job %r failed", job.name)


def _forget_old_tombs(tracking: Tracking, now: int) -> None:
    tracking.database.write(lambda session: records.forget_old_tombs(session, now=now))


def _purge(tracking: Tracking, _now: int) -> None:
    """One purge after the other, as long as there are any and the server is to go on."""
    database = tracking.database
    while (purge_id := database.read(purges.oldest_running)) is not None and not tracking.connections.closing:
        purges.go_on(database, purge_id, clock=tracking.clock)


def _ask_for_retention(tracking: Tracking, now: int) -> None:
    retention.request_if_due(tracking.database, now=now)
