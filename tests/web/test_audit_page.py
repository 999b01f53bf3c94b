"""The page of the audit log: what it offers, and that it has words for everything that is recorded."""

import html
import re
from pathlib import Path

import pytest

import server.web
from server.settings import TrackingSettings
from tests.conftest import World

ROOT = Path(__file__).resolve().parents[2]
WORDS = (Path(server.web.__file__).parent / "static" / "audit-words.js").read_text()


def _recorded() -> set[str]:
    """Every action that is recorded; the chapter of the security document lists them."""
    chapter = (ROOT / "docs" / "security.md").read_text().partition("\n## Audit log\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`([a-z_]+\.[a-z_]+)`", chapter))


def test_a8_every_action_that_is_recorded_is_documented() -> None:
    """A8"""
    named = "|".join({action.partition(".")[0] for action in _recorded()})
    found = {
        action
        for path in sorted((ROOT / "server").rglob("*.py"))
        for line in path.read_text().splitlines()
        if "security_log" not in line and "render_template" not in line
        for action in re.findall(rf'"((?:{named})\.[a-z_]+)"', line)
    }

    assert found - {"sign_in.html"} == _recorded()


def test_a8_one_can_filter_by_every_action_in_words(world: World) -> None:
    """A8: each has a name of its own, in a group."""
    text = world.client("ada").get("/audit").text
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', text, re.DOTALL)
    offered = dict(re.findall(r'<option value="([^"]+)">([^<]+)</option>', "".join(inside for _, inside in groups)))

    assert set(offered) == _recorded()
    assert len(set(offered.values())) == len(offered)
    assert offered["settings.changed"] == "Settings changed"


@pytest.mark.parametrize("name", ["actor", "action", "subject", "from", "until"])
def test_a8_one_can_filter_by_each_property(world: World, name: str) -> None:
    """A8"""
    text = world.client("ada").get("/audit").text

    assert re.search(rf'<(?:input|select)[^>]* id="filter-{name}" name="{name}"', text)
    assert f'for="filter-{name}"' in text


def test_a8_a_setting_has_the_name_that_the_administration_page_gives_it(world: World) -> None:
    """A8"""
    page = html.unescape(world.client("ada").get("/admin").text)
    table = WORDS.partition("SETTINGS = {")[2].partition("};")[0]
    names = dict(re.findall(r'(\w+): _\("([^"]+)"\)', table))

    assert set(names) == set(TrackingSettings().as_dict())
    for name, label in names.items():
        assert re.search(rf'<label[^>]* for="{name}"[^>]*>{re.escape(label)}</label>', page), name


def test_a8_the_page_says_how_the_log_is_verified_and_is_found_from_administration(world: World) -> None:
    """A8: the bar stays as narrow as it was."""
    client = world.client("ada")
    page = client.get("/audit").text

    assert "<code>caseclock audit verify</code>" in page
    assert 'href="/audit"' in client.get("/admin").text
    assert re.search(r'data-testid="nav-administration" aria-current="true"', page)
    assert 'data-testid="nav-audit"' not in page
