"""Rows W6 and W11: the history of a case in the widget, where people change what is theirs and see the rest."""

from playwright.sync_api import Locator

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.waiting import until

CASE = "CAS-1001"


def works(desk: Desk, recorded: Recorded) -> None:
    """Somebody works on the case for a second or two, and it is committed."""
    desk.opens(CASE)
    desk.runs(CASE)
    recorded.grows(desk.who, CASE, seconds=1.2)
    recorded.commit()


def opens_the_history(desk: Desk) -> None:
    desk["history"].locator("> summary").click()
    desk["history-activities"].wait_for(state="attached")


def row(desk: Desk, part: str, text: str) -> Locator:
    """The row of one part of the history in which that text stands."""
    return desk[f"history-{part}"].locator("> li").filter(has_text=text)


def is_focused(desk: Desk, testid: str) -> None:
    until(lambda: desk.focused() == testid, what=f"the focus is on {testid}", poll_s=0.05)


def entries(server: DemoServer, kind: str) -> list[dict]:
    return server.asks("ada", "GET", f"/api/v1/cases/{CASE}/{kind}")["items"]


def test_w6_ana_corrects_her_time_and_ben_sees_who_did_it_and_why_without_a_control(
    ana: Desk, ben: Desk, recorded: Recorded
) -> None:
    keyboard = ana.page.keyboard
    works(ana, recorded)
    ben.opens(CASE)
    for desk in (ana, ben):
        opens_the_history(desk)
    own, seen = row(ana, "automatic", "Ana Duarte"), row(ben, "automatic", "Ana Duarte")
    seen.wait_for()
    assert own.get_by_test_id("delete").count() == 0, "automatic time is not deleted"

    own.get_by_test_id("edit").click()
    is_focused(ana, "log-duration")
    keyboard.press("Escape")
    is_focused(ana, "edit")
    keyboard.press("Enter")
    is_focused(ana, "log-duration")
    assert ana["log-duration"].input_value().startswith("0:00:0"), "what it is now stands in the form"
    keyboard.type("1.5h")
    assert "1:30:00" in ana["log-understood"].inner_text()
    keyboard.press("Enter")
    ana["log-problem"].filter(has_text="Say why").wait_for()
    is_focused(ana, "log-reason")
    keyboard.type("The call was on paper.")
    keyboard.press("Enter")

    ana["edit-form"].wait_for(state="detached")
    is_focused(ana, "edit")
    for desk, one in ((ana, own), (ben, seen)):
        desk.shows("total", 5400)
        one.filter(has_text="corrected by Ana Duarte: The call was on paper.").wait_for()
        assert "1:30:00" in one.inner_text()
        assert "measured 0:00:0" in one.inner_text()
    is_focused(ana, "edit")
    assert seen.get_by_role("button").count() == 0, "it is not his to change"
    seen.get_by_test_id("corrections").locator("summary").click()
    seen.get_by_test_id("corrections").filter(has_text="→ 1:30:00 · The call was on paper.").wait_for()
    assert recorded.ms("ana", CASE) < 60_000, "what was measured stays"


def test_w6_an_activity_is_added_edited_and_deleted_where_it_stands(ana: Desk, ben: Desk, server: DemoServer) -> None:
    server.asks("ana", "POST", f"/api/v1/cases/{CASE}/activities", {"duration_seconds": 60, "subject": "Earlier"})
    keyboard = ana.page.keyboard
    for desk in (ana, ben):
        desk.opens(CASE)
        opens_the_history(desk)
    ana.clicks("add")
    ana["log-subject"].wait_for(state="hidden")
    ana["log-kind"].select_option("phone call")
    ana["log-date"].fill("2026-01-15")
    ana["log-start"].fill("09:30")
    ana["log-duration"].fill("20m")
    ana["log-subject"].fill("The carrier")
    ana["log-subject"].press("Enter")
    ana["add-form"].wait_for(state="detached")
    is_focused(ana, "add")

    ana.shows("activity", 1260)
    _, added = entries(server, "activities")
    began = ana.page.evaluate("(at) => new Date(at).toTimeString().slice(0, 5)", added["worked_at"])
    assert (added["kind"], added["subject"], added["has_start"], began) == ("phone call", "The carrier", True, "09:30")
    own, seen = row(ana, "activities", "phone call · The carrier"), row(ben, "activities", "phone call · The carrier")
    seen.wait_for()
    assert seen.get_by_role("button").count() == 0

    own.get_by_test_id("edit").click()
    assert [ana[part].input_value() for part in ("log-kind", "log-start", "log-duration")] == [
        "phone call",
        "09:30",
        "0:20:00",
    ]
    ana["log-start"].fill("")
    ana["log-duration"].fill("soon")
    ana.clicks("log-save")
    ana["log-problem"].filter(has_text="Not understood").wait_for()
    ana["log-duration"].fill("30m")
    ana["log-duration"].press("Enter")
    is_focused(ana, "edit")
    ben.shows("activity", 1860)
    _, edited = entries(server, "activities")
    assert (edited["has_start"], edited["duration_seconds"], edited["subject"]) == (False, 1800, "The carrier")

    row(ana, "activities", "0:30:00").get_by_test_id("delete").click()
    is_focused(ana, "delete-no")
    keyboard.press("Escape")
    is_focused(ana, "delete")
    keyboard.press("Enter")
    ana.clicks("delete-yes")
    own.wait_for(state="detached")
    seen.wait_for(state="detached")
    is_focused(ana, "edit")
    ben.shows("activity", 60)
    row(ana, "activities", "Earlier").get_by_test_id("delete").click()
    ana.clicks("delete-yes")
    ana.shows("activity", 0)
    is_focused(ana, "SUMMARY")
    ana["result"].filter(has_text="Deleted.").wait_for()
    assert entries(server, "activities") == []


def test_w11_logged_time_that_was_tracked_too_is_marked_and_what_is_left_out_is_said(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    works(ana, recorded)
    opens_the_history(ana)
    ana.clicks("add")
    date, time = ana.page.evaluate(
        """() => {
            const at = new Date(Date.now() - 120_000), two = (n) => String(n).padStart(2, "0");
            const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
            return [date, `${two(at.getHours())}:${two(at.getMinutes())}`];
        }"""
    )
    ana["log-date"].fill(date)
    ana["log-start"].fill(time)
    ana["log-duration"].fill("10m")
    ana.clicks("log-save")
    log = row(ana, "time-logs", "of it was tracked automatically too")
    log.wait_for()
    assert "left out" not in log.inner_text()
    assert not ana["overlap"].is_visible()
    assert ana.seconds("manual") == 600

    server.sets(count_overlap_once=True)
    ana.clicks("refresh")

    log.filter(has_text="and is left out").wait_for()
    ana["overlap"].filter(has_text="is left out of the time by hand").wait_for()
    (entry,) = entries(server, "time-logs")
    assert entry["overlap_seconds"] > 0
    until(lambda: 0 < (ana.seconds("manual") or 0) < 600, what="it counts once")
