"""docs/operation.md is held to the program: its variables, figures, problems and commands are those that there are."""

import re
from pathlib import Path

from server.operation import health
from server.operation.metrics import Metrics
from server.operation.runs import Runs
from tests.conftest import World

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operation.md").read_text()


def test_every_variable_of_the_environment_is_in_the_table_and_no_other() -> None:
    source = (ROOT / "server" / "config.py").read_text()
    read = set(re.findall(r"CASECLOCK_[A-Z_]+", source)) | {
        f"CASECLOCK_{name}" for name in re.findall(r'_words\(env, "([A-Z_]+)"\)', source)
    }
    rows = set(re.findall(r"^\| `(CASECLOCK_[A-Z_]+)`", TEXT, re.MULTILINE))

    assert rows == read


def test_every_figure_that_is_named_there_is_one(world: World) -> None:
    registry = Metrics(world.tracking, Runs()).registry
    there = {
        name for family in registry.collect() for name in (family.name, f"{family.name}_total", f"{family.name}_bucket")
    }
    named = set(re.findall(r"\b(?:caseclock|process)_[a-z_]+\b", TEXT)) - {"caseclock_restored"}

    assert len(named) > 12
    assert named <= there


def test_every_problem_of_readyz_has_its_row() -> None:
    source = Path(health.__file__).read_text()
    said = re.findall(r'f?"(the [a-z]|a commit)([^"{]*)', source)
    problems = {f"{first}{rest}".split(":")[0].strip() for first, rest in said if "log" not in rest}
    section = TEXT[TEXT.index("## What to do when") : TEXT.index("## Logs")]
    rows = re.findall(r"^\| (the [^|]+|a [^|]+) \|", section, re.MULTILINE)

    assert len(rows) == 7
    for row in rows:
        assert any(problem.startswith(row.strip()) for problem in problems), row
    for problem in problems:
        assert any(problem.startswith(row.strip()) for row in rows), problem


def test_the_idle_time_out_of_the_proxy_is_longer_than_the_server_s_ping(world: World) -> None:
    """X16"""
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s", TEXT)

    assert int(seconds) >= 60 > world.tracking.limits.ping_interval_s + world.tracking.limits.ping_timeout_s
