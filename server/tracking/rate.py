"""How much one representative may send and start: buckets that are filled at a steady rate.

Whatever is refused here is refused for now (`rate_limited`): its sender keeps it, and nothing of it was applied.
"""

from typing import Literal, TypeAlias

from server.config import Limits

Kind: TypeAlias = Literal["messages", "events", "hellos", "streams", "cases", "set_aside", "calls"]

_HOUR_S = 3600
_MAX_IDLE_BUCKETS = 50_000


class Buckets:
    """For each representative one bucket of each kind, made full on first use."""

    def __init__(self, limits: Limits) -> None:
        self._rates: dict[Kind, tuple[float, float]] = {
            "messages": (limits.messages_per_s, limits.messages_burst),
            "events": (limits.events_per_s, limits.events_burst),
            "hellos": (limits.hellos_per_s, limits.hellos_burst),
            "streams": (limits.streams_per_hour / _HOUR_S, limits.streams_per_hour),
            "cases": (limits.new_cases_per_hour / _HOUR_S, limits.new_cases_per_hour),
            "set_aside": (limits.set_aside_per_hour / _HOUR_S, limits.set_aside_per_hour),
            "calls": (limits.calls_per_s, limits.calls_burst),
        }
        self._levels: dict[tuple[int, Kind], tuple[float, int]] = {}

    def take(self, representative_id: int, *, events: int, now: int) -> bool:
        """Take one message with this many events out; False, and nothing taken, where there is not enough."""
        messages = self._level(representative_id, "messages", now)
        if messages < 1:
            return False
        if events and not self.spend(representative_id, "events", events, now=now):
            return False
        self._levels[representative_id, "messages"] = (messages - 1, now)
        return True

    def spend(self, representative_id: int, kind: Kind, amount: float, *, now: int) -> bool:
        """Take so much of one kind out; False, and nothing taken, where there is not enough."""
        level = self._level(representative_id, kind, now)
        if level < amount:
            return False
        self._levels[representative_id, kind] = (level - amount, now)
        return True

    def _level(self, representative_id: int, kind: Kind, now: int) -> float:
        per_s, burst = self._rates[kind]
        found = self._levels.get((representative_id, kind))
        if found is None:
            if len(self._levels) > _MAX_IDLE_BUCKETS:
                self._levels.clear()
            return burst
        level, filled_at = found
        return level if now <= filled_at else min(burst, level + (now - filled_at) / 1000 * per_s)
