"""Histories of one representative's pages, as a person could live them, and a receiver that takes them in.

A history knows the truth: every event carries the instant at which it really happened, whatever the clock of its
computer said. All instants are multiples of a tick, so that the oracle can paint them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from server.tracking.attention import Policy
from server.tracking.attribution import Span, attribute
from server.tracking.claims import Bounds, Claim, Placed, StreamState, after_loss, fold, place
from server.tracking.events import AppTab, CaseForm, Event, Refused, SessionTab
from server.tracking.intake import from_cursor
from server.tracking.ledger import cursor
from server.tracking.live_store import LiveStream
from server.tracking.models import StreamCursor
from server.tracking.spans import Interval

NOON = 1_795_176_000_000
"""2026-11-20T12:00:00Z."""
TICK_MS = 100
MAX_GAP_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

CASES = ("CAS-1001", "CAS-1002", "CAS-1003")
STREAMS = ("aaaa", "bbbb", "cccc")


def shows(
    seq: int,
    after_ms: int,
    case: str | None = "CAS-1001",
    cause: str = "beat",
    *,
    mono: int | None = None,
    **facts: Any,
) -> Event:
    """An event `after_ms` after noon by a right clock, attending `case` unless `facts` say otherwise."""
    told: dict[str, Any] = {
        "visible": True,
        "focused": True,
        "locked": False,
        "idle": False,
        "session": SessionTab("s1", "case", case),
        "app_tab": None,
        "form": None,
    } | facts
    return Event(seq=seq, at=NOON + after_ms, mono=after_ms if mono is None else mono, cause=cause, **told)


@dataclass(frozen=True)
class Delivery:
    """One report on its way: what it holds, when it left by the browser's clock, when it came by the server's."""

    stream: str
    first: int
    events: Sequence[Event | Refused]
    sent_at: int
    arrival: int


def delivery(
    *events: Event | Refused, stream: str = "aaaa", first: int = 1, sent_at: int | None = None, lag: int = 0
) -> Delivery:
    """A report that leaves at the instant of its newest event, and arrives `lag` later by the server's clock."""
    if sent_at is None:
        sent_at = max(event.at for event in events if isinstance(event, Event))
    return Delivery(stream, first, events, sent_at, sent_at + lag)


@dataclass
class Receiver:
    """Takes reports in and commits them as the server does, with a list for a database."""

    policy: Policy = field(default_factory=Policy)
    max_gap_ms: int = MAX_GAP_MS
    oldest: int = 0
    untracked: Sequence[Interval] = ()
    resolved: dict[str, Sequence[Interval]] = field(default_factory=dict)
    unknown_cases: Sequence[str] = ()
    entries: dict[str, LiveStream] = field(default_factory=dict)
    cursors: dict[str, dict[str, object]] = field(default_factory=dict)
    credited: list[Span] = field(default_factory=list)

    def take(self, *deliveries: Delivery) -> list[Placed]:
        return [self._take(each) for each in deliveries]

    def _take(self, report: Delivery) -> Placed:
        entry = self.entries.get(report.stream) or self._opened(report.stream)
        placed = place(entry.state.applied, report.first, report.events)
        if placed.expected is not None or (not placed.fresh and placed.lost is None):
            return placed
        state, cut = entry.state, []
        if placed.lost is not None:
            state, cut = after_loss(state, placed.lost)
        bounds = Bounds(self.max_gap_ms, self.oldest, self.untracked, self.unknown_cases)
        folded = fold(
            state, placed.fresh, sent_at=report.sent_at, arrival=report.arrival, policy=self.policy, bounds=bounds
        )
        self.entries[report.stream] = entry.with_report(folded, lost=placed.lost, cut=cut, now=report.arrival)
        return placed

    def _opened(self, stream: str) -> LiveStream:
        if stream in self.cursors:
            return from_cursor(StreamCursor(**self.cursors[stream]), 0)
        return LiveStream(representative_id=1, app="workspace", state=StreamState(stream))

    def claims(self) -> list[Claim]:
        return [claim for entry in self.entries.values() for claim in entry.claims()]

    def spans(self) -> list[Span]:
        """What a commit would credit now."""
        taken = [(span.started, span.ended) for span in self.credited]
        return attribute(self.claims(), resolved=self.resolved, untracked=self.untracked, taken=taken)

    def commit(self) -> list[Span]:
        """Credit what is proven; the entries go on from there."""
        spans = self.spans()
        self.credited += spans
        for stream, entry in self.entries.items():
            if entry.is_dirty:
                self.cursors[stream] = cursor(entry, 0)
                self.entries[stream] = entry.after_commit(entry)
        return spans

    def crash(self) -> None:
        """The server dies and starts again: what was not committed is gone."""
        self.entries.clear()

    def committed_seq(self, stream: str) -> int:
        return int(str(self.cursors[stream]["committed_seq"])) if stream in self.cursors else 0


@dataclass(frozen=True)
class Happened:
    """An event and the instant at which it really happened."""

    event: Event
    instant: int


@dataclass(frozen=True)
class Page:
    """The life of one page: its events, and by how much the server's clock is ahead of the page's at each."""

    stream: str
    happened: Sequence[Happened]
    lags: Sequence[int]

    def report(self, start: int, end: int, *, first: int = 1, wait_ms: int = 0) -> Delivery:
        """Events `start` to `end` (exclusive, counted from 0), leaving `wait_ms` after the last of them."""
        last = self.happened[end - 1].event
        sent_at = last.at + wait_ms
        events = tuple(each.event for each in self.happened[start:end])
        return Delivery(self.stream, first, events, sent_at, sent_at + self.lags[end - 1])


_ATTENDED = st.sampled_from([*CASES, CASES[0], CASES[1]])
_AWAY = st.sampled_from(
    [
        {"focused": False},
        {"visible": False},
        {"locked": True},
        {"session": None},
        {"session": SessionTab("s2", "inbox", CASES[0])},
        {"form": CaseForm("other", tracked=False)},
    ]
)
_IN_FRONT = st.sampled_from(
    [
        {},
        {},
        {"app_tab": AppTab("t1", "knowledgearticle")},
        {"app_tab": AppTab("t2", "incident", CASES[2])},
        {"idle": True},
    ]
)
_TICKS_BETWEEN = st.sampled_from([0, 1, 5, 30, 70, 200, 200, 200, 200, 201, 400, 600, 601, 900])
_UNKNOWN = st.none()
WATCHED = st.sampled_from([None, 0, 0, 1, 30, 200, 250, 600, 3_000]).map(lambda ticks: ticks and ticks * TICK_MS)
"""How long there was no input: not known, or short, or back over several events."""
_CAUSES = st.sampled_from(["beat", "beat", "beat", "focus", "session-tab", "dialog", "close"])
_WEATHER = st.sampled_from(["calm"] * 12 + ["sleep", "sleep", "apart", "nap", "set back", "set forward"])


@st.composite
def pages(draw: st.DrawFn, stream: str, *, max_events: int = 14, quiet: st.SearchStrategy[Any] = _UNKNOWN) -> Page:
    """One page's life. Its clock may be off from the start, may be set, and the machine may sleep."""
    instant = NOON + draw(st.integers(0, 600)) * TICK_MS
    lag = draw(st.sampled_from([0, 0, 0, 100, 2_000, 2_100, -100, -DAY_MS, DAY_MS, NOON - 10 * DAY_MS]))
    travel = lag if 0 <= lag <= 2_000 else 0
    mono = draw(st.sampled_from([0, 812, 5_000_000]))
    happened: list[Happened] = []
    lags: list[int] = []
    set_forward = False
    for seq in range(1, draw(st.integers(1, max_events)) + 1):
        passed = draw(_TICKS_BETWEEN) * TICK_MS
        weather = draw(_WEATHER) if happened else "calm"
        if travel or (weather == "set forward" and (lag or set_forward)):
            weather = "calm" if weather.startswith("set") else weather
        instant += passed
        mono += passed
        if weather == "sleep":
            instant += draw(st.sampled_from([3_000, 30_000, 600_000]))
        elif weather == "apart":
            mono = max(0, mono + draw(st.sampled_from([-2_000, 2_000])))
        elif weather == "nap":
            instant += 2_100
        elif weather == "set back":
            lag += draw(st.sampled_from([200_000, HOUR_MS]))
        elif weather == "set forward":
            lag, set_forward = lag - HOUR_MS, True
        at = instant if travel else instant - lag
        attending = draw(st.booleans()) or draw(st.booleans())
        facts = draw(_IN_FRONT) if attending else draw(_AWAY)
        event = shows(seq, at - NOON, draw(_ATTENDED), draw(_CAUSES), mono=mono, quiet=draw(quiet), **facts)
        happened.append(Happened(event, instant))
        lags.append(lag)
    return Page(stream, happened, lags)


@st.composite
def histories(draw: st.DrawFn, *, max_events: int = 14, quiet: st.SearchStrategy[Any] = _UNKNOWN) -> list[Page]:
    """The pages of one representative: up to three that live at the same time."""
    streams = STREAMS[: draw(st.integers(1, 3))]
    return [draw(pages(stream, max_events=max_events, quiet=quiet)) for stream in streams]


@st.composite
def splits(draw: st.DrawFn, page: Page) -> list[Delivery]:
    """The same page's events, told in any number of reports, in order, none twice."""
    places = sorted(draw(st.sets(st.integers(1, len(page.happened)), max_size=5)) | {len(page.happened)})
    starts = [0, *places[:-1]]
    return [page.report(start, end) for start, end in zip(starts, places, strict=True)]


@st.composite
def resends(draw: st.DrawFn, page: Page) -> list[Delivery]:
    """The same page's events, with repeats: each report may begin at any event that was told before."""
    deliveries: list[Delivery] = []
    for one in draw(splits(page)):
        start, end = one.events[0].seq - 1, one.events[-1].seq
        deliveries.append(page.report(draw(st.integers(0, start)), end))
        if draw(st.booleans()):
            deliveries.append(draw(st.sampled_from(deliveries)))
    return deliveries


@st.composite
def interleaved(draw: st.DrawFn, lists: Sequence[Sequence[Delivery]]) -> list[Delivery]:
    """Several pages' reports in one order of arrival, each page's own order kept."""
    queues = [list(each) for each in lists if each]
    mixed: list[Delivery] = []
    while queues:
        queue = draw(st.sampled_from(queues))
        mixed.append(queue.pop(0))
        queues = [each for each in queues if each]
    return mixed


def moved(report: Delivery, by_ms: int) -> Delivery:
    """The same report at another time of the world."""
    events = tuple(replace_at(event, by_ms) for event in report.events)
    return replace(report, events=events, sent_at=report.sent_at + by_ms, arrival=report.arrival + by_ms)


def replace_at(event: Event | Refused, by_ms: int) -> Event | Refused:
    if isinstance(event, Refused):
        return event
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return Event(**(fields | {"at": event.at + by_ms}))
