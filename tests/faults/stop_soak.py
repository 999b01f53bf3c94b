"""SIGTERM with thousands of sockets open: `python -m tests.faults.stop_soak --sockets 5000`.

Agents of many representatives are connected and have work that is not committed. Prints how many heard 1012, how long
the stop took, and how much of the time is in the database.
"""

import argparse
import resource
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.faults.kill_rounds import Outcome, count, database_of
from tests.faults.nursery import Nursery
from tests.faults.world import Browser, FaultyServer

HOUR_LONG = {"CASECLOCK_SECONDS_PER_MINUTE": "60"}
_EACH = 50
"""Sockets of one representative; the server takes 64."""
_STOP_S = 60.0
_PUMP_EVERY = 500


@dataclass
class Stop(Outcome):
    """What a stop has shown."""

    sockets: int = 0
    closed_with_1012: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{'sockets open':<32}{self.sockets:>13,}\n{'closed with 1012':<32}{self.closed_with_1012:>13,}\n"
            f"{'seconds from SIGTERM to the end':<32}{self.seconds:>13.1f}\n{super().__str__()}"
        )


def run(server: FaultyServer, people: list[str], *, sockets: int) -> Stop:
    """Open the sockets, stop the server, and count."""
    browsers = [Browser(server, people[place % len(people)], seed=place) for place in range(sockets)]
    for place, browser in enumerate(browsers):
        browser.at += place // len(people) * 3_600_000
        browser.work(3, strays=False)
        browser.connect(browser.page)
        assert browser.deliver(browser.page)
        if place % _PUMP_EVERY == _PUMP_EVERY - 1:
            _answer_pings(browsers[: place + 1])
    _answer_pings(browsers)
    with ThreadPoolExecutor(64) as pool:
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        codes = list(pool.map(_close_code, browsers))
        server.wait(_STOP_S)
        stop = Stop(sockets=sockets, closed_with_1012=codes.count(1012), seconds=time.monotonic() - started)
    accounts = {name: browsers[place].account for place, name in enumerate(people)}
    for browser in browsers:
        account = accounts[browser.account.username]
        account.outboxes |= browser.account.outboxes
        account.lived |= browser.account.lived
    count(server.database_url, list(accounts.values()), stop)
    return stop


def _answer_pings(browsers: list[Browser]) -> None:
    """As browsers do by themselves; the server closes who does not."""
    for browser in browsers:
        browser.listen()


def _close_code(browser: Browser) -> int | None:
    assert browser.socket is not None
    return browser.socket.close_code()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=5000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    people = [f"rep{number}" for number in range(-(-chosen.sockets // _EACH))]
    with (
        tempfile.TemporaryDirectory() as name,
        database_of(chosen.database, Path(name)) as url,
        Nursery() as nursery,
        FaultyServer(Path(name) / "server", nursery, url, environment=HOUR_LONG).is_ready_for(*people) as server,
    ):
        stop = run(server, people, sockets=chosen.sockets)
    print(f"{'database':<32}{chosen.database:>13}\n{stop}")
    sys.exit(not (stop.is_exact and stop.closed_with_1012 == stop.sockets))


if __name__ == "__main__":
    main()
