"""The demo on invented work, a browser, and the one way a picture is taken: when the page stands still."""

import base64
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from server import migrate
from server.accounts.people import DEMO_PASSWORD
from server.audit import log as audit_log
from server.clock import system_clock
from server.db import Database
from tests.server_process import ServerProcess
from tools.screenshots import invented_work, palette

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
MOST_BYTES = 150_000

_CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

_PIXELS = """async (png) => {
    const picture = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    const { data } = canvas.getImageData(0, 0, picture.width, picture.height);
    const reader = new FileReader();
    const read = new Promise((done) => (reader.onload = () => done(reader.result.split(",")[1])));
    reader.readAsDataURL(new Blob([data]));
    return [picture.width, picture.height, await read];
}"""


class Studio:
    """Takes pictures of one server. `taken` are the names of those that were."""

    def __init__(self, server: ServerProcess, browser: Browser) -> None:
        self.server = server
        self.taken: list[str] = []
        self._browser = browser
        self._darkroom = browser.new_page()

    def sits_down(
        self,
        username: str,
        path: str,
        *,
        width: int = 1040,
        height: int = 660,
        scheme: Literal["light", "dark"] = "light",
        over: str = "",
    ) -> Page:
        """Somebody signs in at a browser of their own, at another address than the server's if `over` names one."""
        base_url = over or self.server.base_url
        context = self._browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{base_url}/sign-in?next={quote(path)}")
        page.fill("[name=username]", username)
        page.fill("[name=password]", DEMO_PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(base_url + path)
        return page

    def takes(self, of: Page | Locator, name: str) -> None:
        """Write `docs/images/NAME.png`: what is in view of a page, or one element of it."""
        taken = base64.b64encode(of.screenshot(animations="disabled")).decode()
        width, height, pixels = self._darkroom.evaluate(_PIXELS, taken)
        written = (IMAGES / f"{name}.png").write_bytes(palette.png(width, height, base64.b64decode(pixels)))
        if written > MOST_BYTES:
            raise ValueError(f"{name} has {written} bytes: show less of the page")
        self.taken.append(name)


@contextmanager
def opened() -> Iterator[Studio]:
    """A studio whose server is made anew, on a database of its own."""
    secret_key = secrets.token_urlsafe(32)
    with (
        tempfile.TemporaryDirectory(prefix="caseclock-pictures-") as name,
        _filled(Path(name), secret_key) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_FLAGS))
        yield Studio(server, browser)
        browser.close()


def _filled(folder: Path, secret_key: str) -> ServerProcess:
    server = ServerProcess(folder, demo=True, environment={"CASECLOCK_SECRET_KEY": secret_key})
    migrate.upgrade(server.database_url)
    database = Database(server.database_url)
    audit_log.seal_with(database, secret_key)
    database.write(lambda session: invented_work.fill(session, now=system_clock()))
    database.close()
    return server
