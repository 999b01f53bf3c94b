"""The chain's arithmetic: what a hash covers, and what a seal is of (A8)."""

import hashlib
import hmac
import json
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.audit.chain import BEGINNING, Head, canonical, hash_of, is_sealed, key_from, sealed

ENTRY: tuple[Any, ...] = (
    7,
    1_795_176_000_000,
    "ada",
    4,
    "settings.changed",
    "Größe",
    '{"a":1}',
    "203.0.113.7",
    "0" * 64,
)
KEY = key_from("a secret")

TEXT = st.text(max_size=6)
ENTRIES = st.tuples(
    st.integers(1, 9), st.integers(0, 9), TEXT, st.none() | st.integers(0, 9), TEXT, TEXT, TEXT, TEXT, TEXT
)


def test_a_hash_is_that_of_the_columns_as_a_json_array_in_utf_8() -> None:
    """A8: so that any program can make it, such as `sha256sum`."""
    array = '[7,1795176000000,"ada",4,"settings.changed","Größe","{\\"a\\":1}","203.0.113.7","' + "0" * 64 + '"]'
    said = subprocess.run(["sha256sum"], input=array.encode(), capture_output=True, check=True).stdout.decode()

    assert hash_of(*ENTRY) == said.split()[0]


@settings(deadline=None)
@given(ENTRIES, ENTRIES)
def test_two_entries_have_one_hash_only_if_they_are_one(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    """A8: no way to move a character from a column to the next."""
    assert (hash_of(*one) == hash_of(*other)) == (one == other)


@pytest.mark.parametrize("place", range(len(ENTRY)))
def test_every_column_is_covered(place: int) -> None:
    """A8"""
    other = list(ENTRY)
    other[place] = 8 if isinstance(ENTRY[place], int) else "other"

    assert hash_of(*other) != hash_of(*ENTRY)


def test_details_have_one_form() -> None:
    """A8"""
    assert canonical({"b": [1, None], "a": {"ö": True, "old": 1}}) == '{"a":{"old":1,"ö":true},"b":[1,null]}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"days": float("nan")})


def test_a_seal_is_the_hmac_of_the_end_under_a_key_of_its_own() -> None:
    """A8: made from the secret key, which is not what signs cookies."""
    key = hmac.new(b"a secret", b"caseclock.audit", hashlib.sha256).digest()
    seal = hmac.new(key, json.dumps([3, "ab"], separators=(",", ":")).encode(), hashlib.sha256).hexdigest()

    assert sealed(KEY, 3, "ab") == Head(3, "ab", seal)


def test_a_seal_is_good_for_one_end_and_one_key() -> None:
    """A8"""
    head = sealed(KEY, 3, "ab")

    assert is_sealed(KEY, head)
    assert not is_sealed(KEY, Head(2, "ab", head.seal))
    assert not is_sealed(KEY, Head(3, "ac", head.seal))
    assert not is_sealed(KEY, Head(3, "ab", ""))
    assert not is_sealed(KEY, Head(3, "ab", "ü"))
    assert not is_sealed(key_from("another"), head)


def test_only_a_log_without_entries_needs_no_seal() -> None:
    """A8"""
    assert is_sealed(KEY, Head(0, BEGINNING, ""))
    assert not is_sealed(KEY, Head(1, BEGINNING, ""))
    assert not is_sealed(KEY, Head(0, BEGINNING, "f" * 64))
