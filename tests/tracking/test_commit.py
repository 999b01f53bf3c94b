"""Committing: what is proven becomes records, totals and cursors, exactly once, whatever fails on the way."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from server.accounts.models import Person
from server.admin import records as admin_records
from server.cases.models import Case
from server.clock import to_instant
from server.tracking import commit as commit_module
from server.tracking import ledger, wire
from server.tracking.commit import commit
from server.tracking.intake import take_report
from server.tracking.ledger import by_day
from server.tracking.live_store import MemoryLiveStore
from server.tracking.models import CaseTotal, DailyTotal, StreamCursor, StreamLoss, TrackerRecord
from server.tracking.service import Commit
from tests.conftest import NOON, World
from tests.reports_of_agents import Page

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def take(world: World, page: Page, *, who: str = "ana", **which: Any) -> list[dict[str, Any]]:
    """Bring a report of this page to the server, as it leaves the browser now."""
    body = wire.encode(page.report(world.clock.now, **which)).encode()
    report, _ = wire.decode_report(body, max_events=300)
    return take_report(
        world.tracking,
        report,
        representative_id=world.ids[who],
        app=page.app,  # type: ignore[arg-type]
        now=world.clock.now,
    )


def commit_all(world: World) -> Commit:
    return commit(world.tracking, world.tracking.store.representatives(), now=world.clock.now)


def worked(world: World, case: str = "CAS-1001", *, minutes: float = 3) -> tuple[Page, int]:
    """A page on which somebody has just worked for so long, and when that began."""
    start = world.clock.now
    page = Page(start)
    page.works(start, world.clock.advance(minutes=minutes), case)
    return page, start


def spans(world: World, who: str = "ana") -> list[tuple[str, int, int]]:
    """All records of one person: (case, started, ended)."""
    query = (
        select(Case.ref, TrackerRecord.started_at, TrackerRecord.ended_at)
        .join(Case, Case.id == TrackerRecord.case_id)
        .where(TrackerRecord.representative_id == world.ids[who])
        .order_by(TrackerRecord.started_at)
    )
    return [(ref, start, end) for ref, start, end in world.read(lambda session: session.execute(query).all())]


def credited_ms(world: World, who: str = "ana") -> int:
    """The time of one person in the records, which must be that of the totals by case and by day."""
    by_record = sum(end - start for _, start, end in spans(world, who))
    by_case = world.read(
        lambda session: sum(
            session.scalars(select(CaseTotal.automatic_ms).where(CaseTotal.representative_id == world.ids[who]))
        )
    )
    per_day = sum(days(world, who).values())
    assert by_record == by_case == per_day
    return by_record


def days(world: World, who: str = "ana") -> dict[date, int]:
    query = select(DailyTotal.day, DailyTotal.automatic_ms).where(DailyTotal.representative_id == world.ids[who])
    found: dict[date, int] = {}
    for day, ms in world.read(lambda session: session.execute(query).all()):
        one = date.fromisoformat(str(day))
        found[one] = found.get(one, 0) + ms
    return found


def cursor(world: World, page: Page) -> StreamCursor:
    found = world.read(lambda session: session.get(StreamCursor, page.stream))
    assert found is not None
    return found


# What a commit writes


def test_records_totals_and_cursor_are_written_together(each_world: World) -> None:
    page, start = worked(each_world)
    take(each_world, page)
    done = commit_all(each_world)
    assert spans(each_world) == [("CAS-1001", start, start + 3 * MINUTE)]
    assert credited_ms(each_world) == 3 * MINUTE
    assert (done.records, done.credited_ms) == (1, 3 * MINUTE)
    assert done.covered == {each_world.ids["ana"]: {page.stream: len(page.events) - 1}}
    written = cursor(each_world, page)
    assert (written.committed_seq, written.applied_seq) == (len(page.events) - 1, len(page.events))
    assert written.credited_to == start + 3 * MINUTE


def test_a_commit_covers_all_but_the_newest_event_and_a_closed_stream_whole(world: World) -> None:
    page, _ = worked(world)
    take(world, page)
    assert commit_all(world).covered[world.ids["ana"]][page.stream] == len(page.events) - 1
    page.event(world.clock.advance(seconds=5), "close", focused=False)
    take(world, page)
    assert commit_all(world).covered[world.ids["ana"]][page.stream] == len(page.events)


def test_a_page_that_lives_on_is_committed_to_its_last_proof_and_goes_on(each_world: World) -> None:
    start = each_world.clock.now
    page = Page(start)
    page.event(start, "open")
    for _ in range(6):
        page.event(each_world.clock.advance(seconds=20))
        take(each_world, page)
        commit_all(each_world)
    assert credited_ms(each_world) == 2 * MINUTE
    ends = [end for _, _, end in spans(each_world)]
    assert ends == [start + 20_000 * n for n in range(1, 7)]


def test_nothing_new_writes_nothing(world: World) -> None:
    page, _ = worked(world)
    take(world, page)
    assert commit_all(world).records == 1
    again = commit_all(world)
    assert (again.records, again.covered) == (0, {})


def test_whoever_has_nothing_to_commit_counts_as_committed_and_nobody_who_was_not_asked(world: World) -> None:
    """Else they would be due again at every tick of the schedule."""
    ana, ben = world.ids["ana"], world.ids["ben"]
    for who in ("ana", "ben"):
        page, _ = worked(world)
        take(world, page, who=who)
    commit_all(world)
    committed_at = world.clock.now
    world.clock.advance(minutes=10)
    assert commit(world.tracking, [ana], now=world.clock.now).covered == {}
    assert world.tracking.committed_at == {ana: world.clock.now, ben: committed_at}


def test_losses_are_rows_and_nothing_counts_across(each_world: World) -> None:
    page, _ = worked(each_world)
    take(each_world, page, since=5, first=5)
    commit_all(each_world)
    rows = each_world.read(lambda session: session.scalars(select(StreamLoss)).all())
    assert [(row.stream, row.first_seq, row.last_seq) for row in rows] == [(page.stream, 1, 4)]
    commit_all(each_world)
    assert len(each_world.read(lambda session: session.scalars(select(StreamLoss)).all())) == 1


# Days


def at(text: str) -> int:
    return to_instant(datetime.fromisoformat(text).astimezone(UTC))


@pytest.mark.parametrize(
    ("zone", "start", "minutes", "expected"),
    [
        ("UTC", "2026-11-20T23:58:00+00:00", 4, {date(2026, 11, 20): 2, date(2026, 11, 21): 2}),
        ("Europe/Lisbon", "2026-11-20T23:58:00+00:00", 4, {date(2026, 11, 20): 2, date(2026, 11, 21): 2}),
        ("Asia/Kathmandu", "2026-11-20T18:13:00+00:00", 4, {date(2026, 11, 20): 2, date(2026, 11, 21): 2}),
        # The day on which clocks go forward has 23 hours, that on which they go back 25.
        ("Europe/Berlin", "2026-03-28T22:59:00+00:00", 2, {date(2026, 3, 28): 1, date(2026, 3, 29): 1}),
        ("Europe/Berlin", "2026-03-29T21:59:00+00:00", 2, {date(2026, 3, 29): 1, date(2026, 3, 30): 1}),
        ("Europe/Berlin", "2026-10-24T21:59:00+00:00", 2, {date(2026, 10, 24): 1, date(2026, 10, 25): 1}),
        ("Europe/Berlin", "2026-10-25T22:59:00+00:00", 2, {date(2026, 10, 25): 1, date(2026, 10, 26): 1}),
        ("Europe/Berlin", "2026-10-25T00:30:00+00:00", 60, {date(2026, 10, 25): 60}),
        ("Australia/Lord_Howe", "2026-04-04T12:59:00+00:00", 2, {date(2026, 4, 4): 1, date(2026, 4, 5): 1}),
        ("Australia/Lord_Howe", "2026-04-05T13:29:00+00:00", 2, {date(2026, 4, 5): 1, date(2026, 4, 6): 1}),
        # Where clocks go forward at midnight the day begins at one o'clock.
        ("Africa/Cairo", "2026-04-23T21:59:00+00:00", 2, {date(2026, 4, 23): 1, date(2026, 4, 24): 1}),
        ("America/Los_Angeles", "2026-11-20T12:00:00+00:00", 3, {date(2026, 11, 20): 3}),
    ],
)
def test_a_day_is_a_day_in_the_representatives_zone(
    each_world: World, zone: str, start: str, minutes: int, expected: dict[date, int]
) -> None:
    """X42, X44."""
    ana = each_world.ids["ana"]
    each_world.write(lambda session: session.execute(update(Person).where(Person.id == ana).values(time_zone=zone)))
    each_world.clock.now = at(start)
    page, _ = worked(each_world, minutes=minutes)
    take(each_world, page)
    commit_all(each_world)
    assert days(each_world) == {day: part * MINUTE for day, part in expected.items()}
    assert credited_ms(each_world) == minutes * MINUTE


def test_every_zone_splits_a_year_into_days_without_rest() -> None:
    """X44: no zone, on no day, loses a millisecond, doubles one or never ends."""
    start, end = at("2026-01-01T00:00:00+00:00"), at("2027-01-01T00:00:00+00:00")
    for name in sorted(available_timezones()):
        parts = by_day(start, end, ZoneInfo(name))
        assert sum(ms for _, ms in parts) == end - start, name
        assert all(ms > 0 for _, ms in parts), name
        assert [day for day, _ in parts] == sorted({day for day, _ in parts}), name


# The database itself refuses what must not be


@pytest.mark.parametrize(
    ("start", "end"), [(100, 200), (50, 150), (150, 250), (50, 250), (120, 180), (199, 200), (100, 101)]
)
def test_the_database_refuses_an_overlapping_record(each_world: World, start: int, end: int) -> None:
    put(each_world, (100, 200))
    with pytest.raises(IntegrityError):
        put(each_world, (start, end))
    put(each_world, (start, end), who="ben")


def test_records_that_touch_do_not_overlap(each_world: World) -> None:
    """X23 of the pitfalls: neighbours."""
    put(each_world, (100, 200), (200, 300), (50, 100))
    with pytest.raises(IntegrityError):
        put(each_world, (299, 301))


def test_the_database_refuses_a_change_that_makes_an_overlap(each_world: World) -> None:
    put(each_world, (100, 200), (200, 300), (400, 500))

    def stretch(**values: int) -> None:
        each_world.write(
            lambda session: session.execute(
                update(TrackerRecord).where(TrackerRecord.started_at == 100).values(**values)
            )
        )

    for values in ({"ended_at": 201}, {"started_at": 450, "ended_at": 460}, {"started_at": 150, "ended_at": 600}):
        with pytest.raises(IntegrityError):
            stretch(**values)
    with pytest.raises(IntegrityError):
        each_world.write(lambda session: session.execute(update(TrackerRecord).values(started_at=100, ended_at=200)))
    stretch(started_at=10, ended_at=199)


def test_a_record_has_a_length(each_world: World) -> None:
    for span in ((100, 100), (200, 100)):
        with pytest.raises(IntegrityError):
            put(each_world, span)


def put(world: World, *pairs: tuple[int, int], who: str = "ana", case: int = 1) -> None:
    """Insert records past all rules of the program."""
    rows = [
        {
            "representative_id": world.ids[who],
            "case_id": case,
            "started_at": start,
            "ended_at": end,
            "stream": "by-hand",
            "started_by": "open",
            "ended_by": "close",
            "committed_at": 0,
        }
        for start, end in pairs
    ]
    world.write(lambda session: session.execute(insert(TrackerRecord), rows))


# Two who commit, and answers that are lost


def test_of_two_servers_with_the_same_events_one_credits_them(each_world: World) -> None:
    """X60: compare-and-set on the seq; the other goes on from what the database says."""
    other = each_world.restarted()
    page, start = worked(each_world)
    for world in (each_world, other):
        take(world, page)
    commit_all(each_world)
    told = commit_all(other)
    assert spans(each_world) == [("CAS-1001", start, start + 3 * MINUTE)]
    assert told.covered[other.ids["ana"]][page.stream] == len(page.events) - 1, "its agents hear of it too"
    page.event(each_world.clock.advance(seconds=10), "focus")
    page.event(each_world.clock.advance(seconds=20), "blur", focused=False)
    take(other, page)
    commit_all(other)
    take(each_world, page)
    commit_all(each_world)
    assert credited_ms(each_world) == 3 * MINUTE + 20_000
    other.database.close()


def test_a_server_that_is_behind_does_not_set_the_cursor_back(each_world: World) -> None:
    """X14, X60: a stream half on each server."""
    other = each_world.restarted()
    page, start = worked(each_world)
    take(other, page, until=4)
    take(each_world, page)
    commit_all(each_world)
    commit_all(other)
    assert cursor(each_world, page).committed_seq == len(page.events) - 1
    assert credited_ms(each_world) == 3 * MINUTE
    take(other, page)
    commit_all(other)
    assert spans(each_world) == [("CAS-1001", start, start + 3 * MINUTE)]
    other.database.close()


class Lost(OperationalError):
    """The connection went away."""

    def __init__(self) -> None:
        super().__init__("COMMIT", {}, OSError("connection reset"))


def before_the_commit(write: Callable[..., Any], verb: Any) -> Any:
    raise Lost


def within_the_transaction(write: Callable[..., Any], verb: Any) -> Any:
    def fails_at_the_end(session: Any) -> Any:
        verb(session)
        raise Lost

    return write(fails_at_the_end)


def after_the_commit(write: Callable[..., Any], verb: Any) -> Any:
    write(verb)
    raise Lost


@pytest.mark.parametrize("fault", [before_the_commit, within_the_transaction, after_the_commit])
@pytest.mark.parametrize("more_comes", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_lost_answer_loses_and_doubles_nothing(
    each_world: World, monkeypatch: pytest.MonkeyPatch, fault: Any, more_comes: bool, restarts: bool
) -> None:
    """X2, X51, X52: committed and not committed; then new events, a restart with a resend, or neither."""
    world = each_world
    page, start = worked(world)
    take(world, page)
    write = world.database.write
    monkeypatch.setattr(world.database, "write", lambda verb: fault(write, verb))
    with pytest.raises(Lost):
        commit_all(world)
    monkeypatch.undo()
    if more_comes:
        page.event(world.clock.advance(seconds=5), "focus")
        page.event(world.clock.advance(seconds=20), "blur", focused=False)
        take(world, page)
    if restarts:
        world = world.restarted()
        take(world, page)
    told = commit_all(world)
    assert spans(world)[0] == ("CAS-1001", start, start + 3 * MINUTE)
    assert credited_ms(world) == 3 * MINUTE + 20_000 * more_comes
    assert cursor(world, page).committed_seq == len(page.events) - 1
    if not restarts:
        assert told.covered[world.ids["ana"]][page.stream] == len(page.events) - 1, "the agent may forget"


def test_a_fault_at_every_statement_of_a_commit_leaves_nothing_half_done(
    each_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X51: the transaction fails before its first, second, third ... statement; the next commit brings everything."""
    page, start = worked(each_world)
    take(each_world, page)
    write = each_world.database.write

    def failing_at(place: int) -> Callable[..., Any]:
        def wrapped(verb: Any) -> Any:
            def run(session: Any) -> Any:
                execute, calls = session.execute, iter(range(place))

                def counted(*args: Any, **kwargs: Any) -> Any:
                    if next(calls, None) is None:
                        raise Lost
                    return execute(*args, **kwargs)

                session.execute = counted
                return verb(session)

            return write(run)

        return wrapped

    faults = 0
    while True:
        monkeypatch.setattr(each_world.database, "write", failing_at(faults))
        try:
            commit_all(each_world)
            break
        except Lost:
            faults += 1
            assert spans(each_world) == []
            assert credited_ms(each_world) == 0
            assert each_world.read(lambda session: session.get(StreamCursor, page.stream)) is None
    assert faults >= 5
    assert spans(each_world) == [("CAS-1001", start, start + 3 * MINUTE)]
    assert credited_ms(each_world) == 3 * MINUTE


# One who fails, and the others


def people_with_time(world: World, count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """So many new people, each of whom has worked for a minute."""
    start = world.clock.now

    def add(session: Any) -> None:
        for number in range(count):
            person = Person(
                username=f"rep{number}", name="R", role="representative", password_hash="!", created_at=start
            )
            session.add(person)
            session.flush()
            world.ids[person.username] = person.id

    world.write(add)
    world.clock.advance(minutes=1)
    names = [f"rep{number}" for number in range(count)]
    for name in names:
        page = Page(start)
        page.works(start, start + MINUTE)
        take(world, page, who=name)
    return names, start


@pytest.mark.parametrize("place", [0, 17, 39])
def test_one_poisoned_span_does_not_hold_up_the_others(
    each_world: World, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """X57: a row that the database refuses, of somebody in the middle of a batch, again and again."""
    names, _ = people_with_time(each_world, 40, monkeypatch)
    make = ledger.record
    poisoned = each_world.ids[names[place]]

    def record(credit: Any, now: int) -> dict[str, object]:
        row = make(credit, now)
        return {**row, "ended_at": row["started_at"]} if credit.representative_id == poisoned else row

    monkeypatch.setattr(ledger, "record", record)
    done = commit_all(each_world)
    assert done.records == 39
    for name in names:
        assert credited_ms(each_world, name) == (0 if each_world.ids[name] == poisoned else MINUTE)
    monkeypatch.undo()
    commit_all(each_world)
    assert [credited_ms(each_world, name) for name in names] == [MINUTE] * 40


def test_somebody_whose_time_zone_is_gone_does_not_hold_up_the_others(
    each_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, _ = people_with_time(each_world, 5, monkeypatch)
    change = update(Person).where(Person.username == names[2])
    each_world.write(lambda session: session.execute(change.values(time_zone="Mars/Olympus")))
    assert commit_all(each_world).records == 4
    each_world.write(lambda session: session.execute(change.values(time_zone="UTC")))
    assert commit_all(each_world).records == 1
    assert [credited_ms(each_world, name) for name in names] == [MINUTE] * 5


def test_a_database_that_fails_in_the_middle_keeps_what_is_done_and_tells_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X53: what the first batches brought is announced; the rest stays and comes with the next commit."""
    names, _ = people_with_time(world, 6, monkeypatch)
    monkeypatch.setattr(commit_module, "BATCH", 2)
    write, calls = world.database.write, iter((1, 1))
    heard: list[Commit] = []

    def listen(_sender: object, *, commit: Commit) -> None:
        heard.append(commit)

    world.tracking.committed.connect(listen)

    def fails_the_third_time(verb: Any) -> Any:
        if next(calls, None) is None:
            raise Lost
        return write(verb)

    monkeypatch.setattr(world.database, "write", fails_the_third_time)
    with pytest.raises(Lost):
        commit_all(world)
    assert [one.records for one in heard] == [4]
    monkeypatch.setattr(world.database, "write", write)
    assert commit_all(world).records == 2
    assert [credited_ms(world, name) for name in names] == [MINUTE] * 6
    assert sum(len(one.covered) for one in heard) == 6


def test_a_read_only_database_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """X53: errors of SQLite itself."""
    page, start = worked(world)
    take(world, page)

    def only_read(session: Any) -> None:
        session.connection().exec_driver_sql("PRAGMA query_only=ON")

    world.write(only_read)
    with pytest.raises(DBAPIError):
        commit_all(world)
    world.database.engine.dispose()
    commit_all(world)
    assert spans(world) == [("CAS-1001", start, start + 3 * MINUTE)]


# Restarts, and a live store that vanishes


@pytest.mark.parametrize("resent", ["everything", "the uncommitted rest", "nothing"])
@pytest.mark.parametrize("closed", [False, True])
def test_after_a_restart_every_way_of_coming_back_gives_the_same_time(
    each_world: World, resent: str, closed: bool
) -> None:
    """X20, X36: half was committed, half was only received when the server died."""
    start = each_world.clock.now
    page = Page(start)
    page.event(start, "open")
    for _ in range(6):
        page.event(each_world.clock.advance(seconds=20))
    take(each_world, page)
    commit_all(each_world)
    committed = cursor(each_world, page).committed_seq
    for _ in range(3):
        page.event(each_world.clock.advance(seconds=20))
    take(each_world, page)
    fresh = each_world.restarted()
    page.event(fresh.clock.advance(seconds=20), "close" if closed else "blur", focused=False)
    first = committed + 1
    if resent == "everything":
        take(fresh, page)
    elif resent == "the uncommitted rest":
        take(fresh, page, since=first, first=first)
    commit_all(fresh)
    assert credited_ms(fresh) == 2 * MINUTE + (80_000 if resent != "nothing" else 0)
    if resent == "nothing":
        take(fresh, page, since=first, first=first)
        commit_all(fresh)
        assert credited_ms(fresh) == 2 * MINUTE + 80_000
    assert cursor(fresh, page).committed_seq == len(page.events) - (not closed)
    fresh.database.close()


def test_a_new_event_after_a_restart_asks_for_what_was_not_committed(each_world: World) -> None:
    page, start = worked(each_world)
    take(each_world, page, until=3)
    commit_all(each_world)
    take(each_world, page, until=6)
    fresh = each_world.restarted()
    answers = take(fresh, page, since=7, first=3)
    assert [(one["code"], one["expected"]) for one in answers] == [("gap", 4)]
    take(fresh, page, since=4, first=3)
    commit_all(fresh)
    assert spans(fresh)[-1][2] == start + 3 * MINUTE
    assert credited_ms(fresh) == 3 * MINUTE
    fresh.database.close()


def test_a_restart_does_not_change_who_wins(each_world: World) -> None:
    """The claim that began last wins, also where its beginning is committed already."""
    start = each_world.clock.now
    older, newer = Page(start), Page(start)
    older.event(start, "open", "CAS-1001")
    newer.event(start + 10_000, "open", "CAS-1002")
    now = each_world.clock.advance(seconds=20)
    older.event(now, "beat", "CAS-1001")
    newer.event(now, "beat", "CAS-1002")
    for page in (older, newer):
        take(each_world, page)
    commit_all(each_world)
    fresh = each_world.restarted()
    now = fresh.clock.advance(seconds=20)
    older.event(now, "beat", "CAS-1001")
    newer.event(now, "beat", "CAS-1002")
    for page in (newer, older):
        take(fresh, page)
    commit_all(fresh)
    assert spans(fresh) == [
        ("CAS-1001", start, start + 10_000),
        ("CAS-1002", start + 10_000, start + 20_000),
        ("CAS-1002", start + 20_000, start + 40_000),
    ]
    fresh.database.close()


@pytest.mark.parametrize("after", range(1, 13))
def test_the_live_store_may_vanish_at_any_moment(world: World, after: int) -> None:
    """X58, X63: a browser that follows the answers loses nothing."""
    start = world.clock.now
    page = Page(start)
    page.event(start, "open")
    committed = received = step = 0

    def deliver() -> None:
        nonlocal committed, received, step
        while received < len(page.events):
            step += 1
            if step == after:
                world.tracking.store = MemoryLiveStore()
            for answer in take(world, page, since=received + 1, first=committed + 1):
                if answer["type"] == "received":
                    received = answer["seq"]
                elif answer["type"] == "committed":
                    committed = answer["seq"]
                elif answer["code"] == "gap":
                    received = answer["expected"] - 1

    for beat in range(9):
        page.event(world.clock.advance(seconds=20))
        deliver()
        if beat % 3 == 2:
            done = commit_all(world)
            committed = done.covered[world.ids["ana"]].get(page.stream, committed)
    page.event(world.clock.advance(seconds=20), "close", focused=False)
    deliver()
    commit_all(world)
    assert credited_ms(world) == 200_000
    assert cursor(world, page).committed_seq == len(page.events)


def test_the_live_store_may_vanish_during_a_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page, start = worked(world)
    take(world, page)
    write = world.database.write

    def wiping(verb: Any) -> Any:
        done = write(verb)
        world.tracking.store = MemoryLiveStore()
        return done

    monkeypatch.setattr(world.database, "write", wiping)
    commit_all(world)
    monkeypatch.undo()
    take(world, page)
    commit_all(world)
    assert spans(world) == [("CAS-1001", start, start + 3 * MINUTE)]


def test_events_that_come_during_a_commit_wait_for_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page, start = worked(world)
    take(world, page, until=5)
    write = world.database.write

    def slow(verb: Any) -> Any:
        done = write(verb)
        monkeypatch.setattr(world.database, "write", write)
        take(world, page)
        return done

    monkeypatch.setattr(world.database, "write", slow)
    assert commit_all(world).covered[world.ids["ana"]][page.stream] == 4
    assert credited_ms(world) == 80_000
    commit_all(world)
    assert spans(world)[-1][2] == start + 3 * MINUTE
    assert credited_ms(world) == 3 * MINUTE


def test_quiet_streams_leave_the_memory_and_come_back_from_the_database(world: World) -> None:
    page, _ = worked(world)
    take(world, page)
    commit_all(world)
    world.clock.advance(minutes=16)
    assert commit_module.forget_quiet_streams(world.tracking, now=world.clock.now) == 1
    assert world.tracking.store.representatives() == []
    page.event(world.clock.advance(seconds=5), "focus")
    page.event(world.clock.advance(seconds=20), "close", focused=False)
    take(world, page, since=len(page.events) - 1, first=len(page.events) - 2)
    commit_all(world)
    assert credited_ms(world) == 3 * MINUTE + 20_000


def test_a_stream_with_something_to_commit_is_never_forgotten(world: World) -> None:
    page, _ = worked(world)
    take(world, page)
    world.clock.advance(minutes=16)
    assert commit_module.forget_quiet_streams(world.tracking, now=world.clock.now) == 0


# One at a time, resolved, switched off, purged


def test_two_devices_count_once_and_the_later_wins(each_world: World) -> None:
    """X41 of the pitfalls' kind: the sum never exceeds the wall clock."""
    start = each_world.clock.now
    desk, phone = Page(start), Page(start)
    desk.works(start, start + 5 * MINUTE, "CAS-1001")
    phone.works(start + 2 * MINUTE, start + 3 * MINUTE, "CAS-1002")
    each_world.clock.advance(minutes=5)
    take(each_world, desk)
    take(each_world, phone)
    commit_all(each_world)
    assert spans(each_world) == [
        ("CAS-1001", start, start + 2 * MINUTE),
        ("CAS-1002", start + 2 * MINUTE, start + 3 * MINUTE),
        ("CAS-1001", start + 3 * MINUTE, start + 5 * MINUTE),
    ]
    assert credited_ms(each_world) == 5 * MINUTE


def test_a_device_that_comes_late_is_credited_only_where_nothing_is_committed(each_world: World) -> None:
    start = each_world.clock.now
    desk, phone = Page(start), Page(start)
    desk.works(start, start + 3 * MINUTE, "CAS-1001")
    phone.works(start + 2 * MINUTE, start + 5 * MINUTE, "CAS-1002")
    each_world.clock.advance(minutes=5)
    take(each_world, desk)
    commit_all(each_world)
    take(each_world, phone)
    commit_all(each_world)
    assert spans(each_world) == [
        ("CAS-1001", start, start + 3 * MINUTE),
        ("CAS-1002", start + 3 * MINUTE, start + 5 * MINUTE),
    ]


def test_two_people_on_one_case_count_twice(each_world: World) -> None:
    start = each_world.clock.now
    each_world.clock.advance(minutes=3)
    for who in ("ana", "ben"):
        page = Page(start)
        page.works(start, start + 3 * MINUTE)
        take(each_world, page, who=who)
    commit_all(each_world)
    assert credited_ms(each_world, "ana") == credited_ms(each_world, "ben") == 3 * MINUTE
    body = each_world.client("sam").get("/api/v1/cases/CAS-1001/handling-time").json
    assert body["automatic_seconds"] == 360


def test_what_was_purged_does_not_come_back_through_a_late_browser(each_world: World) -> None:
    """PITFALLS 15: neither the same stream nor another device, and the totals stay."""
    page, start = worked(each_world)
    late = Page(start)
    late.works(start + MINUTE, start + 4 * MINUTE, "CAS-1002")
    take(each_world, page)
    commit_all(each_world)
    each_world.clock.advance(minutes=1)
    now = each_world.clock.now
    each_world.write(lambda session: admin_records.purge_batch(session, admin_records.Filter(), now=now))
    assert spans(each_world) == []
    fresh = each_world.restarted()
    for one in (page, late):
        take(fresh, one)
    commit_all(fresh)
    assert spans(fresh) == [("CAS-1002", start + 3 * MINUTE, start + 4 * MINUTE)]
    assert sum(days(fresh).values()) == 4 * MINUTE
    fresh.database.close()


def test_resolving_stops_the_clock_and_reopening_lets_it_run_again(each_world: World) -> None:
    start = each_world.clock.now
    page = Page(start)
    ana = each_world.client("ana")
    page.event(start, "open")
    page.event(each_world.clock.advance(seconds=20))
    take(each_world, page)
    each_world.clock.advance(seconds=10)
    assert ana.put("/api/v1/cases/CAS-1001/resolution", json={}).status_code == 200
    page.event(each_world.clock.advance(seconds=10))
    page.event(each_world.clock.advance(seconds=20))
    take(each_world, page)
    commit_all(each_world)
    each_world.clock.advance(seconds=5)
    assert ana.delete("/api/v1/cases/CAS-1001/resolution").status_code == 200
    page.event(each_world.clock.advance(seconds=15))
    page.event(each_world.clock.advance(seconds=20), "blur", focused=False)
    take(each_world, page)
    commit_all(each_world)
    assert spans(each_world) == [
        ("CAS-1001", start, start + 30_000),
        ("CAS-1001", start + 65_000, start + 100_000),
    ]
    assert credited_ms(each_world) == 65_000


def test_time_while_tracking_is_off_does_not_count_however_late_it_comes(each_world: World) -> None:
    start = each_world.clock.now
    page, late = Page(start), Page(start)
    ada = each_world.client("ada")
    page.event(start, "open")
    page.event(each_world.clock.advance(seconds=20))
    take(each_world, page)
    each_world.clock.advance(seconds=10)
    assert ada.patch("/api/v1/settings/tracking", json={"enabled": False}).status_code == 200
    page.event(each_world.clock.advance(seconds=10))
    answers = take(each_world, page)
    assert [one["code"] for one in answers if one["type"] == "error"] == ["not_tracked"]
    each_world.clock.advance(seconds=20)
    assert ada.patch("/api/v1/settings/tracking", json={"enabled": True}).status_code == 200
    page.event(each_world.clock.advance(seconds=10), "focus")
    page.event(each_world.clock.advance(seconds=20), "blur", focused=False)
    late.works(start, start + 90_000, "CAS-1002", step_ms=10_000)
    fresh = each_world.restarted()
    take(fresh, page)
    commit_all(fresh)
    take(fresh, late)
    commit_all(fresh)
    assert spans(fresh) == [
        ("CAS-1001", start, start + 30_000),
        ("CAS-1002", start + 60_000, start + 70_000),
        ("CAS-1001", start + 70_000, start + 90_000),
    ]
    fresh.database.close()


def test_live_handling_time_is_what_the_commit_then_writes(each_world: World) -> None:
    """At every step of a busy quarter of an hour, on two devices, with a resolution in the middle."""
    start = each_world.clock.now
    desk, phone = Page(start), Page(start)
    ana = each_world.client("ana")

    def seconds(*, live: bool) -> list[int]:
        query = "?live=true" if live else ""
        return [
            ana.get(f"/api/v1/cases/{ref}/handling-time{query}").json["automatic_seconds"]
            for ref in ("CAS-1001", "CAS-1002")
        ]

    for step in range(30):
        now = each_world.clock.advance(seconds=30)
        desk.event(now, case="CAS-1001" if step % 5 else None)
        if step % 3:
            phone.event(now - 7_000, case="CAS-1002", focused=bool(step % 2))
            take(each_world, phone)
        take(each_world, desk)
        if step == 10:
            ana.put("/api/v1/cases/CAS-1002/resolution", json={})
        elif step == 14:
            ana.delete("/api/v1/cases/CAS-1002/resolution")
        live = seconds(live=True)
        if step % 4 == 0:
            commit_all(each_world)
            assert seconds(live=False) == live, step
            assert seconds(live=True) == live, step
    commit_all(each_world)
    assert sum(seconds(live=False)) > 300
    credited_ms(each_world)


def test_a_deleted_cursor_or_backup_never_credits_twice(each_world: World) -> None:
    """X36, X65: even without its cursors the database's own records keep "once"."""
    page, start = worked(each_world)
    take(each_world, page)
    commit_all(each_world)
    each_world.write(lambda session: session.execute(delete(StreamCursor)))
    fresh = each_world.restarted()
    take(fresh, page)
    commit_all(fresh)
    assert spans(fresh) == [("CAS-1001", start, start + 3 * MINUTE)]
    assert credited_ms(fresh) == 3 * MINUTE
    fresh.database.close()


def test_everything_is_dated_by_the_clock_it_was_given(world: World) -> None:
    page, _ = worked(world)
    take(world, page)
    commit_all(world)
    record = world.read(lambda session: session.scalars(select(TrackerRecord)).one())
    assert record.committed_at == world.clock.now > NOON
