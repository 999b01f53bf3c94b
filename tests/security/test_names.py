"""Hostile words in every field that people type into, through the API and onto the pages (X77)."""

import json
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest
from markupsafe import escape
from sqlalchemy.orm import Session

from server.accounts.people import add_person
from server.accounts.tokens import issue_token
from server.problems import Invalid
from tests.conftest import World

TAKEN = {
    "right-to-left override": "a\u202egnp.exe",
    "zero width": "a\u200bb\u200d\ufeffc",
    "emoji": "👩‍💻🙂",
    "markup": "<svg onload=alert(1)>",
    "end of a script": "</script><script>alert(1)</script>",
    "end of an attribute": "\" onmouseover='alert(1)' x=\"",
    "template": "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "formula": "=cmd|'/C calc'!A0",
    "SQL": "x'; DROP TABLE cases; --",
    "wildcards": "%_*?[a-z]",
    "format": "%s%n{0}{0.__class__}",
    "path": "../../../../etc/passwd",
    "other scripts": "Ωμέγα 案件 قضية Дело",
}
REFUSED = {
    "empty": "",
    "blank": " \t\n ",
    "10 kB": "x" * 10_000,
    "NUL": "a\0b",
    "escape": "a\x1b[2Jb",
    "C1": "a\x85b",
    "half a character": "a\ud800b",
}
CASES = "/api/v1/cases"


def _post(world: World, path: str, body: dict[str, Any], who: str = "ana") -> Any:
    return world.client(who).post(path, data=json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("words", TAKEN.values(), ids=TAKEN)
def test_words_come_back_as_they_were_typed_and_mean_nothing(each_world: World, words: str) -> None:
    """X77: title, customer, description, note, and those of entries."""
    world = each_world
    made = _post(world, CASES, {"title": words, "customer": words, "description": words})
    assert made.status_code == 201, made.text
    ref = made.json["ref"]
    for kind in ("time-logs", "activities"):
        entry = _post(world, f"{CASES}/{ref}/{kind}", {"duration_seconds": 60, "description": words})
        assert entry.json["description"] == words

    got = world.client("ben").get(f"{CASES}/{ref}").json
    assert (got["title"], got["customer"], got["description"]) == (words, words, words)
    assert world.client("ben").get(f"{CASES}/{ref}/history").json["time_logs"][0]["description"] == words
    assert world.client("ana").put(f"{CASES}/{ref}/resolution", json={"note": words}).status_code == 200
    found = world.client("ben").get(CASES, query_string={"search": words}).json["items"]
    assert [case["ref"] for case in found] == [ref], "a search finds the words, not what they could mean"
    assert len(world.client("ben").get(CASES).json["items"]) == 4


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_name_is_refused_in_words(each_world: World, words: str) -> None:
    """X77"""
    for body in ({"title": words}, {"title": "x", "ref": words}, {"title": "x", "customer": words or "\0"}):
        if body.get("customer", "x").strip() == "":
            continue  # a case need not have a customer
        answer = _post(each_world, CASES, body)
        assert answer.status_code == 422, (body, answer.text[:200])
        assert answer.content_type == "application/problem+json"

    assert len(each_world.client("ben").get(CASES).json["items"]) == 3


@pytest.mark.parametrize("ref", TAKEN.values(), ids=TAKEN)
def test_a_reference_of_such_words_is_refused_or_is_reached_by_them(each_world: World, ref: str) -> None:
    """X77: what a line cannot show, or what turns it around, is no reference; the rest is one, in every address."""
    made = _post(each_world, CASES, {"title": "x", "ref": ref})
    if not ref.isprintable():
        assert made.status_code == 422
        return
    assert made.status_code == 201, made.text

    address = f"{CASES}/{quote(ref, safe='')}"
    assert each_world.client("ben").get(address).json["ref"] == ref
    assert each_world.client("ben").get(f"{address}/handling-time").json["case"] == ref
    assert _post(each_world, f"{address}/time-logs", {"duration_seconds": 5}).status_code == 201


MARKUP = ("<svg onload=alert(1)>", '"><script>alert(1)</script>', "' onfocus=alert(1) x='", "{{7*7}}", "=cmd|")


class _Markup(HTMLParser):
    """Collects what would run: scripts of the page's own and attributes that handle events."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.runs += [name for name in names if name.startswith("on")]
        if tag == "script" and "src" not in names:
            self.runs.append(tag)


@pytest.mark.parametrize("words", MARKUP)
def test_a_person_of_such_a_name_is_shown_as_text_on_every_page(world: World, words: str) -> None:
    """X77: name and words of the address, on pages made by the server."""

    def add(session: Session) -> str:
        person = add_person(
            session, "mal", role="administrator", password="blue kettle sings", now=world.clock.now, name=words
        )
        return issue_token(session, person, now=world.clock.now)

    world.tokens["mal"] = world.write(add)
    for page in ("/workspace", "/hub", "/supervisor", "/reports", "/admin", "/audit", "/account"):
        text = world.client("mal").get(f"{page}?next={quote(words)}&changed={quote(words)}").text
        markup = _Markup()
        markup.feed(text)
        assert escape(words) in text, page
        assert markup.runs == [], page


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200bb", "a\nb", "a\0b", "\x1b[2J"])
def test_a_person_has_a_name_that_can_be_seen_as_it_is(world: World, name: str) -> None:
    """X77, X84: nobody passes for somebody else in lists and logs."""

    def add(session: Any) -> None:
        add_person(session, "mal", role="representative", password="blue kettle sings", now=world.clock.now, name=name)

    with pytest.raises(Invalid, match="printable"):
        world.write(add)


@pytest.mark.parametrize(
    "username", ["", "a" * 65, "Ana", "ana\u200b", "аna", "ana\0", "a b", "<svg>", "{{7*7}}", "=cmd|", "-ana", "🙂"]
)
def test_a_username_is_plain(world: World, username: str) -> None:
    """X77: no look-alikes (the fifth one begins with a Cyrillic letter)."""

    def add(session: Any) -> None:
        add_person(session, username, role="representative", password="blue kettle sings", now=world.clock.now)

    with pytest.raises(Invalid, match="A username has"):
        world.write(add)


@pytest.mark.parametrize("words", [*TAKEN.values(), *REFUSED.values()], ids=[*TAKEN, *REFUSED])
def test_hostile_words_in_an_address_or_a_query_break_nothing(each_world: World, words: str) -> None:
    """X77"""
    said = quote(words.encode("utf-8", "surrogatepass"), safe="")
    for path in (
        f"{CASES}?search={said}",
        f"{CASES}?status={said}",
        f"{CASES}?cursor={said}",
        f"{CASES}/{said}",
        f"{CASES}/{said}/history",
        f"/api/v1/tracker-records?case={said}&representative={said}",
        f"/api/v1/tracker-records?before={said}",
        f"/api/v1/reports/representatives/{said}",
        f"/api/v1/reports/representatives/ana?day={said}",
        f"/static/{said}",
        f"/client/{said}",
        f"/{said}",
        f"/sign-in?next={said}",
    ):
        with each_world.client("ada").get(path) as answer:
            assert answer.status_code < 500, (path[:80], answer.text[:300])
            assert "<svg onload" not in answer.text
            assert "root:" not in answer.text
