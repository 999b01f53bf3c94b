"""Row F14: the hub shows one form at a time, and counts only where the widget is on it."""

from collections.abc import Callable

import pytest

from e2e.desk import Desk
from e2e.recorded import Recorded

CASE = "CAS-1001"


@pytest.fixture
def ana(sits_down: Callable[..., Desk]) -> Desk:
    return sits_down("ana", "/hub")


def test_f14_a_case_with_the_widget_counts_until_its_form_is_closed(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.clicks("back-to-list", "closes the form")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))


def test_f14_without_the_widget_on_the_form_nothing_counts(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    off = ana.does("takes the widget off the form", lambda: ana["widget-switch"].uncheck())
    ana.stands("no-widget")
    ana.stopwatch.passes(1)
    on = ana.does("puts the widget on the form", lambda: ana["widget-switch"].check())
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.clicks("back-to-list", "closes the form")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, off), ana.worked(CASE, on, closed))


def test_f14_a_reload_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    left = ana.reloads()
    returned = ana.does("sees the case again", lambda: ana.runs(CASE))
    recorded.grows("ana", CASE)
    closed = ana.clicks("back-to-list", "closes the form")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, left), ana.worked(CASE, returned, closed))


def test_f14_another_entity_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    """In the hub a knowledge article takes the place of the case."""
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    left = ana.opens_record("knowledgearticle", "KA-101")
    ana.stands("no-case")
    ana.stopwatch.passes(1)
    back = ana.does("goes back to the case", lambda: ana.page.evaluate("() => history.back()"))
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    other = ana.opens_record("incident", "CAS-1006")
    ana.runs("CAS-1006")
    recorded.grows("ana", "CAS-1006")
    closed = ana.clicks("back-to-list", "closes the form")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, left), ana.worked(CASE, back, other), ana.worked("CAS-1006", other, closed))


def test_f14_another_form_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    away = ana.chooses_form("reading")
    ana.stands("untracked-form")
    ana.stopwatch.passes(1)
    back = ana.chooses_form("main")
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    closed = ana.clicks("back-to-list", "closes the form")
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, away), ana.worked(CASE, back, closed))


def test_f14_another_browser_tab_in_front_stops_the_clock(ana: Desk, recorded: Recorded) -> None:
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    away = ana.does("opens another browser tab", ana.chromium.new_tab)
    ana.stands("hidden")

    recorded.are(ana.worked(CASE, opened, away))
