"""Rows F16, A2 and A5 in the administration page."""

from collections.abc import Callable

from e2e.conftest import DemoServer
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
