"""Whether the simulation would notice: each rule is broken on purpose, and a seed must show it.

python -m tests.simulation.mutants [--seeds 1000] [--first 0] [NAME ...]

Each mutant replaces one piece of text in a copy of the tree, and runs worlds until one breaks the promise or crashes.
A world that fails without the mutant too proves nothing and is passed over. Seeds that end in 3, 6 or 9 have wrong
clocks, where the oracle allows for a margin: they are left out. Exit status 1 where a mutant survives.
"""

import argparse
import json
import logging
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulation.faults import plan_of
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.oracle import Violation
from tests.simulation.world import World, memory_folder

ROOT = Path(__file__).resolve().parents[2]
_WORKERS = 2
_LONGEST_WORLD_S = 180
_CLOCK_SEEDS = (3, 6, 9)


class TextNotFound(Exception):
    """The text that a mutation replaces is not in its file exactly once: the code moved on, the list must follow."""


@dataclass(frozen=True)
class Verdict:
    """How a mutant ended: killed at a seed, after so many events of all worlds before it, by what; or not at all."""

    mutation: Mutation
    events: int
    seed: int | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.seed is None:
            return f"SURVIVED  {self.mutation.name}: {self.mutation.rule} ({self.events:,} events)"
        end = f"killed at seed {self.seed} after {self.events:,} events"
        return f"{end:<40}  {self.mutation.name}: {self.mutation.rule}\n{'':42}{self.reason[:200]}"


def main() -> int:
    """Exit status 1 where a mutant survived."""
    parser = argparse.ArgumentParser(description="Break each rule on purpose, and see that a simulated world shows it.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these mutants only")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds each mutant may survive")
    parser.add_argument("--worlds", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    if asked.worlds:
        return _run_worlds(seeds)
    unknown = set(asked.names) - {mutation.name for mutation in MUTATIONS}
    if unknown:
        raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutation for mutation in MUTATIONS if not asked.names or mutation.name in asked.names]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="caseclock-mutants-") as folder:
        sound = _copied(ROOT, Path(folder) / "sound")
        with ThreadPoolExecutor(_WORKERS) as workers:
            for one in as_completed([workers.submit(_judged, each, sound=sound, seeds=seeds) for each in chosen]):
                verdict = one.result()
                survived += verdict.seed is None
                print(verdict, flush=True)
    print(f"{len(chosen)} mutants, {survived} survived")
    return 1 if survived else 0


def mutated(text: str, mutation: Mutation) -> str:
    """The text with its one replacement. Raises `TextNotFound`."""
    found = text.count(mutation.old)
    if found != 1:
        raise TextNotFound(f"{mutation.name}: the text to replace is in {mutation.file} {found} times, not once")
    return text.replace(mutation.old, mutation.new)


def _judged(mutation: Mutation, *, sound: Path, seeds: range) -> Verdict:
    events = 0
    first = seeds.start
    with tempfile.TemporaryDirectory(dir=sound.parent) as folder:
        tree = _copied(sound, Path(folder) / "tree")
        file = tree / mutation.file
        file.write_text(mutated(file.read_text(encoding="utf-8"), mutation), encoding="utf-8")
        while (failure := _first_failure(tree, first, seeds.stop)) is not None:
            events += failure["events"]
            if failure["seed"] is None:
                break
            if _first_failure(sound, failure["seed"], failure["seed"] + 1)["seed"] is None:
                return Verdict(mutation, events, failure["seed"], failure["reason"])
            first = failure["seed"] + 1
    return Verdict(mutation, events)


def _copied(source: Path, tree: Path) -> Path:
    """What the simulation needs, without compiled files: those may be as old as the text that is to be replaced."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("server", "tests"):
        shutil.copytree(source / name, tree / name, ignore=unwanted)
    shutil.copy(source / "pyproject.toml", tree)
    return tree


def _first_failure(tree: Path, first: int, end: int) -> dict[str, Any]:
    """What a process on this tree says of its first failing seed."""
    command = [sys.executable, "-B", "-m", "tests.simulation.mutants", "--worlds"]
    done = subprocess.run(
        [*command, "--first", str(first), "--seeds", str(end - first)],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return {"seed": first, "events": 0, "reason": f"crash: {done.stderr.strip().splitlines()[-1]}"}
    verdict: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return verdict


def _run_worlds(seeds: range) -> int:
    """The process of one mutant: its worlds in order until one fails, then a line of JSON."""
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _stand_still)
    events = 0
    for seed in _with_sound_clocks(seeds):
        signal.alarm(_LONGEST_WORLD_S)
        with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
            world = World(plan_of(seed), Path(folder))
            try:
                world.run()
                reason = ""
            except Violation as violation:
                reason = str(violation)
            except Exception as problem:
                reason = f"crash: {type(problem).__name__}: {problem}"
        events += world.oracle.events
        if reason:
            print(json.dumps({"seed": seed, "events": events, "reason": reason}))
            return 0
    print(json.dumps({"seed": None, "events": events}))
    return 0


def _with_sound_clocks(seeds: range) -> Iterator[int]:
    return (seed for seed in seeds if seed % 10 not in _CLOCK_SEEDS)


def _stand_still(*_: object) -> None:
    raise Violation("the world does not come to its end")


if __name__ == "__main__":
    sys.exit(main())
