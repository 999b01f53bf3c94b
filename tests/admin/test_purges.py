"""A7: purges that are kept: at once or little by little, seen, cancelled, resumed; totals never lose anything."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from server import jobs
from server.admin import purges, records
from server.admin.models import Purge
from server.tracking.models import DailyTotal, PurgedTotal, TrackerRecord
from tests.conftest import NOON, World
from tests.work import commit_all, insert_records, send, worked, works

URL = "/api/v1/purges"
PURGE = "/api/v1/tracker-records/purge"
OLD = NOON - 30 * 24 * 3_600_000


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a hundred records are many: batches of 10, up to 20 at once."""
    monkeypatch.setattr(purges, "AT_ONCE", 20)
    monkeypatch.setattr(records, "_BATCH", 10)


def _insert(world: World, count: int, who: str = "ana", case: str = "CAS-1001") -> None:
    insert_records(world, who, case, range(OLD, OLD + count * 1_000, 1_000), length_ms=500)


def _ask(world: World, body: dict[str, Any], status: int = 202) -> dict[str, Any]:
    answer = world.client("ada").post(PURGE, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def _see(world: World, purge_id: int) -> dict[str, Any]:
    return dict(world.client("ada").get(f"{URL}/{purge_id}").json)


def _run(world: World) -> None:
    """What the scheduler does every second."""
    (job,) = (job for job in jobs.jobs(world.tracking) if job.run is jobs._purge)
    jobs._guarded(world.app, world.tracking, job)


def _go_on(world: World, purge_id: int, batches: int) -> None:
    for _ in range(batches):
        assert purges.go_on(world.database, purge_id, clock=world.clock)


def _count(world: World) -> int:
    return int(world.read(lambda session: session.scalar(select(func.count()).select_from(TrackerRecord))))


def _purged_ms(world: World) -> int:
    return int(world.read(lambda session: session.scalar(select(func.sum(PurgedTotal.automatic_ms)))) or 0)


def test_a7_a_small_purge_is_done_at_once_and_stays_in_the_list(each_world: World) -> None:
    """A7: who asked, for what, when, and what it took; nothing of one that found nothing."""
    _insert(each_world, 30)
    rule = {"case": "CAS-1001", "before": "2026-11-20T12:00:00Z"}

    done = _ask(each_world, {"rule": rule}, 200)

    assert done == {"records": 30, "duration_seconds": 15, "dry_run": False}
    assert _ask(each_world, {"rule": rule}, 200)["records"] == 0
    (seen,) = each_world.client("ada").get(URL).json["items"]
    assert seen == {
        "id": seen["id"],
        "rule": {"case": "CAS-1001", "before": "2026-11-20T12:00:00.000Z", "up_to_id": seen["rule"]["up_to_id"]},
        "requested_by": "ada",
        "name": "Ada Varga",
        "requested_at": "2026-11-20T12:00:00.000Z",
        "state": "done",
        "records_expected": 30,
        "records_done": 30,
        "duration_seconds": 15,
        "bytes_estimated": seen["bytes_estimated"],
        "finished_at": "2026-11-20T12:00:00.000Z",
        "problem": "",
    }
    assert seen["bytes_estimated"] > 0
    assert _see(each_world, seen["id"]) == seen


def test_a7_a_large_purge_is_answered_at_once_and_done_by_the_job(each_world: World, few_at_once: None) -> None:
    """A7: 202 with its id; while it runs one sees how far it is."""
    _insert(each_world, 105)
    _insert(each_world, 5, "ben")

    asked = _ask(each_world, {"rule": {"representative": "ana"}})

    assert (asked["state"], asked["records_expected"], asked["records_done"]) == ("running", 105, 0)
    assert _count(each_world) == 110
    _go_on(each_world, asked["id"], 3)
    assert (_see(each_world, asked["id"])["records_done"], _count(each_world)) == (30, 80)
    assert each_world.read(lambda session: session.scalar(select(Purge.last_id))) == 30
    assert [one["id"] for one in each_world.client("ada").get(f"{URL}?state=running").json["items"]] == [asked["id"]]
    _run(each_world)
    done = _see(each_world, asked["id"])
    assert (done["state"], done["records_done"], done["duration_seconds"]) == ("done", 105, 52)
    assert (_count(each_world), _purged_ms(each_world)) == (5, 105 * 500)
    assert each_world.client("ada").get(f"{URL}?state=running").json["items"] == []


@pytest.mark.parametrize(("sends_along", "left"), [(True, 2), (False, 1)])
def test_a7_what_comes_after_the_request_is_not_purged(
    each_world: World, few_at_once: None, sends_along: bool, left: int
) -> None:
    """A7: nor what came after the dry run, if its `up_to_id` is sent along."""
    _insert(each_world, 25)
    dry = _ask(each_world, {"rule": {"case": "CAS-1001"}, "dry_run": True}, 200)
    worked(each_world, "ben", minutes=1)

    _ask(each_world, {"rule": {"case": "CAS-1001"} | ({"up_to_id": dry["up_to_id"]} if sends_along else {})})
    worked(each_world, "ana", minutes=1)
    _run(each_world)

    assert dry["records"] == 25
    assert _count(each_world) == left


@pytest.mark.parametrize("place", ["before", "after"])
def test_a7_a_crash_in_the_middle_of_a_batch_loses_nothing_and_the_purge_goes_on(
    each_world: World, few_at_once: None, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A7: before the batch is committed nothing of it is done; a new server takes up where the last one stopped."""
    _insert(each_world, 55)
    purge_id = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]
    _go_on(each_world, purge_id, 2)
    whole = records.purge_batch

    def dies(*args: Any, **kwargs: Any) -> Any:
        if place == "after":
            whole(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(records, "purge_batch", dies)
        with pytest.raises(KeyboardInterrupt):
            purges.go_on(each_world.database, purge_id, clock=each_world.clock)
    again = each_world.restarted()

    assert (_count(again), _purged_ms(again)) == (35, 20 * 500)
    assert _see(again, purge_id)["records_done"] == 20
    _run(again)
    assert _see(again, purge_id)["state"] == "done"
    assert (_count(again), _purged_ms(again), _see(again, purge_id)["records_done"]) == (0, 55 * 500, 55)
    again.database.close()


def test_a7_a_purge_is_cancelled_between_two_batches(each_world: World, few_at_once: None) -> None:
    """A7: what it took stays purged, the rest stays; a second one is told that it has ended."""
    _insert(each_world, 55)
    purge_id = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]
    _go_on(each_world, purge_id, 2)
    each_world.clock.advance(seconds=7)

    cancelled = each_world.client("ada").post(f"{URL}/{purge_id}/cancel", json={}).json
    _run(each_world)

    assert (cancelled["state"], cancelled["records_done"]) == ("cancelled", 20)
    assert cancelled["finished_at"] == "2026-11-20T12:00:07.000Z"
    assert (_count(each_world), _purged_ms(each_world)) == (35, 20 * 500)
    assert each_world.client("ada").post(f"{URL}/{purge_id}/cancel").status_code == 409
    assert _see(each_world, purge_id) == cancelled


def test_a7_there_is_no_purge_of_another_id(world: World) -> None:
    """A7"""
    assert world.client("ada").get(f"{URL}/4711").status_code == 404
    assert world.client("ada").post(f"{URL}/4711/cancel").status_code == 404


def test_a7_purges_are_done_one_after_the_other(each_world: World, few_at_once: None) -> None:
    """A7: what the first took is not taken again by the second."""
    _insert(each_world, 30)
    _insert(each_world, 30, "ben")
    first = _ask(each_world, {"rule": {"representative": "ana"}})["id"]
    second = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]

    _go_on(each_world, first, 1)
    assert each_world.read(purges.oldest_running) == first
    _run(each_world)

    assert [_see(each_world, one)["records_done"] for one in (first, second)] == [30, 30]
    assert _purged_ms(each_world) == 60 * 500


def test_a7_two_servers_at_the_same_purge_take_each_record_once(each_world: World, few_at_once: None) -> None:
    """A7"""
    _insert(each_world, 95)
    purge_id = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]
    other = each_world.restarted()
    threads = [threading.Thread(target=_run, args=(one,)) for one in (each_world, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _see(each_world, purge_id)["records_done"] == 95
    assert _purged_ms(each_world) == 95 * 500
    other.database.close()


def test_a7_a_case_that_is_reopened_meanwhile_keeps_its_records(each_world: World, few_at_once: None) -> None:
    """A7: the rule is asked again for each batch, in its own transaction."""
    _insert(each_world, 25)
    _insert(each_world, 25, "ben", "CAS-1002")
    ada = each_world.client("ada")
    for ref in ("CAS-1001", "CAS-1002"):
        ada.put(f"/api/v1/cases/{ref}/resolution", json={})
    purge_id = _ask(each_world, {"rule": {"resolved_only": True}})["id"]
    _go_on(each_world, purge_id, 1)
    assert ada.delete("/api/v1/cases/CAS-1002/resolution").status_code in (200, 204)
    _run(each_world)

    assert _see(each_world, purge_id)["records_done"] == 25
    assert _count(each_world) == 25


def _while_looking(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen between the look for a batch and its transaction."""
    look = records.next_ids

    def looks(*args: Any, **kwargs: Any) -> list[int]:
        found = look(*args, **kwargs)
        act()
        return found

    monkeypatch.setattr(records, "next_ids", looks)


def test_a7_a_case_that_is_reopened_just_before_the_batch_keeps_its_records(
    each_world: World, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7: what was found is chosen once more where it is deleted."""
    _insert(each_world, 25)
    ada = each_world.client("ada")
    ada.put("/api/v1/cases/CAS-1001/resolution", json={})
    purge_id = _ask(each_world, {"rule": {"resolved_only": True}})["id"]
    with monkeypatch.context() as patched:
        _while_looking(patched, lambda: ada.delete("/api/v1/cases/CAS-1001/resolution"))
        _go_on(each_world, purge_id, 1)

    assert (_count(each_world), _see(each_world, purge_id)["records_done"]) == (25, 0)


def test_a7_a_purge_that_is_cancelled_just_before_a_batch_does_not_take_it(
    each_world: World, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7"""
    _insert(each_world, 25)
    purge_id = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]
    ada = each_world.client("ada")
    with monkeypatch.context() as patched:
        _while_looking(patched, lambda: ada.post(f"{URL}/{purge_id}/cancel"))
        assert not purges.go_on(each_world.database, purge_id, clock=each_world.clock)

    assert (_count(each_world), _see(each_world, purge_id)["state"]) == (25, "cancelled")


def test_a7_commits_go_on_between_the_batches_and_lose_nothing(each_world: World, few_at_once: None) -> None:
    """A7, X68: what is committed while a purge runs is there afterwards, and counted."""
    _insert(each_world, 50)
    purge_id = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]
    for _ in range(4):
        _go_on(each_world, purge_id, 1)
        works(each_world, "ben", minutes=1)
        commit_all(each_world)
    _run(each_world)

    assert _see(each_world, purge_id)["records_done"] == 50
    assert _count(each_world) == 4
    total = each_world.read(lambda session: session.scalar(select(func.sum(DailyTotal.automatic_ms))))
    assert total == 4 * 60_000


def test_a7_a_late_browser_brings_nothing_back_that_a_job_purged(each_world: World, few_at_once: None) -> None:
    """A7: time young enough to be reported again is marked, whoever purges it."""
    _insert(each_world, 25)
    page = worked(each_world, "ana", minutes=5)
    _ask(each_world, {"rule": {"representative": "ana"}})
    _run(each_world)
    assert _count(each_world) == 0

    again = each_world.restarted()
    send(again, "ana", page)
    commit_all(again)

    assert _count(again) == 0
    total = again.client("sam").get("/api/v1/cases/CAS-1001/handling-time").json["automatic_seconds"]
    assert total == 300
    again.database.close()


def test_a7_a_purge_that_cannot_go_on_has_failed_and_says_why(each_world: World, few_at_once: None) -> None:
    """A7: a zone that nobody knows stops one purge, and not those behind it."""
    _insert(each_world, 25)
    _insert(each_world, 25, "ben", "CAS-1002")
    broken = _ask(each_world, {"rule": {"representative": "ana"}})["id"]
    sound = _ask(each_world, {"rule": {"representative": "ben"}})["id"]
    everything = "UPDATE people SET time_zone = 'Nowhere/Else' WHERE username = 'ana'"
    each_world.write(lambda session: session.connection().exec_driver_sql(everything))

    _run(each_world)
    _run(each_world)

    seen = _see(each_world, broken)
    assert (seen["state"], seen["records_done"]) == ("failed", 0)
    assert "Nowhere/Else" in seen["problem"]
    assert seen["finished_at"]
    assert _see(each_world, sound)["state"] == "done"
    assert _count(each_world) == 25


def test_a7_a_database_that_is_away_stops_no_purge_for_good(
    world: World, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7: it is tried again at the next run of the job."""
    _insert(world, 25)
    purge_id = _ask(world, {"rule": {"case": "CAS-1001"}})["id"]

    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("the disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(records, "purge_batch", away)
        _run(world)
    assert _see(world, purge_id)["state"] == "running"

    _run(world)
    assert _see(world, purge_id)["state"] == "done"


def test_a7_the_job_stops_with_the_server(world: World, few_at_once: None) -> None:
    """A7: the last commit of a server that ends does not wait for a purge of millions."""
    _insert(world, 25)
    purge_id = _ask(world, {"rule": {"case": "CAS-1001"}})["id"]
    world.tracking.connections.closing = True
    _run(world)
    assert _see(world, purge_id)["state"] == "running"


def test_a7_a_dry_run_says_rows_time_and_bytes_and_leaves_no_purge(each_world: World) -> None:
    """A7: bytes are a share of what table and indexes take: those of all records are all of it."""
    _insert(each_world, 300)
    _insert(each_world, 100, "ben", "CAS-1002")
    dry = [
        _ask(each_world, {"rule": rule, "dry_run": True}, 200)
        for rule in ({"representative": "ana"}, {"since": "1970-01-02T00:00:00Z"})
    ]

    assert [(one["records"], one["duration_seconds"]) for one in dry] == [(300, 150), (400, 200)]
    assert dry[0]["bytes"] == pytest.approx(dry[1]["bytes"] * 3 / 4, abs=1)
    assert 400 * 50 < dry[1]["bytes"] < 400 * 2_000
    assert each_world.client("ada").get(URL).json["items"] == []
    assert _count(each_world) == 400


def test_a7_an_sqlite_without_statistics_says_that_it_does_not_know(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7: better no number than a wrong one."""
    from sqlalchemy import text

    from server.admin import space

    _insert(world, 3)
    monkeypatch.setattr(space, "_SQLITE", text("SELECT 1 FROM there_is_no_such_table"))
    assert _ask(world, {"rule": {"case": "CAS-1001"}, "dry_run": True}, 200)["bytes"] is None
    assert _ask(world, {"rule": {"case": "CAS-1001"}}, 200)["records"] == 3


def test_a7_administrators_alone_see_and_cancel_purges(each_world: World, few_at_once: None) -> None:
    """A7"""
    _insert(each_world, 25)
    purge_id = _ask(each_world, {"rule": {"case": "CAS-1001"}})["id"]
    for who in ("ana", "ben", "sam"):
        client = each_world.client(who)
        calls: tuple[Callable[[], Any], ...] = (
            lambda client=client: client.get(URL),
            lambda client=client: client.get(f"{URL}/{purge_id}"),
            lambda client=client: client.post(f"{URL}/{purge_id}/cancel", json={}),
        )
        assert [call().status_code for call in calls] == [403, 403, 403]
    assert _see(each_world, purge_id)["state"] == "running"


def test_a7_the_database_refuses_a_purge_that_ended_and_did_not(each_world: World) -> None:
    """A7"""
    from sqlalchemy.exc import IntegrityError

    _insert(each_world, 1)
    _ask(each_world, {"rule": {"case": "CAS-1001"}}, 200)
    for values in ({"state": "lost"}, {"state": "running"}, {"finished_at": None}):
        with pytest.raises(IntegrityError):
            each_world.write(lambda session, values=values: session.execute(update(Purge).values(**values)))
