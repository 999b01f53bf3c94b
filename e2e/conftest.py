"""The world of one browser test: a fresh server process, named people at real browsers, and what was recorded."""

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from e2e.chromium import Chromium
from e2e.desk import Desk
from e2e.host_page import HostPage
from e2e.recorded import Recorded
from e2e.road import Road
from e2e.stopwatch import Stopwatch, now_ms
from e2e.warm import Spare
from server import demo_data, migrate
from server.accounts.people import by_username
from server.accounts.tokens import issue_token
from server.audit import log as audit_log
from server.db import Database
from tests.server_process import ServerProcess

DATABASE = "caseclock.sqlite3"
SECRET_KEY = secrets.token_urlsafe(32)
_PEOPLE = ("ana", "ben", "sam", "ada")
_TROUBLE = re.compile(r"^\S+ \S+ (?:ERROR|CRITICAL) .*|^Traceback .*", re.MULTILINE)


class DemoServer(ServerProcess):
    """`caseclock demo` on a copy of a prepared database, whose tokens are known."""

    def __init__(self, folder: Path, tokens: dict[str, str], environment: dict[str, str]) -> None:
        super().__init__(folder, demo=True, environment=environment)
        self._known = tokens

    def token(self, username: str) -> str:
        return self._known[username]

    def asks(self, who: str, method: str, path: str, body: object = None) -> dict:
        """A call by somebody that must succeed."""
        status, answer = self.call(method, path, body, token=self.token(who))
        assert 200 <= status < 300, answer
        return answer

    def sets(self, **settings: object) -> None:
        """Change tracking settings, as an administrator."""
        self.asks("ada", "PATCH", "/api/v1/settings/tracking", settings)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A demo database to copy, and the tokens of its people."""
    path = tmp_path_factory.mktemp("prepared") / DATABASE
    url = f"sqlite:///{path}"
    migrate.upgrade(url)
    database = Database(url)
    audit_log.seal_with(database, SECRET_KEY)
    database.write(lambda session: demo_data.fill(session, now=now_ms()))
    tokens = {
        name: database.write(lambda session, name=name: issue_token(session, by_username(session, name), now=now_ms()))
        for name in _PEOPLE
    }
    database.close()
    return path, tokens


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture
def seconds_per_minute(request: pytest.FixtureRequest) -> float:
    """How many real seconds a minute of the update interval lasts: `@pytest.mark.parametrize` it, indirectly."""
    return getattr(request, "param", 60)


@pytest.fixture(scope="session")
def new_server(
    tmp_path_factory: pytest.TempPathFactory, prepared: tuple[Path, dict[str, str]], foreign_helpdesk: HostPage
) -> Callable[..., DemoServer]:
    """Starts a demo of its own, on a copy of the prepared database."""
    database, tokens = prepared

    def start(seconds_per_minute: float = 60) -> DemoServer:
        folder = tmp_path_factory.mktemp("server")
        shutil.copy(database, folder / DATABASE)
        environment = {
            "CASECLOCK_SECONDS_PER_MINUTE": str(seconds_per_minute),
            "CASECLOCK_ALLOWED_ORIGINS": foreign_helpdesk.origin,
            "CASECLOCK_SECRET_KEY": SECRET_KEY,
        }
        server = DemoServer(folder, tokens, environment)
        server.start()
        return server

    return start


@pytest.fixture(scope="session")
def spare_server(new_server: Callable[..., DemoServer]) -> Iterator[Spare[DemoServer]]:
    with Spare(new_server, end=DemoServer.kill) as spare:
        yield spare


@pytest.fixture
def server(
    new_server: Callable[..., DemoServer],
    spare_server: Spare[DemoServer],
    seconds_per_minute: float,
    request: pytest.FixtureRequest,
) -> Iterator[DemoServer]:
    """The demo, in a folder and on a port of its own. Trouble in its log fails the test."""
    running = spare_server.take() if seconds_per_minute == 60 else new_server(seconds_per_minute)
    yield running
    if running.is_running:
        running.kill()
    if request.node.stash.get(_FAILED, False):
        print(f"--- the log of the server ---\n{running.log}")
    else:
        assert not _TROUBLE.findall(running.log), running.log


@pytest.fixture(scope="session")
def foreign_helpdesk() -> Iterator[HostPage]:
    with HostPage() as running:
        yield running


@pytest.fixture
def host_page(foreign_helpdesk: HostPage, server: DemoServer) -> Callable[[str], str]:
    """The address of a foreign helpdesk at which somebody is known by their token."""
    return lambda who: foreign_helpdesk.shows(server.base_url, server.token(who))


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def recorded(server: DemoServer, stopwatch: Stopwatch) -> Recorded:
    return Recorded(server, stopwatch)


@pytest.fixture(scope="session")
def spare_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spare[Chromium]]:
    def launch() -> Chromium:
        return Chromium(tmp_path_factory.mktemp("browser") / "profile").launch()

    with Spare(launch, end=Chromium.kill) as spare:
        yield spare


@pytest.fixture
def chromium(
    tmp_path: Path, playwright: Playwright, spare_browser: Spare[Chromium], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Chromium]]:
    """Starts browsers by name; the same name is the same profile. Errors of their pages fail the test."""
    started: dict[str, Chromium] = {}

    def start(name: str, *, display: str | None = None) -> Chromium:
        if name in started:
            return started[name].launch().connect(playwright)
        browser = Chromium(tmp_path / name, display=display).launch() if display else spare_browser.take()
        started[name] = browser
        return browser.connect(playwright)

    yield start
    for browser in started.values():
        browser.kill()
    if not request.node.stash.get(_FAILED, False):
        assert [error for browser in started.values() for error in browser.unexpected_errors()] == []


@pytest.fixture
def sits_down(server: DemoServer, chromium: Callable[..., Chromium], stopwatch: Stopwatch) -> Callable[..., Desk]:
    """Somebody sits down at a browser of their own and signs in."""

    def sit(
        who: str,
        path: str = "/workspace",
        *,
        at: str | None = None,
        display: str | None = None,
        over: str | None = None,
    ) -> Desk:
        browser = chromium(at or who, display=display)
        return Desk(who, browser, browser.first_page(), over or server.base_url, stopwatch).signs_in(path)

    return sit


@pytest.fixture
def road(server: DemoServer) -> Iterator[Road]:
    """Another way to the server, which the test can block. Sit down `over=road.base_url`."""
    with Road(server.port) as open_road:
        yield open_road


@pytest.fixture
def ana(sits_down: Callable[..., Desk]) -> Desk:
    return sits_down("ana")


@pytest.fixture
def ben(sits_down: Callable[..., Desk]) -> Desk:
    return sits_down("ben")


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Remember a failure, so that its consequences are not reported beside it."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report
