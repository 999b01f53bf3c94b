"""The pages: who gets which, what they hold, and that nothing in them runs or loads from elsewhere."""

import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.accounts.people import DEMO_PASSWORD
from server.app import create_app
from server.config import Config
from tests.conftest import World

WEB = Path(__file__).resolve().parents[2] / "server" / "web"
STATIC = WEB / "static"
OWN_SCRIPTS = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)
OWN_TEXTS = [*sorted((WEB / "templates").glob("*.html")), *OWN_SCRIPTS, *sorted(STATIC.glob("**/*.css"))]
PAGES = ("/workspace", "/hub", "/supervisor", "/reports", "/admin", "/audit")


@pytest.mark.parametrize(
    ("username", "answers"),
    [
        (None, (302, 302, 302, 302, 302, 302)),
        ("ana", (200, 200, 403, 403, 403, 403)),
        ("sam", (200, 200, 200, 200, 403, 403)),
        ("ada", (200, 200, 200, 200, 200, 200)),
    ],
)
def test_each_role_gets_its_pages(world: World, username: str | None, answers: tuple[int, ...]) -> None:
    client = world.client(username)

    assert tuple(client.get(page).status_code for page in PAGES) == answers


@pytest.mark.parametrize(
    ("username", "links"),
    [
        ("ana", ["workspace", "hub"]),
        ("sam", ["workspace", "hub", "supervision", "reports"]),
        ("ada", ["workspace", "hub", "supervision", "reports", "administration"]),
    ],
)
def test_the_bar_links_to_the_pages_of_the_role_alone(world: World, username: str, links: list[str]) -> None:
    page = world.client(username).get("/workspace").text

    assert re.findall(r'data-testid="nav-(\w+)"', page) == links


@pytest.mark.parametrize(("username", "place"), [("ana", "/workspace"), ("sam", "/supervisor"), ("ada", "/admin")])
def test_everybody_has_a_first_page(world: World, username: str, place: str) -> None:
    assert world.client(username).get("/").headers["Location"] == place


def test_a_page_says_who_is_signed_in_and_gives_scripts_the_csrf_token(world: World) -> None:
    client = world.client("ana")
    page = client.get("/workspace").text

    assert 'data-username="ana" data-role="representative"' in page
    assert "Ana Duarte" in page
    with client.session_transaction() as session:
        assert f'<meta name="csrf-token" content="{session["csrf"]}">' in page


@pytest.mark.parametrize("page", ["/sign-in", *PAGES])
def test_no_page_allows_scripts_or_styles_but_its_own_files(world: World, page: str) -> None:
    answer = world.client("ada").get(page)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))

    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert all(re.search(r'\ssrc="/', tag) for tag in re.findall(r"<script[^>]*>", answer.text))
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text)


@pytest.mark.parametrize("page", ["/sign-in", *PAGES])
def test_everything_that_a_page_names_is_there(world: World, page: str) -> None:
    client = world.client("ada")
    named = re.findall(r'(?:src|href)="(/(?:static|client)/[^"#]+)', client.get(page).text)

    assert named
    assert [url for url in named if not _is_there(client, url)] == []


def test_every_module_that_a_script_imports_is_there(world: World) -> None:
    client = world.client()
    imported = {
        url
        for path in OWN_SCRIPTS
        for url in re.findall(r'^import[^;]*?"(/[^"]+)"', path.read_text(), flags=re.MULTILINE)
    }

    assert imported
    assert sorted(url for url in imported if not _is_there(client, url)) == []


def test_the_sign_in_of_the_demo_says_whom_one_can_be(world: World) -> None:
    page = world.client().get("/sign-in").text

    assert DEMO_PASSWORD in page
    assert all(f"<dt>{username}</dt>" in page for username in ("ana", "ben", "sam", "ada"))


def test_the_sign_in_outside_of_the_demo_says_nothing_of_it(world: World) -> None:
    given = world.config
    config = Config(data_dir=given.data_dir, database_url=given.database_url, secret_key=given.secret_key, demo=False)

    page = create_app(config, now=world.clock).test_client().get("/sign-in").text

    assert DEMO_PASSWORD not in page
    assert "demo" not in page.lower()


def test_a_wrong_password_is_said_where_screen_readers_hear_it(world: World) -> None:
    client = world.client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token

    answer = client.post("/sign-in", data={"csrf_token": token[1], "username": "ana", "password": "wrong"})

    assert answer.status_code == 401
    assert re.search(r'<p[^>]*role="alert"[^>]*>That name and password do not fit together\.</p>', answer.text)
    assert 'value="ana"' in answer.text


def test_scripts_put_data_into_the_page_as_text() -> None:
    """`innerHTML` and its kin would make markup of what people typed."""
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")

    assert [path.name for path in OWN_SCRIPTS if markup.search(path.read_text())] == []


def test_nothing_is_loaded_from_another_host() -> None:
    elsewhere = re.compile(r"""(?:src|href|from|import|url)\s*[=(]?\s*["']?(?:https?:)?//""")

    assert [path.name for path in OWN_TEXTS if elsewhere.search(path.read_text())] == []


def test_vendored_files_are_the_ones_that_are_recorded() -> None:
    recorded = (STATIC / "vendor" / "VERSIONS.md").read_text()
    files = [path for path in (STATIC / "vendor").rglob("*.min.*") if path.is_file()]

    assert files
    assert [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() not in recorded] == []


def _is_there(client: FlaskClient, url: str) -> bool:
    with client.get(url) as answer:
        return answer.status_code == 200
