"""flask-sock's routes on `GuardedServer`: from the opening request to the end of the handler, whatever ends it."""

import logging
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest
from wsproto.frame_protocol import CloseReason

from server.db_faults import advice
from server.tracking.guarded_socket import GuardedServer

log = logging.getLogger(__name__)


class GuardedSock(Sock):  # type: ignore[misc]
    """flask-sock whose routes get a `GuardedServer`, with the options in `SOCK_SERVER_OPTIONS`."""

    app: Flask | None
    bp: Blueprint | None

    def route(self, path: str, bp: Blueprint | None = None, **options: Any) -> Callable[[Callable[..., Any]], None]:
        """Register a handler, called with the connection and then the variables of the path."""

        def decorator(handler: Callable[..., Any]) -> None:
            @wraps(handler)
            def view(*args: Any, **variables: Any) -> Response:
                if request.content_length or "Transfer-Encoding" in request.headers:
                    raise BadRequest("an opening request has no body")
                ws = GuardedServer(request.environ, **current_app.config.get("SOCK_SERVER_OPTIONS", {}))
                _run(handler, ws, args, variables)
                return _Answered(ws.mode)

            target = bp or self.app
            if target is None:
                target = self.bp = self.bp or Blueprint("__flask_sock", __name__)
            target.route(path, websocket=True, **options)(view)

        return decorator


class _Answered(Response):
    """Stands for an answer that the socket has given."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def __call__(self, environ: Any, start_response: Any) -> Any:
        # gevent's server takes silence; werkzeug's insists on an answer, and writes it to a closed socket.
        return [] if self._mode == "gevent" else super().__call__(environ, start_response)


def _run(handler: Callable[..., Any], ws: GuardedServer, args: Any, variables: Any) -> None:
    try:
        handler(ws, *args, **variables)
    except ConnectionClosed:
        pass
    except SQLAlchemyError as error:
        log.error("a socket ends: %s", advice(error))
        ws.close(CloseReason.INTERNAL_ERROR)
    except Exception:
        current_app.log_exception(sys.exc_info())
        ws.close(CloseReason.INTERNAL_ERROR)
    finally:
        ws.finish()
