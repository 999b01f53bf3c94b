"""`python -m tests.hostile.flood --minutes 10`: one representative sends as fast as they can, in every way at once.

Reports of ever new streams, of ever new cases, refused and good events in turn, nonsense, watches, pings of both kinds,
reconnects, nonsense over HTTP. Prints by how much the server grew and how long another agent had to wait. Ends with 1
if it grew by 20 MB.
"""

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.hostile.memory import rss_bytes
from tests.hostile.raw import PING, PONG, TEXT, Peer, frame
from tests.hostile.wire_fuzz import REPORTS, Innocent
from tests.outside_client import wall_ms
from tests.server_process import ServerProcess

WARM_UP_S = 30.0
"""Caches and pools are full by then; growth is counted from there on."""
MOST_MB = 20.0

_numbers = itertools.count(1)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.hostile.flood")
    arguments.add_argument("--minutes", type=float, default=10)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), demo=True) as server:
        flood = Flood(server)
        growth_mb, slowest_s = flood.run(chosen.minutes * 60, warm_up_s=WARM_UP_S, tell=print)
        print(f"sent: {flood.sent_bytes / 1e6:,.0f} MB; growth of the server: {growth_mb:.1f} MB")
        print(f"another agent was answered {flood.answers:,} times, after {slowest_s:.3f} s at most")
        print(f"tracebacks: {server.log.count('Traceback')}")
    return int(growth_mb >= MOST_MB or "Traceback" in server.log)


class Flood:
    """One representative with many connections, each of which floods in its own way; another one who works."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.token = server.token("ana")
        self.sent_bytes = 0
        self.answers = 0
        self.died: list[str] = []
        status, _ = server.call(
            "PATCH", "/api/v1/settings/tracking", {"create_unknown_cases": True}, token=server.token("ada")
        )
        assert status == 200

    def run(self, seconds: float, *, warm_up_s: float, tell: Callable[[str], object]) -> tuple[float, float]:
        """Flood for so long; the growth in MB since the warm-up, and the slowest answer to the other one."""
        assert self.server.process is not None
        done = threading.Event()
        ways = [_new_streams, _new_cases, _refused, _nonsense, _watches, _pings, _controls, _deaf]
        threads = [threading.Thread(target=self._pour, args=(way, done), daemon=True) for way in ways * 2]
        threads += [threading.Thread(target=work, args=(done,), daemon=True) for work in (self._reconnect, self._post)]
        started = told = time.monotonic()
        warm_bytes, slowest_s = 0, 0.0
        with ExitStack() as stack:
            stack.callback(done.set)
            ben = stack.enter_context(Innocent(self.server, self.server.token("ben")))
            for thread in threads:
                thread.start()
            while (now := time.monotonic()) - started < seconds:
                ben.works()
                self.answers += 1
                slowest_s = max(slowest_s, time.monotonic() - now)
                if not warm_bytes and now - started >= warm_up_s:
                    warm_bytes = rss_bytes(self.server.process.pid)
                if now - told >= 15:
                    told = now
                    tell(f"{now - started:>6.0f} s: {rss_bytes(self.server.process.pid) / 1e6:.0f} MB")
                done.wait(0.05)
            grown = rss_bytes(self.server.process.pid) - warm_bytes
        for thread in threads:
            thread.join(20)
        return grown / 1e6, slowest_s

    def _pour(self, way: Callable[[], Iterator[bytes]], done: threading.Event) -> None:
        while not done.is_set():
            try:
                peer = Peer(self.server, "/agent", receive_buffer_bytes=4096 if way is _deaf else None)
                peer.say_hello(self.token)
                self._pour_into(peer, way, done)
            except OSError:
                done.wait(0.2)

    def _pour_into(self, peer: Peer, way: Callable[[], Iterator[bytes]], done: threading.Event) -> None:
        peer.sock.settimeout(0.05)
        try:
            for data in way():
                rest = memoryview(data)
                while rest and not done.is_set():
                    try:
                        taken = peer.sock.send(rest)
                        rest = rest[taken:]
                        self.sent_bytes += taken
                    except TimeoutError:
                        pass
                    if way is not _deaf:
                        _read_away(peer)
                if done.is_set():
                    return
        finally:
            peer.close()

    def _reconnect(self, done: threading.Event) -> None:
        while not done.is_set():
            try:
                peer = Peer(self.server, "/agent")
                peer.say_hello(self.token)
                peer.close()
            except OSError:
                done.wait(0.05)

    def _post(self, done: threading.Event) -> None:
        while not done.is_set():
            request = urllib.request.Request(self.server.base_url + REPORTS, data=b'{"type":"report"', method="POST")
            request.add_header("Authorization", f"Bearer {self.token}")
            try:
                with urllib.request.urlopen(request, timeout=10):
                    pass
            except urllib.error.HTTPError as error:
                error.close()
                if error.code >= 500:
                    self.died.append(f"HTTP {error.code}")
            except OSError:
                done.wait(0.05)


def _read_away(peer: Peer) -> None:
    peer.sock.setblocking(False)
    try:
        while not peer.sock.recv(1 << 20):
            raise ConnectionResetError
    except BlockingIOError:
        pass
    finally:
        peer.sock.settimeout(0.05)


def _report(stream: str, events: list[dict[str, Any]]) -> bytes:
    body = {"type": "report", "stream": stream, "first": 1, "sent_at": wall_ms(), "events": events}
    return frame(TEXT, json.dumps(body).encode())


def _event(seq: int, case: str = "CAS-1001", **facts: Any) -> dict[str, Any]:
    now = wall_ms()
    event = {"seq": seq, "at": now, "mono": now % 10**9, "cause": "beat", "visible": True, "focused": True}
    return {**event, "locked": False, "idle": False, "session": {"id": "s1", "case": case}, **facts}


def _new_streams() -> Iterator[bytes]:
    while True:
        yield _report(f"flood-{next(_numbers)}", [_event(1), _event(2)])


def _new_cases() -> Iterator[bytes]:
    for seq in itertools.count(1):
        yield _report("flood-of-cases", [_event(seq, f"INVENTED-{next(_numbers)}")])


def _refused() -> Iterator[bytes]:
    stream = f"flood-refused-{next(_numbers)}"
    for first in itertools.count(1, 30):
        events = [_event(seq, **({"cause": "x" * 1_900} if seq % 2 else {})) for seq in range(first, first + 30)]
        yield _report(stream, events)


def _nonsense() -> Iterator[bytes]:
    return itertools.repeat(frame(TEXT, b"x") * 500)


def _watches() -> Iterator[bytes]:
    pair = [frame(TEXT, json.dumps({"type": kind, "case": "CAS-1001"}).encode()) for kind in ("watch", "unwatch")]
    return itertools.repeat(b"".join(pair) * 50)


def _pings() -> Iterator[bytes]:
    return itertools.repeat(frame(TEXT, b'{"type":"ping","sent_at":1}') * 100)


def _controls() -> Iterator[bytes]:
    return itertools.repeat((frame(PING, b"x" * 125) + frame(PONG)) * 100)


def _deaf() -> Iterator[bytes]:
    return _watches()


if __name__ == "__main__":
    sys.exit(main())
