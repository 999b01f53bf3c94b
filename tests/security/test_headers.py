"""What every answer tells the browser not to do with it."""

import pytest

from tests.accounts.signing_in import served
from tests.conftest import World
from tests.security.routes import routes


def _policy(text: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in text.split(";"))


def test_every_answer_is_kept_from_being_guessed_framed_and_read_elsewhere(world: World) -> None:
    for who in ("ada", None):
        for route in routes(world.app):
            with world.client(who).open(route.address(), method=route.method) as answer:
                headers = answer.headers
                assert headers["X-Content-Type-Options"] == "nosniff", route
                assert headers["Referrer-Policy"] == "same-origin", route
                policy = _policy(headers["Content-Security-Policy"])
                assert policy["default-src"] == "'none'", route
                assert policy["frame-ancestors"] == "'self'", route
                assert policy["base-uri"] == policy["object-src"] == "'none'", route
                assert policy["form-action"] in ("'self'", "'none'"), route
                shared = route.endpoint == "web.client"
                assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if shared else "same-origin"), route
                assert "Server" not in headers, route
                if route.endpoint not in ("web.static", "web.client"):
                    assert headers["Cache-Control"] == "no-store", route


@pytest.mark.parametrize(
    "page", ["/sign-in", "/workspace", "/hub", "/supervisor", "/reports", "/admin", "/audit", "/account"]
)
def test_a_page_runs_and_loads_its_own_files_alone(world: World, page: str) -> None:
    headers = world.client("ada").get(page).headers
    policy = _policy(headers["Content-Security-Policy"])

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "object-src": "'none'",
        "frame-ancestors": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
    }
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_page_may_ask_whether_the_screen_is_locked_and_for_nothing_else(world: World) -> None:
    """F7: without it the agent could not see a locked screen."""
    features = [one.strip() for one in world.client("ana").get("/workspace").headers["Permissions-Policy"].split(",")]

    assert "idle-detection=(self)" in features
    assert {"camera=()", "microphone=()", "geolocation=()", "usb=()", "payment=()"} <= set(features)
    assert [one for one in features if not one.endswith("=()")] == ["idle-detection=(self)"]


def test_over_https_the_browser_is_told_to_stay_there(world: World) -> None:
    client = served(world, public_url="https://clock.example")
    for path in ("/sign-in", "/api/v1/cases", "/static/app.css", "/nowhere"):
        with client.get(path, headers={"Host": "clock.example"}) as answer:
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path
        with world.client().get(path) as answer:
            assert "Strict-Transport-Security" not in answer.headers, path


def test_an_error_page_and_a_problem_carry_them_too(world: World) -> None:
    for path, accept in (("/nowhere", "text/html"), ("/api/v1/nowhere", "*/*")):
        headers = world.client("ana").get(path, headers={"Accept": accept}).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert _policy(headers["Content-Security-Policy"])["default-src"] == "'none'"
