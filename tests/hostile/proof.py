"""What the messages that were taken can have proven at most, worked out from their text and the answers alone.

It shares no code with the server. It corrects no clocks, since a constant error changes no duration: of two events
that follow each other in a stream, each acknowledged, the time between them by the page's own wall clock is proven if
that is a minute at most and the monotonic clock agrees within two seconds; it belongs to the case that the first of
them attends. An event that claims to be later than its own message begins when that arrives, so that the time up to the
next may be longer by as much, and is a minute at most all the same. A lag that rises by up to 4 s and stays risen is
taken for a clock that drifts, and stretches the run by as much. Whatever else the server may decide, it can only make
less of that.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

MAX_GAP_MS = 60_000
TOLERANCE_MS = 2_000
DRIFT_MS = 4_000

Json = dict[str, Any]


@dataclass
class _Stream:
    applied: int = 0
    at: int = 0
    mono: int = 0
    ahead_ms: int = 0
    case: str | None = None
    is_neighbour: bool = False
    proven_ms: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    runs: int = 1


class Proof:
    """The proven time of every stream and case, as an upper bound."""

    def __init__(self) -> None:
        self.streams: dict[str, _Stream] = defaultdict(_Stream)
        self._forgotten: set[str] = set()

    def hear(self, payload: str | bytes, answers: list[Json]) -> None:
        """Take in a message and what the server answered to it."""
        acknowledged = next((answer for answer in answers if answer["type"] == "received"), None)
        if acknowledged is None or acknowledged["stream"] in self._forgotten:
            return
        message = json.loads(payload)
        stream = self.streams[acknowledged["stream"]]
        refused = {answer["seq"]: answer["code"] for answer in answers if answer["type"] == "error"}
        shown: dict[int, Any] = {}
        for item in message["events"]:
            if isinstance(item, dict) and type(item.get("seq")) is int:
                shown.setdefault(item["seq"], item)
        for seq in sorted(seq for seq in shown if stream.applied < seq <= acknowledged["seq"]):
            if seq != stream.applied + 1:
                stream.is_neighbour = False
            self._take(stream, shown[seq], message["sent_at"], refused.get(seq))
            stream.applied = seq
        if stream.applied < acknowledged["seq"]:
            stream.applied, stream.is_neighbour = acknowledged["seq"], False

    def forget(self, streams: set[str]) -> None:
        """Let go of streams whose pages are gone; of one that comes back by accident nothing is said any more."""
        self._forgotten |= streams
        for stream in streams:
            self.streams.pop(stream, None)

    def most_ms(self, stream: str, case: str) -> int:
        """The most that may be credited to a case by a stream; jitter and drift for each run of neighbours."""
        known = self.streams.get(stream)
        if known is None or case not in known.proven_ms:
            return 0
        return known.proven_ms[case] + (TOLERANCE_MS + DRIFT_MS) * known.runs

    def _take(self, stream: _Stream, item: Json, sent_at: int, refusal: str | None) -> None:
        if refusal == "bad_message":
            stream.is_neighbour = False
            return
        passed = item["at"] - stream.at
        clocks_agree = abs(passed - (item["mono"] - stream.mono)) <= TOLERANCE_MS
        if stream.is_neighbour and passed <= MAX_GAP_MS and clocks_agree:
            if stream.case is not None:
                stream.proven_ms[stream.case] += min(max(0, passed) + stream.ahead_ms, MAX_GAP_MS + 2 * TOLERANCE_MS)
        else:
            stream.runs += 1
        stream.at, stream.mono, stream.is_neighbour = item["at"], item["mono"], True
        stream.ahead_ms = max(0, item["at"] - sent_at)
        stream.case = _in_front(item) if refusal is None else None


def _in_front(item: Json) -> str | None:
    """In a workspace whose policy tracks neither the inbox nor idle time."""
    session, form, app_tab = item.get("session"), item.get("form"), item.get("app_tab")
    looking = item["visible"] and item["focused"] and not item["locked"] and not item["idle"]
    if not looking or session is None or session.get("kind") == "inbox":
        return None
    if form is not None and not form.get("tracked", True):
        return None
    other = app_tab.get("case") if app_tab is not None else None
    return other or session.get("case")  # type: ignore[no-any-return]
