"""The soak: run seeds as long as one likes, and print events, faults by kind, and violations.

python -m tests.simulation --seeds 1000 [--first 0]      many worlds
python -m tests.simulation --replay 27 [--hours 1] [--without "page crashed"] ...      one world, with its trace
"""

import argparse
import sys
from itertools import count

from tests.simulation.oracle import Violation
from tests.simulation.run import chosen, run, run_all


def main() -> int:
    """Exit status 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description="Run the product in simulated worlds, and hold it against the oracle.")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, help="how many seeds (without it: until interrupted)")
    parser.add_argument("--replay", type=int, metavar="SEED", help="one seed again")
    parser.add_argument("--hours", type=float, help="with --replay: how long the world lives")
    parser.add_argument("--without", action="append", default=[], help="with --replay: a fault that is left out")
    asked = parser.parse_args()
    if asked.replay is not None:
        return _replay(chosen(asked.replay, hours=asked.hours, without=asked.without))
    return _soak(asked.first, asked.seeds)


def _replay(plan: object) -> int:
    print(plan)
    try:
        print(run(plan))  # type: ignore[arg-type]
    except Violation as violation:
        print(f"VIOLATION: {violation}")
        return 1
    return 0


def _soak(first: int, seeds: int | None) -> int:
    numbers = count(first) if seeds is None else range(first, first + seeds)
    events = commits = credited_ms = worlds = failures = 0
    faults: dict[str, int] = {}
    try:
        for seed in numbers:
            done = run_all([seed])
            worlds, events, commits = worlds + 1, events + done.events, commits + done.commits
            credited_ms += done.credited_ms
            for kind, times in done.faults.items():
                faults[kind] = faults.get(kind, 0) + times
            for failure in done.failures:
                failures += 1
                print(f"seed {seed}: {failure.violation}\n    {failure.replay}", flush=True)
    except KeyboardInterrupt:
        print("interrupted")
    print(f"{worlds} worlds, {events:,} events, {commits:,} commits, {credited_ms / 3_600_000:,.1f} hours credited")
    for kind, times in sorted(faults.items()):
        print(f"  {times:>9,}  {kind}")
    print(f"{failures} violations")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
