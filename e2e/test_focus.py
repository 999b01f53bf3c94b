"""Rows F1 to F6, F8 and F10 to F13 in the workspace: whose clock runs while the page is in front."""

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.waiting import until


def test_f1_a_case_in_front_counts_from_its_opening_to_its_closing(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001", seconds=1.5)

    closed = ana.closes("CAS-1001")
    ana.stands("no-case")

    recorded.are(ana.worked("CAS-1001", opened, closed))


def test_f2_a_related_record_in_an_app_tab_leaves_the_clock_with_the_case(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    for entity, key in (("knowledgearticle", "KA-101"), ("contact", "Northwind Traders")):
        ana.opens_record(entity, key)
        ana.runs("CAS-1001")
        recorded.grows("ana", "CAS-1001")
        ana.selects_app_tab("form")
        ana.runs("CAS-1001")
    ana.closes_app_tab("knowledgearticle-KA-101")

    closed = ana.closes("CAS-1001")
    ana.stands("no-case")

    recorded.are(ana.worked("CAS-1001", opened, closed))


def test_f3_another_case_in_an_app_tab_takes_the_clock_at_the_same_instant(ana: Desk, recorded: Recorded) -> None:
    """A child, a similar and a related case."""
    moments = [ana.opens("CAS-1001")]
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")
    cases = ["CAS-1001"]
    for other in ("CAS-1006", "CAS-1007", "CAS-1002"):
        moments.append(ana.opens_record("incident", other))
        ana.runs(other)
        recorded.grows("ana", other)
        moments.append(ana.selects_app_tab("form"))
        ana.runs("CAS-1001")
        recorded.grows("ana", "CAS-1001", seconds=0.5)
        cases += [other, "CAS-1001"]
    moments.append(ana.closes("CAS-1001"))
    ana.stands("no-case")

    spans = recorded.are(*map(ana.worked, cases, moments, moments[1:]))

    assert [span.ended for span in spans[:-1]] == [span.started for span in spans[1:]]


def test_f4_closing_the_app_tab_of_a_case_stops_its_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens("CAS-1001")
    child = ana.opens_record("incident", "CAS-1006")
    ana.runs("CAS-1006")
    recorded.grows("ana", "CAS-1006")

    child_closed = ana.closes_app_tab("incident-CAS-1006")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")
    closed = ana.closes("CAS-1001")
    ana.stands("no-case")

    recorded.are(
        ana.worked("CAS-1001", opened, child),
        ana.worked("CAS-1006", child, child_closed),
        ana.worked("CAS-1001", child_closed, closed),
    )


def test_f5_selecting_another_session_moves_the_clock_at_the_same_instant(ana: Desk, recorded: Recorded) -> None:
    first = ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")
    second = ana.opens("CAS-1003")
    ana.runs("CAS-1003")
    recorded.grows("ana", "CAS-1003")
    back = ana.selects("CAS-1001")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")

    closed_behind = ana.closes("CAS-1003")
    closed = ana.closes("CAS-1001")
    ana.stands("no-case")

    assert closed_behind.after <= closed.before
    spans = recorded.are(
        ana.worked("CAS-1001", first, second),
        ana.worked("CAS-1003", second, back),
        ana.worked("CAS-1001", back, closed),
    )
    assert [span.ended for span in spans[:-1]] == [span.started for span in spans[1:]]


def test_f6_resolving_a_case_stops_its_clock_for_everyone(ana: Desk, ben: Desk, recorded: Recorded) -> None:
    ana_opened = ana.opens("CAS-1001")
    ben_opened = ben.opens("CAS-1001")
    ana.runs("CAS-1001")
    ben.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")
    recorded.grows("ben", "CAS-1001")

    resolved = ana.resolves()

    ana["resolved-notice"].wait_for()
    ben["resolved-notice"].wait_for()
    one, other = recorded.are(
        ana.worked("CAS-1001", ana_opened, resolved), ben.worked("CAS-1001", ben_opened, resolved)
    )
    assert one.ended == other.ended, "one instant, for everyone"


def test_f6_a_resolved_case_starts_no_clock_and_shows_what_was_recorded(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    opened = ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001", seconds=1.2)
    closed = ana.closes("CAS-1001")
    ana.stands("no-case")
    recorded.are(ana.worked("CAS-1001", opened, closed))
    server.asks("ada", "PUT", "/api/v1/cases/CAS-1001/resolution", {"note": "Done."})

    ana.goes_to("/workspace?case=CAS-1001")
    ana["resolved-notice"].wait_for()
    ana.stopwatch.passes(1)

    recorded.are(ana.worked("CAS-1001", opened, closed))
    total = recorded.handling_time("CAS-1001")["total_seconds"]
    assert total >= 1
    ana.shows("total", total)


def test_f8_a_form_that_is_not_tracked_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")
    away = ana.chooses_form("reading")
    ana.stands("untracked-form")
    ana.stopwatch.passes(1)
    back = ana.chooses_form("main")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001")
    closed = ana.closes("CAS-1001")
    ana.stands("no-case")

    recorded.are(ana.worked("CAS-1001", opened, away), ana.worked("CAS-1001", back, closed))


def test_f10_a_dialog_over_the_form_lets_the_clock_go_on(ana: Desk, recorded: Recorded) -> None:
    """Queue item details, and the resolve dialog when it is left again."""
    opened = ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    for command, dialog in (("queue-item-details", "queue-item-dialog"), ("case-resolve", "resolve-dialog")):
        ana.clicks(command)
        ana[dialog].wait_for()
        ana.runs("CAS-1001")
        recorded.grows("ana", "CAS-1001")
        ana.clicks("dialog-cancel")
        ana[dialog].wait_for(state="detached")
        ana.runs("CAS-1001")

    closed = ana.closes("CAS-1001")
    ana.stands("no-case")

    recorded.are(ana.worked("CAS-1001", opened, closed))


def test_f11_cases_flicked_through_in_the_inbox_are_not_tracked(ana: Desk, recorded: Recorded) -> None:
    ana.clicks("open-inbox")
    ana.stands("inbox")
    for ref in ("CAS-1003", "CAS-1004"):
        ana.clicks(f"inbox-item-{ref}")
        ana.stands("inbox")
        ana.stopwatch.passes(0.7)

    recorded.are()


def test_f11_the_setting_tracks_cases_in_the_inbox(ana: Desk, server: DemoServer, recorded: Recorded) -> None:
    ana.clicks("open-inbox")
    ana.clicks("inbox-item-CAS-1003")
    ana.stands("inbox")
    on = ana.does("the administrator lets the inbox be tracked", lambda: server.sets(track_inbox=True))
    ana.runs("CAS-1003")
    recorded.grows("ana", "CAS-1003")
    other = ana.clicks("inbox-item-CAS-1004")
    ana.runs("CAS-1004")
    recorded.grows("ana", "CAS-1004")
    off = ana.does("the administrator forbids it again", lambda: server.sets(track_inbox=False))
    ana.stands("inbox")

    recorded.are(ana.worked("CAS-1003", on, other), ana.worked("CAS-1004", other, off))


def test_f12_a_new_case_counts_from_its_first_save(ana: Desk, recorded: Recorded) -> None:
    """Totals show 0 s until the first interval, *My time* ticks at once, *Refresh* brings the totals up to date."""
    ana.clicks("new-case")
    ana["new-case-title"].fill("Keyboard types everything twice")
    ana.stands("no-case")
    ana.stopwatch.passes(1)
    saved = ana.clicks("new-case-save", "saves the new case")
    ana["case-heading"].wait_for()
    ref = ana["case-form"].get_attribute("data-ref")
    assert ref
    ana.runs(ref)

    ana.shows("total", 0)
    ana["my-time"].check()
    until(lambda: (ana.seconds("total") or 0) >= 2, what="my time ticks")
    ana["my-time"].uncheck()
    assert recorded.records() == [], "nothing is in the database before the first interval"
    ana.shows("total", 0)
    ana.clicks("refresh")
    ana["result"].filter(has_text="Up to date").wait_for()
    assert (ana.seconds("total") or 0) >= 2
    closed = ana.closes(ref)
    ana.stands("no-case")

    recorded.are(ana.worked(ref, saved, closed))


def test_f13_a_case_is_tracked_in_the_workspace_without_a_widget(ana: Desk, recorded: Recorded) -> None:
    first = ana.opens("CAS-1001")
    ana["widget-switch"].uncheck()
    ana.page.locator("handling-time").wait_for(state="detached")
    opened = ana.opens("CAS-1003")
    ana.runs("CAS-1003")
    ana["case-form"].wait_for()
    assert ana.page.locator("handling-time").count() == 0
    recorded.grows("ana", "CAS-1003")
    closed = ana.closes("CAS-1003")
    ana.runs("CAS-1001")
    last = ana.closes("CAS-1001")
    ana.stands("no-case")

    recorded.are(
        ana.worked("CAS-1001", first, opened),
        ana.worked("CAS-1003", opened, closed),
        ana.worked("CAS-1001", closed, last),
    )
