"""The WebSocket that agents and widgets talk to: flask-sock with the weaknesses of simple-websocket 1.1 taken out.

What the stock library does, and what is done here instead:

- `send` calls `sock.send` once and truncates to a slow reader: all bytes are sent, or the connection is closed.
- `send` has no time-out and no lock: one writer at a time, at most `write_timeout` seconds a frame.
- Small messages wait for the acknowledgement of the one before (Nagle): `TCP_NODELAY`.
- A thread reads without limit into an unbounded list: `receive` itself reads one chunk when it is asked for a
  message; what nobody asks for stays with its sender, and a connection costs one greenlet instead of two.
- `receive` can hang for ever after an oversize message: closed with 1009, and `ConnectionClosed` raised.
- The size limit is off by default, counts characters and ignores empty fragments: bytes are counted as they arrive,
  over all fragments, whatever a frame announces; the number of fragments is limited as well.
- Pings are off by default and timed by the wall clock: on, by the monotonic clock; any byte is a sign of life.
- Every ping is answered: only the newest of a chunk, as RFC 6455 (5.5.3) allows; and a peer that floods with control
  frames is read no faster than `MAX_CONTROL_FRAMES` a second.
- A broken opening request escapes as `RemoteProtocolError` (500): 400, also for one with a body.
- A broken frame passes for a close by the peer: closed with the fitting code, 1002 or 1007.
- Deflate is always accepted, for 100 KiB a connection: no extension is ever negotiated.
- `close` leaves a handler waiting in `receive`: it is woken, from whatever greenlet or thread.
- Frames that came in one packet with the opening request are lost: they are read.
- After the handler gevent's server takes the next bytes for an HTTP request: the connection ends with the handler.
- Closing over unread bytes resets the connection, and the peer never sees the code: they are drained, within limits.
- An exception in the handler puts an HTTP error page on the socket: it is logged, and the peer gets 1011.

One greenlet (or thread) receives; any number may send or close. TLS is expected to end at a proxy.
"""

from __future__ import annotations

import math
import select
import socket
import threading
from time import monotonic, sleep
from typing import Any, NoReturn

from gevent import get_hub
from gevent import socket as gevent_socket
from gevent.lock import Semaphore
from simple_websocket import ConnectionClosed, Server
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode, ParseFailed

from server.config import Limits
from server.tracking.frames import frame
from server.tracking.upgrade import accept, take_socket

RECEIVE_BYTES = 16 * 1024
MAX_MESSAGE_BYTES = Limits().frame_bytes
MAX_FRAGMENTS = 1024
MAX_CONTROL_FRAMES = 1000
"""Pings and pongs of one second; what is more waits for the next."""
PARTS_BEFORE_JOIN = 256
PING_INTERVAL_S = Limits().ping_interval_s
PING_TIMEOUT_S = Limits().ping_timeout_s
WRITE_TIMEOUT_S = Limits().write_timeout_s
CLOSE_TIMEOUT_S = 1.0
LINGER_BYTES = 1024 * 1024

_READ, _WRITE = 1, 2


class GuardedServer(Server):  # type: ignore[misc]
    """One accepted connection. Keeps the surface of the stock class: `send`, `receive`, `close`, `connected`."""

    def __init__(
        self,
        environ: dict[str, Any],
        subprotocols: str | list[str] | None = None,
        *,
        receive_bytes: int = RECEIVE_BYTES,
        ping_interval: float | None = PING_INTERVAL_S,
        ping_timeout: float = PING_TIMEOUT_S,
        max_message_size: int = MAX_MESSAGE_BYTES,
        write_timeout: float = WRITE_TIMEOUT_S,
    ) -> None:
        """Answer the opening request. Raises werkzeug's `BadRequest` while it can still be answered over HTTP."""
        # The stock constructor duplicates the socket and starts the reading thread, so it is not called.
        self.subprotocols = [subprotocols] if isinstance(subprotocols, str) else subprotocols or []
        answer, self.subprotocol = accept(environ, self.choose_subprotocol)
        self.environ = environ
        self.receive_bytes = receive_bytes
        self.ping_interval = math.inf if ping_interval is None else ping_interval
        self.ping_timeout = ping_timeout
        self.max_message_size = max_message_size
        self.write_timeout = write_timeout
        self.connected = True
        self.close_reason: int = CloseReason.ABNORMAL_CLOSURE
        self.close_message: str | None = None
        self.sock, self.mode, early = take_socket(environ)
        # Waiting is done here with time-outs of its own for reader and writers: those of a socket object are shared.
        self.sock.setblocking(False)
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watcher = get_hub().loop.io(self.sock.fileno(), _READ) if self.mode == "gevent" else None
        self._timer: Any = None
        self._write_lock = Semaphore(1) if self.mode == "gevent" else threading.Lock()
        self._protocol = FrameProtocol(client=False, extensions=[])
        self._unparsed = True
        self._parts: list[Any] = []
        self._size = 0
        self._fragments = 0
        self._pinged = False
        self._alarm = monotonic() + self.ping_interval
        self._controls = 0
        self._controls_since = 0.0
        self._waiting = False
        self._lingers = False
        self._answers: list[bytes] = []
        self._answers_size = 0
        try:
            self._protocol.receive_bytes(early())
            self._locked_write(answer)
        except (OSError, ConnectionClosed):
            self.connected = False  # The peer has gone already, as the handler will find.

    def receive(self, timeout: float | None = None) -> str | bytes | None:
        """Return the next message, or None after `timeout` seconds. Raises `ConnectionClosed`."""
        deadline = math.inf if timeout is None else monotonic() + timeout
        in_time = True
        while self.connected:
            if self._unparsed:
                message = self._next_message()
                if message is not None:
                    return message
            if not in_time:
                return None
            self._write_answers()
            self._slow_down_controls()
            in_time = self._read_until(deadline)
        raise ConnectionClosed(self.close_reason, self.close_message)

    def send(self, data: str | bytes) -> None:
        """Send one message whole, after those of other senders. Raises `ConnectionClosed`, also on time-out."""
        if isinstance(data, bytes):
            self._locked_write(frame(Opcode.BINARY, data))
        else:
            self._locked_write(frame(Opcode.TEXT, data.encode()))

    def answer(self, data: str) -> None:
        """Send one text message, for the handler alone: it leaves before the handler waits for the next message.

        So the answers to messages that came together leave together, which spares a system call each.
        """
        self._answers.append(frame(Opcode.TEXT, data.encode()))
        self._answers_size += len(self._answers[-1])
        if self._answers_size >= RECEIVE_BYTES:
            self._write_answers()

    def rest(self, seconds: float) -> None:
        """Read nothing for so long, for the handler alone: what a peer that sends too fast sends stays with it."""
        self._write_answers()
        sleep(seconds)

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        """Send the close frame if that is soon possible, and wake the reader. Does nothing on a closed connection."""
        code = CloseReason.NORMAL_CLOSURE if reason is None else reason
        frame = bytes(self._protocol.close(code, message))
        # A closed connection takes the lock too: `finish` must not overtake the frame of somebody else's `close`.
        locked = self._write_lock.acquire(True, CLOSE_TIMEOUT_S)
        try:
            if not self.connected:
                return
            self.connected = False
            self.close_reason, self.close_message = code, message
            if locked:
                self._write(frame, CLOSE_TIMEOUT_S)
                self._lingers = True
        except OSError:
            pass
        finally:
            if locked:
                self._write_lock.release()
        # A reader that waits is woken by the end of the stream. One that works will see `connected`, and drains.
        self._shut_down(socket.SHUT_WR if self._lingers and not self._waiting else socket.SHUT_RDWR)

    def finish(self) -> None:
        """Let go of the socket. To be called by the reader, when the handler is done."""
        try:
            self.close()
            if self._lingers:
                self._drain()
        finally:
            self._shut_down(socket.SHUT_RDWR)
            # A sender that was stuck gets its error before the descriptor goes to somebody else.
            if self._write_lock.acquire(True, CLOSE_TIMEOUT_S):
                self._write_lock.release()
            for watcher in (self._watcher, self._timer):
                if watcher is not None:
                    watcher.close()

    def _next_message(self) -> str | bytes | None:
        """Take frames off the bytes that were read, up to the end of a message; None when they do not hold one."""
        pong: Any = None
        message = None
        try:
            for opcode, payload, frame_finished, message_finished in self._protocol.received_frames():
                if opcode is Opcode.PING or opcode is Opcode.PONG:
                    self._controls += 1
                    pong = payload if opcode is Opcode.PING else pong
                elif opcode is Opcode.CLOSE:
                    self._end(payload)
                else:
                    message = self._assembled(payload, frame_finished, message_finished)
                    if message is not None:
                        break
            else:
                self._unparsed = False
        except ParseFailed as error:
            self._fail(error.code, str(error))
        if pong is not None:
            self._locked_write(frame(Opcode.PONG, pong))
        return message

    def _assembled(self, payload: Any, frame_finished: bool, message_finished: bool) -> str | bytes | None:
        """Add a piece of a message; return the message when it is complete."""
        # ASCII is counted without a copy.
        is_narrow = isinstance(payload, bytes) or payload.isascii()
        self._size += len(payload) if is_narrow else len(payload.encode())
        if self._size > self.max_message_size:
            self._fail(CloseReason.MESSAGE_TOO_BIG, f"more than {self.max_message_size} bytes")
        if message_finished:
            self._size = self._fragments = 0
            if not self._parts:
                return payload  # type: ignore[no-any-return]
            parts, self._parts = self._parts, []
            return payload[:0].join([*parts, payload])  # type: ignore[no-any-return]
        self._fragments += frame_finished
        if self._fragments > MAX_FRAGMENTS:
            self._fail(CloseReason.POLICY_VIOLATION, f"more than {MAX_FRAGMENTS} fragments")
        self._parts.append(payload)
        # A peer that sends byte by byte must not make us keep an object for each.
        if len(self._parts) >= PARTS_BEFORE_JOIN:
            self._parts = [payload[:0].join(self._parts)]
        return None

    def _read_until(self, deadline: float) -> bool:
        """Read one chunk if one comes; True if the deadline lies ahead. Pings a silent peer, drops a dead one."""
        # `_waiting` is set before `connected` is read and `close` goes the other way round, so that neither misses it.
        self._waiting = True
        try:
            if self.connected:
                # Waiting comes first, even if there are bytes: it lets the other greenlets have their turn.
                if self._watcher and deadline >= self._alarm:
                    self._wait_for_alarm()
                else:
                    self._wait(_READ, min(deadline, self._alarm) - monotonic())
        finally:
            self._waiting = False
        try:
            data = self.sock.recv(self.receive_bytes)
        except BlockingIOError:
            return self._heard_nothing(deadline)
        except OSError:
            data = b""
        if not self.connected:
            return True
        if not data:
            self._abandon("the connection was cut")
        self._protocol.receive_bytes(data)
        self._unparsed = True
        self._pinged = False
        now = monotonic()
        self._alarm = now + self.ping_interval
        return now < deadline

    def _slow_down_controls(self) -> None:
        """Take no more than `MAX_CONTROL_FRAMES` a second: each costs a peer six bytes, and us parsing."""
        if self._controls < MAX_CONTROL_FRAMES:
            return
        now = monotonic()
        due = max(now, self._controls_since + self._controls / MAX_CONTROL_FRAMES)
        self._controls, self._controls_since = 0, due
        if due > now:
            self.rest(due - now)

    def _heard_nothing(self, deadline: float) -> bool:
        now = monotonic()
        if now >= self._alarm and self.connected:
            if self._pinged:
                self._fail(CloseReason.INTERNAL_ERROR, "no answer to a ping")
            self._pinged = True
            self._alarm = now + self.ping_timeout
            self._locked_write(frame(Opcode.PING, b""))
        return now < deadline

    def _write_answers(self) -> None:
        if self._answers:
            frames, self._answers, self._answers_size = b"".join(self._answers), [], 0
            self._locked_write(frames)

    def _locked_write(self, frame: bytes) -> None:
        with self._write_lock:
            if not self.connected:
                raise ConnectionClosed(self.close_reason, self.close_message)
            try:
                self._write(frame, self.write_timeout)
            except OSError as error:
                self._abandon(str(error))
            except BaseException:
                # A greenlet killed in the middle of a frame: nothing that follows could be understood.
                self.connected = False
                self._shut_down(socket.SHUT_RDWR)
                raise

    def _write(self, frame: bytes, timeout_s: float) -> None:
        try:
            sent: int = self.sock.send(frame)
        except BlockingIOError:
            sent = 0
        if sent == len(frame):
            return
        rest = memoryview(frame)[sent:]
        deadline = monotonic() + timeout_s
        while rest:
            remaining = deadline - monotonic()
            if remaining <= 0:
                raise TimeoutError("the peer reads too slowly")
            self._wait(_WRITE, remaining)
            try:
                rest = rest[self.sock.send(rest) :]
            except BlockingIOError:
                pass

    def _wait(self, events: int, seconds: float) -> None:
        """Wait until the socket is ready, or the time is over; which of them it was shows when it is used."""
        limit = None if seconds == math.inf else max(seconds, 0.0)
        if self._watcher is None:
            poll = select.poll()
            poll.register(self.sock, select.POLLIN if events == _READ else select.POLLOUT)
            poll.poll(None if limit is None else math.ceil(limit * 1000))
        elif events == _READ:
            try:
                gevent_socket.wait(self._watcher, limit, False)
            except TimeoutError:
                pass  # the timer's
        else:
            gevent_socket.wait_write(self.sock.fileno(), limit, False)

    def _wait_for_alarm(self) -> None:
        """Wait until there are bytes or `_alarm` is due, with one timer a ping interval and not one a message."""
        if self._timer is None and self._alarm < math.inf:
            self._set_timer()
        self._wait(_READ, math.inf)

    def _set_timer(self) -> None:
        self._timer = get_hub().loop.timer(max(self._alarm - monotonic(), 0.0))
        self._timer.start(self._on_timer)

    def _on_timer(self) -> None:
        self._timer.close()
        self._timer = None
        if monotonic() < self._alarm:
            self._set_timer()
        elif self._waiting:
            gevent_socket.cancel_wait(self._watcher, TimeoutError)

    def _drain(self) -> None:
        """Read on until the peer has ended its side, so that it sees the close frame and not a reset."""
        deadline = monotonic() + CLOSE_TIMEOUT_S
        left = LINGER_BYTES
        while left > 0 and (remaining := deadline - monotonic()) > 0:
            self._wait(_READ, remaining)
            try:
                data = self.sock.recv(self.receive_bytes)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
            left -= len(data)

    def _end(self, received: Any) -> NoReturn:
        """Answer the peer's close frame."""
        code, reason = received
        self.close(code, reason)
        self._lingers = False
        raise ConnectionClosed(code, reason)

    def _fail(self, code: int, text: str) -> NoReturn:
        self.close(code, text)
        raise ConnectionClosed(code, text)

    def _abandon(self, text: str) -> NoReturn:
        """Close without a close frame, which could not arrive."""
        if self.connected:
            self.connected = False
            self.close_reason, self.close_message = CloseReason.ABNORMAL_CLOSURE, text
        self._shut_down(socket.SHUT_RDWR)
        raise ConnectionClosed(self.close_reason, self.close_message)

    def _shut_down(self, how: int) -> None:
        try:
            self.sock.shutdown(how)
        except OSError:
            pass
