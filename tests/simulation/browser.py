"""A browser on a computer: windows with pages, the storage they share, and what happens to them."""

from typing import TYPE_CHECKING, Any

from tests.simulation.agent import NOTHING_IN_FRONT, Agent
from tests.simulation.network import Network
from tests.simulation.outbox import Saved, Storage
from tests.simulation.virtual import Computer

if TYPE_CHECKING:
    from tests.simulation.world import World


class Browser:
    """One profile. The first page of each window is the one in front; the first window has the focus.

    Some never tell that they stood still (`tells_suspend`): the server has to see it by itself.
    """

    def __init__(self, world: "World", computer: Computer, user: str, *, tells_suspend: bool) -> None:
        self.world, self.computer, self.user = world, computer, user
        self.network = Network(world)
        self.storage = Storage()
        self.tells_suspend = tells_suspend
        self.who_was_here: str | None = None
        self.held: set[str] = set()
        self.windows: list[list[Agent]] = []
        self.put_aside: list[Agent] = []
        self.is_in_front = True
        self.is_minimised = self.is_locked = self.is_idle = False
        self._streams = 0

    # -- what agents ask

    def new_stream(self, agent: Agent) -> str:
        """A fresh name, held for as long as its page lives."""
        self._streams += 1
        stream = f"{self.world.browsers.index(self)}-{self._streams:05}"
        self.held.discard(agent.stream)
        self.held.add(stream)
        return stream

    def facts_of(self, agent: Agent) -> dict[str, Any]:
        visible = not self.is_minimised and any(window[0] is agent for window in self.windows if window)
        focused = visible and self.is_in_front and bool(self.windows[0]) and self.windows[0][0] is agent
        return {"visible": visible, "focused": focused, "locked": self.is_locked, "idle": self.is_idle}

    def has_orphans(self) -> bool:
        return any(
            stream not in self.held and (saved.owner or self.who_was_here) == self.who_was_here
            for stream, saved in self.storage.saved.items()
        )

    def owner_of(self, stream: str) -> str:
        """Whose a stored stream is: of whom it says, else of whom the server has it from, else of who comes."""
        return self.storage.saved[stream].owner or self.world.oracle.delivered_by(stream) or self.user

    def left_over(self, but: str) -> list[str]:
        """Streams of whoever is signed in that can still be read, except one."""
        return [
            stream
            for stream, saved in self.storage.saved.items()
            if stream != but and any(saved.rows) and self.owner_of(stream) == self.user
        ]

    # -- what people do

    @property
    def pages(self) -> list[Agent]:
        return [page for window in self.windows for page in window]

    def touch(self) -> None:
        """A key or the pointer, for the page in front, if there is one."""
        is_away = self.is_locked or self.is_minimised or self.is_idle or not self.is_in_front
        if not is_away and self.windows:
            self.windows[0][0].touch()

    def tell(self) -> None:
        """Every page looks at its facts again."""
        for page in self.pages:
            page.signal()

    def open(self, app: str, front: dict[str, Any], *, new_window: bool = False) -> Agent:
        """Load a page in front of the first window, or in a window of its own."""
        if new_window or not self.windows:
            self.windows.insert(0, [])
        page = Agent(self, app, dict(front), self.world.protocol)
        self.windows[0].insert(0, page)
        self.tell()
        return page

    def close(self, page: Agent, *, crash: bool = False) -> None:
        """Close a page; a crash gives it no time to say so."""
        if crash:
            self.lose_what_is_in_memory(page)
        else:
            page.leave()
        self._end(page)
        self.windows = [rest for window in self.windows if (rest := [each for each in window if each is not page])]
        self.tell()

    def reload(self, page: Agent) -> None:
        """The same address anew: another page, another stream."""
        place = next(window for window in self.windows if page in window)
        page.leave()
        self._end(page)
        place[place.index(page)] = Agent(self, page.app, dict(page.front), self.world.protocol)
        self.tell()

    def put_page_aside(self, page: Agent) -> None:
        """Navigate away: the page waits in the back/forward cache."""
        page.leave()
        self.held.discard(page.stream)
        self.windows = [rest for window in self.windows if (rest := [each for each in window if each is not page])]
        self.put_aside.append(page)
        self.tell()

    def bring_page_back(self) -> None:
        if self.put_aside:
            page = self.put_aside.pop()
            self.windows.insert(0, [page, *(self.windows.pop(0) if self.windows else [])])
            page.begin()
            self.tell()

    def crash(self) -> None:
        """Every page is gone without a word."""
        for page in self.pages:
            self.lose_what_is_in_memory(page)
            self._end(page)
        self.windows, self.put_aside = [], []

    def sign_in(self, user: str) -> None:
        """Somebody else uses this browser from now on."""
        self.user = user
        self.network.drop_all()

    # -- what happens to the computer

    def sleep(self) -> None:
        for page in self.pages:
            page.catch_up()
        self.computer.sleep()
        for link in self.network.links:
            link.is_half_open = True

    def wake(self) -> None:
        self.computer.wake()
        for page in self.pages:
            page.startle()

    def set_clock(self, by_ms: int) -> None:
        for page in self.pages:
            page.catch_up()
        self.computer.set_clock(by_ms)
        for page in self.pages:
            page.startle()

    # -- what happens to the storage

    def lose_rows(self, stream: str, rows: int) -> None:
        """Some rows of a stream cannot be read any more."""
        saved = self.storage.saved[stream]
        places = set(self.world.random.sample(range(len(saved.rows)), min(rows, len(saved.rows))))
        kept = tuple(None if place in places else row for place, row in enumerate(saved.rows))
        self.storage.saved[stream] = Saved(saved.owner, saved.app, kept)
        self.world.oracle.lost(stream, [row["seq"] for place, row in enumerate(saved.rows) if place in places and row])

    def roll_back(self) -> None:
        """The last writes to the storage never reached the disk; happens only with a crash."""
        for stream, older in list(self.storage.before.items()):
            saved = self.storage.saved.get(stream)
            if saved is None or not older:
                continue
            back = older[-self.world.random.randint(1, len(older))]
            there = {row["seq"] for row in back.rows if row}
            self.world.oracle.lost(stream, [row["seq"] for row in saved.rows if row and row["seq"] not in there])
            self.storage.saved[stream] = back
        self.storage.before.clear()

    def clear_storage(self) -> None:
        """The person deletes the site's data; living pages keep what they have in memory."""
        for stream, saved in self.storage.saved.items():
            if stream not in self.held:
                self.world.oracle.lost(stream, [row["seq"] for row in saved.rows if row])
        self.storage.saved.clear()
        self.storage.before.clear()
        self.who_was_here = None

    def lose_what_is_in_memory(self, page: Agent) -> None:
        """The page forgets its log: what the storage did not take is gone, unless it is on its way."""
        if page.log is None:
            return
        saved = self.storage.saved.get(page.log.stream)
        there = {row["seq"] for row in saved.rows if row} if saved else set()
        self.world.oracle.lost(page.log.stream, [e["seq"] for e in page.log.events if e["seq"] not in there])

    def _end(self, page: Agent) -> None:
        self.held.discard(page.stream)
        page.die()


def front_of(case: str | None, *, kind: str = "case", **more: Any) -> dict[str, Any]:
    """What a host page shows: a session tab with a case, and more in it."""
    return {**NOTHING_IN_FRONT, "session": {"id": f"s-{case}", "kind": kind, "case": case}, **more}
