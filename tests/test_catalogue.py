"""The catalogue of texts: whole, translated, compiled; and no text that people read stands beside it."""

import ast
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message

from server.i18n import ENGLISH, LANGUAGES, _, current_language, ngettext, said_here
from server.i18n import Message as Formatted
from tests.conftest import World
from tools import messages

ROOT = Path(__file__).resolve().parents[1]
TRANSLATED = messages.translated_languages()
TRIES = (
    "Too many tries. Wait %(number)s second, then try again.",
    "Too many tries. Wait %(number)s seconds, then try again.",
)
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")

_SAY_PROBLEMS = {"Problem", "NotFound", "Conflict", "Invalid", "Forbidden", "Unauthorized", "ValidationError"}
_SAY_PROBLEMS_OF_WERKZEUG = {"UnsupportedMediaType", "TooManyRequests"}
_SPEAK_ENGLISH = ("server/cli.py", "server/tracking/")
"""The command line, and what a server and its agents tell each other."""


def _catalogue(tag: str) -> Catalog:
    return messages.read(messages.catalogue_path(tag))


def _texts(catalogue: Catalog) -> dict[Any, Message]:
    return {message.id: message for message in catalogue if message.id}


def _forms(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_every_text_of_the_sources_is_in_the_catalogue_and_no_other() -> None:
    """`make messages` finds nothing new."""
    found = set(_texts(messages.extracted()))

    assert len(found) > 300
    assert set(_texts(messages.read(messages.TEMPLATE))) == found
    for tag in TRANSLATED:
        assert set(_texts(_catalogue(tag))) == found, tag


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_text_is_translated_and_looked_at(tag: str) -> None:
    """None is missing, none is a guess (fuzzy), and none is left over."""
    catalogue = _catalogue(tag)
    texts = _texts(catalogue).values()

    assert [message.id for message in texts if not all(_forms(message.string))] == []
    assert [message.id for message in texts if message.fuzzy] == []
    assert [
        message.id for message in texts if message.pluralizable and len(message.string) != catalogue.num_plurals
    ] == []
    assert not catalogue.obsolete


@pytest.mark.parametrize("tag", TRANSLATED)
def test_what_is_filled_in_is_the_same_in_both_languages(tag: str) -> None:
    def named(text: str) -> set[str]:
        return {"".join(found) for found in PLACEHOLDER.findall(text)}

    for message in _texts(_catalogue(tag)).values():
        wanted = set().union(*map(named, _forms(message.id)))
        for form in _forms(message.string):
            assert named(form) == wanted, message.id
            assert form[-1:] in ".:…?" or message.id[-1:] != ".", message.id


@pytest.mark.parametrize("tag", TRANSLATED)
def test_what_server_and_scripts_read_is_made_of_the_catalogue_as_it_is(tag: str) -> None:
    catalogue = _catalogue(tag)
    modules = dict(messages.modules(tag, catalogue))

    assert messages.catalogue_path(tag).with_suffix(".mo").read_bytes() == messages.compiled(catalogue)
    assert {module: module.read_text() for module in modules} == modules


def test_the_widget_knows_the_languages_of_the_server() -> None:
    words = (ROOT / "client_js" / "widget" / "words.js").read_text()
    known = re.search(r"const TRANSLATED = (\[.*\]);", words)

    assert known
    assert ast.literal_eval(known[1]) == TRANSLATED


def test_no_problem_is_said_without_the_catalogue() -> None:
    bare = [where for where in _bare_problems() if not where.startswith(_SPEAK_ENGLISH)]

    assert bare == []


def test_every_range_of_a_schema_says_itself_what_is_wrong() -> None:
    """marshmallow puts the texts of a range together when it is made, before anybody asks in some language."""
    calls = [
        f"{name}:{call.lineno}"
        for name, tree in _trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("validate.Range")
        if not any(one.arg == "error" for one in call.keywords)
    ]

    assert calls == []


def test_templates_hold_no_text_beside_the_catalogue() -> None:
    bare = []
    for path in sorted((ROOT / "server" / "web" / "templates").glob("*.html")):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
        said = [*re.findall(r">([^<>]+)<", text), *re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)]
        bare += [(path.name, one.strip()) for one in said if re.search(r"[A-Za-z]{2}", one.replace("Caseclock", ""))]

    assert bare == []


def test_scripts_hold_no_sentence_beside_the_catalogue() -> None:
    """A quoted text that begins like a sentence; the articles of the demo are its data, as its cases are."""
    in_catalogue = re.compile(r'(?:\b_|ngettext)\((?:"(?:[^"\\]|\\.)*"(?:, )?)+')
    unseen = re.compile(r"^\s*(?://|/?\*).*|/\*\*.*?\*/|throw new Error\(.*|console\.debug\(.*", re.MULTILINE)
    sentence = re.compile(r"""["'`]([A-Z][a-z]+ [^"'`]*|[A-Z][a-z]{2,})["'`]""")
    keys = {"Content-Type", "Accept", "Enter", "Escape", "Home", "End", "Delete", "Bearer ${token}"}
    bare = [
        (path.name, found)
        for path in _scripts()
        for found in sentence.findall(in_catalogue.sub("", unseen.sub("", path.read_text())))
        if found not in keys
    ]

    assert bare == []


def test_style_sheets_hold_no_text() -> None:
    sheets = [*(ROOT / "server" / "web" / "static").glob("**/*.css"), ROOT / "client_js" / "widget" / "styles.js"]
    texts = [
        (path.name, text)
        for path in sheets
        if "vendor" not in path.parts
        for text in re.findall(r"content:([^;{}]*)", path.read_text())
        if re.search(r'"[^"]*[A-Za-z]', text.partition("attr(")[0])
    ]

    assert texts == []


def test_scripts_write_dates_and_numbers_for_the_language_of_the_page() -> None:
    guess = re.compile(r"toLocale\w*String\((?:\)|\[\]|undefined)|Intl\.\w+\((?:\)|\[\]|undefined)")

    assert [path.name for path in _scripts() if guess.search(path.read_text())] == []


def test_outside_of_a_request_english_is_spoken() -> None:
    assert current_language() == ENGLISH
    assert _("Time logs") == "Time logs"
    assert _("%(name)s and %(other)s", name="a", other="b") == "a and b"
    assert [ngettext("%(number)s hour", "%(number)s hours", number) for number in (1, 2)] == ["1 hour", "2 hours"]
    assert Formatted("at most {max} {what}", what="files").format(max=3) == "at most 3 files"


def test_what_is_said_outside_of_a_request_is_said_again_in_the_language_of_its_answer(world: World) -> None:
    """A verb that writes runs in a thread which knows of no request."""
    with ThreadPoolExecutor(1) as thread:
        said = thread.submit(lambda: _("This needs the role %(roles)s.", roles="X")).result()
        counted = thread.submit(lambda: ngettext(*TRIES, 2)).result()
    assert (said, counted) == ("This needs the role X.", "Too many tries. Wait 2 seconds, then try again.")

    with world.app.test_request_context(headers={"Accept-Language": "de"}):
        assert (said_here(said), said_here(counted)) == (
            "Dafür ist die Rolle X nötig.",
            "Zu viele Versuche. Bitte 2 Sekunden warten und dann erneut versuchen.",
        )
        assert said_here("no text of ours") == "no text of ours"


def test_every_language_is_named_in_its_own_words() -> None:
    assert {"en": "English", "de": "Deutsch"}.items() <= LANGUAGES.items()


def _trees() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted((ROOT / "server").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _bare_problems() -> Iterator[str]:
    """Where a text that is written out is raised as it is, or held ready for a schema to say."""
    for name, tree in _trees():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            called = ast.unparse(call.func).rpartition(".")[2]
            says = call.args[:1] if called in _SAY_PROBLEMS | _SAY_PROBLEMS_OF_WERKZEUG else []
            says += [one.value for one in call.keywords if one.arg == "error"]
            if any(isinstance(one, ast.Constant | ast.JoinedStr) for one in says):
                yield f"{name}:{call.lineno}"


def _scripts() -> list[Path]:
    """Those that show something; the agent does not."""
    widget, pages = ROOT / "client_js" / "widget", ROOT / "server" / "web" / "static"
    found = [widget.with_suffix(".js"), *widget.glob("*.js"), *pages.rglob("*.js")]
    return [path for path in found if not {"vendor", "translations"} & {*path.parts} and path.name != "articles.js"]
