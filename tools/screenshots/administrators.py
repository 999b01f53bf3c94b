"""The pictures for administrators: settings, records and their purge, the audit log."""

from zoneinfo import ZoneInfo

from playwright.sync_api import Page

from server.clock import day_of, system_clock
from tools.screenshots.invented_work import DAY_MS
from tools.screenshots.studio import Studio

TALL = 1400
_UTC = ZoneInfo("UTC")


def take(studio: Studio) -> None:
    """Ada's afternoon; the purge comes last, since it takes records."""
    _settings(studio)
    _records(studio)
    _audit(studio)
    _purge(studio)


def _settings(studio: Studio) -> None:
    page = _at_administration(studio, height=TALL)
    page.get_by_test_id("settings-form").wait_for()
    studio.takes(page.locator("section.settings"), "administration-settings")
    page.get_by_test_id("retention-months").fill("24")
    studio.takes(page.get_by_test_id("group-retention"), "administration-retention")
    page.context.close()


def _records(studio: Studio) -> None:
    page = _at_administration(studio, query="?representative=ana&status=resolved", height=820)
    page.get_by_test_id("records-table").wait_for()
    for place in (1, 2, 4):
        page.get_by_test_id("select-record").nth(place).check()
    page.locator("section.records").evaluate("(one) => one.scrollIntoView({ behavior: 'instant' })")
    studio.takes(page, "administration-records")
    page.context.close()


def _audit(studio: Studio) -> None:
    page = studio.sits_down("ada", "/audit?action=settings.changed")
    page.get_by_test_id("entry").first.wait_for()
    studio.takes(page, "audit-log")
    page.context.close()


def _purge(studio: Studio) -> None:
    """Of so many that it runs for some seconds."""
    page = _at_administration(studio)
    page.get_by_test_id("open-purge").click()
    page.get_by_test_id("purge-status").select_option("resolved")
    page.get_by_test_id("purge-before").fill(day_of(system_clock() - 180 * DAY_MS, _UTC).isoformat())
    page.get_by_test_id("purge-count").click()
    amount = page.get_by_test_id("purge-amount")
    records = amount.get_attribute("data-records")
    page.get_by_test_id("purge-typed").fill(str(records))
    studio.takes(page.get_by_test_id("purge-dialog"), "administration-purge")

    page.get_by_test_id("purge-confirm").click()
    page.wait_for_function("() => document.querySelector('[data-testid=purge-progress]')?.value > 0")
    studio.takes(page.locator("section.purges"), "administration-purge-progress")
    page.get_by_test_id("purge-stop").click()
    page.get_by_test_id("purges-table").wait_for()
    page.context.close()


def _at_administration(studio: Studio, query: str = "", **how: int) -> Page:
    page = studio.sits_down("ada", f"/admin{query}", **how)
    page.get_by_test_id("records").wait_for()
    return page
