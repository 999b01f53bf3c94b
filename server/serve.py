"""The server process: gevent's WSGI server, and a stop that loses nothing.

On SIGTERM or SIGINT: no new connections; agents are asked for a last beat; everything proven is committed; the agents
hear `committed`; sockets are closed with 1012, spread over a moment; the process ends. A second signal ends it at
once, which is safe too: browsers keep what was not committed. Signals in the first second count as one: a group that
is signalled as a whole hears it from the terminal, or a supervisor, and from make or a shell once more.
"""

import logging
import math
import os
import signal
import sys
from collections.abc import Callable

import gevent
from flask import Flask
from gevent.event import Event
from gevent.pywsgi import WSGIServer

from server import jobs
from server.clock import stopwatch_s
from server.tracking.agent_socket import RESTART, tracking_of
from server.tracking.commit import commit
from server.tracking.schedule import SYNC_TIMEOUT_S
from server.tracking.service import Tracking

_BACKLOG = 4096
_SPREAD_S = 1.0
_COMMIT_TRIES = 3
_ONE_SIGNAL_S = 1.0

log = logging.getLogger(__name__)


def serve(app: Flask, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until a signal asks to stop. `ready` is called with the address once connections are taken."""
    tracking = tracking_of(app)
    stop = Event()
    hub = gevent.get_hub()
    asked_at_s = math.inf

    def on_signal() -> None:
        nonlocal asked_at_s
        if stopwatch_s() - asked_at_s > _ONE_SIGNAL_S:
            os._exit(1)
        if not stop.is_set():
            asked_at_s = stopwatch_s()
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
