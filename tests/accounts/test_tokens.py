"""Bearer tokens: who is let in by them, and who is not."""

import pytest

from server.accounts.models import Person, Token
from server.accounts.tokens import DAY_MS, find_token, issue_token
from tests.conftest import World

URL = "/api/v1/cases"


def _with(world: World, authorization: str) -> tuple[int, str]:
    answer = world.client().get(URL, headers={"Authorization": authorization})
    return answer.status_code, answer.headers.get("WWW-Authenticate", "")


def _issue(world: World, who: str, *, days: float) -> str:
    return world.write(
        lambda session: issue_token(session, session.get(Person, world.ids[who]), now=world.clock.now, days=days)
    )


def test_a_valid_token_opens_the_door(each_world: World) -> None:
    assert each_world.client("ana").get(URL).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(world: World, scheme: str) -> None:
    assert _with(world, f"{scheme} {world.tokens['ana']}") == (200, "")


UNKNOWN = ["", " ", " cc_unknown", " cc_" + "x" * 10_000, " \x00", " ' OR 1=1 --", " \xff\xfe", " null"]


def test_an_unknown_token_is_refused_in_words(each_world: World) -> None:
    for token in UNKNOWN:
        answer = each_world.client().get(URL, headers={"Authorization": f"Bearer{token}"})
        assert answer.status_code == 401, token[:20]
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Get a new one" in answer.json["detail"]


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Digest", ""])
def test_another_scheme_is_as_good_as_none(world: World, scheme: str) -> None:
    assert _with(world, f"{scheme} {world.tokens['ana']}") == (401, "Bearer")


def test_a_token_ends_with_its_last_millisecond(world: World) -> None:
    token = _issue(world, "ana", days=1)

    world.clock.now += DAY_MS - 1
    assert _with(world, f"Bearer {token}")[0] == 200

    world.clock.now += 1
    assert _with(world, f"Bearer {token}") == (401, "Bearer")


def test_a_revoked_token_is_refused_at_once(each_world: World) -> None:
    def revoke(session: object) -> None:
        for token in session.query(Token).filter_by(person_id=each_world.ids["ana"]):  # type: ignore[attr-defined]
            token.revoked_at = each_world.clock.now

    each_world.write(revoke)

    assert each_world.client("ana").get(URL).status_code == 401
    assert each_world.client("ben").get(URL).status_code == 200


def test_the_token_of_a_disabled_person_is_refused(each_world: World) -> None:
    def disable(session: object) -> None:
        session.get(Person, each_world.ids["ana"]).active = False  # type: ignore[attr-defined]

    each_world.write(disable)

    assert each_world.client("ana").get(URL).status_code == 401


def test_the_database_does_not_hold_the_token_itself(world: World) -> None:
    token = _issue(world, "ana", days=1)

    stored = world.read(lambda session: [row.digest for row in session.query(Token)])

    assert all(token not in digest and digest not in token for digest in stored)
    assert len(set(stored)) == len(stored)


def test_a_digest_that_leaked_is_not_a_token(world: World) -> None:
    digest = world.read(lambda session: session.query(Token).first().digest)

    assert world.read(lambda session: find_token(session, digest, now=world.clock.now)) is None


def test_a_role_that_was_taken_away_counts_with_the_next_call(world: World) -> None:
    def demote(session: object) -> None:
        session.get(Person, world.ids["ada"]).role = "representative"  # type: ignore[attr-defined]

    ada = world.client("ada")
    assert ada.patch("/api/v1/settings/tracking", json={}).status_code == 200

    world.write(demote)

    assert ada.patch("/api/v1/settings/tracking", json={}).status_code == 403


def test_a_token_in_the_address_is_no_token(world: World) -> None:
    token = world.tokens["ana"]

    assert world.client().get(f"{URL}?token={token}&access_token={token}").status_code == 401
