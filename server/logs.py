"""Logs: a line of text or of JSON for each thing that happened, with the id of the request or connection it was in.

Rules:
1. No personal content: no titles, descriptions, tokens, cookies nor query strings. Rows that PostgreSQL quotes in its
   errors are left out here; SQLAlchemy is told to leave out parameters where the engine is made.
2. A line is a line: control characters are shown, not written, so that nobody can forge one.
3. A log that cannot be written stops nothing: the line is dropped and counted.
"""

import json
import logging
import os
import re
import secrets
import sys
from typing import Any, TextIO, cast

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

REQUEST_ID_HEADER = "X-Request-ID"
FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")

log = logging.getLogger(__name__)

_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{3,63}")
_QUOTED_ROW = re.compile(r"DETAIL:.*?(?=\n\[SQL|\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL)
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {0x2028: "\\u2028", 0x2029: "\\u2029"}


def configure(*, log_format: str, level: str) -> None:
    """Send every logger's lines to standard error. Loggers that have a handler already (of tests, say) keep it."""
    handler = _Handler(sys.stderr)
    handler.addFilter(_add_ids)
    handler.setFormatter(_json_formatter() if log_format == "json" else _TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def install(app: Flask) -> None:
    """Answer every request with its id in a header."""

    @app.after_request
    def _show(answer: Response) -> Response:
        answer.headers[REQUEST_ID_HEADER] = request_id()
        rule = request.url_rule.rule if request.url_rule else None
        fields = {"method": request.method, "route": rule, "status": answer.status_code}
        log.debug("answered", extra={"fields": fields})
        return answer


def request_id() -> str:
    """The id of the current request: the caller's own where it is a sane one, else a new one.

    For a socket it is that of the opening request, and names the connection.
    """
    if "request_id" not in g:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        g.request_id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
    return cast(str, g.request_id)


def dropped_lines() -> int:
    """How many lines could not be written."""
    return sum(handler.dropped for handler in logging.getLogger().handlers if isinstance(handler, _Handler))


def let_go() -> None:
    """At the end of the process: forget what standard output and error still hold but cannot write."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
                os.dup2(nowhere.fileno(), stream.fileno())


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream; a line that cannot be written is counted."""

    dropped = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        self.dropped += 1


class _TextFormatter(logging.Formatter):
    """`2026-11-20 12:00:00,000 INFO server.serve: words field=value request_id=...`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        known = {**getattr(record, "fields", {}), **_ids(record)}
        words = super().formatMessage(record) + "".join(f" {name}={_quoted(value)}" for name, value in known.items())
        return _without_rows(words).translate(_CONTROL)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback, indented: none of its lines can pass for one of ours."""
        return "\n".join(
            f"  {line.translate(_CONTROL)}" for line in _without_rows(super().formatException(ei)).split("\n")
        )


class _JsonFormatter(JsonFormatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, `fields`, and `request_id` or `connection_id`."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        for name in ("message", "exc_info"):
            if name in log_data:
                log_data[name] = _without_rows(str(log_data[name]))
        return log_data


def _json_formatter() -> logging.Formatter:
    return _JsonFormatter(
        ["levelname", "name", "message"], rename_fields={"levelname": "level", "name": "logger"}, timestamp="time"
    )


def _add_ids(record: logging.LogRecord) -> bool:
    if has_request_context():
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        setattr(record, "connection_id" if is_socket else "request_id", request_id())
    return True


def _ids(record: logging.LogRecord) -> dict[str, str]:
    return {name: value for name in ("request_id", "connection_id") if (value := getattr(record, name, None))}


def _quoted(value: object) -> str:
    """A value that cannot be taken for the next field."""
    text = str(value)
    return json.dumps(text) if not text or any(char in text for char in ' "=') else text


def _without_rows(text: str) -> str:
    return _QUOTED_ROW.sub("DETAIL: (left out)", text) if "DETAIL:" in text else text
