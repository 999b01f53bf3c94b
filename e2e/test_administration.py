"""Rows F16, A2, A5 and A7 in the administration page."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from e2e.conftest import DATABASE, DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.waiting import until

CASE = "CAS-1001"


def test_a2_f16_an_interval_of_nine_minutes_is_refused_with_a_clear_message(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    ada = sits_down("ada", "/admin")
    ada.chromium.expects("the server responded with a status of 422", "the server responded with a status of 400")
    ada["update-interval"].fill("9")
    assert "10 to 60" in ada["interval-hint"].inner_text()
    ada.clicks("save-settings")
    ada["problem"].filter(has_text="10 to 60").wait_for()
    assert server.asks("ada", "GET", "/api/v1/settings/tracking")["update_interval_minutes"] == 10

    ada["update-interval"].fill("15")
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    assert server.asks("ada", "GET", "/api/v1/settings/tracking")["update_interval_minutes"] == 15


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


MANY = 100_000
OLD = 1_700_000_000_000
"""2023-11-14."""


def _has_old_records(server: DemoServer, count: int) -> None:
    """Put old records of ana into the database beside the server; they have no totals."""
    with closing(sqlite3.connect(server.folder / DATABASE)) as database, database:
        database.execute(
            "INSERT INTO tracker_records"
            " (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)"
            " SELECT people.id, cases.id, :old + value * 60000, :old + value * 60000 + 30000 + value % 30000,"
            " 'old', 'open', 'close', 0 FROM people, cases, json_each(:numbers) WHERE username = 'ana' AND ref = :case",
            {"old": OLD, "numbers": str(list(range(count))), "case": CASE},
        )


def _listed(desk: Desk) -> list[str]:
    return [text for text in desk["record"].locator(".record-duration").all_inner_texts() if text]


def test_a5_the_list_is_sorted_filtered_and_survives_a_reload(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A5: order, status and period are kept in the address of the page."""
    _has_old_records(server, 60)
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


def test_a5_a7_all_that_match_are_counted_and_purged_and_nothing_that_came_later(
    sits_down: Callable[..., Desk], server: DemoServer, recorded: Recorded
) -> None:
    """A5, A7: what the filter shows, beyond the page; the dry run says rows, time and room."""
    _has_old_records(server, 120)
    ada = sits_down("ada", "/admin")
    ada["filter-case"].fill(CASE)
    ada["filter-before"].fill("2023-12-01")
    ada.clicks("apply-filters")
    ada["records-status"].filter(has_text="120 records in all").wait_for()
    assert ada["delete-matching"].count() == 0
    ada["select-all"].check()
    ada.clicks("delete-matching")
    ada["purge-amount"].filter(has_text="120 records").wait_for()
    ada["purge-room"].filter(has_text="kB").wait_for()
    with closing(sqlite3.connect(server.folder / DATABASE)) as database, database:
        database.execute(
            "INSERT INTO tracker_records SELECT NULL, representative_id, case_id, started_at - 1000000000,"
            " ended_at - 1000000000, stream, started_by, ended_by, 0 FROM tracker_records WHERE stream = 'old' LIMIT 1"
        )
    ada["purge-typed"].fill("120")
    ada.clicks("purge-confirm")
    ada["purge"].filter(has_text="120 records").wait_for()

    left = [record for record in recorded.records() if record.case == CASE]
    assert len(left) == 1
    assert ada["purge"].first.get_attribute("data-state") == "done"
    assert "Ada" in ada["purge"].first.inner_text()


def test_a7_a_purge_of_many_shows_its_progress_survives_a_reload_and_is_cancelled(
    sits_down: Callable[..., Desk], server: DemoServer
) -> None:
    """A7: whoever comes back to the page finds the purge that runs."""
    _has_old_records(server, MANY)
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
    ada["retention"].get_by_label("Keep records for").fill("24")
    ada["retention"].get_by_label("Of resolved cases only").uncheck()
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    settings = server.asks("ada", "GET", "/api/v1/settings/tracking")
    assert (settings["retention_months"], settings["retention_resolved_only"]) == (24, False)
