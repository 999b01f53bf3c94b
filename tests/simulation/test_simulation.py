"""Two million events in hundreds of worlds, each broken in its own way, none of which breaks the promise.

X21 X22 X23 X25 X26 X27 X28 X29 X31 X32 X34 X36 X39 X40 X41 X42 X45 X47 X48 X49 X50 X52 X60 X61 X65 X68 and F18 F19 F20
F21, mixed at random; each fault by itself has tests of its own. `make soak` goes on for as long as one likes.
"""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from server.tracking import commit
from tests.simulation.faults import PER_HOUR, plan_of
from tests.simulation.run import fails, run, run_all
from tests.simulation.world import World

PARTS = 16
EVENTS_OF_A_PART = 125_000
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_doubled_or_invented_whatever_happens(part: int) -> None:
    done = run_all(count(part * 1_000), until_events=EVENTS_OF_A_PART)

    assert not done.failures, "\n".join(f"{failure.violation}\n{failure.replay}" for failure in done.failures)
    assert done.events >= EVENTS_OF_A_PART
    assert done.credited_ms > 0


def test_an_event_that_two_servers_reckon_to_two_instants_is_committed_by_both() -> None:
    """X39: the clock is off and messages travel, so each server has its own idea of when it was; both are right."""
    assert run(plan_of(703)).credited_ms > 0


def test_one_seed_gives_one_trace_in_any_process() -> None:
    code = "from tests.simulation.run import run, plan_of; print(run(plan_of(5)).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert digests == {run(plan_of(5)).digest + "\n"}


def test_a_failing_seed_shrinks_and_names_the_command_that_shows_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def credits_again(claims, *, taken=(), **others):
        return attribute(claims, **others)

    attribute = commit.attribute
    monkeypatch.setattr(commit, "attribute", credits_again)

    done = run_all(range(8))

    assert done.failures, "an oracle that cannot see proves nothing"
    for failure in done.failures:
        assert failure.replay.startswith(f"python -m tests.simulation --replay {failure.plan.seed}")
        assert len(failure.smallest.rates) < len(failure.plan.rates)
        assert fails(failure.smallest), "the smaller world still shows it"


def test_every_kind_of_fault_can_happen() -> None:
    missing = [kind for kind in PER_HOUR if not callable(getattr(World, "_" + kind.replace(" ", "_"), None))]

    assert not missing
    assert set(PER_HOUR) <= {kind for seed in range(100) for kind in plan_of(seed).rates}


def test_f21_in_half_of_the_worlds_people_are_idle_after_some_minutes() -> None:
    minutes = [plan_of(seed).idle_after_minutes for seed in range(100)]

    assert set(minutes) == {0, 1, 5}
    assert 35 < minutes.count(0) < 65
