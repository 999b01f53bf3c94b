"""The manual is held to the product: its pictures, its links, the names of the settings."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from server.settings import TrackingSettings
from tests.conftest import World

ROOT = Path(__file__).resolve().parents[1]
MANUAL = ROOT / "docs" / "manual"
IMAGES = ROOT / "docs" / "images"
CHAPTERS = ("representatives.md", "supervisors.md", "administrators.md", "integrators.md")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MOST_BYTES = 150_000

_LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def _links(document: Path) -> Iterator[str]:
    """What a document links to and shows, beside other hosts."""
    for named, shown in _LINK.findall(_CODE.sub("", document.read_text())):
        if not re.match(r"[a-z]+:", named or shown):
            yield named or shown


def _anchors(document: Path) -> set[str]:
    """The names of the headings of a document, as the pages of a repository have them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _pictures(documents: list[Path]) -> set[Path]:
    return {(one.parent / link).resolve() for one in documents for link in _links(one) if link.endswith(".png")}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """Also to the heading that it names."""
    lost = []
    for link in _links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


def test_every_picture_is_shown_somewhere_and_small() -> None:
    """None is left over, and none weighs more than a page should load for it."""
    there = {path.resolve() for path in IMAGES.iterdir()}

    assert len(_pictures([MANUAL / name for name in CHAPTERS])) > 15
    assert there == _pictures(DOCUMENTS)
    assert [path.name for path in there if path.stat().st_size > MOST_BYTES] == []


def test_every_picture_says_in_words_what_it_shows() -> None:
    for document in DOCUMENTS:
        text = document.read_text()
        assert re.findall(r"!\[\s*\]\(|<img (?![^>]*alt=\"[^\"]+\")", text) == [], document.name


def test_the_manual_has_a_chapter_for_everybody() -> None:
    linked = set(_links(MANUAL / "README.md"))

    assert set(CHAPTERS) <= linked
    assert {path.name for path in MANUAL.iterdir()} == {*CHAPTERS, "README.md"}
    assert "docs/manual/README.md" in set(_links(ROOT / "README.md"))


def test_every_setting_is_described_by_the_words_on_the_page(world: World) -> None:
    """Each has a row of its own, under the name that the administration page gives it."""
    page = world.client("ada").get("/admin").get_data(as_text=True)
    labels = dict(re.findall(r'<label[^>]* for="(\w+)"[^>]*>([^<]+)</label>', page))
    rows = set(re.findall(r"^\| \*\*(.+?)\*\* \|", (MANUAL / "administrators.md").read_text(), re.MULTILINE))

    assert {labels[field.name] for field in fields(TrackingSettings)} == rows
