"""The board: who works on what right now, pushed to the supervisors who watch it.

While nobody watches there is nothing: no state is kept and reports are not looked at. While somebody does, tracking
notes whose pages were heard of (`Tracking.stirred`), and once a second those people are looked at again, and those of
whom nothing was heard for too long. A person who changed is sent to everybody who watches; so at most one change of a
person goes out in a second.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy.orm import Session

from server.accounts.models import REPRESENTATIVE, Person
from server.cases.cases import case_changed
from server.cases.models import RESOLVED, Case
from server.clock import day_of, day_starts, iso
from server.reports.presence import STATES, WORKING, Presence, presence
from server.settings import settings_changed
from server.time_entries.entries import entries_changed
from server.time_entries.models import AutomaticCorrection
from server.tracking import agent_socket, wire
from server.tracking.commit import live_spans_of
from server.tracking.connections import Connection
from server.tracking.intake import policy_of
from server.tracking.live_store import LiveStream
from server.tracking.models import DailyTotal
from server.tracking.service import Commit, Tracking

T = TypeVar("T")

BOARD = "\0board"
"""What is watched, in the words of `Connections`: no case can be called that."""
MOST_PEOPLE = 1_000
"""More are not shown; those who work come first."""
_MOST_CHANGES = 100
"""Of more changes at once the whole board is sent."""
_MANY = 50
"""So many people are looked up beside the greenlets."""
_MOST_CASES = 20_000
_TITLE_LENGTH = 80
_DAY_MS = 24 * 3600 * 1000
_AUTOMATIC: tuple[tuple[Any, Any], ...] = (
    (DailyTotal, DailyTotal.automatic_ms),
    (AutomaticCorrection, AutomaticCorrection.delta_ms),
)
"""What makes up the automatic time of a day, as in the reports (see `work`)."""

_EXTENSION = "caseclock.board"


@dataclass(frozen=True, slots=True)
class _Someone:
    """What the board needs of a person."""

    username: str
    name: str
    team: str | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class _Case:
    """What the board needs of a case."""

    title: str
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is on the board of a person: up to `day_ends`, with `today_ms` of work when it was counted.

    `today_ms` may be less than nothing, where a correction of today took away time of an earlier day.
    """

    presence: Presence
    devices: int
    today_ms: int
    counted_at: int
    day_ends: int

    @property
    def due_at(self) -> int:
        return min(self.presence.due_at, self.day_ends)

    def worked_ms(self, now: int) -> int:
        """Today's time by now: that of who works goes on by itself."""
        since = now - self.counted_at if self.presence.state == WORKING else 0
        return max(0, self.today_ms + since)


class Board:
    """The board of one server process."""

    def __init__(self, service: Tracking) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._people: dict[int, _Someone] = {}
        self._cases: dict[str, _Case] = {}
        self._shown: dict[int, _Shown] = {}
        self._committed: set[int] = set()
        self._changed_cases: set[str] = set()
        self._corrected_cases: set[str] = set()

    def watch(self, connection: Connection) -> None:
        """Send the board, and from now on what changes on it."""
        with self._lock:
            if self._service.stirred is None:
                self._begin()
            self._service.connections.watch(connection, BOARD)
            connection.post(self._whole(self._service.clock()))

    def unwatch(self, connection: Connection) -> None:
        """Send no more of it."""
        self._service.connections.unwatch(connection, BOARD)

    def tell(self, *, now: int) -> None:
        """Send what changed since the last time; with nobody to send it to, let go of everything."""
        if self._service.stirred is None:
            return
        with self._lock, ExitStack() as unless_done:
            watching = self._service.connections.watching(BOARD)
            if not watching:
                self._end()
                return
            self._forget_cases()
            self._committed |= self._correctors(now)
            stirred, committed = _taken(self._service.stirred), _taken(self._committed)
            unless_done.callback(self._service.stirred.update, stirred)
            unless_done.callback(self._committed.update, committed)
            due = {one for one, shown in self._shown.items() if shown.due_at <= now}
            changed = self._look(stirred | committed | due, anew=committed, now=now)
            unless_done.pop_all()
            few = len(changed) <= _MOST_CHANGES
            messages = [self._change(one, now) for one in changed] if few else [self._whole(now)]
            for connection in watching:
                for message in messages:
                    connection.post(message)

    def committed(self, representatives: Iterable[int]) -> None:
        """Their totals are other ones."""
        if self._service.stirred is not None:
            self._committed.update(representatives)

    def case_changed(self, ref: str) -> None:
        """It has another title, or was resolved or reopened."""
        if self._service.stirred is not None:
            self._changed_cases.add(ref)
            self.settings_changed()

    def entries_changed(self, ref: str) -> None:
        """Somebody may have corrected their automatic time on this case."""
        if self._service.stirred is not None:
            self._corrected_cases.add(ref)

    def settings_changed(self) -> None:
        """Everybody's clocks may have stopped, or run again."""
        if self._service.stirred is not None:
            self._service.stirred.update(self._service.store.representatives())

    def _begin(self) -> None:
        self._service.stirred = set()
        with ExitStack() as unless_done:
            unless_done.callback(self._end)
            expected = Person.active & (Person.role == REPRESENTATIVE)
            self._people |= self._service.database.read(lambda session: _people(session, expected))
            everybody = {*self._people, *self._service.store.representatives()}
            self._look(everybody, anew=everybody, now=self._service.clock())
            unless_done.pop_all()

    def _end(self) -> None:
        self._service.stirred = None
        for held in (self._people, self._cases, self._shown):
            held.clear()
        for waiting in (self._committed, self._changed_cases, self._corrected_cases):
            waiting.clear()

    def _forget_cases(self) -> None:
        """Those that changed, and, once there are too many, those that nobody is shown with."""
        for ref in _taken(self._changed_cases):
            self._cases.pop(ref, None)
        if len(self._cases) > _MOST_CASES:
            shown = {one.presence.case for one in self._shown.values()}
            self._cases = {ref: case for ref, case in self._cases.items() if ref in shown}

    def _correctors(self, now: int) -> set[int]:
        """Who corrected, within a day, their time on the cases whose entries changed."""
        if not self._corrected_cases:
            return set()
        refs = frozenset(self._corrected_cases)
        found = self._service.database.read(lambda session: _corrected(session, refs, since=now - _DAY_MS))
        self._corrected_cases -= refs
        return found

    def _look(self, ids: Collection[int], *, anew: Collection[int], now: int) -> list[int]:
        """Look at these people again; says who is to be shown otherwise, `anew` in any case."""
        self._learn(ids)
        resolved = {ref for ref, case in self._cases.items() if case.is_resolved}
        found = {one: self._seen(one, resolved, now) for one in ids if one in self._people}
        changed = [one for one, seen in found.items() if one in anew or self._is_changed(one, seen, now)]
        today = self._today(changed, now)
        for one, seen in found.items():
            self._shown[one] = seen if one not in today else replace(seen, today_ms=today[one], counted_at=now)
        return changed

    def _is_changed(self, one: int, seen: _Shown, now: int) -> bool:
        before = self._shown.get(one)
        if before is None or now >= before.day_ends or seen.devices != before.devices:
            return True
        return not seen.presence.is_as(before.presence)

    def _seen(self, one: int, resolved: Collection[str], now: int) -> _Shown:
        """What is to be shown of a person; `since` and today's time stay as they were while nothing changed."""
        service, before = self._service, self._shown.get(one)
        connections = service.connections.of(one)
        there = presence(
            service.store.of_representative(one),
            {connection.stream for connection in connections},
            now=now,
            policy_of=partial(policy_of, service),
            resolved=resolved,
            is_tracked=service.settings.value.enabled,
        )
        if before is not None and there.is_as(before.presence):
            there = replace(before.presence, due_at=there.due_at)
        return _Shown(
            there,
            devices=len({connection.session_id or connection.token for connection in connections}),
            today_ms=before.today_ms if before is not None else 0,
            counted_at=before.counted_at if before is not None else now,
            day_ends=_day_ends(now, self._people[one].zone),
        )

    def _learn(self, ids: Collection[int]) -> None:
        """Look up the cases that are not known yet, and people who are: who is no representative has to work first."""
        live = {one: self._service.store.of_representative(one) for one in ids}
        refs = {ref for entries in live.values() for entry in entries for ref in _refs(entry)} - self._cases.keys()
        people = {one for one in ids if one not in self._people}
        if people:
            expected = (Person.role == REPRESENTATIVE) | Person.id.in_([one for one in people if live[one]])
            chosen = Person.id.in_(people) & expected
            self._people |= self._service.database.read(lambda session: _people(session, chosen))
        if refs:
            self._cases |= self._service.database.read(lambda session: _cases(session, refs))

    def _today(self, ids: Sequence[int], now: int) -> dict[int, int]:
        """Milliseconds of automatic time of today, where they are: committed, corrected, and proven since."""
        if not ids:
            return {}
        zones = {one: self._people[one].zone for one in ids}
        read = self._service.database.read_long if len(ids) > _MANY else self._service.database.read
        return read(lambda session: _today(session, self._service, zones, now))

    def _whole(self, now: int) -> dict[str, Any]:
        first = sorted(self._shown, key=lambda one: STATES.index(self._shown[one].presence.state))[:MOST_PEOPLE]
        shown = sorted((self._body(one, now) for one in first), key=lambda body: (body["name"], body["username"]))
        return {"type": "board", "at": iso(now), "people": shown}

    def _change(self, one: int, now: int) -> dict[str, Any]:
        return {"type": "board_change", "at": iso(now), "person": self._body(one, now)}

    def _body(self, one: int, now: int) -> dict[str, Any]:
        person, shown = self._people[one], self._shown[one]
        there = shown.presence
        case = self._cases.get(there.case) if there.case is not None else None
        return {
            "username": person.username,
            "name": person.name,
            "team": person.team,
            "state": there.state,
            "case": there.case,
            "title": None if case is None else case.title[:_TITLE_LENGTH],
            "since": None if there.since is None else iso(there.since),
            "reason": there.reason,
            "today_seconds": shown.worked_ms(now) // 1000,
            "devices": shown.devices,
        }


def install(app: Flask) -> None:
    """Take `watch_board` messages, and listen to what changes the board."""
    service = agent_socket.tracking_of(app)
    board = app.extensions[_EXTENSION] = Board(service)

    def watch(connection: Connection, _message: wire.WatchBoard) -> None:
        if connection.may_read and connection.sees_everyone:
            board.watch(connection)
            return
        text = "The board is for supervisors and administrators: sign in as one, or use a token of one with all rights."
        connection.post(wire.error("not_allowed", text))

    def after_commit(_sender: Tracking, *, commit: Commit) -> None:
        board.committed(commit.covered)

    agent_socket.on_message(app, wire.WatchBoard, watch)
    agent_socket.on_message(app, wire.UnwatchBoard, lambda connection, _: board.unwatch(connection))
    service.committed.connect(after_commit, service, weak=False)
    case_changed.connect(lambda _app, *, ref: board.case_changed(ref), app, weak=False)
    entries_changed.connect(lambda _app, *, ref: board.entries_changed(ref), app, weak=False)
    settings_changed.connect(lambda _app, **_: board.settings_changed(), app, weak=False)


def tell(*, now: int) -> None:
    """Send what changed on the board of the current application to those who watch it."""
    cast(Board, current_app.extensions[_EXTENSION]).tell(now=now)


def _taken(waiting: set[T]) -> set[T]:
    """Empty a set that others go on filling."""
    taken: set[T] = set()
    while waiting:
        taken.add(waiting.pop())
    return taken


def _refs(entry: LiveStream) -> Iterator[str]:
    """The cases that a stream may be on the board with."""
    if entry.state.open_claim is not None:
        yield entry.state.open_claim.case
    for shown in () if entry.latest is None else (entry.latest.session, entry.latest.app_tab):
        if shown is not None and shown.case is not None:
            yield shown.case


def _people(session: Session, condition: ColumnElement[bool]) -> dict[int, _Someone]:
    columns = (Person.id, Person.username, Person.name, Person.team, Person.time_zone)
    return {
        id_: _Someone(username, name, team, ZoneInfo(zone))
        for id_, username, name, team, zone in session.execute(select(*columns).where(condition))
    }


def _cases(session: Session, refs: Collection[str]) -> dict[str, _Case]:
    rows = session.execute(select(Case.ref, Case.title, Case.status).where(Case.ref.in_(refs)))
    return {ref: _Case(title, status == RESOLVED) for ref, title, status in rows}


def _corrected(session: Session, refs: Collection[str], *, since: int) -> set[int]:
    query = (
        select(AutomaticCorrection.representative_id)
        .join(Case, Case.id == AutomaticCorrection.case_id)
        .where(Case.ref.in_(refs), AutomaticCorrection.created_at >= since)
    )
    return set(session.scalars(query))


def _today(session: Session, service: Tracking, zones: Mapping[int, ZoneInfo], now: int) -> dict[int, int]:
    days = {one: day_of(now, zone) for one, zone in zones.items()}
    kept = union_all(
        *(
            select(table.representative_id, table.day, ms.label("ms")).where(
                table.representative_id.in_(days), table.day.in_({day.isoformat() for day in days.values()})
            )
            for table, ms in _AUTOMATIC
        )
    ).subquery()
    rows = session.execute(
        select(kept.c.representative_id, kept.c.day, func.sum(kept.c.ms)).group_by(kept.c.representative_id, kept.c.day)
    )
    committed = {one: int(ms) for one, day, ms in rows if day == days[one].isoformat()}
    live = {
        one: sum(max(0, span.ended - max(span.started, day_starts(days[one], zones[one]))) for span in spans)
        for one, spans in live_spans_of(session, service, days).items()
    }
    return {one: committed.get(one, 0) + live[one] for one in days}


def _day_ends(now: int, zone: ZoneInfo) -> int:
    return day_starts(day_of(now, zone) + timedelta(days=1), zone)
