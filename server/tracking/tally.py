"""What tracking has done since this process began, as plain numbers: counting must cost the hot path next to nothing.

Whoever shows them (`/metrics`) reads them; tracking knows nothing of that.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

_CLOSE_CODES = frozenset((1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012))
_OWN_CLOSE_CODES = range(4400, 4500)


@dataclass(slots=True)
class Tally:
    """Sums since the start of the process.

    `reports` by road (`socket`, `http`), `refusals` by error code, `closed` sockets by close code (`other` for codes
    that only a peer can think of). `late_ms` is proven time that arrived when it was covered already; `losses` are
    holes that no browser can fill, of `lost_events` events. `refused_commits` are those of one representative that
    the database refused twice.
    """

    events: int = 0
    late_ms: int = 0
    losses: int = 0
    lost_events: int = 0
    refused_commits: int = 0
    reports: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    timing: Callable[[], AbstractContextManager[object]] = nullcontext
    """Entered around each commit, for whoever measures how long they take and how many fail."""

    def answered(self, road: str, answers: Iterable[Mapping[str, Any]]) -> None:
        """Count a report that came over `road`, and what of it was refused."""
        self.reports[road] += 1
        for answer in answers:
            if answer["type"] == "error":
                self.refusals[answer["code"]] += 1

    def lost(self, first_seq: int, last_seq: int) -> None:
        """Count a hole that nobody can fill."""
        self.losses += 1
        self.lost_events += last_seq - first_seq + 1

    def socket_closed(self, code: int) -> None:
        """Count a socket that ended."""
        self.closed[str(code) if code in _CLOSE_CODES or code in _OWN_CLOSE_CODES else "other"] += 1
