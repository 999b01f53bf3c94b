"""The pages of administrators and supervisors: who may open them, and that they know every word they need."""

import re
from pathlib import Path
from typing import get_args

import pytest

import server.web
from server.settings import (
    MAX_IDLE_MINUTES,
    MAX_INTERVAL_MINUTES,
    MAX_RETENTION_MONTHS,
    MIN_INTERVAL_MINUTES,
    TrackingSettings,
)
from server.tracking.events import Cause
from tests.conftest import World

STATIC = Path(server.web.__file__).parent / "static"
REASONS = {"gap", "overlap", "tracking-off", "committed", "interval"}


@pytest.mark.parametrize(
    ("who", "page", "status"),
    [
        ("ada", "/admin", 200),
        ("sam", "/admin", 403),
        ("ana", "/admin", 403),
        ("ada", "/audit", 200),
        ("sam", "/audit", 403),
        ("ana", "/audit", 403),
        ("ada", "/supervisor", 200),
        ("sam", "/supervisor", 200),
        ("ana", "/supervisor", 403),
        ("ada", "/reports", 200),
        ("sam", "/reports", 200),
        ("ana", "/reports", 403),
    ],
)
def test_a_page_opens_for_its_roles_alone(world: World, who: str, page: str, status: int) -> None:
    assert world.client(who).get(page).status_code == status


@pytest.mark.parametrize("page", ["/admin", "/audit", "/supervisor", "/reports"])
def test_who_is_not_signed_in_is_asked_to(world: World, page: str) -> None:
    answer = world.client().get(page)

    assert answer.status_code == 302
    assert "/sign-in" in answer.location


def test_a1_a2_a3_a4_the_page_offers_every_setting(world: World) -> None:
    """A1, A2, A3, A4: each setting has a field, and a sentence that explains it."""
    text = world.client("ada").get("/admin").text

    for name in TrackingSettings().as_dict():
        field = re.search(rf'<input[^>]* name="{name}"[^>]*>', text)
        assert field, name
        for help_id in re.search(r'aria-describedby="([^"]+)"', field[0])[1].split():
            assert f'id="{help_id}"' in text


@pytest.mark.parametrize(
    ("name", "least", "most", "unit"),
    [
        ("update_interval_minutes", MIN_INTERVAL_MINUTES, MAX_INTERVAL_MINUTES, "minutes"),
        ("idle_after_minutes", 0, MAX_IDLE_MINUTES, "minutes"),
        ("retention_months", 0, MAX_RETENTION_MONTHS, "months"),
    ],
)
def test_f16_f21_a7_a_number_has_the_bounds_of_the_server_and_its_unit(
    world: World, name: str, least: int, most: int, unit: str
) -> None:
    """F16, F21, A7"""
    text = world.client("ada").get("/admin").text

    assert f'id="{name}" name="{name}" min="{least}" max="{most}"' in text
    assert f'id="{name}-unit">{unit}</span>' in text


def test_every_setting_stands_in_a_group_that_is_explained(world: World) -> None:
    text = world.client("ada").get("/admin").text
    groups = text.split('<div class="setting-group" role="group" aria-labelledby="')[1:]
    settings = [re.findall(r'data-setting="(\w+)"', group) for group in groups]

    assert sorted(name for group in settings for name in group) == sorted(TrackingSettings().as_dict())
    assert all(settings)
    for group in groups:
        assert re.match(r'([a-z-]+)"[^§]*?<h3 id="\1">[^<]+</h3>\s*<p class="setting-help">[^<]+</p>', group)


def test_a5_whoever_deletes_records_is_warned(world: World) -> None:
    """A5: on both ways to delete them."""
    text = world.client("ada").get("/admin").text

    assert text.count("Reports that are built on records lose them. Totals on the widget stay.") == 2


def test_a5_s1_every_cause_has_words() -> None:
    """A5, S1: what started and ended a record is said in words, whichever cause the wire or the server names."""
    text = (STATIC / "supervisor-causes.js").read_text()
    said = set(re.findall(r'^  "?([a-z-]+)"?: \{ started: _\("[^"]+"\), ended: _\("[^"]+"\) \},$', text, re.MULTILINE))

    assert said == {*get_args(Cause), *REASONS}


@pytest.mark.parametrize("page", ["/admin", "/audit", "/supervisor", "/reports"])
def test_a_page_holds_no_script_and_no_style_of_its_own(world: World, page: str) -> None:
    """So that the content security policy needs no exception for it."""
    text = world.client("ada").get(page).text

    assert not re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", text)


@pytest.mark.parametrize("page", ["/admin", "/audit", "/supervisor", "/reports"])
def test_each_interactive_thing_has_its_label_and_a_name_for_tests(world: World, page: str) -> None:
    text = world.client("ada").get(page).text
    main = text[text.index("<main") : text.index("</main>")]

    for tag in re.findall(r"<(?:button|input|select)\b[^>]*>", main):
        assert "data-testid=" in tag
        if not tag.startswith("<button"):
            assert _is_labelled(tag, main), tag


def _is_labelled(tag: str, text: str) -> bool:
    found = re.search(r' id="([^"]+)"', tag)
    return found is not None and f'for="{found[1]}"' in text
