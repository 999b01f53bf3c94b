"""What is broken on purpose: kinds of faults, how often each comes, and the weather on the network."""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000

PER_MESSAGE = ("lost", "cut", "torn", "twice", "overtaken", "answer lost", "answer twice")
"""Faults of one message: how probable each is."""

PER_HOUR = (
    "network down", "sockets dropped",
    "server killed", "server killed in commit", "server stopped", "server paused", "newer protocol",
    "database refuses", "database fails in commit", "database reply lost", "database slow", "backup restored",
    "page reloaded", "page closed", "page crashed", "page frozen", "page put aside", "page duplicated",
    "browser crashed", "storage rolled back", "storage refuses", "storage cleared", "storage lost rows",
    "laptop sleeps", "laptop sleeps long", "user changes",
    "case resolved", "settings changed", "tracking off", "records purged",
)  # fmt: skip
"""Faults, and other things, that happen to the world: how many an hour."""

CLOCKS = ("offset", "set", "drift", "late")
"""Faults after which instants are only nearly right: clocks that are off, set, or drift; messages that are late."""


@dataclass(frozen=True)
class Plan:
    """One seed's world: how big it is, and what goes wrong in it how often."""

    seed: int
    representatives: int
    hours: float
    interval_minutes: int
    beat_s: int
    rates: dict[str, float]
    clocks: frozenset[str] = frozenset()
    delay_ms: int = 80
    extra_delay_ms: int = 600
    idle_after_minutes: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether the server can know each instant to the millisecond."""
        return not self.clocks

    def without(self, kinds: set[str]) -> "Plan":
        rates = {kind: rate for kind, rate in self.rates.items() if kind not in kinds}
        return replace(self, rates=rates, clocks=self.clocks - kinds)


def plan_of(seed: int) -> Plan:
    """The world of a seed. Of ten seeds seven keep sound clocks; every tenth sends everything twice.

    In half of them who gives no input is idle after some minutes.
    """
    random = Random(f"{seed}:plan")
    busy = random.choice([0.3, 1.0, 3.0])
    kinds = random.sample(PER_HOUR, random.randint(4, len(PER_HOUR)))
    rates = {kind: busy * random.choice([0.1, 0.3, 1.0]) for kind in kinds}
    for kind in random.sample(PER_MESSAGE, random.randint(0, len(PER_MESSAGE))):
        rates[kind] = random.choice([0.001, 0.01, 0.05])
    if seed % 10 == 0:
        rates["twice"] = 1.0
    clocks: set[str] = set()
    if seed % 10 in (3, 6, 9):
        clocks = set(random.sample(CLOCKS, random.randint(1, 2)))
        rates.pop("backup restored", None)
    return Plan(
        seed=seed,
        representatives=random.choice([1, 2, 2, 3]),
        hours=random.choice([4, 8, 8, 30]),
        interval_minutes=random.choice([10, 10, 20, 60]),
        beat_s=random.choice([20, 20, 10, 5]),
        rates=rates,
        clocks=frozenset(clocks),
        delay_ms=random.choice([5, 80, 400]),
        extra_delay_ms=random.choice([50, 600, 1_400]),
        idle_after_minutes=random.choice([0, 0, 1, 5]),
    )


@dataclass
class Weather:
    """Decides for each message, and counts what it did."""

    plan: Plan
    random: Random
    is_calm: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def happens(self, kind: str) -> bool:
        rate = self.plan.rates.get(kind)
        if rate is None or self.is_calm or self.random.random() >= rate:
            return False
        self.counts[kind] += 1
        return True

    def delay(self) -> int:
        if "late" in self.plan.clocks and not self.is_calm and self.random.random() < 0.02:
            self.counts["late"] += 1
            return self.random.randint(2_000, 30_000)
        return self.random.randint(1, self.plan.delay_ms)

    def extra_delay(self) -> int:
        return self.random.randint(1, self.plan.extra_delay_ms)
