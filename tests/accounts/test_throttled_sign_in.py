"""Guessing passwords on the sign-in page is slow, and keeps nobody else out (X82)."""

import threading
from collections.abc import Iterator

import argon2
import pytest
from flask.testing import FlaskClient

from server.accounts import passwords, sign_in
from server.accounts.models import Person
from server.accounts.sign_in import BY_CLIENT, BY_NAME, BY_NETWORK
from tests.accounts.signing_in import PASSWORD, add_eva, form_token, served
from tests.accounts.signing_in import sign_in as signs_in
from tests.conftest import World
from tests.waiting import until

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time: here it is counted, not hashed."""
    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._of_nobody.cache_clear()


@pytest.fixture
def eva(world: World, quick: None) -> Iterator[World]:
    """The world with eva and eve, who have passwords."""
    add_eva(world)
    add_eva(world, "eve")
    yield world
    passwords._of_nobody.cache_clear()


def _tries(client: FlaskClient, times: int, username: str = "eva", *, address: str = HOME) -> list[int]:
    """The statuses of so many tries with a wrong password."""
    return [signs_in(client, username, "wrong", address=address).status_code for _ in range(times)]


def test_after_five_wrong_passwords_one_has_to_wait(eva: World) -> None:
    """X82"""
    assert _tries(eva.client(), BY_CLIENT.free) == [401] * BY_CLIENT.free

    answer = signs_in(eva.client(), address=HOME)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert "Wait 2 seconds, then try again." in answer.text
    assert 'role="alert"' in answer.text


def test_after_the_wait_the_right_password_opens_the_door_and_forgets_the_failures(eva: World) -> None:
    """X82"""
    _tries(eva.client(), BY_CLIENT.free)
    eva.clock.advance(seconds=1.999)
    assert signs_in(eva.client(), address=HOME).status_code == 429

    eva.clock.advance(seconds=0.001)
    assert signs_in(eva.client(), address=HOME).status_code == 302
    assert _tries(eva.client(), BY_CLIENT.free) == [401] * BY_CLIENT.free


def test_what_is_tried_during_a_wait_does_not_prolong_it(eva: World) -> None:
    """X82: neither for the guesser nor for the victim."""
    _tries(eva.client(), BY_CLIENT.free)
    assert _tries(eva.client(), 50) == [429] * 50

    eva.clock.advance(seconds=2)
    assert signs_in(eva.client(), address=HOME).status_code == 302


def test_each_failure_after_a_wait_doubles_the_next_one(eva: World) -> None:
    """X82"""
    _tries(eva.client(), BY_CLIENT.free)
    waits = []
    for _ in range(9):
        waits.append(int(signs_in(eva.client(), "eva", "wrong", address=HOME).headers["Retry-After"]))
        eva.clock.advance(seconds=waits[-1])
        _tries(eva.client(), 1)

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_a_name_that_nobody_has_waits_as_long_as_one_that_somebody_has(eva: World) -> None:
    """X82: so that the waits do not tell who works here, whatever was tried before."""
    _tries(eva.client(), 30, "nobody-at-all")
    for name in ("eva", "noone"):
        assert _tries(eva.client(), 6, name) == [401] * 5 + [429], name


def test_guessing_from_elsewhere_does_not_keep_a_person_out_of_their_own_browser(eva: World) -> None:
    """X82: the lock-out that is no weapon: eva signed in with this browser before."""
    browser = eva.client()
    signs_in(browser, address=HOME)
    for place in range(40):
        _tries(eva.client(), 1, address=f"198.51.100.{place}")
    _tries(eva.client(), 10)  # and from her own network

    assert signs_in(eva.client(), address=HOME).status_code == 429
    with browser.session_transaction() as session:
        session.clear()
    assert signs_in(browser, address=HOME).status_code == 302
    eva.clock.advance(minutes=60 * 24 * 90)
    assert signs_in(browser, address="192.0.2.1").status_code == 302


def test_a_known_browser_may_not_guess_without_end_either(eva: World) -> None:
    """X82: a stolen device cookie buys five tries, and slows nobody else down."""
    browser = eva.client()
    signs_in(browser, address=HOME)

    assert _tries(browser, 7) == [401] * 5 + [429] * 2
    assert signs_in(eva.client(), address=ELSEWHERE).status_code == 302


def test_a_browser_is_known_for_those_who_signed_in_with_it_alone(eva: World) -> None:
    """X82: eve's browser is a stranger to eva."""
    browser = eva.client()
    signs_in(browser, "eve", address=HOME)
    _tries(eva.client(), BY_CLIENT.free)

    assert signs_in(browser, address=HOME).status_code == 429
    assert signs_in(browser, "eve", address=HOME).status_code == 302


def test_a_shared_computer_is_known_to_all_who_work_at_it(eva: World) -> None:
    browser = eva.client()
    for name in ("eva", "eve"):
        signs_in(browser, name, address=HOME)
        _tries(eva.client(), 10, name)

    assert [signs_in(browser, name, address=HOME).status_code for name in ("eva", "eve")] == [302, 302]


@pytest.mark.parametrize("forged", ["", "x", "eyJpZCI6IngiLCJwZW9wbGUiOls1XSwiYXQiOjF9.aaaa"])
def test_a_device_cookie_that_we_did_not_sign_is_none(eva: World, forged: str) -> None:
    """X82"""
    _tries(eva.client(), BY_CLIENT.free)
    client = eva.client()
    client.set_cookie("caseclock-device", forged)

    assert signs_in(client, address=HOME).status_code == 429


def test_a_device_cookie_lets_nobody_in_and_ends_after_half_a_year(eva: World) -> None:
    browser = eva.client()
    signs_in(browser, address=HOME)
    browser.delete_cookie("caseclock")
    assert browser.get("/api/v1/cases").status_code == 401
    eva.clock.advance(minutes=60 * 24 * 180)
    _tries(eva.client(), BY_CLIENT.free)

    assert signs_in(browser, address=HOME).status_code == 429


def test_one_password_tried_on_many_names_is_slowed_down_for_its_network(eva: World) -> None:
    """X82: password spraying."""
    client = eva.client()
    for place in range(BY_NETWORK.free):
        assert _tries(client, 1, f"name-{place}") == [401]

    assert _tries(client, 1, "one-more") == [429]
    assert _tries(client, 1, "one-more", address=ELSEWHERE) == [401]


def test_an_own_account_does_not_wash_a_network_clean(eva: World) -> None:
    """X82: signing in as oneself between guesses does not reset what counts for the network."""
    client = eva.client()
    for place in range(BY_NETWORK.free):
        _tries(client, 1, f"name-{place}")
        if place % 10 == 0:
            assert signs_in(eva.client(), "eve", address=HOME).status_code == 302

    assert _tries(client, 1, "one-more") == [429]


def test_many_networks_that_try_one_name_are_slowed_down_together(eva: World) -> None:
    """X82: a botnet."""
    client = eva.client()
    for place in range(BY_NAME.free):
        assert _tries(client, 1, address=f"198.51.100.{place}") == [401]

    assert _tries(client, 1, address="192.0.2.200") == [429]
    assert _tries(client, 1, "eve", address="192.0.2.200") == [401]


def test_the_whole_network_of_one_customer_counts_as_one_client(eva: World) -> None:
    """X82: whoever has an IPv6 address has 2^64 of them."""
    for place in range(BY_CLIENT.free):
        _tries(eva.client(), 1, address=f"2001:db8:1:2::{place:x}")

    assert _tries(eva.client(), 1, address="2001:db8:1:2:ffff::1") == [429]
    assert _tries(eva.client(), 1, address="2001:db8:1:3::1") == [401]


def test_many_tries_at_the_same_moment_are_many_tries(eva: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """X82: what is tried counts before its password is looked at."""
    gate, hashing = threading.Event(), []

    def slow(_: object, __: str) -> bool:
        hashing.append(1)
        gate.wait(20)
        return False

    monkeypatch.setattr(sign_in, "password_is_right", slow)
    clients = [eva.client() for _ in range(12)]
    forms = [{"csrf_token": form_token(client), "username": "eva", "password": "x"} for client in clients]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda c=c, f=f: statuses.append(c.post("/sign-in", data=f).status_code))
        for c, f in zip(clients, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(statuses) == 7, what="all but five are refused while those are looked at")
    gate.set()
    for thread in threads:
        thread.join(20)

    assert sorted(statuses) == [401] * 5 + [429] * 7
    assert len(hashing) == 5


def test_hashing_has_a_bounded_number_of_places_and_who_finds_none_is_told_when_to_return(
    eva: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X82: a flood of sign-ins is no flood of work. Being turned away is not a failed try."""
    gate, at_once, most = threading.Event(), [0], [0]

    def slow(_: object, __: str) -> bool:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        gate.wait(20)
        at_once[0] -= 1
        return True

    monkeypatch.setattr(sign_in, "password_is_right", slow)
    monkeypatch.setattr(sign_in, "MOST_WAITING", 3)
    sign_in.install(eva.app)
    clients = [eva.client() for _ in range(9)]
    for place, client in enumerate(clients):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{place}"
    forms = [{"csrf_token": form_token(client), "username": "eva", "password": "x"} for client in clients]
    answers = []
    threads = [
        threading.Thread(target=lambda c=c, f=f: answers.append(c.post("/sign-in", data=f)))
        for c, f in zip(clients, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) == 4, what="two are hashed, three wait, four are turned away")
    gate.set()
    for thread in threads:
        thread.join(20)

    assert sorted(answer.status_code for answer in answers) == [302] * 5 + [503] * 4
    assert {answer.headers.get("Retry-After") for answer in answers} == {None, "5"}
    assert most == [sign_in.HASHING_AT_ONCE]
    assert len(sign_in.Door().failed) == 0
    assert _tries(eva.client(), 6, address=HOME)[-1] == 302, "the failures of none of them were counted"


def test_a_hash_with_the_parameters_of_yesterday_is_made_again_at_sign_in(eva: World) -> None:
    yesterday = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)

    def hash_of_eva(session: object) -> str:
        return str(session.get(Person, eva.ids["eva"]).password_hash)  # type: ignore[attr-defined]

    def store(session: object) -> None:
        session.get(Person, eva.ids["eva"]).password_hash = yesterday  # type: ignore[attr-defined]

    eva.write(store)
    assert signs_in(eva.client(), "eva", "wrong", address=HOME).status_code == 401
    assert eva.read(hash_of_eva) == yesterday

    assert signs_in(eva.client(), address=HOME).status_code == 302
    assert "m=8,t=1,p=1" in eva.read(hash_of_eva)
    assert signs_in(eva.client(), address=HOME).status_code == 302


# Where a client is (X80)


def _told(client: FlaskClient, forwarded: str, *, address: str = HOME) -> int:
    client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded
    return signs_in(client, "eva", "wrong", address=address).status_code


def test_a_direct_client_cannot_pass_for_another_one(eva: World) -> None:
    """X80: without a proxy of ours the header says nothing."""
    client = served(eva)

    assert [_told(client, f"192.0.2.{place}") for place in range(7)] == [401] * 5 + [429] * 2


def test_behind_our_proxy_the_client_is_who_it_says_and_not_what_the_client_adds(eva: World) -> None:
    """X80: the proxy appends; what stands before that came from the client."""
    client = served(eva, trusted_proxies=1)

    assert [_told(client, f"10.9.8.{place}, 192.0.2.1") for place in range(6)] == [401] * 5 + [429]
    assert _told(client, "192.0.2.1, 192.0.2.2") == 401


def test_no_header_of_a_client_makes_it_somebody(world: World) -> None:
    """X80: headers by which some proxies name a signed-in person."""
    names = ("X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-User", "X-User")
    for name in names:
        client = served(world, trusted_proxies=1)
        assert client.get("/api/v1/cases", headers={name: "ada"}).status_code == 401, name
        client.environ_base["REMOTE_USER"] = "ada"
        assert client.get("/api/v1/cases").status_code == 401
