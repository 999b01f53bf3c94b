"""The agents that are connected right now, and messages to them.

A message from the server is put into a bounded queue of its connection and written by a thread that lives only
while there is something to write, so that an agent that reads slowly holds up nobody else. An agent that does not
read at all is closed, by a thread of its own: to send a close frame to it may take a second.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from simple_websocket import ConnectionClosed

from server.config import Limits
from server.tracking.events import App
from server.tracking.wire import encode

TOO_MANY = 4429


class Socket(Protocol):
    """What a connection needs of its websocket."""

    def send(self, data: str) -> None: ...

    def close(self, reason: int | None = None, message: str | None = None) -> None: ...


@dataclass(eq=False, slots=True)
class Connection:
    """One agent's socket after its `hello`."""

    socket: Socket
    representative_id: int
    username: str
    name: str
    role: str
    sees_everyone: bool
    stream: str
    app: App
    limits: Limits
    session_epoch: int = 0
    token: str | None = None
    session_id: str | None = None
    may_read: bool = True
    watches: set[str] = field(default_factory=set)
    streams: dict[str, None] = field(default_factory=dict)
    sync: "SyncRound | None" = None
    _outgoing: deque[str] = field(default_factory=deque)
    _outgoing_bytes: int = 0
    _writing: bool = False
    _is_given_up: bool = False

    def post(self, message: dict[str, Any]) -> None:
        """Queue a message; returns at once, and closes a connection whose queue is full."""
        if self._is_given_up:
            return
        text = encode(message)
        if (
            len(self._outgoing) >= self.limits.outgoing_messages
            or self._outgoing_bytes + len(text) > self.limits.outgoing_bytes
        ):
            self._is_given_up = True
            self._outgoing.clear()
            self.close_soon(TOO_MANY, "messages are not being read")
            return
        self._outgoing.append(text)
        self._outgoing_bytes += len(text)
        if not self._writing:
            self._writing = True
            threading.Thread(target=self._write, daemon=True).start()

    def close(self, code: int, reason: str) -> None:
        """Close the socket, which takes a moment if the peer does not read; harmless if it is closed already."""
        try:
            self.socket.close(code, reason)
        except (ConnectionClosed, OSError):
            pass

    def close_soon(self, code: int, reason: str) -> None:
        """Close the socket; returns at once."""
        threading.Thread(target=self.close, args=(code, reason), daemon=True).start()

    def delivers(self, stream: str) -> None:
        """Note that this agent speaks for a stream: its own, or one whose page is gone; the oldest is let go of."""
        if stream not in self.streams and len(self.streams) >= self.limits.streams_per_connection:
            oldest = next((each for each in self.streams if each != self.stream), stream)
            self.streams.pop(oldest, None)
        self.streams[stream] = None

    def reported(self) -> None:
        """Note that a report came in, for whoever waits for the answer to a `sync`."""
        if self.sync is not None:
            self.sync.answered(self)
            self.sync = None

    def _write(self) -> None:
        try:
            while self._outgoing:
                text = self._outgoing.popleft()
                self._outgoing_bytes -= len(text)
                self.socket.send(text)
        except (ConnectionClosed, OSError):
            self._outgoing.clear()
        finally:
            self._writing = False


class SyncRound:
    """Waits until every asked connection has reported, or time is up."""

    def __init__(self, asked: Iterable[Connection]) -> None:
        self._waiting = set(asked)
        self._done = threading.Event()
        if not self._waiting:
            self._done.set()

    def answered(self, connection: Connection) -> None:
        self._waiting.discard(connection)
        if not self._waiting:
            self._done.set()

    def wait(self, timeout_s: float) -> None:
        self._done.wait(timeout_s)


class Connections:
    """The registry. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_representative: dict[int, set[Connection]] = {}
        self._by_watched_case: dict[str, set[Connection]] = {}
        self._count = 0
        self._strangers = 0
        self.closing = False
        """True once the server is going down: no new connection is taken."""

    def __len__(self) -> int:
        return self._count

    def let_in(self, *, limit: int) -> bool:
        """Take note of a socket that has yet to say hello; False where there are too many of those already."""
        with self._lock:
            if self._strangers >= limit:
                return False
            self._strangers += 1
            return True

    def said_hello(self) -> None:
        """A socket that was let in is no stranger any more, or it is gone."""
        with self._lock:
            self._strangers -= 1

    def add(self, connection: Connection, *, limit: int, limit_each: int) -> bool:
        """Take a connection in; False where the server or its representative has too many already."""
        with self._lock:
            own = self._by_representative.setdefault(connection.representative_id, set())
            if self.closing or self._count >= limit or len(own) >= limit_each:
                if not own:
                    del self._by_representative[connection.representative_id]
                return False
            own.add(connection)
            self._count += 1
            return True

    def remove(self, connection: Connection) -> None:
        """Forget a connection and what it watched."""
        with self._lock:
            own = self._by_representative.get(connection.representative_id, set())
            if connection not in own:
                return
            own.discard(connection)
            self._count -= 1
            if not own:
                del self._by_representative[connection.representative_id]
            for case in connection.watches:
                self._forget_watch(connection, case)
            connection.watches.clear()
        connection.reported()

    def watch(self, connection: Connection, case: str) -> None:
        """Let a connection be among those of `watching`: of a case, or of what has a name that no case can have."""
        with self._lock:
            connection.watches.add(case)
            self._by_watched_case.setdefault(case, set()).add(connection)

    def unwatch(self, connection: Connection, case: str) -> None:
        with self._lock:
            connection.watches.discard(case)
            self._forget_watch(connection, case)

    def watching(self, case: str) -> list[Connection]:
        with self._lock:
            return list(self._by_watched_case.get(case, ()))

    def of(self, representative_id: int) -> list[Connection]:
        with self._lock:
            return list(self._by_representative.get(representative_id, ()))

    def all(self) -> list[Connection]:
        with self._lock:
            return [connection for own in self._by_representative.values() for connection in own]

    def broadcast(self, message: Callable[[Connection], dict[str, Any]]) -> None:
        """Post a message to every agent."""
        for connection in self.all():
            connection.post(message(connection))

    def ask_for_beats(self, representatives: Iterable[int]) -> SyncRound:
        """Send `sync` to every agent of these representatives."""
        asked = [connection for representative in representatives for connection in self.of(representative)]
        waiting = SyncRound(asked)
        for connection in asked:
            connection.sync = waiting
            connection.post({"type": "sync"})
        return waiting

    def _forget_watch(self, connection: Connection, case: str) -> None:
        watchers = self._by_watched_case.get(case)
        if watchers is not None:
            watchers.discard(connection)
            if not watchers:
                del self._by_watched_case[case]
