"""What a representative does all day, at one computer or two."""

from random import Random
from typing import TYPE_CHECKING

from tests.simulation.browser import Browser, front_of
from tests.simulation.faults import MINUTE, SECOND

if TYPE_CHECKING:
    from tests.simulation.world import World

CASES = tuple(f"CAS-{number}" for number in range(1001, 1009))
UNKNOWN_CASE = "OLD-1"
_APPS = ("workspace", "workspace", "workspace", "hub", "embed")
_PAUSES_MS = (200, SECOND, 3 * SECOND, 20 * SECOND, 45 * SECOND, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE)


class Representative:
    """Acts again and again until told to stop."""

    def __init__(self, world: "World", username: str, browsers: list[Browser], random: Random) -> None:
        self.world, self.username, self.browsers, self.random = world, username, browsers, random
        self.is_working = True
        world.timeline.after(random.randint(1, MINUTE), self._act)

    def _act(self) -> None:
        if not self.is_working:
            return
        browser = self.random.choice(self.browsers)
        if not browser.computer.asleep and browser.user == self.username:
            self._works(browser)
        self.world.timeline.after(round(self.random.choice(_PAUSES_MS) * (0.5 + self.random.random())), self._act)

    def _works(self, browser: Browser) -> None:
        """Do something; where input is looked at, with input before and after it, or with nothing but input."""
        is_watched = self.world.plan.idle_after_minutes > 0
        if is_watched:
            browser.touch()
        if not is_watched or self.random.random() < 0.6:
            self.do_something(browser)
            if is_watched and self.random.random() < 0.5:
                browser.touch()

    def do_something(self, browser: Browser) -> None:
        """One thing that people do."""
        random = self.random
        if not browser.pages:
            browser.open(random.choice(_APPS), self._some_front())
            return
        page = browser.windows[0][0]
        kind = random.random()
        if browser.is_locked or browser.is_minimised or not browser.is_in_front or browser.is_idle:
            if kind < 0.7:
                browser.is_locked = browser.is_minimised = browser.is_idle = False
                browser.is_in_front = True
                browser.tell()
        elif kind < 0.40:
            page.front = self._some_front()
            page.signal()
        elif kind < 0.55:
            page.front = {**page.front, **self._something_more()}
            page.signal("dialog" if random.random() < 0.1 else "")
        elif kind < 0.65:
            window = browser.windows[0]
            window.insert(0, window.pop(random.randrange(len(window))))
            browser.tell()
        elif kind < 0.70:
            browser.windows.insert(0, browser.windows.pop())
            browser.tell()
        elif kind < 0.75 and len(browser.pages) < 5:
            browser.open(random.choice(_APPS), self._some_front(), new_window=random.random() < 0.3)
        elif kind < 0.80:
            browser.is_in_front = False
            browser.tell()
        elif kind < 0.83:
            browser.is_minimised = True
            browser.tell()
        elif kind < 0.87:
            browser.is_locked = True
            browser.tell()
        elif kind < 0.90:
            browser.is_idle = True
            browser.tell()
        elif kind < 0.93:
            browser.close(random.choice(browser.pages))

    def _some_front(self) -> dict[str, object]:
        random = self.random
        case = random.choice(CASES) if random.random() < 0.95 else UNKNOWN_CASE
        kind = "inbox" if random.random() < 0.05 else "case"
        form = {"id": "main", "tracked": random.random() < 0.95, "widget": random.random() < 0.8}
        return front_of(case if random.random() < 0.95 else None, kind=kind, form=form)

    def _something_more(self) -> dict[str, object]:
        random = self.random
        other = random.choice(CASES)
        return random.choice(
            [
                {"app_tab": {"id": "t1", "entity": "knowledgearticle"}},
                {"app_tab": {"id": "t2", "entity": "incident", "case": other}},
                {"app_tab": None},
                {"form": {"id": "main", "tracked": True, "widget": True}},
                {"form": None},
            ]
        )
