"""The server process: gevent's WSGI server, and a stop that loses nothing.

On SIGTERM or SIGINT: no new connections; agents are asked for a last beat; everything proven is committed; the agents
hear `committed`; sockets are closed with 1012, spread over a moment; the process ends. A second signal ends it at
once, which is safe too: browsers keep what was not committed. Signals in the first second count as one: a group that
is signalled as a whole hears it from the terminal, or a supervisor, and from make or a shell once more.

Each step has its bound, so that a database that hangs holds up neither the sockets nor the end: then the process says
so and ends with status 1.
"""

import logging
import math
import os
import signal
from collections.abc import Callable
from typing import NoReturn

import gevent
from flask import Flask
from gevent.event import Event
from sqlalchemy.exc import SQLAlchemyError

from server import db_faults, jobs
from server.clock import stopwatch_s
from server.http_server import HttpServer
from server.tracking.agent_socket import RESTART, tracking_of
from server.tracking.commit import commit
from server.tracking.schedule import SYNC_TIMEOUT_S
from server.tracking.service import Tracking

_SPREAD_S = 1.0
LAST_COMMIT_S = 4.0
"""How long the last commit is tried, and a commit that was running is waited for."""
STOP_S = 9.5
"""After this the process ends, whatever still holds it."""
_HANDLERS_S = 1.0
_TRY_AGAIN_S = 0.5
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
    server = HttpServer((host, port), app, tracking.limits)
    server.start()
    scheduler = jobs.start(app)
    ready(f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}")
    stop.wait()
    ends_s = stopwatch_s() + STOP_S
    gevent.spawn_later(STOP_S, _end_at_once, "the stop took too long")
    log.info("Stopping: committing what is not yet in the database ...")
    scheduler.shutdown(wait=False)
    is_committed = drain(app, tracking, until_s=ends_s - 2 * _HANDLERS_S)
    server.stop(timeout=_HANDLERS_S)
    if not is_committed:
        _end_at_once("the database did not take the last commit")
    tracking.database.close()
    for watcher in watchers:
        watcher.stop()


def drain(app: Flask, tracking: Tracking, *, until_s: float) -> bool:
    """Commit everything and send every agent away, to come back to the next process; says whether all is committed.

    `until_s` is the instant of the stopwatch up to which sockets may take their time to close.
    """
    tracking.connections.closing = True
    with app.app_context():
        is_committed = _commit_everything(tracking)
    connections = tracking.connections.all()
    pause_s = _SPREAD_S / max(1, len(connections))
    closers = []
    for place, connection in enumerate(connections):
        closers.append(gevent.spawn_later(place * pause_s, connection.close, RESTART, "server restart"))
    gevent.joinall(closers, timeout=max(_SPREAD_S, until_s - stopwatch_s()))
    return is_committed


def _commit_everything(tracking: Tracking) -> bool:
    tracking.connections.ask_for_beats(tracking.store.representatives()).wait(SYNC_TIMEOUT_S)
    is_committed = False
    with gevent.Timeout(LAST_COMMIT_S, False):
        while not is_committed:
            is_committed = _commit(tracking)
            if not is_committed:
                gevent.sleep(_TRY_AGAIN_S)
    return is_committed


def _commit(tracking: Tracking) -> bool:
    try:
        done = commit(tracking, tracking.store.representatives(), now=tracking.clock())
    except SQLAlchemyError as error:
        log.error("the last commit failed: %s", db_faults.advice(error))
        return False
    except Exception:
        log.exception("the last commit failed")
        return False
    log.info("committed %d records at the stop", done.records)
    return True


def _end_at_once(reason: str) -> NoReturn:
    """Without waiting for threads that may hang. What was not committed is in the browsers."""
    log.error("%s: ending at once; what is not in the database comes back from the browsers", reason)
    logging.shutdown()
    os._exit(1)
