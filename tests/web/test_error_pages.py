"""Errors where a person looks at a page, and where a program calls."""

from dataclasses import replace

from server.config import Limits
from server.tracking.rate import Buckets
from tests.conftest import World

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def test_a_page_that_is_not_for_this_role_says_so_in_words_with_a_way_on(world: World) -> None:
    answer = world.client("ana").get("/admin", headers=BROWSER)
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"
    assert "administrator" in answer.text
    assert 'href="/"' in answer.text


def test_an_unknown_address_is_a_page_for_a_browser(world: World) -> None:
    answer = world.client("ana").get("/nowhere", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_the_api_answers_a_browser_too_with_a_problem_document(world: World) -> None:
    answer = world.client("ana").get("/api/v1/nowhere", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_page_that_is_asked_for_too_often_says_when_to_come_back(world: World) -> None:
    world.tracking.buckets = Buckets(replace(Limits(), calls_per_s=1.0, calls_burst=1.0))
    client = world.client("ana")
    client.get("/workspace", headers=BROWSER)
    answer = client.get("/workspace", headers=BROWSER)
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (429, "text/html", "1")
    assert "wait a second" in answer.text


def test_a_wrong_method_on_a_page_names_the_right_ones(world: World) -> None:
    answer = world.client("ana").put("/workspace", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "GET" in answer.headers["Allow"]
