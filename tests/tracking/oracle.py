"""A slow oracle: it paints a representative's time tick by tick, from the rules of the contract (docs/protocol.md).

It shares nothing with the code it judges but the shape of an event. It is told the true instant of each event, so it
corrects no clocks; and it keeps no claims: it asks of each tick who was in front of what, and since when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.tracking.events import Event, Refused
from server.tracking.spans import Interval
from tests.tracking.strategies import Delivery

MAX_GAP_S = 60
MAX_DRIFT_MS = 4_000
TICK_MS = 100


@dataclass(frozen=True)
class Hold:
    """One stream in front of one case during one tick, and since when without a break."""

    since: int
    stream: str
    case: str


@dataclass
class Fact:
    """A believed event of a stream, or a place where belief ends (`event` None)."""

    event: Event | None
    instant: int


def paint(
    deliveries: Sequence[Delivery],
    true_instants: Mapping[tuple[str, int], int],
    *,
    resolved: Mapping[str, Sequence[Interval]] | None = None,
    untracked: Sequence[Interval] = (),
    taken: Sequence[Interval] = (),
) -> dict[int, str]:
    """Which case each tick belongs to; a tick that belongs to none is not in the picture."""
    holds: dict[int, list[Hold]] = {}
    for stream in sorted({delivery.stream for delivery in deliveries}):
        facts = _believed([delivery for delivery in deliveries if delivery.stream == stream], true_instants)
        for tick, hold in _held(stream, facts, untracked):
            holds.setdefault(tick, []).append(hold)
    picture: dict[int, str] = {}
    for tick, candidates in holds.items():
        instant = tick * TICK_MS
        if _within(instant, taken) or _within(instant, untracked):
            continue
        open_ones = [hold for hold in candidates if not _within(instant, (resolved or {}).get(hold.case, ()))]
        if open_ones:
            picture[tick] = max(open_ones, key=lambda hold: (hold.since, hold.stream)).case
    return picture


def _believed(deliveries: Sequence[Delivery], true_instants: Mapping[tuple[str, int], int]) -> list[Fact]:
    """Rules 1 and 6: each event once and in order; a fillable hole refuses its report; pulled to arrival, lifted."""
    facts: list[Fact] = []
    newest_seq = 0
    newest_instant = 0
    for delivery in deliveries:
        new = [event for event in delivery.events if event.seq > newest_seq]
        nobody_has = range(newest_seq + 1, delivery.first)
        next_seq = max(newest_seq + 1, delivery.first)
        if [event.seq for event in new] != list(range(next_seq, next_seq + len(new))):
            continue
        if nobody_has:
            facts.append(Fact(None, newest_instant))
            newest_seq = nobody_has[-1]
        for event in new:
            newest_seq = event.seq
            if isinstance(event, Refused):
                facts.append(Fact(None, newest_instant))
                continue
            instant = min(true_instants[delivery.stream, event.seq], delivery.arrival)
            newest_instant = max(newest_instant, instant)
            facts.append(Fact(event, newest_instant))
    return facts


def _held(stream: str, facts: Sequence[Fact], untracked: Sequence[Interval]) -> list[tuple[int, Hold]]:
    """Rules 2 and 3: between two believed neighbours, what the first shows, if the time between them is proven.

    What lies behind the last input is painted over again if an event is idle, or if nothing came after it.
    """
    ticks: list[tuple[int, Hold]] = []
    since = sure = 0
    running: str | None = None
    for one, other in pairwise(facts):
        case = None if one.event is None or _within(one.instant, untracked) else _in_front(one.event)
        if case is None or case != running:
            since = sure = one.instant
        running = case
        is_near = other.instant - one.instant <= MAX_GAP_S * 1000 + MAX_DRIFT_MS
        if one.event is None or other.event is None or not is_near or not _proven(one.event, other.event):
            running = None
            continue
        if case is None:
            continue
        hold = Hold(since, stream, case)
        ticks += [(tick, hold) for tick in range(one.instant // TICK_MS, other.instant // TICK_MS)]
        goes_on = not _within(other.instant, untracked) and _in_front(other.event) == case
        if goes_on or other.event.idle:
            sure = max(sure, other.instant - (other.event.quiet or 0))
        if other.event.idle or (goes_on and other is facts[-1]):
            ticks = [each for each in ticks if each[0] < sure // TICK_MS]
    return ticks


def _proven(one: Event, other: Event) -> bool:
    wall = other.at - one.at
    monotonic = other.mono - one.mono
    return wall <= MAX_GAP_S * 1000 and -2000 <= wall - monotonic <= 2000


def _in_front(event: Event) -> str | None:
    """In a workspace whose policy tracks neither the inbox nor idle time."""
    looking = event.visible and event.focused and not event.locked and not event.idle
    if not looking or event.session is None or event.session.kind == "inbox":
        return None
    if event.form is not None and not event.form.tracked:
        return None
    other_case = event.app_tab.case if event.app_tab is not None else None
    return other_case or event.session.case


def _within(instant: int, intervals: Sequence[Interval]) -> bool:
    return any(start <= instant < end for start, end in intervals)
