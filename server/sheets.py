"""Tables as CSV and XLSX that a spreadsheet can read, filter and sum.

| cell | CSV | XLSX |
|---|---|---|
| text | with an apostrophe before what a spreadsheet would take for a formula | text, and still text once edited |
| duration | two columns: `*_seconds` in whole seconds, and `[h]:mm:ss` | days as a number, shown as `[h]:mm:ss` |
| instant | ISO 8601 in the viewer's zone, with its offset | date and time in the viewer's zone, named in the header |
| day | `2026-11-20` | a date |

Rows are taken one by one, so a million of them need no more memory than ten.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import IO, Any, TypeAlias
from zoneinfo import ZoneInfo

import xlsxwriter

from server.clock import to_datetime
from server.db import give_way

ROWS_OF_A_SHEET = 1_048_575
"""What a sheet holds below its header; the rest goes on in further sheets."""

_DAY_MS = 86_400_000
_ROWS_AT_ONCE = 100
_FORMULA = re.compile(r" *[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What makes a spreadsheet compute, signs of full width included."""


class Kind(Enum):
    """What a column holds: str, int, milliseconds, milliseconds since the epoch, a date. None is an empty cell."""

    TEXT = "text"
    NUMBER = "number"
    DURATION = "duration"
    INSTANT = "instant"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `name` is in snake_case, `width` in characters."""

    name: str
    kind: Kind = Kind.TEXT
    width: int = 14


Rows: TypeAlias = Iterable[Sequence[Any]]

_STYLES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"quote_prefix": True},
    Kind.NUMBER: {},
    Kind.DURATION: {"num_format": "[h]:mm:ss"},
    Kind.INSTANT: {"num_format": "yyyy-mm-dd hh:mm:ss"},
    Kind.DAY: {"num_format": "yyyy-mm-dd"},
}


def write_csv(file: IO[bytes], columns: Sequence[Column], rows: Rows, zone: ZoneInfo) -> None:
    """Write a table as CSV (RFC 4180), in UTF-8 with the mark by which spreadsheets know it."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([name for column in columns for name in _csv_names(column)])
    cells_of = [_csv_cells(column.kind, zone) for column in columns]
    for number, row in enumerate(rows, start=1):
        writer.writerow([cell for cells, value in zip(cells_of, row, strict=True) for cell in cells(value)])
        if number % _ROWS_AT_ONCE == 0:
            give_way()
    text.detach()


def write_xlsx(file: IO[bytes], columns: Sequence[Column], rows: Rows, zone: ZoneInfo) -> None:
    """Write a table as XLSX: a header that stays in view and filters, a row each below it."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = _Sheet(book, columns, zone)
    for number, row in enumerate(rows, start=1):
        if sheet.rows == ROWS_OF_A_SHEET:
            sheet.finish()
            sheet = _Sheet(book, columns, zone)
        sheet.add(row)
        if number % _ROWS_AT_ONCE == 0:
            give_way()
    sheet.finish()
    book.close()


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet that reads CSV would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def clock_text(seconds: int) -> str:
    """A duration as `[h]:mm:ss`."""
    minutes = abs(seconds) // 60
    return f"{'-' * (seconds < 0)}{minutes // 60}:{minutes % 60:02}:{abs(seconds) % 60:02}"


def _csv_names(column: Column) -> tuple[str, ...]:
    return (f"{column.name}_seconds", column.name) if column.kind is Kind.DURATION else (column.name,)


def _csv_cells(kind: Kind, zone: ZoneInfo) -> Callable[[Any], tuple[object, ...]]:
    """What gives the cells of a value."""
    show: dict[Kind, Callable[[Any], tuple[object, ...]]] = {
        Kind.TEXT: lambda value: (harmless(value),),
        Kind.NUMBER: lambda value: (value,),
        Kind.DURATION: lambda value: (value // 1000, clock_text(value // 1000)),
        Kind.INSTANT: lambda value: (to_datetime(value).astimezone(zone).isoformat(timespec="milliseconds"),),
        Kind.DAY: lambda value: (value.isoformat(),),
    }
    cells, empty = show[kind], ("",) * (2 if kind is Kind.DURATION else 1)
    return lambda value: empty if value is None else cells(value)


class _Sheet:
    """One sheet of a book, filled from above."""

    def __init__(self, book: Any, columns: Sequence[Column], zone: ZoneInfo) -> None:
        self.rows = 0
        self._sheet = book.add_worksheet()
        self._width = len(columns)
        bold = book.add_format({"bold": True, "bottom": 1})
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, _title(column, zone), bold)
        self._write = [_xlsx_writer(self._sheet, column.kind, book, zone) for column in columns]

    def add(self, row: Sequence[Any]) -> None:
        self.rows += 1
        for place, value in enumerate(row):
            if value is not None:
                self._write[place](self.rows, place, value)

    def finish(self) -> None:
        self._sheet.autofilter(0, 0, self.rows, self._width - 1)


def _title(column: Column, zone: ZoneInfo) -> str:
    words = column.name.replace("_", " ").capitalize()
    return f"{words} ({zone.key})" if column.kind is Kind.INSTANT else words


def _xlsx_writer(sheet: Any, kind: Kind, book: Any, zone: ZoneInfo) -> Callable[[int, int, Any], object]:
    style = book.add_format(_STYLES[kind])

    def instant(row: int, place: int, value: int) -> object:
        return sheet.write_datetime(row, place, to_datetime(value).astimezone(zone).replace(tzinfo=None), style)

    def day(row: int, place: int, value: date) -> object:
        return sheet.write_datetime(row, place, value, style)

    write: dict[Kind, Callable[[int, int, Any], object]] = {
        Kind.TEXT: lambda row, place, value: sheet.write_string(row, place, value, style),
        Kind.NUMBER: lambda row, place, value: sheet.write_number(row, place, value),
        Kind.DURATION: lambda row, place, value: sheet.write_number(row, place, value / _DAY_MS, style),
        Kind.INSTANT: instant,
        Kind.DAY: day,
    }
    return write[kind]
