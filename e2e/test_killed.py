"""Row F19: a browser that is killed at any moment. The long run is `python -m e2e.kill_rounds`."""

from collections.abc import Callable

from e2e.chromium import Chromium
from e2e.desk import Desk
from e2e.kill_rounds import Lives
from e2e.recorded import Recorded
from e2e.road import Road
from e2e.stopwatch import Stopwatch

CASE = "CAS-1001"


def test_f19_a_browser_killed_at_random_moments_keeps_what_was_received_and_invents_nothing(
    chromium: Callable[..., Chromium], road: Road, recorded: Recorded, stopwatch: Stopwatch
) -> None:
    lives = Lives(11, lambda: chromium("ana"), road=road, recorded=recorded, stopwatch=stopwatch)
    for _ in range(3):
        lives.live()
    lives.settle()

    assert lives.diary.must
    lives.diary.check(recorded)


def test_f19_a_browser_that_is_back_within_seconds_of_its_crash_delivers_within_seconds(
    sits_down: Callable[..., Desk], road: Road, recorded: Recorded
) -> None:
    """Its locks are gone at once, but what it left looks like a page that has not got its lock yet."""
    ana = sits_down("ana", over=road.base_url)
    ana.chromium.expects("net::ERR_", "WebSocket connection to")
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana["open-knowledgearticle-KA-101"].wait_for()
    road.is_blocked()
    ana.says(connection="offline")
    proven = ana.opens_record("knowledgearticle", "KA-101")
    ana.says(undelivered="1")
    ana.crashes()
    road.flows()

    ana = ana.at(ana.chromium.new_tab())
    ana.page.goto(f"{road.base_url}/workspace")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, proven))
