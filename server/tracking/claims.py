"""The fold of one stream of events into claims.

Pure. A *claim* is a maximal run of neighbouring events of one stream that attend the same case with no unproven gap.

Rules:
1. Events apply in the order of `seq`; what was applied before is skipped; a hole below `first` is a loss.
2. The time between two neighbours counts only if they are at most `max_gap_ms` apart by the wall clock, and both
   clocks agree on the distance to within two seconds; otherwise none of it does.
3. What one event attends holds until the next event, so the newest event of a page has not yet counted.
4. Instants of one stream never go backwards and never lie after the arrival of their message.
5. Where idle time does not count, and an event tells when the last input was, what a claim has after that input is
   *provisional*: nobody knows yet whether the person is idle. Input later on settles what lies before it; whatever ends
   the claim settles all of it, but for an event that is idle: that one ends the claim at the last input.

    events    open(A)   beat(A)   blur(-)   focus(A)   beat(A)   idle(-)
    inputs    .    .  .     .              .      .                      (of idle's `quiet`)
    claims    [A------------------)         [A----)
"""

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from server.tracking.attention import Policy, attended_case
from server.tracking.clock_offset import MAX_DRIFT_MS, TOLERANCE_MS, ClockOffset, correct
from server.tracking.events import Event, Refused
from server.tracking.spans import Interval

CLOSE = "close"
GAP = "gap"
IDLE = "idle"


class Claim(Struct, frozen=True, gc=False):
    """`[started, ended)` in which a stream attends a case, in milliseconds since the epoch.

    `began` is the instant at which its whole run began, even where the first part of it is committed already; it
    decides who wins where claims overlap. Of a claim that still holds, `ended` is how far it is settled.
    """

    case: str
    stream: str
    began: int
    started: int
    ended: int
    started_by: str
    ended_by: str


class StreamState(Struct, frozen=True, gc=False):
    """All that is needed to go on with a stream: values of its newest event, and the claim that still holds.

    `applied` is the newest `seq`; `at`, `mono` are its clocks as reported and `instant` its corrected time;
    `run_began` is the instant of the first event since the clocks last broke; `proves` is False where the next event
    has no neighbour before it (none yet, a loss, a refused event). `committable` is the newest `seq` whose effect is
    complete: the time up to the event behind it is settled, or it closed the page.
    """

    stream: str
    applied: int = 0
    committable: int = 0
    at: int = 0
    mono: int = 0
    instant: int = 0
    run_began: int = 0
    offset: ClockOffset | None = None
    open_claim: Claim | None = None
    proves: bool = False
    closed: bool = False

    @property
    def settled(self) -> int:
        """The instant up to which it is known what counts; behind it, time of the open claim is provisional."""
        return self.instant if self.open_claim is None else self.open_claim.ended


class Refusal(Struct, frozen=True, gc=False):
    """An event that counts as applied but gives no time, and why."""

    seq: int
    code: str
    message: str
    body: str = ""


class Bounds(Struct, frozen=True):
    """What limits the fold: the greatest proven gap, the oldest instant taken, and when tracking was off."""

    max_gap_ms: int
    oldest: int
    untracked: Sequence[Interval] = ()
    unknown_cases: Collection[str] = ()


class Folded(Struct, frozen=True):
    """The state after a report, the claims that ended in it, and the events that were refused.

    `anchor_shift_ms` is to be applied to those claims of the stream that wait for their commit and started at or after
    `anchor_since` (see `clock_offset`).
    """

    state: StreamState
    claims: Sequence[Claim] = ()
    refusals: Sequence[Refusal] = ()
    anchor_shift_ms: int = 0
    anchor_since: int = 0


class Placed(Struct, frozen=True):
    """Where a report stands against a stream: what is new in it, and the seqs that are lost for good."""

    fresh: Sequence[Event | Refused]
    lost: tuple[int, int] | None = None
    expected: int | None = None
    """The `seq` to resend from; None unless the report leaves a hole that the browser can still fill."""
    behind: int | None = None
    """The first `seq` behind that hole."""


def place(applied: int, first: int, events: Sequence[Event | Refused]) -> Placed:
    """Find the events that come next after `applied`, or the hole before them.

    `first` is the lowest `seq` the browser still holds: a hole below it can never be filled and is a loss. What the
    browser sends it holds, whatever it says.
    """
    if events and events[0].seq < first:
        first = events[0].seq
    fresh = events if events and events[0].seq > applied else [event for event in events if event.seq > applied]
    lost = None
    if first > applied + 1:
        lost = (applied + 1, first - 1)
    expected = max(applied + 1, first)
    for event in fresh:
        if event.seq != expected:
            return Placed((), None, expected, event.seq)
        expected += 1
    return Placed(fresh, lost)


def fold(
    state: StreamState,
    events: Sequence[Event | Refused],
    *,
    sent_at: int,
    arrival: int,
    policy: Policy,
    bounds: Bounds,
    is_own: bool = True,
) -> Folded:
    """Apply events that `place` found to be next. `sent_at` is the browser's clock, `arrival` the server's.

    Where another page delivers them (`is_own` False), the clock may have been set since they were written down.
    """
    jumps = _jumps(state, events)
    lag = arrival - sent_at
    if not is_own and state.offset is not None and not any(jumps):
        lag = state.offset.value_ms
    correction = correct(state.offset, lag=lag, arrival=arrival, jumps=jumps, passed=_passed(state, events))
    shift, is_anew = correction.anchor_shift_ms, correction.is_anew
    if shift and state.run_began + shift < bounds.oldest:
        shift, is_anew = 0, True  # no travel takes that long: what is proven stays where it is
    claims: list[Claim] = []
    refusals: list[Refusal] = []
    at, mono, proves = state.at, state.mono, state.proves and not is_anew
    begins = state.offset is None or is_anew
    instant, run_began = state.instant + shift, state.run_began + shift
    held = shifted(state.open_claim, shift)
    committable, closed = state.committable, state.closed
    for event, offset, jump in zip(events, correction.offsets, jumps, strict=True):
        if isinstance(event, Refused):
            refusals.append(Refusal(event.seq, event.code, event.message, event.body))
            _end(held, claims, ended=instant, ended_by=GAP)
            held, proves, committable, closed = None, False, event.seq - 1, False
            continue
        now = max(instant, min(event.at + offset, arrival))
        if begins or jump:
            run_began, begins = now, False
        # By the corrected clock too: an event that was pulled back to its arrival stretches the time up to the next.
        is_near = event.at - at <= bounds.max_gap_ms and now - instant <= bounds.max_gap_ms + MAX_DRIFT_MS
        proven = proves and not jump and is_near
        at, mono, proves = event.at, event.mono, True
        if not proven:
            _end(held, claims, ended=instant, ended_by=GAP)
            held = None
        case = attended_case(event, policy)
        refusal = _refusal(event, now, case, bounds)
        if refusal is not None:
            refusals.append(refusal)
            case = None
        last_input = now if event.quiet is None or policy.count_idle else now - event.quiet
        if held is not None and held.case == case:
            held = replace(held, ended=max(held.ended, last_input))
        else:
            _end_by(event, held, claims, now=now, last_input=last_input)
            held = None
            if case is not None:
                held = Claim(case, state.stream, now, now, now, event.cause, "")
        closed = event.cause == CLOSE
        if closed:
            committable = event.seq
        elif held is None or held.ended >= now:
            committable = event.seq - 1
        elif held.ended >= instant:
            committable = max(committable, event.seq - 2)
        instant = now
    after = StreamState(
        stream=state.stream,
        applied=events[-1].seq if events else state.applied,
        committable=committable,
        at=at,
        mono=mono,
        instant=instant,
        run_began=run_began,
        offset=correction.held,
        open_claim=held,
        proves=proves,
        closed=closed,
    )
    return Folded(after, claims, refusals, shift, state.run_began)


def after_loss(state: StreamState, lost: tuple[int, int]) -> tuple[StreamState, list[Claim]]:
    """Go on behind a hole that nobody can fill: what was held ends at its last proof, nothing counts across."""
    claims: list[Claim] = []
    _end(state.open_claim, claims, ended=state.instant, ended_by=GAP)
    after = replace(state, applied=lost[1], committable=lost[1] - 1, open_claim=None, proves=False, closed=False)
    return after, claims


def settle(state: StreamState) -> StreamState:
    """Count what is provisional: nobody will tell that the person was idle."""
    held = state.open_claim
    if held is None or held.ended >= state.instant:
        return state
    committable = max(state.committable, state.applied - 1)
    return replace(state, committable=committable, open_claim=replace(held, ended=state.instant))


def shifted(claim: Claim | None, shift_ms: int) -> Claim | None:
    """The same claim, moved in time."""
    if claim is None or not shift_ms:
        return claim
    return replace(claim, began=claim.began + shift_ms, started=claim.started + shift_ms, ended=claim.ended + shift_ms)


def trimmed(claim: Claim, since: int) -> Claim:
    """What of a claim lies at or after an instant; it may be empty."""
    if claim.started >= since:
        return claim
    return replace(claim, started=since, ended=max(since, claim.ended))


def _jumps(state: StreamState, events: Sequence[Event | Refused]) -> list[int]:
    """How much further the wall clock moved than the monotonic one before each event; 0 within the tolerance.

    They are the clocks of one page, so they are compared across refused and lost events too.
    """
    jumps = []
    at, mono, is_first = state.at, state.mono, state.offset is None
    for event in events:
        jump = 0
        if not isinstance(event, Refused):
            if not is_first:
                jump = (event.at - at) - (event.mono - mono)
            at, mono, is_first = event.at, event.mono, False
        jumps.append(jump if abs(jump) > TOLERANCE_MS else 0)
    return jumps


def _passed(state: StreamState, events: Sequence[Event | Refused]) -> int:
    """How far the browser's wall clock moved from the newest event of before to the last of these."""
    last = events[-1] if events else None
    return 0 if last is None or isinstance(last, Refused) else max(0, last.at - state.at)


def _refusal(event: Event, instant: int, case: str | None, bounds: Bounds) -> Refusal | None:
    if instant < bounds.oldest:
        return Refusal(event.seq, "too_old", "The event is older than the accepted age: forget it.")
    if case is None:
        return None
    if bounds.untracked and any(start <= instant < end for start, end in bounds.untracked):
        return Refusal(event.seq, "not_tracked", "Tracking is switched off: this time does not count.")
    if case in bounds.unknown_cases:
        return Refusal(event.seq, "unknown_case", f"There is no case {case[:80]!r}: this time does not count.", case)
    return None


def _end_by(event: Event, held: Claim | None, claims: list[Claim], *, now: int, last_input: int) -> None:
    """End a claim with an event that does not prolong it; one that is idle ends it at the last input."""
    if held is not None and event.idle and last_input < now:
        _end(held, claims, ended=max(held.ended, last_input), ended_by=IDLE)
    else:
        _end(held, claims, ended=now, ended_by=event.cause)


def _end(held: Claim | None, claims: list[Claim], *, ended: int, ended_by: str) -> None:
    if held is not None and held.started < ended:
        claims.append(replace(held, ended=ended, ended_by=ended_by))
