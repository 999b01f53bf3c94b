"""A server process on production code: wire, intake, live store and commit, with sockets that are simulated."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server import settings
from server.admin.settings import pauses
from server.config import Limits
from server.db import Database
from server.settings import CurrentSettings
from server.tracking import schedule, wire
from server.tracking.agent_socket import PROTOCOL_NOT_SPOKEN, RESTART, agent_settings
from server.tracking.commit import commit, forget_quiet_streams
from server.tracking.events import App
from server.tracking.intake import open_stream, take_report
from server.tracking.service import Commit, Tracking

if TYPE_CHECKING:
    from tests.simulation.network import Link
    from tests.simulation.world import World

T = TypeVar("T")

TICK_MS = 10_000
_LIMITS = Limits()


class Killed(BaseException):
    """The process is gone in the middle of what it did."""


class FaultyDatabase(Database):
    """The production database, that may be told to fail at its next write, or for a while at everything."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.refuses = False
        self.next_write = ""
        self.while_slow: Callable[[], None] | None = None
        self.after_commit: Callable[[], None] = lambda: None

    def read(self, verb: Callable[[Session], T]) -> T:
        if self.refuses:
            raise _refusal()
        return super().read(verb)

    def write(self, verb: Callable[[Session], T]) -> T:
        if self.refuses:
            raise _refusal()
        fault, self.next_write = self.next_write, ""
        if fault == "killed before":
            raise Killed
        result = super().write(lambda session: _then(verb(session), fault))
        if fault == "slow" and self.while_slow is not None:
            self.after_commit()
            self.while_slow()
        if fault == "reply lost":
            raise _refusal()
        if fault == "killed after":
            raise Killed
        return result


def _then(result: T, fault: str) -> T:
    if fault == "killed inside":
        raise Killed
    if fault == "fails inside":
        raise _refusal()
    return result


def _refusal() -> OperationalError:
    return OperationalError("", {}, Exception("the database does not answer"))


class SimulatedServer:
    """One process, from its start to its end. Its memory is the live store; the database outlives it."""

    def __init__(self, world: "World", database: FaultyDatabase, number: int) -> None:
        self.world, self.database, self.number = world, database, number
        self.is_paused = self.is_stopping = False
        self.links: dict[Link, tuple[str, str, App, set[str]]] = {}
        now = world.timeline.now
        self.tracking = Tracking(
            database=database,
            settings=CurrentSettings(database.read(settings.load)),
            limits=_LIMITS,
            clock=lambda: world.timeline.now,
            seconds_per_minute=60,
            pauses=database.read(lambda session: pauses(session, now=now)),
        )
        self.tracking.committed.connect(self._tell_committed, weak=False)

    @property
    def is_current(self) -> bool:
        return self.world.server is self

    def start(self) -> None:
        self._tick()

    # -- the socket

    def hear(self, link: "Link", text: str) -> None:
        try:
            for answer in self._answers(link, text):
                link.post(wire.encode(answer))
        except OperationalError:
            link.cut()
        except Killed:
            self.world.kill(self)

    def _answers(self, link: "Link", text: str) -> list[dict[str, Any]]:
        try:
            message, answers = wire.decode(text, max_events=_LIMITS.events_per_report)
        except wire.BadMessage as problem:
            return [wire.error("bad_message", str(problem))]
        if link not in self.links:
            if isinstance(message, wire.Hello):
                return self._welcome(link, message)
            return [wire.error("bad_message", "Say hello first.")]
        user, own_stream, app, streams = self.links[link]
        if isinstance(message, wire.Report):
            streams.add(message.stream)
            answers += self.take(message, user, app, is_own=message.stream == own_stream)
        return answers

    def take(self, report: wire.Report, user: str, app: App, *, is_own: bool = True) -> list[dict[str, Any]]:
        """A report of either road."""
        representative = self.world.ids[user]
        answers = take_report(
            self.tracking,
            report,
            representative_id=representative,
            username=user,
            app=app,
            now=self.world.timeline.now,
            is_own=is_own,
        )
        self.world.oracle.took(self, report, representative, answers)
        return answers

    def _welcome(self, link: "Link", hello: wire.Hello) -> list[dict[str, Any]]:
        if hello.protocol != self.world.protocol:
            link.cut(PROTOCOL_NOT_SPOKEN)
            return []
        user = link.agent.browser.user
        representative = self.world.ids[user]
        entry = open_stream(
            self.tracking, hello.stream, representative_id=representative, app=hello.app, now=self.world.timeline.now
        )
        self.links[link] = (user, hello.stream, hello.app, {hello.stream})
        own = entry.representative_id == representative
        value = self.tracking.settings.value
        return [
            {
                "type": "welcome",
                "server_at": self.world.timeline.now,
                "representative": {"username": user},
                "beat_s": self.world.plan.beat_s,
                "max_events": _LIMITS.events_per_report,
                "committed": {hello.stream: entry.committed_seq if own else 0},
                "settings": agent_settings(value),
            }
        ]

    def tell_settings(self) -> None:
        message = wire.encode({"type": "settings", **agent_settings(self.tracking.settings.value)})
        for link in list(self.links):
            link.post(message)

    def _tell_committed(self, _: Tracking, *, commit: Commit) -> None:
        for link, (user, _stream, _app, streams) in list(self.links.items()):
            covered = commit.covered.get(self.world.ids[user], {})
            for stream in sorted(streams & covered.keys()):
                if covered[stream]:
                    link.post(wire.encode({"type": "committed", "stream": stream, "seq": covered[stream]}))

    # -- the schedule

    def _tick(self) -> None:
        if not self.is_current:
            return
        self.world.timeline.after(TICK_MS, self._tick)
        if self.is_paused or self.is_stopping or self.world.is_committing or self.database.refuses:
            return
        now = self.world.timeline.now
        due = schedule.due(self.tracking, now=now)
        forget_quiet_streams(self.tracking, now=now)
        if due:
            self._ask_for_beats(due)
            self.world.timeline.after(round(schedule.SYNC_TIMEOUT_S * 1000), lambda: self._commit_if_current(due))

    def _commit_if_current(self, representatives: list[int]) -> None:
        if self.is_current and not self.is_paused and not self.is_stopping and not self.world.is_committing:
            self.commit(representatives)

    def commit(self, representatives: list[int]) -> bool:
        """One commit; False if the database failed it. May end the process."""
        self.world.is_committing = True
        failed = killed = False
        oracle = self.world.oracle
        looked: list[None] = []  # a slow commit is looked at when it is done, not when its reply comes
        self.database.after_commit = lambda: looked.append(oracle.committed(self, representatives, failed=False))
        try:
            commit(self.tracking, representatives, now=self.world.timeline.now)
        except OperationalError:
            failed = True
        except Killed:
            failed = killed = True
        self.world.is_committing = False
        self.database.after_commit = lambda: None
        oracle.committed(self, representatives, failed=failed or bool(looked))
        if killed:
            self.world.kill(self)
        return not failed

    def stop(self) -> None:
        """A graceful stop: a last beat, a last commit, and 1012 to everybody."""
        self.is_stopping = True
        self._ask_for_beats(self.tracking.store.representatives())
        self.world.timeline.after(round(schedule.SYNC_TIMEOUT_S * 1000), self._stopped)

    def _stopped(self) -> None:
        if not self.is_current:
            return
        if self.world.is_committing:
            self.world.timeline.after(100, self._stopped)
            return
        oracle = self.world.oracle
        for _ in range(3):
            taken = oracle.taken(self)
            if self.is_current and self.commit(self.tracking.store.representatives()):
                oracle.stopped(self, taken)
                break
        if self.is_current:
            for link in list(self.links):
                link.cut(RESTART)
            self.world.kill(self)

    def _ask_for_beats(self, representatives: list[int]) -> None:
        for link, (user, *_rest) in list(self.links.items()):
            if self.world.ids[user] in representatives:
                link.post('{"type":"sync"}')
