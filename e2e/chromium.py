"""A real Chromium, started by the test and taken as it is: its pages gain and lose focus as a person's do."""

import os
import shutil
import signal
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Error, Page, Playwright
from websocket import create_connection

from e2e.waiting import until

COMMAND = shutil.which("chromium") or "chromium"
START_S = 30.0
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--password-store=basic",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
)


class Chromium:
    """One browser with a profile of its own, which outlives it. `errors` holds what its pages complained about."""

    def __init__(self, profile: Path, *, display: str | None = None) -> None:
        self._profile = profile
        self._display = display
        self._process: subprocess.Popen[bytes] | None = None
        self._expected: list[str] = []
        self._browser: Browser | None = None
        self.errors: list[str] = []

    def launch(self) -> Self:
        """Start the process and do not wait for it; again, with the same profile, if it ran before."""
        self._profile.mkdir(parents=True, exist_ok=True)
        for left in (*self._profile.glob("Singleton*"), self._profile / "DevToolsActivePort"):
            left.unlink(missing_ok=True)
        headless = () if self._display else ("--headless=new",)
        with (self._profile.parent / f"{self._profile.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, *headless, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
                env={**os.environ, **({"DISPLAY": self._display} if self._display else {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def connect(self, playwright: Playwright) -> Self:
        """Take hold of it, without changing anything about its pages."""
        port = until(self._port, timeout_s=START_S, what="Chromium names its port")
        self._browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
        for page in self.pages:
            self._listen(page)
        self._browser.contexts[0].on("page", self._listen)
        return self

    @property
    def pages(self) -> list[Page]:
        assert self._browser is not None
        return self._browser.contexts[0].pages

    def first_page(self) -> Page:
        """The page it opened with."""
        page = until(lambda: self.pages[0] if self.pages else None, what="Chromium has a page")
        page.bring_to_front()
        return page

    def new_tab(self) -> Page:
        """Another tab in the same window, in front."""
        return self._browser_context.new_page()

    def new_window(self) -> Page:
        """Another window, in front."""
        assert self._browser is not None
        session = self._browser.new_browser_cdp_session()
        with self._browser_context.expect_page() as opened:
            session.send("Target.createTarget", {"url": "about:blank", "newWindow": True})
        session.detach()
        return opened.value

    def expects(self, *texts: str) -> None:
        """Errors whose text holds one of these belong to the test."""
        self._expected += texts

    def quit(self) -> None:
        """Quit the browser as a person does."""
        assert self._browser is not None
        with suppress(Error):
            self._browser.new_browser_cdp_session().send("Browser.close")
        self._wait()

    def kill(self) -> None:
        """End it at once, with all its processes, as a crash does."""
        if self._process is None:
            return
        self.strike()
        self._wait()

    def strike(self) -> None:
        """The kill alone, which any thread may do; `kill` clears up behind it."""
        self.send(signal.SIGKILL)

    def send(self, number: int) -> None:
        """Send a signal to all of its processes, if it runs."""
        assert self._process is not None
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def crash(self, page: Page) -> None:
        """End the process of one page. It cannot answer any more, so nobody may wait for its answer."""
        target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]
        socket = create_connection(f"ws://127.0.0.1:{self._port()}/devtools/page/{target}", suppress_origin=True)
        with closing(socket), page.expect_event("crash"):
            socket.send('{"id": 1, "method": "Page.crash"}')

    def unexpected_errors(self) -> list[str]:
        return [error for error in self.errors if not any(text in error for text in self._expected)]

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(START_S)
        if self._browser is not None:
            with suppress(Error):
                self._browser.close()
            self._browser = None

    def _port(self) -> str | None:
        assert self._process is not None
        assert self._process.poll() is None, "Chromium ended at its start"
        path = self._profile / "DevToolsActivePort"
        lines = path.read_text().split() if path.exists() else []
        return lines[0] if len(lines) == 2 else None

    @property
    def _browser_context(self) -> BrowserContext:
        assert self._browser is not None
        return self._browser.contexts[0]

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(f"page error at {page.url}: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location or {}
            self.errors.append(f"console error at {place.get('url', '')}: {message.text}")


class Control:
    """What a person, the system or fate does to one page, beyond its content."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession | None = None

    @property
    def session(self) -> CDPSession:
        if self._session is None:
            self._session = self._page.context.new_cdp_session(self._page)
        return self._session

    def minimise(self) -> None:
        self._window_state("minimized")

    def restore(self) -> None:
        self._window_state("normal")

    def grant_screen_lock(self) -> None:
        """Allow pages of this origin to see the lock of the screen."""
        origin = self._page.evaluate("location.origin")
        permission = {"permission": {"name": "idle-detection"}, "setting": "granted", "origin": origin}
        self.session.send("Browser.setPermission", permission)

    def lock_screen(self) -> None:
        self.session.send("Emulation.setIdleOverride", {"isUserActive": False, "isScreenUnlocked": False})

    def unlock_screen(self) -> None:
        self.session.send("Emulation.setIdleOverride", {"isUserActive": True, "isScreenUnlocked": True})

    def freeze(self) -> None:
        self.session.send("Page.setWebLifecycleState", {"state": "frozen"})

    def thaw(self) -> None:
        self.session.send("Page.setWebLifecycleState", {"state": "active"})

    def cut_network(self) -> None:
        self._network(offline=True)

    def mend_network(self) -> None:
        self._network(offline=False)

    def _network(self, *, offline: bool) -> None:
        self.session.send("Network.enable")
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.session.send("Network.emulateNetworkConditions", conditions)

    def _window_state(self, state: str) -> None:
        window = self.session.send("Browser.getWindowForTarget")["windowId"]
        self.session.send("Browser.setWindowBounds", {"windowId": window, "bounds": {"windowState": state}})
