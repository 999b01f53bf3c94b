"""Time that somebody logged and that was tracked as well: it is marked, and (a setting) counts once (W11)."""

import re
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event, text

from server.admin.records import Filter, purge_batch
from server.time_entries.models import Activity, TimeLog
from server.tracking.models import TrackerRecord
from tests.conftest import NOON, World
from tests.handling_time.saying import CASES, corrected, history_of, logged, purge, set_tracking, time_of
from tests.outside_client import AgentSocket
from tests.tracking.test_agent_socket import near
from tests.waiting import until
from tests.work import insert_records, worked, works

__all__ = ["near"]

MINUTE = 60_000


def _overlaps(world: World, *, case: str = "CAS-1001") -> dict[int, int]:
    """Overlapping seconds by the id of the entry: the same in history and lists."""
    history = history_of(world, case=case)
    told = {}
    for kind in ("time-logs", "activities"):
        shown = {one["id"]: one["overlap_seconds"] for one in history[kind.replace("-", "_")]}
        items = world.client("sam").get(f"{CASES}/{case}/{kind}").json["items"]
        assert shown == {one["id"]: one["overlap_seconds"] for one in items}
        told |= shown
    return told


def _manual(world: World, who: str = "sam", **query: str) -> tuple[int, ...]:
    body = time_of(world, who, **query)
    assert body["manual_seconds"] == body["time_log_seconds"] + body["activity_seconds"]
    assert body["total_seconds"] == body["automatic_seconds"] + body["manual_seconds"]
    assert sum(one["manual_seconds"] for one in body["representatives"]) == body["manual_seconds"]
    return body["manual_seconds"], body["overlap_seconds"], body["overlap_counted"]


SITUATIONS = {
    # minutes from noon on: the entry's start and length; records are [0, 10), [10, 20), [30, 40)
    "before all": (-20, 10, 0),
    "up to the first": (-10, 10, 0),
    "into the first": (-5, 10, 5),
    "within one": (2, 3, 3),
    "just one": (0, 10, 10),
    "over two that touch": (5, 10, 10),
    "over the gap": (15, 20, 10),
    "within the gap": (22, 6, 0),
    "just the gap": (20, 10, 0),
    "over everything": (-10, 60, 30),
    "out of the last": (35, 10, 5),
    "after all": (40, 10, 0),
}


@pytest.mark.parametrize("kind", ["time-logs", "activities"])
def test_w11_what_was_tracked_of_an_entry_is_told_to_the_second(each_world: World, kind: str) -> None:
    """W11: by the same person, on any case; in the answer to a new entry, the lists and the history."""
    world = each_world
    worked(world, "ana", minutes=10)
    worked(world, "ana", "CAS-1002", minutes=10)
    world.clock.advance(minutes=10)
    worked(world, "ana", "CAS-1003", minutes=10)
    for _ in range(2):
        worked(world, "ben", minutes=30)

    made = {
        name: logged(world, "ana", length * 60, since=NOON + start * MINUTE, kind=kind)
        for name, (start, length, _) in SITUATIONS.items()
    }

    wanted = {name: minutes * 60 for name, (_, _, minutes) in SITUATIONS.items()}
    assert {name: one["overlap_seconds"] for name, one in made.items()} == wanted
    told = _overlaps(world)
    assert {name: told[one["id"]] for name, one in made.items()} == wanted
    assert time_of(world)["overlap_seconds"] == sum(wanted.values())


def test_w11_an_entry_of_which_only_the_day_is_known_overlaps_nothing(each_world: World) -> None:
    """W11: nor does one of somebody else, or one that is deleted."""
    world = each_world
    worked(world, "ana", minutes=10)
    only_the_day = logged(world, "ana", 600, since=NOON, has_start=False)
    logged(world, "ben", 600, since=NOON)
    gone = logged(world, "ana", 600, since=NOON, kind="activities")
    assert world.client("ana").delete(f"{CASES}/CAS-1001/activities/{gone['id']}").status_code == 204
    set_tracking(world, count_overlap_once=True)

    assert only_the_day["overlap_seconds"] == 0
    assert _manual(world) == (1200, 0, False)


def test_w11_it_counts_twice_until_the_setting_says_once(each_world: World) -> None:
    """W11, W1: for everybody, for oneself, and with live time; both ways."""
    world = each_world
    worked(world, "ana", minutes=10)
    logged(world, "ana", 900, since=NOON + 5 * MINUTE)
    logged(world, "ana", 120, since=NOON + 5 * MINUTE, kind="activities")
    logged(world, "ben", 60)
    assert _manual(world) == (1080, 420, True)

    set_tracking(world, count_overlap_once=True)

    body = time_of(world)
    assert (body["time_log_seconds"], body["activity_seconds"]) == (660, 0)
    for query in ({}, {"live": "true"}):
        assert _manual(world, **query) == (660, 420, False)
        assert _manual(world, "ana", mine="true", **query) == (600, 420, False)
    assert [(one["username"], one["manual_seconds"]) for one in body["representatives"]] == [("ana", 600), ("ben", 60)]
    set_tracking(world, count_overlap_once=False)
    assert _manual(world) == (1080, 420, True)


def test_w11_who_only_logged_what_was_tracked_elsewhere_is_still_named(world: World) -> None:
    """W11, W2"""
    worked(world, "ana", "CAS-1002", minutes=10)
    logged(world, "ana", 60, since=NOON)
    set_tracking(world, count_overlap_once=True)

    body = time_of(world)

    assert (body["total_seconds"], body["overlap_seconds"]) == (0, 60)
    assert [one["username"] for one in body["representatives"]] == ["ana"]


def test_w11_parts_of_a_second_are_cut_off_in_each_entry_as_it_is_shown(world: World) -> None:
    """W11: the sum is that of what the history shows."""
    works(world, "ana", minutes=1.9 / 60)
    worked(world, "ana", minutes=0.5)
    for _ in range(3):
        logged(world, "ana", 1, since=NOON + 1_000)
    logged(world, "ana", 10, since=NOON - 8_100)
    set_tracking(world, count_overlap_once=True)

    told = _overlaps(world)

    assert sorted(told.values()) == [1, 1, 1, 1]
    assert _manual(world) == (13 - 4, 4, False)


def test_w11_a_change_of_an_entry_changes_what_it_overlaps(each_world: World) -> None:
    """W11: its start, its length, whether its start is known, and (administrators) whose it is."""
    world = each_world
    worked(world, "ana", minutes=10)
    made = logged(world, "ana", 600, since=NOON)
    address = f"{CASES}/CAS-1001/time-logs/{made['id']}"
    changes: list[tuple[dict[str, Any], int]] = [
        ({"duration_seconds": 60}, 60),
        ({"duration_seconds": 1200}, 600),
        ({"worked_at": "2026-11-20T12:09:00Z"}, 60),
        ({"has_start": False}, 0),
        ({"has_start": True}, 60),
        ({"representative": "ben"}, 0),
        ({"representative": "ana"}, 60),
    ]
    for change, seconds in changes:
        answer = world.client("ada").patch(address, json=change)
        assert answer.json["overlap_seconds"] == seconds, change
        assert time_of(world)["overlap_seconds"] == seconds


@pytest.mark.parametrize("kind", ["time-logs", "activities"])
def test_w11_a_purge_leaves_what_entries_overlapped(each_world: World, kind: str) -> None:
    """W11, A7: by rule, by ids, a part at a time, twice; whatever kind."""
    world = each_world
    worked(world, "ana", minutes=10)
    worked(world, "ana", "CAS-1002", minutes=10)
    worked(world, "ana", minutes=10)
    worked(world, "ben", minutes=30)
    logged(world, "ana", 1500, since=NOON - 5 * MINUTE, kind=kind)
    logged(world, "ana", 60, since=NOON + 12 * MINUTE, kind=kind)
    logged(world, "ana", 600, since=NOON, kind=kind, has_start=False)
    logged(world, "ben", 60, since=NOON + 30 * MINUTE, kind=kind)
    set_tracking(world, count_overlap_once=True)
    before, history = time_of(world), history_of(world)
    assert sorted(_overlaps(world).values()) == [0, 60, 60, 1200]

    for rule, gone in (
        ({"case": "CAS-1002"}, 1),
        ({"representative": "ana"}, 2),
        ({"before": "2027-01-01T00:00:00Z"}, 1),
    ):
        assert purge(world, **rule) == gone
        assert (time_of(world), history_of(world)) == (before, history), rule
    assert purge(world, before="2027-01-01T00:00:00Z") == 0
    assert time_of(world) == before


def test_w11_what_purged_records_covered_is_forgotten_with_the_interval_and_not_before(each_world: World) -> None:
    """W11: other words do not change it; another length or start does; and new entries know nothing of it."""
    world = each_world
    worked(world, "ana", minutes=10)
    first, second = (logged(world, "ana", 600, since=NOON) for _ in range(2))
    purge(world, case="CAS-1001")
    ana = world.client("ana")
    for change, seconds in (
        ({"description": "a call"}, 600),
        ({"duration_seconds": 600, "worked_at": "2026-11-20T12:00:00Z", "has_start": True}, 600),
        ({"duration_seconds": 599}, 0),
        ({"duration_seconds": 600}, 0),
    ):
        answer = ana.patch(f"{CASES}/CAS-1001/time-logs/{first['id']}", json=change)
        assert answer.json["overlap_seconds"] == seconds, change
    assert (
        ana.patch(f"{CASES}/CAS-1001/time-logs/{second['id']}", json={"has_start": False}).json["overlap_seconds"] == 0
    )
    assert logged(world, "ana", 600, since=NOON)["overlap_seconds"] == 0


def _is_somebody_waiting(session: Any) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(session.scalar(text(waiting)))


def test_w11_two_purges_of_the_same_records_at_once_note_it_once(each_world: World) -> None:
    """W11, A7: whichever comes second finds them gone."""
    world = each_world
    worked(world, "ana", minutes=10)
    logged(world, "ana", 600, since=NOON)
    chosen = Filter(case="CAS-1001")
    taken = []

    def take(session: Any) -> None:
        taken.append(purge_batch(session, chosen, now=world.clock.now).records)

    def take_while_the_other_waits(session: Any) -> None:
        take(session)
        other.start()
        if not world.database.is_sqlite:
            until(lambda: world.read(_is_somebody_waiting), what="the second purge waits for the first")

    other = Thread(target=lambda: world.write(take))
    world.write(take_while_the_other_waits)
    other.join(20)
    assert taken == [1, 0]
    assert time_of(world)["overlap_seconds"] == 600


def test_w11_the_cost_of_a_case_does_not_grow_with_its_entries_in_queries(each_world: World) -> None:
    """W11: as many statements for 1,000 entries as for two."""
    world = each_world
    insert_records(world, "ana", "CAS-1002", range(NOON, NOON + 600_000, 1_000), length_ms=500)
    seen: list[str] = []
    event.listen(world.database._readers, "before_cursor_execute", lambda *call: seen.append(call[2]))

    def fill(many: int) -> None:
        row = {"case_id": 1, "representative_id": 1, "duration_seconds": 60, "description": "", "has_start": True}
        row |= {"created_at": 0, "changed_at": 0}
        for kind, more in ((TimeLog, {}), (Activity, {"kind": "task"})):
            world.write(
                lambda session, kind=kind, more=more: session.add_all(
                    kind(**row, **more, worked_at=NOON + n * 1_000) for n in range(many)
                )
            )

    fill(1)
    assert time_of(world)["overlap_seconds"] == 2 * 30
    few = len(seen)
    fill(499)
    assert time_of(world)["overlap_seconds"] == 2 * 500 * 30
    assert len(seen) == 2 * few


def test_w11_records_far_from_an_entry_are_not_looked_at(each_world: World) -> None:
    """W11: whatever was tracked since, an index leads to those records that an entry overlaps."""
    world = each_world
    insert_records(world, "ana", "CAS-1002", range(NOON, NOON + 20_000_000, 1_000), length_ms=999)
    logged(world, "ana", 10, since=NOON)
    plan = "EXPLAIN QUERY PLAN " if world.database.is_sqlite else "EXPLAIN "
    if not world.database.is_sqlite:
        world.write(lambda session: session.connection().exec_driver_sql("ANALYZE"))

    def steps(session: Any) -> str:
        query = session.query(TimeLog.overlap_ms).statement.compile(
            session.connection(), compile_kwargs={"literal_binds": True}
        )
        return "\n".join(str(row) for row in session.connection().exec_driver_sql(plan + str(query)))

    told = world.read(steps)
    assert not re.search("(SCAN|Seq Scan on) tracker_records", told), told
    assert re.search(r"ended_at>\? AND ended_at<\?|ended_at > .*ended_at <= ", told), "both ends are bounds in an index"


def test_a4_with_only_own_time_shown_an_overlap_is_ones_own(world: World) -> None:
    """A4, W7, W11"""
    for who in ("ana", "ben"):
        start = world.clock.now
        worked(world, who, minutes=10)
        logged(world, who, 60 if who == "ana" else 77, since=start)
    set_tracking(world, show_only_own_time=True, count_overlap_once=True)

    assert _manual(world, "ana") == (0, 60, False)
    assert _manual(world, "sam") == (0, 137, False)


def test_w10_a_commit_on_another_case_reaches_the_widget_of_what_it_overlaps(near: tuple[World, str]) -> None:
    """W10, W11: what is tracked elsewhere takes from what was logged here; so does the setting."""
    world, url = near
    logged(world, "ana", 600, since=NOON)
    with AgentSocket(url) as sam:
        sam.hello(world.tokens["sam"])
        sam.send({"type": "watch", "case": "CAS-1001"})
        assert sam.next("handling_time")["overlap_seconds"] == 0
        worked(world, "ana", "CAS-1002", minutes=5)
        pushed = sam.next("handling_time")
        assert (pushed["overlap_seconds"], pushed["overlap_counted"], pushed["total_seconds"]) == (300, True, 600)
        set_tracking(world, count_overlap_once=True)
        pushed = sam.next("handling_time")
        assert (pushed["overlap_seconds"], pushed["overlap_counted"], pushed["total_seconds"]) == (300, False, 300)


def test_w11_a_correction_changes_no_overlap(world: World) -> None:
    """W11, W6: what was measured is what overlaps, whatever somebody made of its sum."""
    worked(world, "ana", minutes=10)
    logged(world, "ana", 600, since=NOON)
    set_tracking(world, count_overlap_once=True)

    corrected(world, "ana", 60)

    assert _manual(world) == (0, 600, False)
    assert world.read(lambda session: session.query(TrackerRecord).count()) == 1
