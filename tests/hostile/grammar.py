"""Valid messages, and ways to break them: by field, by token, by byte, and by when and from whom they come.

Everything follows from one `random.Random`, so that a seed is a replay.
"""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]

CASES = ("CAS-1001", "CAS-1002", "CAS-1003")
BEAT_MS = 20_000

HOSTILE: tuple[Any, ...] = (
    0, -1, 1, 2, 1.5, 1.0, 1e300, 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, True, False,
    None, "", "1", "0", "x", " ", "null", "\0", "a\0b", "\u202e", "\u200b", "\ud83d", "🙂" * 40, "x" * 201, "y" * 5_000,
    "CAS-1001", "CAS-9999", "cas-1001", "../../etc/passwd", "'; DROP TABLE cases; --", "<svg onload=alert(1)>",
    "{{7*7}}", "=cmd|' /C calc'!A0", "line\r\nfeed", [], {}, [None], {"id": 1}, {"id": "s1"}, [[[[[[]]]]]],
    {"__proto__": {"a": 1}},
    {"id": "s1", "kind": "inbox", "case": "CAS-1001"}, {"id": "s1", "kind": "case", "case": "INV-1"},
)  # fmt: skip
"""Values that some field somewhere takes badly (X24, X75, X76, X77)."""

TOKENS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-0", "0x10", "01", "1.", ".5", "+1", "true", "null", "undefined", '"',
    "\\",
    "{", "}", "[", "]", ",", ":", "\u0000", "\ufeff", "/**/", "'", '"\\ud800"', '"\\u0000"', "9" * 5_000, "[" * 2_000,
    '{"a":' * 1_200, '"__proto__":{},', '"seq":1,', '"type":"hello",', '"type":"report",', '"at":1795176000000,',
)  # fmt: skip

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|[{}\[\]:,]')


@dataclass(frozen=True)
class Message:
    """One message on its way: how it was broken (`kind`), whose it is, and over which road it comes."""

    kind: str
    who: str
    road: str
    payload: str | bytes


@dataclass
class Page:
    """One load of a page that works as it should: it keeps what is not acknowledged, and tells it again."""

    who: str
    stream: str
    app: str
    started: int
    seq: int = 0
    at: int = 0
    received: int = 0
    held: list[Json] = field(default_factory=list)

    def lives_until(self, now: int, random: Random, case: str | None = None) -> None:
        """Events up to `now`, a beat apart at most, or fewer if the page was asleep."""
        at = self.at or self.started
        while at < now or not self.seq:
            at = min(now, at + random.choice((300, 5_000, BEAT_MS, BEAT_MS, BEAT_MS)))
            if now - at > 10 * BEAT_MS:
                at = now - random.randrange(5 * BEAT_MS)
            self.seq += 1
            self.held.append(self._event(at, random, case))
            self.at = at
            if at >= now:
                return

    def _event(self, at: int, random: Random, case: str | None) -> Json:
        case = case or random.choice((*CASES, CASES[0], None))
        away = random.random() < 0.2
        return {
            "seq": self.seq,
            "at": at,
            "mono": at - self.started,
            "cause": random.choice(("beat", "beat", "focus", "blur", "session-tab", "dialog"))
            if self.seq > 1
            else "open",
            "visible": not away,
            "focused": not away,
            "locked": False,
            "idle": random.random() < 0.05,
            "session": random.choice(
                (
                    {"id": "s1", "kind": "case", "case": case},
                    {"id": "s1", "case": case},
                    {"id": "s2", "kind": "inbox", "case": case},
                )
                if random.random() < 0.3
                else ({"id": "s1", "kind": "case", "case": case},)
            ),
            "app_tab": {"id": "t1", "entity": "incident", "case": random.choice(CASES)}
            if random.random() < 0.1
            else None,
            "form": {"id": "main", "tracked": random.random() < 0.9, "widget": True} if random.random() < 0.5 else None,
        }

    def report(self, now: int) -> Json:
        """What is not acknowledged, up to 300 events."""
        return {
            "type": "report",
            "stream": self.stream,
            "app": self.app,
            "first": self.received + 1,
            "sent_at": now,
            "events": self.held[:300],
        }

    def hear(self, seq: int) -> None:
        """Everything up to `seq` has been received."""
        self.received = max(self.received, seq)
        self.held = [event for event in self.held if event["seq"] > self.received]


def broken(report: Json, random: Random, others: list[Json]) -> tuple[str, str | bytes]:
    """A report that was broken in one way, or in several: how, and what comes of it."""
    kind, text = random.choice(_WAYS)(json.loads(json.dumps(report)), random, others)
    while random.random() < 0.15:
        more, text = random.choice((_token, _byte))(text, random)
        kind = f"{kind}+{more}"
    return kind, text


def small_talk(random: Random) -> tuple[str, str]:
    """Messages that are no reports, right or wrong."""
    message: Json = random.choice(
        (
            {"type": "watch", "case": random.choice((*CASES, "CAS-9999", ""))},
            {"type": "unwatch", "case": random.choice(CASES)},
            {"type": "ping", "sent_at": random.choice((1, 0, -1, 2**53, "1"))},
            {
                "type": "hello",
                "protocol": random.choice((1, 2, "1", None)),
                "stream": "5f0c1111",
                "sent_at": 1,
                "token": "x",
            },
            {"type": "mystery"},
        )
    )
    if random.random() < 0.5:
        _set_something(message, random)
    return "talk", json.dumps(message)


def _field(report: Json, random: Random, _: list[Json]) -> tuple[str, str]:
    target = random.choice(report["events"]) if report["events"] and random.random() < 0.7 else report
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        _set_something(target, random)
    return "field", _text(report)


def _clock(report: Json, random: Random, _: list[Json]) -> tuple[str, str]:
    """Clocks that lie: of the message, of one event, or of all events from one on (X39, X40, X47)."""
    by = random.choice((-1, 1)) * random.choice((500, 1_999, 2_001, 59_000, 61_000, 3_600_000, 86_400_000, 10**12))
    way = random.randrange(4)
    events = report["events"]
    if way == 0 or not events:
        report["sent_at"] += by
    elif way == 1:
        random.choice(events)["at"] += by
    elif way == 2:
        random.choice(events)["mono"] += by
    else:
        for event in events[random.randrange(len(events)) :]:
            event["at"] += by
            event["mono"] += by if random.random() < 0.5 else 0
    return "clock", _text(report)


def _order(report: Json, random: Random, _: list[Json]) -> tuple[str, str]:
    """Events doubled, left out, in disorder, or with another's seq; a `first` that lies (X21 to X24, X35)."""
    events = report["events"]
    way = random.randrange(6)
    if way == 0 and events:
        events.insert(random.randrange(len(events) + 1), dict(random.choice(events)))
    elif way == 1 and events:
        del events[random.randrange(len(events))]
    elif way == 2:
        random.shuffle(events)
    elif way == 3 and events:
        random.choice(events)["seq"] += random.choice((-1, 1, 5, 2**40))
    elif way == 4:
        report["first"] += random.choice((-1, 1, 2, 100, 2**52))
    else:
        by = random.choice((1, 3, 2**45))
        report["first"] += by
        for event in events:
            event["seq"] += by
    return "order", _text(report)


def _shape(report: Json, random: Random, others: list[Json]) -> tuple[str, str]:
    """Fields that are left out, unknown, or another's; no events, too many, or things that are none."""
    way = random.randrange(7)
    target = random.choice(report["events"]) if report["events"] and random.random() < 0.5 else report
    if way == 0:
        del target[random.choice(list(target))]
    elif way == 1:
        target[random.choice(("__proto__", "extra", "constructor", "", "seq ", "Seq"))] = _hostile(random)
    elif way == 2:
        report["events"].insert(random.randrange(len(report["events"]) + 1), _hostile(random))
    elif way == 3:
        report["events"] = random.choice(([], None, {}, report["events"] * 400))
    elif way == 4 and others:
        report["stream"] = random.choice(others)["stream"]
    elif way == 5:
        target["nested"] = "@"
        depth = random.choice((10, 900, 1_000, 1_100, 5_000))
        return "shape", _text(report).replace('"@"', "[" * depth + "]" * depth)
    else:
        target.update({f"field{number}": number for number in range(random.choice((10, 3_000)))})
    return "shape", _text(report)


def _late(report: Json, random: Random, others: list[Json]) -> tuple[str, str]:
    """Something that came before, once more, as it was or with another clock (X15, X21)."""
    old = dict(random.choice(others)) if others else report
    if random.random() < 0.3:
        old["sent_at"] = report["sent_at"]
    return "replay", _text(old)


def _tokens(report: Json, random: Random, _: list[Json]) -> tuple[str, str | bytes]:
    return _token(_text(report), random)


def _bytes(report: Json, random: Random, _: list[Json]) -> tuple[str, str | bytes]:
    return _byte(_text(report), random)


def _token(text: str | bytes, random: Random) -> tuple[str, str | bytes]:
    """One token of the JSON replaced, left out, doubled, or changed for another of the same text."""
    if isinstance(text, bytes):
        return "token", text
    places = [match.span() for match in _TOKEN.finditer(text[:20_000])]
    if not places:
        return "token", text
    start, end = random.choice(places)
    other = text[slice(*random.choice(places))]
    new = random.choice((random.choice(TOKENS), "", text[start:end] * 2, other))
    return "token", text[:start] + new + text[end:]


def _byte(text: str | bytes, random: Random) -> tuple[str, str | bytes]:
    """Bits turned, bytes left out or put in, the end cut off, two messages in one; what is no text stays bytes."""
    data = bytearray(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    for _ in range(random.choice((1, 1, 1, 3, 10))):
        place = random.randrange(len(data) + 1)
        way = random.randrange(5)
        if way == 0 and place < len(data):
            data[place] ^= 1 << random.randrange(8)
        elif way == 1:
            del data[place : place + random.randrange(1, 5)]
        elif way == 2:
            data[place:place] = random.randbytes(random.randrange(1, 5))
        elif way == 3:
            del data[place:]
        else:
            data += data[:place]
    try:
        return "byte", data[:70_000].decode()
    except UnicodeDecodeError:
        return "byte", bytes(data[:70_000])


def _set_something(target: Json, random: Random) -> None:
    name = random.choice(list(target))
    inner = target[name]
    if isinstance(inner, dict) and inner and random.random() < 0.6:
        _set_something(inner, random)
    else:
        target[name] = _hostile(random)


def _hostile(random: Random) -> Any:
    return deepcopy(random.choice(HOSTILE))


def _text(message: Any) -> str:
    return json.dumps(message)


_WAYS: tuple[Callable[[Json, Random, list[Json]], tuple[str, str | bytes]], ...] = (
    _field, _field, _field, _clock, _clock, _order, _order, _shape, _late, _tokens, _tokens, _bytes,
)  # fmt: skip
