"""Who is calling, and may they: secure by default.

Every view needs a signed-in person unless it is marked `public`. A person is known by `Authorization: Bearer`
or by the session cookie; with the cookie, an unsafe method needs the CSRF token too (header `X-CSRF-Token` or
form field `csrf_token`). `allow` narrows a view to roles; rights against a single object are the verbs' own.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from server import clock
from server.accounts.models import Person
from server.accounts.tokens import person_of_token
from server.db import database
from server.problems import Forbidden, Unauthorized

F = TypeVar("F", bound=Callable[..., Any])

CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PUBLIC = "_caseclock_public"
_BY_ORIGIN = "_caseclock_by_origin"
_ROLES = "_caseclock_roles"


def public(view: F) -> F:
    """Mark a view as open to callers who are not signed in."""
    setattr(view, _PUBLIC, True)
    return view


def allow(*roles: str) -> Callable[[F], F]:
    """Let only these roles call a view."""

    def mark(view: F) -> F:
        setattr(view, _ROLES, frozenset(roles))
        return view

    return mark


def guarded_by_origin(view: F) -> F:
    """Let a cookie through to a view by the page's `Origin` instead of a CSRF token, as on the socket."""
    setattr(view, _BY_ORIGIN, True)
    return view


def current_person() -> Person:
    """The signed-in person of this request."""
    return cast(Person, g.person)


def sign_in(person: Person) -> None:
    """Start a session for this person; whatever the cookie held before is gone."""
    session.clear()
    session.permanent = True
    session.update(person=person.id, epoch=person.session_epoch, csrf=secrets.token_urlsafe(24))


def sign_out() -> None:
    """End the session."""
    session.clear()


def csrf_token() -> str:
    """The token that unsafe requests of this session must carry; made on first use."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return cast(str, session["csrf"])


def person_of_session() -> Person | None:
    """Whose session cookie came with this request, if it still holds."""
    found, epoch = session.get("person"), session.get("epoch")
    if not isinstance(found, int):
        return None
    person = database().read(lambda db: db.get(Person, found))
    if person is None or not person.active or person.session_epoch != epoch:
        return None
    return person


def is_own_or_allowed_origin(origin: str) -> bool:
    """Whether a page of this `Origin` may use the session cookie: our own host, or one the operator named."""
    return origin.lower() in (_own_origin(), *current_app.config["CASECLOCK_ALLOWED_ORIGINS"])


def install(app: Flask) -> None:
    """Check every request before its view runs."""

    @app.before_request
    def _check() -> ResponseReturnValue | None:
        view = current_app.view_functions.get(request.endpoint or "")
        if view is None:
            return None
        g.person = _caller(by_origin=bool(_mark(view, _BY_ORIGIN)))
        if _mark(view, _PUBLIC):
            return None
        if g.person is None:
            if request.path.startswith("/api/"):
                raise Unauthorized("Sign in, or send an Authorization header with a valid bearer token.")
            return redirect(url_for("web.sign_in", next=request.full_path.rstrip("?")))
        roles = _mark(view, _ROLES)
        if roles and g.person.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(sorted(roles))}.")
        return None


def check_csrf() -> None:
    """Raise `Forbidden` unless this request carries the session's CSRF token."""
    given = request.headers.get(CSRF_HEADER) or request.form.get("csrf_token", "")
    wanted = session.get("csrf", "")
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Forbidden(f"The {CSRF_HEADER} header is missing or old: reload the page and try again.")


def _caller(*, by_origin: bool) -> Person | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        now = clock.now_ms()
        person = database().read(lambda db: person_of_token(db, token.strip(), now=now))
        if person is None:
            raise Unauthorized("The bearer token is not valid: it is unknown, expired or revoked. Get a new one.")
        return person
    person = person_of_session()
    if person is not None and request.method not in _SAFE_METHODS:
        if not by_origin:
            check_csrf()
        elif not is_own_or_allowed_origin(request.headers.get("Origin", "")):
            raise Forbidden("This origin may not use Caseclock. Name it in CASECLOCK_ALLOWED_ORIGINS.")
    return person


def _own_origin() -> str:
    return request.host_url.rstrip("/").lower()


def _mark(view: Any, name: str) -> Any:
    """A mark on a view function, or, for a class of views, on the method that will run."""
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        method = getattr(view_class, request.method.lower(), None) or getattr(view_class, "get", None)
        return getattr(method, name, None) or getattr(view_class, name, None)
    return getattr(view, name, None)
