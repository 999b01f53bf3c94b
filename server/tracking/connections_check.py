"""Closing the sockets of people who lost access while they were connected."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import security_log, sessions
from server.accounts.models import Person
from server.accounts.tokens import roles_of_tokens
from server.tracking.connections import Connection
from server.tracking.service import Tracking

NOT_SIGNED_IN = 4401


def run(tracking: Tracking, *, now: int) -> int:
    """Close every socket whose person was disabled or has another role, whose session or token ended; says how many."""
    connections = tracking.connections.all()
    if not connections:
        return 0
    lost = tracking.database.read(lambda session: _without_access(session, connections, now))
    for connection in lost:
        security_log.refused("socket.closed", username=connection.username, reason="access has ended")
        connection.close_soon(NOT_SIGNED_IN, "access has ended: sign in again")
    return len(lost)


def _without_access(session: Session, connections: list[Connection], now: int) -> list[Connection]:
    rows = session.execute(select(Person.id, Person.active, Person.session_epoch))
    people = {person: (active, epoch) for person, active, epoch in rows}
    roles = roles_of_tokens(session, {one.token for one in connections if one.token is not None}, now=now)
    living = sessions.living(session, {one.session_id for one in connections if one.session_id is not None}, now=now)

    def has_access(one: Connection) -> bool:
        if one.token is not None:
            return roles.get(one.token) == one.role
        return one.session_id in living and people.get(one.representative_id) == (True, one.session_epoch)

    return [one for one in connections if not has_access(one)]
