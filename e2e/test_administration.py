"""Rows F16, F19, F21, A1, A2, A5, A7 and A8 in the administration page."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from playwright.sync_api import Route

from e2e.conftest import DATABASE, DemoServer
from e2e.desk import Desk
from e2e.old_records import CASE, has_old_records
from e2e.recorded import Recorded
from e2e.waiting import until

SETTINGS = "/api/v1/settings/tracking"
MANY = 100_000


def test_a2_f16_an_interval_of_nine_minutes_is_refused_at_its_field(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A2, F16: it is named where it was typed, nothing is sent, and the keyboard is there."""
    ada = sits_down("ada", "/admin")
    ada["update-interval-minutes"].fill("9")
    ada["track-inbox"].check()
    ada["update-interval-minutes-problem"].filter(has_text="10 to 60").wait_for()
    ada["settings-status"].filter(has_text="2 unsaved changes").wait_for()
    ada.clicks("save-settings")
    ada["problem"].filter(has_text="Nothing was saved").wait_for()
    assert ada.focused() == "update-interval-minutes"
    settings = server.asks("ada", "GET", SETTINGS)
    assert (settings["update_interval_minutes"], settings["track_inbox"]) == (10, False)

    ada["update-interval-minutes"].fill("15")
    ada["update-interval-minutes-problem"].wait_for(state="hidden")
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    settings = server.asks("ada", "GET", SETTINGS)
    assert (settings["update_interval_minutes"], settings["track_inbox"]) == (15, True)


def test_a2_f16_what_the_server_refuses_is_named_at_its_field_too(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A2, F16: also where a page of another version allows it."""
    ada = sits_down("ada", "/admin")
    ada.chromium.expects("the server responded with a status of 422")
    ada["update-interval-minutes"].evaluate("(field) => field.removeAttribute('max')")
    ada["update-interval-minutes"].fill("61")
    ada.clicks("save-settings")
    ada["update-interval-minutes-problem"].filter(has_text="from 10 to 60").wait_for()
    assert ada.focused() == "update-interval-minutes"
    ada["update-interval-minutes"].fill("60")
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    assert server.asks("ada", "GET", SETTINGS)["update_interval_minutes"] == 60


def test_f21_idle_time_is_off_in_words_and_switched_on_in_minutes(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """F21"""
    ada = sits_down("ada", "/admin")
    ada["idle-after-minutes-zero"].filter(has_text="off").wait_for()
    ada["idle-after-minutes"].fill("121")
    ada["idle-after-minutes-problem"].filter(has_text="0 to 120").wait_for()
    ada["idle-after-minutes"].fill("5")
    ada["idle-after-minutes-zero"].wait_for(state="hidden")
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    assert server.asks("ada", "GET", SETTINGS)["idle_after_minutes"] == 5


def test_a8_who_changed_the_settings_last_is_said_and_leads_to_the_log(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A8"""
    ada = sits_down("ada", "/admin")
    ada["settings-last"].filter(has_text="Never changed.").wait_for()
    ada["count-idle"].check()
    ada.clicks("save-settings")
    ada["settings-last"].filter(has_text="Last changed by ada").wait_for()
    ada.clicks("settings-changes")
    ada["entry"].get_by_text("Count idle time: off → on").wait_for()
    assert ada["filter-action"].input_value() == "settings.changed"


def test_f19_administration_without_a_server_keeps_what_was_typed_and_loads_by_itself(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """F19: settings, records and purges, and the count before something is deleted."""
    has_old_records(server, 3)
    ada = sits_down("ada", "/admin")
    ada.chromium.expects("net::ERR_")
    ada["record"].first.wait_for()
    ada["track-inbox"].check()
    ada["select-all"].check()
    ada.control.cut_network()
    ada.clicks("save-settings")
    ada["problem"].filter(has_text="Your changes are kept here").wait_for()
    ada.clicks("delete-selected")
    ada["delete-count"].get_by_test_id("load-notice").wait_for()
    assert ada["delete-confirm"].is_disabled()
    ada.control.mend_network()
    ada["delete-count"].filter(has_text="3 records").wait_for()
    ada.clicks("delete-cancel")
    ada.control.cut_network()
    ada.clicks("apply-filters")
    ada["records"].get_by_test_id("load-notice").wait_for()
    assert ada["select-all"].is_disabled()
    ada.control.mend_network()
    until(lambda: ada["record"].count() == 3, what="the records are there by themselves")
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    assert server.asks("ada", "GET", SETTINGS)["track_inbox"] is True


def test_a1_switching_tracking_off_stops_every_clock_at_once(
    sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded
) -> None:
    ada = sits_down("ada", "/admin")
    ada["enabled"].wait_for()
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    ada["enabled"].uncheck()
    off = ada.clicks("save-settings", "switches tracking off")
    ana.stands("tracking-off")
    ana.stopwatch.passes(1)
    ada["settings-status"].filter(has_text="saved").wait_for()
    ada["enabled"].check()
    on = ada.clicks("save-settings", "switches tracking on")
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, off), ana.worked(CASE, on, closed))


def test_a5_deleting_records_warns_and_leaves_the_totals(
    sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded
) -> None:
    for ref in (CASE, "CAS-1003"):
        ana.opens(ref)
        ana.runs(ref)
        recorded.grows("ana", ref)
        ana.closes(ref)
        ana.stands("no-case")
    recorded.commit()
    before = recorded.handling_time(CASE)
    ada = sits_down("ada", "/admin")
    ada["filter-case"].fill(CASE)
    ada.clicks("apply-filters")
    of_case = [record for record in recorded.records() if record.case == CASE]
    until(lambda: ada["record"].count() == len(of_case), what="the records of the case are listed")

    ada["select-all"].check()
    ada.clicks("delete-selected")
    ada["delete-dialog"].filter(has_text="Reports that are built on records lose them").wait_for()
    ada.clicks("delete-cancel")
    assert len([record for record in recorded.records() if record.case == CASE]) == len(of_case)
    ada.clicks("delete-selected")
    ada["delete-count"].filter(has_text=str(len(of_case))).wait_for()
    ada.clicks("delete-confirm")
    ada["records-status"].filter(has_text="Deleted").wait_for()

    assert {record.case for record in recorded.records()} == {"CAS-1003"}
    assert recorded.handling_time(CASE) == before, "totals stay"
    ana.opens(CASE)
    until(lambda: (ana.seconds("total") or 0) >= before["total_seconds"], what="the widget shows them")


def test_a5_deleted_time_does_not_come_back_through_a_late_browser(
    sits_down: Callable[..., Desk], ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    """The browser's copy of the events outlives the records; what is reported again is not counted again."""
    ana.opens(CASE)
    ana.runs(CASE)
    outbox = "() => Object.entries(localStorage).filter(([key]) => key.startsWith('caseclock:stream:'))"
    kept = ana.page.evaluate(outbox)
    recorded.grows("ana", CASE, seconds=1.5)
    ana.closes(CASE)
    ana.stands("no-case")
    recorded.commit()
    seconds = recorded.handling_time(CASE)["total_seconds"]
    ids = [item["id"] for item in server.asks("ada", "GET", "/api/v1/tracker-records")["items"]]
    server.asks("ada", "POST", "/api/v1/tracker-records/purge", {"ids": ids})
    assert kept
    server.restart(gracefully=False)
    ana.chromium.expects("net::ERR_", "WebSocket connection to")
    ana.page.evaluate("(kept) => kept.forEach(([key, text]) => localStorage.setItem(key, text))", kept)
    ana.goes_to("/workspace")
    ana.stands("no-case")
    ana.stopwatch.passes(1)
    recorded.commit()

    assert recorded.records() == []
    assert recorded.handling_time(CASE)["total_seconds"] == seconds


def _listed(desk: Desk) -> list[str]:
    return [text for text in desk["record"].locator(".record-duration").all_inner_texts() if text]


def test_a5_the_list_is_sorted_filtered_and_survives_a_reload(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A5: order, status and period are kept in the address of the page."""
    has_old_records(server, 60)
    ada = sits_down("ada", "/admin")
    ada["record"].first.wait_for()
    ada["filter-status"].select_option("active")
    ada["filter-since"].fill("2023-11-14")
    ada["filter-before"].fill("2023-11-16")
    ada["sort"].select_option("-duration")
    ada.clicks("apply-filters")
    until(lambda: ada["record"].count() == 50, what="a page of the longest")
    first = ada["record"].first.get_attribute("data-id")
    ada["records-status"].filter(has_text="60 records in all").wait_for()
    ada.clicks("older")
    until(lambda: ada["record"].count() == 10, what="the rest of them")

    ada.reloads()
    until(lambda: ada["record"].count() == 50, what="the same list after a reload")
    assert ada["sort"].input_value() == "-duration"
    assert ada["filter-status"].input_value() == "active"
    assert ada["record"].first.get_attribute("data-id") == first
    ada["sort"].select_option("ended_at")
    until(lambda: ada["record"].first.get_attribute("data-id") != first, what="the oldest first")
    ada["filter-status"].select_option("resolved")
    ada.clicks("apply-filters")
    until(lambda: ada["record"].count() == 0, what="the case is not resolved")


def test_a5_the_list_does_not_wait_for_its_count_which_is_asked_once_for_each_filter(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A5: of millions of records, the page is there at once."""
    has_old_records(server, 60)
    ada = sits_down("ada", "/account")
    asked: list[Route] = []
    ada.page.route("**/api/v1/tracker-records?*count=true*", lambda route: asked.append(route))
    ada.goes_to("/admin")
    until(lambda: ada["record"].count() == 50, what="a page, while its count is on its way")
    assert "in all" not in ada["records-status"].inner_text()
    ada["select-all"].check()
    ada["matching-hint"].wait_for(state="hidden")
    (first,) = asked
    first.continue_()
    ada["records-status"].filter(has_text="60 records in all").wait_for()
    ada["matching-hint"].filter(has_text="This page alone is selected").wait_for()

    ada.clicks("older")
    until(lambda: ada["record"].count() == 10, what="the rest of them")
    ada["sort"].select_option("ended_at")
    until(lambda: ada["record"].count() == 50, what="the oldest first")
    ada["records-status"].filter(has_text="60 records in all").wait_for()
    assert len(asked) == 1
    ada["filter-before"].fill("2023-11-14")
    ada.clicks("apply-filters")
    ada["records"].filter(has_text="No record fits").wait_for()
    until(lambda: len(asked) == 2, what="another filter is counted")


def test_a5_a_count_says_nothing_of_the_records_that_are_still_shown(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A5: where the count of a filter is there before its list, the list of before is not counted by it."""
    has_old_records(server, 60)
    ada = sits_down("ada", "/admin")
    ada["records-status"].filter(has_text="60 records in all").wait_for()
    held: list[Route] = []
    ada.page.route("**/api/v1/tracker-records?*limit=50*", lambda route: held.append(route))
    ada["filter-before"].fill("2023-12-01")
    with ada.page.expect_response("**/api/v1/tracker-records?*count=true*"):
        ada.clicks("apply-filters")
    until(lambda: held, what="the list is asked for")
    assert "in all" in ada["records-status"].inner_text(), "of the list that is shown"
    ada["select-all"].check()
    assert not ada["delete-matching"].is_visible()
    held[0].continue_()
    until(lambda: not ada["select-all"].is_checked(), what="the list of the filter")
    ada["select-all"].check()
    ada["delete-matching"].wait_for()


def test_a5_a7_all_that_match_are_counted_and_purged_and_nothing_that_came_later(
    sits_down: Callable[..., Desk], server: DemoServer, recorded: Recorded
) -> None:
    """A5, A7: what the filter shows, beyond the page; the dry run says rows, time and room."""
    has_old_records(server, 120)
    ada = sits_down("ada", "/admin")
    ada["filter-case"].fill(CASE)
    ada["filter-before"].fill("2023-12-01")
    ada.clicks("apply-filters")
    ada.page.locator("[data-testid=records]:not([aria-busy])").wait_for()
    ada["records-status"].filter(has_text="120 records in all").wait_for()
    assert ada["delete-matching"].count() == 0
    ada["select-all"].check()
    ada.clicks("delete-matching")
    ada["purge-amount"].filter(has_text="120 records").wait_for()
    ada["purge-room"].filter(has_text="kB").wait_for()
    with closing(sqlite3.connect(server.folder / DATABASE)) as database, database:
        database.execute(
            "INSERT INTO tracker_records SELECT NULL, representative_id, case_id, started_at - 1000000000,"
            " ended_at - 1000000000, stream, started_by, ended_by, 0, 0 FROM tracker_records"
            " WHERE stream = 'old' LIMIT 1"
        )
    ada["purge-typed"].fill("120")
    ada.clicks("purge-confirm")
    ada["purge"].filter(has_text="120 records").wait_for()

    left = [record for record in recorded.records() if record.case == CASE]
    assert len(left) == 1
    assert ada["purge"].first.get_attribute("data-state") == "done"
    assert "Ada" in ada["purge"].first.inner_text()


def test_a5_without_a_filter_no_more_than_the_page_can_be_deleted_and_the_list_says_why(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A5: nobody deletes every record there is by two clicks."""
    has_old_records(server, 60)
    ada = sits_down("ada", "/admin")
    ada["records-status"].filter(has_text="60 records in all").wait_for()
    ada["select-all"].check()
    ada["matching-hint"].filter(has_text="Set a filter to delete all").wait_for()
    assert ada["delete-matching"].count() == 0
    ada["filter-case"].fill(CASE)
    ada.clicks("apply-filters")
    until(lambda: not ada["select-all"].is_checked(), what="the list is shown anew")
    ada["select-all"].check()
    ada["delete-matching"].filter(has_text="60 records").wait_for()
    assert ada["matching-hint"].count() == 0


def test_a7_a_purge_of_many_shows_its_progress_survives_a_reload_and_is_cancelled(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A7: whoever comes back to the page finds the purge that runs."""
    has_old_records(server, MANY)
    ada = sits_down("ada", "/admin")
    ada.clicks("open-purge")
    ada["purge-case"].fill(CASE)
    ada["purge-before"].fill("2024-06-01")
    ada.clicks("purge-count")
    ada["purge-amount"].filter(has_text="100,000 records").wait_for()
    ada["purge-typed"].fill(str(MANY))
    ada.clicks("purge-confirm")
    ada["purge-progress"].wait_for()

    ada.reloads()
    ada["purge-progress"].wait_for()
    until(lambda: float(ada["purge-progress"].evaluate("(bar) => bar.value")) > 0, what="it goes on")
    ada["purge-stop"].focus()
    ada.page.keyboard.press("Enter")
    ada["purges-table"].wait_for()
    ada["purge"].filter(has_text="cancelled").wait_for()
    until(lambda: ada["purge-progress"].count() == 0, what="nothing runs any more")

    (purge,) = server.asks("ada", "GET", "/api/v1/purges")["items"]
    left = server.asks(
        "ada",
        "POST",
        "/api/v1/tracker-records/purge",
        {"rule": {"case": CASE, "before": "2024-06-01T00:00:00Z"}, "dry_run": True},
    )
    assert 0 < purge["records_done"] < MANY
    assert left["records"] == MANY - purge["records_done"]
    ada["purges-status"].filter(has_text="cancelled").wait_for()


def test_a7_retention_is_set_in_a_group_of_its_own(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    """A7"""
    ada = sits_down("ada", "/admin")
    ada["retention-months-zero"].filter(has_text="for ever").wait_for()
    ada["group-retention"].get_by_label("Keep records for").fill("24")
    ada["group-retention"].get_by_label("Of resolved cases only").uncheck()
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    settings = server.asks("ada", "GET", "/api/v1/settings/tracking")
    assert (settings["retention_months"], settings["retention_resolved_only"]) == (24, False)
