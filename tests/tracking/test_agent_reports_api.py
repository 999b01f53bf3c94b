"""`POST /api/v1/agent/reports`: the road for pages that cannot use a socket any more."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.accounts.models import UserSession
from server.tracking.commit import commit
from server.tracking.guarded_socket import MAX_MESSAGE_BYTES
from server.tracking.models import RefusedEvent, TrackerRecord
from tests.conftest import World
from tests.reports_of_agents import Page

URL = "/api/v1/agent/reports"


@pytest.fixture
def page(world: World) -> Page:
    """Three minutes on CAS-1001 that have just ended."""
    start = world.clock.now
    made = Page(start)
    made.works(start, world.clock.advance(minutes=3))
    return made


def signed_in(world: World, username: str) -> FlaskClient:
    """A client with a session cookie of this person, and its CSRF token in `csrf`."""
    client = world.app.test_client()
    now = world.clock.now
    row = UserSession(id="a session", person_id=world.ids[username], began_at=now, ends_at=now + 3_600_000)
    world.write(lambda session: session.add(row))
    with client.session_transaction() as cookie:
        cookie.update(id="a session", epoch=0, seen=now, csrf="token-of-the-session")
    return client


def credited_ms(world: World) -> int:
    commit(world.tracking, world.tracking.store.representatives(), now=world.clock.now)
    records = world.read(lambda session: session.scalars(select(TrackerRecord)).all())
    return sum(record.ended_at - record.started_at for record in records)


def test_a_report_is_answered_with_the_body_of_received(world: World, page: Page) -> None:
    answer = world.client("ana").post(URL, json=page.report(world.clock.now))
    assert answer.status_code == 200
    assert answer.json == {"type": "received", "stream": page.stream, "seq": len(page.events)}
    assert credited_ms(world) == 180_000


def test_the_type_of_the_body_does_not_matter(world: World, page: Page) -> None:
    """`fetch` with `keepalive` and `sendBeacon` may send text/plain."""
    body = json.dumps(page.report(world.clock.now))
    for content_type in ("text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded", ""):
        answer = world.client("ana").post(URL, data=body, content_type=content_type)
        assert answer.json["seq"] == len(page.events)


def test_any_number_of_times_counts_once(world: World, page: Page) -> None:
    for _ in range(3):
        assert world.client("ana").post(URL, json=page.report(world.clock.now)).status_code == 200
        assert credited_ms(world) == 180_000


def test_a_gap_is_409_and_the_body_of_the_error(world: World, page: Page) -> None:
    answer = world.client("ana").post(URL, json=page.report(world.clock.now, since=4))
    assert answer.status_code == 409
    error = answer.json
    assert (error["type"], error["code"], error["seq"], error["expected"]) == ("error", "gap", 4, 1)
    assert error["stream"] == page.stream


def test_somebody_elses_stream_is_403(world: World, page: Page) -> None:
    world.client("ana").post(URL, json=page.report(world.clock.now, until=2))
    answer = world.client("ben").post(URL, json=page.report(world.clock.now))
    assert answer.status_code == 403
    assert answer.json["code"] == "not_yours"


def test_the_last_report_of_a_page_is_not_taken_for_whoever_signed_in_meanwhile(world: World, page: Page) -> None:
    """X32: the cookie is the other person's by then; what the report says of its owner decides."""
    report = page.report(world.clock.now) | {"owner": "ana"}
    answer = world.client("ben").post(URL, json=report)
    assert (answer.status_code, answer.json["code"]) == (403, "not_yours")
    assert world.client("ana").post(URL, json=report).status_code == 200
    assert credited_ms(world) == 180_000


def test_too_much_is_429(world: World, page: Page) -> None:
    ana = world.client("ana")
    buckets = world.tracking.buckets
    while buckets.take(world.ids["ana"], events=300, now=world.clock.now):
        pass
    while buckets.take(world.ids["ana"], events=1, now=world.clock.now):
        pass
    answer = ana.post(URL, json=page.report(world.clock.now))
    assert answer.status_code == 429
    assert answer.json["code"] == "rate_limited"
    world.clock.advance(seconds=5)
    assert ana.post(URL, json=page.report(world.clock.now)).status_code == 200


def test_refused_events_are_named_beside_received(world: World, page: Page) -> None:
    page.events[2]["at"] = "noon"
    page.events[4]["session"] = {"id": "s1", "kind": "case", "case": "CAS-9999"}
    answer = world.client("ana").post(URL, json=page.report(world.clock.now))
    assert answer.status_code == 200
    assert answer.json["seq"] == len(page.events)
    assert [(one["code"], one["seq"]) for one in answer.json["errors"]] == [("bad_message", 3), ("unknown_case", 5)]
    commit(world.tracking, world.tracking.store.representatives(), now=world.clock.now)
    rows = world.read(lambda session: session.scalars(select(RefusedEvent).order_by(RefusedEvent.first_seq)).all())
    assert [(row.first_seq, row.code) for row in rows] == [(3, "bad_message"), (5, "unknown_case")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"type":"hello","protocol":1,"stream":"abcd","sent_at":1}',
        b'{"type":"ping","sent_at":1}',
        b'{"type":"report","stream":"abcd","first":1,"sent_at":1}',
        b'{"type":"report","stream":"abcd","first":1,"sent_at":1,"events":{}}',
        b"[" * 10_000,
        b'{"type":"report","stream":"abcd","first":1,"sent_at":1,"events":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
def test_a_body_that_is_no_report_is_a_problem_in_words(world: World, body: bytes) -> None:
    answer = world.client("ana").post(URL, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]


@pytest.mark.parametrize("chunked", [False, True])
def test_64_kib_are_taken_and_one_byte_more_is_413(world: World, page: Page, chunked: bool) -> None:
    """X8: also where the length is not announced."""
    body = json.dumps(page.report(world.clock.now)).encode()
    for length, status in ((MAX_MESSAGE_BYTES, 200), (MAX_MESSAGE_BYTES + 1, 413)):
        options: dict[str, Any] = {"data": body.ljust(length)}
        if chunked:
            options["environ_overrides"] = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
        answer = world.client("ana").post(URL, **options)
        assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_301_events_are_a_problem_and_none_is_taken(world: World) -> None:
    page = Page(world.clock.now)
    for _ in range(301):
        page.event(world.clock.now, session=None)
    answer = world.client("ana").post(URL, data=json.dumps(page.report(world.clock.now), separators=(",", ":")))
    assert answer.status_code == 400
    assert "300" in answer.json["detail"]
    assert world.tracking.store.representatives() == []


def test_nobody_reports_without_signing_in(world: World, page: Page) -> None:
    body = page.report(world.clock.now)
    assert world.client().post(URL, json=body).status_code == 401
    wrong = {"Authorization": "Bearer cc_wrong"}
    assert world.client().post(URL, json=body, headers=wrong).status_code == 401
    assert world.tracking.store.representatives() == []


def test_with_the_cookie_the_origin_must_be_ours(world: World, page: Page) -> None:
    """X71, X81: a form of another site has the cookie too. A page that is being closed may have no CSRF token."""
    client, body = signed_in(world, "ana"), page.report(world.clock.now)
    foreign = ("https://evil.example", "null", "https://localhost", "http://localhost:81", "http://localhost.evil")
    for headers in ({}, *({"Origin": origin} for origin in foreign)):
        headers["X-CSRF-Token"] = "token-of-the-session"
        assert client.post(URL, json=body, headers=headers).status_code == 403
        assert client.post(URL, data=json.dumps(body), content_type="text/plain", headers=headers).status_code == 403
    assert world.tracking.store.representatives() == []
    assert client.post(URL, json=body, headers={"Origin": "http://localhost"}).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_there_is_no_other_method(world: World, method: str) -> None:
    assert getattr(world.client("ana"), method)(URL).status_code == 405


def test_a_report_may_say_to_which_app_its_page_belongs(world: World) -> None:
    """A hub form without a widget gives no time, over this road too."""
    start = world.clock.now
    page = Page(start)
    page.works(start, world.clock.advance(minutes=1))
    body = {**page.report(world.clock.now), "app": "hub"}
    assert world.client("ana").post(URL, json=body).status_code == 200
    assert credited_ms(world) == 0
