"""A working day of trouble in a few minutes: `python -m tests.faults.day --hours 24 --seed 1`.

The server and its agents live by a clock that stands until it is stepped (see `stepped_clock`), twenty seconds a step,
as agents beat. Representatives work, look away, turn pages, let their computers sleep and lose their networks; the
server is stopped, killed, and killed in the middle of commits. Every ten minutes of that day, what was delivered ten
minutes before is acknowledged. At its end the database holds exactly what was proven.
"""

import argparse
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.faults.kill_rounds import Outcome, count, database_of
from tests.faults.ledger import CASES
from tests.faults.nursery import Nursery
from tests.faults.stepped_clock import SteppedClock
from tests.faults.world import Browser, FaultyServer, bring_until
from tests.outside_client import Outbox, wall_ms

PEOPLE = ("ana", "ben", "eve", "kim", "lou", "max")
STEP_MS = 20_000
STEPS_PER_INTERVAL = 30
REAL_MINUTES = {"CASECLOCK_SECONDS_PER_MINUTE": "60"}
_MINUTE_MS = 60_000
_DEADLINE_S = 30.0


class Desk(Browser):
    """A representative who works at the pace of the clock."""

    def __init__(self, server: FaultyServer, username: str, clock: SteppedClock, *, seed: int) -> None:
        self._slept_ms = 0
        self._asleep_until = 0
        self._offline_until = 0
        self._looks = False
        self._is_asked = False
        self._case = CASES[0]
        self.owed: dict[str, int] = {}
        super().__init__(server, username, seed=seed, ago_ms=0, now=clock)

    @property
    def is_online(self) -> bool:
        return self.now() >= max(self._offline_until, self._asleep_until)

    def turn_page(self, app: str = "workspace") -> Outbox:
        page = super().turn_page(app)
        self.at = self._opened = self.now()
        return page

    def live(self) -> None:
        """The next twenty seconds."""
        now, rng = self.now(), self.rng
        if now < self._asleep_until:
            return
        self.at = now
        chance = rng.random()
        if not self._looks:
            if chance < 0.4:
                self._look("focus", rng.choice(CASES))
        elif chance < 0.70:
            self._write("beat", self._case)
        elif chance < 0.85:
            self._look("session-tab", rng.choice(CASES))
        elif chance < 0.93:
            self._looks = False
            self._write("blur", self._case, focused=False)
        elif chance < 0.97:
            self.turn_page()
            self._looks = False
        else:
            self._sleep(rng.randrange(2, 45) * _MINUTE_MS)
        if rng.random() < 0.01:
            self.cut()
            self._offline_until = now + rng.randrange(1, 40) * _MINUTE_MS

    def talk(self) -> None:
        """Deliver and listen, as far as there is a network; nothing is on its way when this returns."""
        if not self.is_online:
            self.cut()
            self.owed = {}
            return
        self.bring()
        if self._is_asked:
            self._is_asked = False
            self.at = self.now()
            self._write("beat" if self.account.lived[self.page.stream] else "open", self._case, focused=self._looks)
            self.bring()

    def heard_sync(self) -> None:
        self._is_asked = True

    def owe(self) -> None:
        """Note what the next interval must acknowledge."""
        self.owed = {
            stream: outbox.newest - (outbox is self.page)
            for stream, outbox in self.outboxes.items()
            if self.is_online and outbox.held and outbox.is_delivered
        }

    @property
    def is_paid(self) -> bool:
        return all(self.outboxes[stream].committed >= seq for stream, seq in self.owed.items())

    def _look(self, cause: str, case: str) -> None:
        self._looks, self._case = True, case
        self._write(cause if self.account.lived[self.page.stream] else "open", case)

    def _sleep(self, length_ms: int) -> None:
        """The lid is shut; the monotonic clock of some computers stands still meanwhile."""
        self._asleep_until = self.now() + length_ms
        if self.rng.random() < 0.5:
            self._opened += length_ms
        self.cut()


@dataclass
class Day(Outcome):
    """What a day has shown."""

    stops: int = 0
    in_time: int = 0

    def __str__(self) -> str:
        return (
            f"{'graceful restarts':<32}{self.stops:>13,}\n"
            f"{'acknowledged within an interval':<32}{self.in_time:>13,}\n{super().__str__()}"
        )


def run(server: FaultyServer, clock: SteppedClock, *, minutes: int, seed: int) -> Day:
    """Live through so many minutes."""
    rng = random.Random(seed)
    day = Day()
    desks = [Desk(server, name, clock, seed=seed) for name in PEOPLE]
    for step in range(minutes * _MINUTE_MS // STEP_MS):
        clock.step(STEP_MS)
        for desk in desks:
            desk.live()
            desk.talk()
        if not server.is_running:
            day.note_kill(server)
            server.failpoint.disarm()
            server.start()
            _owe_nothing(desks)
        if step % STEPS_PER_INTERVAL == STEPS_PER_INTERVAL - 1:
            _see_that_they_are_paid(server, desks, day)
            _trouble(server, rng, day, desks)
    _go_home(server, clock, desks)
    count(server.database_url, [desk.account for desk in desks], day)
    return day


def _owe_nothing(desks: list[Desk]) -> None:
    for desk in desks:
        desk.owed = {}


def _see_that_they_are_paid(server: FaultyServer, desks: list[Desk], day: Day) -> None:
    """What was delivered an interval ago is acknowledged, unless the server died of a failpoint meanwhile."""
    online = [desk for desk in desks if desk.is_online]

    def are_paid() -> bool:
        return not server.is_running or all(desk.is_paid for desk in desks)

    bring_until(are_paid, *online, timeout_s=_DEADLINE_S, what="acknowledged within an interval")
    day.in_time += sum(len(desk.owed) for desk in desks) if server.is_running else 0


def _trouble(server: FaultyServer, rng: random.Random, day: Day, desks: list[Desk]) -> None:
    """Now and then something happens to the server. Where nothing does, all that is delivered is owed."""
    _owe_nothing(desks)
    chance = rng.random()
    if not server.is_running:
        return
    if chance < 0.03:
        server.failpoint.disarm()
        if server.terminate() == 0:
            day.stops += 1
        else:  # it was on its way to a failpoint
            day.note_kill(server)
        server.start()
    elif chance < 0.12:
        server.kill()
        day.note_kill(server)
        server.failpoint.disarm()
        server.start()
    else:
        for desk in desks:
            desk.owe()
        if chance < 0.25:
            server.failpoint.arm("kill", rng.randrange(1, 30))


def _go_home(server: FaultyServer, clock: SteppedClock, desks: list[Desk]) -> None:
    """Everybody comes back, delivers, and closes their page; the server commits as it stops."""
    server.failpoint.disarm()
    if not server.is_running:
        server.start()
    clock.step(60 * _MINUTE_MS)
    for desk in desks:
        desk.at = clock()
        desk.turn_page()
    for desk in desks:
        bring_until(lambda desk=desk: all(one.is_delivered for one in desk.outboxes.values()), desk)
    assert server.terminate() == 0, server.log
    for desk in desks:
        desk.cut()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, database_of(chosen.database, Path(name)) as url, Nursery() as nursery:
        clock = SteppedClock(Path(name) / "clock", start=wall_ms())
        server = FaultyServer(
            Path(name) / "server", nursery, url, environment=REAL_MINUTES, setup={"clock": str(Path(name) / "clock")}
        )
        with server.is_ready_for(*PEOPLE, now=clock()):
            day = run(server, clock, minutes=chosen.hours * 60, seed=chosen.seed)
    print(
        f"{'database':<32}{chosen.database:>13}\n{'hours':<32}{chosen.hours:>13}\n{'seed':<32}{chosen.seed:>13}\n{day}"
    )
    sys.exit(not day.is_exact)


if __name__ == "__main__":
    main()
