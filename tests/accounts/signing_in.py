"""Signing in as a browser does: the form with its token, the cookie that comes back."""

import re
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.accounts.people import add_person
from server.app import create_app
from tests.conftest import World

PASSWORD = "correct horse battery staple"
LOOPBACK = "127.0.0.1"


def add_eva(world: World, username: str = "eva", *, role: str = "representative") -> None:
    """Add somebody who has a password."""
    world.ids[username] = world.write(
        lambda session: add_person(session, username, role=role, password=PASSWORD, now=world.clock.now).id
    )


def served(world: World, **changes: Any) -> FlaskClient:
    """A client of the same database under a server that is configured otherwise, and is no demo."""
    return create_app(replace(world.config, demo=False, **changes), now=world.clock).test_client()


def form_token(client: FlaskClient, url: str = "/sign-in", **environ: Any) -> str:
    """The token in the first form of that page."""
    page = client.get(url, **environ).text
    field = re.search(r'<input[^>]*name="csrf_token"[^>]*>', page)
    assert field, page
    found = re.search(r'value="([^"]+)"', field[0])
    assert found
    return found[1]


def sign_in(
    client: FlaskClient, username: str = "eva", password: str = PASSWORD, *, address: str = LOOPBACK, **more: str
) -> TestResponse:
    """Fill in the form and send it, from that address."""
    client.environ_base["REMOTE_ADDR"] = address
    form = {"csrf_token": form_token(client), "username": username, "password": password, **more}
    return client.post("/sign-in", data=form)


def csrf_of(client: FlaskClient) -> str:
    """The token that unsafe requests of this client's session must carry."""
    with client.session_transaction() as session:
        return str(session["csrf"])


def signed_in(world: World, username: str = "eva") -> FlaskClient:
    """A client that signed in on the page and sends its CSRF header."""
    client = world.client()
    answer = sign_in(client, username)
    assert answer.status_code == 302, answer.text
    client.environ_base["HTTP_X_CSRF_TOKEN"] = csrf_of(client)
    return client
