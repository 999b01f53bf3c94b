"""Errors that a caller can act on, as RFC 9457 problem details (`application/problem+json`)."""

from collections.abc import Callable
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeAlias

from flask import Flask, Response, json, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from server import db_faults, logs
from server.i18n import _, marked, said_here

Page: TypeAlias = Callable[[int, str], ResponseReturnValue]

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = "5"
"""So long a caller waits who was refused because the database does not answer."""
_MOST_ERRORS = 20

_TITLES = {
    400: marked("Bad Request"),
    401: marked("Unauthorized"),
    403: marked("Forbidden"),
    404: marked("Not Found"),
    405: marked("Method Not Allowed"),
    409: marked("Conflict"),
    413: marked("Content Too Large"),
    415: marked("Unsupported Media Type"),
    422: marked("Unprocessable Content"),
    429: marked("Too Many Requests"),
    500: marked("Internal Server Error"),
    503: marked("Service Unavailable"),
}
_SENTENCES_OF_LIBRARIES = (
    marked("The browser (or proxy) sent a request that this server could not understand."),
    marked(
        "The requested URL was not found on the server. If you entered the URL manually please check your spelling and"
        " try again."
    ),
    marked("The method is not allowed for the requested URL."),
    marked("The data value transmitted exceeds the capacity limit."),
    marked("Missing data for required field."),
    marked("Field may not be null."),
    marked("Unknown field."),
    marked("Invalid input type."),
    marked("Invalid type."),
    marked("Invalid value."),
    marked("Not a valid list."),
    marked("Not a valid string."),
    marked("Not a valid utf-8 string."),
    marked("Not a valid number."),
    marked("Not a valid integer."),
    marked("Number too large."),
    marked("Not a valid boolean."),
    marked("Not a valid date."),
    marked("Not a valid mapping type."),
)
"""What Werkzeug and marshmallow say in English is translated when it is answered."""


class Problem(Exception):
    """Something a caller can mend. `detail` says what is wrong and what to do.

    `status` is the HTTP status, `errors` maps field names to lists of messages.
    """

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, detail: str, *, errors: dict[str, Any] | None = None, status: HTTPStatus | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.status = status or self.status


class NotFound(Problem):
    """There is no such thing, or the caller may not know of it."""

    status = HTTPStatus.NOT_FOUND


class Conflict(Problem):
    """The thing is in a state that does not allow this."""

    status = HTTPStatus.CONFLICT


class Invalid(Problem):
    """A value is out of its range or has the wrong form."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class Forbidden(Problem):
    """The caller is known, and may not do this."""

    status = HTTPStatus.FORBIDDEN


class Unauthorized(Problem):
    """The caller is not signed in."""

    status = HTTPStatus.UNAUTHORIZED


def response(status: int, detail: str, *, errors: dict[str, Any] | None = None, headers: Any = None) -> Response:
    """A problem document as a Flask response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(status),
        "status": int(status),
        "detail": detail,
        "request_id": logs.request_id(),
    }
    if errors:
        body["errors"] = errors
    answer = Response(json.dumps(body), status=int(status), content_type=CONTENT_TYPE)
    _add(answer, headers)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers.setdefault("WWW-Authenticate", "Bearer")
    return answer


def title_of(status: int) -> str:
    """What a status means, in the caller's language."""
    return _(_TITLES.get(status) or HTTPStatus(status).phrase)


def install(app: Flask, page: Page) -> None:
    """Answer every error as a problem document, and as `page(status, detail)` where a person looks at one."""

    def answer(status: int, detail: str, *, errors: dict[str, Any] | None = None, headers: Any = None) -> Response:
        if not _is_for_a_person():
            return response(status, detail, errors=errors, headers=headers)
        shown = make_response(page(status, detail))
        _add(shown, headers)
        return shown

    @app.errorhandler(Problem)
    def _problem(error: Problem) -> Response:
        return answer(error.status, said_here(error.detail), errors=error.errors)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> ResponseReturnValue:
        if (error.code or 500) < 400:
            return error
        data = getattr(error, "data", None) or {}
        messages = (data.get("messages") or {}).values()
        errors = _translated(dict(islice((pair for where in messages for pair in where.items()), _MOST_ERRORS)))
        detail = _sentence(errors) if errors else _described(error)
        return answer(error.code or 500, detail, errors=errors, headers=error.get_response().headers)

    @app.errorhandler(IntegrityError)
    @app.errorhandler(StaleDataError)
    def _raced(error: IntegrityError | StaleDataError) -> Response:
        app.logger.warning("two changes at once on %r %r: %s", request.method, request.path, error)
        return answer(409, _("Somebody changed the same thing at the same moment. Look again, then try again."))

    @app.errorhandler(SQLAlchemyError)
    def _without_database(error: SQLAlchemyError) -> Response:
        if not db_faults.is_of_the_database(error):
            return _unexpected(error)
        advice = db_faults.advice(error)
        app.logger.error("a call was refused for now: %r %r: %s", request.method, request.path, advice)
        detail = _("The database does not answer at present. Try again in a few seconds.")
        return answer(503, detail, headers=[("Retry-After", RETRY_AFTER_S)])

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        app.logger.exception("unexpected error on %r %r", request.method, request.path)
        return answer(500, _("Something went wrong on the server. It was logged; please try again."))


def _add(answer: Response, headers: Any) -> None:
    for name, value in headers or ():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value


def _is_for_a_person() -> bool:
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")


def _described(error: HTTPException) -> str:
    return _(error.description) if error.description else title_of(error.code or 500)


def _translated(messages: Any) -> Any:
    """Lists and maps of messages as they are, with what a library says in the caller's language."""
    if isinstance(messages, dict):
        return {name: _translated(below) for name, below in messages.items()}
    return [_translated(one) for one in messages] if isinstance(messages, list) else _(str(messages))


def _sentence(errors: dict[str, Any]) -> str:
    parts = []
    for field, messages in errors.items():
        text = _sentence(messages) if isinstance(messages, dict) else " ".join(messages)
        parts.append(text if field == "_schema" else f"{field}: {text}")
    return "; ".join(parts)
