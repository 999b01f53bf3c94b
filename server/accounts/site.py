"""The site as browsers see it: its origin, the host names it answers to, its cookies, and who is calling from where.

`CASECLOCK_PUBLIC_URL` says all of it once: an https address makes cookies `Secure` with the `__Host-` prefix, is the
one origin whose pages may use them, and names the host. Without it the server is reached over http at a loopback name
or an IP address. Those are always answered: a name that an attacker owns can be pointed at this machine (DNS
rebinding), an address cannot. Every other host is refused.
"""

import ipaddress
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix

from server.config import Config
from server.i18n import _
from server.problems import Problem

_EXTENSION = "caseclock.site"
_COOKIE_PREFIX = "__Host-"


@dataclass(frozen=True, slots=True)
class Site:
    """`origin` is the public one, if it is known; `hosts` are answered beside loopback names and addresses."""

    origin: str | None
    hosts: frozenset[str]

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the site over https alone."""
        return self.origin is not None and self.origin.startswith("https:")

    def cookie(self, name: str) -> str:
        """The name of a cookie of ours: over https with the prefix that keeps other hosts from planting it."""
        return (_COOKIE_PREFIX if self.is_https else "") + name

    def set_cookie(self, answer: Response, name: str, value: str, *, max_age_s: int) -> None:
        """Put a cookie on an answer, kept from scripts and from other sites."""
        answer.set_cookie(
            self.cookie(name), value, max_age=max_age_s, secure=self.is_https, httponly=True, samesite="Lax"
        )


def install(app: Flask, config: Config) -> None:
    """Name the cookies, believe the operator's own proxies, and refuse hosts that are not ours."""
    public_host = urlsplit(config.public_url or "").hostname or ""
    found = Site(config.public_url, config.trusted_hosts | {config.host.lower(), public_host} - {""})
    app.extensions[_EXTENSION] = found
    app.config.update(
        SESSION_COOKIE_NAME=found.cookie("caseclock"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=found.is_https,
    )
    if config.trusted_proxies:
        nothing_else = {"x_proto": 0, "x_host": 0, "x_port": 0, "x_prefix": 0}
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, **nothing_else)  # type: ignore[method-assign]

    @app.before_request
    def _refuse_foreign_host() -> None:
        if "Host" in request.headers and not _is_answered(request.host, found.hosts):
            raise Problem(
                _(
                    "This server does not answer to that host: name it in CASECLOCK_PUBLIC_URL or"
                    " CASECLOCK_TRUSTED_HOSTS."
                )
            )


def site() -> Site:
    """The site of the current application."""
    return cast(Site, current_app.extensions[_EXTENSION])


def own_origin() -> str:
    """The origin of our own pages: the public one, or else the one that this request was sent to."""
    return site().origin or request.host_url.rstrip("/").lower()


def client_address() -> str:
    """The address that this request came from, as far as it can be believed."""
    address = request.remote_addr or ""
    return address if _is_address(address) else "unknown"


def network_of(address: str) -> str:
    """The network that counts as one client: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))


def _is_answered(host: str, hosts: frozenset[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or name in hosts or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
