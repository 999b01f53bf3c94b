"""What lies between a browser and the server: messages take time, and are lost, doubled, torn, or overtaken."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.agent import Agent
    from tests.simulation.world import World


class Link:
    """One socket, with its two ends. A link that is half-open swallows everything and tells nobody."""

    def __init__(self, network: "Network", agent: "Agent") -> None:
        self.network, self.agent = network, agent
        self.world = network.world
        self.is_open = True
        self.is_half_open = False
        self._up_at = self._down_at = self.world.timeline.now

    def answers_pings(self) -> bool:
        return self.is_open and not self.is_half_open

    def send(self, text: str) -> None:
        """From the agent to the server."""
        weather, timeline = self.world.weather, self.world.timeline
        arrival = max(self._up_at, timeline.now + weather.delay())
        if weather.happens("cut"):
            self.tear(arrival, text if weather.happens("torn") else None)
            return
        if weather.happens("lost"):
            return
        late = weather.extra_delay() if weather.happens("overtaken") else 0
        if not late:
            self._up_at = arrival
        timeline.at(arrival + late, lambda: self._arrive(text))
        if weather.happens("twice"):
            timeline.at(arrival + weather.extra_delay(), lambda: self._arrive(text))

    def post(self, text: str) -> None:
        """From the server to the agent."""
        weather, timeline = self.world.weather, self.world.timeline
        if weather.happens("answer lost"):
            return
        self._down_at = max(self._down_at, timeline.now + weather.delay())
        timeline.at(self._down_at, lambda: self._hear(text))
        if weather.happens("answer twice"):
            timeline.at(self._down_at + weather.extra_delay(), lambda: self._hear(text))

    def tear(self, arrival: int, text: str | None) -> None:
        """Cut within a message: a part of it may arrive, nothing after it does."""
        if text is not None:
            part = text[: self.world.random.randrange(len(text))]
            self.world.timeline.at(arrival, lambda: self._arrive(part))
        self.world.timeline.at(arrival + 1, self.cut)

    def cut(self, code: int = 1006) -> None:
        """Both ends learn that it is over."""
        if not self.is_open:
            return
        self.is_open = False
        self.world.servers_forget(self)
        if not self.is_half_open:
            self.world.timeline.after(1, lambda: self.agent.closed(code) if self.agent.link is self else None)

    def closed_by_agent(self) -> None:
        if self.is_open:
            self.world.timeline.after(self.world.weather.delay(), self.cut)

    def _arrive(self, text: str) -> None:
        if self.is_open and not self.is_half_open:
            self.world.hear(self, text)

    def _hear(self, text: str) -> None:
        if self.agent.link is self and self.is_open and not self.is_half_open:
            self.agent.hear(text)


class Network:
    """The way of one browser to the server."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.links: list[Link] = []
        self.is_down = False

    def connect(self, agent: "Agent") -> Link:
        link = Link(self, agent)
        self.links = [each for each in self.links if each.is_open]
        self.links.append(link)
        self.world.timeline.after(self.world.weather.delay(), lambda: self._connected(link))
        return link

    def post(self, agent: "Agent", text: str) -> None:
        """A report over HTTP from a page that is going; nobody waits for the answer."""
        weather, timeline, user = self.world.weather, self.world.timeline, agent.browser.user
        if self.is_down or weather.happens("lost"):
            return
        if weather.happens("torn"):
            text = text[: self.world.random.randrange(len(text))]
        timeline.after(weather.delay(), lambda: self.world.take_post(text, user, agent.app))
        if weather.happens("twice"):
            timeline.after(weather.extra_delay(), lambda: self.world.take_post(text, user, agent.app))

    def go_down(self) -> None:
        """The cable is out: nobody hears anything, sockets look open."""
        self.is_down = True
        for link in self.links:
            link.is_half_open = True
            link.agent.look()

    def come_up(self) -> None:
        self.is_down = False

    def drop_all(self) -> None:
        for link in list(self.links):
            link.cut()

    def _connected(self, link: Link) -> None:
        if self.is_down or not self.world.accepts():
            self.world.timeline.after(1, lambda: link.agent.closed() if link.agent.link is link else None)
            link.is_open = False
        elif link.agent.link is link and link.agent.runs:
            link.agent.opened()
