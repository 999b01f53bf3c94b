"""When a test did what, by the clock of this computer, which browser and server share."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from e2e.waiting import until

TOLERANCE_MS = 300


@dataclass(frozen=True, slots=True)
class Moment:
    """Something was done between two instants, in milliseconds since the epoch."""

    what: str
    before: int
    after: int

    def holds(self, instant: int) -> bool:
        """Whether an instant lies in it, or near enough."""
        return self.before - TOLERANCE_MS <= instant <= self.after + TOLERANCE_MS


class Stopwatch:
    """Times the steps of one test and keeps them, for the story that a failure tells."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def time(self, what: str, act: Callable[[], object]) -> Moment:
        """Do something, and note when."""
        before = now_ms()
        act()
        moment = Moment(what, before, now_ms())
        self.moments.append(moment)
        return moment

    def passes(self, seconds: float) -> None:
        """Let a period that must not count become long enough to be noticed if it did."""
        end = now_ms() + seconds * 1000
        until(lambda: now_ms() >= end, timeout_s=seconds + 10, what="the clock of the computer runs")

    def story(self) -> str:
        return "\n".join(f"  {moment.before} .. {moment.after}  {moment.what}" for moment in self.moments)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
