"""The opening request of a WebSocket: its answer, which accepts no extension, and the socket that it came on."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import BadRequest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request
from wsproto.utilities import ProtocolError


def accept(environ: dict[str, Any], choose_subprotocol: Callable[[Request], str | None]) -> tuple[bytes, str | None]:
    """The bytes of the answer, and the subprotocol that was chosen. Raises `BadRequest`."""
    lines = [b"GET / HTTP/1.1"]
    for key, value in environ.items():
        if key.startswith("HTTP_") and key != "HTTP_SEC_WEBSOCKET_EXTENSIONS":
            lines.append(f"{key[5:].replace('_', '-')}: {value}".encode("latin-1"))
    handshake = WSConnection(ConnectionType.SERVER)
    try:
        handshake.receive_data(b"\r\n".join(lines) + b"\r\n\r\n")
        for event in handshake.events():
            if isinstance(event, Request):
                subprotocol = choose_subprotocol(event)
                return bytes(handshake.send(AcceptConnection(subprotocol=subprotocol))), subprotocol
    except ProtocolError as error:
        raise BadRequest(str(error)) from error
    raise BadRequest("not a WebSocket request")


def take_socket(environ: dict[str, Any]) -> tuple[Any, str, Callable[[], bytes]]:
    """Return the socket of the request, the kind of server, and how to get the bytes read beyond the request."""
    if "werkzeug.socket" in environ:
        return environ["werkzeug.socket"], "werkzeug", bytes
    reader = environ["wsgi.input"]
    sock = getattr(getattr(reader, "raw", None), "_sock", None)
    if sock is None:
        raise RuntimeError("needs gevent's pywsgi or werkzeug's development server")

    def early() -> bytes:
        # The socket does not block any more, nor does peek. A closed reader gives back its 8 KiB, and tells the
        # server that there is no further request.
        data = bytes(reader.peek())
        reader.close()
        return data

    return sock, "gevent", early
