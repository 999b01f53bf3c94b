"""Signing in on the page, and what its cookie may do."""

import pytest

from server.accounts.models import Person
from server.accounts.people import DEMO_PASSWORD, add_person
from server.app import create_app
from tests.accounts.signing_in import PASSWORD, add_eva, csrf_of, form_token, sign_in
from tests.conftest import World

URL = "/api/v1/cases"


@pytest.fixture
def eva(world: World) -> World:
    """The world with eva, a representative who has a password."""
    add_eva(world)
    return world


def test_name_and_password_start_a_session(eva: World) -> None:
    client = eva.client()

    answer = sign_in(client)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/workspace")
    assert client.get(URL).status_code == 200


def test_the_cookie_is_kept_from_scripts_and_other_sites(eva: World) -> None:
    cookie = sign_in(eva.client()).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_name_may_be_typed_with_blanks_and_capitals(eva: World) -> None:
    assert sign_in(eva.client(), " Eva ").status_code == 302


WRONG = [
    ("eva", "wrong"),
    ("eva", ""),
    ("nobody", PASSWORD),
    ("", ""),
    ("eva\0", PASSWORD),
    ("' OR 1=1 --", "x"),
    ("eva", PASSWORD + "\0"),
    ("e" * 100_000, "p" * 100_000),
    ("ana", "!"),
]


def test_a_wrong_name_or_password_gives_the_same_answer(eva: World) -> None:
    for username, password in WRONG:
        client = eva.client()
        answer = sign_in(client, username, password)
        assert answer.status_code == 401, username[:20]
        assert "do not fit together" in answer.text
        assert client.get(URL).status_code == 401


def test_a_typed_name_comes_back_as_text_not_as_markup(eva: World) -> None:
    page = sign_in(eva.client(), '"><svg onload=alert(1)>', "x").text.lower()

    assert "<svg onload" not in page
    assert "&lt;svg onload" in page


def test_a_disabled_person_cannot_sign_in_and_falls_out_of_an_open_session(eva: World) -> None:
    inside, outside = eva.client(), eva.client()
    sign_in(inside)

    def disable(session: object) -> None:
        session.get(Person, eva.ids["eva"]).active = False  # type: ignore[attr-defined]

    eva.write(disable)

    assert inside.get(URL).status_code == 401
    assert sign_in(outside).status_code == 401


def test_raising_the_epoch_signs_out_everywhere(eva: World) -> None:
    client = eva.client()
    sign_in(client)

    def raise_epoch(session: object) -> None:
        session.get(Person, eva.ids["eva"]).session_epoch += 1  # type: ignore[attr-defined]

    eva.write(raise_epoch)

    assert client.get(URL).status_code == 401


def test_the_form_needs_its_own_token(eva: World) -> None:
    client = eva.client()
    form_token(client)

    for token in ("", "wrong", "ü"):
        form = {"csrf_token": token, "username": "eva", "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 403
    assert eva.client().post("/sign-in", data={"username": "eva", "password": PASSWORD}).status_code == 403


def test_the_session_before_the_sign_in_is_not_the_one_after(eva: World) -> None:
    client = eva.client()
    before = form_token(client)

    sign_in(client)

    assert csrf_of(client) != before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_with_the_cookie_an_unsafe_method_needs_the_csrf_header(eva: World, method: str) -> None:
    client = eva.client()
    sign_in(client)
    path = f"{URL}/CAS-1001/resolution" if method in ("PUT", "DELETE") else f"{URL}/CAS-1001"
    path = URL if method == "POST" else path

    refused = client.open(path, method=method, json={"title": "x"})
    wrong = client.open(path, method=method, json={"title": "x"}, headers={"X-CSRF-Token": "wrong"})
    right = client.open(
        path, method=method, json={} if method == "PUT" else {"title": "x"}, headers={"X-CSRF-Token": csrf_of(client)}
    )

    assert [refused.status_code, wrong.status_code] == [403, 403]
    assert refused.content_type == "application/problem+json"
    assert "X-CSRF-Token" in refused.json["detail"]
    assert right.status_code == {"POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 409}[method]


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_no_content_type_gets_round_the_csrf_header(eva: World, content_type: str) -> None:
    client = eva.client()
    sign_in(client)

    answer = client.post(URL, data='{"title": "forged"}', content_type=content_type)

    assert answer.status_code == 403
    assert eva.client("ada").get(f"{URL}?search=forged").json["items"] == []


def test_with_a_bearer_token_no_csrf_header_is_needed(world: World) -> None:
    assert world.client("ana").post(URL, json={"title": "x"}).status_code == 201


def test_a_bad_token_is_not_saved_by_a_good_cookie(eva: World) -> None:
    client = eva.client()
    sign_in(client)

    assert client.get(URL, headers={"Authorization": "Bearer cc_wrong"}).status_code == 401


def test_a_cookie_that_somebody_made_themselves_is_nobody(eva: World) -> None:
    client = eva.client()
    client.set_cookie("caseclock", "eyJwZXJzb24iOjF9.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")

    assert client.get(URL).status_code == 401


def test_signing_out_ends_the_session(eva: World) -> None:
    client = eva.client()
    sign_in(client)

    assert client.post("/sign-out").status_code == 403
    assert client.post("/sign-out", data={"csrf_token": csrf_of(client)}).status_code == 302
    assert client.get(URL).status_code == 401


def test_a_page_sends_a_stranger_to_the_sign_in_and_back(eva: World) -> None:
    client = eva.client()
    asked = client.get("/hub?a=1")
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith("/sign-in?next=")

    assert sign_in(client, next="/hub?a=1").headers["Location"] == "/hub?a=1"


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "///evil.example",
    "//[",
    "/[",
    "/x\r\nSet-Cookie: a=b",
    "",
]


def test_signing_in_never_leads_to_another_host(eva: World) -> None:
    for target in FOREIGN:
        assert eva.client().get("/sign-in", query_string={"next": target}).status_code == 200, target
        answer = sign_in(eva.client(), next=target)
        place = answer.headers["Location"]
        assert answer.status_code == 302, target
        assert place.startswith("/"), target
        assert not place.startswith(("//", "/\\")), target
        assert "evil" not in place, target
        assert not {"\n", "\r"} & set(place), target


def test_the_demo_password_is_refused_outside_of_the_demo(world: World) -> None:
    world.write(
        lambda session: add_person(session, "dan", role="administrator", password=DEMO_PASSWORD, now=world.clock.now)
    )
    config = type(world.config)(
        data_dir=world.config.data_dir,
        database_url=world.config.database_url,
        secret_key=world.config.secret_key,
        demo=False,
    )
    real = create_app(config, now=world.clock).test_client()

    refused = sign_in(real, "dan", DEMO_PASSWORD)

    assert refused.status_code == 401
    assert "demo" in refused.text
    assert real.get(URL).status_code == 401
    assert sign_in(world.client(), "dan", DEMO_PASSWORD).status_code == 302
