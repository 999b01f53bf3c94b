"""S3: who works on what right now, over the agents' socket."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from server.accounts.models import Person
from server.reports import board
from server.tracking import wire
from server.tracking.agent_socket import _EXTENSION as HANDLERS
from server.tracking.connections import Connection
from tests.conftest import World
from tests.outside_client import AgentSocket, Outbox, wall_ms
from tests.reports_of_agents import Page
from tests.server_process import ServerProcess
from tests.waiting import until
from tests.work import commit_all, send, worked

MINUTE = 60_000


@dataclass
class Watcher:
    """A supervisor's socket whose messages are read at once."""

    world: World
    who: str = "sam"
    may_read: bool = True
    sent: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        person = self.world.read(lambda session: session.get(Person, self.world.ids[self.who]))
        service = self.world.tracking
        self.connection = Connection(
            socket=self,
            representative_id=person.id,
            username=person.username,
            name=person.name,
            role=person.role,
            sees_everyone=person.sees_everyone,
            stream=f"page-of-{self.who}-{id(self)}",
            app="workspace",
            limits=service.limits,
            session_id=self.who,
            may_read=self.may_read,
        )
        assert service.connections.add(self.connection, limit=99, limit_each=99)

    def send(self, data: str) -> None:
        self.sent.append(msgspec.json.decode(data))

    def close(self, reason: int | None = None, message: str | None = None) -> None: ...

    def says(self, message: Any) -> None:
        with self.world.app.app_context():
            self.world.app.extensions[HANDLERS][type(message)](self.connection, message)

    def watches(self) -> "Watcher":
        self.says(wire.WatchBoard())
        return self

    def heard(self) -> list[dict[str, Any]]:
        """What came since the last time, but for settings."""
        until(lambda: not self.connection._outgoing and not self.connection._writing, what="all is written")
        new, self.sent = self.sent, []
        return [message for message in new if message["type"] != "settings"]

    def people(self) -> dict[str, dict[str, Any]]:
        """The whole board, as it was sent last."""
        (whole,) = self.heard()
        assert whole["type"] == "board"
        return {one["username"]: one for one in whole["people"]}


def tick(world: World, *watchers: Watcher) -> list[dict[str, Any]]:
    """What changed, as the first watcher hears of it; every other one hears the same."""
    with world.app.app_context():
        board.tell(now=world.clock.now)
    told = [watcher.heard() for watcher in watchers]
    assert all(one == told[0] for one in told)
    assert {message["type"] for message in told[0]} <= {"board_change"}
    return [message["person"] for message in told[0]]


def attends(world: World, who: str, case: str = "CAS-1001", page: Page | None = None, **facts: Any) -> Page:
    """A report of one event, now."""
    page = page or Page(world.clock.now)
    page.event(world.clock.now, "beat" if page.events else "open", case, **facts)
    send(world, who, page)
    return page


def test_s3_who_watches_sees_everybody_at_once(each_world: World) -> None:
    """S3: the whole board first."""
    worked(each_world, "ben", "CAS-1002", minutes=3)
    began = each_world.clock.now
    page = attends(each_world, "ana")
    each_world.clock.advance(seconds=20)
    attends(each_world, "ana", page=page)

    people = Watcher(each_world).watches().people()

    assert people == {
        "ana": {
            "username": "ana",
            "name": "Ana Duarte",
            "team": None,
            "state": "working",
            "case": "CAS-1001",
            "title": "Title of CAS-1001",
            "since": "2026-11-20T12:03:00.000Z",
            "reason": None,
            "today_seconds": 20,
            "devices": 0,
        },
        "ben": {
            "username": "ben",
            "name": "Ben Okafor",
            "team": None,
            "state": "away",
            "case": None,
            "title": None,
            "since": "2026-11-20T12:03:00.000Z",
            "reason": "unfocused",
            "today_seconds": 180,
            "devices": 0,
        },
    }
    assert began == each_world.clock.now - 20_000


def test_s3_a_change_is_sent_and_a_beat_is_none(world: World) -> None:
    """S3"""
    sam = Watcher(world).watches()
    assert {one["state"] for one in sam.people().values()} == {"offline"}

    page = attends(world, "ana")
    (change,) = tick(world, sam)
    assert (change["username"], change["state"], change["case"]) == ("ana", "working", "CAS-1001")

    for _ in range(3):
        world.clock.advance(seconds=20)
        attends(world, "ana", page=page)
        assert tick(world, sam) == []

    world.clock.advance(seconds=5)
    attends(world, "ana", "CAS-1002", page=page)
    (change,) = tick(world, sam)
    assert (change["case"], change["since"], change["today_seconds"]) == ("CAS-1002", "2026-11-20T12:01:05.000Z", 65)


def test_s3_many_changes_between_two_looks_are_one(world: World) -> None:
    """S3: at most one change of a person a second, the last."""
    sam = Watcher(world).watches()
    sam.heard()
    page = Page(world.clock.now)
    for number in range(20):
        attends(world, "ana", f"CAS-100{1 + number % 3}", page=page)
        world.clock.advance(seconds=0.04)

    assert [(one["username"], one["case"]) for one in tick(world, sam)] == [("ana", "CAS-1002")]


def test_s3_the_latest_focus_wins_over_devices(world: World) -> None:
    """S3: and when it ends, the older page goes on."""
    sam = Watcher(world).watches()
    phone = attends(world, "ana", "CAS-1001")
    world.clock.advance(seconds=10)
    desk = attends(world, "ana", "CAS-1002")
    sam.heard()
    assert [one["case"] for one in tick(world, sam)] == ["CAS-1002"]

    world.clock.advance(seconds=10)
    attends(world, "ana", "CAS-1001", page=phone)
    assert tick(world, sam) == []
    attends(world, "ana", "CAS-1002", page=desk, focused=False)
    (change,) = tick(world, sam)
    assert (change["case"], change["since"]) == ("CAS-1001", "2026-11-20T12:00:00.000Z")


def test_s3_who_goes_silent_is_offline_without_a_word(world: World) -> None:
    """S3: after the greatest proven gap, once."""
    attends(world, "ana")
    sam = Watcher(world).watches()
    assert sam.people()["ana"]["state"] == "working"

    world.clock.advance(seconds=60)
    assert tick(world, sam) == []
    world.clock.advance(seconds=0.001)
    (change,) = tick(world, sam)
    assert (change["state"], change["case"], change["since"]) == ("offline", None, "2026-11-20T12:00:00.000Z")
    world.clock.advance(minutes=30)
    assert tick(world, sam) == []


def test_s3_a_commit_brings_the_time_of_today_up_to_date(each_world: World) -> None:
    """S3: committed and live, counted once."""
    page = attends(each_world, "ana")
    sam = Watcher(each_world).watches()
    assert sam.people()["ana"]["today_seconds"] == 0
    for _ in range(6):
        each_world.clock.advance(seconds=20)
        attends(each_world, "ana", page=page)
    assert tick(each_world, sam) == []

    commit_all(each_world)
    assert [one["today_seconds"] for one in tick(each_world, sam)] == [120]
    each_world.clock.advance(seconds=20)
    attends(each_world, "ana", page=page)
    assert Watcher(each_world).watches().people()["ana"]["today_seconds"] == 140, "as those see it who watch already"
    attends(each_world, "ana", page=page, focused=False)
    assert [one["today_seconds"] for one in tick(each_world, sam)] == [140]


def _corrects(world: World, who: str, seconds: int, case: str = "CAS-1001") -> None:
    body = {"duration_seconds": seconds, "reason": "left it open"}
    answer = world.client(who).patch(f"/api/v1/cases/{case}/automatic-time", json=body)
    assert answer.status_code == 200, answer.text


def _reported(world: World, who: str) -> int:
    """Today's time of somebody, as the reports have it."""
    people = world.client("sam").get("/api/v1/reports/representatives").json["items"]
    return next(one["today_seconds"] for one in people if one["representative"] == who)


def test_s3_a_correction_of_today_is_in_the_time_of_today(each_world: World) -> None:
    """S3: as in the reports; who watches hears of it at once, and of nobody else."""
    world = each_world
    worked(world, "ana", minutes=10)
    worked(world, "ben", minutes=3)
    _corrects(world, "ana", 420)
    sam = Watcher(world).watches()
    assert {name: one["today_seconds"] for name, one in sam.people().items()} == {"ana": 420, "ben": 180}
    assert _reported(world, "ana") == 420

    _corrects(world, "ana", 300)
    _corrects(world, "ben", 180)
    assert [(one["username"], one["today_seconds"]) for one in tick(world, sam)] == [("ana", 300)]
    assert tick(world, sam) == []
    _corrects(world, "ben", 200)
    assert {one["username"]: one["today_seconds"] for one in tick(world, sam)}["ben"] == 200
    assert _reported(world, "ben") == 200


def test_s3_a_correction_of_earlier_days_takes_from_the_day_on_which_it_was_made(world: World) -> None:
    """S3: a day that is less than nothing is shown as nothing, until work has made up for it."""
    worked(world, "ana", minutes=10)
    world.clock.advance(minutes=24 * 60)
    _corrects(world, "ana", 570)
    page = attends(world, "ana")
    sam = Watcher(world).watches()
    assert sam.people()["ana"]["today_seconds"] == _reported(world, "ana") == 0

    for _ in range(4):
        world.clock.advance(seconds=20)
        attends(world, "ana", page=page)
    assert Watcher(world).watches().people()["ana"]["today_seconds"] == 50


def test_s3_at_midnight_where_they_are_a_new_day_begins(world: World) -> None:
    """S3"""
    world.clock.now += 12 * 60 * MINUTE - 30_000
    page = attends(world, "ana")
    sam = Watcher(world).watches()
    sam.heard()
    for seconds in (20, 20):
        world.clock.advance(seconds=seconds)
        attends(world, "ana", page=page)

    assert [one["today_seconds"] for one in tick(world, sam) if one["username"] == "ana"] == [10]


def test_s3_a_case_that_is_resolved_has_no_clock(world: World) -> None:
    """S3: and runs again once it is reopened."""
    page = attends(world, "ana")
    sam = Watcher(world).watches()
    sam.heard()
    address = "/api/v1/cases/CAS-1001/resolution"

    world.client("sam").put(address, json={})
    (change,) = tick(world, sam)
    assert (change["state"], change["reason"], change["case"]) == ("away", "resolved", "CAS-1001")
    world.client("sam").delete(address)
    assert [(one["state"], one["reason"]) for one in tick(world, sam)] == [("working", None)]
    assert page.events


def test_s3_settings_change_who_works(world: World) -> None:
    """S3: idle counts, tracking is switched off."""
    attends(world, "ana", idle=True)
    attends(world, "ben")
    sam = Watcher(world).watches()
    assert {name: (one["state"], one["case"]) for name, one in sam.people().items()} == {
        "ana": ("idle", "CAS-1001"),
        "ben": ("working", "CAS-1001"),
    }

    world.client("ada").patch("/api/v1/settings/tracking", json={"enabled": False})
    assert {(one["state"], one["reason"]) for one in tick(world, sam)} == {("away", "tracking-off")}


def test_s3_what_is_hidden_from_representatives_is_shown_to_who_supervises(world: World) -> None:
    """S3: `show_only_own_time` is about representatives (A4)."""
    world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": True})
    attends(world, "ana")

    for who in ("sam", "ada"):
        assert Watcher(world, who).watches().people()["ana"]["case"] == "CAS-1001"


@pytest.mark.parametrize(("who", "may_read"), [("ana", True), ("ben", True), ("sam", False), ("ada", False)])
def test_x75_nobody_else_sees_the_board(world: World, who: str, may_read: bool) -> None:
    """X75: no representative, and no token that may report alone."""
    other = Watcher(world, who, may_read=may_read).watches()

    (answer,) = other.heard()
    assert (answer["type"], answer["code"]) == ("error", "not_allowed")
    attends(world, "ana")
    with world.app.app_context():
        board.tell(now=world.clock.now)
    assert other.heard() == []


def test_s3_while_nobody_watches_nothing_is_kept(world: World) -> None:
    """S3: neither before, nor after the last one has gone, whether by a word or without."""
    attends(world, "ana")
    assert world.tracking.stirred is None
    sam, ada = Watcher(world).watches(), Watcher(world, "ada").watches()
    attends(world, "ben")
    assert world.tracking.stirred == {world.ids["ben"]}

    sam.says(wire.UnwatchBoard())
    sam.heard()
    ada.heard()
    assert [one["username"] for one in tick(world, ada)] == ["ben"]
    assert sam.heard() == []
    world.tracking.connections.remove(ada.connection)
    tick(world, sam)

    assert world.tracking.stirred is None
    kept = world.app.extensions["caseclock.board"]
    assert not any((kept._shown, kept._people, kept._cases, kept._committed))


def test_s3_who_only_watches_is_not_on_the_board(world: World) -> None:
    """S3: supervisors are, once they work on a case."""
    sam = Watcher(world).watches()
    assert set(sam.people()) == {"ana", "ben"}
    world.tracking.stir(world.ids["sam"])
    assert tick(world, sam) == []

    attends(world, "sam")
    assert [one["username"] for one in tick(world, sam)] == ["sam"]


def test_s3_many_changes_at_once_are_sent_as_a_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3: so that no queue overflows when a shift begins."""
    monkeypatch.setattr(board, "_MOST_CHANGES", 1)
    sam = Watcher(world).watches()
    sam.heard()
    attends(world, "ana")
    attends(world, "ben")

    with world.app.app_context():
        board.tell(now=world.clock.now)

    assert {one["state"] for one in sam.people().values()} == {"working"}


def test_s3_of_too_many_people_those_who_work_are_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3"""
    monkeypatch.setattr(board, "MOST_PEOPLE", 1)
    attends(world, "ben")

    assert set(Watcher(world).watches().people()) == {"ben"}


def test_s3_a_look_that_fails_is_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3: nothing that changed meanwhile is missed."""
    sam = Watcher(world).watches()
    sam.heard()
    attends(world, "ana")

    def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(board, "_today", fails)
        with pytest.raises(RuntimeError):
            tick(world, sam)

    assert [one["username"] for one in tick(world, sam)] == ["ana"]


# Real sockets


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), demo=True) as process:
        for name in ("ana", "sam"):
            process.token(name)
        yield process


def test_s3_a_change_reaches_who_watches_without_asking(server: ServerProcess) -> None:
    """S3: a real server, real sockets: a page opens a case, leaves it, and goes."""
    with AgentSocket(server.base_url) as sam, AgentSocket(server.base_url) as ana:
        sam.hello(server.token("sam"))
        sam.send({"type": "watch_board"})
        people = {one["username"]: one for one in sam.next("board")["people"]}
        assert {name: (one["state"], one["team"]) for name, one in people.items()} == {
            "ana": ("offline", "First line"),
            "ben": ("offline", "First line"),
        }

        outbox = Outbox()
        ana.hello(server.token("ana"), stream=outbox.stream)
        outbox.add(wall_ms(), 1_000, "open", case="CAS-1001")
        ana.send(outbox.report())
        until(lambda: _next(sam)["case"] == "CAS-1001", what="ana works")
        outbox.add(wall_ms(), 2_000, "blur", case="CAS-1001", focused=False)
        ana.send(outbox.report(since=2))
        until(lambda: _next(sam)["reason"] == "unfocused", what="ana looks away")
        outbox.add(wall_ms(), 3_000, "close", case=None, focused=False)
        ana.send(outbox.report(since=3))
        ana.next("received")
    with AgentSocket(server.base_url) as ben:
        ben.hello(server.token("ana"))
        ben.send({"type": "watch_board"})
        assert ben.next("error")["code"] == "not_allowed"
        ben.send({"type": "unwatch_board"})
        ben.send({"type": "ping", "sent_at": 5})
        assert ben.next("pong")["sent_at"] == 5


def _next(socket: AgentSocket) -> dict[str, Any]:
    return dict(socket.next("board_change")["person"])
