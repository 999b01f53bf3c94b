"""The page of the reports: what can be chosen there, and that its charts can be told apart."""

import re
from pathlib import Path

import pytest

import server.web
from server.cases.models import ACTIVE, RESOLVED
from server.reports.figures import GROUPS, PERIODS
from tests.conftest import World

STATIC = Path(server.web.__file__).parent / "static"
LIBRARY = "/static/vendor/chartjs/chart.umd.min.js"
LEAST_CONTRAST = 3.0
"""Of what one must see to understand a picture."""


def _options(page: str, name: str) -> list[str]:
    (inside,) = re.findall(rf'<select[^>]* id="choice-{name}".*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"', inside)


def _tokens(sheet: str, selector: str) -> dict[str, str]:
    """The colours that a rule gives."""
    rule = (STATIC / sheet).read_text().partition(f"{selector} {{")[2].partition("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", rule))


def _brightness(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_brightness(one), _brightness(other)))
    return (light + 0.05) / (dark + 0.05)


def test_s2_a6_everything_that_the_api_groups_by_and_filters_by_can_be_chosen(world: World) -> None:
    """S2, A6"""
    page = world.client("sam").get("/reports").text

    assert _options(page, "by") == list(GROUPS)
    assert _options(page, "trend") == ["", *PERIODS]
    assert _options(page, "status") == ["", ACTIVE, RESOLVED]
    for name in ("period", "since", "until", "by", "trend", "team", "representative", "status", "case"):
        assert f'for="choice-{name}"' in page, name


def test_s2_the_days_are_those_of_the_reader(world: World) -> None:
    """S2: a preset such as today means the zone of whoever reads."""
    assert 'id="reports" data-time-zone="UTC"' in world.client("sam").get("/reports").text


def test_s2_every_preset_has_its_days(world: World) -> None:
    """S2"""
    known = re.findall(
        r'^  "?([\w-]+)"?: \(_?today', (STATIC / "reports-choice.js").read_text().partition("PRESETS = {")[2], re.M
    )

    assert _options(world.client("sam").get("/reports").text, "period") == [*known, "own"]


def test_s2_the_library_for_charts_is_loaded_by_this_page_alone_and_before_its_script(world: World) -> None:
    """S2"""
    client = world.client("ada")
    page = client.get("/reports").text

    assert page.index(f'<script src="{LIBRARY}" defer>') < page.index("/static/reports.js")
    assert [path for path in ("/workspace", "/hub", "/supervisor", "/admin") if LIBRARY in client.get(path).text] == []


@pytest.mark.parametrize(
    ("theme", "charts"),
    [('[data-bs-theme="light"]', ".reports"), ('[data-bs-theme="dark"]', '[data-bs-theme="dark"] .reports')],
)
def test_s2_every_colour_of_a_chart_can_be_seen_on_its_ground(theme: str, charts: str) -> None:
    """S2: in light and in dark."""
    surface = _tokens("app.css", theme)["surface"]
    colours = _tokens("reports.css", charts)

    assert set(colours) == {f"chart-{name}" for name in ("automatic", "manual", "average", "median", "p90")}
    assert {name: colour for name, colour in colours.items() if _contrast(colour, surface) < LEAST_CONTRAST} == {}
