"""When to commit: each representative once per update interval, on a phase of their own.

The phase spreads representatives evenly over the interval and follows from their id alone, so that several servers
agree on it and nothing has to be remembered.
"""

from server.tracking.commit import commit, forget_quiet_streams, is_crowded
from server.tracking.service import Commit, Tracking

SYNC_TIMEOUT_S = 1.5
_GOLDEN = 2654435761


def slot(representative_id: int, instant: int, interval_ms: int) -> int:
    """The number of the interval, on this representative's phase, in which an instant lies."""
    phase_ms = (representative_id * _GOLDEN % 2**32) * interval_ms // 2**32
    return (instant + phase_ms) // interval_ms


def due(tracking: Tracking, *, now: int) -> list[int]:
    """Representatives with live time whose interval has ended since their last commit, or who hold too much."""
    interval_ms = tracking.interval_ms
    found = []
    for representative in tracking.store.representatives():
        last = tracking.committed_at.setdefault(representative, now)
        if slot(representative, now, interval_ms) > slot(representative, last, interval_ms) or _holds_too_much(
            tracking, representative
        ):
            found.append(representative)
    return found


def _holds_too_much(tracking: Tracking, representative: int) -> bool:
    entries = tracking.store.of_representative(representative)
    return is_crowded(tracking, representative) or sum(e.waiting for e in entries) > tracking.limits.pending_claims


def commit_due(tracking: Tracking, *, now: int) -> Commit | None:
    """Commit whoever is due; their agents are asked first for a beat, so that it is exact to the moment."""
    representatives = due(tracking, now=now)
    forget_quiet_streams(tracking, now=now)
    if not representatives:
        tracking.last_good_commit_at = max(tracking.last_good_commit_at, now)
        return None
    ask_for_beats(tracking, _not_asked_yet(tracking, representatives, now=now))
    return commit(tracking, representatives, now=tracking.clock())


def commit_after_sync(tracking: Tracking, representatives: list[int]) -> Commit:
    """Ask these representatives' agents for a beat, wait for it a moment, and commit."""
    ask_for_beats(tracking, representatives)
    return commit(tracking, representatives, now=tracking.clock())


def ask_for_beats(tracking: Tracking, representatives: list[int]) -> None:
    """Ask these representatives' agents for a beat, and wait for it a moment."""
    tracking.connections.ask_for_beats(representatives).wait(SYNC_TIMEOUT_S)


def _not_asked_yet(tracking: Tracking, representatives: list[int], *, now: int) -> list[int]:
    """Those who were not asked in this interval: while a database is down, each try would add to every outbox."""
    interval_ms = tracking.interval_ms
    asked = tracking.asked_at
    to_ask = [one for one in representatives if slot(one, asked.get(one, 0), interval_ms) < slot(one, now, interval_ms)]
    asked.update(dict.fromkeys(to_ask, now))
    return to_ask
