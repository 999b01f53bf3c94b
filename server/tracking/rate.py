"""How much one representative may send: a bucket of messages and one of events, filled at a steady rate."""

from dataclasses import dataclass

from server.config import Limits

_MAX_IDLE_BUCKETS = 50_000


@dataclass(slots=True)
class _Bucket:
    messages: float
    events: float
    filled_at: int


class Buckets:
    """One pair of buckets per representative."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[int, _Bucket] = {}

    def take(self, representative_id: int, *, events: int, now: int) -> bool:
        """Take one message with this many events out; False, and nothing taken, where there is not enough."""
        limits = self._limits
        bucket = self._buckets.get(representative_id)
        if bucket is None:
            if len(self._buckets) > _MAX_IDLE_BUCKETS:
                self._buckets.clear()
            bucket = _Bucket(limits.messages_burst, limits.events_burst, now)
            self._buckets[representative_id] = bucket
        passed_s = max(0, now - bucket.filled_at) / 1000
        bucket.messages = min(limits.messages_burst, bucket.messages + passed_s * limits.messages_per_s)
        bucket.events = min(limits.events_burst, bucket.events + passed_s * limits.events_per_s)
        bucket.filled_at = now
        if bucket.messages < 1 or bucket.events < events:
            return False
        bucket.messages -= 1
        bucket.events -= events
        return True
