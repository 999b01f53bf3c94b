"""A person in front of a page of the helpdesk. Every act returns the moment in which it was done."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Locator, Page

from e2e.chromium import Chromium, Control
from e2e.recorded import Expected
from e2e.stopwatch import Moment, Stopwatch
from e2e.waiting import until
from server.accounts.people import DEMO_PASSWORD

PATIENCE_S = 15.0
_FOCUSED = """() => {
    let on = document.activeElement;
    while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement;
    return on?.dataset.testid ?? on?.tagName ?? "";
}"""


class Desk:
    """One person at one page, `workspace` or `hub`, of a browser."""

    def __init__(self, who: str, chromium: Chromium, page: Page, base_url: str, stopwatch: Stopwatch) -> None:
        self.who = who
        self.chromium = chromium
        self.page = page
        self.base_url = base_url
        self.stopwatch = stopwatch
        self.patience_s = PATIENCE_S
        self.control = Control(page)
        page.set_default_timeout(PATIENCE_S * 1000)

    # Coming and going

    def signs_in(self, path: str = "/workspace") -> "Desk":
        """Through the real form, then on to a page."""
        self.page.goto(f"{self.base_url}/sign-in?next={quote(path)}")
        self["username"].fill(self.who)
        self["password"].fill(DEMO_PASSWORD)
        self["sign-in"].click()
        self.page.wait_for_url(f"**{path}")
        return self

    def goes_to(self, path: str) -> Moment:
        return self.does(f"goes to {path}", lambda: self.page.goto(self.base_url + path))

    def other_tab(self, path: str) -> "Desk":
        """The same person in another tab of the same window."""
        desk = self.at(self.chromium.new_tab())
        desk.page.goto(self.base_url + path)
        return desk

    def at(self, page: Page) -> "Desk":
        """The same person at another page of the same browser."""
        return Desk(self.who, self.chromium, page, self.base_url, self.stopwatch)

    def reloads(self) -> Moment:
        return self.does("reloads the page", lambda: self.page.reload(wait_until="commit"))

    def closes_the_page(self) -> Moment:
        return self.does("closes the page", self.page.close)

    def closes_the_last_page(self) -> Moment:
        """Another tab, which keeps the browser open, takes its place."""
        return self.does("opens another tab and closes this one", self._replaces_the_page)

    def crashes(self) -> Moment:
        return self.does("has the page crash", lambda: self.chromium.crash(self.page))

    def comes_to_the_front(self) -> Moment:
        return self.does("comes to the front", self.page.bring_to_front)

    # In the workspace and the hub

    def opens(self, ref: str) -> Moment:
        """A case from the list."""
        return self.clicks(f"case-row-{ref}", f"opens {ref}")

    def selects(self, ref: str) -> Moment:
        """The session tab of a case."""
        return self.clicks(f"session-tab-{ref}", f"selects the session of {ref}")

    def closes(self, ref: str) -> Moment:
        """The session of a case."""
        return self.clicks(f"close-session-tab-{ref}", f"closes the session of {ref}")

    def opens_record(self, entity: str, key: str) -> Moment:
        """A record that belongs to the case in front."""
        return self.clicks(f"open-{entity}-{key}", f"opens {entity} {key}")

    def selects_app_tab(self, name: str) -> Moment:
        return self.clicks(f"app-tab-{name}", f"selects the app tab {name}")

    def closes_app_tab(self, name: str) -> Moment:
        return self.clicks(f"close-app-tab-{name}", f"closes the app tab {name}")

    def chooses_form(self, form: str) -> Moment:
        return self.does(f"chooses the {form} form", lambda: self["form-select"].select_option(form))

    def resolves(self) -> Moment:
        """The case in front, through the dialog."""
        self["case-resolve"].click()
        return self.clicks("resolve-confirm", "resolves the case")

    def clicks(self, testid: str, what: str = "") -> Moment:
        return self.does(what or f"clicks {testid}", self[testid].click)

    def does(self, what: str, act: Callable[[], object]) -> Moment:
        return self.stopwatch.time(f"{self.who} {what}", act)

    # What is to be seen

    def __getitem__(self, testid: str) -> Locator:
        """What can be seen of a test id; panels that are not in front are hidden."""
        return self.page.get_by_test_id(testid).filter(visible=True)

    def runs(self, ref: str) -> None:
        """Wait until the page says by itself that this clock runs, and has delivered it."""
        self._says(f"the clock of {ref} runs", lambda line: line["running"] == ref and _delivered(line))

    def stands(self, reason: str) -> None:
        """Wait until the page says by itself why no clock runs, and has delivered it."""
        self._says(f"no clock runs: {reason}", lambda line: line["reason"] == reason and _delivered(line))

    def says(self, **facts: str) -> None:
        """Wait until the status line says this."""
        self._says(str(facts), lambda line: facts.items() <= line.items())

    def status(self) -> dict[str, Any]:
        """What the status line says now."""
        return self.page.evaluate("() => ({ ...document.querySelector('[data-testid=status-line]')?.dataset })")

    def focused(self) -> str:
        """The test id of what has the focus, across shadow roots; else the name of its element."""
        return self.page.evaluate(_FOCUSED)

    def seconds(self, testid: str) -> int | None:
        """The number that a part of the widget or a dialog shows, in seconds; None if it shows none yet."""
        text = self[testid].first.get_attribute("data-seconds")
        return None if text is None else int(text)

    def shows(self, testid: str, seconds: int) -> None:
        until(lambda: self.seconds(testid) == seconds, what=f"{testid} shows {seconds} s", poll_s=0.05)

    def worked(self, case: str, started: Moment, ended: Moment) -> Expected:
        return Expected(self.who, case, started, ended)

    def _replaces_the_page(self) -> None:
        self.chromium.new_tab()
        self.page.close()

    def _says(self, what: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        seen: dict[str, Any] = {}

        def holding() -> bool:
            nonlocal seen
            seen = self.status()
            return "reason" in seen and holds(seen)

        try:
            until(holding, timeout_s=self.patience_s, poll_s=0.05)
        except AssertionError:
            raise AssertionError(f"the page of {self.who} does not say: {what}; it says {seen}") from None


def _delivered(line: dict[str, Any]) -> bool:
    return line["connection"] == "online" and line["undelivered"] == "0"
