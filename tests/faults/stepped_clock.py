"""A clock that stands until it is stepped, shared by a server and its agents through a file.

A day passes as fast as the server keeps up, and no slowness of the computer can be mistaken for a slow network: all
that happens between two steps happens at one instant.
"""

import mmap
import struct
from pathlib import Path

_INSTANT = struct.Struct("=q")


class SteppedClock:
    """Calling it gives milliseconds since the epoch."""

    def __init__(self, path: Path, *, start: int | None = None) -> None:
        """With `start` the file is made; without, somebody else has made it."""
        if start is not None:
            path.write_bytes(_INSTANT.pack(start))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _INSTANT.size)

    def __call__(self) -> int:
        return int(_INSTANT.unpack(self._shared[:])[0])

    def step(self, ms: int) -> int:
        now = self() + ms
        self._shared[:] = _INSTANT.pack(now)
        return now
