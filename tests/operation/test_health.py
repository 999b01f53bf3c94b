"""`/healthz` and `/readyz`: each thing that keeps the server from its work is said in words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from server import jobs
from server.db import Database
from server.operation.runs import runs_of
from server.tracking.models import TrackerRecord
from tests.conftest import World
from tests.waiting import until
from tests.work import commit_all, worked, works


def _problems(world: World) -> list[str]:
    answer = world.client().get("/readyz")
    found = list(answer.json["problems"])
    assert (answer.status_code, answer.json["status"]) == ((503, "not ready") if found else (200, "ready"))
    return found


@contextmanager
def _scheduled(world: World) -> Iterator[Any]:
    scheduler = jobs.start(world.app)
    try:
        yield scheduler
    finally:
        if scheduler.running:
            scheduler.shutdown(wait=True)


def _run_commit_job(world: World) -> None:
    jobs._guarded(world.app, world.tracking, jobs.jobs(world.tracking)[0])


def test_a_server_that_can_work_is_ready_and_says_nothing_else(each_world: World) -> None:
    with _scheduled(each_world):
        until(lambda: runs_of(each_world.app).jobs["commit"].runs > 0, what="the commit job has run")
        assert _problems(each_world) == []
    assert each_world.client().get("/healthz").json == {"status": "ok"}


def test_a_scheduler_that_died_is_noticed_in_a_minute(world: World) -> None:
    """X62"""
    with _scheduled(world) as scheduler:
        scheduler.shutdown(wait=True)
    assert _problems(world) == []

    world.clock.advance(seconds=61)

    assert any("scheduler" in words and "61 s" in words for words in _problems(world))
    assert world.client().get("/healthz").status_code == 200


def test_a_scheduler_that_never_ran_a_job_is_noticed_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """X62: the last good run is not there to grow old."""
    monkeypatch.setattr("apscheduler.schedulers.background.BackgroundScheduler.start", lambda self: None)
    jobs.start(world.app)

    world.clock.advance(seconds=61)

    assert any("scheduler" in words for words in _problems(world))


def test_a_commit_that_hangs_is_noticed_and_one_that_ends_is_forgiven(world: World) -> None:
    """X61"""
    works(world, "ana", minutes=1)
    world.tracking.committed_at[world.ids["ana"]] = world.clock.now
    world.clock.advance(minutes=11)
    runs_of(world.app).plan("commit", now=world.clock.now)
    with world.tracking.commit_lock:
        job = threading.Thread(target=_run_commit_job, args=(world,))
        job.start()
        until(lambda: runs_of(world.app).jobs["commit"].is_running, what="the job has begun")
        assert _problems(world) == []
        world.clock.advance(seconds=75)
        assert any("a commit has been running for 75 s" in words for words in _problems(world))
    job.join()
    _run_commit_job(world)
    assert _problems(world) == []
    assert world.read(lambda session: session.scalar(select(func.count()).select_from(TrackerRecord))) == 1


def test_commits_that_fail_again_and_again_are_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """X61: the job runs each second, and none of its runs is a good one."""
    runs_of(world.app).plan("commit", now=world.clock.now)
    _run_commit_job(world)
    works(world, "ana", minutes=1)
    world.clock.advance(minutes=11)
    failure = OperationalError("COMMIT", {}, Exception("disk I/O error"))

    def fails(*_: Any) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", fails)
        world.tracking.committed_at[world.ids["ana"]] = 0
        _run_commit_job(world)
        assert [words for words in _problems(world) if "last good commit" in words]
    assert runs_of(world.app).jobs["commit"].failures == 1

    _run_commit_job(world)
    assert _problems(world) == []


def test_a_blocked_live_store_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.operation.health._LOCK_S", 0.01)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with world.tracking.store.lock():
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        assert any("live store is blocked" in words for words in _problems(world))
    finally:
        done.set()
        holder.join()
    assert _problems(world) == []


def test_a_server_that_goes_down_takes_no_more_work(world: World) -> None:
    world.tracking.connections.closing = True

    assert _problems(world) == ["the server is going down"]


def test_a_database_migrated_under_a_running_server_still_takes_its_commits_and_is_said(each_world: World) -> None:
    """X66: migrations only add, so that the old process loses nothing until it is restarted."""
    worked(each_world, "ana", minutes=2)
    works(each_world, "ana", minutes=1)

    def migrate(session: Any) -> None:
        for table in ("tracker_records", "case_totals", "daily_totals", "stream_cursors", "people", "cases"):
            session.execute(text(f"ALTER TABLE {table} ADD COLUMN of_tomorrow INTEGER"))
        session.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))

    newer = Database(each_world.config.database_url)
    newer.write(migrate)
    newer.close()

    works(each_world, "ben", minutes=1)
    commit_all(each_world)
    total = each_world.client("ada").get("/api/v1/cases/CAS-1001/handling-time").json["automatic_seconds"]
    assert total == 4 * 60
    (words,) = _problems(each_world)
    assert "to tomorrow under this process: restart it" in words
