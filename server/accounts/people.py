"""Verbs on people: add, find, change what they may and how they sign in."""

import re
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import passwords, security_log, sessions, tokens
from server.accounts.models import ROLES, Person
from server.db import offload
from server.problems import Conflict, Invalid

DEMO_PASSWORD = "caseclock-demo"  # noqa: S105 - public on purpose; sign-in refuses it outside the demo

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def add_person(
    session: Session,
    username: str,
    *,
    role: str,
    password: str,
    now: int,
    name: str | None = None,
    time_zone: str = "UTC",
) -> Person:
    """Add somebody. `Invalid` or `Conflict` say what to change."""
    if not is_username(username):
        raise Invalid("A username has 1 to 64 characters: a-z, 0-9, and . _ @ - after the first.")
    if name is not None and not name.isprintable():
        raise Invalid("A name is made of printable characters.")
    if password != DEMO_PASSWORD:
        passwords.check(password, username)
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"{time_zone!r} is not a time zone; write it like Europe/Berlin.") from None
    if by_username(session, username) is not None:
        raise Conflict(f"There is a person named {username!r} already.")
    person = Person(
        username=username,
        name=name or username.capitalize(),
        role=_known(role),
        password_hash=passwords.hash_of(password),
        time_zone=time_zone,
        created_at=now,
    )
    session.add(person)
    session.flush()
    security_log.record("person.added", username=username, role=role)
    return person


def is_username(text: str) -> bool:
    """Whether somebody could have this username."""
    return _USERNAME.fullmatch(text) is not None


def by_username(session: Session, username: str) -> Person | None:
    """The person of that username, active or not."""
    if not is_username(username):
        return None
    return session.scalar(select(Person).where(Person.username == username))


def password_is_right(person: Person | None, password: str) -> bool:
    """Whether the password is this person's. Takes as long for a person that does not exist."""
    stored = person.password_hash if person is not None else None
    return offload(lambda: passwords.matches(stored, password))


def set_password(session: Session, person: Person, password_hash: str) -> None:
    """Give a person the password of this hash; all their sessions end. Their tokens stay as they are."""
    person.password_hash = password_hash
    sessions.end_all(session, person)
    security_log.record("password.changed", username=person.username)


def set_role(session: Session, person: Person, role: str) -> None:
    """Give a person another role; all their sessions end. Their tokens act in the new role."""
    before, person.role = person.role, _known(role)
    sessions.end_all(session, person)
    security_log.record("role.changed", username=person.username, role=role, before=before)


def set_active(session: Session, person: Person, *, active: bool, now: int) -> None:
    """Let somebody in, or keep them out: then their sessions end and their tokens are revoked."""
    person.active = active
    if not active:
        sessions.end_all(session, person)
        tokens.revoke_all(session, person, now=now)
    security_log.record("person.activated" if active else "person.deactivated", username=person.username)


def _known(role: str) -> str:
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}, not {role!r}.")
    return role
