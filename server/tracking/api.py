"""The HTTP road for reports, for pages that cannot use a socket any more."""

import logging
from http import HTTPStatus

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge

from server import clock, problems
from server.accounts.access import current_person, guarded_by_origin, needs_scope
from server.accounts.models import REPORT
from server.db_faults import advice
from server.problems import Problem
from server.tracking import wire
from server.tracking.intake import take_report
from server.tracking.service import tracking

blueprint = Blueprint("agent", __name__, url_prefix="/api/v1/agent")

_RETRY_AFTER_S = "5"
_STATUS_OF_REFUSAL = {
    "gap": HTTPStatus.CONFLICT,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "not_yours": HTTPStatus.FORBIDDEN,
}

log = logging.getLogger(__name__)


@blueprint.post("/reports")
@guarded_by_origin
@needs_scope(REPORT)
def post_report() -> Response:
    """Take a `report`, exactly as the socket does.

    Answers with the body of `received`, and with `errors` in it where events were refused. A report that is refused
    for now (`gap`, `rate_limited`, `not_yours`) is answered with the `error` and a status of 409, 429 or 403; 503
    without the database.
    """
    service, person, now = tracking(), current_person(), clock.now_ms()
    body = _body(service.limits.frame_bytes)
    try:
        report, answers = wire.decode_report(body, max_events=service.limits.events_per_report)
    except wire.BadMessage as problem:
        if not service.buckets.take(person.id, events=0, now=now):
            text = "Too many messages that are no reports: wait a few seconds."
            raise Problem(text, status=HTTPStatus.TOO_MANY_REQUESTS) from None
        raise Problem(str(problem)) from None
    answers += take_report(
        service, report, representative_id=person.id, username=person.username, app="workspace", now=now
    )
    service.tally.answered("http", answers)
    return _response(answers)


@blueprint.errorhandler(SQLAlchemyError)
def _without_database(error: SQLAlchemyError) -> Response:
    """Refuse a report for now: its sender cannot be known, or a stream or case in it, before anything is applied."""
    log.error("a report over HTTP was refused for now: %s", advice(error))
    text = "The database does not answer: keep the report and send it again in a few seconds."
    return problems.response(HTTPStatus.SERVICE_UNAVAILABLE, text, headers=[("Retry-After", _RETRY_AFTER_S)])


def _body(most: int) -> bytes:
    """The body, whether its length was announced or not."""
    request.max_content_length = most + 1  # what is longer is cut there, not refused, if it comes in chunks
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = None
    if body is None or len(body) > most:
        text = f"A report has at most {most} bytes: send it in parts."
        raise Problem(text, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return body


def _response(answers: list[dict[str, object]]) -> Response:
    errors = [answer for answer in answers if answer["type"] == "error"]
    received = next((answer for answer in answers if answer["type"] == "received"), None)
    if received is None:
        status = _STATUS_OF_REFUSAL[str(errors[-1]["code"])]
        return Response(wire.encode(errors[-1]), status=status, content_type="application/json")
    if errors:
        received["errors"] = errors
    return Response(wire.encode(received), content_type="application/json")
