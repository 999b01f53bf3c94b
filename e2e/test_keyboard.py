"""The main job without a mouse: open a case, add a time log, resolve it."""

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded

CASE = "CAS-1001"


def tab_to(desk: Desk, testid: str, *, key: str = "Tab", most: int = 80) -> None:
    """Press Tab, or Shift+Tab, until the focus is there. Beyond the last element it would leave the page."""
    passed = []
    for _ in range(most):
        desk.page.keyboard.press(key)
        focused = desk.focused()
        if focused == testid:
            return
        passed.append(focused)
    raise AssertionError(f"Tab does not lead to {testid}; it passes {passed}")


def test_w5_f6_a_case_is_opened_logged_on_and_resolved_by_keyboard_alone(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    keyboard = ana.page.keyboard
    ana[f"case-row-{CASE}"].wait_for()
    tab_to(ana, f"case-row-{CASE}")
    opened = ana.does("opens the case with Enter", lambda: keyboard.press("Enter"))
    ana.runs(CASE)

    ana["add"].wait_for()
    tab_to(ana, "add")
    keyboard.press("Enter")
    ana["add-form"].wait_for()
    assert ana.focused() == "log-duration", "the form takes the focus"
    keyboard.type("1:30")
    tab_to(ana, "log-description")
    keyboard.type("Waited for the carrier.")
    tab_to(ana, "log-save")
    keyboard.press("Enter")
    ana["add-form"].wait_for(state="hidden")
    assert ana.focused() == "add", "the focus is back where it was"
    ana.shows("time-log", 5400)

    tab_to(ana, "case-resolve", key="Shift+Tab")
    keyboard.press("Enter")
    ana["resolve-dialog"].wait_for()
    assert ana.focused() == "resolve-note", "the dialog takes the focus"
    keyboard.type("Credit note sent.")
    tab_to(ana, "resolve-confirm")
    resolved = ana.does("resolves with Enter", lambda: keyboard.press("Enter"))
    ana["resolved-notice"].wait_for()

    recorded.are(ana.worked(CASE, opened, resolved))
    assert server.asks("ana", "GET", f"/api/v1/cases/{CASE}")["status"] == "resolved"


def test_f5_session_tabs_are_selected_and_closed_by_keyboard(ana: Desk, recorded: Recorded) -> None:
    first = ana.opens(CASE)
    ana.runs(CASE)
    second = ana.opens("CAS-1003")
    ana.runs("CAS-1003")
    recorded.grows("ana", "CAS-1003")
    ana["session-tab-CAS-1003"].focus()
    back = ana.does("presses the left arrow", lambda: ana.page.keyboard.press("ArrowLeft"))
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.does("presses Delete", lambda: ana.page.keyboard.press("Delete"))
    ana.runs("CAS-1003")
    recorded.grows("ana", "CAS-1003")
    ended = ana.does("presses Delete", lambda: ana.page.keyboard.press("Delete"))
    ana.stands("no-case")

    recorded.are(
        ana.worked(CASE, first, second),
        ana.worked("CAS-1003", second, back),
        ana.worked(CASE, back, closed),
        ana.worked("CAS-1003", closed, ended),
    )
