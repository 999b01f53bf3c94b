"""Row F19: the storage of the browser fails in every way it can. What was proven and still exists counts, once."""

import json
from collections.abc import Callable

import pytest

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded, overlaps
from e2e.road import Road
from e2e.stopwatch import Moment, now_ms
from e2e.stored import Stored
from e2e.waiting import until

CASE = "CAS-1001"
ARTICLE, FORM = "knowledgearticle-KA-101", "form"
NO_SERVER = ("net::ERR_", "WebSocket connection to")
BEAT_MS = 20_000
READ_ONLY = """() => {
    const refuse = () => { throw new DOMException("The storage is read-only.", "NoModificationAllowedError"); };
    Storage.prototype.setItem = Storage.prototype.removeItem = refuse;
}"""


@pytest.fixture
def stored(ana: Desk) -> Stored:
    """Her storage, looked at from another tab; she is back at her own."""
    stored = Stored(ana)
    ana.comes_to_the_front()
    return stored


@pytest.fixture
def ana(sits_down: Callable[..., Desk], road: Road) -> Desk:
    ana = sits_down("ana", over=road.base_url)
    ana.chromium.expects(*NO_SERVER)
    return ana


def has_worked(ana: Desk, road: Road) -> list[Moment]:
    """Ana opens a case and a record of it, and changes between them three times without a network."""
    moments = [ana.opens(CASE)]
    ana.runs(CASE)
    moments.append(ana.opens_record("knowledgearticle", "KA-101"))
    ana.runs(CASE)
    road.is_blocked()
    for undelivered, tab in enumerate((FORM, ARTICLE, FORM), start=1):
        ana.stopwatch.passes(1)
        moments.append(ana.selects_app_tab(tab))
        ana.says(running=CASE, undelivered=str(undelivered))
    return moments


def comes_back(ana: Desk) -> Desk:
    """To a page of its own, in the same browser; all that was left over is delivered."""
    ana = ana.at(ana.chromium.new_tab())
    ana.goes_to("/workspace")
    ana.stands("no-case")
    return ana


def test_f19_a_row_missing_in_the_middle_costs_the_time_around_it_and_is_kept_on_record(
    ana: Desk, stored: Stored, road: Road, recorded: Recorded
) -> None:
    """(X22) And what nobody can read is cleared away."""
    moments = has_worked(ana, road)
    ((stream, text),) = stored.streams().items()
    lost = stored.rows(stream)[-2]["seq"]
    ana.crashes()
    stored.drop_rows(stream, lost)
    stored.write({"broken": "\0", "torn": text.split("\n")[0] + '\n{"seq":1,"at":'})
    road.flows()

    ana = comes_back(ana)

    recorded.are(ana.worked(CASE, moments[0], moments[2]))
    assert recorded.losses() == [(stream, lost, lost)]
    until(lambda: not {"broken", "torn"} & stored.streams().keys(), what="what nobody can read is gone")


@pytest.mark.parametrize("rows", [1, 3])
def test_f19_a_storage_that_a_power_cut_set_back_costs_what_it_lost_and_nothing_else(
    ana: Desk, stored: Stored, road: Road, recorded: Recorded, rows: int
) -> None:
    """(X28) The numbers of the lost rows are used again; the server may have had them already, or not."""
    moments = has_worked(ana, road)
    (stream,) = stored.streams()
    newest = stored.rows(stream)[-1]["seq"]
    ana.crashes()
    stored.drop_rows(stream, *range(newest - rows + 1, newest + 1))
    road.flows()

    ana = comes_back(ana)

    recorded.are(ana.worked(CASE, moments[0], moments[-1 - rows]))


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_f19_a_storage_set_back_behind_the_server_costs_nothing(
    ana: Desk, stored: Stored, recorded: Recorded, rows: int
) -> None:
    """(X28) Everything was received before the power cut."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.opens_record("knowledgearticle", "KA-101")
    ana.runs(CASE)
    ana.stopwatch.passes(1)
    proven = ana.selects_app_tab(FORM)
    ana.runs(CASE)
    (stream,) = stored.streams()
    newest = stored.rows(stream)[-1]["seq"]
    ana.crashes()
    stored.drop_rows(stream, *range(newest - rows + 1, newest + 1))

    ana = comes_back(ana)

    recorded.are(ana.worked(CASE, opened, proven))


def test_f19_a_storage_copied_to_another_profile_counts_once(
    ana: Desk, stored: Stored, sits_down: Callable[..., Desk], road: Road, recorded: Recorded
) -> None:
    """(X30) Both deliver the same streams."""
    moments = has_worked(ana, road)
    ana.crashes()
    copy = stored.streams()
    road.flows()
    other = sits_down("ana", at="another profile")
    beside = Stored(other)
    beside.write(copy)
    beside.closes()
    other.goes_to("/workspace")
    other.stands("no-case")
    recorded.are(ana.worked(CASE, moments[0], moments[-1]))

    ana = comes_back(ana)

    recorded.are(ana.worked(CASE, moments[0], moments[-1]))


def test_f19_a_storage_cleared_while_the_page_runs_is_whole_again_with_the_next_event(
    ana: Desk, road: Road, server: DemoServer, recorded: Recorded
) -> None:
    """(X27) So a crash of the page, and of the server that had not committed, after it costs nothing."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.page.evaluate("() => localStorage.clear()")
    ana.stopwatch.passes(1)
    proven = ana.opens_record("knowledgearticle", "KA-101")
    ana.runs(CASE)
    server.kill()
    ana.crashes()
    server.start()

    ana = comes_back(ana)

    recorded.are(ana.worked(CASE, opened, proven))


def test_f19_a_read_only_storage_is_said_and_loses_nothing_while_the_page_lives(
    ana: Desk, stored: Stored, road: Road, recorded: Recorded
) -> None:
    """(X26, X29) What an earlier page left in it is delivered, as often as it is found, and counts once."""
    moments = has_worked(ana, road)
    ana.crashes()
    road.flows()
    page = ana.chromium.new_tab()
    page.add_init_script(f"({READ_ONLY})()")
    ana = ana.at(page)
    ana.goes_to("/workspace")
    ana.stands("no-case")
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana["notes"].filter(has_text="Recording in memory only").wait_for()
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")
    recorded.are(ana.worked(CASE, moments[0], moments[-1]), ana.worked(CASE, opened, closed))
    assert stored.streams(), "what was committed could not be removed"

    ana = comes_back(ana)

    recorded.are(ana.worked(CASE, moments[0], moments[-1]), ana.worked(CASE, opened, closed))
    until(lambda: len(stored.streams()) == 1, what="what could not be removed before is gone")


def test_f19_ten_thousand_events_of_five_days_without_a_network_are_delivered(
    ana: Desk, stored: Stored, recorded: Recorded
) -> None:
    """(X25) Two thousand beats on each of five days, the last of them a minute ago."""
    days = [now_ms() - 60_000 - day * 24 * 3600_000 for day in range(4, -1, -1)]
    row = {"visible": True, "focused": True, "locked": False, "idle": False, "app_tab": None}
    row |= {
        "session": {"id": "s1", "kind": "case", "case": CASE},
        "form": {"id": "main", "tracked": True, "widget": True},
    }
    instants = [end - (1_999 - beat) * BEAT_MS for end in days for beat in range(2_000)]
    rows = [
        {"at": at, "mono": at - instants[0], "cause": "beat", **row, "seq": seq}
        for seq, at in enumerate(instants, start=1)
    ]
    lines = [json.dumps(each, separators=(",", ":")) for each in ({"owner": "ana", "app": "workspace"}, *rows)]
    stored.write({"0ff10e00-0000-4000-8000-000000000005": "\n".join(lines)})
    stored.closes()

    ana.goes_to("/workspace")
    ana.stands("no-case")

    ends = [(end - 1_999 * BEAT_MS, end) for end in days]
    until(lambda: recorded.commit() or len(recorded.spans()) == 5, what="all five days are recorded")
    assert [(span.started, span.ended) for span in recorded.spans()] == ends


def test_f18_five_tabs_at_once_of_which_one_crashes_one_freezes_and_one_is_closed(
    ana: Desk, recorded: Recorded
) -> None:
    """(X31) No page leads the others, so none is missed: the one in front counts, and it alone."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    tabs = [ana]
    for _ in range(4):
        tab = ana.other_tab("/workspace")
        tab.opens(CASE)
        tab.runs(CASE)
        tabs.append(tab)
    first, second, third, fourth, last = tabs
    first.crashes()
    second.control.freeze()
    third.page.close()
    fourth.comes_to_the_front()
    fourth.runs(CASE)
    recorded.grows("ana", CASE)
    last.comes_to_the_front()
    last.runs(CASE)
    recorded.grows("ana", CASE)
    second.control.thaw()
    second.comes_to_the_front()
    second.runs(CASE)
    recorded.grows("ana", CASE)
    closed = second.closes(CASE)
    second.stands("no-case")
    recorded.commit()

    records = recorded.records()
    assert overlaps(records) == []
    assert opened.holds(records[0].started)
    assert closed.holds(records[-1].ended)
    assert sum(record.ms for record in records) <= closed.after - opened.before
    assert len({record.stream for record in records}) == 5
