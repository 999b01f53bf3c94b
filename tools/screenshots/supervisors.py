"""The pictures for supervisors: the board while people work, a day and a week of somebody, reports."""

from datetime import timedelta

from playwright.sync_api import Page

from server.clock import system_clock, to_datetime
from tools.screenshots.invented_work import MAIN_CASE, OTHER_CASES
from tools.screenshots.studio import Studio

WIDE = 1240
_SILENT_MS = 90_000
"""By then the board takes a page that ended without a word for gone."""
_AT_WORK = {"ben": MAIN_CASE, "chloe": OTHER_CASES[0], "emi": OTHER_CASES[1]}


def take(studio: Studio) -> None:
    """Sam's round."""
    _board(studio)
    _day_and_week(studio)
    _reports(studio)


def _board(studio: Studio) -> None:
    pages = [_works(studio, who, ref) for who, ref in _AT_WORK.items()]
    pages.append(studio.sits_down("femi", "/workspace"))
    page = studio.sits_down("sam", "/supervisor", width=WIDE)
    page.get_by_test_id("show-working").filter(has_text=str(len(_AT_WORK))).wait_for(timeout=_SILENT_MS)
    page.get_by_test_id("show-away").filter(has_text="1").wait_for(timeout=_SILENT_MS)
    studio.takes(page, "supervision-board")
    for each in (*pages, page):
        each.context.close()


def _works(studio: Studio, username: str, ref: str) -> Page:
    page = studio.sits_down(username, f"/workspace?case={ref}")
    page.locator("[data-testid=status-line][data-reason=running][data-undelivered='0']").wait_for()
    return page


def _day_and_week(studio: Studio) -> None:
    friday = to_datetime(system_clock()).date()
    while friday.weekday() != 4:
        friday -= timedelta(days=1)
    for name, query in (("day", ""), ("week", "&range=week")):
        page = studio.sits_down("sam", f"/supervisor?representative=ana&day={friday}{query}", width=WIDE, height=820)
        page.get_by_test_id("timeline-span").first.wait_for()
        page.get_by_test_id("timeline-view").filter(has_text="–").wait_for()
        page.get_by_test_id("timeline-span").nth(3).press("Enter")
        page.get_by_test_id("timeline-chosen").filter(has_text="Started:").wait_for()
        page.get_by_test_id("zoom-fit").press("Enter")
        studio.takes(page.locator("section[aria-labelledby=timeline-title]"), f"supervision-{name}")
        page.context.close()


def _reports(studio: Studio) -> None:
    page = _report(studio, "?by=team")
    studio.takes(page, "reports")
    page.context.close()
    page = _report(studio, f"?case={MAIN_CASE}&by=representative")
    studio.takes(page.locator("section[aria-labelledby=groups-title]"), "reports-case")
    page.context.close()


def _report(studio: Studio, query: str) -> Page:
    page = studio.sits_down("sam", f"/reports{query}", height=1100)
    page.get_by_test_id("groups-table").wait_for()
    page.wait_for_function("() => [...document.querySelectorAll('canvas')].every((one) => Chart.getChart(one))")
    return page
