"""A helpdesk of somebody else: a page on another origin that starts the agent with a token."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_PAGE = """<!doctype html>
<title>A helpdesk</title>
<link rel="icon" href="data:,">
<form data-case-form style="height: 80vh"><handling-time case="CAS-1001"></handling-time></form>
<script type="module">
  import {{ startAgent }} from "{server}/client/agent.js";
  import "{server}/client/widget.js";
  addEventListener("pageshow", ({{ persisted }}) => (globalThis.returned = persisted));
  const elsewhere = location.search === "?elsewhere";
  globalThis.token = "{token}";
  globalThis.agent = startAgent({{ app: "embed", token: () => token }});
  if (!elsewhere) agent.show({{ session: {{ id: "tab-1", case: "CAS-1001" }} }});
</script>
"""


class HostPage:
    """An HTTP server in a thread, on a free port."""

    def __init__(self) -> None:
        host = self
        self.html = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = host.html.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def shows(self, server: str, token: str) -> str:
        """Make the page use this server and token; returns its address."""
        self.html = _PAGE.format(server=server, token=token)
        return f"{self.origin}/desk"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
