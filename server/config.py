"""The one reader of the environment. Everything else takes a `Config`."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

N = TypeVar("N", int, float)

_PORTS = {"http": 80, "https": 443}


class ConfigError(Exception):
    """The environment holds something the server cannot start with; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one peer may ask for. Every queue and rate of the server is named here."""

    frame_bytes: int = 64 * 1024
    events_per_report: int = 300
    hello_timeout_s: float = 5.0
    connections: int = 10_000
    connections_per_representative: int = 64
    messages_per_s: float = 200.0
    messages_burst: float = 4_000.0
    events_per_s: float = 2_000.0
    events_burst: float = 40_000.0
    watches_per_connection: int = 64
    outgoing_messages: int = 256
    pending_claims: int = 5_000
    request_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """How one server process runs.

    `database_url` is an SQLAlchemy URL; `seconds_per_minute` is how many real seconds a configured minute of
    the update interval lasts (60; smaller only in demos and tests: it never scales credited time).
    """

    data_dir: Path
    database_url: str
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_origins: frozenset[str] = frozenset()
    seconds_per_minute: float = 60.0
    demo: bool = False
    limits: Limits = field(default_factory=Limits)


def from_environment(environ: Mapping[str, str] | None = None, *, demo: bool = False) -> Config:
    """Read `CASECLOCK_*`; make the data folder and, if none is given, a secret key kept in it."""
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("CASECLOCK_DATA_DIR") or "var").resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {data_dir} cannot be made ({error.strerror}): set CASECLOCK_DATA_DIR to one that can"
        ) from None
    if env.get("CASECLOCK_REDIS_URL"):
        raise ConfigError("CASECLOCK_REDIS_URL is set, but this version keeps live time in memory only: unset it")
    return Config(
        data_dir=data_dir,
        database_url=_database_url(env.get("CASECLOCK_DATABASE_URL") or f"sqlite:///{data_dir / 'caseclock.sqlite3'}"),
        secret_key=env.get("CASECLOCK_SECRET_KEY") or _kept_secret(data_dir / "secret_key"),
        host=env.get("CASECLOCK_HOST") or "127.0.0.1",
        port=_number(env, "CASECLOCK_PORT", 8000, whole=True, low=0, high=65535),
        allowed_origins=frozenset(map(_origin, (env.get("CASECLOCK_ALLOWED_ORIGINS") or "").replace(",", " ").split())),
        seconds_per_minute=_number(env, "CASECLOCK_SECONDS_PER_MINUTE", 60, low=0.01, high=60),
        demo=demo,
    )


def _database_url(text: str) -> str:
    try:
        backend = make_url(text).get_backend_name()
    except ArgumentError:
        backend = None
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(
            "CASECLOCK_DATABASE_URL is of no database we know: "
            "write it like sqlite:////var/lib/caseclock.sqlite3 or postgresql://user:password@host/database"
        )
    return text


def _kept_secret(path: Path) -> str:
    """The key in `path`, made on first use and readable by its owner alone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = _read(path).strip()
        if len(secret) < 32:
            raise ConfigError(f"{path} holds no usable key: delete it, or set CASECLOCK_SECRET_KEY") from None
        return secret
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): set CASECLOCK_DATA_DIR, or CASECLOCK_SECRET_KEY"
        ) from None
    secret = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(secret)
    return secret


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}): mend it, or set CASECLOCK_SECRET_KEY") from None


def _number(env: Mapping[str, str], name: str, default: N, *, low: float, high: float, whole: bool = False) -> N:
    text = env.get(name)
    if not text:
        return default
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise ConfigError(f"{name} must be a number from {low:g} to {high:g}, not {text!r}")
    return value  # type: ignore[return-value]


def _origin(text: str) -> str:
    """An origin as browsers send it: in lower case, without the port that its scheme implies."""
    try:
        parts = urlsplit(text.lower())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = SplitResult("", "", "", "", ""), None, None
    if (
        parts.scheme not in _PORTS
        or not host
        or "@" in parts.netloc
        or f"{parts.scheme}://{parts.netloc}" != (text.lower().removesuffix("/"))
    ):
        raise ConfigError(f"CASECLOCK_ALLOWED_ORIGINS: {text!r} is not an origin; write it like https://desk.example")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")
