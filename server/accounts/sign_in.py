"""Checking a name and a password, for whoever sits at the door of this server.

Failures are counted in three ways, for who guesses one password from one place, many from one place, and one from
many places. None of them can keep a person out of a browser in which they signed in before: that one has a count
of its own and no other. At most two passwords are hashed at a time, and at most 32 wait for that.
"""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from flask import Flask, current_app
from sqlalchemy import update

from server.accounts import passwords, security_log
from server.accounts.device import Device
from server.accounts.models import Person
from server.accounts.people import DEMO_PASSWORD, by_username, is_username, password_is_right
from server.accounts.refusals import Refusals
from server.accounts.site import network_of
from server.accounts.throttle import Allowance, FailedTries
from server.db import Database, offload
from server.i18n import _, ngettext

MOST_KEYS = 20_000
HASHING_AT_ONCE = 2
MOST_WAITING = 32
BUSY_RETRY_MS = 5_000

BY_CLIENT = Allowance(free=5, first_wait_ms=2_000, longest_wait_ms=300_000)
BY_NETWORK = Allowance(free=100, first_wait_ms=1_000, longest_wait_ms=30_000)
BY_NAME = Allowance(free=20, first_wait_ms=1_000, longest_wait_ms=60_000)

_EXTENSION = "caseclock.sign_in"


class Refused(Exception):
    """Nobody was signed in: the HTTP status, what to tell them, and after how long it is worth trying again."""

    def __init__(self, status: HTTPStatus, detail: str, *, retry_after_ms: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = -(-retry_after_ms // 1000)


@dataclass(frozen=True, slots=True)
class _Try:
    """One name and password from one client at an instant; `person` is who the name belongs to."""

    username: str
    person: Person | None
    device: Device
    address: str
    at: int

    @property
    def is_from_known_device(self) -> bool:
        return self.person is not None and self.person.id in self.device.people

    @property
    def keys(self) -> list[tuple[Hashable, Allowance]]:
        """What a failure counts against. The first key is this client's alone."""
        if self.is_from_known_device:
            return [(("device", self.username, self.device.id), BY_CLIENT)]
        network = network_of(self.address)
        return [
            (("client", self.username, network), BY_CLIENT),
            (("network", network), BY_NETWORK),
            (("name", self.username), BY_NAME),
        ]


class Door:
    """The failures of one server process, and how many passwords it hashes at a time."""

    def __init__(self) -> None:
        self.failed = FailedTries(most=MOST_KEYS)
        self.refusals = Refusals()
        self._hashing = threading.BoundedSemaphore(HASHING_AT_ONCE)
        self._places = threading.BoundedSemaphore(HASHING_AT_ONCE + MOST_WAITING)

    def check(
        self,
        database: Database,
        username: str,
        password: str,
        *,
        device: Device,
        address: str,
        now: int,
        is_demo: bool,
    ) -> Person:
        """The active person whose name and password these are, or `Refused`."""
        person = database.read(lambda session: by_username(session, username))
        # A name that nobody has is counted as one that somebody has: otherwise the waits would tell which is which.
        tried = _Try(username if is_username(username) else "", person, device, address, now)
        self._let_through(tried)
        if not self._is_right(tried, password) or person is None or not person.active:
            raise self._refused(
                tried, "wrong", HTTPStatus.UNAUTHORIZED, _("That name and password do not fit together.")
            )
        if password == DEMO_PASSWORD and not is_demo:
            text = _("The demo password works in the demo only. Ask an administrator for one.")
            raise self._refused(tried, "demo password", HTTPStatus.UNAUTHORIZED, text)
        client, *shared = (key for key, _allowance in tried.keys)
        self.failed.forget(client)
        for key in shared:
            self.failed.forgive(key)
        if passwords.is_outdated(person.password_hash):
            self._hash_again(database, person, password)
        return person

    def hash_of(self, password: str) -> str:
        """The hash of a new password, made when it is its turn."""
        with self._hashing:
            return offload(lambda: passwords.hash_of(password))

    def _let_through(self, tried: _Try) -> None:
        """Count this try as failed before its password is looked at, so that many at once are not one."""
        wait_ms = self.failed.wait_ms(tried.keys, now=tried.at)
        if wait_ms:
            text = ngettext(
                "Too many tries. Wait %(number)s second, then try again.",
                "Too many tries. Wait %(number)s seconds, then try again.",
                -(-wait_ms // 1000),
            )
            raise self._refused(tried, "throttled", HTTPStatus.TOO_MANY_REQUESTS, text, retry_after_ms=wait_ms)
        for key, _allowance in tried.keys:
            self.failed.charge(key, now=tried.at)

    def _is_right(self, tried: _Try, password: str) -> bool:
        if not self._places.acquire(blocking=False):
            for key, _allowance in tried.keys:
                self.failed.forgive(key)
            text = _("Many people are signing in at this moment. Try again in a few seconds.")
            raise self._refused(tried, "busy", HTTPStatus.SERVICE_UNAVAILABLE, text, retry_after_ms=BUSY_RETRY_MS)
        try:
            with self._hashing:
                return password_is_right(tried.person, password)
        finally:
            self._places.release()

    def _refused(
        self, tried: _Try, reason: str, status: HTTPStatus, detail: str, *, retry_after_ms: int = 0
    ) -> Refused:
        # What was typed as a name that nobody has may be a password: it is not logged.
        name = tried.username if tried.person else "(unknown)"
        security_log.refused("sign_in.refused", username=name, address=tried.address, reason=reason)
        self.refusals.count(name, network_of(tried.address), reason, now=tried.at)
        return Refused(status, detail, retry_after_ms=retry_after_ms)

    def _hash_again(self, database: Database, person: Person, password: str) -> None:
        """Store the password under the parameters of today, unless it was changed meanwhile."""
        new = self.hash_of(password)
        same = update(Person).where(Person.id == person.id, Person.password_hash == person.password_hash)
        database.write(lambda session: session.execute(same.values(password_hash=new)))


def install(app: Flask) -> None:
    """Give the application its door."""
    app.extensions[_EXTENSION] = Door()


def door() -> Door:
    """The door of the current application."""
    return cast(Door, current_app.extensions[_EXTENSION])
