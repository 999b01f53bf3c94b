"""Row S3 on the supervision page: who works on what right now, pushed, by keyboard, and back by itself after a loss."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.road import Road
from e2e.waiting import until

CASE, OTHER = "CAS-1001", "CAS-1003"
NO_SERVER = ("net::ERR_", "WebSocket connection to")
NOTICED_S = 60.0


def person(sam: Desk, username: str) -> Locator:
    """A row of the board."""
    return sam.page.locator(f"[data-testid=board-person][data-username={username}]")


def shows(sam: Desk, username: str, state: str, case: str = "", *, timeout_s: float = 15.0) -> None:
    """Wait until the board says this of somebody."""
    row = person(sam, username)

    def holds() -> bool:
        said = row.get_by_test_id("board-case")
        shown = said.inner_text() if said.is_visible() else ""
        return (row.get_by_test_id("board-state").inner_text(), shown) == (state, case)

    until(holds, timeout_s=timeout_s, what=f"the board shows {username} {state} {case}")


def is_live(sam: Desk, *, timeout_s: float = 15.0) -> None:
    sam["board-line"].filter(has_text="Live").wait_for(timeout=timeout_s * 1000)


@pytest.fixture
def sam(sits_down: Callable[..., Desk], road: Road) -> Desk:
    """Sam looks at the board, with a road between him and the server."""
    sam = sits_down("sam", "/supervisor", over=road.base_url)
    is_live(sam)
    return sam


def test_s3_what_a_representative_does_appears_without_a_reload_or_a_question(
    sam: Desk, sits_down: Callable[..., Desk], recorded: Recorded
) -> None:
    """S3, F22: the case with its title, since when, why no clock runs; and nothing is asked for while it is pushed."""
    ana = sits_down("ana")
    asked: list[str] = []
    ana.stands("no-case")
    shows(sam, "ana", "Away")
    person(sam, "ana").filter(has_text="no case is in front").wait_for()
    sam.page.on("request", lambda request: asked.append(request.url))

    ana.opens(CASE)
    ana.runs(CASE)
    shows(sam, "ana", "Working", CASE)
    row = person(sam, "ana")
    assert "Invoice shows the wrong VAT rate" in row.inner_text()
    assert row.get_by_test_id("board-since").inner_text() == "just now"
    assert row.get_by_test_id("board-case").get_attribute("href") == f"/workspace?case={CASE}"
    assert sam["show-working"].inner_text().split() == ["Working", "1"]
    ana.opens(OTHER)
    ana.runs(OTHER)
    shows(sam, "ana", "Working", OTHER)
    assert asked == []

    before = int(row.get_by_test_id("today-time").get_attribute("data-seconds") or 0)
    until(
        lambda: int(row.get_by_test_id("today-time").get_attribute("data-seconds") or 0) > before, what="time goes on"
    )
    ana.closes_the_last_page()
    shows(sam, "ana", "Offline")
    recorded.commit()


def test_s3_a_lost_connection_is_said_and_heals_by_itself(
    sam: Desk, road: Road, sits_down: Callable[..., Desk]
) -> None:
    """S3: with the time of the last news; what happened meanwhile is there at once."""
    sam.chromium.expects(*NO_SERVER)
    ana = sits_down("ana")
    ana.opens(CASE)
    ana.runs(CASE)
    shows(sam, "ana", "Working", CASE)
    road.is_blocked()
    sam["board-line"].filter(has_text="Not connected, last update").wait_for(timeout=NOTICED_S * 1000)
    shows(sam, "ana", "Working", CASE)
    ana.opens(OTHER)
    ana.runs(OTHER)

    road.flows()
    is_live(sam, timeout_s=NOTICED_S)
    shows(sam, "ana", "Working", OTHER)


def test_s3_a_server_that_starts_again_is_found_again(sam: Desk, server: DemoServer) -> None:
    """S3"""
    sam.chromium.expects(*NO_SERVER)
    server.kill()
    sam["board-line"].filter(has_text="Not connected").wait_for(timeout=NOTICED_S * 1000)
    server.start()
    is_live(sam, timeout_s=NOTICED_S)
    shows(sam, "ana", "Offline")


def test_s3_by_state_and_by_name_and_by_keyboard(sam: Desk, sits_down: Callable[..., Desk]) -> None:
    """S3: the arrow keys go from person to person, Enter chooses one; those of a state are shown alone."""
    ana = sits_down("ana")
    ana.opens(CASE)
    ana.runs(CASE)
    shows(sam, "ana", "Working", CASE)
    sam["representative-ana"].focus()
    sam.page.keyboard.press("ArrowDown")
    assert sam.focused() == "representative-ben"
    sam.page.keyboard.press("Home")
    sam.page.keyboard.press("Tab")
    assert sam.focused() == "board-case"
    sam.page.keyboard.press("Shift+Tab")
    sam.page.keyboard.press("Enter")
    sam["day-title"].filter(has_text="Ana Duarte").wait_for()
    until(lambda: sam.focused() == "day-title", what="the keyboard goes on at the day")

    sam["show-working"].focus()
    sam.page.keyboard.press("Enter")
    until(lambda: not person(sam, "ben").is_visible(), what="those who work are shown alone")
    assert sam["people-status"].inner_text() == "1 person"
    ana.closes(CASE)
    until(lambda: not person(sam, "ana").is_visible(), what="nobody works any more")
    sam["board-none"].wait_for()
    sam.clicks("show-all")
    shows(sam, "ana", "Away")


def test_s3_nobody_jumps_away_under_the_pointer(sam: Desk, sits_down: Callable[..., Desk]) -> None:
    """S3: who is in another state now stays on the list until the pointer has left it."""
    ana = sits_down("ana")
    ana.opens(CASE)
    ana.runs(CASE)
    shows(sam, "ana", "Working", CASE)
    sam.clicks("show-working")
    person(sam, "ana").hover()
    ana.closes(CASE)
    shows(sam, "ana", "Away")
    assert person(sam, "ana").is_visible()
    sam.page.mouse.move(1, 1)
    until(lambda: not person(sam, "ana").is_visible(), what="the list is brought up to date")
