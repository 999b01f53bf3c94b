"""Live updates: every open widget hears of a change to its case as soon as it is committed."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.cases import cases
from server.cases.models import Case
from server.handling_time.merge import HandlingTime, handling_time
from server.problems import NotFound
from server.settings import settings_changed
from server.time_entries.entries import cases_worked_on_since, entries_changed
from server.tracking import agent_socket, wire
from server.tracking.connections import Connection
from server.tracking.service import Commit, Tracking


def install(app: Flask) -> None:
    """Take `watch` messages, and listen to whatever changes the time of a case."""
    service = agent_socket.tracking_of(app)

    def watch(connection: Connection, message: wire.Watch) -> None:
        if not connection.may_read:
            text = "This token may report and nothing else: use one of the scope 'full' to watch a case."
            connection.post(wire.error("not_allowed", text))
            return
        if len(connection.watches) >= service.limits.watches_per_connection:
            text = f"At most {service.limits.watches_per_connection} cases can be watched: unwatch some."
            connection.post(wire.error("rate_limited", text))
            return
        merged = _merged(service, [message.case])
        if not merged:
            text = f"There is no case {message.case[:80]!r}: its time cannot be watched."
            connection.post(wire.error("unknown_case", text))
            return
        service.connections.watch(connection, message.case)
        _post(service, connection, merged[0])

    def unwatch(connection: Connection, message: wire.Unwatch) -> None:
        service.connections.unwatch(connection, message.case)

    def after_commit(_sender: Tracking, *, commit: Commit) -> None:
        since = service.clock() - 2 * service.interval_ms
        refs = service.database.read(lambda session: _refs(session, commit, since)) if commit.case_ids else []
        push(service, refs)

    def after_change(_app: Flask, *, ref: str) -> None:
        push(service, [ref])

    def after_settings(_app: Flask, **_: object) -> None:
        push(service, list({ref for connection in service.connections.all() for ref in connection.watches}))

    agent_socket.on_message(app, wire.Watch, watch)
    agent_socket.on_message(app, wire.Unwatch, unwatch)
    service.committed.connect(after_commit, service, weak=False)
    for signal in (entries_changed, cases.case_changed):
        signal.connect(after_change, app, weak=False)
    settings_changed.connect(after_settings, app, weak=False)


def push(service: Tracking, refs: list[str]) -> None:
    """Send the handling time of these cases to everybody who watches them, each what they may see."""
    watched = [ref for ref in refs if service.connections.watching(ref)]
    for merged in _merged(service, watched):
        for connection in service.connections.watching(merged.ref):
            _post(service, connection, merged)


def _post(service: Tracking, connection: Connection, merged: HandlingTime) -> None:
    own_only = service.settings.value.show_only_own_time and not connection.sees_everyone
    body = merged.body(only_of=connection.representative_id if own_only else None)
    connection.post({"type": "handling_time", **body})


def _merged(service: Tracking, refs: list[str]) -> list[HandlingTime]:
    if not refs:
        return []
    overlap_once = service.settings.value.count_overlap_once

    def read(session: Session) -> list[HandlingTime]:
        merged = []
        for ref in refs:
            try:
                merged.append(handling_time(session, cases.find(session, ref), overlap_once=overlap_once))
            except NotFound:
                continue
        return merged

    return service.database.read(read)


def _refs(session: Session, commit: Commit, since: int) -> list[str]:
    """The cases that got time, and those on which the same people say that they worked then: it may overlap."""
    case_ids = commit.case_ids | cases_worked_on_since(session, commit.covered, since=since)
    return list(session.scalars(select(Case.ref).where(Case.id.in_(case_ids))))
