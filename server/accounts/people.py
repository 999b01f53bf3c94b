"""Verbs on people: add, find, check a password."""

import re
from zoneinfo import ZoneInfo

import argon2
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import ROLES, Person
from server.db import offload
from server.problems import Conflict, Invalid

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1_000
DEMO_PASSWORD = "caseclock-demo"  # noqa: S105 - public on purpose; sign-in refuses it outside the demo

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_HASHER = argon2.PasswordHasher()
_NOBODY = _HASHER.hash("a password that nobody has")


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
    if not _USERNAME.fullmatch(username):
        raise Invalid("A username has 1 to 64 characters: a-z, 0-9, and . _ @ - after the first.")
    if role not in ROLES:
        raise Invalid(f"A role is one of {', '.join(ROLES)}, not {role!r}.")
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise Invalid(f"A password has at least {MIN_PASSWORD_LENGTH} characters, and at most {MAX_PASSWORD_LENGTH}.")
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"{time_zone!r} is not a time zone; write it like Europe/Berlin.") from None
    if by_username(session, username) is not None:
        raise Conflict(f"There is a person named {username!r} already.")
    person = Person(
        username=username,
        name=name or username.capitalize(),
        role=role,
        password_hash=_HASHER.hash(password),
        time_zone=time_zone,
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def by_username(session: Session, username: str) -> Person | None:
    """The person of that username, active or not."""
    if not _USERNAME.fullmatch(username):
        return None
    return session.scalar(select(Person).where(Person.username == username))


def password_is_right(person: Person | None, password: str) -> bool:
    """Whether the password is this person's. Takes as long for a person that does not exist."""
    stored = person.password_hash if person is not None else _NOBODY

    def verify() -> bool:
        try:
            return _HASHER.verify(stored, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    return offload(verify) and person is not None
