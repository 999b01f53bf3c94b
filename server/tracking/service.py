"""One object that holds what tracking shares: the live store, the agents' connections, caches and limits."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import blinker
from flask import current_app
from sqlalchemy.orm import Session

from server.cases import cases
from server.clock import Clock
from server.config import Limits
from server.db import Database
from server.settings import CurrentSettings
from server.tracking.connections import Connections
from server.tracking.live_store import LiveStore, MemoryLiveStore
from server.tracking.rate import Buckets
from server.tracking.tally import Tally

_EXTENSION = "caseclock.tracking"
_MAX_CACHED_CASES = 200_000


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit made durable.

    `covered` maps each representative to their streams and the `seq` up to which those are committed; `case_ids` are
    the cases that got time, in `records` new records of `credited_ms` together.
    """

    case_ids: frozenset[int]
    covered: dict[int, dict[str, int]]
    records: int
    credited_ms: int


class KnownCases:
    """References that exist, with their ids. Cases are never deleted nor renamed, so nothing here goes stale."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def missing(self, refs: Iterable[str]) -> set[str]:
        return {ref for ref in refs if ref not in self._ids}

    def look_up(self, session: Session, refs: Iterable[str]) -> dict[str, int]:
        """The ids of those references that exist; asks the database only for what is not known yet."""
        wanted = set(refs)
        missing = self.missing(wanted)
        if missing:
            if len(self._ids) > _MAX_CACHED_CASES:
                self._ids.clear()
                missing = wanted
            self._ids |= cases.ids_of_refs(session, missing)
        return {ref: self._ids[ref] for ref in wanted if ref in self._ids}


@dataclass(slots=True)
class Tracking:
    """The tracking of one server process.

    `pauses` are the periods in which tracking was off, read once and kept by whoever changes the settings;
    `committed_at` is the instant of each representative's last commit in this process, `asked_at` that at which their
    agents were last asked for a beat before one. `stirred` are the representatives of whose pages something was heard
    since somebody last looked; None while nobody looks.
    """

    database: Database
    settings: CurrentSettings
    limits: Limits
    clock: Clock
    seconds_per_minute: float
    store: LiveStore = field(default_factory=MemoryLiveStore)
    connections: Connections = field(default_factory=Connections)
    known_cases: KnownCases = field(default_factory=KnownCases)
    pauses: list[tuple[int, int | None]] = field(default_factory=list)
    committed_at: dict[int, int] = field(default_factory=dict)
    asked_at: dict[int, int] = field(default_factory=dict)
    stirred: set[int] | None = None
    commit_lock: threading.Lock = field(default_factory=threading.Lock)
    last_good_commit_at: int = 0
    committed: blinker.Signal = field(default_factory=blinker.Signal)
    """Sent with `commit=Commit(...)` after each commit that changed something."""
    tally: Tally = field(default_factory=Tally)
    buckets: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self.buckets = Buckets(self.limits)

    def stir(self, representative_id: int) -> None:
        """Note that something was heard of this representative's pages, for whoever looks."""
        if self.stirred is not None:
            self.stirred.add(representative_id)

    @property
    def interval_ms(self) -> int:
        """The update interval in real milliseconds."""
        return max(1, round(self.settings.value.update_interval_minutes * self.seconds_per_minute * 1000))


def install(app_extensions: dict[str, object], tracking: Tracking) -> None:
    """Make `tracking` the one of the application that owns these extensions."""
    app_extensions[_EXTENSION] = tracking


def tracking() -> Tracking:
    """The tracking of the current application."""
    return cast(Tracking, current_app.extensions[_EXTENSION])
