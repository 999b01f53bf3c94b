"""Which host this server answers to, and whose pages may use its cookies (X71, X72, X73)."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.config import ConfigError, from_environment
from tests.accounts.signing_in import PASSWORD, add_eva, form_token, served, sign_in
from tests.conftest import World
from tests.outside_client import AgentSocket, Refused
from tests.server_process import ServerProcess

SITE = "https://clock.example"
OURS = ("localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "192.0.2.7", "a.localhost")
FOREIGN = (
    *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "clock.example.evil"),
    *("clock.example@evil.example", "evil.example/clock.example", "evil.example#", "localhost,evil.example", "[::1"),
    *("", " ", "0x7f.1", "2130706433", "127.1", "localhost.", "evil.example:80:80"),
)


def _status(client: FlaskClient, host: str, path: str = "/sign-in") -> int:
    with client.get(path, headers={"Host": host}) as answer:
        assert "evil" not in answer.text, host
        return answer.status_code


@pytest.mark.parametrize("host", OURS)
def test_loopback_names_and_addresses_are_answered(world: World, host: str) -> None:
    """X72: nobody can point an address elsewhere."""
    assert _status(world.client(), host) == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_is_not_ours_is_refused_on_every_path(world: World, host: str) -> None:
    """X72: a name of an attacker that was pointed at this machine is none of ours (DNS rebinding)."""
    for path in ("/sign-in", "/api/v1/cases", "/healthz", "/nowhere", "/static/app.css"):
        assert _status(world.client("ada"), host, path) == 400, path


def test_the_names_that_the_operator_gave_are_answered(world: World) -> None:
    """X72"""
    client = served(world, public_url=SITE, trusted_hosts=frozenset({"clock.internal"}), host="Clock-1")

    assert [_status(client, host) for host in ("clock.example", "clock.internal:8000", "clock-1")] == [200] * 3
    assert [_status(client, host) for host in FOREIGN[:5]] == [400] * 5


def test_the_refusal_says_what_to_set(world: World) -> None:
    answer = world.client().get("/api/v1/cases", headers={"Host": "clock.example"})

    assert answer.content_type == "application/problem+json"
    assert "CASECLOCK_PUBLIC_URL" in answer.json["detail"]


def test_no_answer_names_the_host_that_the_client_sent(world: World) -> None:
    """X72: where one is sent on to is a path, so that no host can be slipped in; forwarded ones are not read."""
    add_eva(world)
    client = served(world, public_url=SITE)
    headers = {"Host": "clock.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}

    for path in ("/", "/workspace", "/sign-in?next=/hub"):
        answer = client.get(path, headers=headers)
        assert "evil" not in answer.text
        assert answer.headers.get("Location", "/").startswith("/"), path


# The origin of our own pages


def test_the_public_address_is_the_one_origin_whose_pages_may_use_the_cookie(world: World) -> None:
    """X71, X73: also behind a proxy that ends TLS, where the request itself came over http."""
    add_eva(world)
    client = served(world, public_url=SITE)
    behind = SITE.replace("https", "http")
    answer = client.post(
        "/sign-in",
        data={"csrf_token": form_token(client, base_url=behind), "username": "eva", "password": PASSWORD},
        base_url=behind,
    )
    assert answer.status_code == 302

    def report(origin: str) -> int:
        return client.post("/api/v1/agent/reports", data="{}", headers={"Origin": origin}, base_url=behind).status_code

    assert [report(origin) for origin in (SITE, SITE.upper())] == [400, 400], "let in, and told that {} is no report"
    for origin in (
        *("", "null", "http://clock.example", "https://clock.example:8443", "https://clock.example.evil", "file://"),
        *("https://evil.example", "https://sub.clock.example", "http://localhost", f"{SITE}, {SITE}", f"{SITE}/"),
    ):
        assert report(origin) == 403, origin


def test_a_session_of_the_plain_host_is_none_at_the_public_one(world: World) -> None:
    """The cookie of http has another name, so that it cannot be planted for https."""
    add_eva(world)
    plain = world.client()
    sign_in(plain)
    cookie = plain.get_cookie("caseclock")
    assert cookie is not None
    client = served(world, public_url=SITE)
    client.set_cookie("caseclock", cookie.value)

    assert client.get("/api/v1/cases", headers={"Host": "clock.example"}).status_code == 401


# What is set


@pytest.mark.parametrize("url", ["clock.example", "https://", "ftp://clock.example", "https://clock.example/path", "*"])
def test_a_public_address_that_is_no_origin_is_refused_at_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="CASECLOCK_PUBLIC_URL"):
        from_environment({"CASECLOCK_DATA_DIR": str(tmp_path), "CASECLOCK_PUBLIC_URL": url})


@pytest.mark.parametrize("hosts", ["https://clock.example", "clock.example:8000", "*", ".example", "a b/c"])
def test_a_trusted_host_that_is_no_name_is_refused_at_the_start(tmp_path: Path, hosts: str) -> None:
    with pytest.raises(ConfigError, match="CASECLOCK_TRUSTED_HOSTS"):
        from_environment({"CASECLOCK_DATA_DIR": str(tmp_path), "CASECLOCK_TRUSTED_HOSTS": hosts})


@pytest.mark.parametrize("proxies", ["-1", "11", "all", "1.5"])
def test_a_number_of_proxies_that_is_none_is_refused_at_the_start(tmp_path: Path, proxies: str) -> None:
    """X80"""
    with pytest.raises(ConfigError, match="CASECLOCK_TRUSTED_PROXIES"):
        from_environment({"CASECLOCK_DATA_DIR": str(tmp_path), "CASECLOCK_TRUSTED_PROXIES": proxies})


def test_all_of_it_can_be_set(tmp_path: Path) -> None:
    config = from_environment(
        {
            "CASECLOCK_DATA_DIR": str(tmp_path),
            "CASECLOCK_PUBLIC_URL": "https://Clock.example/",
            "CASECLOCK_TRUSTED_HOSTS": "Clock.internal, clock-1",
            "CASECLOCK_TRUSTED_PROXIES": "2",
        }
    )

    assert config.public_url == "https://clock.example"
    assert config.trusted_hosts == {"clock.internal", "clock-1"}
    assert config.trusted_proxies == 2


# As the real server reads it from the wire


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server")) as process:
        process.add_person("kim")
        yield process


def _raw(server: ServerProcess, head: str) -> tuple[int, str]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
        peer.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n")
        text = b""
        while chunk := peer.recv(65_536):
            text += chunk
    return int(text.split(b" ", 2)[1]), text.decode("latin-1")


def test_on_the_wire_a_foreign_host_is_refused_however_it_is_said(server: ServerProcess) -> None:
    """X72: by absolute address, twice, or not at all."""
    own = f"127.0.0.1:{server.port}"
    end = "Connection: close"
    assert _raw(server, f"GET /sign-in HTTP/1.1\nHost: {own}\n{end}")[0] == 200
    assert _raw(server, f"GET /sign-in HTTP/1.1\nHost: evil.example\n{end}")[0] == 400
    assert _raw(server, f"GET /sign-in HTTP/1.1\nHost: {own}\nHost: evil.example\n{end}")[0] == 400
    assert _raw(server, f"GET /sign-in HTTP/1.1\nHost: evil.example\nHost: {own}\n{end}")[0] == 400
    for head in (
        f"GET http://evil.example/workspace HTTP/1.1\nHost: {own}\n{end}",
        f"GET //evil.example/workspace HTTP/1.1\nHost: {own}\n{end}",
        f"GET /\\evil.example HTTP/1.1\nHost: {own}\n{end}",
        "GET /workspace HTTP/1.0",
    ):
        status, text = _raw(server, head)
        assert status in (302, 400, 404), head
        places = [line for line in text.splitlines() if line.lower().startswith("location:")]
        assert all(line.split(": ")[1].startswith("/sign-in") for line in places), head
        assert not any("//evil" in line for line in places), head


def test_on_the_wire_a_page_of_another_site_gets_no_socket_with_our_cookie(server: ServerProcess) -> None:
    """X72, X73: nor one of a name that was pointed at this machine, whose Origin and Host agree."""
    for headers in (
        ["Origin: https://evil.example"],
        ["Host: evil.example", "Origin: http://evil.example"],
        [f"Host: evil.example:{server.port}", f"Origin: http://evil.example:{server.port}"],
    ):
        with pytest.raises(Refused) as refused:
            AgentSocket(server.base_url, headers=headers, cookie="caseclock=x")
        assert refused.value.status in (400, 403), headers
