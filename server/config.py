"""The one reader of the environment. Everything else takes a `Config`."""

import math
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server import logs

N = TypeVar("N", int, float)

MIN_SECRET_KEY_LENGTH = 32

_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class ConfigError(Exception):
    """The environment holds something the server cannot start with; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one peer may ask for. Every queue and rate of the server is named here.

    What is counted by the hour must let the largest report through at once, or an agent could never deliver it.
    """

    frame_bytes: int = 64 * 1024
    events_per_report: int = 300
    hello_timeout_s: float = 5.0
    messages_before_hello: int = 16
    connections: int = 10_000
    connections_before_hello: int = 10_000
    connections_per_representative: int = 64
    ping_interval_s: float = 25.0
    ping_timeout_s: float = 20.0
    write_timeout_s: float = 10.0
    hellos_per_s: float = 50.0
    hellos_burst: float = 2_000.0
    messages_per_s: float = 200.0
    messages_burst: float = 4_000.0
    events_per_s: float = 2_000.0
    events_burst: float = 40_000.0
    streams_per_hour: float = 3_600.0
    new_cases_per_hour: float = 1_200.0
    set_aside_per_hour: float = 1_000.0
    calls_per_s: float = 20.0
    calls_burst: float = 600.0
    watches_per_connection: int = 64
    streams_per_connection: int = 256
    outgoing_messages: int = 256
    outgoing_bytes: int = 1024 * 1024
    pending_claims: int = 5_000
    pending_claims_most: int = 50_000
    live_streams: int = 500
    request_bytes: int = 1024 * 1024
    request_head_s: float = 10.0
    request_body_s: float = 30.0
    keep_alive_s: float = 75.0


@dataclass(frozen=True, slots=True)
class Config:
    """How one server process runs.

    `database_url` is an SQLAlchemy URL; `seconds_per_minute` is how many real seconds a configured minute of
    the update interval lasts (60; smaller only in demos and tests: it never scales credited time). `public_url` is
    the origin at which browsers reach the server, `trusted_hosts` are further names it answers to, and
    `trusted_proxies` says how many proxies of the operator's own append to `X-Forwarded-For`. `metrics_token` opens
    `/metrics` to whoever sends it as a bearer token; without one, only callers on this computer may read it.
    """

    data_dir: Path
    database_url: str
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_origins: frozenset[str] = frozenset()
    public_url: str | None = None
    trusted_hosts: frozenset[str] = frozenset()
    trusted_proxies: int = 0
    seconds_per_minute: float = 60.0
    demo: bool = False
    log_format: str = "text"
    log_level: str = "info"
    metrics_token: str | None = None
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
    public_url = env.get("CASECLOCK_PUBLIC_URL")
    return Config(
        data_dir=data_dir,
        database_url=_database_url(env.get("CASECLOCK_DATABASE_URL") or f"sqlite:///{data_dir / 'caseclock.sqlite3'}"),
        secret_key=env.get("CASECLOCK_SECRET_KEY") or _kept_secret(data_dir / "secret_key"),
        host=env.get("CASECLOCK_HOST") or "127.0.0.1",
        port=_number(env, "CASECLOCK_PORT", 8000, whole=True, low=0, high=65535),
        allowed_origins=frozenset(
            _origin(text, "CASECLOCK_ALLOWED_ORIGINS") for text in _words(env, "ALLOWED_ORIGINS")
        ),
        public_url=_origin(public_url, "CASECLOCK_PUBLIC_URL") if public_url else None,
        trusted_hosts=frozenset(map(_host_name, _words(env, "TRUSTED_HOSTS"))),
        trusted_proxies=_number(env, "CASECLOCK_TRUSTED_PROXIES", 0, whole=True, low=0, high=10),
        seconds_per_minute=_number(env, "CASECLOCK_SECONDS_PER_MINUTE", 60, low=0.01, high=60),
        demo=demo,
        log_format=_one_of(env, "CASECLOCK_LOG_FORMAT", logs.FORMATS, "text"),
        log_level=_one_of(env, "CASECLOCK_LOG_LEVEL", logs.LEVELS, "info"),
        metrics_token=_metrics_token(env.get("CASECLOCK_METRICS_TOKEN") or None),
        limits=_limits(env.get("CASECLOCK_LIMITS") or ""),
    )


def _limits(text: str) -> Limits:
    """The default bounds, and what `name=value` pairs, separated by blanks, say instead."""
    known = asdict(Limits())
    chosen = {}
    for pair in text.split():
        name, _, value = pair.partition("=")
        try:
            chosen[name] = type(known[name])(value)
        except (KeyError, ValueError):
            chosen[name] = 0
        if not 0 < chosen[name] < math.inf:
            raise ConfigError(
                f"CASECLOCK_LIMITS: {pair!r} is not NAME=NUMBER with a number above 0 and one of the names "
                + ", ".join(known)
            )
    return Limits(**chosen)


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
        if len(secret) < MIN_SECRET_KEY_LENGTH:
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


def _one_of(env: Mapping[str, str], name: str, choices: Sequence[str], default: str) -> str:
    value = (env.get(name) or default).lower()
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def _metrics_token(token: str | None) -> str | None:
    if token is not None and not re.fullmatch(r"[!-~]{16,}", token):
        raise ConfigError("CASECLOCK_METRICS_TOKEN must have 16 or more printable ASCII characters, no blanks")
    return token


def _words(env: Mapping[str, str], name: str) -> list[str]:
    return (env.get(f"CASECLOCK_{name}") or "").replace(",", " ").split()


def _host_name(text: str) -> str:
    """A host as the `Host` header names it, without its port."""
    name = text.lower()
    if not _HOST_NAME.fullmatch(name):
        raise ConfigError(f"CASECLOCK_TRUSTED_HOSTS: {text!r} is not a host name; write it like caseclock.example")
    return name


def _origin(text: str, variable: str) -> str:
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
        raise ConfigError(f"{variable}: {text!r} is not an origin; write it like https://desk.example")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")
