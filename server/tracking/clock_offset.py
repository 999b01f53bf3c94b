"""How far a browser's wall clock is from the server's, told from when messages left and arrived.

Pure. Each message shows `lag = arrival - sent_at`, which is the clock's offset plus the time of travel. Travel only
ever adds. So:

- A lag from 0 to 2 s is travel on a sound clock: the offset is 0 and times stay as they were reported.
- Otherwise the lag is taken for the offset, and held while it rises by less than 2 s, so that jitter of the network
  changes no duration.
- The events show by themselves when the clock was set or the machine slept: between two of them the wall clock moved
  by more or less than the monotonic one. Such a place is a *break*; a new offset holds from a break on.
- Without a break, a lag that falls shows that the earlier one was travel after all: the whole unbroken run is
  anchored anew, unless it had an offset as low before. Once it has fallen by more than 2 s, but by less at a time and
  in all by no more than 2 % of the time since the run began explains, the clock is fast: then the lag holds from
  there on.
- Without a break, a lag that rises is travel, unless it only creeps (by 2 % at most of the time from one message to
  the next), as with a slow clock, or stays risen for three minutes of the server's time (a network that stood still
  delivers any number of messages at one instant): then the least of it is the offset from there on. A rise of up to
  4 s is a clock that drifts. By more, clocks and network cannot explain it (the server's clock was set, say): nothing
  is proven across such a place.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

TOLERANCE_MS = 2_000
_BELIEVED_AFTER_MS = 180_000
_DRIFT_PARTS = 50
MAX_DRIFT_MS = 4_000


class ClockOffset(Struct, frozen=True, gc=False):
    """What to add to a browser's wall clock, in milliseconds.

    `raised_ms` is the least of the lags since `raised_since` (an arrival), all of them well above the offset; None
    where the newest lag was not. `newest_ms` is the newest lag, where one was seen. `anchor_ms` is the offset that the
    unbroken run had first, at `anchor_since` (an arrival), and `least_ms` the least that it had so far.
    """

    value_ms: int
    raised_ms: int | None = None
    raised_since: int = 0
    newest_ms: int | None = None
    anchor_ms: int | None = None
    anchor_since: int = 0
    least_ms: int | None = None


class Correction(Struct, frozen=True):
    """What one message taught: an offset for each of its events, and the offset that holds afterwards.

    `anchor_shift_ms` moves all earlier, not yet committed instants of the unbroken run (0, or negative). `is_anew` says
    that the offset leapt without a break in the clocks: the first event has no proven distance to the one before.
    """

    offsets: Sequence[int]
    held: ClockOffset
    anchor_shift_ms: int = 0
    is_anew: bool = False


def correct(held: ClockOffset | None, *, lag: int, arrival: int, jumps: Sequence[int], passed: int = 0) -> Correction:
    """Offsets for the events of one message that arrived at `arrival`.

    `jumps` has an entry per event: by how many milliseconds the wall clock moved further than the monotonic one since
    the event before; 0 within the tolerance, and where there is no event before. `passed` is how far it moved in all.
    """
    seen = 0 if 0 <= lag <= TOLERANCE_MS else lag
    if held is not None and 0 <= seen - held.value_ms < TOLERANCE_MS:
        seen = held.value_ms
    if any(jumps):
        return _after_breaks(held, seen, jumps, passed)
    count = len(jumps)
    if held is None:
        return Correction([seen] * count, _anchored(seen, lag, arrival))
    if held.anchor_ms is None:
        held = replace(held, anchor_ms=held.value_ms, anchor_since=arrival)
    lowest = held.value_ms if held.least_ms is None else held.least_ms
    now_held = replace(held, value_ms=seen, raised_ms=None, newest_ms=lag, least_ms=min(lowest, seen))
    if seen == held.value_ms:
        return Correction([seen] * count, now_held)
    if seen < held.value_ms:
        shift = 0 if _is_fast(held, seen, arrival) else min(0, seen - lowest)
        return Correction([seen] * count, now_held, anchor_shift_ms=shift)
    if _creeps(held, lag, passed):
        return Correction([seen] * count, now_held)
    least, since = (seen, arrival) if held.raised_ms is None else (min(held.raised_ms, seen), held.raised_since)
    if arrival - since < _BELIEVED_AFTER_MS:
        return Correction([held.value_ms] * count, replace(held, raised_ms=least, raised_since=since))
    is_anew = least - held.value_ms > MAX_DRIFT_MS
    after = _anchored(least, lag, arrival) if is_anew else replace(now_held, value_ms=least)
    return Correction([least] * count, after, is_anew=is_anew)


def _anchored(offset: int, lag: int, arrival: int) -> ClockOffset:
    """What is known at the first message of a run."""
    return ClockOffset(offset, newest_ms=lag, anchor_ms=offset, anchor_since=arrival, least_ms=offset)


def _is_fast(held: ClockOffset, seen: int, arrival: int) -> bool:
    """Whether the clock drifts, by 2 % at most: travel has explained the first two seconds of the fall already."""
    fallen = (held.value_ms if held.anchor_ms is None else held.anchor_ms) - seen
    drift = (arrival - held.anchor_since) // _DRIFT_PARTS
    return held.value_ms - seen < TOLERANCE_MS < fallen <= TOLERANCE_MS + drift


def _creeps(held: ClockOffset, lag: int, passed: int) -> bool:
    """Whether a clock that drifts by 2 % at most explains the change of the lag since the newest that was believed."""
    drift = passed // _DRIFT_PARTS
    if held.newest_ms is None:
        return abs(lag - held.value_ms) <= drift + TOLERANCE_MS
    return abs(lag - held.newest_ms) <= drift


def _after_breaks(held: ClockOffset | None, seen: int, jumps: Sequence[int], passed: int) -> Correction:
    """Share the change of the offset out over the breaks.

    A wall clock that fell behind was set back: nothing else does that. One that leapt ahead was set forward only if
    that explains what is left of the change, but for travel and for how far a clock drifts by 2 % at most; else the
    machine slept. Where nothing is known of the clock before the breaks, it was sound if a break explains that it no
    longer is.
    """
    set_back = [max(0, -jump) for jump in jumps]
    before = seen - sum(set_back) if held is None else held.value_ms
    if held is None and any(jump > 0 and abs(before + jump) < TOLERANCE_MS for jump in jumps):
        before = 0
    left = seen - before - sum(set_back)
    steps = list(set_back)
    if left:
        unexplained = min(TOLERANCE_MS + passed // _DRIFT_PARTS, -left)
        breaks = [place for place in reversed(range(len(jumps))) if jumps[place]]
        forward = [place for place in breaks if jumps[place] > 0 and abs(left + jumps[place]) < unexplained]
        steps[min(forward, key=lambda place: abs(left + jumps[place]), default=breaks[0])] += left
    offsets = []
    offset = before
    for step in steps:
        offset += step
        offsets.append(offset)
    return Correction(offsets, ClockOffset(seen))
