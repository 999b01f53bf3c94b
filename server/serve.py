"""The server process: gevent's WSGI server, and a stop that loses nothing.

On SIGTERM or SIGINT: no new connections; agents are asked for a last beat; everything proven is committed; the agents
hear `committed`; sockets are closed with 1012, spread over a moment; the process ends. A second signal ends it at
once, which is safe too: browsers keep what was not committed.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable

import gevent
from flask import Flask
from gevent.event import Event
from gevent.pywsgi import WSGIServer

from server import jobs
from server.tracking.agent_socket import RESTART, tracking_of
from server.tracking.commit import commit
from server.tracking.schedule import SYNC_TIMEOUT_S
from server.tracking.service import Tracking

_BACKLOG = 4096
_SPREAD_S = 1.0
_COMMIT_TRIES = 3

log = logging.getLogger(__name__)


def serve(app: Flask, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until a signal asks to stop. `ready` is called with the address once connections are taken."""
    tracking = tracking_of(app)
    stop = Event()
    hub = gevent.get_hub()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    watchers = [hub.loop.signal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    for watcher in watchers:
        watcher.start(on_signal)
    server = WSGIServer((host, port), app, backlog=_BACKLOG, log=None, error_log=log)
    server.start()
    scheduler = jobs.start(app)
    ready(f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}")
    stop.wait()
    sys.stderr.write("Stopping: committing what is not yet in the database ...\n")
    scheduler.shutdown(wait=True)
    drain(app, tracking)
    server.stop(timeout=1)
    tracking.database.close()
    for watcher in watchers:
        watcher.stop()


def drain(app: Flask, tracking: Tracking) -> None:
    """Commit everything and send every agent away, to come back to the next process."""
    tracking.connections.closing = True
    with app.app_context():
        everyone = tracking.store.representatives()
        tracking.connections.ask_for_beats(everyone).wait(SYNC_TIMEOUT_S)
        for _ in range(_COMMIT_TRIES):
            try:
                done = commit(tracking, everyone, now=tracking.clock())
                log.info("committed %d records at the stop", done.records)
                break
            except Exception:
                log.exception("the last commit failed; browsers keep what is not in the database")
                gevent.sleep(0.5)
    connections = tracking.connections.all()
    pause_s = _SPREAD_S / max(1, len(connections))
    closers = []
    for place, connection in enumerate(connections):
        closers.append(gevent.spawn_later(place * pause_s, connection.close, RESTART, "server restart"))
    gevent.joinall(closers, timeout=2 * _SPREAD_S + 1)
