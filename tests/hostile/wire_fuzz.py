"""Frames of any bytes to a real server process, while somebody else works there undisturbed."""

import json
import struct
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.hostile.grammar import Page, broken, small_talk
from tests.hostile.raw import BINARY, CLOSE, PING, PONG, TEXT, Peer, frame
from tests.outside_client import AgentSocket, Outbox, wall_ms
from tests.server_process import ServerProcess

REPORTS = "/api/v1/agent/reports"
EXPECTED_CODES = {None, 1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 4400, 4401, 4408, 4429}
"""What a peer that breaks the protocol may be closed with: never 1011, which is an error of ours."""


@dataclass
class Torment:
    """Sends frames in the name of `ana`, and looks every so often how `ben` is."""

    server: ServerProcess
    seed: int
    frames: Counter[str] = field(default_factory=Counter)
    codes: Counter[int | None] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self, frames: int) -> None:
        random = Random(self.seed)
        tokens = self.server.token("ana"), self.server.token("ben")
        with Innocent(self.server, tokens[1]) as ben:
            while self.frames.total() < frames:
                self._one_connection(random, tokens[0])
                self._one_post(random, tokens[0])
                ben.works()

    def _one_connection(self, random: Random, token: str) -> None:
        peer = Peer(self.server, "/agent")
        try:
            if random.random() < 0.9:
                peer.say_hello(token)
            page = Page("ana", f"wire-{self.seed}-{self.frames.total()}", "workspace", wall_ms() - 60_000)
            for _ in range(random.choice((1, 5, 20, 60))):
                kind, data = any_frame(page, random)
                self.frames[kind] += 1
                for piece in _pieces(data, random):
                    peer.send(piece)
            if random.random() < 0.5:
                peer.send(frame(CLOSE, struct.pack("!H", 1000)))
                self.codes[peer.read_close_code()] += 1
        except OSError:
            self.codes[_code_of(peer)] += 1
        finally:
            peer.close()

    def _one_post(self, random: Random, token: str) -> None:
        page = Page("ana", f"post-{self.seed}-{self.frames.total()}", "workspace", wall_ms() - 60_000)
        page.lives_until(wall_ms(), random)
        _, payload = broken(page.report(wall_ms()), random, [])
        data = payload.encode(errors="surrogatepass") if isinstance(payload, str) else payload
        request = urllib.request.Request(self.server.base_url + REPORTS, data=data, method="POST")
        request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                self.statuses[answer.status] += 1
        except urllib.error.HTTPError as error:
            with error:
                self.statuses[error.code] += 1
                json.loads(error.read())


class Innocent:
    """An agent that works all the while, and must be answered every time on the one socket it began with."""

    def __init__(self, server: ServerProcess, token: str) -> None:
        self._socket = AgentSocket(server.base_url)
        self._outbox = Outbox()
        self._socket.hello(token, stream=self._outbox.stream)

    def __enter__(self) -> "Innocent":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.cut()

    def works(self) -> None:
        """One event, received."""
        now = wall_ms()
        event = self._outbox.add(now, now % 10**9, "beat", case="CAS-1002")
        self._socket.send(self._outbox.report(since=event["seq"]))
        while self._socket.next("received")["seq"] < event["seq"]:
            pass


def any_frame(page: Page, random: Random) -> tuple[str, bytes]:
    """A frame, and in which way it is wrong; some are right."""
    page.lives_until(wall_ms(), random)
    if random.random() < 0.2:
        kind, payload = small_talk(random)
    else:
        kind, payload = broken(page.report(wall_ms()), random, [])
    data = payload.encode(errors="surrogatepass") if isinstance(payload, str) else payload
    way = random.randrange(14)
    if way < 7:
        return kind, frame(TEXT, data)
    if way == 7:
        return "opcode", frame(random.choice((BINARY, 3, 7, 11, 15)), data[: random.choice((0, 10, 500))])
    if way == 8:
        return "reserved bit", frame(TEXT, data, reserved=random.choice((0x40, 0x20, 0x10)))
    if way == 9:
        return "unmasked", frame(TEXT, data, masked=False)
    if way == 10:
        cut = random.randrange(len(data) + 1)
        return "fragments", frame(TEXT, data[:cut], fin=False) + frame(PING, b"?") + frame(0, data[cut:])
    if way == 11:
        return "control", frame(random.choice((PING, PONG)), random.randbytes(random.choice((0, 4, 125, 126, 2_000))))
    if way == 12:
        return "close", frame(
            CLOSE, random.choice((b"", b"\x03", struct.pack("!H", 1005), b"\x03\xe8\xff", b"\xff\xff"))
        )
    announced = random.choice((0, 1, len(data) + 1, 65_537, 2**31, 2**62, 2**63))
    return "length", frame(TEXT, data, announced=announced) if random.random() < 0.7 else random.randbytes(200)


def _pieces(data: bytes, random: Random) -> list[bytes]:
    if random.random() < 0.7:
        return [data]
    cut = random.randrange(len(data) + 1)
    return [data[:cut], data[cut:]]


def _code_of(peer: Peer) -> int | None:
    """Why the server closed while we were sending, if that is still to be read."""
    try:
        return peer.read_close_code()
    except OSError:
        return None
