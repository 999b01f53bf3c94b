"""The agents' socket at `/agent`: sign-in, then one message after the other.

Who is calling comes from the session cookie, only if the page's `Origin` is ours or allowed, or from the token in
`hello`. Messages of other features (`watch`) are handled by whoever registered for them, so that tracking knows
nothing of what they show.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from flask import Flask, current_app, g, request
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from server import clock
from server.accounts import security_log, sessions
from server.accounts.access import covers, current_scope, is_own_or_allowed_origin, public
from server.accounts.models import FULL, REPORT, Person
from server.accounts.site import client_address
from server.accounts.tokens import find_token
from server.db import database
from server.db_faults import advice
from server.problems import Forbidden
from server.settings import TrackingSettings, settings_changed
from server.tracking import wire
from server.tracking.connections import TOO_MANY, Connection, Socket
from server.tracking.guarded_route import GuardedSock
from server.tracking.intake import open_stream, take_report
from server.tracking.service import Commit, Tracking, tracking

PROTOCOL_NOT_SPOKEN = 4400
NOT_SIGNED_IN = 4401
ORIGIN_NOT_ALLOWED = 4403
NO_HELLO = 4408
INTERNAL_ERROR = 1011
RESTART = 1012
RATE_LIMITED = "rate_limited"
_REST_S = 1.0
"""How long nothing is read from an agent that sends too much, after each refusal."""

Handler: TypeAlias = Callable[[Connection, Any], None]

_EXTENSION = "caseclock.socket_handlers"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Closed(Exception):
    """The socket is to be closed with this code, and why."""

    code: int
    reason: str


def install(app: Flask) -> None:
    """Put the endpoint on the application."""
    app.extensions[_EXTENSION] = {}
    limits = tracking_of(app).limits
    app.config["SOCK_SERVER_OPTIONS"] = {
        "max_message_size": limits.frame_bytes,
        "ping_interval": limits.ping_interval_s,
        "ping_timeout": limits.ping_timeout_s,
        "write_timeout": limits.write_timeout_s,
    }
    sock = GuardedSock(app)

    @app.before_request
    def _refuse_foreign_origin() -> None:
        """Before the upgrade: a page of another site must not use our cookie (cross-site hijacking)."""
        if request.path != "/agent" or "Origin" not in request.headers:
            return
        origins = request.headers.getlist("Origin")
        if all(is_own_or_allowed_origin(origin) for origin in origins) and len(origins) == 1:
            return
        if request.cookies or len(origins) > 1:
            raise Forbidden("This origin may not use Caseclock. Name it in CASECLOCK_ALLOWED_ORIGINS.")
        g.foreign_origin = True

    sock.route("/agent")(public(agent))
    settings_changed.connect(_tell_settings, app)
    tracking_of(app).committed.connect(_tell_committed)


def tracking_of(app: Flask) -> Tracking:
    """The tracking of an application that need not be the current one."""
    with app.app_context():
        return tracking()


def on_message(app: Flask, kind: type, handler: Handler) -> None:
    """Let another feature handle messages of this kind; it may post to the connection."""
    app.extensions[_EXTENSION][kind] = handler


def agent(ws: Any) -> None:
    """One agent's socket, from its upgrade to its end."""
    service = tracking()
    try:
        _serve(service, ws)
    finally:
        service.tally.socket_closed(INTERNAL_ERROR if ws.connected else ws.close_reason)


def _serve(service: Tracking, ws: Any) -> None:
    limits = service.limits
    if not service.connections.let_in(limit=limits.connections_before_hello):
        ws.close(TOO_MANY, "too many connections")
        return
    try:
        connection = _signed_in(service, ws)
    except _Closed as closed:
        if closed.code in (NOT_SIGNED_IN, ORIGIN_NOT_ALLOWED):
            security_log.refused("socket.refused", code=closed.code, reason=closed.reason, address=client_address())
        ws.close(closed.code, closed.reason)
        return
    finally:
        service.connections.said_hello()
    if not service.buckets.spend(connection.representative_id, "hellos", 1, now=clock.now_ms()):
        ws.close(TOO_MANY, "too many new connections")
        return
    if not service.connections.add(
        connection, limit=limits.connections, limit_each=limits.connections_per_representative
    ):
        ws.close(TOO_MANY if not service.connections.closing else RESTART, "too many connections")
        return
    service.stir(connection.representative_id)
    try:
        _welcome(service, connection, ws)
        while True:
            for answer in _answers(service, connection, ws.receive()):
                ws.answer(wire.encode(answer))
                if answer.get("code") == RATE_LIMITED:
                    ws.rest(_REST_S)
    except ConnectionClosed:
        pass
    finally:
        service.connections.remove(connection)
        service.stir(connection.representative_id)


def agent_settings(settings: TrackingSettings) -> dict[str, Any]:
    """The part of the settings that agents and widgets need."""
    return {
        name: value
        for name, value in settings.as_dict().items()
        if name not in ("create_unknown_cases", "update_interval_minutes")
    }


def _signed_in(service: Tracking, ws: Any) -> Connection:
    """Wait for `hello` and see who calls."""
    if getattr(g, "foreign_origin", False):
        raise _Closed(ORIGIN_NOT_ALLOWED, "origin not allowed")
    if service.connections.closing:
        raise _Closed(RESTART, "server restart")
    if len(service.connections) >= service.limits.connections:
        raise _Closed(TOO_MANY, "too many connections")
    deadline = clock.stopwatch_s() + service.limits.hello_timeout_s
    for _ in range(service.limits.messages_before_hello):
        left = deadline - clock.stopwatch_s()
        text = ws.receive(timeout=left) if left > 0 else None
        if text is None:
            raise _Closed(NO_HELLO, "no hello in time")
        try:
            hello, _ = wire.decode(text, max_events=service.limits.events_per_report)
        except wire.BadMessage as problem:
            if wire.speaks_another_protocol(text):
                raise _protocol_not_spoken() from None
            ws.send(wire.encode(wire.error("bad_message", str(problem))))
            continue
        if isinstance(hello, wire.Hello):
            break
        ws.send(wire.encode(wire.error("bad_message", "Say hello first.")))
    else:
        raise _Closed(NO_HELLO, "too many messages before a hello")
    if hello.protocol != wire.PROTOCOL:
        raise _protocol_not_spoken()
    person, scope = _person(hello.token)
    return Connection(
        socket=cast(Socket, ws),
        representative_id=person.id,
        username=person.username,
        name=person.name,
        role=person.role,
        sees_everyone=person.sees_everyone,
        stream=hello.stream,
        app=hello.app,
        limits=service.limits,
        session_epoch=person.session_epoch,
        token=hello.token or _bearer_token(),
        session_id=sessions.current_id(),
        may_read=scope == FULL,
    )


def _protocol_not_spoken() -> _Closed:
    return _Closed(PROTOCOL_NOT_SPOKEN, f"protocol {wire.PROTOCOL} is spoken here")


def _person(token: str | None) -> tuple[Person, str]:
    """Who calls, and the scope of what they call with."""
    if token is not None:
        now = clock.now_ms()
        found = database().read(lambda session: find_token(session, token, now=now))
        if found is None:
            raise _Closed(NOT_SIGNED_IN, "the token is unknown, expired or revoked")
        return found.person, _reporting(found.scope)
    known = cast(Person | None, g.person)
    if known is None:
        raise _Closed(NOT_SIGNED_IN, "not signed in")
    if "Origin" not in request.headers and "Authorization" not in request.headers:
        raise _Closed(ORIGIN_NOT_ALLOWED, "a session cookie needs an Origin; use a token")
    return known, _reporting(current_scope())


def _reporting(scope: str) -> str:
    if not covers(scope, REPORT):
        raise _Closed(NOT_SIGNED_IN, f"the token's scope is {scope}: it cannot report")
    return scope


def _bearer_token() -> str | None:
    """The token of the opening request, so that it too ends the socket when it ends."""
    given = request.authorization
    return given.token if given is not None and given.type == "bearer" else None


def _welcome(service: Tracking, connection: Connection, ws: Any) -> None:
    now = clock.now_ms()
    connection.delivers(connection.stream)
    entry = open_stream(
        service, connection.stream, representative_id=connection.representative_id, app=connection.app, now=now
    )
    own = entry.representative_id == connection.representative_id
    welcome = {
        "type": "welcome",
        "protocol": wire.PROTOCOL,
        "server_at": now,
        "representative": {"username": connection.username, "name": connection.name, "role": connection.role},
        "beat_s": wire.BEAT_S,
        "max_gap_s": wire.MAX_GAP_S,
        "update_interval_s": service.settings.value.update_interval_minutes * 60,
        "max_events": service.limits.events_per_report,
        "committed": {connection.stream: entry.committed_seq if own else 0},
        "settings": agent_settings(service.settings.value),
    }
    ws.send(wire.encode(welcome))


def _answers(service: Tracking, connection: Connection, text: str | bytes) -> list[dict[str, Any]]:
    try:
        message, answers = wire.decode(text, max_events=service.limits.events_per_report)
    except wire.BadMessage as problem:
        answers = [_too_many(service, connection) or wire.error("bad_message", str(problem))]
        service.tally.answered("socket", answers)
        return answers
    if not isinstance(message, wire.Report) and (refused := _too_many(service, connection)):
        return [refused]
    if isinstance(message, wire.Report):
        connection.delivers(message.stream)
        answers += _taken(service, connection, message)
        service.tally.answered("socket", answers)
        connection.reported()
    elif isinstance(message, wire.Ping):
        answers.append({"type": "pong", "sent_at": message.sent_at, "server_at": clock.now_ms()})
    elif isinstance(message, wire.Hello):
        answers.append(wire.error("bad_message", "There was a hello on this socket already.", stream=message.stream))
    else:
        handler = current_app.extensions[_EXTENSION].get(type(message))
        if handler is not None:
            handler(connection, message)
    return answers


def _taken(service: Tracking, connection: Connection, report: wire.Report) -> list[dict[str, Any]]:
    """Take a report; without a database that it needs it is refused for now, before anything of it is applied."""
    try:
        return take_report(
            service,
            report,
            representative_id=connection.representative_id,
            username=connection.username,
            app=connection.app,
            now=service.clock(),
            is_own=report.stream == connection.stream,
        )
    except SQLAlchemyError as error:
        log.error("a report was refused for now: %s", advice(error))
        text = "The database does not answer: keep them and send again in a few seconds."
        return [wire.error(RATE_LIMITED, text, stream=report.stream)]


def _too_many(service: Tracking, connection: Connection) -> dict[str, Any] | None:
    """The refusal of one more message that is no report: those are counted where they are taken in."""
    if service.buckets.take(connection.representative_id, events=0, now=clock.now_ms()):
        return None
    return wire.error(RATE_LIMITED, "Too many messages: wait a few seconds.")


def _tell_settings(_app: Flask, *, settings: TrackingSettings) -> None:
    message = {
        "type": "settings",
        "update_interval_s": settings.update_interval_minutes * 60,
        **agent_settings(settings),
    }
    tracking().connections.broadcast(lambda _: message)


def _tell_committed(service: Tracking, *, commit: Commit) -> None:
    """Tell every agent that speaks for a stream how far it is committed."""
    for representative, streams in commit.covered.items():
        for connection in service.connections.of(representative):
            for stream in connection.streams.keys() & streams.keys():
                if streams[stream]:
                    connection.post({"type": "committed", "stream": stream, "seq": streams[stream]})
