"""CSV and XLSX of reports and of the list of tracker records, as a spreadsheet reads them."""

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from sqlalchemy.exc import OperationalError

from server import exports, sheets
from server.accounts.models import Person
from server.cases import cases
from server.exports import MIME_TYPES, XLSX, file_name
from server.sheets import Column, Kind, clock_text, harmless, write_csv, write_xlsx
from tests.conftest import NOON, World
from tests.work import insert_records, worked

REPORT = "/api/v1/reports/handling-time"
RECORDS = "/api/v1/tracker-records"
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("https://evil.example","x")',
    "=cmd|' /C calc'!A0",
    "\uff1d1",
    "  =1",
]
HARMLESS = ["a=1", "CAS-1001", "'=1", "1-1", "", "Ünï ﷽ 🙂", "<b>", 'say "no", twice\nand more', "\u202eRTL"]


def _file(world: World, url: str, *, who: str = "sam", **query: object) -> Any:
    answer = world.client(who).get(url, query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == MIME_TYPES[str(query["format"])]
    assert answer.content_length == len(answer.data)
    return answer


def _csv(world: World, url: str, **query: object) -> list[dict[str, str]]:
    answer = _file(world, url, format="csv", **query)
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def _sheet(world: World, url: str, **query: object) -> Any:
    answer = _file(world, url, format="xlsx", **query)
    return openpyxl.load_workbook(io.BytesIO(answer.data)).active


def _column(sheet: Any, title: str) -> list[Any]:
    titles = [cell.value for cell in sheet[1]]
    return [row[titles.index(title)] for row in sheet.iter_rows(min_row=2)]


def _seconds(cells: list[Any]) -> int:
    """The sum of durations, as `SUM` gives it."""
    return round(sum((cell.value for cell in cells), timedelta()).total_seconds())


@pytest.fixture
def busy(each_world: World) -> World:
    worked(each_world, "ana", "CAS-1001", minutes=50)
    worked(each_world, "ana", "CAS-1002", minutes=5)
    worked(each_world, "ben", "CAS-1002", minutes=60)
    each_world.client("ben").post("/api/v1/cases/CAS-1003/time-logs", json={"duration_seconds": 96_005})
    return each_world


# What a spreadsheet sums


@pytest.mark.parametrize("by", ["case", "representative", "team", "day", "week", "month"])
def test_s2_a_spreadsheet_sums_an_export_to_the_totals_of_the_report(busy: World, by: str) -> None:
    """S2: durations are numbers, in both forms."""
    totals = busy.client("sam").get(REPORT, query_string={"by": by}).json["totals"]
    rows, sheet = _csv(busy, REPORT, by=by), _sheet(busy, REPORT, by=by)

    for name in ("automatic", "manual", "total"):
        assert sum(int(row[f"{name}_seconds"]) for row in rows) == totals[f"{name}_seconds"], name
        assert [row[name] for row in rows] == [clock_text(int(row[f"{name}_seconds"])) for row in rows], name
        cells = _column(sheet, name.capitalize())
        assert _seconds(cells) == totals[f"{name}_seconds"], name
        assert {(cell.data_type, cell.number_format) for cell in cells} == {("d", "[h]:mm:ss")}, name


def test_s2_more_than_a_day_is_more_than_24_hours(busy: World) -> None:
    """S2"""
    rows = {row["representative"]: row for row in _csv(busy, REPORT, by="representative")}

    assert (rows["ben"]["total"], rows["ben"]["total_seconds"]) == ("27:40:05", "99605")


def test_s2_a_trend_and_a_history_are_exported_too(busy: World) -> None:
    """S1, S2"""
    url = "/api/v1/reports/representatives/ben"
    week = {"range": "week", "day": "2026-11-20"}
    trend = _sheet(busy, "/api/v1/reports/trend", by="week")
    history, sheet = _csv(busy, url, **week), _sheet(busy, url, **week)

    assert _seconds(_column(trend, "Total")) == 102_905
    assert [cell.is_date for cell in _column(trend, "Week")] == [True] * len(_column(trend, "Week"))
    assert [(row["kind"], row["case"], row["duration_seconds"]) for row in history] == [
        ("automatic", "CAS-1002", "3600"),
        ("time log", "CAS-1003", "96005"),
    ]
    assert _seconds(_column(sheet, "Duration")) == 99_605


def test_a5_the_list_of_tracker_records_is_exported_whole(each_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A5, S2: every page of it, exact to the millisecond, with the filters and rights of the list."""
    monkeypatch.setattr("server.admin.record_export._AT_ONCE", 3)
    starts = range(NOON, NOON + 10_000, 1_000)
    insert_records(each_world, "ana", "CAS-1001", starts, length_ms=750)
    insert_records(each_world, "ben", "CAS-1002", starts, length_ms=1_000)

    rows = _csv(each_world, RECORDS)
    assert len(rows) == 20
    assert len({row["id"] for row in rows}) == 20
    assert [row["ended_at"] for row in rows] == sorted((row["ended_at"] for row in rows), reverse=True)
    mine = _sheet(each_world, RECORDS, representative="ana", limit=1)
    assert sum((cell.value for cell in _column(mine, "Duration")), timedelta()) == timedelta(seconds=7.5)
    assert {row["representative"] for row in _csv(each_world, RECORDS, who="ben")} == {"ben"}


# Instants, days


def test_s2_instants_are_in_the_zone_of_whoever_looks(world: World) -> None:
    """S2: with their offset in CSV; in XLSX as dates whose zone the header names."""

    def move(session: Any) -> None:
        session.get(Person, world.ids["sam"]).time_zone = "America/St_Johns"

    world.write(move)
    worked(world, "ana", minutes=1)

    (row,) = _csv(world, RECORDS)
    assert (row["started_at"], row["ended_at"]) == (
        "2026-11-20T08:30:00.000-03:30",
        "2026-11-20T08:31:00.000-03:30",
    )
    (cell,) = _column(_sheet(world, RECORDS), "Started at (America/St_Johns)")
    assert (cell.value, cell.is_date) == (datetime(2026, 11, 20, 8, 30), True)  # noqa: DTZ001 - sheets know no zones
    (day,) = _column(_sheet(world, REPORT, by="day"), "Day")
    assert (day.value.date().isoformat(), day.number_format) == ("2026-11-20", "yyyy-mm-dd")


def test_s2_a_sheet_is_ready_to_be_read(busy: World) -> None:
    """S2: the header stays and filters, columns are wide enough."""
    sheet = _sheet(busy, REPORT, by="case")

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:K{sheet.max_row}"
    assert sheet.max_row == 4
    assert all(cell.font.bold for cell in sheet[1])
    assert min(sheet.column_dimensions[letter].width for letter in "ABCDEFGHIJK") >= 8


# Formulas


@pytest.mark.parametrize("text", FORMULAS)
def test_x78_a_text_that_would_be_a_formula_is_a_text(world: World, text: str) -> None:
    """X78: with an apostrophe in CSV; in XLSX as a text that stays one when it is edited."""
    made = world.client("ana").post("/api/v1/cases", json={"ref": "X-1", "title": "t" + text})
    assert made.status_code == 201

    def rename(session: Any) -> None:
        cases.find(session, "X-1").title = text

    world.write(rename)
    worked(world, "ana", "X-1", minutes=1)

    assert [row["title"] for row in _csv(world, REPORT)] == [f"'{text}"]
    (cell,) = _column(_sheet(world, REPORT), "Title")
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert unescape(cell.value).strip() == text.strip()


@pytest.mark.parametrize("text", HARMLESS)
def test_x78_any_other_text_is_as_it_was_typed(text: str) -> None:
    """X78"""
    assert harmless(text) == text
    file = io.BytesIO()
    write_csv(file, [Column("text"), Column("n", Kind.NUMBER)], [(text, 1)], ZoneInfo("UTC"))
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
    assert rows == [["text", "n"], [text, "1"]]


def test_x78_no_text_column_is_exported_without_the_guard(world: World) -> None:
    """X78: every text that people choose, on every road out: references, titles, names, teams, descriptions."""

    def rename(session: Any) -> None:
        ana = session.get(Person, world.ids["ana"])
        ana.name, ana.team = "=name", "=team"

    world.write(rename)
    world.client("ana").post("/api/v1/cases", json={"ref": "=ref", "title": "=title"})
    worked(world, "ana", "=ref", minutes=1)
    log = {"duration_seconds": 60, "description": "=description"}
    assert world.client("ana").post("/api/v1/cases/=ref/time-logs", json=log).status_code == 201
    roads = [
        *((REPORT, {"by": by}) for by in ("case", "representative", "team")),
        (RECORDS, {}),
        ("/api/v1/reports/representatives/ana", {}),
    ]
    shown: set[str] = set()
    for url, query in roads:
        for row in _csv(world, url, **query):
            shown |= set(row.values())
            assert not [cell for cell in row.values() if cell.startswith("=")], url
        sheet = _sheet(world, url, **query)
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"], url

    assert {"'=name", "'=team", "'=ref", "'=title", "'=description"} <= shown


# Files


def test_s2_a_file_has_a_name_that_every_system_stores(world: World) -> None:
    """S2: ASCII, and beside it UTF-8 where that says more."""
    plain = _file(world, REPORT, format="csv", by="case").headers["Content-Disposition"]
    assert plain == "attachment; filename=handling-time-by-case_2026-10-22_2026-11-20.csv"
    named = _file(world, REPORT, format="xlsx", team="Zürich ⛔/../\r\n").headers["Content-Disposition"]
    found = re.fullmatch(r"attachment; filename=([\w.-]+); filename\*=UTF-8''([\w.%-]+)", named)
    assert found is not None, named
    assert found[1] == "handling-time-by-case_2026-10-22_2026-11-20_Zurich.xlsx"
    assert unquote(found[2]) == "handling-time-by-case_2026-10-22_2026-11-20_Zürich.xlsx"
    assert file_name(["a/b\\c", "..", "", "x" * 99], XLSX) == f"a-b-c_{'x' * 60}.xlsx"


def test_an_empty_export_is_a_header(world: World) -> None:
    assert _csv(world, RECORDS) == []
    assert _sheet(world, RECORDS).max_row == 1


def test_an_export_that_fails_is_an_error_and_no_half_of_a_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    worked(world, "ana", minutes=1)

    def breaks(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    with monkeypatch.context() as broken:
        broken.setattr(exports, "write_csv", breaks)
        for _ in range(exports.AT_A_TIME + 1):
            answer = world.client("sam").get(REPORT, query_string={"format": "csv"})
            assert answer.status_code >= 500
            assert answer.content_type == "application/problem+json"
    assert len(_csv(world, REPORT)) == 1, "and gives its place back"


def test_more_exports_than_the_server_makes_at_a_time_are_refused_for_now(world: World) -> None:
    with ExitStack() as busy:
        for _ in range(exports.AT_A_TIME):
            busy.enter_context(exports._free)
        answer = world.client("sam").get(REPORT, query_string={"format": "csv"})
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert world.client("sam").get(REPORT).status_code == 200
    assert _csv(world, REPORT) == []


def test_what_does_not_fit_on_a_sheet_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "ROWS_OF_A_SHEET", 4)
    file = io.BytesIO()
    write_xlsx(file, [Column("n", Kind.NUMBER)], ((n,) for n in range(10)), ZoneInfo("UTC"))

    book = openpyxl.load_workbook(file)

    found = [[row[0].value for row in sheet.iter_rows()] for sheet in book.worksheets]
    assert found == [["N", 0, 1, 2, 3], ["N", 4, 5, 6, 7], ["N", 8, 9]]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_rows_are_written_as_they_come(write: Any) -> None:
    """No more of them is held than the file has not taken yet, however many there are."""
    alive: set[int] = set()
    most = 0

    class Row(tuple[int]):
        def __del__(self) -> None:
            alive.discard(self[0])

    def rows() -> Iterator[Row]:
        nonlocal most
        for number in range(2_000):
            alive.add(number)
            most = max(most, len(alive))
            yield Row((number,))

    with tempfile.TemporaryFile() as file:
        write(file, [Column("n", Kind.NUMBER)], rows(), ZoneInfo("UTC"))

    assert most <= 3
