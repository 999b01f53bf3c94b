"""The catalogue of texts, from the sources to what is shipped: `make messages`.

Finds every text in Python, templates and scripts, writes `server/translations/messages.pot`, brings the `messages.po`
of each language up to date with it, compiles that, and writes the modules in which scripts find their texts.
`docs/translating.md` says how a language is added.
"""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from server.i18n import ENGLISH, LANGUAGES, TRANSLATIONS

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = TRANSLATIONS / "messages.pot"
KEYWORDS = {"_": None, "ngettext": (1, 2), "marked": None, "Message": None}
MODULES = {"client_js/": "client_js/translations", "server/web/static/": "server/web/static/translations"}
"""Where scripts of a folder find their texts: a module for each language."""

_HEADER: dict[str, Any] = {
    "project": "Caseclock",
    "version": "1",
    "msgid_bugs_address": "docs/translating.md",
    "last_translator": "The people of Caseclock",
    "language_team": "The people of Caseclock",
    "header_comment": "# Texts of Caseclock.",
    "fuzzy": False,
}
_SAID = re.compile(r'(?<![\w$])(_|ngettext)\(\s*("(?:[^"\\]|\\.)*")(?:,\s*("(?:[^"\\]|\\.)*"))?')
_MADE = (
    "// Made by `make messages` out of server/translations/{tag}/LC_MESSAGES/messages.po: change that one instead.\n"
)


def _said_in_script(
    file: IO[bytes], *_: object, **_options: object
) -> Iterator[tuple[int, str, str | tuple[str, ...], list[str]]]:
    """Texts of a script, which stand in double quotes. Babel's own lexer loses its way in nested templates."""
    for name, *found in _SAID.findall(file.read().decode()):
        texts = tuple(json.loads(text) for text in found if text)
        yield 1, name, texts if name == "ngettext" else texts[0], []


SOURCES: tuple[tuple[str, Any], ...] = (
    ("server/**/*.py", "python"),
    ("server/web/templates/*.html", "jinja2.ext:babel_extract"),
    ("client_js/**/*.js", _said_in_script),
    ("server/web/static/**/*.js", _said_in_script),
)
"""Which files are looked at, and what reads them."""


def main() -> None:
    """Write everything."""
    template = extracted()
    _write_po(TEMPLATE, template)
    for tag in translated_languages():
        path = catalogue_path(tag)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = read(path) if path.exists() else Catalog(tag, **_HEADER)
        catalogue.update(template, no_fuzzy_matching=True)
        _write_po(path, catalogue)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for module, text in modules(tag, catalogue):
            module.parent.mkdir(exist_ok=True)
            module.write_text(text)
        missing = [message.id for message in catalogue if message.id and not any(_forms(message))]
        print(f"{tag}: {len(catalogue)} texts, {len(missing)} not translated", *missing, sep="\n  ")


def translated_languages() -> list[str]:
    """All but English, which stands in the code."""
    return [tag for tag in LANGUAGES if tag != ENGLISH]


def catalogue_path(tag: str) -> Path:
    """The file that translators edit."""
    return TRANSLATIONS / tag / "LC_MESSAGES" / "messages.po"


def read(path: Path) -> Catalog:
    """A catalogue as it stands in a file."""
    with path.open("rb") as file:
        return read_po(file, locale=None if path == TEMPLATE else path.parents[1].name)


def extracted() -> Catalog:
    """Every text of the sources, with the files in which it stands."""
    template = Catalog(**_HEADER)
    for pattern, method in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if "vendor" in path.parts or "translations" in path.parts:
                continue
            with path.open("rb") as file:
                for _line, message, _comments, _context in extract(method, file, KEYWORDS):
                    template.add(message, locations=[(str(path.relative_to(ROOT)), 1)])
    if TEMPLATE.exists():
        known = read(TEMPLATE)
        same = {message.id for message in known} == {message.id for message in template}
        template.creation_date = known.creation_date if same else datetime.now(UTC)
    return template


def compiled(catalogue: Catalog) -> bytes:
    """What the server reads."""
    into = io.BytesIO()
    write_mo(into, catalogue)
    return into.getvalue()


def modules(tag: str, catalogue: Catalog) -> Iterator[tuple[Path, str]]:
    """The modules for scripts: each with the texts that the scripts of its folder say, and no other."""
    for folder, place in MODULES.items():
        texts = {_id_of(message): _form_or_forms(message) for message in catalogue if _is_said_in(message, folder)}
        lines = [f"  {_js(key)}: {_js(texts[key])}," for key in sorted(texts)]
        plural = f"export const plural = (n) => Number({catalogue.plural_expr});"
        text = "\n".join([_MADE.format(tag=tag) + plural, "export const texts = {", *lines, "};", ""])
        yield ROOT / place / f"{tag}.js", text


def _write_po(path: Path, catalogue: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, ignore_obsolete=True, include_lineno=False)


def _is_said_in(message: Message, folder: str) -> bool:
    return any(name.startswith(folder) and name.endswith(".js") for name, _line in message.locations)


def _id_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _form_or_forms(message: Message) -> str | list[str]:
    return _forms(message) if isinstance(message.id, tuple | list) else str(message.string)


def _js(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
