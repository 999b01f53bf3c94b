"""When each job of the schedule ran last, and how that went: what `/readyz` and `/metrics` tell of the scheduler."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from flask import Flask

from server.clock import Clock

_EXTENSION = "caseclock.job_runs"


@dataclass(slots=True)
class JobRuns:
    """One job. Instants are milliseconds since the epoch; `began_at` is that of its last run, `due_since` of its plan.

    A job that is running has a `began_at` and no `ended_at` after it.
    """

    due_since: int
    began_at: int | None = None
    ended_at: int | None = None
    runs: int = 0
    failures: int = 0

    @property
    def is_running(self) -> bool:
        """Whether a run has begun and not ended."""
        return self.began_at is not None and self.ended_at is None

    def silent_ms(self, now: int) -> int:
        """How long nothing has been heard of the job: since its last run ended, or since it was planned."""
        return 0 if self.is_running else now - (self.ended_at or self.due_since)

    def running_ms(self, now: int) -> int:
        """How long the present run has taken so far; 0 where there is none."""
        return now - self.began_at if self.began_at is not None and self.is_running else 0


@dataclass(slots=True)
class Runs:
    """All jobs of one server process by name; empty until the scheduler is started."""

    jobs: dict[str, JobRuns] = field(default_factory=dict)

    def plan(self, name: str, *, now: int) -> None:
        """Expect this job to run from now on."""
        self.jobs[name] = JobRuns(due_since=now)

    @contextmanager
    def run(self, name: str, clock: Clock) -> Iterator[None]:
        """One run of a job: its beginning, its end, and whether it failed."""
        job = self.jobs.setdefault(name, JobRuns(due_since=clock()))
        job.began_at, job.ended_at = clock(), None
        job.runs += 1
        has_failed = True
        try:
            yield
            has_failed = False
        finally:
            job.failures += has_failed
            job.ended_at = clock()


def install(app: Flask) -> Runs:
    """Make a new, empty one for the application."""
    runs = app.extensions[_EXTENSION] = Runs()
    return runs


def runs_of(app: Flask) -> Runs:
    """That of an application."""
    return cast(Runs, app.extensions[_EXTENSION])
