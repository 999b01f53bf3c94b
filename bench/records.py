"""`python -m bench.records [--records N] [--rounds N]`: pages with few tracker records against many.

Each line is a page, or one request of it, over HTTP of a small and of a large database, asked in turn. Both show the
same number of rows: fifty, as the page asks for, or as many as fit among the few. The ratio is that of the medians of
processor time. The small one is asked twice in each round: how far its two medians are from each other is the noise of
the machine.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import worlds
from bench.pages import API, PAGES, ROWS
from bench.worlds import FEW, NOW, YEARS_MS, Processor, World
from server.admin import purges, record_list
from server.admin.records import Filter
from server.clock import iso

GOAL = 1.25
URL = f"{API}/tracker-records"
PURGED = 50_000
_SYSTEMS = {"SQLite": worlds.sqlite, "PostgreSQL": worlds.postgresql_server}


def main() -> None:
    """Print a table for each of the two systems."""
    parser = argparse.ArgumentParser(prog="bench.records", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--system", choices=_SYSTEMS, nargs="*", default=list(_SYSTEMS))
    asked = parser.parse_args()
    for name in asked.system:
        with tempfile.TemporaryDirectory(prefix="caseclock-bench-") as folder, _SYSTEMS[name](Path(folder)) as system:
            measure(name, *system, Path(folder), asked.records, asked.rounds)


def measure(name: str, urls: list[str], processor: Processor, folder: Path, records: int, rounds: int) -> None:
    """Fill the two databases unless they are filled, and print the table of a system."""
    small, large = World(urls[0], FEW, folder), World(urls[1], records, folder)
    print(f"\n{name:<54}{FEW:>12,}{records:>13,}{'ratio':>8}   goal <= {GOAL}")
    table = _Table(small, large, processor, rounds)
    for page, asks in PAGES.items():
        table.line(page, asks)
    _lists(table)
    table.sum_up()
    _purge(small, large, processor)
    for world in (small, large):
        world.close()


@dataclass
class _Table:
    """The lines of a system, with how many of them met the goal."""

    small: World
    large: World
    processor: Processor
    rounds: int
    ratios: list[float] = field(default_factory=list)
    noise: list[float] = field(default_factory=list)

    def line(self, name: str, asks: Callable[[World], Any]) -> None:
        few, many, again = self.processor.medians(
            self.rounds, lambda: asks(self.small), lambda: asks(self.large), lambda: asks(self.small)
        )
        base = (few + again) / 2
        self.ratios.append(many / base)
        self.noise.append(abs(few / again - 1))
        verdict = "met" if many / base <= GOAL else "MISSED"
        print(f"{name:<54}{base:>9.1f} ms{many:>10.1f} ms{many / base:>8.2f}   {verdict}", flush=True)

    def sum_up(self) -> None:
        met = sum(ratio <= GOAL for ratio in self.ratios)
        noise = sorted(self.noise)
        print(
            f"{met} of {len(self.ratios)} met, worst {max(self.ratios):.2f}; "
            f"noise: median {noise[len(noise) // 2]:.1%}, at most {noise[-1]:.1%}"
        )


def _lists(table: _Table) -> None:
    for name in table.small.filters():
        rows = _rows(table.small, name)
        for sort in record_list.SORTS:
            table.line(
                f"{sort:<11}{name} ({rows})",
                lambda world, sort=sort, name=name, rows=rows: world.get(  # type: ignore[misc]
                    URL, sort=sort, limit=rows, **world.filters()[name]
                ),
            )
        table.line(
            f"count      {name}",
            lambda world, name=name: world.get(URL, count="true", limit=1, **world.filters()[name]),  # type: ignore[misc]
        )
    table.line("-ended_at  a page in the middle", lambda world: world.get(URL, limit=ROWS, cursor=_middle(world)))


def _rows(world: World, name: str) -> int:
    found = len(world.get(URL, limit=ROWS, **world.filters()[name])["items"])
    assert found, name
    return found


def _middle(world: World) -> str:
    return f"{NOW - YEARS_MS // 2}-{world.records // 2}"


def _purge(small: World, large: World, processor: Processor) -> None:
    """A dry run, which reads everything, and the longest transaction of a purge."""
    body = {"rule": {"before": iso(NOW)}, "dry_run": True}
    few, many = processor.medians(
        3, *(lambda world=world: world.post(f"{URL}/purge", body) for world in (small, large))
    )
    print(f"{'dry run of everything, no goal: reads all':<54}{few:>9.1f} ms{many:>10.1f} ms")
    chosen = Filter(up_to_id=min(PURGED, large.records))
    expected = large.database.read_long(lambda session: purges.estimate(session, chosen))
    asked = large.database.write(lambda session: purges.request(session, chosen, expected, now=NOW))
    took: list[float] = []
    large.database.timing = lambda: _timed(took)
    while purges.go_on(large.database, asked.id, clock=lambda: NOW):
        pass
    large.database.timing = nullcontext
    print(
        f"{f'purge of {expected.records:,}: transactions, median and longest':<54}"
        f"{sorted(took)[len(took) // 2] * 1000:>9.1f} ms{max(took) * 1000:>10.1f} ms"
    )


@contextmanager
def _timed(took: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    took.append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
