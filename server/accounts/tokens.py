"""Bearer tokens: made, looked up, listed, revoked. A token's scope says how much of its person's rights it has."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import security_log
from server.accounts.models import FULL, SCOPES, Person, Token
from server.audit import log as audit_log
from server.audit.log import SYSTEM, Actor
from server.i18n import _
from server.problems import Conflict, Invalid, NotFound

DAY_MS = 24 * 3600 * 1000
DEFAULT_DAYS = 90
_PREFIX = "cc_"
_MAX_ID = 2**63 - 1
_AT_ONCE = 500


def issue_token(
    session: Session,
    person: Person,
    *,
    now: int,
    days: float = DEFAULT_DAYS,
    label: str = "",
    scope: str = FULL,
    by: Actor = SYSTEM,
) -> str:
    """Make a token that is good for `days`; the only moment at which it can be read."""
    if scope not in SCOPES:
        raise Invalid(_("A scope is one of %(scopes)s, not '%(scope)s'.", scopes=", ".join(SCOPES), scope=scope))
    text = _PREFIX + secrets.token_urlsafe(32)
    token = Token(
        person_id=person.id,
        digest=_digest(text),
        label=label,
        scope=scope,
        created_at=now,
        expires_at=now + round(days * DAY_MS),
    )
    session.add(token)
    session.flush()
    security_log.record("token.issued", username=person.username, token=token.id, scope=scope, days=days)
    audit_log.record(
        session, "token.created", now=now, by=by, subject=person.username, token=token.id, scope=scope, days=days
    )
    return text


def find_token(session: Session, text: str, *, now: int) -> Token | None:
    """The token that reads so, with its person; None if it is unknown, revoked, expired, or its person not active."""
    found = session.scalar(select(Token).where(Token.digest == _digest(text)))
    return found if found is not None and _is_valid(found, now) else None


def roles_of_tokens(session: Session, texts: Iterable[str], *, now: int) -> dict[str, str]:
    """The role of the person of each of these tokens that is still valid."""
    by_digest = {_digest(text): text for text in texts}
    digests = list(by_digest)
    roles = {}
    for start in range(0, len(digests), _AT_ONCE):
        for token in session.scalars(select(Token).where(Token.digest.in_(digests[start : start + _AT_ONCE]))):
            if _is_valid(token, now):
                roles[by_digest[token.digest]] = token.person.role
    return roles


def tokens_of(session: Session, person: Person) -> Sequence[Token]:
    """All tokens ever issued to a person, the oldest first."""
    return session.scalars(select(Token).where(Token.person_id == person.id).order_by(Token.id)).all()


def revoke_token(session: Session, token_id: int, *, now: int, by: Actor = SYSTEM) -> Token:
    """Make a token worthless from now on; sockets that were opened with it are closed within a minute."""
    token = session.get(Token, token_id) if 0 < token_id <= _MAX_ID else None
    if token is None:
        raise NotFound(_("There is no token %(id)s: 'caseclock token list USER' shows them.", id=token_id))
    if token.revoked_at is not None:
        raise Conflict(_("The token %(id)s is revoked already.", id=token_id))
    _revoke(session, [token], now=now, by=by)
    return token


def revoke_all(session: Session, person: Person, *, now: int, by: Actor = SYSTEM) -> None:
    """Make every token of a person worthless from now on."""
    living = [one for one in tokens_of(session, person) if one.revoked_at is None and one.expires_at > now]
    _revoke(session, living, now=now, by=by)


def _revoke(session: Session, tokens: Sequence[Token], *, now: int, by: Actor) -> None:
    for token in tokens:
        token.revoked_at = now
    for token in tokens:
        security_log.record("token.revoked", username=token.person.username, token=token.id)
        audit_log.record(session, "token.revoked", now=now, by=by, subject=token.person.username, token=token.id)


def _is_valid(token: Token, now: int) -> bool:
    return token.revoked_at is None and now < token.expires_at and token.person.active


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
