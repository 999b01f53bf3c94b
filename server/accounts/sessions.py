"""Sessions: begun by signing in, ended by signing out, by time, or all of a person's at once.

A session is a row, named by the signed cookie of one browser. So signing out ends it on the server too, and a copy
of its cookie is worth nothing. It ends by itself `LIFETIME_MS` after it began, and `IDLE_MS` after its last request:
that instant stands in the cookie, so that being used costs no write. Raising a person's `session_epoch`
ends all of theirs.
"""

import secrets
from collections.abc import Iterable
from typing import cast

from flask import session as cookie
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.accounts.models import Person, UserSession
from server.audit import log as audit_log
from server.audit.log import Actor
from server.db import database

IDLE_MS = 12 * 3600 * 1000
LIFETIME_MS = 7 * 24 * 3600 * 1000
MOST_OF_A_PERSON = 100
_TOUCH_MS = 5 * 60 * 1000


def begin(person: Person, *, now: int, signed_in_from: str | None = None) -> None:
    """Start a session of this browser; the one before, and whatever else its cookie held, is gone.

    A session that begins by signing in is recorded with the address it began from.
    """
    new = UserSession(id=secrets.token_urlsafe(24), person_id=person.id, began_at=now, ends_at=now + LIFETIME_MS)
    before = cookie.get("id")

    def store(db: Session) -> None:
        theirs = select(UserSession.id).where(UserSession.person_id == person.id).order_by(UserSession.began_at.desc())
        surplus = db.scalars(theirs.offset(MOST_OF_A_PERSON - 1)).all()
        db.execute(delete(UserSession).where((UserSession.ends_at <= now) | UserSession.id.in_([before, *surplus])))
        db.add(new)
        if signed_in_from is not None:
            by = Actor(person.username, person.id, signed_in_from)
            audit_log.record(db, "sign_in.succeeded", now=now, by=by, subject=person.username)

    database().write(store)
    cookie.clear()
    cookie.permanent = True
    cookie.update(id=new.id, epoch=person.session_epoch, seen=now, csrf=secrets.token_urlsafe(24))


def end() -> None:
    """End the session of this browser, for every copy of its cookie."""
    found = cookie.get("id")
    if isinstance(found, str):
        database().write(lambda db: db.execute(delete(UserSession).where(UserSession.id == found)))
    cookie.clear()


def end_all(db: Session, person: Person) -> None:
    """End every session of a person, and close their sockets within a minute."""
    person.session_epoch += 1
    db.execute(delete(UserSession).where(UserSession.person_id == person.id))


def count(db: Session, person: Person, *, now: int) -> int:
    """How many sessions of a person live."""
    living = select(func.count()).where(UserSession.person_id == person.id, UserSession.ends_at > now)
    return db.scalar(living) or 0


def current_id() -> str | None:
    """The session of this request, if it has one."""
    return cast(str | None, cookie.get("id"))


def person_of_cookie(*, now: int) -> Person | None:
    """Whose session this request belongs to, if it still lives; keeps it from falling idle."""
    found, epoch, seen = cookie.get("id"), cookie.get("epoch"), cookie.get("seen")
    if not isinstance(found, str) or not isinstance(seen, int) or now - seen >= IDLE_MS:
        return None
    living = select(Person).join(UserSession).where(UserSession.id == found, UserSession.ends_at > now)
    person = database().read(lambda db: db.scalar(living))
    if person is None or not person.active or person.session_epoch != epoch:
        return None
    if now - seen >= _TOUCH_MS:
        cookie["seen"] = now
    return person


def living(db: Session, ids: Iterable[str], *, now: int) -> set[str]:
    """Those of these sessions that live."""
    wanted = set(ids)
    if not wanted:
        return set()
    return {found for found in db.scalars(select(UserSession.id).where(UserSession.ends_at > now)) if found in wanted}


def csrf_token() -> str:
    """The token that unsafe requests of this browser must carry; made on first use."""
    if "csrf" not in cookie:
        cookie["csrf"] = secrets.token_urlsafe(24)
    return cast(str, cookie["csrf"])
