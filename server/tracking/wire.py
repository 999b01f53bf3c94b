"""The wire: JSON text to messages and back (docs/protocol.md).

A message that is right decodes in one pass. One that is not is read again, loosely, so that a single bad event
costs only itself, and does not block its stream.
"""

import json
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from server.tracking.events import MAX_SEQ, App, Event, Id, Ref, Refused, Seq, WallMs

PROTOCOL = 1
BEAT_S = 20
MAX_GAP_S = 60

StreamId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{3,63}\Z")]
PrintableRef: TypeAlias = Annotated[Ref, Meta(pattern=r"^[^\x00-\x1f\x7f]*\Z")]

_MAX_BODY = 2_000


class Hello(Struct, tag="hello", tag_field="type", frozen=True):
    """The first message of a socket. `token` is None where the session cookie says who calls."""

    protocol: int
    stream: StreamId
    sent_at: WallMs
    app: App = "workspace"
    agent: Id = ""
    token: Annotated[str, Meta(max_length=500)] | None = None


class Report(Struct, frozen=True):
    """Events of one stream.

    `app` may say to which app an orphaned stream belonged; else it is the sender's. `owner` may say whose events these
    are, by username; they are taken from nobody else.
    """

    stream: StreamId
    first: Seq
    sent_at: WallMs
    events: list[Event | Refused]
    app: App | None = None
    owner: Id | None = None


class Watch(Struct, tag="watch", tag_field="type", frozen=True):
    """Subscribe to the handling time of a case."""

    case: PrintableRef


class Unwatch(Struct, tag="unwatch", tag_field="type", frozen=True):
    """End a subscription."""

    case: PrintableRef


class WatchBoard(Struct, tag="watch_board", tag_field="type", frozen=True):
    """Subscribe to who works on what."""


class UnwatchBoard(Struct, tag="unwatch_board", tag_field="type", frozen=True):
    """End that subscription."""


class Ping(Struct, tag="ping", tag_field="type", frozen=True):
    """Ask for a `pong`."""

    sent_at: Annotated[int, Meta(ge=0, le=MAX_SEQ)]


Message: TypeAlias = Hello | Report | Watch | Unwatch | WatchBoard | UnwatchBoard | Ping


class _StrictReport(Struct, tag="report", tag_field="type", frozen=True):
    stream: StreamId
    first: Seq
    sent_at: WallMs
    events: list[Event]
    app: App | None = None
    owner: Id | None = None


class _LooseReport(Struct, tag="report", tag_field="type", frozen=True):
    stream: StreamId
    first: Seq
    sent_at: WallMs
    events: list[Any]
    app: App | None = None
    owner: Id | None = None


class _AnyHello(Struct, tag="hello", tag_field="type", frozen=True):
    protocol: int


class BadMessage(Exception):
    """The message cannot be taken; the text says why, in the words of the contract."""


_decode_strict = msgspec.json.Decoder(Hello | _StrictReport | Watch | Unwatch | WatchBoard | UnwatchBoard | Ping).decode
_decode_report = msgspec.json.Decoder(_StrictReport).decode
_decode_loose_report = msgspec.json.Decoder(_LooseReport).decode
_decode_any_hello = msgspec.json.Decoder(_AnyHello).decode
_encode = msgspec.json.encode


def decode(text: str | bytes, *, max_events: int) -> tuple[Message, list[dict[str, Any]]]:
    """One frame's message, and errors to answer for events in it that have no usable place in their stream.

    Raises `BadMessage` where nothing of it can be taken.
    """
    if isinstance(text, bytes):
        raise BadMessage("Binary frames are not spoken here: send JSON as text.")
    try:
        message = _decode_strict(text)
    except msgspec.DecodeError as error:
        return _decode_again(text, error, max_events=max_events)
    except RecursionError:
        raise BadMessage("The message is nested too deep.") from None
    if isinstance(message, _StrictReport):
        return _checked(message, max_events=max_events), []
    return message, []


def decode_report(body: bytes, *, max_events: int) -> tuple[Report, list[dict[str, Any]]]:
    """The report in the body of an HTTP request; otherwise as `decode`."""
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        raise BadMessage(f"This is not UTF-8: byte {problem.start}.") from None
    try:
        return _checked(_decode_report(text), max_events=max_events), []
    except msgspec.DecodeError as error:
        return _decode_again(text, error, max_events=max_events)
    except RecursionError:
        raise BadMessage("The message is nested too deep.") from None


def speaks_another_protocol(text: str | bytes) -> bool:
    """Whether a message that `decode` refused is the `hello` of another version, which may have another shape."""
    try:
        return _decode_any_hello(text).protocol != PROTOCOL
    except (msgspec.DecodeError, RecursionError):
        return False


def encode(message: dict[str, Any]) -> str:
    """A message as JSON text."""
    return _encode(message).decode()


def error(
    code: str, message: str, *, stream: str | None = None, seq: int | None = None, expected: int | None = None
) -> dict[str, Any]:
    """An `error` message. `seq` is the event it is about, `expected` the seq to resend from."""
    return {"type": "error", "code": code, "message": message, "stream": stream, "seq": seq, "expected": expected}


def _decode_again(
    text: str | bytes, reason: msgspec.DecodeError, *, max_events: int
) -> tuple[Report, list[dict[str, Any]]]:
    """A report whose frame is sound: bad events become `Refused`, or an error where they have no place."""
    is_unicode = isinstance(reason, msgspec.ValidationError)
    loose = _loose_report(text, reason)
    _check_length(loose.events, max_events)
    events: list[Event | Refused] = []
    errors = []
    for item, seq in zip(loose.events, _places(loose), strict=True):
        try:
            if not is_unicode:
                _json(item).encode()
            events.append(msgspec.convert(item, Event))
            continue
        except (msgspec.ValidationError, UnicodeEncodeError, RecursionError) as problem:
            message = _words(problem)
        if seq is not None:
            events.append(Refused(seq, "bad_message", message, _body(item)))
        else:
            errors.append(error("bad_message", f"An event without a usable seq: {message}", stream=loose.stream))
    return Report(loose.stream, loose.first, loose.sent_at, events, loose.app, loose.owner), errors


def _loose_report(text: str | bytes, reason: msgspec.DecodeError) -> _LooseReport:
    """The report with its events as they are.

    Half of a surrogate pair, as JSON.stringify gives it for text that was cut within a character, is not JSON to
    msgspec; the standard library's slower decoder takes it.
    """
    try:
        if isinstance(reason, msgspec.ValidationError):
            return _decode_loose_report(text)
        return msgspec.convert(json.loads(text), _LooseReport)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadMessage(_words(reason)) from None


def _places(report: _LooseReport) -> list[int | None]:
    """The `seq` of each event; for one without a usable `seq` that which its neighbours leave, else None.

    seq     1  2  "3"  4        "1"  2        1  "2"  2
    place   1  2   3   4         1   2        1   -   2
    """
    places = [_seq(item) for item in report.events]
    start = 0
    while start < len(places):
        end = start
        while end < len(places) and places[end] is None:
            end += 1
        behind = places[end] if end < len(places) else None
        if behind is not None and end > start:
            before = places[start - 1] if start else max(report.first - 1, behind - (end - start) - 1)
            if before is not None and behind - before == end - start + 1:
                places[start:end] = range(before + 1, behind)
        start = end + 1
    return places


def _seq(item: Any) -> int | None:
    seq = item.get("seq") if isinstance(item, dict) else None
    return seq if type(seq) is int and 1 <= seq <= MAX_SEQ else None


def _body(item: Any) -> str:
    try:
        return _json(item)[:_MAX_BODY].encode(errors="replace").decode()
    except RecursionError:
        return ""


def _json(item: Any) -> str:
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def _checked(report: _StrictReport, *, max_events: int) -> Report:
    _check_length(report.events, max_events)
    events: list[Any] = report.events
    return Report(report.stream, report.first, report.sent_at, events, report.app, report.owner)


def _check_length(events: list[Any], max_events: int) -> None:
    if len(events) > max_events:
        raise BadMessage(f"A report holds at most {max_events} events, not {len(events)}: send it in parts.")


def _words(problem: Exception) -> str:
    if isinstance(problem, UnicodeEncodeError):
        return "A text in it is not valid Unicode: half of a surrogate pair."
    if isinstance(problem, RecursionError):
        return "It is nested too deep."
    text = str(problem)
    return f"{text[:300]}." if isinstance(problem, msgspec.ValidationError) else f"This is not JSON: {text[:300]}."
