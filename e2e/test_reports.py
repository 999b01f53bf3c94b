"""Rows S2 and A6 in the page of the reports: what its charts and tables say is what the API and the files say."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.road import Road
from e2e.stopwatch import now_ms
from e2e.test_keyboard import tab_to
from e2e.waiting import until
from tests.reports_of_agents import Page

CASE, OTHER = "CAS-1001", "CAS-1003"
MINUTE_MS = 60_000
PER_PAGE = 50
LOGGED = (("ana", CASE, 3, 5405), ("ben", CASE, 2, 600), ("ben", OTHER, 9, 7384), ("ana", OTHER, 1, 60))
"""Who logged how many seconds on which case, how many days ago."""
NO_SERVER = "net::ERR_"
_CELLS = """(table) => [...table.tBodies[0].rows].map((row) => [
    row.dataset.key,
    ...["automatic_seconds", "manual_seconds", "total_seconds"].map((name) =>
        row.querySelector(`[data-figure=${name}]`).textContent),
])"""
_DRAWN = """(canvas) => {
    const { data, options } = Chart.getChart(canvas);
    const colours = data.datasets.map((one) => one.borderColor);
    return { series: data.datasets.map((one) => one.data), labels: data.labels, colours, moves: options.animation };
}"""
_COLOUR = """(page) => getComputedStyle(page).getPropertyValue("--chart-automatic")"""
_OVERFLOWS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def busy(server: DemoServer, recorded: Recorded) -> None:
    """Ana and Ben worked on two cases, today by the clock, and on earlier days by hand."""
    now = now_ms()
    for who, ref, began, ended in (("ana", CASE, 50, 30), ("ana", OTHER, 30, 25), ("ben", CASE, 20, 10)):
        page = Page(now - began * MINUTE_MS)
        page.works(now - began * MINUTE_MS, now - ended * MINUTE_MS, ref)
        status, answer = server.call("POST", "/api/v1/agent/reports", page.report(now_ms()), token=server.token(who))
        assert status == 200, answer
    for who, ref, days, seconds in LOGGED:
        logs(server, who, ref, days=days, seconds=seconds)
    recorded.commit()


def logs(server: DemoServer, who: str, ref: str, *, days: int, seconds: int) -> None:
    """A time log of so many days ago, at noon."""
    at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days)
    server.asks(
        who, "POST", f"/api/v1/cases/{ref}/time-logs", {"duration_seconds": seconds, "worked_at": f"{at:%FT%TZ}"}
    )


def days_ago(count: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=count)).isoformat()


def seconds_of(text: str) -> int:
    """`1:02:03` as seconds."""
    hours, minutes, seconds = map(int, text.split(":"))
    return (hours * 60 + minutes) * 60 + seconds


def told(server: DemoServer, report: str, **query: str) -> list[list[Any]]:
    """What the API says: of each group or period its key, and automatic, manual and all time in seconds."""
    answer = server.asks("sam", "GET", f"/api/v1/reports/{report}?{urlencode(query)}")
    names = ("automatic_seconds", "manual_seconds", "total_seconds")
    return [[item.get("key", item.get("period")), *(item[name] for name in names)] for item in answer["items"]]


def shown(desk: Desk, testid: str) -> list[list[Any]]:
    """The same, as a table of the page says it."""
    cells = desk.page.get_by_test_id(testid).evaluate(_CELLS)
    return [[key, *map(seconds_of, times)] for key, *times in cells]


def drawn(desk: Desk, testid: str) -> dict[str, Any]:
    """What a chart holds that is drawn."""
    return desk[testid].evaluate(_DRAWN)


def turns(desk: Desk, theme: str) -> None:
    """Have the page in this theme."""
    for _ in range(3):
        if desk.page.locator(f"html[data-bs-theme={theme}]").count() == 0:
            desk.clicks("theme-toggle")
    desk.page.locator(f"html[data-bs-theme={theme}]").wait_for()


def fetched(desk: Desk, testid: str) -> bytes:
    """The file that a link leads to."""
    answer = desk.page.request.get(f"{desk.base_url}{desk[testid].get_attribute('href')}")
    assert answer.ok, answer.text()
    assert "attachment" in answer.headers["content-disposition"]
    return answer.body()


def test_s2_a6_a_period_that_is_chosen_is_the_same_in_charts_tables_api_and_files(
    busy: None, sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """S2, A6: of whoever worked, with any widget or none; and whoever gets the address sees the same."""
    sam = sits_down("sam", "/supervisor")
    sam.clicks("nav-reports")
    sam["tiles"].wait_for()
    sam["choice-since"].fill(days_ago(5))
    sam["choice-by"].select_option("representative")
    assert sam["choice-period"].input_value() == "own"
    sam.clicks("show")
    sam["groups-table"].get_by_role("columnheader", name="Team").wait_for()
    sam["trend-summary"].click()
    days = {"since": days_ago(5), "until": sam["choice-until"].input_value()}

    groups = told(server, "handling-time", by="representative", **days)
    assert {key for key, *_ in groups} == {"ana", "ben"}
    assert shown(sam, "groups-table") == groups
    assert drawn(sam, "chart-rows")["series"] == [[group[1] for group in groups], [group[2] for group in groups]]
    points = told(server, "trend", by="day", **days)
    assert sum(total for *_, total in points) > sum(seconds for *_, seconds in LOGGED if seconds != 7384)
    assert shown(sam, "trend-table") == points
    assert drawn(sam, "chart-bars")["series"] == [[point[1] for point in points], [point[2] for point in points]]

    rows = list(csv.DictReader(io.StringIO(fetched(sam, "handling-time-csv").decode("utf-8-sig"), newline="")))
    assert [[row["representative"], int(row["automatic_seconds"]), int(row["total_seconds"])] for row in rows] == [
        [key, automatic, total] for key, automatic, _, total in groups
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(fetched(sam, "trend-xlsx"))).active
    column = [cell.value for cell in sheet[1]].index("Total")
    lengths = [row[column].value for row in sheet.iter_rows(min_row=2)]
    assert sum(lengths, timedelta()).total_seconds() == pytest.approx(
        sum(total for *_, total in points), abs=len(points)
    )

    ada = sits_down("ada", "/account")
    ada.goes_to(sam.page.url.removeprefix(sam.base_url))
    ada["tiles"].wait_for()
    assert shown(ada, "groups-table") == groups
    assert ada["choice-by"].input_value() == "representative"


def test_s2_every_preset_and_every_grouping_can_be_shown(busy: None, sits_down: Callable[..., Desk]) -> None:
    """S2: each has its figures, or says that there are none; going back leads to what was shown before."""
    sam = sits_down("sam", "/supervisor")
    sam.goes_to("/reports")
    for by in ("representative", "team", "day", "week", "month", "case"):
        sam["choice-by"].select_option(by)
        sam.clicks("show")
        sam.page.wait_for_url(f"**by={by}")
        sam["groups-table"].wait_for()
    sam.page.go_back()
    sam.page.wait_for_url("**by=month")
    until(lambda: sam["choice-by"].input_value() == "month", what="the fields say what is shown")
    sam["choice-team"].select_option(label="in no team")
    sam["choice-period"].select_option("last-30-days")
    sam.clicks("show")
    sam["report"].filter(has_text="fits these filters").wait_for()
    sam.reloads()
    sam["report"].filter(has_text="fits these filters").wait_for()
    assert sam["choice-team"].locator("option:checked").inner_text() == "in no team"
    sam.clicks("without-filters")
    sam["groups-table"].wait_for()
    assert sam["choice-team"].input_value() == ""


def test_s2_a_case_leads_to_its_people_and_they_to_their_days(
    busy: None, sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """S2: who worked on it, how much, when first and last."""
    sam = sits_down("sam", "/supervisor")
    sam.goes_to("/reports")
    sam["group"].filter(has_text=CASE).get_by_test_id("to-people").click()
    sam["case-head"].filter(has_text="Invoice shows the wrong VAT rate").wait_for()
    sam["case-time"].filter(has_text="by 2 people").wait_for()

    query = {"by": "representative", "case": CASE, "since": days_ago(20)}
    assert shown(sam, "groups-table") == told(server, "handling-time", **query)
    ana = sam["group"].filter(has_text="Ana Duarte")
    worked = told(server, "handling-time", **(query | {"by": "day", "representative": "ana"}))
    links = [link.get_attribute("href") for link in ana.locator("td a").all()]
    assert links == [f"/supervisor?representative=ana&day={worked[0][0]}", links[1]]
    assert links[1] == f"/supervisor?representative=ana&day={worked[-1][0]}"
    assert date.fromisoformat(worked[0][0]) < date.fromisoformat(worked[-1][0])

    ana.locator("td a").first.click()
    sam["day-title"].filter(has_text="Ana Duarte").wait_for()
    assert sam["day-input"].input_value() == worked[0][0]


def test_s2_more_groups_follow_when_they_are_asked_for(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    """S2: none twice, none left out; and the keyboard goes on at the first of them."""
    for days in range(PER_PAGE + 3):
        logs(server, "ben", CASE, days=days + 1, seconds=60 + days)
    sam = sits_down("sam", "/supervisor")
    sam.goes_to(f"/reports?by=day&since={days_ago(PER_PAGE + 5)}")
    until(lambda: sam["group"].count() == PER_PAGE, what="a page of days")
    sam["more"].focus()
    sam.page.keyboard.press("Enter")
    until(lambda: sam["group"].count() == PER_PAGE + 3, what="all of them")

    days = [key for key, *_ in shown(sam, "groups-table")]
    assert days == sorted({days_ago(count + 1) for count in range(PER_PAGE + 3)})
    assert sam["more"].count() == 0
    sam["groups-status"].filter(has_text=f"{PER_PAGE + 3} rows, which are all").wait_for()
    focused = sam.page.evaluate("() => document.activeElement.closest('tr')?.dataset.key")
    assert focused == days[PER_PAGE]


def test_s2_a_report_is_chosen_read_and_followed_by_keyboard_alone(busy: None, sits_down: Callable[..., Desk]) -> None:
    """S2"""
    sam = sits_down("sam", "/supervisor")
    keyboard = sam.page.keyboard
    tab_to(sam, "nav-reports")
    keyboard.press("Enter")
    sam["tiles"].wait_for()
    tab_to(sam, "choice-by")
    keyboard.type("Rep")
    tab_to(sam, "show")
    keyboard.press("Enter")
    sam.page.wait_for_url("**by=representative")
    sam["groups-table"].wait_for()
    assert sam.focused() == "show", "the focus stays"
    tab_to(sam, "trend-summary")
    keyboard.press("Enter")
    sam["trend-table"].wait_for()
    tab_to(sam, "to-cases")
    keyboard.press("Enter")
    sam.page.wait_for_url("**by=case&representative=*")
    sam["to-people"].first.wait_for()
    tab_to(sam, "to-people")
    keyboard.press("Enter")
    sam["case-head"].wait_for()


def test_s2_a_report_that_cannot_be_loaded_says_so_and_comes_by_itself(
    busy: None, sits_down: Callable[..., Desk], road: Road
) -> None:
    """S2: also the first one, and what is asked for beneath."""
    sam = sits_down("sam", "/supervisor", over=road.base_url)
    sam.chromium.expects(NO_SERVER)
    sam.goes_to("/reports")
    sam["tiles"].wait_for()
    sam.does("finds the port blocked", road.is_blocked)
    sam["choice-by"].select_option("representative")
    sam.clicks("show")
    sam["load-notice"].filter(has_text="This loads by itself as soon as it is back.").wait_for()
    assert sam["tiles"].count() == 0
    sam.does("finds the port free", road.flows)
    sam["group"].filter(has_text="Ben Okafor").wait_for(timeout=60_000)
    assert sam["load-notice"].count() == 0


def test_s2_charts_follow_the_theme_stand_still_and_say_what_they_show(
    busy: None, sits_down: Callable[..., Desk]
) -> None:
    """S2: in light and in dark, from 360 to 2560 pixels; to whoever cannot see them as well."""
    sam = sits_down("sam", "/supervisor")
    sam.goes_to("/reports?by=representative")
    sam["tiles"].wait_for()
    colours = set()
    for theme in ("light", "dark"):
        turns(sam, theme)
        colour = sam["reports"].evaluate(_COLOUR)
        for chart in ("chart-bars", "chart-rows"):
            until(lambda chart=chart, colour=colour: drawn(sam, chart)["colours"][0] == colour, what=f"{chart} follows")
        assert drawn(sam, "chart-lines")["moves"] is False
        colours.add(colour)
    assert len(colours) == 2
    for width in (360, 768, 2560):
        sam.page.set_viewport_size({"width": width, "height": 900})
        until(lambda: not sam.page.evaluate(_OVERFLOWS), what=f"everything has room in {width} pixels")
    lines = sam["chart-lines"]
    assert lines.get_attribute("role") == "img"
    assert "average" in (lines.get_attribute("aria-label") or "")
