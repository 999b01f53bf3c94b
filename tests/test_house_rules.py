"""Rules of style that matter, as tests of the source tree."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "server"

# The boundaries of a job, a socket, a request and the process: where anything may happen and must not spread.
_MAY_CATCH_ALL = {
    "server/jobs.py",
    "server/serve.py",
    "server/tracking/guarded_route.py",
    "server/tracking/guarded_socket.py",  # raises it again
}
_READS_TIME = re.compile(r"\btime\.(time|time_ns|monotonic|sleep)\(|datetime\.(now|utcnow|today)\(|date\.today\(")
_MAY_READ_TIME = {"server/clock.py", "server/tracking/guarded_socket.py"}
_MAY_READ_ENVIRONMENT = {"server/config.py"}


def _sources() -> Iterator[tuple[str, str]]:
    for path in sorted(SERVER.rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text()


def _offenders(pattern: str | re.Pattern[str], allowed: set[str]) -> list[str]:
    return [name for name, text in _sources() if name not in allowed and re.search(pattern, text)]


def test_one_place_reads_the_time() -> None:
    assert _offenders(_READS_TIME, _MAY_READ_TIME) == []


def test_one_place_reads_the_environment() -> None:
    assert _offenders(r"os\.environ|os\.getenv", _MAY_READ_ENVIRONMENT) == []


def test_everything_is_caught_only_at_the_boundaries() -> None:
    assert _offenders(r"except (Base)?Exception\b|except:", _MAY_CATCH_ALL) == []


def test_there_is_no_drawer_for_everything() -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [name for name, _ in _sources() if Path(name).name in drawers] == []


def test_every_module_says_what_it_is_for() -> None:
    empty = [name for name, text in _sources() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert empty == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    bare = []
    for name, text in _sources():
        if "/migrations/versions/" in name:
            continue
        for node in ast.parse(text).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                bare.append(f"{name}:{node.name}")
    assert bare == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"registry\.npmjs\.org|pypi\.org/simple|files\.pythonhosted|deb\.debian\.org", "a registry's host"),
        (r"(?<![\w.])/(work|farm|tmp/studio)/", "a path of one machine"),
        (r"BEGIN [A-Z ]*PRIVATE KEY", "a secret"),
    ],
)
def test_no_tracked_file_names(pattern: str, why: str) -> None:
    """No registry host, machine path or secret in any tracked file."""
    found = subprocess.run(
        ["git", "grep", "-lIP", pattern, "--", ":!tests/test_house_rules.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stdout == "", why


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


def test_the_bounds_in_the_documents_are_those_of_the_code() -> None:
    """docs/architecture.md lists every bound with its number."""
    from server.config import Limits
    from server.tracking import guarded_socket

    text = (ROOT / "docs" / "architecture.md").read_text()
    limits = Limits()
    for number in (
        limits.events_per_report,
        limits.outgoing_messages,
        limits.connections,
        limits.connections_per_representative,
        limits.calls_per_s,
        limits.calls_burst,
        limits.watches_per_connection,
        limits.messages_per_s,
        limits.events_per_s,
        limits.messages_burst,
        limits.events_burst,
        limits.pending_claims,
        limits.pending_claims_most,
        limits.live_streams,
        limits.streams_per_hour,
        limits.streams_per_connection,
        limits.new_cases_per_hour,
        limits.set_aside_per_hour,
        limits.hellos_per_s,
        limits.hellos_burst,
        limits.messages_before_hello,
        limits.request_head_s,
        limits.request_body_s,
        limits.keep_alive_s,
        guarded_socket.MAX_CONTROL_FRAMES,
        guarded_socket.MAX_FRAGMENTS,
        guarded_socket.PING_INTERVAL_S,
        guarded_socket.PING_TIMEOUT_S,
        guarded_socket.WRITE_TIMEOUT_S,
    ):
        assert re.search(rf"(?<![\d,]){number:,.0f}(?!\d|,\d)", text), number
