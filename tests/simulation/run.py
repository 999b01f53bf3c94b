"""Run seeds, one or many; make a failing one smaller; say how to see it again."""

import logging
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.simulation.faults import PER_HOUR, PER_MESSAGE, Plan, plan_of
from tests.simulation.oracle import Violation
from tests.simulation.world import Outcome, World, memory_folder

_SMALLER_HOURS = (0.25, 0.5, 1, 2, 4, 8)


@dataclass(frozen=True)
class Failure:
    """A seed that broke the promise, and the smallest world found in which it still does."""

    plan: Plan
    violation: str
    smallest: Plan

    @property
    def replay(self) -> str:
        """The command that shows it again."""
        return f"python -m tests.simulation --replay {self.plan.seed}{_told(self.plan, self.smallest)}"


@dataclass
class Sum:
    """What many seeds came to."""

    seeds: int = 0
    events: int = 0
    commits: int = 0
    credited_ms: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.events += outcome.events
        self.commits += outcome.commits
        self.credited_ms += outcome.credited_ms
        self.faults.update(outcome.faults)


def run(plan: Plan) -> Outcome:
    """One world to its end. Raises `Violation`."""
    with _quiet(), tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        return World(plan, Path(folder)).run()


def run_all(seeds: Iterable[int], *, until_events: int | None = None, shrinks: bool = True) -> Sum:
    """Worlds one after the other, until there are no more seeds or enough events."""
    done = Sum()
    for seed in seeds:
        plan = plan_of(seed)
        try:
            done.add(run(plan))
        except Violation as violation:
            done.failures.append(Failure(plan, str(violation), shrunk(plan) if shrinks else plan))
        if until_events is not None and done.events >= until_events:
            break
    return done


def fails(plan: Plan) -> bool:
    """Whether this world breaks the promise."""
    try:
        run(plan)
    except Violation:
        return True
    return False


def shrunk(plan: Plan) -> Plan:
    """The same seed with as few kinds of faults, as few people and as few hours as still break the promise."""
    for smaller in _smaller_worlds(plan):
        if fails(smaller):
            plan = smaller
            break
    for kind in [*plan.rates, *plan.clocks]:
        without = plan.without({kind})
        if fails(without):
            plan = without
    return plan


def chosen(seed: int, *, hours: float | None, without: Iterable[str]) -> Plan:
    """The world of a seed, or a smaller one."""
    unknown = set(without) - {*PER_HOUR, *PER_MESSAGE, *plan_of(seed).clocks}
    if unknown:
        raise SystemExit(f"no such fault: {', '.join(sorted(unknown))}")
    plan = plan_of(seed).without(set(without))
    return plan if hours is None else replace(plan, hours=hours)


def _smaller_worlds(plan: Plan) -> Iterator[Plan]:
    return (replace(plan, hours=hours) for hours in _SMALLER_HOURS if hours < plan.hours)


def _told(plan: Plan, smallest: Plan) -> str:
    words = "" if smallest.hours == plan.hours else f" --hours {smallest.hours:g}"
    gone = sorted({*plan.rates, *plan.clocks} - {*smallest.rates, *smallest.clocks})
    return words + "".join(f' --without "{kind}"' for kind in gone)


@contextmanager
def _quiet() -> Iterator[None]:
    """The server's log tells of each fault that is brought about on purpose."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
