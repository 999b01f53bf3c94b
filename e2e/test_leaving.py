"""Rows F7 and F9, and what else takes a page away from a person: the clock stops at that instant and at no other."""

from collections.abc import Callable, Iterator

import pytest

from e2e.desk import Desk
from e2e.recorded import Recorded, overlaps
from e2e.screen import Screen
from e2e.stored import Stored
from e2e.waiting import until

CASE = "CAS-1001"
WATCH_TIMERS = """() => {
    const timers = (globalThis.timers = { last: performance.now(), slowest: 0 });
    setInterval(() => {
        const now = performance.now();
        Object.assign(timers, { last: now, slowest: Math.max(timers.slowest, now - timers.last) });
    }, 1000);
}"""
SLEEP_MS = 6_000
"""A page in front whose timers come no sooner has slept."""
SLOW_WITHIN_S = 150.0
"""A minute until Chromium slows them down, another one until one of them is late, and some more."""


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as running:
        yield running


def test_f7_another_browser_tab_in_front_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    away = ana.does("opens another browser tab", ana.chromium.new_tab)
    ana.stands("hidden")
    ana.stopwatch.passes(1)
    back = ana.comes_to_the_front()
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, away), ana.worked(CASE, back, closed))


def test_f7_minimising_the_window_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    away = ana.does("minimises the window", ana.control.minimise)
    ana.stands("hidden")
    ana.stopwatch.passes(1)

    def restore() -> None:
        ana.control.restore()
        ana.page.bring_to_front()

    back = ana.does("restores the window", restore)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, away), ana.worked(CASE, back, closed))


def test_f7_reloading_the_page_stops_the_clock_until_the_case_is_in_front_again(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    left = ana.reloads()
    returned = ana.does("sees the case again", lambda: ana.runs(CASE))
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    before, after = recorded.are(ana.worked(CASE, opened, left), ana.worked(CASE, returned, closed))
    assert before.ended < after.started, "nobody saw the case while the page loaded"


def test_f7_closing_the_tab_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    ana.chromium.new_tab()
    ana.comes_to_the_front()
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)

    closed = ana.closes_the_page()

    recorded.are(ana.worked(CASE, opened, closed))


def test_f7_quitting_the_browser_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    """What a page sends while the whole browser is torn down may get lost: then its time ends at the last proof."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    proven = recorded.spans()[-1].ended
    quitted = ana.does("quits the browser", ana.chromium.quit)
    ana.stopwatch.passes(1)
    recorded.commit()

    (span,) = recorded.spans()
    assert opened.holds(span.started)
    assert proven <= span.ended <= quitted.after


def test_f7_signing_out_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)

    left = ana.clicks("sign-out", "signs out")
    ana["sign-in-form"].wait_for()

    recorded.are(ana.worked(CASE, opened, left))


def test_f7_another_window_in_front_stops_the_clock_though_the_page_stays_visible(
    sits_down: Callable[..., Desk], screen: Screen, recorded: Recorded
) -> None:
    ana = sits_down("ana", display=screen.name)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    away = ana.does("turns to another window", ana.chromium.new_window)
    ana.stands("unfocused")
    assert ana.page.evaluate("document.visibilityState") == "visible"
    ana.stopwatch.passes(1)
    back = ana.comes_to_the_front()
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, away), ana.worked(CASE, back, closed))


def test_f9_locking_the_screen_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    """The person allows it with a click on the widget."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana["screen-lock"].wait_for()
    ana.control.grant_screen_lock()
    ana.clicks("screen-lock")
    ana["screen-lock"].wait_for(state="hidden")
    ana.control.unlock_screen()
    ana.runs(CASE)
    recorded.grows("ana", CASE)

    locked = ana.does("locks the screen", ana.control.lock_screen)
    ana.stands("locked")
    ana.stopwatch.passes(1)
    unlocked = ana.does("unlocks the screen", ana.control.unlock_screen)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, locked), ana.worked(CASE, unlocked, closed))


def test_f9_a_page_that_may_see_the_lock_sees_it_after_a_reload_too(ana: Desk, recorded: Recorded) -> None:
    ana.control.grant_screen_lock()
    ana.goes_to("/workspace")
    ana.control.unlock_screen()
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    locked = ana.does("locks the screen", ana.control.lock_screen)
    ana.stands("locked")

    recorded.are(ana.worked(CASE, opened, locked))


def test_f7_a_click_into_an_own_frame_lets_the_clock_go_on(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.page.evaluate(
        """async () => {
            const frame = document.createElement("iframe");
            frame.id = "own";
            frame.src = "/healthz";
            frame.style = "position: fixed; inset: 200px auto auto 400px; z-index: 9; background: white";
            const loaded = new Promise((resolve) => (frame.onload = resolve));
            document.body.append(frame);
            await loaded;
        }"""
    )
    ana.does("clicks into a frame of the page", lambda: ana.page.frame_locator("#own").locator("body").click())
    assert ana.page.evaluate("document.activeElement.id") == "own"
    recorded.grows("ana", CASE, seconds=1.5)
    ana.runs(CASE)
    away = ana.does("opens another browser tab", ana.chromium.new_tab)
    ana.stands("hidden")

    recorded.are(ana.worked(CASE, opened, away))


def test_f19_a_frozen_tab_counts_nothing_and_goes_on_when_it_thaws(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    frozen = ana.does("leaves the tab so long that it is frozen", ana.control.freeze)
    ana.stopwatch.passes(1.5)

    ana.control.thaw()
    ana.chromium.new_tab()
    thawed = ana.comes_to_the_front()
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, frozen), ana.worked(CASE, thawed, closed))


def test_x43_the_slow_timers_of_a_tab_in_the_background_are_no_sleep(ana: Desk, recorded: Recorded) -> None:
    """Row X43: Chromium lets them come once a minute, after a minute. The agent takes that for no sleep."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(1)
    ana.page.evaluate(WATCH_TIMERS)
    away = ana.does("opens another browser tab", ana.chromium.new_tab)
    until(
        lambda: ana.page.evaluate("() => timers.slowest") > SLEEP_MS,
        timeout_s=SLOW_WITHIN_S,
        poll_s=1,
        what="its timers come slowly",
    )
    stored = Stored(ana)
    (stream,) = stored.streams()
    causes = [row["cause"] for row in stored.rows(stream)]
    returned = ana.comes_to_the_front()
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    assert causes[-1] == "hidden"
    recorded.are(ana.worked(CASE, opened, away), ana.worked(CASE, returned, closed))


def test_f18_a_duplicated_tab_is_a_page_of_its_own(ana: Desk, recorded: Recorded) -> None:
    """Duplicating clones sessionStorage; no stream may be shared, and no time counts twice."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    with ana.page.context.expect_page() as opening:
        duplicated = ana.does("duplicates the tab", lambda: ana.page.evaluate("() => void window.open(location.href)"))
    twin = ana.at(opening.value)
    ana.stands("hidden")
    seen = ana.does("sees the case in the duplicate", lambda: twin.runs(CASE))
    recorded.grows("ana", CASE)
    back = ana.comes_to_the_front()
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    twin.page.close()
    closed = ana.closes(CASE)
    ana.stands("no-case")
    ana.stopwatch.passes(1)
    recorded.commit()

    records = recorded.records()
    assert overlaps(records) == []
    first, second = dict.fromkeys(record.stream for record in records)
    own = [record for record in records if record.stream == first]
    copied = [record for record in records if record.stream == second]
    assert opened.holds(own[0].started)
    assert closed.holds(own[-1].ended)
    assert duplicated.before <= copied[0].started <= seen.after
    assert back.holds(copied[-1].ended)
    assert sum(record.ms for record in records) <= closed.after - opened.before


def test_f7_a_page_from_the_back_forward_cache_counts_from_its_return(
    ana: Desk, host_page: Callable[[str], str], recorded: Recorded
) -> None:
    """(X31) On a page of another host: those of the demo forbid to be kept."""
    address = host_page("ana")
    opened = ana.does("goes to a foreign helpdesk", lambda: ana.page.goto(address))
    until(lambda: ana.page.evaluate("() => agent.status.connection") == "online", what="its agent is connected")
    recorded.grows("ana", CASE)

    left = ana.does("goes on to another page", lambda: ana.page.goto(f"{address}?elsewhere"))
    ana.stopwatch.passes(1)
    returned = ana.does("goes back", lambda: ana.page.go_back(wait_until="commit"))
    assert ana.page.evaluate("() => returned"), "the page came from the cache"
    until(lambda: ana.page.evaluate("() => agent.status.connection") == "online", what="its agent is connected again")
    recorded.grows("ana", CASE)
    ended = ana.does("goes away for good", lambda: ana.page.goto("about:blank"))

    recorded.are(ana.worked(CASE, opened, left), ana.worked(CASE, returned, ended))
