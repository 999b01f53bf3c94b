"""Closing the sockets of people who lost access while they were connected."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.accounts.tokens import person_of_token
from server.tracking.connections import Connection
from server.tracking.service import Tracking

NOT_SIGNED_IN = 4401


def run(tracking: Tracking, *, now: int) -> int:
    """Close every socket whose person was disabled, signed out everywhere, or whose token ended; says how many."""
    connections = tracking.connections.all()
    if not connections:
        return 0
    lost = tracking.database.read(lambda session: _without_access(session, connections, now))
    for connection in lost:
        connection.close(NOT_SIGNED_IN, "access has ended: sign in again")
    return len(lost)


def _without_access(session: Session, connections: list[Connection], now: int) -> list[Connection]:
    rows = session.execute(select(Person.id, Person.active, Person.session_epoch))
    people = {person: (active, epoch) for person, active, epoch in rows}
    lost = []
    for connection in connections:
        active, epoch = people.get(connection.representative_id, (False, 0))
        if connection.token is not None:
            if person_of_token(session, connection.token, now=now) is None:
                lost.append(connection)
        elif not active or epoch != connection.session_epoch:
            lost.append(connection)
    return lost
