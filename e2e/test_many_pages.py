"""Row F18: one representative at several pages, windows and devices. Never more time than the wall clock."""

from collections.abc import Callable, Iterator

import pytest

from e2e.desk import Desk
from e2e.recorded import Recorded, overlaps
from e2e.screen import Screen

CASE, OTHER = "CAS-1001", "CAS-1003"


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as running:
        yield running


def test_f18_of_two_devices_the_latest_focus_wins(sits_down: Callable[..., Desk], recorded: Recorded) -> None:
    """Both hold a case in front; when the later one lets go, the earlier one that still holds goes on."""
    desk, laptop = sits_down("ana", at="desk"), sits_down("ana", at="laptop")
    at_desk = desk.opens(CASE)
    desk.runs(CASE)
    recorded.grows("ana", CASE)
    at_laptop = laptop.opens(OTHER)
    laptop.runs(OTHER)
    laptop.stopwatch.passes(1)
    laptop_closed = laptop.closes(OTHER)
    laptop.stands("no-case")
    recorded.grows("ana", CASE)
    desk_closed = desk.closes(CASE)
    desk.stands("no-case")

    spans = recorded.are(
        desk.worked(CASE, at_desk, at_laptop),
        laptop.worked(OTHER, at_laptop, laptop_closed),
        desk.worked(CASE, laptop_closed, desk_closed),
    )
    assert overlaps(recorded.records()) == []
    assert [span.ended for span in spans[:-1]] == [span.started for span in spans[1:]], "nothing is lost in between"


def test_f18_two_devices_on_one_case_count_it_once(sits_down: Callable[..., Desk], recorded: Recorded) -> None:
    desk, laptop = sits_down("ana", at="desk"), sits_down("ana", at="laptop")
    opened = desk.opens(CASE)
    desk.runs(CASE)
    laptop.opens(CASE)
    laptop.runs(CASE)
    recorded.grows("ana", CASE, seconds=2)
    laptop.closes(CASE)
    laptop.stands("no-case")
    closed = desk.closes(CASE)
    desk.stands("no-case")

    recorded.are(desk.worked(CASE, opened, closed))
    assert overlaps(recorded.records()) == []


def test_f18_of_two_windows_only_the_one_in_front_counts(
    sits_down: Callable[..., Desk], screen: Screen, recorded: Recorded
) -> None:
    ana = sits_down("ana", display=screen.name)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    windows = []
    left = ana.does("turns to a new window", lambda: windows.append(ana.chromium.new_window()))
    ana.stands("unfocused")
    window = ana.at(windows[0])
    window.page.goto(ana.base_url + "/workspace")
    other = window.opens(OTHER)
    window.runs(OTHER)
    recorded.grows("ana", OTHER)
    back = ana.comes_to_the_front()
    ana.runs(CASE)
    window.stands("unfocused")
    recorded.grows("ana", CASE)
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, left), window.worked(OTHER, other, back), ana.worked(CASE, back, closed))
    assert overlaps(recorded.records()) == []
