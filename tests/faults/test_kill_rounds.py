"""A few rounds of what `python -m tests.faults.kill_rounds` does for long."""

from collections.abc import Callable

from tests.faults.kill_rounds import PEOPLE, run
from tests.faults.world import FaultyServer


def test_kills_at_random_under_load(start: Callable[..., FaultyServer], database_url: str) -> None:
    """X51, X63: what was proven was credited, once."""
    outcome = run(start(database_url, people=PEOPLE), rounds=6, seed=7)
    assert sum(outcome.kills.values()) == 6
    assert outcome.credited_ms == outcome.proven_ms > 0
