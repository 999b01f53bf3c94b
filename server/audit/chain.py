"""What makes the audit log a chain: hashes over canonical JSON, and the seal on its end. Values in, values out.

A hash needs no key, so that anybody can check the chain. Whoever can write to the database could therefore write
another chain; the seal, made with a key that is not in the database, is what they cannot make.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

BEGINNING = "0" * 64
"""What stands in place of a hash before the first entry."""

_array = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_object = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many entries it has, the hash of the last, and the seal on both."""

    count: int
    hash: str
    seal: str


def canonical(details: Mapping[str, object]) -> str:
    """Details as they are stored: JSON with sorted keys and no blanks."""
    return _object(details)


def hash_of(
    number: int,
    at: int,
    actor: str,
    actor_id: int | None,
    action: str,
    subject: str,
    details: str,
    address: str,
    previous_hash: str,
) -> str:
    """SHA-256, in hexadecimal, of a JSON array in UTF-8 of all columns of an entry but its hash."""
    columns = [number, at, actor, actor_id, action, subject, details, address, previous_hash]
    return hashlib.sha256(_array(columns).encode()).hexdigest()


def key_from(secret: str) -> bytes:
    """The key of seals, made from the secret key of the server; that one cannot be told from it."""
    return hmac.digest(secret.encode(), b"caseclock.audit", "sha256")


def sealed(key: bytes, count: int, last_hash: str) -> Head:
    """A head with its seal."""
    return Head(count, last_hash, hmac.digest(key, _array([count, last_hash]).encode(), "sha256").hex())


def is_sealed(key: bytes, head: Head) -> bool:
    """Whether the seal was made with this key for this end. A chain without entries has none yet."""
    if head == Head(0, BEGINNING, ""):
        return True
    return hmac.compare_digest(sealed(key, head.count, head.hash).seal.encode(), head.seal.encode())
