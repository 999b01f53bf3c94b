"""The bare thing that events are compared with: flask-sock's echo with the stock library, on the same gevent server.

Run as `python -m bench.echo PORT`.
"""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from flask import Flask  # noqa: E402
from flask_sock import Sock  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

app = Flask(__name__)
sock = Sock(app)


@app.get("/healthz")
def healthz() -> str:
    return "ok"


@sock.route("/agent")
def echo(ws) -> None:  # type: ignore[no-untyped-def]
    while True:
        ws.send(ws.receive())


if __name__ == "__main__":
    WSGIServer(("127.0.0.1", int(sys.argv[1])), app, backlog=4096, log=None).serve_forever()
