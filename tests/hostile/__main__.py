"""`python -m tests.hostile --frames N --seed S`: so many broken messages, and what the server made of them.

Prints frames by how they were broken, answers by code, findings with the command that brings them back, and by how much
the process grew. Ends with 1 if there is a finding.
"""

import argparse
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path

from server import migrate
from tests.conftest import FakeClock
from tests.conftest import _made as made
from tests.hostile.fuzz import Fuzz
from tests.hostile.memory import rss_bytes

WARM_UP = 100_000
"""Caches are full after so many frames; growth is counted from there on."""


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.hostile")
    arguments.add_argument("--frames", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/caseclock.sqlite3"
        migrate.upgrade(url)
        with made(Path(folder), url, FakeClock()) as world:
            fuzz = Fuzz(world, chosen.seed)
            warm_bytes = 0
            for number in fuzz.run(chosen.frames):
                warm_bytes = warm_bytes if number > WARM_UP else rss_bytes()
                live = sum(len(world.tracking.store.of_representative(one)) for one in world.ids.values())
                size = f"{rss_bytes() / 1e6:.0f} MB, {live} live streams, {len(fuzz.result.findings)} findings"
                print(f"{number:>10,} frames: {size}", flush=True)
            growth_mb = (rss_bytes() - warm_bytes) / 1e6
    _report(fuzz, growth_mb)
    return 1 if fuzz.result.findings else 0


def _report(fuzz: Fuzz, growth_mb: float) -> None:
    kinds: Counter[str] = Counter()
    for kind, count in fuzz.result.frames.items():
        kinds[kind if "+" not in kind else "several at once"] += count
    print("\nframes by how they were broken:")
    for kind, count in kinds.most_common():
        print(f"  {kind:<18}{count:>10,}")
    print("answers:")
    for code, count in fuzz.result.answers.most_common():
        print(f"  {code:<18}{count:>10,}")
    print(f"records: {fuzz.result.records:,}, credited: {fuzz.result.credited_ms / 3_600_000:,.1f} h")
    print(f"growth after {WARM_UP:,} frames: {growth_mb:.1f} MB")
    print(f"findings: {len(fuzz.result.findings)}")
    for finding in fuzz.result.findings[:20]:
        print(f"\n{finding}")


if __name__ == "__main__":
    sys.exit(main())
