"""A day's work of each role without a mouse: only keys are pressed, and what has the focus can be seen at each step."""

from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.chromium import Chromium
from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.old_records import CASE, has_old_records
from e2e.recorded import Recorded
from e2e.stopwatch import Stopwatch
from e2e.test_keyboard import tab_to
from e2e.waiting import until
from server.accounts.people import DEMO_PASSWORD

_IS_IN_VIEW = """() => {
    let on = document.activeElement;
    while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement;
    const { left, top, right, bottom, width, height } = on.getBoundingClientRect();
    const isThere = on !== document.body && width > 0 && height > 0;
    return isThere && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
}"""
_HAS_RING = """() => {
    let on = document.activeElement;
    while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(on);
    return boxShadow !== "none" || (outlineStyle !== "none" && parseFloat(outlineWidth) > 0);
}"""


class Keyboard:
    """Somebody who has no mouse."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def signs_in(self, page: str) -> None:
        """From the sign-in form, where the focus is, to where the role begins."""
        self.desk.page.goto(f"{self.desk.base_url}/sign-in")
        self.is_at("username")
        self.types(self.desk.who)
        self.goes_to("password")
        self.types(DEMO_PASSWORD)
        self.presses("Enter")
        self.desk.page.wait_for_url(f"**{page}")

    def signs_out(self) -> None:
        """Back to the sign-in form. The last report of the page that closes may come too late, and is refused.

        A window without a screen may not hand the focus on to the next page by itself.
        """
        self.desk.chromium.expects("status of 401")
        self.goes_to("sign-out", back=True)
        self.presses("Enter")
        self.desk.page.wait_for_url("**/sign-in**")
        self.desk.page.bring_to_front()
        self.is_at("username")

    def goes_to(self, testid: str, *, back: bool = False) -> None:
        """Tab, or Shift+Tab, until the focus is there and is seen; what has no test id goes by its element's name."""
        self.desk.page.locator(f"[data-testid={testid}], {testid}").filter(visible=True).first.wait_for()
        tab_to(self.desk, testid, key="Shift+Tab" if back else "Tab", most=150)
        self.is_at(testid)

    def is_at(self, testid: str) -> None:
        """Wait until the focus is there; it can be seen."""
        until(lambda: self.desk.focused() == testid, what=f"the focus is on {testid}")
        for sight in (_IS_IN_VIEW, _HAS_RING):
            until(lambda sight=sight: self.desk.page.evaluate(sight), what=f"{testid}, which has the focus: {sight}")

    def lands_on(self, heading: str) -> None:
        """Wait until a heading has the focus, from which Tab goes on; it is in view, and is no control with a ring."""
        until(lambda: self.desk.focused() == heading, what=f"the focus is on {heading}")
        until(lambda: self.desk.page.evaluate(_IS_IN_VIEW), what=f"{heading} is in view")

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.desk.page.keyboard.press(key)

    def types(self, text: str) -> None:
        self.desk.page.keyboard.type(text)

    def types_anew(self, text: str) -> None:
        self.presses("Control+a")
        self.types(text)


@pytest.fixture
def at_the_keyboard(
    server: DemoServer, chromium: Callable[..., Chromium], stopwatch: Stopwatch
) -> Callable[[str], Keyboard]:
    """Somebody sits down at a browser of their own, and nothing is signed in there."""

    def sit(who: str) -> Keyboard:
        browser = chromium(who)
        return Keyboard(Desk(who, browser, browser.first_page(), server.base_url, stopwatch))

    return sit


def test_w5_w6_f6_a_representative_s_day(
    at_the_keyboard: Callable[[str], Keyboard], server: DemoServer, recorded: Recorded
) -> None:
    """W5, W6, F6: sign in, open a case, see the clock run, log, correct, edit, delete, resolve, sign out."""
    keys = at_the_keyboard("ana")
    ana = keys.desk
    keys.signs_in("/workspace")
    keys.goes_to(f"case-row-{CASE}")
    keys.presses("Enter")
    ana.runs(CASE)
    recorded.grows("ana", CASE)

    keys.goes_to("add")
    keys.presses("Enter")
    keys.is_at("log-duration")
    keys.types("1:30")
    keys.goes_to("log-description")
    keys.types("Waited for the carrier.")
    keys.goes_to("log-save")
    keys.presses("Enter")
    keys.is_at("add")
    ana.shows("time-log", 5400)

    keys.goes_to("SUMMARY")
    keys.presses("Enter")
    ana["history-automatic"].filter(has_text="Ana Duarte").wait_for()
    keys.goes_to("edit")
    keys.presses("Enter")
    keys.is_at("log-duration")
    keys.types("45m")
    keys.goes_to("log-reason")
    keys.types("The call before was on it too.")
    keys.presses("Enter")
    keys.is_at("edit")
    ana["history-automatic"].filter(has_text="corrected by Ana Duarte").wait_for()

    keys.goes_to("edit")
    keys.presses("Enter")
    keys.is_at("log-duration")
    keys.types("20")
    keys.presses("Enter")
    keys.is_at("edit")
    ana.shows("time-log", 1200)
    keys.goes_to("delete")
    keys.presses("Enter")
    keys.is_at("delete-no")
    keys.goes_to("delete-yes", back=True)
    keys.presses("Enter")
    ana.shows("time-log", 0)
    keys.is_at("SUMMARY")

    keys.goes_to("case-resolve", back=True)
    keys.presses("Enter")
    keys.is_at("resolve-note")
    keys.types("Credit note sent.")
    keys.goes_to("resolve-confirm")
    keys.presses("Enter")
    ana["resolved-notice"].wait_for()
    keys.is_at("case-reopen")
    keys.signs_out()

    body = recorded.handling_time(CASE, refresh=True)
    assert (body["status"], body["manual_seconds"]) == ("resolved", 0)
    assert body["automatic_seconds"] >= 45 * 60


def test_a2_a5_a7_a8_an_administrator_s_day(at_the_keyboard: Callable[[str], Keyboard], server: DemoServer) -> None:
    """A2, A5, A7, A8: sign in, change a setting, filter and select records, purge, read the audit log, verify it."""
    has_old_records(server, 30)
    keys = at_the_keyboard("ada")
    ada = keys.desk
    keys.signs_in("/admin")
    keys.goes_to("update-interval-minutes")
    keys.types_anew("15")
    keys.presses("Enter")
    ada["settings-status"].filter(has_text="saved").wait_for()
    keys.is_at("save-settings")
    assert server.asks("ada", "GET", "/api/v1/settings/tracking")["update_interval_minutes"] == 15

    keys.goes_to("filter-case")
    keys.types(CASE)
    keys.presses("Enter")
    ada.page.wait_for_url("**case=CAS-1001**")
    ada.page.locator("[data-testid=records]:not([aria-busy])").wait_for()
    keys.goes_to("select-record")
    keys.presses("Space")
    keys.goes_to("delete-selected", back=True)
    keys.presses("Enter")
    ada["delete-count"].filter(has_text="1 record").wait_for()
    keys.goes_to("delete-cancel")
    keys.presses("Enter")
    keys.is_at("delete-selected")

    keys.goes_to("open-purge", back=True)
    keys.presses("Enter")
    keys.is_at("purge-case")
    assert ada["purge-case"].input_value() == CASE, "the filters of the list are taken over"
    keys.presses("Enter")
    ada["purge-amount"].filter(has_text="30 records").wait_for()
    keys.is_at("purge-typed")
    keys.presses("Escape")
    keys.is_at("open-purge")
    assert len(_records(server)) == 30

    keys.presses("Enter")
    keys.is_at("purge-case")
    keys.presses("Enter")
    keys.is_at("purge-typed")
    keys.types("30")
    keys.goes_to("purge-confirm")
    keys.presses("Enter")
    ada["purge"].filter(has_text="30 records").wait_for()
    assert _records(server) == []
    keys.lands_on("H2")

    keys.goes_to("to-audit-log", back=True)
    keys.presses("Enter")
    ada["entry"].filter(has_text="Records purged").wait_for()
    keys.goes_to("filter-actor")
    keys.types("ada")
    keys.goes_to("filter-action")
    keys.types("Settings")
    keys.goes_to("apply-filters")
    keys.presses("Enter")
    until(lambda: ada["entry"].count() == 1, what="the change of the settings alone")
    keys.goes_to("SUMMARY")
    keys.presses("Enter")
    (written,) = server.asks("ada", "GET", "/api/v1/audit-log?action=settings.changed")["items"]
    ada["as-written"].get_by_text(written["hash"]).wait_for()
    keys.signs_out()
    assert "follow one another as they were written" in server.run("audit", "verify")


def test_s1_s2_s3_a_supervisor_s_day(
    at_the_keyboard: Callable[[str], Keyboard],
    sits_down: Callable[..., Desk],
    recorded: Recorded,
    tmp_path: Path,
) -> None:
    """S1, S2, S3: sign in, the board, a person, a day, a span, zoom, the week, an export, a report with its file."""
    ana = sits_down("ana")
    ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE, seconds=1.2)

    keys = at_the_keyboard("sam")
    sam = keys.desk
    sam.control.session.send("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    keys.signs_in("/supervisor")
    sam["board-case"].filter(has_text=CASE).wait_for()
    keys.goes_to("representative-ana")
    keys.presses("ArrowDown", "ArrowUp", "Enter")
    keys.lands_on("day-title")
    keys.goes_to("timeline-frame")
    before = sam["timeline-frame"].get_attribute("data-from")
    keys.presses("0", "+", "+")
    until(lambda: sam["timeline-frame"].get_attribute("data-from") not in (before, "0"), what="it is zoomed")
    keys.goes_to("timeline-span")
    keys.presses("Enter")
    sam["timeline-chosen"].filter(has_text="Started: session tab selected").wait_for()

    keys.goes_to("range-week", back=True)
    keys.presses("Enter")
    until(lambda: sam["timeline-lane"].count() == 7, what="a lane for each day")
    keys.is_at("range-week")
    keys.goes_to("export-csv")
    keys.presses("Enter")
    assert CASE in _downloaded(tmp_path)

    keys.goes_to("nav-reports", back=True)
    keys.presses("Enter")
    sam["groups-table"].wait_for()
    keys.goes_to("choice-by")
    keys.types("Representative")
    keys.goes_to("show")
    keys.presses("Enter")
    sam["to-days"].filter(has_text="Ana Duarte").wait_for()
    keys.goes_to("handling-time-csv")
    keys.presses("Enter")
    assert "Ana Duarte" in _downloaded(tmp_path)
    keys.signs_out()


def _downloaded(folder: Path) -> str:
    """The text of the file that arrives there, which is taken away."""
    path = until(lambda: next(folder.glob("*.csv"), None), what="a file is downloaded")
    text = path.read_text()
    path.unlink()
    return text


def _records(server: DemoServer) -> list[dict]:
    return server.asks("ada", "GET", "/api/v1/tracker-records?limit=500")["items"]
