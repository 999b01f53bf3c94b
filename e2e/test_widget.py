"""Rows W1 to W10: the handling-time widget in the pages of the demo, in a real browser."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.waiting import until

CASE = "CAS-1001"


def logs(server: DemoServer, who: str, seconds: int, kind: str = "time-logs") -> None:
    """Somebody logs time by hand."""
    body = {"duration_seconds": seconds, "description": "On the phone.", "worked_at": "2026-01-15T09:00:00Z"}
    if kind == "activities":
        body["kind"] = "phone call"
    server.asks(who, "POST", f"/api/v1/cases/{CASE}/{kind}", body)


def works(desk: Desk, recorded: Recorded, ref: str = CASE) -> None:
    """Somebody works on a case for a second or two and leaves it; that is committed."""
    desk.opens(ref)
    desk.runs(ref)
    recorded.grows(desk.who, ref, seconds=1.2)
    desk.closes(ref)
    desk.stands("no-case")
    recorded.commit()


def is_up_to_date(desk: Desk, recorded: Recorded) -> None:
    """What the widget shows is what the API answers."""
    parts = {
        "total": "total_seconds",
        "automatic": "automatic_seconds",
        "manual": "manual_seconds",
        "time-log": "time_log_seconds",
        "activity": "activity_seconds",
    }

    def same() -> bool:
        answer = recorded.handling_time(CASE)
        return {part: desk.seconds(part) for part in parts} == {part: answer[name] for part, name in parts.items()}

    until(same, what="the widget shows what the API answers")


def test_w1_w2_w10_the_widget_shows_the_total_of_everybody_as_it_changes(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    works(ana, recorded)
    ana.opens(CASE)
    is_up_to_date(ana, recorded)

    logs(server, "ben", 600)
    ana.shows("time-log", 600)
    logs(server, "sam", 60, "activities")
    ana.shows("activity", 60)

    is_up_to_date(ana, recorded)
    assert (ana.seconds("total") or 0) >= 661
    assert ana.seconds("manual") == 660
    people = ana["people"].locator("li").all_inner_texts()
    assert [name in person for name, person in zip(("Ben", "Sam", "Ana"), people, strict=True)] == [True] * 3
    assert "you" in people[2]


def test_w3_my_time_ticks_and_never_falls_back(ana: Desk, ben: Desk, server: DemoServer, recorded: Recorded) -> None:
    """It is one's own time only, and runs on over commits."""
    works(ben, recorded)
    logs(server, "ben", 3600)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.shows("total", recorded.handling_time(CASE)["total_seconds"])
    ana["my-time"].check()
    until(lambda: (ana.seconds("total") or 9999) < 60, what="only own time is shown")
    ana.page.evaluate(
        """() => {
            const total = document.querySelector("handling-time").shadowRoot.querySelector("[data-testid=total]");
            globalThis.ticks = [];
            const note = () => ticks.push([Date.now(), Number(total.dataset.seconds), total.textContent]);
            new MutationObserver(note).observe(total, { attributes: true, attributeFilter: ["data-seconds"] });
        }"""
    )

    def ticked() -> bool:
        recorded.handling_time(CASE, refresh=True)
        return ana.page.evaluate("() => ticks.length") >= 4

    until(ticked, poll_s=0.3, what="it has ticked through a few commits")
    ticks = ana.page.evaluate("() => ticks")
    shown = [seconds for _, seconds, _ in ticks]
    assert len(recorded.records()) >= 3
    assert shown == sorted(shown), "it never falls back"
    assert all(after - before == 1 for before, after in pairwise(shown)), "it leaves no second out"
    assert all(abs(opened.after + seconds * 1000 - at) < 2000 for at, seconds, _ in ticks), "it tells the time"
    assert all(text == f"0:00:{seconds:02}" for _, seconds, text in ticks)
    assert ana["total"].get_attribute("role") == "timer"
    assert ana["total"].get_attribute("aria-live") == "off"

    ana.chromium.new_tab()
    ana.stands("hidden")
    ana.comes_to_the_front()
    ana["my-time"].uncheck()
    until(lambda: (ana.seconds("total") or 0) >= 3600, what="everybody's time is shown again")


def test_w3_without_leave_there_is_no_toggle(ana: Desk, server: DemoServer) -> None:
    ana.opens(CASE)
    ana["my-time"].wait_for()
    server.sets(allow_my_time=False)
    ana["my-time"].wait_for(state="hidden")


def test_w4_refresh_in_the_workspace_brings_the_totals_up_to_date(ana: Desk, recorded: Recorded) -> None:
    ana.opens(CASE)
    ana.runs(CASE)
    ana.shows("total", 0)
    ana.stopwatch.passes(2)
    ana.clicks("refresh")
    ana["result"].filter(has_text="Up to date").wait_for()

    assert 2 <= (ana.seconds("total") or 0) <= 10
    assert recorded.records() == [], "in the workspace a refresh writes nothing"
    assert "just now" in ana["updated"].inner_text()


def test_w4_w6_refresh_in_the_hub_commits_and_brings_the_history_up_to_date(
    sits_down: Callable[..., Desk], server: DemoServer, recorded: Recorded
) -> None:
    logs(server, "ben", 600)
    logs(server, "ben", 60, "activities")
    ana = sits_down("ana", "/hub")
    ana.opens(CASE)
    ana.runs(CASE)
    ana["history"].locator("summary").click()
    ana["history-time-logs"].filter(has_text="Ben Okafor").wait_for()
    assert "0:10:00" in ana["history-time-logs"].inner_text()
    assert "0:01:00" in ana["history-activities"].inner_text()
    ana.stopwatch.passes(2)

    ana.clicks("refresh")
    ana["history-automatic"].filter(has_text="Ana Duarte").wait_for()

    assert recorded.ms("ana", CASE) >= 2000
    is_up_to_date(ana, recorded)


def test_w5_a_time_log_is_added_after_a_mistake(ana: Desk, server: DemoServer, recorded: Recorded) -> None:
    ana.opens(CASE)
    ana.runs(CASE)
    ana.clicks("add")
    ana["log-duration"].fill("half an hour")
    ana["log-description"].fill("Called the carrier.")
    ana.clicks("log-save")
    problem = ana["log-problem"]
    problem.wait_for()
    assert "1:30" in problem.inner_text(), "it says how a duration is written"
    assert ana["log-duration"].get_attribute("aria-invalid") == "true"
    ana["log-duration"].fill("30m")
    ana.clicks("log-save")
    ana["add-form"].wait_for(state="hidden")

    ana.shows("time-log", 1800)
    (log,) = server.asks("ana", "GET", f"/api/v1/cases/{CASE}/time-logs")["items"]
    assert (log["duration_seconds"], log["description"], log["representative"]) == (1800, "Called the carrier.", "ana")
    ana.runs(CASE)
    is_up_to_date(ana, recorded)


def test_w5_where_it_is_not_allowed_nothing_can_be_added(ana: Desk, server: DemoServer) -> None:
    ana.opens(CASE)
    ana["add"].wait_for()
    server.sets(allow_time_logs=False)
    ana["add"].wait_for(state="hidden")


def test_w7_representatives_may_be_shown_their_own_time_only(
    ana: Desk, ben: Desk, server: DemoServer, recorded: Recorded
) -> None:
    works(ana, recorded)
    works(ben, recorded)
    logs(server, "ben", 3600)
    ana.opens(CASE)
    until(lambda: (ana.seconds("total") or 0) > 3600, what="everybody's time is shown")

    server.sets(show_only_own_time=True)

    own = recorded.handling_time(CASE, query="?mine=true", who="ana")["total_seconds"]
    ana.shows("total", own)
    assert own < 60
    ana["my-time"].wait_for(state="hidden")
    assert ana["people"].locator("li").count() == 0
    sam = server.asks("sam", "GET", f"/api/v1/cases/{CASE}/handling-time")
    assert sam["total_seconds"] > 3600, "supervisors see everything"


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 900, "height": 600}], ids=["wide", "small"])
def test_w8_the_widget_sits_at_the_bottom_right_of_the_case_form(
    sits_down: Callable[..., Desk], size: dict[str, int]
) -> None:
    ana = sits_down("ana")
    ana.page.set_viewport_size(size)
    ana.opens(CASE)
    ana.runs(CASE)
    widget = ana.page.locator("handling-time")

    def in_its_corner() -> bool:
        box, form = widget.bounding_box(), ana["case-form"].bounding_box()
        if not box or not form:
            return False
        right = min(form["x"] + form["width"], size["width"])
        bottom = min(form["y"] + form["height"], size["height"])
        return 0 <= right - (box["x"] + box["width"]) <= 40 and 0 <= bottom - (box["y"] + box["height"]) <= 90

    until(in_its_corner, what="the widget is at the bottom right of the form")
    ana.page.mouse.move(400, 400)
    ana.page.mouse.wheel(0, 300)
    until(in_its_corner, what="it stays there when the form is scrolled")


def test_w9_the_resolve_dialog_shows_the_same_total_as_the_widget(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    logs(server, "ben", 600)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.stopwatch.passes(2)
    ana.clicks("case-resolve")
    until(lambda: (ana.seconds("resolve-total") or 0) >= 602, what="the dialog shows what was worked until now")
    until(lambda: ana.seconds("total") == ana.seconds("resolve-total"), what="widget and dialog show the same")
    logs(server, "ben", 60)
    until(lambda: (ana.seconds("resolve-total") or 0) >= 662, what="the dialog follows")
    until(lambda: ana.seconds("total") == ana.seconds("resolve-total"), what="widget and dialog show the same")
    resolved = ana.clicks("resolve-confirm", "resolves the case")
    ana["resolved-notice"].wait_for()

    recorded.are(ana.worked(CASE, opened, resolved))
    is_up_to_date(ana, recorded)
    assert "Resolved" in ana["state"].inner_text()


def test_f22_the_widget_says_why_the_clock_stands(ana: Desk) -> None:
    ana.opens(CASE)
    ana["state"].filter(has_text="Running").wait_for()
    ana.chooses_form("reading")
    ana["state"].filter(has_text="this form is not tracked").wait_for()
    ana.chooses_form("main")
    ana["state"].filter(has_text="Running").wait_for()
    ana.opens_record("incident", "CAS-1006")
    ana.runs("CAS-1006")
    ana["state"].filter(has_text="Running").wait_for()
