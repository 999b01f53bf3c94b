"""Verbs on people: add, find, change what they may and how they sign in."""

import re
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import passwords, security_log, sessions, tokens
from server.accounts.models import ADMINISTRATOR, REPRESENTATIVE, ROLES, SUPERVISOR, Person
from server.audit import log as audit_log
from server.audit.log import SYSTEM, Actor
from server.db import offload
from server.i18n import LANGUAGES, _
from server.problems import Conflict, Invalid

DEMO_PASSWORD = "caseclock-demo"  # noqa: S105 - public on purpose; sign-in refuses it outside the demo
DEMO_PEOPLE = (
    ("ana", "Ana Duarte", REPRESENTATIVE),
    ("ben", "Ben Okafor", REPRESENTATIVE),
    ("sam", "Sam Lindqvist", SUPERVISOR),
    ("ada", "Ada Varga", ADMINISTRATOR),
)
"""Username, name and role of those whom the demo knows."""

MAX_TEAM_LENGTH = 100

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
    team: str | None = None,
    by: Actor = SYSTEM,
) -> Person:
    """Add somebody. `Invalid` or `Conflict` say what to change."""
    if not is_username(username):
        raise Invalid(_("A username has 1 to 64 characters: a-z, 0-9, and . _ @ - after the first."))
    if name is not None and not name.isprintable():
        raise Invalid(_("A name is made of printable characters."))
    if password != DEMO_PASSWORD:
        passwords.check(password, username)
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(_("'%(zone)s' is not a time zone; write it like Europe/Berlin.", zone=time_zone)) from None
    if by_username(session, username) is not None:
        raise Conflict(_("There is a person named '%(name)s' already.", name=username))
    person = Person(
        username=username,
        name=name or username.capitalize(),
        role=_known(role),
        password_hash=passwords.hash_of(password),
        time_zone=time_zone,
        team=_team(team),
        created_at=now,
    )
    session.add(person)
    session.flush()
    security_log.record("person.added", username=username, role=role)
    audit_log.record(session, "user.added", now=now, by=by, subject=username, role=role)
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


def set_password(session: Session, person: Person, password_hash: str, *, now: int, by: Actor = SYSTEM) -> None:
    """Give a person the password of this hash; all their sessions end. Their tokens stay as they are."""
    person.password_hash = password_hash
    sessions.end_all(session, person)
    security_log.record("password.changed", username=person.username)
    audit_log.record(session, "user.password_changed", now=now, by=by, subject=person.username)


def set_role(session: Session, person: Person, role: str, *, now: int, by: Actor = SYSTEM) -> None:
    """Give a person another role; all their sessions end. Their tokens act in the new role."""
    before, person.role = person.role, _known(role)
    sessions.end_all(session, person)
    security_log.record("role.changed", username=person.username, role=role, before=before)
    change = {"role": {"old": before, "new": role}}
    audit_log.record(session, "user.role_changed", now=now, by=by, subject=person.username, **change)


def set_team(session: Session, person: Person, team: str | None, *, now: int, by: Actor = SYSTEM) -> None:
    """Put a person into a team, or with None or an empty name into none."""
    before, person.team = person.team, _team(team)
    change = {"team": {"old": before, "new": person.team}}
    audit_log.record(session, "user.team_changed", now=now, by=by, subject=person.username, **change)


def set_active(session: Session, person: Person, *, active: bool, now: int, by: Actor = SYSTEM) -> None:
    """Let somebody in, or keep them out: then their sessions end and their tokens are revoked."""
    person.active = active
    if not active:
        sessions.end_all(session, person)
        tokens.revoke_all(session, person, now=now, by=by)
    security_log.record("person.activated" if active else "person.deactivated", username=person.username)
    action = "user.activated" if active else "user.deactivated"
    audit_log.record(session, action, now=now, by=by, subject=person.username)


def set_language(session: Session, person: Person, language: str | None) -> None:
    """Remember the language that a person chose; None leaves it to their browser."""
    if language is not None and language not in LANGUAGES:
        raise Invalid(_("Choose one of the languages that are offered."))
    person.locale = language


def _team(name: str | None) -> str | None:
    name = (name or "").strip()
    if len(name) > MAX_TEAM_LENGTH or not name.isprintable():
        raise Invalid(_("The name of a team has up to %(most)s printable characters.", most=MAX_TEAM_LENGTH))
    return name or None


def _known(role: str) -> str:
    if role not in ROLES:
        raise Invalid(_("A role is one of %(roles)s, not '%(role)s'.", roles=", ".join(ROLES), role=role))
    return role
