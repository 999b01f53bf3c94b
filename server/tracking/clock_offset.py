"""How far a browser's wall clock is from the server's, told from when messages left and arrived.

Pure. Each message shows `lag = arrival - sent_at`, which is the clock's offset plus the time of travel. Travel only
ever adds. So:

- A lag from 0 to 2 s is travel on a sound clock: the offset is 0 and times stay as they were reported.
- Otherwise the lag is taken for the offset, and held while it moves by less than 2 s, so that jitter of the network
  changes no duration.
- The events show by themselves when the clock was set or the machine slept: between two of them the wall clock moved
  by more or less than the monotonic one. Such a place is a *break*; a new offset holds from a break on.
- Without a break, a lag that falls shows that the earlier one was travel after all: the whole unbroken run is
  anchored anew. A lag that rises is travel, unless it stays risen for three messages: then the clock drifts, and the
  least of the three is the offset from there on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

TOLERANCE_MS = 2_000
_DRIFT_MESSAGES = 3


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """What to add to a browser's wall clock, in milliseconds; `raised` are recent lags well above it."""

    value_ms: int
    raised: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """What one message taught: an offset for each of its events, and the offset that holds afterwards.

    `anchor_shift_ms` moves all earlier, not yet committed instants of the unbroken run (0, or negative).
    """

    offsets: Sequence[int]
    held: ClockOffset
    anchor_shift_ms: int = 0


def correct(held: ClockOffset | None, *, lag: int, jumps: Sequence[int]) -> Correction:
    """Offsets for the events of one message.

    `jumps` has an entry per event: by how many milliseconds the wall clock moved further than the monotonic one since
    the event before; 0 within the tolerance, and where there is no event before.
    """
    seen = 0 if 0 <= lag <= TOLERANCE_MS else lag
    if held is not None and abs(seen - held.value_ms) < TOLERANCE_MS:
        seen = held.value_ms
    if any(jumps):
        return _after_breaks(held, seen, jumps)
    count = len(jumps)
    if held is None or seen == held.value_ms:
        return Correction([seen] * count, ClockOffset(seen))
    if seen < held.value_ms:
        return Correction([seen] * count, ClockOffset(seen), anchor_shift_ms=seen - held.value_ms)
    raised = (*held.raised, seen)
    if len(raised) < _DRIFT_MESSAGES:
        return Correction([held.value_ms] * count, ClockOffset(held.value_ms, raised))
    drifted = min(raised)
    return Correction([drifted] * count, ClockOffset(drifted))


def _after_breaks(held: ClockOffset | None, seen: int, jumps: Sequence[int]) -> Correction:
    """Share the change of the offset out over the breaks.

    A wall clock that fell behind was set back: nothing else does that. One that leapt ahead was set forward only if
    that explains what is left of the change; else the machine slept.
    """
    set_back = [max(0, -jump) for jump in jumps]
    before = seen - sum(set_back) if held is None else held.value_ms
    left = seen - before - sum(set_back)
    steps = list(set_back)
    if left:
        forward = [place for place, jump in enumerate(jumps) if jump > 0 and abs(left + jump) < TOLERANCE_MS]
        last_break = max(place for place, jump in enumerate(jumps) if jump)
        steps[forward[-1] if forward else last_break] += left
    offsets = []
    offset = before
    for step in steps:
        offset += step
        offsets.append(offset)
    return Correction(offsets, ClockOffset(seen))
