"""`kill -9` of a server under load, over and over: `python -m tests.faults.kill_rounds --rounds 200 --seed 1`.

Several browsers work, deliver, lose their networks and turn pages, each in a thread of its own; at a random moment, or
at a random place of a commit, the server is killed, and it starts again. At the end everybody delivers what is left.
Prints when it was killed, and how much time was proven, credited, lost and doubled.
"""

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from server import migrate
from server.db import Database
from tests import postgresql
from tests.faults.failpoints import PHASES
from tests.faults.ledger import Account, Books, check
from tests.faults.nursery import Nursery
from tests.faults.world import HOUR_MS, Browser, FaultyServer

PEOPLE = ("ana", "ben", "eve", "kim")
_PLACES = 30
"""A commit has some more or some less, by what it has to write."""
_NEXT_COMMIT_S = 3.0
_MOST_HELD = 100
_LONGEST_LIFE_S = 0.8


@dataclass
class Outcome:
    """What a run has shown. Instants in milliseconds; `lost_ms` and `doubled_ms` are 0 or there is a bug."""

    kills: Counter[str] = field(default_factory=Counter)
    events: int = 0
    proven_ms: int = 0
    credited_ms: int = 0
    lost_ms: int = 0
    doubled_ms: int = 0

    @property
    def is_exact(self) -> bool:
        return self.lost_ms == self.doubled_ms == 0

    def note_kill(self, server: FaultyServer) -> None:
        """Where the server was as it died."""
        self.kills[PHASES[server.failpoint.phase]] += 1

    def __str__(self) -> str:
        by_phase = "\n".join(f"  killed {phase:<24}{self.kills[phase]:>12,}" for phase in PHASES)
        figures = "\n".join(
            f"{name:<32}{value:>13,}"
            for name, value in (
                ("events", self.events),
                ("milliseconds proven", self.proven_ms),
                ("milliseconds credited", self.credited_ms),
                ("milliseconds lost", self.lost_ms),
                ("milliseconds doubled", self.doubled_ms),
            )
        )
        return f"{'kills':<32}{sum(self.kills.values()):>13,}\n{by_phase}\n{figures}"


class AtWork(threading.Thread):
    """A browser that works and delivers until it is told to stop, whatever the server does."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(daemon=True)
        self.browser = browser
        self._ends = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error

    def stop(self) -> None:
        """Let it end; raises what it could not cope with."""
        self._ends.set()
        self.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        browser, rng = self.browser, self.browser.rng
        while not self._ends.is_set():
            if len(browser.page.held) < _MOST_HELD and browser.at < browser.now() - HOUR_MS:
                browser.work(rng.randrange(1, 12))
            if rng.random() < 0.05:
                browser.turn_page(rng.choice(["workspace", "workspace", "embed"]))
            if rng.random() < 0.1:
                browser.cut()
            if rng.random() < 0.2:
                browser.post(browser.page, since=browser.page.received + 1)
            browser.bring()
            self._ends.wait(0.005)


def run(server: FaultyServer, *, rounds: int, seed: int) -> Outcome:
    """So many kills of a server that is running, and what was counted in the end."""
    rng = random.Random(seed)
    outcome = Outcome()
    workers = [AtWork(Browser(server, name, seed=seed)) for name in PEOPLE]
    for worker in workers:
        worker.start()
    for _ in range(rounds):
        _kill(server, rng, outcome)
        server.start()
    for worker in workers:
        worker.stop()
    browsers = [worker.browser for worker in workers]
    for browser in browsers:
        browser.turn_page()
    for browser in browsers:
        browser.settle(timeout_s=120)
    count(server.database_url, [browser.account for browser in browsers], outcome)
    for browser in browsers:
        browser.cut()
    return outcome


def _kill(server: FaultyServer, rng: random.Random, outcome: Outcome) -> None:
    """At any moment; or, in two rounds of three, at some place of the next commit, which a moment seldom hits."""
    if rng.random() < 0.67:
        server.failpoint.arm("kill", rng.choice([rng.randrange(1, _PLACES), "before COMMIT", "after COMMIT"]))
        try:
            server.wait(_NEXT_COMMIT_S)
        except AssertionError:
            server.kill()
        server.failpoint.disarm()
    else:
        threading.Event().wait(rng.random() * _LONGEST_LIFE_S)
        server.kill()
    outcome.note_kill(server)


def count(database_url: str, accounts: list[Account], outcome: Outcome) -> None:
    """Add what these accounts have proven and the database has credited; raises where they differ in anything."""
    database = Database(database_url)
    for account in accounts:
        books = Books(database, account.username)
        outcome.events += account.events
        outcome.proven_ms += account.proven_ms
        outcome.credited_ms += books.credited_ms
        outcome.doubled_ms += sum(max(0, one[1] - other[0]) for one, other in pairwise(books.records))
        outcome.lost_ms += max(0, account.proven_ms - books.credited_ms)
        outcome.doubled_ms += max(0, books.credited_ms - account.proven_ms)
    database.close()
    check(database_url, *accounts)


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a fresh migrated database of that kind."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'caseclock.sqlite3'}"
        migrate.upgrade(url)
        yield url
    else:
        with postgresql.running() as server:
            yield server.fresh_database()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        database_of(chosen.database, Path(folder)) as url,
        Nursery() as nursery,
        FaultyServer(Path(folder) / "server", nursery, url).is_ready_for(*PEOPLE) as server,
    ):
        outcome = run(server, rounds=chosen.rounds, seed=chosen.seed)
    print(
        f"{'database':<32}{chosen.database:>13}\n{'rounds':<32}{chosen.rounds:>13,}\n{'seed':<32}{chosen.seed:>13}\n{outcome}"
    )
    sys.exit(not outcome.is_exact)


if __name__ == "__main__":
    main()
