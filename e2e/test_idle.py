"""Row F21 in the browser: idle after a while without input, and what the person says of that time on return.

A minute is the least that can be set, and passes as it is. Where only the answer matters the question is put into the
storage of the browser, as a page that went idle puts it there.
"""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.stopwatch import now_ms
from e2e.test_failures import NO_SERVER
from e2e.test_keyboard import tab_to
from e2e.waiting import until

CASE = "CAS-1001"
OTHER = "CAS-1002"
ANSWERS = ("idle-keep", "idle-drop", "idle-log-as")
AWAY_S = 18 * 60


@pytest.fixture
def at_desk(server: DemoServer, sits_down: Callable[..., Desk]) -> Desk:
    """Ana at a page that looks for input, with a case in front."""
    server.sets(idle_after_minutes=1, count_idle=False, allow_time_logs=True)
    ana = sits_down("ana")
    ana.opens(CASE)
    ana.runs(CASE)
    return ana


def misses(desk: Desk, *, who: str = "ana", seconds: int = AWAY_S, asked: int = 0) -> str:
    """Another page went idle and told what was missed; returns the name of the question."""
    name, to = str(uuid4()), now_ms() - 60_000
    question = {"id": name, "case": CASE, "from": to - seconds * 1000, "to": to, "asked": asked, "sent": False}
    text = json.dumps([question])
    desk.page.evaluate(
        """([key, text]) => {
            localStorage.setItem(key, text);
            dispatchEvent(new StorageEvent("storage", { key }));
        }""",
        [f"caseclock:idle:{who}", text],
    )
    return name


def logged(server: DemoServer, case: str = CASE, kind: str = "time-logs") -> list[tuple[int, str]]:
    items = server.asks("ana", "GET", f"/api/v1/cases/{case}/{kind}")["items"]
    return [(one["duration_seconds"], one["description"]) for one in items]


def is_asked(desk: Desk) -> None:
    desk["idle-text"].filter(has_text=f"on {CASE}").wait_for()


def is_not_asked(desk: Desk) -> None:
    for testid in (*ANSWERS, "idle-form", "idle-open"):
        desk.page.get_by_test_id(testid).wait_for(state="hidden")


def test_f21_idle_time_ends_at_the_last_input_and_is_kept_once_from_two_tabs(
    server: DemoServer, at_desk: Desk, recorded: Recorded
) -> None:
    """Nobody touches the page for a minute; then both tabs answer at once."""
    ana = at_desk
    opened = ana.stopwatch.moments[0]
    left = ana.does("touches the page for the last time", lambda: ana.page.mouse.move(600, 400))
    ana.patience_s = 90
    ana.stands("idle")
    back = ana.does("comes back", lambda: ana.page.mouse.move(640, 420))
    ana.runs(CASE)
    is_asked(ana)
    closed = ana.closes(CASE)
    ana.stands("no-case")
    recorded.are(ana.worked(CASE, opened, left), ana.worked(CASE, back, closed))

    other = ana.other_tab("/workspace")
    is_asked(other)
    for desk in (ana, other):
        desk.page.evaluate("() => void (localStorage.heldBack = localStorage.getItem('caseclock:idle:ana'))")
    other["idle-keep"].click()
    is_not_asked(other)
    misses_again = "() => localStorage.setItem('caseclock:idle:ana', localStorage.heldBack)"
    ana.comes_to_the_front()
    ana.page.evaluate(misses_again)
    ana.page.evaluate("() => dispatchEvent(new StorageEvent('storage', { key: 'caseclock:idle:ana' }))")
    ana["idle-keep"].click()
    is_not_asked(ana)

    ((seconds, words),) = logged(server)
    assert words == "Time without input"
    assert abs(seconds - (back.before - left.after) / 1000) <= 2
    assert abs(recorded.ms("ana", CASE) / 1000 + seconds - (closed.before - opened.after) / 1000) <= 3


def test_f21_dropped_is_dropped_in_every_tab(server: DemoServer, at_desk: Desk) -> None:
    """(F21) No tab has it any more, and nothing is logged."""
    other = at_desk.other_tab("/workspace")
    misses(other)
    is_asked(other)
    at_desk.comes_to_the_front()
    is_asked(at_desk)
    assert "18 min" in at_desk["idle-text"].inner_text()
    at_desk["idle-drop"].click()
    is_not_asked(at_desk)
    other.comes_to_the_front()
    is_not_asked(other)
    assert logged(server) == []


def test_f21_it_is_logged_as_something_else_on_another_case(server: DemoServer, at_desk: Desk) -> None:
    misses(at_desk)
    at_desk["idle-log-as"].click()
    at_desk["idle-kind"].select_option("research")
    at_desk["idle-case"].fill("CAS-9999")
    at_desk.chromium.expects("404")
    at_desk["idle-log"].click()
    at_desk["idle-problem"].filter(has_text="case").wait_for()
    at_desk["idle-case"].fill(OTHER)
    at_desk["idle-log"].click()
    is_not_asked(at_desk)
    assert (logged(server), logged(server, OTHER)) == ([], [(AWAY_S, "research, without input")])


def test_f21_it_is_logged_as_an_activity(server: DemoServer, at_desk: Desk) -> None:
    misses(at_desk)
    at_desk["idle-log-as"].click()
    at_desk["idle-kind"].select_option("phone call")
    at_desk["idle-log"].click()
    is_not_asked(at_desk)
    assert (logged(server), logged(server, kind="activities")) == ([], [(AWAY_S, "Time without input")])


def test_f21_without_an_answer_it_is_dropped(server: DemoServer, at_desk: Desk) -> None:
    """Of ten minutes of presence ten seconds are left."""
    misses(at_desk, asked=590)
    at_desk["idle-left"].filter(has_text="after 1 more minute").wait_for()
    until(lambda: not at_desk["idle-keep"].count(), timeout_s=30, what="the question is gone")
    assert at_desk.page.evaluate("() => localStorage.getItem('caseclock:idle:ana')") is None
    assert logged(server) == []


def test_f21_it_is_answered_by_keyboard_alone_and_takes_no_focus(server: DemoServer, at_desk: Desk) -> None:
    """Escape puts it aside; what had the focus gets it back."""
    keyboard = at_desk.page.keyboard
    at_desk["case-title"].focus()
    misses(at_desk)
    is_asked(at_desk)
    assert at_desk.focused() == "case-title"
    assert at_desk["idle-text"].get_attribute("role") == "status"
    tab_to(at_desk, "idle-keep")
    keyboard.press("Escape")
    at_desk["idle-open"].wait_for()
    tab_to(at_desk, "idle-open")
    keyboard.press("Enter")
    assert at_desk.focused() == "idle-keep"
    keyboard.press("Enter")
    is_not_asked(at_desk)
    assert logged(server) == [(AWAY_S, "Time without input")]


def test_f21_where_no_time_may_be_logged_it_is_told_only(server: DemoServer, at_desk: Desk) -> None:
    server.sets(allow_time_logs=False)
    misses(at_desk)
    at_desk["idle-text"].filter(has_text=f"18 min without input on {CASE} were not counted.").wait_for()
    assert not at_desk["idle-keep"].count()
    at_desk["idle-close"].click()
    at_desk["idle-close"].wait_for(state="hidden")


def test_x32_f21_nobody_is_asked_for_the_time_of_somebody_else(at_desk: Desk) -> None:
    misses(at_desk, who="ben")
    is_not_asked(at_desk)
    misses(at_desk)
    is_asked(at_desk)


def test_f22_the_widget_says_each_reason_in_words(server: DemoServer, sits_down: Callable[..., Desk]) -> None:
    """A page that cannot be seen says it too."""
    ana = sits_down("ana")
    ana.chromium.expects(*NO_SERVER)
    ana.control.grant_screen_lock()
    ana.goes_to("/workspace")
    ana.opens(CASE)
    ana.runs(CASE)

    def says(words: str, part: str = "state") -> None:
        shown = "(part) => document.querySelector('handling-time')?.shadowRoot.querySelector(part)?.textContent ?? ''"
        until(lambda: words in ana.page.evaluate(shown, f"[data-testid={part}]"), what=f"the widget says: {words}")

    says("Running")
    ana.control.lock_screen()
    says("Stands: the screen is locked")
    ana.control.unlock_screen()
    says("Running")
    ana.chromium.new_tab()
    says("Stands: this browser tab is in the background")
    ana.comes_to_the_front()
    says("Running")
    server.sets(enabled=False)
    says("Tracking is switched off")
    server.sets(enabled=True)
    says("Running")
    server.asks("sam", "PUT", f"/api/v1/cases/{CASE}/resolution", {"note": ""})
    says("Resolved: no more time is counted")
    assert server.call("DELETE", f"/api/v1/cases/{CASE}/resolution", token=server.token("sam"))[0] == 200
    says("Running")
    server.kill()
    says("Offline: recording goes on, and is saved by itself later", "notes")
    ana.page.evaluate("() => (Storage.prototype.setItem = () => { throw new Error('full'); }) && undefined")
    ana.chooses_form("reading")
    says("Stands: this form is not tracked")
    ana.chooses_form("main")
    says("Recording in memory only: this page must stay open", "notes")
    says("Running")
