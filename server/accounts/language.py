"""Which language somebody reads: their own choice, else that of their browser's cookie, else what it asks for.

And what the roles are called in it.
"""

from flask import Response, g, request

from server.accounts.models import ADMINISTRATOR, REPRESENTATIVE, SUPERVISOR, Person
from server.accounts.site import site
from server.i18n import LANGUAGES, _, accepted, marked

_NAME = "caseclock-language"
_LIFETIME_S = 365 * 24 * 3600
_ROLE_NAMES = {
    REPRESENTATIVE: marked("representative"),
    SUPERVISOR: marked("supervisor"),
    ADMINISTRATOR: marked("administrator"),
}


def of_request() -> str | None:
    """The language of this request, None where nothing says one of ours."""
    person: Person | None = g.get("person")
    return _known(person.locale if person is not None else None) or of_cookie() or accepted(request)


def of_cookie() -> str | None:
    """What was chosen in this browser, signed in or not."""
    return _known(request.cookies.get(site().cookie(_NAME)))


def remember(answer: Response, language: str | None) -> None:
    """Tell the browser what was chosen; None forgets it."""
    site().set_cookie(answer, _NAME, language or "", max_age_s=_LIFETIME_S if language else 0)


def role_name(role: str) -> str:
    """What a role is called, in the caller's language."""
    return _(_ROLE_NAMES[role])


def _known(language: str | None) -> str | None:
    return language if language in LANGUAGES else None
