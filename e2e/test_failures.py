"""Row F19: whatever breaks, work is kept exactly once, and time that nobody proved is not invented."""

from collections.abc import Callable

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded, overlaps
from e2e.waiting import until

CASE, OTHER = "CAS-1001", "CAS-1003"
NO_SERVER = ("net::ERR_", "WebSocket connection to")


def test_f19_a_server_that_is_killed_and_comes_back_has_all_of_the_work(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    """Nothing had been committed: the outbox of the browser brings it back."""
    ana.chromium.expects(*NO_SERVER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(1)
    server.kill()
    ana.says(connection="offline", running=CASE)
    moved = ana.opens(OTHER)
    ana.says(connection="offline", running=OTHER)
    ana.stopwatch.passes(1)
    server.start()
    ana.runs(OTHER)
    closed = ana.closes(OTHER)
    ana.runs(CASE)
    ended = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, moved), ana.worked(OTHER, moved, closed), ana.worked(CASE, closed, ended))


def test_f19_work_that_was_committed_before_a_crash_of_the_server_counts_once(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    ana.chromium.expects(*NO_SERVER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    server.restart(gracefully=False)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    server.restart(gracefully=False)
    ana.runs(CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))
    assert overlaps(recorded.records()) == []


def test_f19_a_server_that_is_asked_to_stop_commits_first(ana: Desk, server: DemoServer, recorded: Recorded) -> None:
    ana.chromium.expects(*NO_SERVER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(1)

    stopped = ana.does("has the server stopped", server.terminate)

    (record,) = recorded.records()
    assert opened.holds(record.started)
    assert stopped.before <= record.ended <= stopped.after


def test_f19_a_page_that_was_closed_while_the_server_was_down_is_delivered_by_the_next_browser(
    sits_down: Callable[..., Desk], server: DemoServer, recorded: Recorded
) -> None:
    """The page is closed before the browser quits, because Chromium drops what a page writes while it quits."""
    ana = sits_down("ana")
    ana.chromium.expects(*NO_SERVER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    server.kill()
    ana.says(connection="offline", running=CASE)
    ana.stopwatch.passes(1)
    closed = ana.closes_the_last_page()
    ana.chromium.quit()
    server.start()
    assert recorded.records() == []

    ana = sits_down("ana")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))


def test_f19_on_a_shared_computer_work_waits_for_the_one_who_did_it(
    sits_down: Callable[..., Desk], server: DemoServer, recorded: Recorded
) -> None:
    """(X32)"""
    ana = sits_down("ana", at="shared")
    ana.chromium.expects(*NO_SERVER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    server.kill()
    ana.says(connection="offline", running=CASE)
    ana.stopwatch.passes(1)
    closed = ana.closes_the_last_page()
    ana.chromium.quit()
    server.start()

    ben = sits_down("ben", at="shared")
    ben_opened = ben.opens(OTHER)
    ben.runs(OTHER)
    recorded.grows("ben", OTHER)
    ben_closed = ben.closes(OTHER)
    ben.stands("no-case")
    recorded.are(ben.worked(OTHER, ben_opened, ben_closed))
    ben.page.context.clear_cookies()
    ana = ana.at(ben.page).signs_in()
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed), ben.worked(OTHER, ben_opened, ben_closed))


def test_f19_a_browser_that_is_killed_keeps_what_was_proven_and_starts_anew(
    sits_down: Callable[..., Desk], recorded: Recorded
) -> None:
    ana = sits_down("ana")
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(1)
    proven = ana.opens_record("knowledgearticle", "KA-101")
    ana.runs(CASE)
    ana.stopwatch.passes(1)
    ana.does("loses the browser", ana.chromium.kill)

    ana = sits_down("ana")
    again = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, proven), ana.worked(CASE, again, closed))


def test_f19_work_without_a_network_is_kept_and_delivered_later(ana: Desk, recorded: Recorded) -> None:
    ana.chromium.expects(*NO_SERVER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    ana.does("loses the network", ana.control.cut_network)
    moved = ana.opens(OTHER)
    ana.says(running=OTHER, undelivered="1")
    ana.stopwatch.passes(1)
    ana.does("has the network back", ana.control.mend_network)
    ana.runs(OTHER)
    closed = ana.closes(OTHER)
    ana.runs(CASE)
    ended = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, moved), ana.worked(OTHER, moved, closed), ana.worked(CASE, closed, ended))


def test_f19_where_storage_is_forbidden_recording_goes_on_in_memory_and_the_page_says_so(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    """(X29)"""
    ana.chromium.expects(*NO_SERVER)
    ana.page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
            const get = () => { throw new DOMException("Access is denied for this document.", "SecurityError"); };
            Object.defineProperty(globalThis, name, { get });
        }"""
    )
    ana.goes_to("/workspace")
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana["agent-trouble"].filter(has_text="Storage is full or forbidden").wait_for()
    ana["notes"].filter(has_text="Recording in memory only").wait_for()
    ana.stopwatch.passes(1)
    server.restart(gracefully=False)
    ana.runs(CASE)
    recorded.grows("ana", CASE, seconds=2)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))


def test_f19_full_storage_is_said_too(ana: Desk, recorded: Recorded) -> None:
    """(X26)"""
    ana.page.evaluate(
        """() => {
            let text = "x".repeat(2 ** 20);
            for (let place = 0; text; place++) {
                try {
                    localStorage.setItem(`filler-${place}`, text);
                } catch {
                    text = text.slice(text.length / 2 + 0.5);
                }
            }
        }"""
    )
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana["notes"].filter(has_text="Recording in memory only").wait_for()
    recorded.grows("ana", CASE)
    ana.page.evaluate(
        "() => Object.keys(localStorage).filter((key) => key.startsWith('filler')).forEach("
        "(key) => localStorage.removeItem(key))"
    )
    ana.opens_record("knowledgearticle", "KA-101")
    until(lambda: ana["notes"].count() == 0 or "memory" not in ana["notes"].inner_text(), what="the note is gone")
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))
