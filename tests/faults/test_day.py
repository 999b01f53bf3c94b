"""Some of the time that `python -m tests.faults.day` lives through."""

from pathlib import Path

import pytest

from tests.faults.day import PEOPLE, REAL_MINUTES, run
from tests.faults.nursery import Nursery
from tests.faults.stepped_clock import SteppedClock
from tests.faults.world import FaultyServer
from tests.outside_client import wall_ms


@pytest.mark.parametrize("seed", [1])
def test_an_hour_of_a_working_day(tmp_path: Path, nursery: Nursery, sqlite_url: str, seed: int) -> None:
    """X1, X16, X20, X42, X51, X63: stops, kills, sleeping computers and lost networks; the books are exact."""
    clock = SteppedClock(tmp_path / "clock", start=wall_ms())
    setup = {"clock": str(tmp_path / "clock")}
    server = FaultyServer(tmp_path / "server", nursery, sqlite_url, environment=REAL_MINUTES, setup=setup)
    with server.is_ready_for(*PEOPLE, now=clock()):
        day = run(server, clock, minutes=90, seed=seed)
    assert day.is_exact
    assert day.credited_ms > 0
    assert day.in_time > 0
    assert day.stops + sum(day.kills.values()) > 1
