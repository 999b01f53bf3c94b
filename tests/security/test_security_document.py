"""docs/security.md names tests that exist, and numbers that are those of the code."""

import re
from pathlib import Path

from server.accounts import device, passwords, sessions, sign_in

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
HOUR_MS = 3_600_000


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)
    assert len(named) > 40

    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or (name and f"def {name}(" not in (ROOT / path).read_text())
    ]
    assert missing == []


def test_the_waits_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+)(?: s)? to (\d+) (s|min) \|", TEXT, flags=re.MULTILINE)
    factor = {"s": 1_000, "min": 60_000}
    written = [(int(free), int(first) * 1_000, int(last) * factor[unit]) for free, first, last, unit in rows]

    rules = (sign_in.BY_CLIENT, sign_in.BY_NETWORK, sign_in.BY_NAME, sign_in.BY_CLIENT)
    assert written == [(rule.free, rule.first_wait_ms, rule.longest_wait_ms) for rule in rules]


def test_the_other_numbers_are_those_of_the_code() -> None:
    assert f"{sign_in.MOST_KEYS:,} are held" in TEXT
    assert (sign_in.HASHING_AT_ONCE, f"{sign_in.MOST_WAITING} wait" in TEXT) == (2, True)
    assert f"{passwords.MIN_LENGTH} to {passwords.MAX_LENGTH:,} characters" in TEXT
    assert f"device cookie ({device.LIFETIME_MS // HOUR_MS // 24} days)" in TEXT
    assert f"{sessions.IDLE_MS // HOUR_MS} hours after its last request" in TEXT
    assert f"{sessions.LIFETIME_MS // HOUR_MS // 24} days after it began" in TEXT
    assert f"at most {sessions.MOST_OF_A_PERSON} sessions" in TEXT


def test_every_event_of_the_security_log_is_listed() -> None:
    called = re.compile(r'security_log\.(?:record|refused)\(\s*(?:"([\w.]+)" if \w+ else )?"([\w.]+)"')
    events = {
        name
        for path in (ROOT / "server").rglob("*.py")
        for found in called.findall(path.read_text())
        for name in found
        if name
    }

    assert len(events) > 10
    assert events - set(re.findall(r"`([a-z_.]+)`", TEXT)) == set()


def test_the_words_of_the_context_are_among_the_refused() -> None:
    words = re.findall(r"\*([a-z]+)\*", TEXT[TEXT.index("to them belong") : TEXT.index("own username and its parts")])

    assert len(words) == 10
    assert set(words) <= passwords._COMMON
