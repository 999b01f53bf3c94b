"""The HTTP server under the application: gevent's, with an end to what a slow, silent or endless client may ask of it.

What gevent's `pywsgi` does instead:

- It waits without end for a request that comes byte by byte: the head has `request_head_s`, the body `request_body_s`,
  a connection between two requests `keep_alive_s`, and a client that does not read its answer as long.
- It takes connections until no descriptor is left, and then cannot open the database either: those for which the
  process has none to spare are answered with 503 at once.
- It takes 6 MB of headers: `_HEAD_BYTES` are enough.
- It reads what is left of a body without end and without giving way, however long it says it is: it gives way, and
  the connection ends after `_DISCARD_BYTES`.
- It prints a traceback or an error for what is a client's fault: the client gets 400 or 408, the log a line of debug.
"""

import logging
import resource
from typing import Any

import gevent
from flask import Flask
from gevent.pywsgi import Input, WSGIHandler, WSGIServer

from server.clock import stopwatch_s
from server.config import Limits

_BACKLOG = 4096
_DESCRIPTORS = 65_536
_SPARE_DESCRIPTORS = 128
"""For the database, log and everything else that is no client."""
_HEAD_BYTES = 64 * 1024
_DISCARD_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 16 * 1024
_REPORT_EVERY_S = 10.0
_ANSWER = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: 0\r\n{}\r\n"

log = logging.getLogger(__name__)


class HttpServer(WSGIServer):  # type: ignore[misc]
    """Serves an application; `limits` bound each client, the descriptors of the process their number."""

    def __init__(self, listener: tuple[str, int], app: Flask, limits: Limits) -> None:
        super().__init__(listener, app, backlog=_BACKLOG, log=None, error_log=log, handler_class=_Handler)
        self.limits = limits
        self.most = _descriptors() - _SPARE_DESCRIPTORS
        if self.most <= 0:
            raise OSError(f"fewer than {_SPARE_DESCRIPTORS} open files are allowed: raise the limit (ulimit -n)")
        self._open = 0
        self._reported_at_s = -_REPORT_EVERY_S

    def handle(self, sock: Any, address: Any) -> None:
        """One connection, from its acceptance to its end."""
        if self._open >= self.most:
            self._refuse(sock)
            return
        self._open += 1
        try:
            sock.settimeout(self.limits.keep_alive_s)
            super().handle(sock, address)
        finally:
            self._open -= 1

    def _refuse(self, sock: Any) -> None:
        now = stopwatch_s()
        if now - self._reported_at_s >= _REPORT_EVERY_S:
            self._reported_at_s = now
            log.warning("%d connections are open, and no more files may be: raise the limit (ulimit -n)", self.most)
        try:
            sock.settimeout(1)
            sock.sendall(_ANSWER.format("503 Service Unavailable", "Retry-After: 5\r\n").encode())
        except OSError:
            pass


class _TooSlow(ValueError):
    """A request that took longer than it may."""


class _TooLarge(ValueError):
    """A request whose head is larger than it may be."""


_CLIENT_ERRORS = {_TooSlow: "408 Request Timeout", _TooLarge: "431 Request Header Fields Too Large"}


class _Handler(WSGIHandler):  # type: ignore[misc]
    wsgi_input: Any
    ignored_socket_errors = (*WSGIHandler.ignored_socket_errors, "timed out")

    def read_request(self, raw_requestline: str) -> bool:
        """The head of a request; its first line has the patience of the connection before it."""
        limits = self.server.limits
        with gevent.Timeout(limits.request_head_s, _TooSlow("the head of the request came too slowly")):
            found: bool = super().read_request(raw_requestline)
        return found

    def read_requestline(self) -> str:
        """The first line; a new connection has to send it in the time for a head."""
        limits = self.server.limits
        patience_s = limits.request_head_s if self.environ is None else limits.keep_alive_s
        with gevent.Timeout(patience_s, TimeoutError()):
            line: str = super().read_requestline()
        return line

    def MessageClass(self, rfile: Any, *args: Any) -> Any:  # noqa: N802 - gevent's name
        """The headers, from a head that is not without end."""
        return super().MessageClass(_Head(rfile), *args)

    def get_environ(self) -> dict[str, Any]:
        """The request for the application, with a body that has its bounds."""
        env: dict[str, Any] = super().get_environ()
        whole = self.wsgi_input
        self.wsgi_input = _Body(
            whole.rfile, whole.content_length, whole.socket, whole.chunked_input, self.server.limits.request_body_s
        )
        if env["wsgi.input"] is whole:
            env["wsgi.input"] = self.wsgi_input
        return env

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        log.debug("a request that is none, from %s: %r", self.client_address, ex)
        status = next((text for kind, text in _CLIENT_ERRORS.items() if isinstance(ex, kind)), "400 Bad Request")
        return status[:3], _ANSWER.format(status, "").encode()


class _Body(Input):  # type: ignore[misc]
    """A body that must come in time, and of which no more than a bound is thrown away."""

    def __init__(self, rfile: Any, length: int | None, sock: Any, is_chunked: bool, patience_s: float) -> None:
        super().__init__(rfile, length, sock, is_chunked)
        self._deadline_s = stopwatch_s() + patience_s

    def read(self, length: int | None = None) -> bytes:
        return self._in_time(super().read, length)

    def readline(self, size: int | None = None) -> bytes:
        return self._in_time(super().readline, size)

    def _in_time(self, read: Any, length: int | None) -> bytes:
        left_s = max(self._deadline_s - stopwatch_s(), 0.001)
        with gevent.Timeout(left_s, TimeoutError("timed out")):
            data: bytes = read(length)
        return data

    def _discard(self) -> None:
        """Read on for a while, so that a client that is still sending gets to read its answer."""
        self.send_100_continue_enabled = False
        left = 0 if self._chunked_input_error else _DISCARD_BYTES
        try:
            while left > 0 and (data := self.read(_PIECE_BYTES)):
                left -= len(data)
                gevent.sleep(0)
        except TimeoutError:
            left = 0
        if left <= 0:
            self.rfile.close()  # which ends the connection


class _Head:
    """The head of a request, for reading line by line up to `_HEAD_BYTES`."""

    def __init__(self, rfile: Any) -> None:
        self._rfile = rfile
        self._left = _HEAD_BYTES

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._rfile.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise _TooLarge("the head of the request is too large")
        return line


def _descriptors() -> int:
    """How many files this process may have open, after asking for as many as it may need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
