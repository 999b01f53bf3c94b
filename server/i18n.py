"""The language of the texts that people read: that of the caller in a request, English everywhere else.

English stands in the code and is the key of a text. What is logged, said on the command line, or spoken between a
server and its agents stays English. `docs/translating.md` says how a language is added.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import flask_babel
from flask import Flask, Request, has_request_context

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""Those that can be chosen: the tag, and its name in the language itself."""
TRANSLATIONS = Path(__file__).parent / "translations"


def install(app: Flask, choose: Callable[[], str | None]) -> None:
    """Translate for the requests of this application; `choose` says into which language, None means English."""
    flask_babel.Babel(
        app,
        default_locale=ENGLISH,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=choose,
    )


class Said(str):
    """A text as it was said, and how to say it again where the same words may be in another language.

    What is written to the database may be said in a thread that knows of no request.
    """

    again: Callable[[], str]


def _(text: str, /, **values: object) -> str:
    """The text in the caller's language, its `%(name)s` filled in."""
    said = str(flask_babel.gettext(text)) if has_request_context() else text
    return _repeatable(said % values if values else said, lambda: _(text, **values))


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The text for that number, which it may name as `%(number)s`, in the caller's language."""
    if has_request_context():
        said = str(flask_babel.ngettext(one, many, number, number=number, **values))
    else:
        said = (one if number == 1 else many) % {"number": number, **values}
    return _repeatable(said, lambda: ngettext(one, many, number, **values))


def said_here(text: str) -> str:
    """A text in the language of this request, wherever it was said first."""
    return text.again() if isinstance(text, Said) else text


def _repeatable(text: str, again: Callable[[], str]) -> Said:
    said = Said(text)
    said.again = again
    return said


def marked(text: str) -> str:
    """The text as it is: it is in the catalogue, and is translated where it is said."""
    return text


class Message(str):
    """A text in braces style, such as `{max}`, that is translated whenever it is formatted.

    Libraries that keep their texts from the start and format them when something is wrong are given these.
    """

    _values: dict[str, Any]

    def __new__(cls, text: str, **values: object) -> Self:
        made = super().__new__(cls, text)
        made._values = values
        return made

    def format(self, *args: object, **values: object) -> str:
        """The text in the caller's language, filled with these values and its own."""
        return _(str(self)).format(*args, **{**self._values, **values})


def current_language() -> str:
    """The tag of the caller's language."""
    found = flask_babel.get_locale() if has_request_context() else None
    return str(found.language) if found else ENGLISH


def accepted(request: Request) -> str | None:
    """The first of our languages that the browser asks for, in whatever country it is spoken."""
    tags = (tag.split("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in tags if tag in LANGUAGES), None)
