"""Clients that are slow, silent, deaf, gone or too many, each on real sockets to a real server process.

The limits are small, so that their ends can be waited for; what is asserted is the outcome, never the time it took.
"""

import json
import signal
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.config import Limits
from tests.hostile.memory import rss_bytes
from tests.hostile.raw import CLOSE, TEXT, Peer, frame
from tests.hostile.silent import Silent
from tests.hostile.wire_fuzz import Innocent
from tests.outside_client import AgentSocket, Closed
from tests.server_process import ServerProcess
from tests.waiting import until

SMALL = (
    "hello_timeout_s=2 ping_interval_s=1.5 ping_timeout_s=1.5 write_timeout_s=1 request_head_s=1 request_body_s=1 "
    "keep_alive_s=2"
)
FEW = (
    "connections_before_hello=20 hello_timeout_s=30 messages_before_hello=4 hellos_burst=3 hellos_per_s=0.001 "
    "messages_burst=5 messages_per_s=0.5"
)
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ServerProcess]]:
    """Starts a demo server with these limits, once for each."""
    servers: dict[str, ServerProcess] = {}

    def start(limits: str, *, files: int | None = None) -> ServerProcess:
        key = f"{limits} {files}"
        if key not in servers:
            server = ServerProcess(
                tmp_path_factory.mktemp("server"),
                demo=True,
                environment={"CASECLOCK_LIMITS": limits},
                launcher=None if files is None else ["sh", "-c", f"ulimit -n {files} && exec {{serve}}"],
            )
            server.__enter__()
            for name in ("ana", "ben"):
                server.token(name)
            servers[key] = server
        return servers[key]

    yield start
    for server in servers.values():
        server.__exit__(None, None, None)


@pytest.fixture
def hasty(start: Callable[..., ServerProcess]) -> ServerProcess:
    return start(SMALL)


def is_gone(peer: Peer) -> bool:
    """Whether the server has ended the connection; what it says on the way is read."""
    peer.sock.setblocking(False)
    try:
        return not peer.sock.recv(65_536)
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_dead_peers_are_noticed_within_fifty_seconds() -> None:
    """X4: a ping after so long, and so long for its answer."""
    assert Limits().ping_interval_s + Limits().ping_timeout_s < 50


def test_a_thousand_sockets_that_never_say_hello_are_closed_and_others_are_served(hasty: ServerProcess) -> None:
    """X19: `python -m tests.hostile.silent` does it with ten thousand."""
    with Innocent(hasty, hasty.token("ben")) as ben:
        crowd = Silent(hasty.port, 900)
        while len(crowd):
            crowd.listen()
            ben.works()
    assert crowd.ends == {4408: 900}


def test_connections_that_never_send_a_request_are_closed(hasty: ServerProcess) -> None:
    """X7, X64: a descriptor is not to be had for a handshake alone."""
    with Innocent(hasty, hasty.token("ben")) as ben:
        crowd = Silent(hasty.port, 200, upgrade=False)
        while len(crowd):
            crowd.listen()
            ben.works()
    assert crowd.ends == {"cut": 200}


@pytest.mark.parametrize(
    "opening",
    [
        b"G",
        b"GET /agent HTTP/1.1\r\nHost: x\r\n",
        b"POST /api/v1/agent/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nAuthorization: Bearer %s\r\n\r\n",
        b"POST /api/v1/agent/reports HTTP/1.1\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer %s\r\n\r\n32\r\n",
    ],
    ids=["first line", "head", "body", "chunked body"],
)
def test_a_request_byte_by_byte_is_ended(hasty: ServerProcess, opening: bytes) -> None:
    """X7: slow-loris, however alive it is."""
    with socket.create_connection(("127.0.0.1", hasty.port)) as sock:
        sock.sendall(opening.replace(b"%s", hasty.token("ana").encode()))
        sock.settimeout(0.2)
        heard = []

        def ended() -> bool:
            try:
                sock.sendall(b"x")
                heard.append(sock.recv(65_536))
            except TimeoutError:
                return False
            except OSError:
                return True
            return not heard[-1]

        until(ended, what="the connection is over")
    assert b"".join(heard)[9:12] in (b"", b"400", b"408")
    assert "Traceback" not in hasty.log


def test_a_frame_byte_by_byte_holds_up_nobody_and_arrives(hasty: ServerProcess) -> None:
    """X7: on a socket that is signed in, any byte is a sign of life."""
    peer = Peer(hasty, "/agent")
    peer.say_hello(hasty.token("ana"))
    with Innocent(hasty, hasty.token("ben")) as ben:
        for byte in frame(TEXT, b'{"type":"ping","sent_at":7}'):
            peer.send(bytes((byte,)))
            ben.works()
    while True:
        opcode, payload = peer.read_frame()
        if opcode == TEXT:
            break
    assert json.loads(payload)["sent_at"] == 7
    peer.close()


def test_a_hello_byte_by_byte_is_closed_with_4408(hasty: ServerProcess) -> None:
    """X7, X19."""
    peer = Peer(hasty, "/agent")
    data = iter(frame(TEXT, b" " * 60_000))

    def ended() -> bool:
        try:
            peer.send(bytes((next(data),)))
        except OSError:
            return True
        return select_readable(peer.sock)

    until(ended, what="the server has something to say")
    while (heard := peer.read_frame()) is not None and heard[0] != CLOSE:
        pass
    assert heard is not None
    assert struct.unpack("!H", heard[1][:2])[0] == 4408
    peer.close()


def select_readable(sock: socket.socket) -> bool:
    sock.settimeout(0.05)
    try:
        return len(sock.recv(2, socket.MSG_PEEK)) == 2 and sock.recv(1, socket.MSG_PEEK) == b"\x88"
    except TimeoutError:
        return False
    finally:
        sock.settimeout(10)


def test_a_stopped_peer_is_noticed_and_gives_its_place_back(start: Callable[..., ServerProcess]) -> None:
    """X4: SIGSTOP; its computer answers for it, it does not."""
    server = start(SMALL + " connections=1")
    client = subprocess.Popen(
        [sys.executable, "-c", _CLIENT, server.base_url, server.token("ana")], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert client.stdout is not None
        assert client.stdout.readline() == b"welcome\n"
        client.send_signal(signal.SIGSTOP)

        def has_room() -> bool:
            with AgentSocket(server.base_url) as another:
                try:
                    another.hello(server.token("ben"))
                except Closed:
                    return False
            return True

        until(has_room, what="the place of the stopped one is free")
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


ROOT = Path(__file__).resolve().parents[2]
_CLIENT = """
import sys
from tests.outside_client import AgentSocket
socket = AgentSocket(sys.argv[1])
socket.hello(sys.argv[2])
print("welcome", flush=True)
sys.stdin.read()
while True:
    socket.pump()
"""


def test_a_peer_that_reads_nothing_while_answers_queue_is_closed(start: Callable[..., ServerProcess]) -> None:
    """X5: it sends on, it is alive, and its answers go nowhere."""
    server = start("write_timeout_s=1 messages_per_s=1000000 messages_burst=1000000")
    assert server.process is not None
    before = rss_bytes(server.process.pid)
    deaf = Peer(server, "/agent", receive_buffer_bytes=4096)
    deaf.say_hello(server.token("ana"))
    deaf.sock.settimeout(0.2)
    nonsense = frame(TEXT, b"x") * 4_000 + frame(TEXT, b'{"type":"watch","case":"CAS-1001"}') * 20

    def is_closed() -> bool:
        try:
            deaf.sock.sendall(nonsense)
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    with Innocent(server, server.token("ben")) as ben:
        until(lambda: (ben.works(), is_closed())[1], timeout_s=60, what="the deaf one is closed")
    assert rss_bytes(server.process.pid) - before < 10 * MEGABYTE
    deaf.close()


def test_more_connections_than_the_server_takes_are_answered_at_once(start: Callable[..., ServerProcess]) -> None:
    """X18: those before their hello count too, so that silence fills no server."""
    server = start(FEW)
    crowd = Silent(server.port, 25)
    until(lambda: (crowd.listen(), sum(crowd.ends.values()) >= 5)[1], what="five are answered")
    assert crowd.ends == {4429: 5}
    crowd.close()


def test_only_so_many_messages_are_read_before_a_hello(start: Callable[..., ServerProcess]) -> None:
    """X19: each is an answer in words, and then the socket is closed without waiting for the time-out."""
    with AgentSocket(start(FEW).base_url) as stranger:
        for _ in range(4):
            stranger.send_text("nonsense")
        assert [stranger.next()["code"] for _ in range(4)] == ["bad_message"] * 4
        assert stranger.close_code() == 4408


def test_nonsense_counts_and_reconnects_do_too(start: Callable[..., ServerProcess]) -> None:
    """X6, X17: what is no report takes from the same bucket; who comes again too often is told to wait."""
    server = start(FEW)
    with AgentSocket(server.base_url) as ana:
        ana.hello(server.token("ana"))
        for text in ("nonsense", '{"type":"ping","sent_at":1}', '{"type":"watch","case":"CAS-9999"}') * 3:
            ana.send_text(text)
        codes = [message.get("code", message["type"]) for message in (ana.next() for _ in range(6))]
        assert codes.count("rate_limited") >= 1
        assert {"bad_message", "pong"} <= set(codes)
        for _ in range(2):
            with AgentSocket(server.base_url) as another:
                another.hello(server.token("ana"))
        with AgentSocket(server.base_url) as one_too_many, pytest.raises(Closed) as closed:
            one_too_many.hello(server.token("ana"))
        assert closed.value.code == 4429
        with AgentSocket(server.base_url) as ben:
            ben.hello(server.token("ben"))


def test_a_server_without_descriptors_says_so_goes_on_and_recovers(start: Callable[..., ServerProcess]) -> None:
    """X64: what it cannot take is answered with 503; the database and everybody inside go on."""
    server = start(SMALL.replace("hello_timeout_s=2", "hello_timeout_s=30"), files=168)
    with Innocent(server, server.token("ben")) as ben:
        crowd = Silent(server.port, 100)
        until(lambda: (crowd.listen(), crowd.ends[503] > 0)[1], what="those too many are answered")
        ben.works()
        assert set(crowd.ends) == {503}
        assert "raise the limit" in server.log
        crowd.close()
        until(lambda: server.call("GET", "/readyz")[0] == 200, what="it takes connections again")
        ben.works()
    assert "Traceback" not in server.log


@pytest.mark.parametrize("limits", [SMALL, "request_body_s=600"], ids=["by its time", "by its size"])
def test_a_body_without_end_starves_nobody_and_is_cut(start: Callable[..., ServerProcess], limits: str) -> None:
    """X8, X86: a terabyte is announced, refused, and sent as fast as it goes."""
    server = start(limits)
    assert server.process is not None
    before = rss_bytes(server.process.pid)
    head = f"POST /api/v1/cases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {10**12}\r\n"
    with (
        socket.create_connection(("127.0.0.1", server.port)) as sock,
        Innocent(server, server.token("ben")) as ben,
    ):
        sock.sendall(f"{head}Authorization: Bearer {server.token('ana')}\r\n\r\n".encode())
        sock.settimeout(0.05)

        def ended() -> bool:
            try:
                for _ in range(100):
                    sock.send(b" " * 100_000)
            except TimeoutError:
                return False
            except OSError:
                return True
            return False

        until(lambda: (ben.works(), ended())[1], timeout_s=30, what="the connection is cut")
    assert rss_bytes(server.process.pid) - before < 10 * MEGABYTE


def test_twenty_megabytes_to_every_route_are_refused_in_words(hasty: ServerProcess) -> None:
    """X86."""
    _, document = hasty.call("GET", "/api/v1/openapi.json", token=hasty.token("ana"))
    body = b'{"title": "' + b"x" * 20_000_000 + b'"}'
    for path, item in document["paths"].items():
        address = path.format(ref="CAS-1001", entry_id=1, username="ana", purge_id=1)
        for method in {"post", "put", "patch", "delete", "get"} & set(item):
            status, answer = hasty.call(method.upper(), address, body, token=hasty.token("ana"))
            assert status < 500, (method, path)
            if "requestBody" in item[method]:
                assert status in (403, 413), (method, path)
                assert answer["status"] == status
    assert "Traceback" not in hasty.log


def test_a_head_without_end_is_refused(hasty: ServerProcess) -> None:
    """X86: a hundred headers of 64 KiB each."""
    with socket.create_connection(("127.0.0.1", hasty.port)) as sock:
        sock.settimeout(10)
        sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        try:
            for number in range(100):
                sock.sendall(b"X-%d: " % number + b"x" * 60_000 + b"\r\n")
            answer = sock.recv(100)
        except ConnectionError:
            answer = b""
    assert answer[9:12] in (b"431", b"")
    assert hasty.call("GET", "/healthz")[0] == 200


def test_a_deflate_bomb_is_never_inflated(hasty: ServerProcess) -> None:
    """X12: 300 MB in 290 kB, as a frame with RSV1 that was never agreed on, and as an encoded body."""
    assert hasty.process is not None
    before = rss_bytes(hasty.process.pid)
    bomb = zlib.compress(bytes(300_000_000), 9)
    assert len(bomb) < 300_000
    peer = Peer(hasty, "/agent", headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
    assert b"permessage-deflate" not in peer.answer
    peer.say_hello(hasty.token("ana"))
    peer.send(frame(TEXT, bomb[:60_000], reserved=0x40))
    assert peer.read_close_code() == 1002
    peer.close()
    for encoding in ("deflate", "gzip"):
        headers = {"Content-Encoding": encoding}
        for path in ("/api/v1/agent/reports", "/api/v1/cases"):
            for data in (bomb, bomb[:60_000]):
                status, _ = hasty.call("POST", path, data, token=hasty.token("ana"), headers=headers)
                assert status in (400, 413)
    assert rss_bytes(hasty.process.pid) - before < 10 * MEGABYTE


def test_reconnects_in_a_storm_leave_nothing_behind(hasty: ServerProcess) -> None:
    """X17: by one representative, who is told to wait, while another one works."""
    with Innocent(hasty, hasty.token("ben")) as ben:
        for _ in range(10):
            storm = [Peer(hasty, "/agent") for _ in range(50)]
            for peer in storm:
                peer.say_hello(hasty.token("ana"))
                peer.close()
            ben.works()

    def left() -> int:
        _, text = hasty.call("GET", "/metrics")
        line = next(line for line in str(text).splitlines() if line.startswith("caseclock_agents "))
        return int(float(line.split()[1]))

    until(lambda: left() == 0, what="every place is free again")
