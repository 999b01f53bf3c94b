"""A browser that is killed at random moments, over and over, and starts again on the same profile.

    python -m e2e.kill_rounds --rounds 100 --seed 7

Somebody works at it: opens cases, looks away, comes back; now and then the network is blocked first. Whatever the
server had received must be recorded, once; nothing may be recorded that was not worked. One seed is one order of acts
and of kills.
"""

import argparse
import random
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from e2e.chromium import Chromium
from e2e.desk import Desk
from e2e.recorded import Recorded, overlaps
from e2e.road import Road
from e2e.stopwatch import TOLERANCE_MS, Moment, Stopwatch, now_ms
from e2e.waiting import until
from server.tracking.spans import Interval, subtract, total, union
from tests.server_process import ServerProcess

CASES = ("CAS-1001", "CAS-1003", "CAS-1005")
LIFE_S = (1.0, 12.0)
DELIVERED_S = 60.0
_OPEN = """() => Object.entries(localStorage).filter(
    ([key, text]) => key.startsWith("caseclock:stream:") && JSON.parse(text.split("\\n").at(-1)).cause !== "close"
).length"""
"""How many streams in the storage are not ended: that of the living page, and those that it has not yet looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """From this moment on a case was in front, or none; whether the page said then that all of it was delivered."""

    case: str | None
    moment: Moment
    delivered: bool = False


@dataclass(slots=True)
class Diary:
    """What must and what may be recorded of all that was done, by case; and what only the browser's disk can know."""

    must: list[tuple[str, Interval]] = field(default_factory=list)
    may: list[tuple[str, Interval]] = field(default_factory=list)
    on_disk: list[tuple[str, Interval]] = field(default_factory=list)

    def write(self, steps: Sequence[Step], killed: Moment) -> None:
        """A life of the browser, from its first step to its end."""
        proven = max((place for place, step in enumerate(steps) if step.delivered), default=0)
        for place, (step, next_one) in enumerate(pairwise([*steps, Step(None, killed)])):
            begin, end = step.moment, next_one.moment
            acting = (begin.before - TOLERANCE_MS, begin.after + TOLERANCE_MS)
            self.may += [(case, acting) for case in CASES]  # on the way back to a case another may be in front
            if step.case is None:
                continue
            self.may.append((step.case, (begin.before - TOLERANCE_MS, end.after + TOLERANCE_MS)))
            sure = (begin.after + TOLERANCE_MS, end.before - TOLERANCE_MS)
            if place < proven:
                self.must.append((step.case, sure))
            elif end is not killed:
                self.on_disk.append((step.case, sure))

    def check(self, recorded: Recorded) -> None:
        """Everything that was received is recorded, nothing else is, and nothing twice."""
        records = recorded.records()
        assert overlaps(records) == []
        found = [(record.case, (record.started, record.ended)) for record in records]
        assert records
        assert _beyond(self.must, found) == [], "received, and not recorded"
        assert _beyond(found, self.may) == [], "recorded, and not worked"

    def __str__(self) -> str:
        return f"{_seconds(self.must):.1f} s received, {_seconds(self.on_disk):.1f} s on the disk of the browser alone"


class Lives:
    """One life of a browser after the other; `start` starts it, on the same profile each time."""

    def __init__(
        self, seed: int, start: Callable[[], Chromium], *, road: Road, recorded: Recorded, stopwatch: Stopwatch
    ) -> None:
        self._random = random.Random(seed)
        self._start = start
        self._road = road
        self._recorded = recorded
        self._stopwatch = stopwatch
        self.diary = Diary()

    def live(self) -> None:
        """Start the browser, work, and be killed."""
        chromium = self._start()
        end = _Kill(chromium, self._random.uniform(*LIFE_S))
        steps: list[Step] = []
        try:
            self._work(self._sits_down(chromium), steps)
        except Error:
            if not end.began:
                raise
        self.diary.write(steps, end.wait())
        chromium.kill()
        self._road.flows()

    def settle(self) -> None:
        """Start it once more, and wait until nothing is left over from the lives before."""
        desk = self._sits_down(self._start())
        until(
            lambda: desk.page.evaluate(_OPEN) == 1 and desk.status()["undelivered"] == "0",
            timeout_s=DELIVERED_S,
            poll_s=0.5,
            what="all that earlier lives left behind is delivered",
        )
        self._recorded.commit()

    def _sits_down(self, chromium: Chromium) -> Desk:
        chromium.expects("net::ERR_", "WebSocket connection to")
        return Desk("ana", chromium, chromium.first_page(), self._road.base_url, self._stopwatch).signs_in()

    def _work(self, desk: Desk, steps: list[Step]) -> None:
        """Until the browser is gone."""
        case: str | None = None
        online = True
        while True:
            if self._chance(0.1):
                self._road.is_blocked()
                online = False
            case, act = self._next(desk, case)
            before = now_ms()
            try:
                act()
            finally:  # what the kill cut short may have been done
                steps.append(Step(case, Moment("", before, now_ms())))
            if online and self._chance(0.8):
                desk.runs(case) if case else desk.stands("hidden")
                steps[-1] = replace(steps[-1], delivered=True)
            if self._chance(0.2):
                self._recorded.handling_time(self._random.choice(CASES), refresh=True)
            self._stopwatch.passes(self._random.uniform(0, 2.5))

    def _next(self, desk: Desk, case: str | None) -> tuple[str | None, Callable[[], object]]:
        """What to do next, and which case is in front then."""
        if case and self._chance(0.3):
            return None, desk.chromium.new_tab
        chosen = self._random.choice([each for each in CASES if each != case])
        return chosen, lambda: _comes_back_to(desk, chosen)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


class _Kill:
    """Ends a browser after so many seconds, whatever it does then."""

    def __init__(self, chromium: Chromium, seconds: float) -> None:
        self._chromium = chromium
        self._moment: Moment | None = None
        self.began = False
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.start()

    def wait(self) -> Moment:
        """When it was."""
        self._timer.join()
        assert self._moment is not None
        return self._moment

    def _strike(self) -> None:
        self.began = True
        before = now_ms()
        self._chromium.strike()
        self._moment = Moment("is killed", before, now_ms())


def _comes_back_to(desk: Desk, case: str) -> None:
    desk.page.bring_to_front()
    desk.opens(case)


def _beyond(these: list[tuple[str, Interval]], those: list[tuple[str, Interval]]) -> list[tuple[str, Interval]]:
    """What of these lies outside of those."""
    return [
        (case, rest)
        for case in CASES
        for interval in union(interval for name, interval in these if name == case)
        for rest in subtract(interval, union(interval for name, interval in those if name == case))
    ]


def _seconds(intervals: list[tuple[str, Interval]]) -> float:
    return sum(total(union(interval for name, interval in intervals if name == case)) for case in CASES) / 1000


def main() -> None:
    """Kill as often as asked, and say what was kept."""
    parser = argparse.ArgumentParser(description="Kill a browser at random moments, over and over.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder), demo=True) as server,
        Road(server.port) as road,
        sync_playwright() as playwright,
    ):
        stopwatch = Stopwatch()
        recorded = Recorded(server, stopwatch)
        browser = Chromium(Path(folder) / "profile")

        lives = Lives(
            arguments.seed,
            lambda: browser.launch().connect(playwright),
            road=road,
            recorded=recorded,
            stopwatch=stopwatch,
        )
        try:
            for number in range(1, arguments.rounds + 1):
                lives.live()
                print(f"{number:>4} {lives.diary}", flush=True)
            lives.settle()
            lives.diary.check(recorded)
        finally:
            browser.kill()
        found = [(record.case, (record.started, record.ended)) for record in recorded.records()]
        lost = _seconds(_beyond(lives.diary.on_disk, found))
        print(f"seed {arguments.seed}: {arguments.rounds} kills; {lives.diary}, of which {lost:.1f} s were lost")


if __name__ == "__main__":
    main()
