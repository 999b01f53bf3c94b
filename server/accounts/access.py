"""Who is calling, and may they: secure by default.

Every view needs a signed-in person unless it is marked `public`. A person is known by `Authorization: Bearer`
or by the session cookie; with the cookie, an unsafe method needs the CSRF token too (header `X-CSRF-Token` or
form field `csrf_token`). `allow` narrows a view to roles; rights against a single object are the verbs' own. A token
may do what its scope says: `read` the safe methods, `report` what is marked with `needs_scope`, `full` everything.
Nobody may call so often that others have to wait.
"""

import hmac
from collections.abc import Callable
from typing import Any, TypeVar, cast

from babel.lists import format_list
from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from server import clock
from server.accounts import security_log, sessions
from server.accounts.language import role_name
from server.accounts.models import FULL, READ, REPORT, Person
from server.accounts.site import client_address, own_origin
from server.accounts.tokens import find_token
from server.audit.log import Actor
from server.db import database
from server.i18n import _, current_language
from server.problems import Forbidden, Unauthorized

F = TypeVar("F", bound=Callable[..., Any])

CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PUBLIC = "_caseclock_public"
_BY_ITSELF = "_caseclock_by_itself"
_BY_ORIGIN = "_caseclock_by_origin"
_ROLES = "_caseclock_roles"
_SCOPE = "_caseclock_scope"


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


def checks_callers_itself(view: F) -> F:
    """Leave it to a view who may call it: no token or session of a person is looked at."""
    setattr(view, _BY_ITSELF, True)
    return public(view)


def guarded_by_origin(view: F) -> F:
    """Let a cookie through to a view by the page's `Origin` instead of a CSRF token, as on the socket."""
    setattr(view, _BY_ORIGIN, True)
    return view


def needs_scope(scope: str) -> Callable[[F], F]:
    """Let tokens of this scope call a view, beside those that may do everything."""

    def mark(view: F) -> F:
        setattr(view, _SCOPE, scope)
        return view

    return mark


def current_person() -> Person:
    """The signed-in person of this request."""
    return cast(Person, g.person)


def current_actor() -> Actor:
    """The signed-in person of this request, as the audit log knows them."""
    person = current_person()
    return Actor(person.username, person.id, client_address())


def current_scope() -> str:
    """How much of the person's rights the caller has: a token's scope, or everything."""
    return cast(str, g.scope)


def covers(scope: str, needed: str) -> bool:
    """Whether a token of this scope may do what needs that one."""
    return scope in (needed, FULL)


def is_own_or_allowed_origin(origin: str) -> bool:
    """Whether a page of this `Origin` may use the session cookie: our own host, or one the operator named."""
    return origin.lower() in (own_origin(), *current_app.config["CASECLOCK_ALLOWED_ORIGINS"])


def install(app: Flask, *, may_call: Callable[[Person], bool]) -> None:
    """Check every request before its view runs, and log what was refused.

    `may_call` counts a call, and says whether this person makes too many of them at present. Neither what is public
    nor reports are asked about: these have their own rates.
    """

    @app.before_request
    def _check() -> ResponseReturnValue | None:
        g.person, g.scope = None, FULL
        view = current_app.view_functions.get(request.endpoint or "")
        if view is None or _mark(view, _BY_ITSELF):
            return None
        g.person = _caller(by_origin=bool(_mark(view, _BY_ORIGIN)))
        if _mark(view, _PUBLIC):
            return None
        if g.person is None:
            if request.path.startswith("/api/"):
                raise Unauthorized(_("Sign in, or send an Authorization header with a valid bearer token."))
            return redirect(url_for("web.sign_in", next=request.full_path.rstrip("?")))
        if _mark(view, _SCOPE) != REPORT and not may_call(g.person):
            text = _("Too many calls at once: wait a second, then go on more slowly.")
            raise TooManyRequests(text, retry_after=1)
        _check_rights(view, g.person)
        return None

    @app.after_request
    def _log_refusal(answer: Response) -> Response:
        if answer.status_code == 403 or (answer.status_code == 401 and "Authorization" in request.headers):
            person = g.get("person")
            security_log.refused(
                "access.refused",
                status=answer.status_code,
                method=request.method,
                route=request.endpoint,
                username=person.username if person else None,
                address=client_address(),
            )
        return answer


def check_csrf() -> None:
    """Raise `Forbidden` unless this request carries the session's CSRF token."""
    given = request.headers.get(CSRF_HEADER) or request.form.get("csrf_token", "")
    wanted = session.get("csrf", "")
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        text = _("The %(header)s header is missing or old: reload the page and try again.", header=CSRF_HEADER)
        raise Forbidden(text)


def _caller(*, by_origin: bool) -> Person | None:
    scheme, _blank, text = request.headers.get("Authorization", "").partition(" ")
    now = clock.now_ms()
    if scheme.lower() == "bearer":
        token = database().read(lambda db: find_token(db, text.strip(), now=now))
        if token is None:
            raise Unauthorized(_("The bearer token is not valid: it is unknown, expired or revoked. Get a new one."))
        g.scope = token.scope
        return token.person
    g.person = person = sessions.person_of_cookie(now=now)
    if person is not None and request.method not in _SAFE_METHODS:
        if not by_origin:
            check_csrf()
        elif not is_own_or_allowed_origin(request.headers.get("Origin", "")):
            raise Forbidden(_("This origin may not use Caseclock. Name it in CASECLOCK_ALLOWED_ORIGINS."))
    return person


def _check_rights(view: Any, person: Person) -> None:
    needed = _mark(view, _SCOPE) or (READ if request.method in _SAFE_METHODS else FULL)
    if not covers(g.scope, needed):
        text = _(
            "This token has the scope '%(scope)s' alone: get one with --scope %(needed)s.", scope=g.scope, needed=needed
        )
        raise Forbidden(text)
    roles = _mark(view, _ROLES)
    if roles and person.role not in roles:
        names = format_list([role_name(role) for role in sorted(roles)], style="or", locale=current_language())
        raise Forbidden(_("This needs the role %(roles)s.", roles=names))


def _mark(view: Any, name: str) -> Any:
    """A mark on a view function, or, for a class of views, on the method that will run."""
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        method = getattr(view_class, request.method.lower(), None) or getattr(view_class, "get", None)
        return getattr(method, name, None) or getattr(view_class, name, None)
    return getattr(view, name, None)
