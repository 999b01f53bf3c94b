"""What is known of streams: by the page itself, by a server process in its memory, and by the database."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.simulation.agent import Agent
    from tests.simulation.outbox import Event, Log
    from tests.simulation.virtual import Instant


@dataclass
class Page:
    """What really happened on the page of a stream: its log, and when each of its events (by `seq` and `at`) was.

    `told` are all its events, `recorded` is the newest that must arrive, `lost` are those that need not, `forgotten` is
    the newest that the browser was told to forget.
    """

    agent: "Agent"
    log: "Log"
    instants: dict[tuple[int, int], int] = field(default_factory=dict)
    told: list["Event"] = field(default_factory=list)
    recorded: int = 0
    forgotten: int = 0
    lost: set[int] = field(default_factory=set)

    @property
    def inputs(self) -> "list[Instant]":
        return self.agent.input.given if self.agent.input is not None else []

    def instant_up_to(self, seq: int, at: int) -> int:
        """When the newest event up to `seq` that has this `at` happened: a clock that is set shows an `at` twice."""
        return self.instants[max(key for key in self.instants if key[0] <= seq and key[1] == at)]


class Segment(NamedTuple):
    """Proven time between two neighbouring events of one stream."""

    start: int
    end: int
    case: str
    began: int
    stream: str


class Fact(NamedTuple):
    """The newest event of a stream, as far as somebody knows it; up to `settled` it is clear what counts."""

    seq: int = 0
    at: int = 0
    mono: int = 0
    instant: int = 0
    settled: int = 0
    case: str | None = None
    began: int = 0
    proves: bool = False
    closed: bool = False


@dataclass
class View:
    """What one server process knows of a stream beyond the database: steps, each with the time it proved."""

    base: Fact
    steps: list[tuple[Fact, tuple[Segment, ...], tuple[int, int] | None]] = field(default_factory=list)

    @property
    def last(self) -> Fact:
        return self.steps[-1][0] if self.steps else self.base

    def settle(self, durable: Fact) -> None:
        """Drop what the database has.

        A browser that lost its last writes may have told two processes different events of one number: what one
        knows beyond the other by time it still has.
        """
        if durable.seq > self.last.seq:
            self.base, self.steps = durable, []
            return
        self.steps = [step for step in self.steps if step[0].seq > durable.seq or step[0].instant > durable.instant]
        self.base = durable


@dataclass
class Durable:
    """What the database has, as the oracle reckons it."""

    facts: dict[str, Fact] = field(default_factory=dict)
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    history: dict[int, list[Segment]] = field(default_factory=lambda: defaultdict(list))
    credited: dict[int, list[tuple[int, int, str]]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    holes: list[tuple[str, int, int]] = field(default_factory=list)
    last_record: int = 0

    def copy(self) -> "Durable":
        return Durable(
            dict(self.facts),
            dict(self.rows),
            defaultdict(list, {one: list(many) for one, many in self.history.items()}),
            defaultdict(list, {one: list(many) for one, many in self.credited.items()}),
            defaultdict(int, self.totals),
            list(self.holes),
            self.last_record,
        )
