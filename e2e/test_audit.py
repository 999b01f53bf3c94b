"""Row A8 on the page of the audit log: what was done is found there, in words."""

import re
from collections.abc import Callable

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.waiting import until

PER_PAGE = 50


def _shows(desk: Desk, count: int, what: str) -> None:
    until(lambda: desk["entry"].count() == count, what=what)


def test_a8_an_administrator_finds_a_change_of_settings_with_its_old_and_new_value(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A8: it is found by its kind, actor and day, and the address of the page keeps the filters."""
    ada = sits_down("ada", "/admin")
    ada["update-interval-minutes"].fill("15")
    ada["count-idle"].check()
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    ada.clicks("to-audit-log")
    newest = ada["entry"].first
    newest.get_by_text("Settings changed").wait_for()
    ada["entry"].filter(has_text="Signed in").filter(has_text="from 127.0.0.1").wait_for()
    assert newest.get_by_test_id("sentences").locator("li").all_inner_texts() == [
        "Count idle time: off → on",
        "Update interval: 10 min → 15 min",
    ]
    newest.get_by_test_id("as-written").locator("summary").click()
    stored = server.asks("ada", "GET", "/api/v1/audit-log?action=settings.changed")["items"][0]
    newest.get_by_text(stored["hash"]).wait_for()
    newest.get_by_text('"old": 10').wait_for()

    ada["filter-actor"].fill("ada")
    ada["filter-action"].select_option("settings.changed")
    ada["filter-from"].fill(stored["at"][:10])
    ada.clicks("apply-filters")
    _shows(ada, 1, "the change alone")
    ada.reloads()
    _shows(ada, 1, "the change alone, after a reload")
    assert ada["filter-action"].input_value() == "settings.changed"
    ada["filter-from"].fill("2020-01-01")
    ada["filter-until"].fill("2020-01-02")
    ada.clicks("apply-filters")
    ada["entries"].filter(has_text="No entry fits these filters.").wait_for()
    ada.clicks("clear-filters")
    ada["entry"].filter(has_text="Signed in").wait_for()


def test_a8_older_entries_follow_page_by_page(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    """A8: none twice, none left out; and the keyboard goes on at the first of them."""
    changes = PER_PAGE + 5
    for number in range(changes):
        server.sets(update_interval_minutes=11 + number % 2)
    ada = sits_down("ada", "/audit?action=settings.changed")
    _shows(ada, PER_PAGE, "a page of entries")
    ada.clicks("older")
    _shows(ada, changes, "all of them")
    ids = [int(entry.get_attribute("data-id") or 0) for entry in ada["entry"].all()]
    assert ids == sorted(set(ids), reverse=True)
    assert ada["older"].count() == 0
    assert re.search(rf"{changes} entries", ada["entries-status"].inner_text())
    focused = ada.page.evaluate("() => Number(document.activeElement.closest('[data-id]')?.dataset.id)")
    assert focused == ids[PER_PAGE]
