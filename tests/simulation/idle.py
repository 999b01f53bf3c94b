"""Whether the person in front of a page is idle, and since when, rule for rule as client_js/idle.js has it.

Frames are left out: what is typed there the page cannot see.
"""

from typing import Any

from tests.simulation.outbox import stood_still
from tests.simulation.virtual import Instant

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


class Input:
    """Looks for input from `began` on; to come to a page, or to wake with it, is input too. `given` is all of it."""

    def __init__(self, began: Instant) -> None:
        self.given = [began]
        self._is_attentive: bool | None = None

    def note(self, now: Instant) -> None:
        self.given.append(now)

    def mark(self, snapshot: dict[str, Any], lived: Instant | None, now: Instant, minutes: int) -> None:
        """Say in a snapshot how long there was no input, and whether that is idle. `lived` is the second before."""
        slept = lived is not None and stood_still(lived, now) and abs(now.at - lived.at) > MINUTE_MS
        was, self._is_attentive = self._is_attentive, _is_attentive(snapshot)
        if slept or (self._is_attentive and was is False):
            self.note(now)
        snapshot["idle"] = False
        if minutes:
            snapshot["quiet"] = min(max(0, now.mono - self.given[-1].mono), DAY_MS)
            snapshot["idle"] = self._is_attentive and snapshot["quiet"] > minutes * MINUTE_MS

    def idle_at(self, minutes: int) -> int | None:
        """When, by the monotonic clock, a person who gives no more input is idle; None where that is never."""
        return self.given[-1].mono + minutes * MINUTE_MS + 1 if minutes and self._is_attentive else None


def _is_attentive(snapshot: dict[str, Any]) -> bool:
    return bool(snapshot["visible"] and snapshot["focused"] and not snapshot["locked"])
