"""How often somebody may fail, and how long they wait then: counting alone, `now` is an argument.

The first failures of a key are free. Each further one doubles the wait, up to a longest one, which keeps a guesser
slow and lets its victim in as soon as the guesser pauses. What is tried during a wait is refused and not counted, so
that trying on does not prolong it.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

FORGET_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`free` failures, then waits of `first_wait_ms`, twice that, and so on, up to `longest_wait_ms`."""

    free: int
    first_wait_ms: int
    longest_wait_ms: int

    def wait_ms(self, failures: int) -> int:
        """How long to wait after so many failures."""
        over = failures - self.free
        return 0 if over < 0 else min(self.longest_wait_ms, self.first_wait_ms << min(over, 30))


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: int


class FailedTries:
    """Failures by key. Holds `most` keys; the one whose last failure is the oldest makes room."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._by_key: OrderedDict[Hashable, _Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_key)

    def wait_ms(self, keys: Iterable[tuple[Hashable, Allowance]], *, now: int) -> int:
        """How long from `now` on until none of these keys has to wait; 0 if none has to."""
        return max((self._wait_ms(key, allowance, now) for key, allowance in keys), default=0)

    def charge(self, key: Hashable, *, now: int) -> None:
        """Count a failure."""
        found = self._living(key, now)
        self._by_key[key] = _Failures(1 if found is None else found.count + 1, now)
        self._by_key.move_to_end(key)
        if len(self._by_key) > self._most:
            self._by_key.popitem(last=False)

    def forgive(self, key: Hashable) -> None:
        """Take the last failure back: it was none."""
        found = self._by_key.get(key)
        if found is not None:
            found.count -= 1
            if not found.count:
                del self._by_key[key]

    def forget(self, key: Hashable) -> None:
        """Forget all failures of a key."""
        self._by_key.pop(key, None)

    def _wait_ms(self, key: Hashable, allowance: Allowance, now: int) -> int:
        found = self._living(key, now)
        if found is None:
            return 0
        passed = max(0, now - found.last_at)  # a clock that was set back prolongs nothing
        return max(0, allowance.wait_ms(found.count) - passed)

    def _living(self, key: Hashable, now: int) -> _Failures | None:
        found = self._by_key.get(key)
        return None if found is None or now - found.last_at > FORGET_MS else found
