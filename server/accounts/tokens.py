"""Bearer tokens: made, looked up, revoked."""

import hashlib
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person, Token

DAY_MS = 24 * 3600 * 1000
DEFAULT_DAYS = 90
_PREFIX = "cc_"


def issue_token(session: Session, person: Person, *, now: int, days: float = DEFAULT_DAYS, label: str = "") -> str:
    """Make a token that is good for `days`; the only moment at which it can be read."""
    token = _PREFIX + secrets.token_urlsafe(32)
    session.add(
        Token(
            person_id=person.id,
            digest=_digest(token),
            label=label,
            created_at=now,
            expires_at=now + round(days * DAY_MS),
        )
    )
    return token


def person_of_token(session: Session, token: str, *, now: int) -> Person | None:
    """Whose token this is; None if it is unknown, revoked, expired, or its person is not active."""
    found = session.scalar(select(Token).where(Token.digest == _digest(token)))
    if found is None or found.revoked_at is not None or found.expires_at <= now or not found.person.active:
        return None
    return found.person


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
