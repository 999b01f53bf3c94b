"""A small server for the tests of the socket, with the same routes on either library.

Called as `echo_server.py LIBRARY SERVER OPTIONS`: LIBRARY is `stock` or `guarded`, SERVER `gevent` or
`werkzeug`, OPTIONS the JSON of `SOCK_SERVER_OPTIONS`. It prints its port, and ends when its standard input
does. What a handler saw is kept under the `id` of its URL.
"""

from __future__ import annotations

import json
import os
import sys

if sys.argv[2] == "gevent":
    from gevent import monkey

    monkey.patch_all()

import threading
from collections import defaultdict
from pathlib import Path

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from server.tracking.guarded_route import GuardedSock

KNOWN: dict[str, list[str]] = defaultdict(list)
SOCKETS: dict[str, object] = {}


def create_app(library, options):
    app = Flask(__name__)
    app.config["SOCK_SERVER_OPTIONS"] = options
    sock = Sock(app) if library == "stock" else GuardedSock(app)

    def tell(what):
        KNOWN[request.args.get("id", "")].append(what)

    def echo_until_closed(ws):
        try:
            while True:
                message = ws.receive()
                ws.send(message)
        except ConnectionClosed as closed:
            tell(f"closed {int(closed.reason)}")
            raise

    @sock.route("/echo")
    def echo(ws):
        SOCKETS[request.args.get("id", "")] = ws
        try:
            echo_until_closed(ws)
        finally:
            SOCKETS.pop(request.args.get("id", ""), None)

    @sock.route("/answer")
    def answer(ws):
        while True:
            ws.answer(ws.receive())

    @sock.route("/burst")
    def burst(ws):
        tell("sending")
        ws.send("x" * int(request.args["size"]))
        tell("sent")

    @sock.route("/burst-and-receive")
    def burst_and_receive(ws):
        """A sender fills the buffers of a peer that does not read, while the handler waits."""
        threading.Thread(target=send_until_stuck, args=(ws, "x" * int(request.args["size"])), daemon=True).start()
        echo_until_closed(ws)

    @sock.route("/chorus")
    def chorus(ws):
        singers = [threading.Thread(target=sing, args=(ws, letter)) for letter in "abcd"]
        for singer in singers:
            singer.start()
        for singer in singers:
            singer.join()

    @sock.route("/deaf")
    def deaf(ws):
        """Never asks for a message."""
        tell("deaf")
        threading.Event().wait(30)

    @sock.route("/polling")
    def polling(ws):
        ws.send(repr(ws.receive(timeout=0.05)))
        ws.send(repr(ws.receive(timeout=0)))
        ws.send(repr(ws.receive(timeout=5)))

    @sock.route("/patient")
    def patient(ws):
        tell(repr(ws.receive(timeout=0.3)))

    @sock.route("/broken")
    def broken(ws):
        raise ZeroDivisionError

    @sock.route("/refusing")
    def refusing(ws):
        ws.close(4401, "not signed in")

    @app.get("/known")
    def known():
        return KNOWN[request.args["id"]]

    @app.get("/smuggled")
    def smuggled():
        tell("smuggled")
        return []

    @app.post("/close")
    def close():
        SOCKETS[request.args["id"]].close(1012, "restart")
        return []

    @app.get("/process")
    def process():
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return {
            "rss_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "threads": threading.active_count(),
        }

    return app


def send_until_stuck(ws, data):
    try:
        while True:
            ws.send(data)
    except (ConnectionClosed, OSError):
        pass


def sing(ws, letter):
    for _ in range(10):
        ws.send(letter * 100_000)


def leave_with_parent():
    sys.stdin.read()
    os._exit(0)


def main():
    library, server_kind, options = sys.argv[1:]
    app = create_app(library, json.loads(options))
    if server_kind == "gevent":
        from gevent.fileobject import FileObjectThread
        from gevent.pywsgi import WSGIServer

        server = WSGIServer(("127.0.0.1", 0), app, log=None, backlog=4096)
        server.start()
        print(server.server_port, flush=True)
        FileObjectThread(sys.stdin.buffer).read()
    else:
        from werkzeug.serving import make_server

        threading.Thread(target=leave_with_parent, daemon=True).start()
        server = make_server("127.0.0.1", 0, app, threaded=True)
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
