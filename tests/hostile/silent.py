"""Sockets that open and say nothing, as many as the machine lets one process have.

`python -m tests.hostile.silent --sockets 10000` counts how they end while agents go on being served.
"""

import argparse
import resource
import select
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.hostile.memory import rss_bytes
from tests.hostile.wire_fuzz import Innocent
from tests.server_process import ServerProcess

_REQUEST = (
    "GET /agent HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Silent:
    """So many sockets that were upgraded, or not even that, and never say a word."""

    def __init__(self, port: int, count: int, *, upgrade: bool = True) -> None:
        self.heard: dict[int, bytes] = {}
        self.ends: Counter[int | str] = Counter()
        self._open: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        for _ in range(count):
            sock = socket.create_connection(("127.0.0.1", port), timeout=30)
            if upgrade:
                sock.sendall(_REQUEST.format(port).encode())
            sock.setblocking(False)
            self._open[sock.fileno()] = sock
            self.heard[sock.fileno()] = b""
            self._poll.register(sock, select.EPOLLIN | select.EPOLLHUP)

    def __len__(self) -> int:
        return len(self._open)

    def listen(self) -> None:
        """Take in what has come, and note how those ended that did: the code of the close, the status, or `cut`."""
        for number, _ in self._poll.poll(0.05):
            sock = self._open[number]
            try:
                data = sock.recv(65_536)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            self.heard[number] += data
            if data:
                continue
            self.ends[_end(self.heard.pop(number))] += 1
            self._poll.unregister(number)
            self._open.pop(number).close()

    def close(self) -> None:
        """Go away."""
        for sock in self._open.values():
            sock.close()
        self._poll.close()


def _end(heard: bytes) -> int | str:
    head, _, rest = heard.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        return int(head.split()[1]) if head else "cut"
    while rest[:1] not in (b"", b"\x88"):  # pings
        rest = rest[2 + rest[1] :]
    return struct.unpack("!H", rest[2:4])[0] if rest else "cut"


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.hostile.silent")
    arguments.add_argument("--sockets", type=int, default=10_000)
    chosen = arguments.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(chosen.sockets, hard - 200)
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), demo=True) as server:
        assert server.process is not None
        token = server.token("ben")
        with Innocent(server, token) as ben:
            before = rss_bytes(server.process.pid)
            started = time.monotonic()
            crowd = Silent(server.port, count)
            most, slowest_s = 0, 0.0
            while len(crowd):
                crowd.listen()
                asked = time.monotonic()
                ben.works()
                slowest_s = max(slowest_s, time.monotonic() - asked)
                most = max(most, rss_bytes(server.process.pid))
        print(f"{count:,} silent sockets (this process may have {hard:,} files): ends {dict(crowd.ends)}")
        print(f"all gone after {time.monotonic() - started:.1f} s; slowest answer to another agent {slowest_s:.3f} s")
        print(f"memory of the server: {before / 1e6:.0f} MB, at most {most / 1e6:.0f} MB")
        print(f"tracebacks in its log: {server.log.count('Traceback')}")
        return 1 if "Traceback" in server.log else 0


if __name__ == "__main__":
    sys.exit(main())
