"""The device cookie: a browser in which somebody signed in before is known again, also when it is signed out.

It lets nobody in. It says that wrong passwords which other clients try in somebody's name need not slow this browser
down (the "device cookies" that OWASP describes). It is signed and holds a random id and the ids of the people.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from server.accounts.site import site

LIFETIME_MS = 180 * 24 * 3600 * 1000
_NAME = "caseclock-device"
_MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Device:
    """A browser: its random id, and the ids of the people who signed in with it, the last one first."""

    id: str
    people: tuple[int, ...] = ()


def of_request(*, now: int) -> Device:
    """The device that this request comes from; a new one where there is no cookie, or one that is not ours."""
    text = request.cookies.get(site().cookie(_NAME), "")
    try:
        held: dict[str, Any] = _serializer().loads(text)
    except BadSignature:
        held = {"at": -LIFETIME_MS}
    if now - held["at"] >= LIFETIME_MS:
        return Device(secrets.token_urlsafe(12))
    return Device(held["id"], tuple(held["people"]))


def remember(answer: Response, device: Device, person_id: int, *, now: int) -> None:
    """Tell the browser that this person signed in with it."""
    others = tuple(one for one in device.people if one != person_id)
    known = replace(device, people=(person_id, *others)[:_MOST_PEOPLE])
    text = _serializer().dumps({"id": known.id, "people": known.people, "at": now})
    site().set_cookie(answer, _NAME, str(text), max_age_s=LIFETIME_MS // 1000)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="caseclock.device")
