"""The agents' socket as a hostile outside client sees it: a real server, real websockets, the words of the contract."""

import json
import re
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.cookiejar import CookieJar
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.serving import make_server

from server.accounts.models import Person, Token
from server.config import Config, Limits
from server.tracking import agent_socket, connections_check, wire
from server.tracking.guarded_socket import MAX_MESSAGE_BYTES
from tests.conftest import World
from tests.outside_client import BINARY, TEXT, AgentSocket, Closed, Outbox, OutsideAgent, Refused, wall_ms
from tests.reports_of_agents import Page
from tests.server_process import PASSWORD, ServerProcess
from tests.waiting import until

ALLOWED = "https://ok.example"
FAST = {"CASECLOCK_SECONDS_PER_MINUTE": "0.03", "CASECLOCK_ALLOWED_ORIGINS": ALLOWED}
FOREIGN = [
    "https://evil.example",
    "https://ok.example.evil",
    "http://ok.example",
    "https://ok.example:8443",
    "https://sub.ok.example",
    "https://ok.example/",
    "null",
    "",
    "file://",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for the module; an update interval of ten minutes lasts 0.3 s."""
    with ServerProcess(tmp_path_factory.mktemp("server"), demo=True, environment=FAST) as process:
        for name in ("eve", "joe", "kim"):
            process.add_person(name)
        for name in ("ana", "ben", "ada", "eve", "joe", "kim"):
            process.token(name)  # now, since a socket waits only five seconds for its hello
        yield process


@pytest.fixture
def ana(server: ServerProcess) -> Iterator[AgentSocket]:
    """Ana's socket, after its hello."""
    with AgentSocket(server.base_url) as socket:
        socket.hello(server.token("ana"))
        yield socket


def cookie_of(server: ServerProcess, username: str) -> str:
    """Sign in with name and password, as the sign-in page does; the session cookie."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(f"{server.base_url}/sign-in").read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    form = {"username": username, "password": PASSWORD, "csrf_token": found[1]}
    opener.open(f"{server.base_url}/sign-in", urllib.parse.urlencode(form).encode())
    return next(f"{cookie.name}={cookie.value}" for cookie in jar if cookie.name == "caseclock")


@pytest.fixture(scope="module")
def cookie(server: ServerProcess) -> str:
    return cookie_of(server, "kim")


def own_origin(server: ServerProcess) -> str:
    return server.base_url


def beats(outbox: Outbox, count: int, *, case: str | None = "CAS-1001", until_ms: int | None = None) -> Outbox:
    """So many events, 20 s apart, the last one now."""
    end = wall_ms() if until_ms is None else until_ms
    for place in range(count):
        at = end - (count - 1 - place) * 20_000
        outbox.add(at, 10_000_000 + at - end, "beat" if place else "open", case=case)
    return outbox


def an_hour_ago() -> int:
    """Well before this module's server was switched off for a moment, which nobody's time may cross."""
    return wall_ms() - 3_600_000


def is_well(socket: AgentSocket) -> bool:
    """Whether the socket still serves."""
    socket.send({"type": "ping", "sent_at": 5})
    return socket.next("pong")["sent_at"] == 5


# Sign-in


def test_welcome_tells_all_that_an_agent_needs(server: ServerProcess) -> None:
    outbox = Outbox()
    with AgentSocket(server.base_url) as socket:
        before = wall_ms()
        welcome = socket.hello(server.token("ana"), stream=outbox.stream)
    assert before <= welcome["server_at"] <= wall_ms()
    assert welcome["protocol"] == 1
    assert welcome["representative"].items() >= {"username": "ana", "name": "Ana Duarte"}.items()
    assert (welcome["beat_s"], welcome["max_gap_s"]) == (wire.BEAT_S, wire.MAX_GAP_S) == (20, 60)
    assert (welcome["update_interval_s"], welcome["max_events"]) == (600, 300)
    assert welcome["committed"] == {outbox.stream: 0}


@pytest.mark.parametrize("token", ["", "nonsense", "cc_" + "x" * 43, "\0", "x" * 500])
def test_a_token_that_is_none_is_closed_with_4401(server: ServerProcess, token: str) -> None:
    with AgentSocket(server.base_url) as socket, pytest.raises(Closed) as closed:
        socket.hello(token)
    assert closed.value.code == 4401


def test_nobody_is_signed_in_without_cookie_and_token(server: ServerProcess) -> None:
    for origin in (None, own_origin(server)):
        with AgentSocket(server.base_url, origin=origin) as socket, pytest.raises(Closed) as closed:
            socket.hello(None)
        assert closed.value.code == 4401


def test_an_expired_token_is_closed_with_4401(server: ServerProcess) -> None:
    token = server.run("token", "ana", "--days", "0")
    with AgentSocket(server.base_url) as socket, pytest.raises(Closed) as closed:
        socket.hello(token)
    assert closed.value.code == 4401


def test_a_token_never_works_in_the_url(server: ServerProcess) -> None:
    with (
        AgentSocket(server.base_url + f"/agent?token={server.token('ana')}&x=") as socket,
        pytest.raises(Closed) as closed,
    ):
        socket.hello(None)
    assert closed.value.code == 4401


def test_a_bearer_header_of_the_opening_request_signs_in(server: ServerProcess) -> None:
    header = f"Authorization: Bearer {server.token('ana')}"
    with AgentSocket(server.base_url, headers=[header]) as socket:
        assert socket.hello(None)["representative"]["username"] == "ana"
    with pytest.raises(Refused) as refused:
        AgentSocket(server.base_url, headers=["Authorization: Bearer wrong"])
    assert refused.value.status == 401


def test_the_cookie_signs_in_from_our_own_and_allowed_origins(server: ServerProcess, cookie: str) -> None:
    """X71: an origin is compared without regard to case."""
    for origin in (own_origin(server), own_origin(server).upper(), ALLOWED, "HTTPS://OK.Example"):
        with AgentSocket(server.base_url, origin=origin, cookie=cookie) as socket:
            assert socket.hello(None)["representative"]["username"] == "kim"


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_with_a_cookie_is_refused_before_the_upgrade(
    server: ServerProcess, cookie: str, origin: str
) -> None:
    """X71, X73: cross-site hijacking; https for http, other port, look-alikes."""
    with pytest.raises(Refused) as refused:
        AgentSocket(server.base_url, headers=[f"Origin: {origin}"], cookie=cookie)
    assert refused.value.status == 403


def test_our_own_host_by_another_scheme_or_port_is_foreign(server: ServerProcess, cookie: str) -> None:
    own = own_origin(server)
    for origin in (own.replace("http:", "https:"), f"http://127.0.0.1:{server.port + 1}", "http://127.0.0.1"):
        with pytest.raises(Refused) as refused:
            AgentSocket(server.base_url, origin=origin, cookie=cookie)
        assert refused.value.status == 403


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_without_a_cookie_is_closed_with_4403(server: ServerProcess, origin: str) -> None:
    """Before its hello is heard, and whatever token it brings."""
    headers = [f"Origin: {origin}", f"Authorization: Bearer {server.token('ana')}"]
    with AgentSocket(server.base_url, headers=headers) as socket:
        assert socket.close_code() == 4403


@pytest.mark.parametrize("second", ["same", "https://evil.example"])
def test_two_origin_headers_are_never_ours(server: ServerProcess, cookie: str, second: str) -> None:
    """X71."""
    own = own_origin(server)
    headers = [f"Origin: {own}", f"Origin: {own if second == 'same' else second}"]
    with pytest.raises(Refused) as refused:
        AgentSocket(server.base_url, headers=headers, cookie=cookie)
    assert refused.value.status in (400, 403)


def test_a_cookie_without_any_origin_is_not_a_browser_of_ours(server: ServerProcess, cookie: str) -> None:
    with AgentSocket(server.base_url, cookie=cookie) as socket, pytest.raises(Closed) as closed:
        socket.hello(None)
    assert closed.value.code == 4403
    with AgentSocket(server.base_url, cookie=cookie) as socket:
        assert socket.hello(server.token("ana"))["representative"]["username"] == "ana", "a token needs none"


def test_a_forged_cookie_signs_nobody_in(server: ServerProcess, cookie: str) -> None:
    for forged in (cookie[:-9] + ("a" if cookie[-9] != "a" else "b") + cookie[-8:], "caseclock=x", "caseclock="):
        with AgentSocket(server.base_url, origin=own_origin(server), cookie=forged) as socket:
            with pytest.raises(Closed) as closed:
                socket.hello(None)
            assert closed.value.code == 4401


# The first message


@pytest.mark.parametrize("hello", [{"protocol": 2}, {"protocol": 0}, {"protocol": 99, "stream": None, "new": [1]}])
def test_another_protocol_is_closed_with_4400(server: ServerProcess, hello: dict[str, Any]) -> None:
    """X34: also where its hello has another shape."""
    with AgentSocket(server.base_url) as socket:
        socket.send({"type": "hello", "stream": "5f0c1111", "sent_at": 1, "token": server.token("ana"), **hello})
        assert socket.close_code() == 4400


def test_without_a_hello_in_time_the_socket_is_closed_with_4408(server: ServerProcess) -> None:
    """X19: silence, nonsense and other messages alike; they do not buy time."""
    with AgentSocket(server.base_url) as silent, AgentSocket(server.base_url) as busy:
        busy.send({"type": "ping", "sent_at": 1})
        assert busy.next("error")["code"] == "bad_message"
        busy.send_text("nonsense")
        assert busy.next("error")["code"] == "bad_message"
        assert silent.close_code() == 4408
        assert busy.close_code() == 4408


def test_nothing_is_done_before_the_hello(server: ServerProcess) -> None:
    outbox = beats(Outbox(), 2)
    with AgentSocket(server.base_url) as socket:
        for message in (outbox.report(), {"type": "watch", "case": "CAS-1001"}, {"type": "ping", "sent_at": 1}):
            socket.send(message)
            assert socket.next()["code"] == "bad_message"
        socket.hello(server.token("ana"), stream=outbox.stream)
        socket.send(outbox.report(count=1))
        assert socket.next("received")["seq"] == 1, "the report before was not taken"


def test_a_second_hello_is_an_error_and_changes_nothing(server: ServerProcess, ana: AgentSocket) -> None:
    ana.send({"type": "hello", "protocol": 1, "stream": "5f0c2222", "sent_at": 1, "token": server.token("ben")})
    assert ana.next("error")["code"] == "bad_message"
    outbox = beats(Outbox(), 1)
    ana.send(outbox.report())
    assert ana.next("received")["stream"] == outbox.stream
    with AgentSocket(server.base_url) as ben:
        ben.hello(server.token("ben"))
        ben.send(outbox.report())
        assert ben.next("error")["code"] == "not_yours"


# Messages


def test_ping_is_answered_with_both_clocks(ana: AgentSocket) -> None:
    before = wall_ms()
    ana.send({"type": "ping", "sent_at": 12345})
    pong = ana.next("pong")
    assert pong["sent_at"] == 12345
    assert before <= pong["server_at"] <= wall_ms()


def test_events_are_received_then_committed_and_never_the_newest(ana: AgentSocket) -> None:
    outbox = beats(Outbox(), 5)
    ana.send(outbox.report())
    assert ana.next("received") == {"type": "received", "stream": outbox.stream, "seq": 5}
    assert ana.next("committed") == {"type": "committed", "stream": outbox.stream, "seq": 4}
    outbox.add(wall_ms(), 10_000_001, "close", case=None, focused=False)
    ana.send(outbox.report(since=5))
    until(lambda: ana.next("committed")["seq"] == 6, what="a closed stream is covered whole")


def test_before_a_commit_the_agent_is_asked_for_a_beat(server: ServerProcess) -> None:
    with AgentSocket(server.base_url) as socket:
        outbox = beats(Outbox(), 2)
        socket.hello(server.token("ben"), stream=outbox.stream)
        socket.send(outbox.report())
        assert socket.next("sync") == {"type": "sync"}
        outbox.add(wall_ms(), 10_000_100, "beat", case="CAS-1001")
        socket.send(outbox.report(since=3))
        until(lambda: socket.next("committed")["seq"] == 2, what="the beat made the event before it durable")


def test_a_watched_case_is_pushed_after_each_commit_and_each_change_by_hand(server: ServerProcess) -> None:
    token = server.token("eve")
    with AgentSocket(server.base_url) as socket:
        socket.hello(token)
        socket.send({"type": "watch", "case": "CAS-1005"})
        first = socket.next("handling_time")
        assert (first["case"], first["total_seconds"]) == ("CAS-1005", 0)
        outbox = beats(Outbox(), 4, case="CAS-1005", until_ms=an_hour_ago())
        socket.send(outbox.report())
        until(lambda: socket.next("handling_time")["automatic_seconds"] == 60, what="the commit is pushed")
        log = {"duration_seconds": 90, "description": "call", "worked_at": "2026-11-20T10:00:00Z"}
        assert server.call("POST", "/api/v1/cases/CAS-1005/time-logs", log, token=token)[0] == 201
        pushed = until(
            lambda: next((m for m in [socket.next("handling_time")] if m["manual_seconds"]), None), what="a time log"
        )
        asked = server.call("GET", "/api/v1/cases/CAS-1005/handling-time", token=token)[1]
        assert {name: pushed[name] for name in asked} == asked
        socket.send({"type": "unwatch", "case": "CAS-1005"})
        assert is_well(socket)
        socket.pump()
        heard = len(socket.heard)
        assert server.call("POST", "/api/v1/cases/CAS-1005/time-logs", log, token=token)[0] == 201
        assert is_well(socket)
        assert "handling_time" not in {message["type"] for message in socket.heard[heard:]}


def test_a_case_that_is_none_cannot_be_watched(ana: AgentSocket) -> None:
    ana.send({"type": "watch", "case": "CAS-9999"})
    assert ana.next("error")["code"] == "unknown_case"
    for ref in ("", "C" * 10_000, "nul\0", 7, None):
        ana.send({"type": "watch", "case": ref})
        assert ana.next("error")["code"] == "bad_message"
    ana.send({"type": "unwatch", "case": "CAS-9999"})
    assert is_well(ana)


def test_changed_settings_are_pushed_to_every_agent(server: ServerProcess, ana: AgentSocket) -> None:
    ada = server.token("ada")
    try:
        assert server.call("PATCH", "/api/v1/settings/tracking", {"count_idle": True}, token=ada)[0] == 200
        settings = ana.next("settings")
        assert (settings["count_idle"], settings["idle_after_minutes"]) == (True, 0)
        assert settings["update_interval_s"] == 600
    finally:
        server.call("PATCH", "/api/v1/settings/tracking", {"count_idle": False}, token=ada)


# Errors: one code after the other, and the socket goes on


def test_a_gap_names_what_to_send_and_applies_nothing(ana: AgentSocket) -> None:
    outbox = beats(Outbox(), 6)
    ana.send(outbox.report(since=4))
    error = ana.next("error")
    assert (error["code"], error["stream"], error["seq"], error["expected"]) == ("gap", outbox.stream, 4, 1)
    ana.send(outbox.report())
    assert ana.next("received")["seq"] == 6


def test_events_that_are_too_old_are_forgotten(ana: AgentSocket) -> None:
    outbox = beats(Outbox(), 2, until_ms=wall_ms() - 8 * 24 * 3_600_000)
    ana.send(outbox.report())
    assert [(ana.next("error")["code"]) for _ in range(2)] == ["too_old", "too_old"]
    assert ana.next("received")["seq"] == 2


@pytest.mark.parametrize("ref", ["CAS-9999", 'O\'Brien "x"', "<svg onload=alert(1)>", "nul \0", "\u202eRTL", "🙂"])
def test_an_unknown_case_is_named_and_the_rest_goes_on(ana: AgentSocket, ref: str) -> None:
    """X77."""
    outbox = beats(Outbox(), 2, case=ref)
    outbox.add(wall_ms(), 10_000_001, "case", case="CAS-1001")
    ana.send(outbox.report())
    errors = [ana.next("error") for _ in range(2)]
    assert [(one["code"], one["seq"]) for one in errors] == [("unknown_case", 1), ("unknown_case", 2)]
    assert ana.next("received")["seq"] == 3


def test_while_tracking_is_off_time_is_refused(server: ServerProcess, ana: AgentSocket) -> None:
    ada = server.token("ada")
    assert server.call("PATCH", "/api/v1/settings/tracking", {"enabled": False}, token=ada)[0] == 200
    try:
        assert ana.next("settings")["enabled"] is False
        outbox = beats(Outbox(), 1)
        ana.send(outbox.report())
        assert ana.next("error")["code"] == "not_tracked"
        assert ana.next("received")["seq"] == 1
    finally:
        assert server.call("PATCH", "/api/v1/settings/tracking", {"enabled": True}, token=ada)[0] == 200
    assert ana.next("settings")["enabled"] is True


def test_a_stream_of_somebody_else_is_refused_whole(server: ServerProcess, ana: AgentSocket) -> None:
    """X32, X75."""
    outbox = beats(Outbox(), 3)
    ana.send(outbox.report(count=2))
    assert ana.next("received")["seq"] == 2
    with AgentSocket(server.base_url) as ben:
        assert ben.hello(server.token("ben"), stream=outbox.stream)["committed"] == {outbox.stream: 0}
        ben.send(outbox.report())
        error = ben.next("error")
        assert (error["code"], error["stream"]) == ("not_yours", outbox.stream)
        ben.send(beats(Outbox(), 1).report() | {"owner": "ana"})
        assert ben.next("error")["code"] == "not_yours"
        ben.send(beats(Outbox(), 1).report() | {"owner": "ben"})
        assert ben.next("received")["seq"] == 1
        assert is_well(ben)
    ana.send(outbox.report())
    assert ana.next("received")["seq"] == 3


def test_too_many_messages_are_refused_for_now_and_others_are_not_slowed(
    server: ServerProcess, ana: AgentSocket
) -> None:
    """X6."""
    outbox = beats(Outbox(), 1)
    text = json.dumps(outbox.report())
    with AgentSocket(server.base_url) as eve:
        eve.hello(server.token("eve"))
        for _ in range(60):
            for _ in range(100):
                eve.send_text(text)
            if any(eve.next("received", "error")["type"] == "error" for _ in range(100)):
                break
        error = next(message for message in eve.heard if message["type"] == "error")
        assert error["code"] == "rate_limited"
        mine = beats(Outbox(), 1)
        ana.send(mine.report())
        assert ana.next("received")["stream"] == mine.stream

        def taken() -> bool:
            eve.send_text(text)
            return eve.next("received", "error")["type"] == "received"

        until(taken, timeout_s=20, what="the bucket fills again")


BAD_EVENTS: list[dict[str, Any]] = [
    {"at": -1},
    {"at": 1.5},
    {"at": "now"},
    {"at": 4_102_444_800_000},
    {"mono": None},
    {"cause": "<b>"},
    {"session": {"id": "s1", "kind": "case", "case": "C" * 10_000}},
    {"app_tab": "tab"},
    {"app_tab": {"id": 1, "entity": None}},
    {"form": ["main"]},
    {"form": {"id": "main", "tracked": "yes"}},
    {"visible": "true"},
]


@pytest.mark.parametrize("facts", BAD_EVENTS, ids=lambda facts: json.dumps(facts)[:40])
def test_a_bad_event_is_named_and_costs_only_itself(ana: AgentSocket, facts: dict[str, Any]) -> None:
    outbox = beats(Outbox(), 3)
    outbox.held[1].update(facts)
    ana.send(outbox.report())
    error = ana.next("error")
    assert (error["code"], error["stream"], error["seq"]) == ("bad_message", outbox.stream, 2)
    assert error["message"]
    assert ana.next("received")["seq"] == 3


@pytest.mark.parametrize("seq", [0, -1, 2**53, 2**63, "2", 1.5, None])
def test_an_event_without_a_usable_seq_does_not_block_its_stream(ana: AgentSocket, seq: Any) -> None:
    """X24, X35."""
    outbox = beats(Outbox(), 3)
    outbox.held[1]["seq"] = seq
    events = outbox.held
    report = {"type": "report", "stream": outbox.stream, "first": 1, "sent_at": wall_ms(), "events": events}
    ana.send(report)
    assert ana.next("error")["code"] == "bad_message"
    assert ana.next("received")["seq"] == 3


def test_half_a_surrogate_pair_costs_one_event_only(ana: AgentSocket) -> None:
    """What JSON.stringify makes of a text that was cut within an emoji."""
    outbox = beats(Outbox(), 3)
    outbox.held[1]["session"]["id"] = "\ud83d"
    ana.send(outbox.report())
    assert (ana.next("error")["code"], ana.next("received")["seq"]) == ("bad_message", 3)


NONSENSE = [
    "",
    "nonsense",
    "{}",
    "[]",
    "null",
    '{"type":"report"}',
    '{"type":"report","stream":"x","first":1,"sent_at":1,"events":[]}',
    "[" * 10_000,
    '{"a":' * 10_000,
    '{"type":"ping","type":"pong","sent_at":1}',
    '{"type":"ping","sent_at":NaN}',
    "{" + ",".join(f'"k{n}":1' for n in range(6_000)) + "}",
]


def test_nonsense_is_answered_in_words_and_the_socket_goes_on(ana: AgentSocket) -> None:
    """X76."""
    for text in NONSENSE:
        ana.send_text(text)
        error = ana.next("error")
        assert error["code"] == "bad_message"
        assert error["message"]
    ana.send_frame(b"{}", BINARY)
    assert ana.next("error")["code"] == "bad_message"
    ana.send({"type": "ping", "sent_at": 1, "mood": "good", "__proto__": {}})
    assert ana.next("pong")["sent_at"] == 1


def test_301_events_are_too_many_for_a_report(ana: AgentSocket) -> None:
    outbox = beats(Outbox(), 301)
    outbox.held = [{**event, "session": None} for event in outbox.held]
    ana.send(outbox.report(count=301))
    assert "300" in ana.next("error")["message"]
    ana.send(outbox.report(count=300))
    assert ana.next("received")["seq"] == 300


def test_a_frame_of_64_kib_is_taken_and_one_byte_more_is_closed_with_1009(ana: AgentSocket) -> None:
    """X8."""
    ping = '{"type":"ping","sent_at":1}'
    ana.send_text(ping + " " * (MAX_MESSAGE_BYTES - len(ping)))
    assert ana.next("pong")["sent_at"] == 1
    ana.send_text(ping + " " * (MAX_MESSAGE_BYTES - len(ping) + 1))
    assert ana.close_code() == 1009


def test_text_that_is_not_utf_8_is_closed_with_1007(ana: AgentSocket) -> None:
    """X11."""
    ana.send_frame(b'{"type":"ping","sent_at":1,"x":"\xff\xfe"}', TEXT)
    assert ana.close_code() == 1007


def test_too_many_connections_of_one_person_are_closed_with_4429(server: ServerProcess) -> None:
    """X18: the one too many hears it at once; the others live on."""
    token = server.token("kim")
    sockets = []
    try:
        for _ in range(Limits().connections_per_representative):
            socket = AgentSocket(server.base_url)
            sockets.append(socket)
            socket.hello(token)
        with AgentSocket(server.base_url) as one_too_many, pytest.raises(Closed) as closed:
            one_too_many.hello(token)
        assert closed.value.code == 4429
        assert is_well(sockets[0])
        sockets.pop().cut()

        def taken() -> bool:
            with AgentSocket(server.base_url) as another:
                try:
                    another.hello(token)
                except Closed:
                    return False
            return True

        until(taken, what="a place that was left is free again")
    finally:
        for socket in sockets:
            socket.cut()


def test_two_sockets_of_one_stream_count_once(server: ServerProcess) -> None:
    """X14, X15: late frames of the old socket after the new hello."""
    token = server.token("joe")
    outbox = beats(Outbox(), 4, case="CAS-1006", until_ms=an_hour_ago())
    with AgentSocket(server.base_url) as old, AgentSocket(server.base_url) as new:
        for socket in (old, new):
            socket.hello(token, stream=outbox.stream)
        new.send(outbox.report())
        assert new.next("received")["seq"] == 4
        old.send(outbox.report(count=2))
        assert old.next("received")["seq"] == 4
        for socket in (old, new):
            until(lambda one=socket: one.next("committed")["seq"] == 3, what="both hear of the commit")
    url = "/api/v1/cases/CAS-1006/handling-time"
    assert server.call("GET", url, token=token)[1]["automatic_seconds"] == 60


def test_an_orphaned_stream_is_delivered_by_another_page(server: ServerProcess, ana: AgentSocket) -> None:
    orphan = beats(Outbox(), 2)
    orphan.add(wall_ms(), 10_000_001, "close", case=None, focused=False)
    ana.send(orphan.report())
    assert ana.next("received")["stream"] == orphan.stream
    until(
        lambda: ana.next("committed") == {"type": "committed", "stream": orphan.stream, "seq": 3},
        what="the page that delivered it may forget it",
    )


def test_agents_that_send_nonsense_at_full_speed_disturb_nobody(server: ServerProcess, ana: AgentSocket) -> None:
    """X6, X10: three of them, until the others' twenty reports are all through."""
    done = threading.Event()

    def rage(text: str) -> None:
        try:
            with AgentSocket(server.base_url) as socket:
                socket.hello(server.token("eve"))
                while not done.is_set():
                    for _ in range(50):
                        socket.send_text(text)
                    socket.pump()
        except (Closed, OSError, AssertionError):
            pass

    texts = ["nonsense", '{"type":"report","stream":"abcd","first":1,"sent_at":1,"events":[1,2,3]}', "[" * 5_000]
    threads = [threading.Thread(target=rage, args=(text,), daemon=True) for text in texts]
    for thread in threads:
        thread.start()
    try:
        outbox = beats(Outbox(), 20)
        for seq in range(1, 21):
            ana.send(outbox.report(since=seq, count=1))
            until(lambda seq=seq: ana.next("received")["seq"] == seq, what=f"event {seq}")
    finally:
        done.set()
        for thread in threads:
            thread.join(15)
    assert not any(thread.is_alive() for thread in threads)


def test_a_client_that_reads_nothing_holds_up_nobody(server: ServerProcess, ana: AgentSocket) -> None:
    """X5."""
    with AgentSocket(server.base_url) as deaf:
        deaf.hello(server.token("eve"))
        for _ in range(2_000):
            deaf.send({"type": "ping", "sent_at": 1})
        outbox = beats(Outbox(), 1)
        ana.send(outbox.report())
        assert ana.next("received")["stream"] == outbox.stream


def test_the_road_over_http_and_the_socket_lead_to_the_same_stream(server: ServerProcess) -> None:
    agent = OutsideAgent(server.base_url, server.token("ana"))
    outbox = beats(agent.open(), 4, case="CAS-1007")
    agent.connect(outbox)
    agent.send(outbox, count=2)
    assert agent.post(outbox) == 200
    assert outbox.received == 4
    assert agent.post(outbox) == 200
    assert agent.deliver(outbox)
    agent.cut()


# In one process with the test: what a process of its own would take too long to show


@pytest.fixture
def near(world: World) -> Iterator[tuple[World, str]]:
    """The named world behind a real socket of this very process."""
    http = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield world, f"http://127.0.0.1:{http.server_port}"
    for connection in world.tracking.connections.all():
        connection.close(1012, "the test is over")
    until(lambda: len(world.tracking.connections) == 0, what="every handler is done")
    http.shutdown()
    http.server_close()
    thread.join(10)


@pytest.mark.parametrize("signs_in_by", ["hello", "header"])
@pytest.mark.parametrize("loses", ["token revoked", "token expired", "person disabled"])
def test_who_loses_access_is_closed_with_4401(near: tuple[World, str], signs_in_by: str, loses: str) -> None:
    """X33, X74: whichever way they signed in; others stay."""
    world, url = near
    token = world.tokens["ana"]
    headers = [f"Authorization: Bearer {token}"] if signs_in_by == "header" else []
    with AgentSocket(url, headers=headers) as ana, AgentSocket(url) as ben:
        ana.hello(token if signs_in_by == "hello" else None)
        ben.hello(world.tokens["ben"])
        assert connections_check.run(world.tracking, now=world.clock.now) == 0
        changes = {
            "token revoked": update(Token).where(Token.person_id == world.ids["ana"]).values(revoked_at=1),
            "token expired": update(Token).where(Token.person_id == world.ids["ana"]).values(expires_at=1),
            "person disabled": update(Person).where(Person.id == world.ids["ana"]).values(active=False),
        }
        world.write(lambda session: session.execute(changes[loses]))
        assert connections_check.run(world.tracking, now=world.clock.now) == 1
        assert ana.close_code() == 4401
        assert is_well(ben)


def test_a_full_server_refuses_early_with_4429(near: tuple[World, str]) -> None:
    """X18: before the hello even."""
    world, url = near
    world.tracking.limits = replace(Limits(), connections=1)
    with AgentSocket(url) as first, AgentSocket(url) as second:
        first.hello(world.tokens["ana"])
        second.send(Page(world.clock.now).hello(world.clock.now, world.tokens["ben"]))
        assert second.close_code() == 4429
        with AgentSocket(url) as third:
            assert third.close_code() == 4429
        assert is_well(first)


def test_a_server_that_goes_down_sends_newcomers_to_the_next(near: tuple[World, str]) -> None:
    world, url = near
    world.tracking.connections.closing = True
    with AgentSocket(url) as late:
        assert late.close_code() == 1012


def test_too_many_watches_are_refused(near: tuple[World, str]) -> None:
    world, url = near
    world.tracking.limits = replace(Limits(), watches_per_connection=2)
    with AgentSocket(url) as socket:
        socket.hello(world.tokens["ana"])
        for ref in ("CAS-1001", "CAS-1002"):
            socket.send({"type": "watch", "case": ref})
            assert socket.next("handling_time")["case"] == ref
        socket.send({"type": "watch", "case": "CAS-1003"})
        assert socket.next("error")["code"] == "rate_limited"


def test_what_others_worked_is_pushed_only_to_who_may_see_it(near: tuple[World, str]) -> None:
    """PITFALLS 35: one query scope for list, report and socket."""
    world, url = near
    log = {"duration_seconds": 90, "description": "call", "worked_at": "2026-11-20T10:00:00Z"}
    ada = world.client("ada")
    assert ada.patch("/api/v1/settings/tracking", json={"show_only_own_time": True}).status_code == 200
    with AgentSocket(url) as ana, AgentSocket(url) as sam:
        for socket, who in ((ana, "ana"), (sam, "sam")):
            socket.hello(world.tokens[who])
            socket.send({"type": "watch", "case": "CAS-1001"})
            socket.next("handling_time")
        assert world.client("ben").post("/api/v1/cases/CAS-1001/time-logs", json=log).status_code == 201
        assert sam.next("handling_time")["total_seconds"] == 90
        pushed = ana.next("handling_time")
        assert (pushed["total_seconds"], pushed["representatives"]) == (0, [])


def test_the_close_codes_are_those_of_the_contract() -> None:
    assert agent_socket.PROTOCOL_NOT_SPOKEN == 4400
    assert agent_socket.NOT_SIGNED_IN == connections_check.NOT_SIGNED_IN == 4401
    assert agent_socket.ORIGIN_NOT_ALLOWED == 4403
    assert agent_socket.NO_HELLO == 4408
    assert agent_socket.TOO_MANY == 4429
    assert agent_socket.RESTART == 1012
    assert Config.__dataclass_fields__["limits"].default_factory().frame_bytes == MAX_MESSAGE_BYTES  # type: ignore[misc]
