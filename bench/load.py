"""A client that costs little: frames are made beforehand, answers are only counted. Loopback only."""

import base64
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_TIMEOUT_S = 60.0
_UNASKED = (b'{"type":"sync"', b'{"type":"committed"')


@dataclass
class Agent:
    """One websocket; `frames` wait to be sent, `unread` is an answer that has not come whole."""

    sock: socket.socket
    frames: list[bytes] = field(default_factory=list)
    outstanding: int = 0
    unread: bytes = b""


def connect(port: int) -> Agent:
    """Open a websocket at `/agent`."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall(
        f"GET /agent HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += sock.recv(4096)
    if b" 101 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"the server refused the upgrade: {head[:100]!r}")
    return Agent(sock, unread=head.split(b"\r\n\r\n", 1)[1])


def frame(text: str) -> bytes:
    """A masked text frame (the mask is zero: allowed, and free)."""
    body = text.encode()
    length = len(body)
    if length < 126:
        head = struct.pack("!BB", 0x81, 0x80 | length)
    elif length < 2**16:
        head = struct.pack("!BBH", 0x81, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", 0x81, 0x80 | 127, length)
    return head + b"\0\0\0\0" + body


def exchange(agents: Sequence[Agent], *, window: int) -> float:
    """Send every frame of every agent, at most `window` unanswered ones each; seconds until all are answered."""
    poll = select.epoll()
    by_handle = {agent.sock.fileno(): agent for agent in agents}
    for agent in agents:
        agent.sock.setblocking(True)
        poll.register(agent.sock, select.EPOLLIN)
        agent.frames.reverse()
    left = sum(len(agent.frames) for agent in agents)
    began = time.perf_counter()
    for agent in agents:
        _send(agent, window)
    while left:
        ready = poll.poll(_TIMEOUT_S)
        if not ready:
            raise RuntimeError(f"no answer for {_TIMEOUT_S} s; {left} messages are open")
        for handle, _ in ready:
            agent = by_handle[handle]
            answered = _count(agent)
            left -= answered
            agent.outstanding -= answered
            if agent.outstanding <= window // 2:
                _send(agent, window - agent.outstanding)
    seconds = time.perf_counter() - began
    poll.close()
    return seconds


def read_one(agent: Agent) -> None:
    """Wait for one answer."""
    agent.sock.settimeout(_TIMEOUT_S)
    while not _count(agent):
        pass


def _send(agent: Agent, count: int) -> None:
    frames = [agent.frames.pop() for _ in range(min(count, len(agent.frames)))]
    if frames:
        agent.sock.sendall(b"".join(frames))
        agent.outstanding += len(frames)


def _count(agent: Agent) -> int:
    """Read what is there and count the whole frames in it."""
    data = agent.unread + agent.sock.recv(1 << 18)
    if data == agent.unread:
        raise RuntimeError("the server closed the connection")
    place = count = 0
    while len(data) - place >= 2:
        length = data[place + 1] & 0x7F
        head = 2
        if length == 126:
            if len(data) - place < 4:
                break
            length = struct.unpack_from("!H", data, place + 2)[0]
            head = 4
        if len(data) - place < head + length:
            break
        payload = data[place + head : place + head + length]
        if data[place] == 0x88:
            raise RuntimeError(f"the server closed the connection: {payload!r}")
        count += data[place] == 0x81 and not payload.startswith(_UNASKED)
        place += head + length
    agent.unread = data[place:]
    return count
