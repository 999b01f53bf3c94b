"""A client of the tracking server written from docs/protocol.md alone: it shares no code with the server.

`AgentSocket` is one websocket that speaks the protocol's messages. `Outbox` is what a browser keeps of one stream:
every event stays in it until `committed` covers it. `OutsideAgent` delivers outboxes over both roads, as often and
in whatever order a test asks it to, and listens to what the server says.
"""

import json
import struct
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPException
from typing import Any

import websocket

Json = dict[str, Any]

TEXT, BINARY, CLOSE = 1, 2, 8
PATIENCE_S = 15.0
REFUSED_FOR_NOW = ("gap", "rate_limited", "not_yours")


class Closed(Exception):
    """The server closed the socket; `code` is None where it was cut without a close frame."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason}")
        self.code = code
        self.reason = reason


class Refused(Exception):
    """The opening request was answered over HTTP, with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with HTTP {status}")
        self.status = status


class AgentSocket:
    """One websocket to `/agent`. `heard` keeps everything that came, in order."""

    def __init__(
        self,
        base_url: str,
        *,
        origin: str | None = None,
        cookie: str | None = None,
        headers: Iterable[str] = (),
    ) -> None:
        self.heard: list[Json] = []
        self._place = 0
        try:
            self._socket = websocket.create_connection(
                base_url.replace("http", "ws", 1) + "/agent",
                timeout=PATIENCE_S,
                header=list(headers),
                origin=origin,
                suppress_origin=origin is None,
                cookie=cookie,
            )
        except websocket.WebSocketBadStatusException as error:
            raise Refused(error.status_code) from None
        except websocket.WebSocketException:
            raise Closed(None) from None

    def __enter__(self) -> "AgentSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    @property
    def is_open(self) -> bool:
        """False once it was cut or closed, and that was noticed."""
        return bool(self._socket.connected)

    def hello(
        self, token: str | None, *, stream: str | None = None, app: str = "workspace", sent_at: int | None = None
    ) -> Json:
        """Say hello and return the welcome."""
        self.send(
            {
                "type": "hello",
                "protocol": 1,
                "stream": stream or str(uuid.uuid4()),
                "app": app,
                "agent": "outside/1.0",
                "sent_at": wall_ms() if sent_at is None else sent_at,
                "token": token,
            }
        )
        return self.next("welcome")

    def send(self, message: Json) -> None:
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        try:
            self._socket.send(text)
        except websocket.WebSocketTimeoutException:
            raise Closed(None) from None
        except (OSError, websocket.WebSocketException):
            for _ in range(100):  # the server may have said why
                if not self._read(1.0):
                    break
            raise Closed(None) from None

    def send_first_bytes_of(self, text: str) -> None:
        """The first half of a frame; the rest never comes."""
        frame = websocket.ABNF.create_frame(text, TEXT).format()
        self._socket.sock.sendall(frame[: len(frame) // 2])

    def send_frame(self, data: bytes, opcode: int) -> None:
        """One frame of any kind, with any content."""
        frame = websocket.ABNF(1, 0, 0, 0, opcode, 1, data)
        self._socket.send_frame(frame)

    def next(self, *kinds: str, timeout_s: float = PATIENCE_S) -> Json:
        """The next message of these kinds (of any, if none is named) that was not returned before."""
        deadline = time.monotonic() + timeout_s
        while True:
            while self._place < len(self.heard):
                message = self.heard[self._place]
                self._place += 1
                if not kinds or message["type"] in kinds:
                    return message
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {' or '.join(kinds)} within {timeout_s:g} s; heard {self.heard[-5:]}")
            self._read(left)

    def pump(self) -> None:
        """Read what has arrived, without waiting."""
        while self._read(0.001):
            pass

    def close_code(self) -> int | None:
        """Read on to the end and return the code the server closed with."""
        try:
            while True:
                self.next()
        except Closed as closed:
            return closed.code

    def cut(self) -> None:
        """Drop the connection without a word, as a lost network does."""
        self._socket.shutdown()

    def _read(self, timeout_s: float) -> bool:
        if not self._socket.connected:
            raise Closed(None)
        self._socket.settimeout(timeout_s)
        try:
            frame = self._socket.recv_frame()
        except websocket.WebSocketTimeoutException:
            return False
        except (OSError, websocket.WebSocketException):
            self.cut()
            raise Closed(None) from None
        data: bytes = frame.data
        if frame.opcode == websocket.ABNF.OPCODE_PING:
            self._pong(data)
            return True
        if frame.opcode == CLOSE:
            self.cut()
            code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else None
            raise Closed(code, data[2:].decode())
        self.heard.append(json.loads(data))
        return True

    def _pong(self, data: bytes) -> None:
        """The library's own answer would raise on a server that is gone, before the frame in which it said goodbye."""
        try:
            self._socket.pong(data)
        except (OSError, websocket.WebSocketException):
            pass


class Outbox:
    """The events of one stream that the browser still holds, oldest first."""

    def __init__(self, app: str = "workspace") -> None:
        self.stream = str(uuid.uuid4())
        self.app = app
        self.held: list[Json] = []
        self.newest = 0
        self.received = 0
        self.committed = 0

    @property
    def first(self) -> int:
        """The lowest `seq` that is still held, or the next one to come."""
        return self.held[0]["seq"] if self.held else self.newest + 1

    @property
    def is_delivered(self) -> bool:
        return self.received == self.newest

    def add(self, at: int, mono: int, cause: str, *, case: str | None, focused: bool = True, **facts: Any) -> Json:
        """Write the next event down; it is sent later."""
        self.newest += 1
        event = {
            "seq": self.newest,
            "at": at,
            "mono": mono,
            "cause": cause,
            "visible": True,
            "focused": focused,
            "locked": False,
            "idle": False,
            "session": {"id": "s1", "kind": "case", "case": case},
            "app_tab": None,
            "form": None,
            **facts,
        }
        self.held.append(event)
        return event

    def report(self, *, since: int = 0, count: int = 300, sent_at: int | None = None) -> Json:
        """A report of up to `count` held events from `since` on.

        It names the app of its page, since it may travel over the socket of another one.
        """
        return {
            "type": "report",
            "stream": self.stream,
            "app": self.app,
            "first": self.first,
            "sent_at": wall_ms() if sent_at is None else sent_at,
            "events": [event for event in self.held if event["seq"] >= since][:count],
        }

    def hear(self, message: Json) -> None:
        """Take in what the server says of this stream."""
        if message.get("stream") != self.stream:
            return
        if message["type"] == "received":
            self.received = max(self.received, message["seq"])
        elif message["type"] == "committed":
            self.committed = max(self.committed, message["seq"])
            self.received = max(self.received, message["seq"])
            self.held = [event for event in self.held if event["seq"] > message["seq"]]
        elif message["type"] == "error" and message["code"] == "gap":
            self.received = max(self.committed, message["expected"] - 1)


class OutsideAgent:
    """One representative's browser: outboxes, and at most one socket at a time."""

    def __init__(self, base_url: str, token: str, *, now: Callable[[], int] | None = None) -> None:
        """`now` is the clock of its computer; the real one, if left out."""
        self.base_url = base_url
        self.token = token
        self.now = now or wall_ms
        self.outboxes: dict[str, Outbox] = {}
        self.errors: list[Json] = []
        self.socket: AgentSocket | None = None

    def open(self, app: str = "workspace") -> Outbox:
        """A new page: a new stream."""
        outbox = Outbox(app)
        self.outboxes[outbox.stream] = outbox
        return outbox

    def connect(self, outbox: Outbox) -> None:
        """A new socket for the page of this outbox; raises `OSError` or `Closed` where the server is not there.

        Whatever is not committed will be sent again: the server may be another one, which knows nothing of it.
        """
        self.cut()
        for each in self.outboxes.values():
            each.received = each.committed
        self.socket = AgentSocket(self.base_url)
        try:
            welcome = self.socket.hello(self.token, stream=outbox.stream, app=outbox.app, sent_at=self.now())
        except Closed:
            self.cut()
            raise
        committed = welcome["committed"].get(outbox.stream, 0)
        if committed:
            outbox.hear({"type": "committed", "stream": outbox.stream, "seq": committed})

    def send(self, outbox: Outbox, **which: Any) -> None:
        """Send a report over the socket, and do not wait for its answer."""
        if self.socket is not None:
            try:
                self.socket.send(outbox.report(**{"sent_at": self.now(), **which}))
            except Closed:
                self.cut()

    def post(self, outbox: Outbox, **which: Any) -> int | None:
        """Send a report over HTTP; returns the status, None where the server is not there."""
        return self.post_report(outbox.report(**{"sent_at": self.now(), **which}))

    def post_report(self, report: Json) -> int | None:
        """Send this very report over HTTP, however old it is."""
        try:
            status, answer = http(
                "POST", f"{self.base_url}/api/v1/agent/reports", report, {"Authorization": f"Bearer {self.token}"}
            )
        except (OSError, HTTPException):
            return None
        if isinstance(answer, dict) and "stream" in answer:
            self._hear(answer)
        return status

    def listen(self) -> None:
        """Take in whatever has arrived on the socket."""
        if self.socket is None:
            return
        place = len(self.socket.heard)
        try:
            self.socket.pump()
        except Closed:
            pass
        heard = self.socket.heard[place:]
        for message in heard:
            self._take(message)

    def heard_sync(self) -> None:
        """The server is about to commit; whoever has a living page answers with a beat."""

    def deliver(self, outbox: Outbox, *, tries: int = 20) -> bool:
        """Bring everything that the server has not received, in order, over the socket; False where it fails."""
        for _ in range(tries):
            if outbox.is_delivered:
                return True
            try:
                if self.socket is None:
                    self.connect(outbox)
                if outbox.is_delivered:  # the welcome said so
                    return True
                assert self.socket is not None
                report = outbox.report(since=outbox.received + 1, sent_at=self.now())
                self.socket.send(report)
                while self.socket is not None and outbox.received < report["events"][-1]["seq"]:
                    message = self.socket.next("received", "error", "committed", "sync")
                    self._take(message)
                    if message["type"] == "error" and message["code"] in REFUSED_FOR_NOW:
                        break
            except (OSError, Closed, AssertionError):
                self.cut()
        return outbox.is_delivered

    def cut(self) -> None:
        """Lose the socket."""
        self.listen_quietly()
        if self.socket is not None:
            self.socket.cut()
            self.socket = None

    def listen_quietly(self) -> None:
        try:
            self.listen()
        except (OSError, websocket.WebSocketException):
            pass

    def _take(self, message: Json) -> None:
        if message["type"] == "sync":
            self.heard_sync()
        else:
            self._hear(message)

    def _hear(self, message: Json) -> None:
        if message["type"] == "error" and message["code"] != "gap":
            self.errors.append(message)
        outbox = self.outboxes.get(str(message.get("stream")))
        if outbox is not None:
            outbox.hear(message)


def http(method: str, url: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
    """One call with a JSON body; the status and the decoded answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data=data, method=method, headers={"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            try:
                return error.code, json.loads(error.read())
            except ValueError:
                return error.code, None


def wall_ms() -> int:
    """The wall clock of this computer, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
