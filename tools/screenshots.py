"""Takes the pictures of README and docs from the running product: `make screenshots`.

Starts a demo of its own on a fresh database, lets two representatives work for some minutes of the past, opens the
pages in Chromium as a person would, and writes `docs/images/*.png`.
"""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from server.accounts.people import DEMO_PASSWORD
from server.clock import system_clock
from tests.reports_of_agents import Page as AgentPage
from tests.server_process import ServerProcess

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

MINUTE_MS = 60_000
_WORK = (
    ("ana", (("CAS-1001", 14), ("CAS-1003", 9), ("CAS-1001", 6))),
    ("ben", (("CAS-1001", 11), ("CAS-1005", 17))),
)


def main() -> None:
    """Make every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="caseclock-pictures-") as folder,
        ServerProcess(Path(folder), demo=True) as server,
        sync_playwright() as playwright,
    ):
        _work(server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        _workspace(browser, server, "light", "workspace.png")
        _workspace(browser, server, "dark", "workspace-dark.png")
        _page(browser, server, "sam", "/supervisor?representative=ana", "supervision.png")
        _page(browser, server, "ada", "/admin", "administration.png")
        browser.close()


def _work(server: ServerProcess) -> None:
    """What ana and ben did in the last half hour, as their browsers would have reported it."""
    now = system_clock()
    for username, stretches in _WORK:
        token = server.token(username)
        start = now - (sum(minutes for _, minutes in stretches) + 2) * MINUTE_MS
        page = AgentPage(start)
        for case, minutes in stretches:
            page.works(start, start + minutes * MINUTE_MS, case)
            start += minutes * MINUTE_MS + 20_000
        server.call("POST", "/api/v1/agent/reports", page.report(now), token=token)
    token = server.token("ana")
    for case in ("CAS-1001", "CAS-1003", "CAS-1005"):
        server.call("POST", f"/api/v1/cases/{case}/handling-time/refresh", token=token)
    log = {"duration_seconds": 900, "description": "Asked the tax office which rate applies"}
    server.call("POST", "/api/v1/cases/CAS-1001/time-logs", log, token=token)


def _workspace(browser: Browser, server: ServerProcess, scheme: str, name: str) -> None:
    page = _signed_in(browser, server, "ana", scheme)
    page.get_by_test_id("case-row-CAS-1001").click()
    widget = page.locator("handling-time")
    widget.locator("[data-testid=state][data-sign=running]").wait_for()
    page.screenshot(path=IMAGES / name)
    if scheme == "light":
        widget.get_by_test_id("panel").screenshot(path=IMAGES / "widget.png")
    page.context.close()


def _page(browser: Browser, server: ServerProcess, username: str, path: str, name: str) -> None:
    page = _signed_in(browser, server, username, "light")
    page.goto(server.base_url + path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / name)
    page.context.close()


def _signed_in(browser: Browser, server: ServerProcess, username: str, scheme: str) -> Page:
    context = browser.new_context(viewport={"width": 1360, "height": 850}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(server.base_url + "/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    return page


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"{len(list(IMAGES.glob('*.png')))} pictures in {IMAGES.name}/ after {time.monotonic() - began:.0f} s")
