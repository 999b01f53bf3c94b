"""Time that a simulation moves: one line of instants for the world, and the clocks of each computer."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

Act = Callable[[], None]


class Timeline:
    """What is still to happen, in order; of one instant, in the order in which it was planned."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._coming: list[tuple[int, int, Act]] = []
        self._count = count()

    def at(self, instant: int, act: Act) -> None:
        heapq.heappush(self._coming, (max(instant, self.now), next(self._count), act))

    def after(self, ms: int, act: Act) -> None:
        self.at(self.now + ms, act)

    def run(self, until: int) -> None:
        """Let everything happen up to an instant. May be called from within: then time passes inside of an act."""
        coming = self._coming
        while coming and coming[0][0] <= until:
            instant, _, act = heapq.heappop(coming)
            self.now = max(self.now, instant)
            act()
        self.now = max(self.now, until)


class Instant(NamedTuple):
    """What a page reads off its two clocks, in milliseconds."""

    at: int
    mono: int


class Computer:
    """A wall clock that may be wrong, drift or be set, and a monotonic one that may stand still in sleep."""

    def __init__(self, timeline: Timeline, *, offset_ms: int, wall_rate: float, mono_rate: float, mono_sleeps: bool):
        self.timeline = timeline
        self.asleep = False
        self.slept: list[tuple[int, int]] = []
        self._mono_sleeps = mono_sleeps
        self._wall_rate, self._mono_rate = wall_rate, mono_rate
        self._since = self._fell_asleep_at = timeline.now
        self._wall, self._mono = float(timeline.now + offset_ms), 5_000.0
        self._running_rate = mono_rate
        self._read_at, self._read = -1, Instant(0, 0)

    def read(self, at: int | None = None) -> Instant:
        """The clocks at an instant since they last changed their course."""
        at = self.timeline.now if at is None else at
        if at != self._read_at:
            passed = at - self._since
            self._read = Instant(
                round(self._wall + passed * self._wall_rate), round(self._mono + passed * self._running_rate)
            )
            self._read_at = at
        return self._read

    def until_mono(self, mono: float) -> int:
        """How many milliseconds of the world until the monotonic clock shows at least this."""
        left = (mono - self.read().mono) / self._mono_rate
        return max(0, int(left) + (left > int(left)))

    def set_clock(self, by_ms: int) -> None:
        self._rebase()
        self._wall += by_ms

    def sleep(self) -> None:
        self._rebase()
        self.asleep = True
        self._running_rate = 0.0 if self._mono_sleeps else self._mono_rate
        self._fell_asleep_at = self.timeline.now

    def wake(self) -> None:
        self._rebase()
        if self.asleep:
            self.slept.append((self._fell_asleep_at, self.timeline.now))
        self.asleep = False
        self._running_rate = self._mono_rate

    def _rebase(self) -> None:
        passed = self.timeline.now - self._since
        self._wall += passed * self._wall_rate
        self._mono += passed * self._running_rate
        self._since = self.timeline.now
        self._read_at = -1
