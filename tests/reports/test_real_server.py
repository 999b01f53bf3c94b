"""Reports of a real server, where they are read and written in threads beside the greenlets."""

import csv
import io
import urllib.request
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.outside_client import AgentSocket
from tests.server_process import ServerProcess
from tests.tracking.test_agent_socket import is_well

REPORTS = ("handling-time?", "handling-time?by=week&", "trend?", "representatives/ana?range=week&")


def _fetch(server: ServerProcess, path: str) -> bytes:
    request = urllib.request.Request(server.base_url + path)
    request.add_header("Authorization", f"Bearer {server.token('sam')}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
        return bytes(answer.read())


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> ServerProcess:
    """A demo on each of the two databases, in which ana has logged an hour."""
    return ServerProcess(tmp_path / "server", demo=True, database_url=database_url)


def test_s2_every_report_comes_in_every_form_and_sockets_go_on(server: ServerProcess) -> None:
    """S1, S2"""
    with server, AgentSocket(server.base_url) as socket:
        socket.hello(server.token("ana"))
        log = {"duration_seconds": 3600}
        assert server.call("POST", "/api/v1/cases/CAS-1001/time-logs", log, token=server.token("ana"))[0] == 201
        for report in REPORTS:
            path = f"/api/v1/reports/{report}"
            status, body = server.call("GET", path.rstrip("?&"), token=server.token("sam"))
            assert (status, bool(body)) == (200, True)
            rows = list(csv.DictReader(io.StringIO(_fetch(server, f"{path}format=csv").decode("utf-8-sig"))))
            assert "3600" in {row.get("total_seconds") or row.get("duration_seconds") for row in rows}, report
            assert ZipFile(io.BytesIO(_fetch(server, f"{path}format=xlsx"))).testzip() is None, report
            assert is_well(socket)
        assert _fetch(server, "/api/v1/tracker-records?format=csv").startswith(b"\xef\xbb\xbfid,case,")
        assert server.terminate() == 0
        assert "Traceback" not in server.log
