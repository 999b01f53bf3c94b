"""Tables to download: rows of one look at the database, written into a temporary file beside the greenlets, then sent.

A client that reads slowly holds no transaction, and what fails halfway is an error and not half a file.
"""

import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any
from zoneinfo import ZoneInfo

from flask import Response, send_file
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from server.db import database
from server.i18n import _
from server.problems import Problem
from server.sheets import Column, Rows, write_csv, write_xlsx

JSON, CSV, XLSX = "json", "csv", "xlsx"
FORMATS = (JSON, CSV, XLSX)
MIME_TYPES = {
    CSV: "text/csv",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
AT_A_TIME = 2
"""How many exports are made at a time; whoever asks for one more is told to come back."""

_PIECE_BYTES = 64 * 1024
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")

_free = threading.BoundedSemaphore(AT_A_TIME)


@dataclass(frozen=True, slots=True)
class Table:
    """What to export: the words of the file's name, the columns, and a verb that gives the rows one by one."""

    name: Sequence[str]
    columns: Sequence[Column]
    rows: Callable[[Session], Rows]


def described() -> dict[str, Any]:
    """What the description of an operation says of its files, beside its JSON."""
    return {"responses": {200: {"content": {mime: {"schema": {"type": "string"}} for mime in MIME_TYPES.values()}}}}


def format_field() -> fields.String:
    """Which form the answer has."""
    return fields.String(load_default=JSON, validate=validate.OneOf(FORMATS))


def export(table: Table, kind: str, zone: ZoneInfo) -> Response:
    """The table as a CSV or XLSX file to download, with instants as they are in `zone`."""
    if not _free.acquire(blocking=False):
        text = _("Other exports are being made just now. Try again in a minute.")
        raise Problem(text, status=HTTPStatus.SERVICE_UNAVAILABLE)
    write = write_csv if kind == CSV else write_xlsx
    with ExitStack() as unless_done:
        unless_done.callback(_free.release)
        file = unless_done.enter_context(tempfile.TemporaryFile())
        database().read_long(lambda session: write(file, table.columns, table.rows(session), zone))
        unless_done.pop_all()
    _free.release()
    size = file.tell()
    file.seek(0)
    name = file_name(table.name, kind)
    answer = send_file(file, MIME_TYPES[kind], as_attachment=True, download_name=name, conditional=False)
    answer.response, answer.direct_passthrough = _pieces(file), False
    answer.content_length = size
    answer.headers["Cache-Control"] = "no-store"
    answer.call_on_close(file.close)
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def file_name(words: Iterable[str], kind: str) -> str:
    """A name that every system can store: letters of any script, digits, and `. - _`."""
    found = (_NOT_IN_NAMES.sub("-", word)[:60].strip("-.") for word in words)
    return f"{'_'.join(word for word in found if word)}.{kind}"
