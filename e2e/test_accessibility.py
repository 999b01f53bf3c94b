"""No page, dialog or state of them breaks a rule of axe-core: WCAG 2.2 A and AA, and best practice.

Each is looked at in the light and the dark theme, 1280 and 360 pixels wide. A page is a row of `PAGES`; a state of one
is a line of the test that brings it about.
"""

from collections.abc import Callable

import pytest

from e2e.axe import WIDTHS, Looks, violations
from e2e.chromium import Chromium
from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.old_records import CASE, has_old_records
from e2e.recorded import Recorded
from e2e.road import Road
from e2e.stopwatch import Stopwatch
from e2e.test_board import shows
from e2e.test_idle import misses
from e2e.waiting import until

OTHER, NEVER_SEEN = "CAS-1003", "CAS-1006"
NO_SERVER = ("net::ERR_", "WebSocket connection to")
_IS_COVERED = """() => {
    const { left, right, top, height } = document.activeElement.getBoundingClientRect();
    const middle = top + Math.min(height, innerHeight - top) / 2;
    const seen = document.elementFromPoint((left + right) / 2, middle);
    return !document.activeElement.contains(seen);
}"""
PAGES = [
    ("ana", "/account", "account"),
    ("ana", "/account?changed=1", "password-changed"),
    ("ana", "/admin", "error-page"),
    ("ana", "/nowhere", "error-page"),
    ("sam", "/supervisor", "representatives"),
    ("sam", "/supervisor?representative=ana", "day-report"),
    ("sam", "/reports", "report"),
    ("sam", "/supervisor?representative=nobody", "representatives"),
]
"""Who looks at it, its address, and what is there once it is."""

RUNNING_PURGE = {
    "id": 1,
    "rule": {"case": CASE, "status": "resolved", "before": "2024-06-01T00:00:00Z"},
    "requested_by": "ada",
    "name": "Ada Varga",
    "requested_at": "2026-11-20T10:00:00Z",
    "state": "running",
    "records_expected": 100_000,
    "records_done": 40_000,
    "duration_seconds": 90_000,
    "bytes_estimated": 12_000_000,
    "finished_at": None,
    "problem": "",
}


@pytest.mark.parametrize("who", sorted({who for who, _, _ in PAGES}))
def test_pages(sits_down: Callable[..., Desk], who: str) -> None:
    desk = sits_down(who, "/account")
    desk.chromium.expects("status of 403", "status of 404")
    looks = Looks(desk)
    for reader, path, there in PAGES:
        if reader == who:
            desk.goes_to(path)
            desk[there].wait_for()
            until(lambda: desk.page.locator(".loading").count() == 0, what="all of it is loaded")
            looks.at(path)
    looks.found_nothing()


def test_signing_in_in_both_languages(
    server: DemoServer, chromium: Callable[..., Chromium], stopwatch: Stopwatch
) -> None:
    browser = chromium("nobody")
    browser.expects("status of 401")
    nobody = Desk("nobody", browser, browser.first_page(), server.base_url, stopwatch)
    looks = Looks(nobody)
    nobody.goes_to("/sign-in")
    looks.at("sign-in")
    nobody["username"].fill("ana")
    nobody["password"].fill("wrong")
    nobody.clicks("sign-in")
    nobody["sign-in-problem"].wait_for()
    looks.at("sign-in that was refused")
    nobody.clicks("language-de")
    nobody.page.locator("html[lang=de]").wait_for()
    looks.at("sign-in in German")
    nobody.chromium.expects("status of 404")
    nobody.goes_to("/nowhere")
    nobody["error-page"].wait_for()
    looks.at("error page in German, for nobody")
    looks.found_nothing()


def test_account_with_a_problem(ana: Desk) -> None:
    ana.chromium.expects("status of 422")
    ana.goes_to("/account")
    ana["present-password"].fill("wrong")
    ana["new-password"].fill("a long enough password")
    ana.clicks("change-password")
    ana["password-problem"].wait_for()
    looks = Looks(ana)
    looks.at("account with a problem")
    looks.found_nothing()


def test_the_workspace_and_its_dialogs(ana: Desk) -> None:
    looks = Looks(ana)
    ana["case-rows"].wait_for()
    ana["nothing-open"].wait_for()
    looks.at("workspace, nothing open")
    ana.opens(CASE)
    ana.runs(CASE)
    for opener, dialog in (
        ("case-resolve", "resolve-dialog"),
        ("queue-item-details", "queue-item-dialog"),
        ("new-case", "new-case-dialog"),
    ):
        ana.clicks(opener)
        ana[dialog].wait_for()
        looks.at(dialog)
        ana.clicks("dialog-cancel")
    ana["case-title"].fill("Not saved")
    looks.at("case that is not saved")
    ana.resolves()
    ana["resolved-notice"].wait_for()
    looks.at("resolved case")
    ana.clicks("open-inbox")
    ana["inbox-open"].wait_for()
    looks.at("inbox")
    looks.found_nothing()


def test_the_workspace_without_a_server(sits_down: Callable[..., Desk], road: Road) -> None:
    ana = sits_down("ana", over=road.base_url)
    ana.chromium.expects(*NO_SERVER)
    looks = Looks(ana)
    ana.opens(CASE)
    ana.runs(CASE)
    ana["case-title"].fill("Not saved")
    road.is_blocked()
    ana.says(connection="offline")
    ana.control.cut_network()
    ana.clicks("case-save")
    ana["error-message"].wait_for()
    ana.clicks("refresh")
    looks.at("case and widget without a server")
    ana.opens(NEVER_SEEN)
    ana["case-form"].get_by_test_id("load-notice").wait_for()
    looks.at("case that cannot be loaded")
    looks.found_nothing()


def test_the_widget(ana: Desk, server: DemoServer, recorded: Recorded) -> None:
    server.asks("ana", "POST", f"/api/v1/cases/{CASE}/time-logs", {"duration_seconds": 60, "description": "Earlier"})
    looks = Looks(ana)
    ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE, seconds=1.2)
    recorded.commit()
    looks.at("widget, clock running")
    ana["history"].locator("> summary").click()
    logs, automatic = ana["history-time-logs"], ana["history-automatic"]
    logs.get_by_test_id("delete").click()
    ana["delete-yes"].wait_for()
    looks.at("widget, asking before it deletes")
    ana["delete-no"].click()
    automatic.get_by_test_id("edit").click()
    ana["log-duration"].fill("1h")
    ana.clicks("log-save")
    ana["log-problem"].filter(has_text="Say why").wait_for()
    looks.at("widget, correction without a reason")
    ana["log-reason"].fill("The call was on paper.")
    ana.clicks("log-save")
    automatic.get_by_test_id("corrections").locator("summary").click()
    logs.get_by_test_id("edit").click()
    ana["edit-form"].wait_for()
    looks.at("widget, history with a correction and a form")
    ana.clicks("log-cancel")
    ana.clicks("add")
    ana["log-kind"].select_option("phone call")
    ana["log-duration"].fill("soon")
    ana.clicks("log-save")
    ana["log-problem"].wait_for()
    looks.at("widget, form with a problem")
    ana.clicks("log-cancel")
    server.sets(enabled=False, allow_time_logs=False, show_only_own_time=True)
    ana.stands("tracking-off")
    looks.at("widget, tracking off, own time alone")
    ana.clicks("collapse")
    ana["expand"].wait_for()
    looks.at("widget made small")
    looks.found_nothing()


def test_in_a_low_window_the_open_widget_stays_below_the_bar(ana: Desk) -> None:
    ana.page.set_viewport_size({"width": 1280, "height": 640})
    ana.opens(CASE)
    ana.runs(CASE)
    ana["history"].locator("> summary").click()
    ana["history-automatic"].wait_for()
    panel, bar = ana.page.locator("handling-time [part=panel]"), ana.page.locator(".topbar")

    def lies_below() -> bool:
        above, below = bar.bounding_box(), panel.bounding_box()
        return bool(above and below and below["y"] >= above["height"] and below["y"] + below["height"] <= 640)

    until(lies_below, what="all of the widget is seen")
    assert panel.locator(".body").evaluate("(body) => body.scrollHeight > body.clientHeight"), "it is full"


def test_the_question_about_idle_time(ana: Desk, server: DemoServer) -> None:
    server.sets(idle_after_minutes=120)
    looks = Looks(ana)
    ana.opens(CASE)
    ana.runs(CASE)
    misses(ana)
    ana["idle-text"].wait_for()
    looks.at("question about idle time")
    looks.found_nothing()


def test_the_hub(sits_down: Callable[..., Desk]) -> None:
    ana = sits_down("ana", "/hub")
    looks = Looks(ana)
    ana["case-rows"].wait_for()
    looks.at("hub")
    ana.opens(OTHER)
    ana.runs(OTHER)
    looks.at("case in the hub")
    ana.clicks("case-resolve")
    ana["resolve-dialog"].wait_for()
    looks.at("resolve dialog in the hub")
    looks.found_nothing()


def test_supervision_and_reports_of_work(
    ana: Desk, sits_down: Callable[..., Desk], server: DemoServer, recorded: Recorded
) -> None:
    server.asks("ana", "POST", f"/api/v1/cases/{OTHER}/time-logs", {"duration_seconds": 600, "description": "Call"})
    ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE, seconds=1.2)
    recorded.commit()
    sam = sits_down("sam", "/supervisor")
    looks = Looks(sam)
    shows(sam, "ana", "Working", CASE)
    looks.at("who works on what")
    sam.clicks("representative-ana")
    sam["timeline-span"].first.focus()
    sam.page.keyboard.press("Enter")
    sam["timeline-chosen"].filter(has_text=CASE).wait_for()
    looks.at("a day with a span that is chosen")
    sam.clicks("range-week")
    until(lambda: sam["timeline-lane"].count() == 7, what="a lane for each day")
    looks.at("a week")
    sam.goes_to("/reports")
    sam["trend-summary"].click()
    sam["trend-table"].wait_for()
    looks.at("reports by case")
    sam["group"].filter(has_text=CASE).get_by_test_id("to-people").click()
    sam["case-head"].wait_for()
    sam["groups-table"].wait_for()
    looks.at("report of a case")
    sam.goes_to("/reports?period=own&since=2020-01-01&until=2020-01-02")
    sam["report"].locator(".empty").first.wait_for()
    looks.at("report of nothing")
    looks.found_nothing()


def test_the_settings_in_both_languages(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    ada = sits_down("ada", "/admin")
    ada.chromium.expects("net::ERR_")
    looks = Looks(ada)
    ada["records"].locator(".empty").wait_for()
    ada["purges"].locator(".empty").wait_for()
    looks.at("administration, nothing recorded yet")
    ada["update-interval-minutes"].fill("9")
    ada["count-idle"].check()
    ada.clicks("save-settings")
    ada["problem"].wait_for()
    looks.at("settings that are refused")
    ada["update-interval-minutes"].fill("15")
    ada.clicks("save-settings")
    ada["settings-status"].filter(has_text="saved").wait_for()
    looks.at("settings that are saved")
    ada.goes_to("/account")
    ada["language"].select_option("de")
    ada.clicks("change-language")
    ada.page.locator("html[lang=de]").wait_for()
    ada.goes_to("/admin")
    ada["settings-form"].wait_for()
    ada["records"].locator(".empty").wait_for()
    ada.control.cut_network()
    ada.clicks("apply-filters")
    ada["records"].get_by_test_id("load-notice").wait_for()
    looks.at("administration in German, without a server")
    looks.found_nothing()


def test_records_and_their_purge(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    has_old_records(server, 55)
    ada = sits_down("ada", "/admin")
    ada.chromium.expects("net::ERR_")
    looks = Looks(ada)
    ada["record"].first.wait_for()
    ada["select-all"].check()
    ada["matching-hint"].wait_for()
    looks.at("records, all of the page selected")
    ada.clicks("delete-selected")
    ada["delete-count"].locator(".amount").wait_for()
    ada.clicks("delete-confirm")
    ada["purge"].first.wait_for()
    ada["record"].first.get_by_test_id("select-record").check()
    looks.at("records, one selected, and a purge that is done")
    ada.clicks("delete-selected")
    ada["delete-count"].locator(".amount").wait_for()
    looks.at("delete dialog")
    ada.clicks("delete-cancel")
    ada.clicks("open-purge")
    ada.clicks("purge-count")
    ada["problem"].wait_for()
    looks.at("purge dialog without a condition")
    ada["purge-case"].fill(CASE)
    ada.clicks("purge-count")
    ada["purge-amount"].wait_for()
    looks.at("purge dialog with its count")
    ada.clicks("purge-cancel")
    ada["filter-case"].fill(OTHER)
    ada.page.route("**/api/v1/purges?state=running", lambda route: route.fulfill(json={"items": [RUNNING_PURGE]}))
    ada.reloads()
    ada["purge-progress"].wait_for()
    looks.at("purge under way")
    looks.found_nothing()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_has_the_focus_is_never_under_a_bar(
    sits_down: Callable[..., Desk], server: DemoServer, width: int
) -> None:
    """On the way back through the longest page by keyboard."""
    has_old_records(server, 30)
    ada = sits_down("ada", "/admin")
    ada.page.set_viewport_size({"width": width, "height": 640})
    ada.page.emulate_media(reduced_motion="reduce")
    ada["settings-form"].wait_for()
    ada["record"].last.get_by_test_id("select-record").focus()
    covered = []
    while ada.focused() != "enabled":
        ada.page.keyboard.press("Shift+Tab")
        if ada.page.evaluate(_IS_COVERED):
            covered.append(ada.focused())
    assert covered == []


def test_the_audit_log(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    server.sets(update_interval_minutes=15)
    ada = sits_down("ada", "/audit")
    ada.chromium.expects("net::ERR_")
    looks = Looks(ada)
    ada["entry"].first.get_by_test_id("as-written").locator("summary").click()
    looks.at("audit log with an entry as it was written")
    ada["filter-actor"].fill("nobody")
    ada.clicks("apply-filters")
    ada["entries"].locator(".empty").wait_for()
    looks.at("audit log, nothing fits")
    ada.control.cut_network()
    ada.clicks("apply-filters")
    ada["load-notice"].wait_for()
    looks.at("audit log without a server")
    looks.found_nothing()


def test_the_rules_reach_into_the_widget(ana: Desk) -> None:
    """What would be wrong within its shadow root is found."""
    ana.opens(CASE)
    ana.runs(CASE)
    ana["collapse"].evaluate("(button) => { button.removeAttribute('aria-label'); button.removeAttribute('title'); }")
    found = [one for one in violations(ana.page) if one["id"] == "button-name"]
    assert [len(one["target"][0]) for one in found] == [2], "a path of two parts: to the widget, and within it"
