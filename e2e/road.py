"""The road between a browser and the server: a TCP proxy that can stand still, break, and be blocked."""

import select
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


class Road:
    """Carries every connection to a port of this computer, from a port of its own that stays the same."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._flows = threading.Event()
        self._flows.set()
        self._blocked = False
        self._left: int | None = None
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._entrance = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.base_url = f"http://127.0.0.1:{self._entrance.getsockname()[1]}"

    def stands_still(self) -> None:
        """Nothing gets through in either direction, and nobody is told: a peer that is half open."""
        self._flows.clear()

    def stands_still_after(self, size: int) -> None:
        """So many bytes get through to the server, and then nothing in either direction."""
        self.flows()
        self._left = size

    @property
    def is_still(self) -> bool:
        return not self._flows.is_set()

    def flows(self) -> None:
        """Everything gets through again, what has piled up first."""
        self._blocked = False
        self._left = None
        self._flows.set()

    def breaks(self) -> None:
        """Every connection is reset; new ones get through."""
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)

    def is_blocked(self) -> None:
        """Every connection is reset, and so is each new one."""
        self._blocked = True
        self.breaks()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entrance.shutdown(socket.SHUT_RDWR)
        self._entrance.close()
        self.is_blocked()
        self._flows.set()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._entrance.accept()
            except OSError:
                return
            far = None if self._blocked else self._far()
            if far is None:
                with near:
                    _reset(near)
                continue
            with self._lock:
                self._ends |= {near, far}
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _far(self) -> socket.socket | None:
        """A connection to the server, if it is there."""
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", self._to_port))
        return None

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, suppress(OSError):
            self._pump(near, far)
        with self._lock:
            self._ends -= {near, far}

    def _pump(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        while True:
            for end in select.select(list(other), [], [])[0]:
                data = end.recv(_CHUNK)
                if not data:
                    return
                if end is near:
                    self._count(len(data))
                self._flows.wait()
                other[end].sendall(data)

    def _count(self, size: int) -> None:
        with self._lock:
            if self._left is None:
                return
            self._left -= size
            if self._left < 0:
                self._flows.clear()


def _reset(end: socket.socket) -> None:
    """Whoever carries it sees its end, and closing it then tells the peer at once."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RD)
