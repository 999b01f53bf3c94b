"""Sessions: what begins them, what ends them, and what their cookie is worth then."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from server.accounts import sessions
from server.accounts.models import Person, UserSession
from tests.accounts.signing_in import PASSWORD, add_eva, csrf_of, form_token, served, sign_in, signed_in
from tests.conftest import World

URL = "/api/v1/cases"


@pytest.fixture
def eva(each_world: World) -> World:
    """The world with eva, who has a password, on both databases."""
    add_eva(each_world)
    return each_world


def _cookie(client: FlaskClient, name: str = "caseclock") -> str:
    found = client.get_cookie(name)
    assert found is not None
    return found.value


def _with(world: World, cookie: str) -> FlaskClient:
    client = world.client()
    client.set_cookie("caseclock", cookie)
    return client


def _rows(world: World) -> int:
    return int(world.read(lambda session: session.scalar(select(func.count()).select_from(UserSession))))


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(eva: World) -> None:
    client = signed_in(eva)
    stolen = _with(eva, _cookie(client))
    assert stolen.get(URL).status_code == 200

    assert client.post("/sign-out").status_code == 302

    assert stolen.get(URL).status_code == 401
    assert _rows(eva) == 0


def test_signing_out_here_leaves_the_other_browsers_alone(eva: World) -> None:
    here, there = signed_in(eva), signed_in(eva)

    here.post("/sign-out")

    assert (here.get(URL).status_code, there.get(URL).status_code) == (401, 200)


def test_signing_out_everywhere_ends_every_session_of_that_person_alone(eva: World) -> None:
    add_eva(eva, "eve")
    here, there, other = signed_in(eva), signed_in(eva), signed_in(eva, "eve")

    here.post("/sign-out", data={"everywhere": "1"})

    assert [client.get(URL).status_code for client in (here, there, other)] == [401, 401, 200]


def test_signing_out_keeps_what_is_stored_in_the_browser(eva: World) -> None:
    """Working time that is not yet delivered lives there: it must survive."""
    client = signed_in(eva)

    assert "Clear-Site-Data" not in client.post("/sign-out").headers


def test_a_session_ends_after_twelve_hours_without_a_request(eva: World) -> None:
    client = signed_in(eva)
    for _ in range(3):
        eva.clock.now += sessions.IDLE_MS - 1
        assert client.get(URL).status_code == 200

    eva.clock.now += sessions.IDLE_MS
    assert client.get(URL).status_code == 401


def test_a_session_that_is_used_ends_after_a_week_all_the_same(eva: World) -> None:
    client, began = signed_in(eva), eva.clock.now
    step = sessions.IDLE_MS // 2
    while eva.clock.now + step < began + sessions.LIFETIME_MS:
        eva.clock.now += step
        assert client.get(URL).status_code == 200

    eva.clock.now = began + sessions.LIFETIME_MS
    assert client.get(URL).status_code == 401


def test_using_a_session_costs_no_write_and_seldom_a_cookie(world: World) -> None:
    add_eva(world)
    client = signed_in(world)
    world.database.write = None  # type: ignore[method-assign,assignment]

    assert "Set-Cookie" not in client.get(URL).headers
    world.clock.advance(minutes=5)
    assert "Set-Cookie" in client.get(URL).headers
    assert "Set-Cookie" not in client.get(URL).headers


def test_nothing_that_was_planted_before_the_sign_in_survives_it(eva: World) -> None:
    """Session fixation: neither the cookie of a stranger, nor the session of somebody else, nor its token."""
    add_eva(eva, "eve")
    attacker, victim = signed_in(eva, "eve"), eva.client()
    planted = _cookie(attacker)
    victim.set_cookie("caseclock", planted)
    with victim.session_transaction() as session:
        session["csrf"] = "known to the attacker"
        session["anything"] = "else"

    form = {"csrf_token": "known to the attacker", "username": "eva", "password": PASSWORD}
    assert victim.post("/sign-in", data=form).status_code == 302

    with victim.session_transaction() as session:
        assert set(session) == {"_permanent", "id", "epoch", "seen", "csrf"}
        assert session["csrf"] != "known to the attacker"
    assert attacker.get(URL).status_code == 401, "the session that was there before has ended"
    assert _with(eva, planted).get(URL).status_code == 401


def test_the_cookie_says_nothing_of_the_person(world: World) -> None:
    add_eva(world)
    client = signed_in(world)

    with client.session_transaction() as session:
        assert "eva" not in str(dict(session))
        assert world.ids["eva"] not in session.values()


def test_a_person_has_a_hundred_sessions_at_most_and_the_oldest_makes_room(world: World) -> None:
    add_eva(world)
    first = signed_in(world)

    def person(session: Any) -> Person:
        return session.get(Person, world.ids["eva"])

    for _ in range(sessions.MOST_OF_A_PERSON - 1):
        world.clock.advance(seconds=1)
        with world.app.test_request_context():
            sessions.begin(world.read(person), now=world.clock.now)
    assert first.get(URL).status_code == 200

    world.clock.advance(seconds=1)
    last = signed_in(world)

    assert (first.get(URL).status_code, last.get(URL).status_code) == (401, 200)
    assert _rows(world) == sessions.MOST_OF_A_PERSON


def test_sessions_that_ended_by_themselves_are_cleared_away(eva: World) -> None:
    signed_in(eva)
    eva.clock.now += sessions.LIFETIME_MS

    signed_in(eva)

    assert _rows(eva) == 1


def test_a_cookie_of_an_earlier_version_is_nobody(world: World) -> None:
    add_eva(world)
    client = world.client()
    with client.session_transaction() as session:
        session.update(person=world.ids["eva"], epoch=0, csrf="x")

    assert client.get(URL).status_code == 401


@pytest.mark.parametrize("wrong", [{"id": 7}, {"id": None}, {"seen": "now"}, {"epoch": "0"}, {"id": "x' OR 1=1 --"}])
def test_a_session_with_a_part_of_another_kind_is_nobody(world: World, wrong: dict[str, Any]) -> None:
    add_eva(world)
    client = signed_in(world)
    with client.session_transaction() as session:
        session.update(wrong)

    assert client.get(URL).status_code == 401


# Over https


def test_over_https_both_cookies_are_secure_and_bound_to_the_host(world: World) -> None:
    add_eva(world)
    client = served(world, public_url="https://clock.example")
    client.environ_base["HTTP_HOST"] = "clock.example"
    token = form_token(client, base_url="https://clock.example")

    answer = client.post(
        "/sign-in",
        data={"csrf_token": token, "username": "eva", "password": PASSWORD},
        base_url="https://clock.example",
    )

    cookies = answer.headers.getlist("Set-Cookie")
    assert sorted(cookie.split("=")[0] for cookie in cookies) == ["__Host-caseclock", "__Host-caseclock-device"]
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; ")), cookie
        assert "Domain" not in cookie


def test_over_http_the_cookies_work_and_are_kept_from_scripts(world: World) -> None:
    add_eva(world)
    client = served(world)

    cookies = sign_in(client).headers.getlist("Set-Cookie")

    assert sorted(cookie.split("=")[0] for cookie in cookies) == ["caseclock", "caseclock-device"]
    for cookie in cookies:
        assert "Secure" not in cookie
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; ")), cookie
    assert client.get(URL).status_code == 200


# One's own account


def test_the_account_page_says_how_many_browsers_are_signed_in(world: World) -> None:
    add_eva(world)
    client = signed_in(world)
    assert "You are signed in with 1 browser." in client.get("/account").text

    signed_in(world)
    assert "You are signed in with 2 browsers." in client.get("/account").text


@pytest.mark.parametrize("page", ["/workspace", "/hub", "/account", "/supervisor", "/reports", "/admin", "/audit"])
def test_every_page_offers_to_sign_out(world: World, page: str) -> None:
    text = world.client("ada").get(page).text

    assert 'action="/sign-out"' in text
    assert 'data-testid="sign-out"' in text


NEW = "blue kettle sings twice"


def _change(client: FlaskClient, password: str = PASSWORD, new: str = NEW, **more: Any) -> Any:
    form = {"csrf_token": form_token(client, "/account"), "password": password, "new_password": new}
    return client.post("/account/password", data=form, **more)


def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(eva: World) -> None:
    here, there = signed_in(eva), signed_in(eva)

    answer = _change(here)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account?changed=1")
    assert "Your password is changed." in here.get("/account?changed=1").text
    assert (here.get(URL).status_code, there.get(URL).status_code) == (200, 401)
    assert sign_in(eva.client()).status_code == 401
    assert sign_in(eva.client(), "eva", NEW).status_code == 302


def test_without_the_present_password_there_is_no_new_one(world: World) -> None:
    add_eva(world)
    client = signed_in(world)

    answer = _change(client, "wrong")

    assert answer.status_code == 422
    assert "That is not your present password." in answer.text
    assert sign_in(world.client()).status_code == 302


def test_the_present_password_cannot_be_guessed_there_either(world: World) -> None:
    """X82: an open session is not a way round the throttle."""
    add_eva(world)
    client = signed_in(world)

    answers = [_change(client, "wrong") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "2"


def test_a_password_that_is_easily_guessed_is_refused_in_words(world: World) -> None:
    add_eva(world)

    answer = _change(signed_in(world), new="password1234")

    assert answer.status_code == 422
    assert "among the first that are guessed" in answer.text


def test_a_new_password_needs_the_token_of_the_form(world: World) -> None:
    """X81"""
    add_eva(world)
    client = signed_in(world)
    del client.environ_base["HTTP_X_CSRF_TOKEN"]

    answer = client.post("/account/password", data={"password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 403
    assert csrf_of(client)
    assert sign_in(world.client()).status_code == 302
