"""Row S1 in the supervision page: a day and a week of a representative, as a picture and as tables."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.road import Road
from e2e.stopwatch import now_ms
from e2e.waiting import until

LISBON = ZoneInfo("Europe/Lisbon")
DAY_MS = 24 * 3600 * 1000
NO_SERVER = ("net::ERR_", "WebSocket connection to")
NOTICED_S = 60.0


def _works(ana: Desk, recorded: Recorded, *refs: str) -> None:
    for ref in refs:
        ana.opens(ref)
        ana.runs(ref)
        recorded.grows("ana", ref, seconds=1.2)
        ana.closes(ref)
        ana.stands("no-case")
    recorded.commit()


def _logs(server: DemoServer, ref: str, at: datetime, minutes: int, path: str = "time-logs", **more: object) -> None:
    body = {"duration_seconds": minutes * 60, "worked_at": at.astimezone(UTC).isoformat(), **more}
    server.asks("ana", "POST", f"/api/v1/cases/{ref}/{path}", body)


def _last_monday() -> date:
    """Of the week before this one, where ana is: all of its hours are over."""
    today = datetime.fromtimestamp(now_ms() / 1000, LISBON).date()
    return today - timedelta(days=today.weekday() + 7)


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LISBON)


def _seen(frame: Locator) -> tuple[int, int]:
    """The part of the line that is seen, in milliseconds."""
    return int(frame.get_attribute("data-from") or -1), int(frame.get_attribute("data-to") or -1)


def test_s1_the_spans_of_the_day_appear(sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded) -> None:
    """S1, F22: in the representative's own time zone, with what began and ended them."""
    _works(ana, recorded, "CAS-1001", "CAS-1003")
    records = recorded.records()

    sam = sits_down("sam", "/supervisor")
    sam.clicks("representative-ana")
    sam["day-title"].filter(has_text="Ana Duarte").wait_for()
    until(lambda: sam["timeline-span"].count() > 0, what="spans are on the time line")

    shown = sam["timeline-span"].evaluate_all("spans => spans.map((span) => span.dataset.case)")
    assert set(shown) == {"CAS-1001", "CAS-1003"}
    first = datetime.fromtimestamp(records[0].started / 1000, LISBON)
    label = sam["timeline-span"].first.get_attribute("aria-label") or ""
    assert first.strftime("%H:%M") in label, "in the representative's own time zone"
    assert sam["day-cases"].inner_text() == "2"
    seconds = sum(record.ms for record in records) // 1000
    assert any(f"{total} s" in sam["day-total"].inner_text() for total in (seconds - 1, seconds, seconds + 1))
    sam["timeline-span"].first.focus()
    sam.page.keyboard.press("Enter")
    sam["timeline-chosen"].filter(has_text=f"CAS-1001 · 0:00:{records[0].ms // 1000:02}").wait_for()
    said = sam["timeline-chosen"].inner_text()
    assert first.strftime("%H:%M:%S – ") in said
    assert "Started: session tab selected" in said
    assert "Ended: recorded at the interval, work went on" in said
    assert sam["span-row"].count() == len(shown)


def test_s1_work_that_is_committed_later_appears_by_itself(
    sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded
) -> None:
    """S1, S3: the board says that there is something new."""
    sam = sits_down("sam", "/supervisor?representative=ana")
    sam["day-report"].filter(has_text="Nothing committed yet today").wait_for()

    _works(ana, recorded, "CAS-1001")

    until(lambda: sam["timeline-span"].count() > 0, what="its span is on the time line")


def test_s1_the_time_line_is_zoomed_by_keyboard(sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded) -> None:
    """S1: and moved; on a span the arrow keys go to the next one; the wheel zooms with Ctrl alone."""
    _works(ana, recorded, "CAS-1001", "CAS-1003")
    sam = sits_down("sam", "/supervisor?representative=ana")
    frame = sam["timeline-frame"]
    until(lambda: _seen(frame)[1] > 0, what="the time line is there")

    frame.focus()
    sam.page.keyboard.press("0")
    assert _seen(frame) == (0, DAY_MS)
    for _ in range(4):
        sam.page.keyboard.press("+")
    nearer = _seen(frame)
    assert nearer[1] - nearer[0] == pytest.approx(DAY_MS / 1.5**4, abs=2)
    assert sum(nearer) == pytest.approx(DAY_MS, abs=4)
    sam.page.keyboard.press("ArrowRight")
    later = _seen(frame)
    assert later[0] - nearer[0] == pytest.approx((nearer[1] - nearer[0]) / 4, abs=2)
    sam.page.keyboard.press("Home")
    assert _seen(frame)[0] == 0
    sam.page.keyboard.press("-")
    assert _seen(frame)[1] == pytest.approx(DAY_MS / 1.5**3, abs=2)

    sam["timeline-span"].first.focus()
    sam.page.keyboard.press("End")
    assert sam.page.evaluate("() => document.activeElement.dataset.case") == "CAS-1003"
    sam.page.keyboard.press("ArrowLeft")
    last = sam["timeline-span"].count() - 1
    place = sam.page.evaluate("() => Number(document.activeElement.dataset.place)")
    assert place == last - 1
    sam.clicks("zoom-whole")
    box = frame.bounding_box()
    assert box
    sam.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    sam.page.keyboard.down("Control")
    sam.page.mouse.wheel(0, -300)
    sam.page.keyboard.up("Control")
    until(lambda: _seen(frame)[1] - _seen(frame)[0] < DAY_MS / 2, what="the wheel zooms")
    wheeled = _seen(frame)
    sam.page.mouse.down()
    sam.page.mouse.move(box["x"] + box["width"] / 2 - 100, box["y"] + 40, steps=4)
    sam.page.mouse.up()
    until(lambda: _seen(frame)[0] > wheeled[0], what="the line is dragged")


def test_s1_a_week_with_what_was_entered_by_hand(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    """S1: a lane a day, entries in the same picture, those without a time of day beside it, all of it in tables."""
    monday = _last_monday()
    tuesday = monday + timedelta(days=1)
    _logs(server, "CAS-1001", _at(monday, 10), 30, description="Call back")
    _logs(server, "CAS-1002", _at(monday, 10), 60, "activities", kind="phone call")
    _logs(server, "CAS-1003", _at(tuesday, 9), 5, "activities", kind="task", has_start=False, description="Read it")
    sam = sits_down("sam", f"/supervisor?representative=ana&day={monday}")
    until(lambda: sam["timeline-entry"].count() == 2, what="the entries of the day are on its time line")

    sam.clicks("range-week")
    until(lambda: sam["timeline-lane"].count() == 7, what="a lane for each day")
    assert sam.page.url.endswith(f"/supervisor?representative=ana&day={monday}&range=week")
    lane = sam.page.locator(f"[data-lane='{monday}']")
    cases = lane.get_by_test_id("timeline-entry").evaluate_all("all => all.map((one) => one.dataset.case)")
    assert sorted(cases) == ["CAS-1001", "CAS-1002"]
    tops = lane.get_by_test_id("timeline-entry").evaluate_all("all => all.map((one) => one.offsetTop)")
    assert len(set(tops)) == 2, "of two at once, one lies below the other"
    assert "task · 0:05:00 · Read it" in sam["timeless-entry"].inner_text()
    assert sam["entry-row"].count() == 3
    assert sam["day-manual"].inner_text() == "1 h 35 min"
    lane.get_by_test_id("timeline-entry").filter(has_text="CAS-1001").click()
    sam["timeline-chosen"].filter(has_text="By hand: Time log").filter(has_text="Call back").wait_for()

    exported = sam.page.evaluate(
        "(url) => fetch(url).then((answer) => answer.text())", sam["export-csv"].get_attribute("href")
    )
    assert len(list(csv.reader(exported.splitlines()))) == 4, "a head and three entries"
    sam.clicks(f"lane-{monday}")
    until(lambda: sam["timeline-lane"].count() == 1, what="a day of the week, alone")
    sam.reloads()
    sam["day-title"].filter(has_text="Ana Duarte").wait_for()
    sam.page.go_back()
    until(lambda: sam["timeline-lane"].count() == 7, what="the way back")
    sam.clicks("next-day")
    sam["day-report"].filter(has_text="No time on cases this week.").wait_for()


def test_s1_a_day_with_25_hours_is_as_long_as_it_was(sits_down: Callable[..., Desk], server: DemoServer) -> None:
    """S1: on the day when clocks are set back, nine in the evening is 22 hours after midnight."""
    autumn = date(2025, 10, 26)
    _logs(server, "CAS-1001", _at(autumn, 21), 60)
    sam = sits_down("sam", f"/supervisor?representative=ana&day={autumn}")
    frame = sam["timeline-frame"]
    until(lambda: _seen(frame)[1] > 0, what="the time line is there")
    sam.clicks("zoom-whole")

    assert _seen(frame) == (0, 25 * 3600 * 1000)
    assert sam["timeline-entry"].evaluate("(bar) => parseFloat(bar.style.left)") == pytest.approx(
        22 / 25 * 100, abs=0.01
    )
    assert "25 hours" in sam["day-note"].inner_text()


def test_s1_a_day_that_cannot_be_loaded_comes_by_itself_once_the_server_is_back(
    sits_down: Callable[..., Desk], road: Road
) -> None:
    """S1"""
    sam = sits_down("sam", "/supervisor", over=road.base_url)
    sam["board-line"].filter(has_text="Live").wait_for()
    sam.chromium.expects(*NO_SERVER)
    road.is_blocked()
    sam.clicks("representative-ana")
    sam["day-report"].get_by_test_id("load-notice").wait_for()

    road.flows()

    sam["day-report"].filter(has_text="Nothing committed yet today").wait_for(timeout=NOTICED_S * 1000)
