"""A whole day of trouble against the real server, and at its end the exact time, told by a client that knows only the
contract: what it proved is what was counted.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from server.clock import to_instant
from tests.faults.ledger import joined
from tests.outside_client import AgentSocket, Closed, Json, Outbox, OutsideAgent, wall_ms
from tests.server_process import ServerProcess
from tests.waiting import until

CASES = [f"CAS-100{number}" for number in range(1, 6)]
MAX_GAP_MS = 60_000
STREAMS = 4
STEPS = 240
RESTARTS = {60: "terminate", 110: "kill", 150: "kill", 200: "terminate"}
FRESH_MS = 1_000
"""A report that is older than this on its way would pass for one of a clock that is wrong."""

Claim = tuple[int, int, str]


# What a page lives through, and what of it the contract says counts


def life(rng: random.Random, outbox: Outbox, start: int) -> list[Json]:
    """All events of one page, as they will be written down one by one; about half an hour from `start` on."""
    script = Outbox(outbox.app)
    at, mono = start, rng.randrange(100, 5_000)
    cause = "open"
    for _ in range(rng.randrange(8, 16)):
        scene = rng.choice(["case", "case", "case", "app tab", "form", "inbox", "away", "locked", "hidden", "unknown"])
        case = rng.choice(CASES)
        facts: Json = {"form": {"id": "main", "tracked": True, "widget": True}}
        if scene == "app tab":
            facts["app_tab"] = {"id": "a1", "entity": "incident", "case": rng.choice([*CASES, None])}
        elif scene == "form":
            facts["form"] = {"id": "main", "tracked": rng.random() < 0.5, "widget": rng.random() < 0.5}
        elif scene == "inbox":
            facts["session"] = {"id": "s1", "kind": "inbox", "case": case}
        elif scene == "locked":
            facts["locked"] = True
        elif scene == "hidden":
            facts["visible"] = False
        elif scene == "unknown":
            case = "CAS-9999"
        for beat in range(rng.randrange(1, 7)):
            script.add(at, mono, "beat" if beat else cause, case=case, focused=scene != "away", **facts)
            step = rng.choice([20_000, 20_000, 20_000, rng.randrange(1, 20_000), MAX_GAP_MS, MAX_GAP_MS + 1])
            at, mono = at + step, mono + step + rng.randrange(-300, 300) * (step > 1_000)
        if rng.random() < 0.1:  # the machine slept; its monotonic clock ran on, or stood still
            asleep = rng.randrange(120_000, 600_000)
            at, mono = at + asleep, mono + rng.choice([asleep, 500])
        cause = "session-tab"
    script.add(at, mono, "close", case=None, visible=False, focused=False)
    return script.held


def attended(event: Json, app: str) -> str | None:
    """Rule 3 of the contract."""
    session, form, tab = event["session"], event["form"], event["app_tab"]
    if not event["visible"] or not event["focused"] or event["locked"] or event["idle"]:
        return None
    if session is None or session["kind"] == "inbox" or (form is not None and not form["tracked"]):
        return None
    if app == "hub" and (form is None or not form["widget"]):
        return None
    case = tab["case"] if tab is not None and tab["case"] is not None else session["case"]
    return case if case in CASES else None


def proven(events: Iterable[Json], app: str) -> list[Claim]:
    """Rule 2 of the contract: the time between neighbours that are close enough, by both clocks."""
    claims = []
    for event, following in pairwise(events):
        by_wall, by_mono = following["at"] - event["at"], following["mono"] - event["mono"]
        case = attended(event, app)
        if case is not None and 0 < by_wall <= MAX_GAP_MS and abs(by_wall - by_mono) <= 2_000:
            claims.append((event["at"], following["at"], case))
    return claims


def total_ms(claims: Iterable[Claim]) -> int:
    """The length of the union."""
    covered = 0
    reached = 0
    for start, end, _ in sorted(claims):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


# What the server says


def records(server: ServerProcess, token: str) -> list[Claim]:
    """All tracker records of the caller."""
    found: list[Claim] = []
    cursor = ""
    while True:
        status, page = server.call("GET", f"/api/v1/tracker-records?limit=50{cursor}", token=token)
        assert status == 200
        for item in page["items"]:
            start, end = (to_instant(datetime.fromisoformat(item[name])) for name in ("started_at", "ended_at"))
            found.append((start, end, item["case"]))
        if page["next_cursor"] is None:
            return sorted(found)
        cursor = f"&cursor={page['next_cursor']}"


def automatic_seconds(server: ServerProcess, token: str) -> dict[str, int]:
    return {
        case: server.call("GET", f"/api/v1/cases/{case}/handling-time?mine=true", token=token)[1]["automatic_seconds"]
        for case in CASES
    }


def seconds_by_case(claims: Iterable[Claim]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for start, end, case in claims:
        sums[case] += end - start
    return {case: sums[case] // 1000 for case in CASES}


# The trouble


class Troublemaker:
    """One representative whose browser does everything that networks, people and machines do to it."""

    def __init__(self, rng: random.Random, server: ServerProcess, name: str, *, overlapping: bool) -> None:
        self.rng = rng
        self.agent = OutsideAgent(server.base_url, server.token(name))
        self.overlapping = overlapping
        self.coming: dict[str, list[Json]] = {}
        self.lived: dict[str, list[Json]] = {}
        self.on_the_way: list[Json] = []
        hours_ago = wall_ms() - 10 * 3_600_000
        for place in range(STREAMS):
            outbox = self.agent.open(rng.choice(["workspace", "workspace", "hub"]))
            start = hours_ago + rng.randrange(0, 600_000) + (0 if overlapping else place * 2 * 3_600_000)
            self.coming[outbox.stream] = life(rng, outbox, start)
            self.lived[outbox.stream] = list(self.coming[outbox.stream])

    @property
    def claims(self) -> list[Claim]:
        """Everything that was proven, page by page."""
        return [
            claim for outbox in self.agent.outboxes.values() for claim in proven(self.lived[outbox.stream], outbox.app)
        ]

    def step(self) -> None:
        outbox = self.rng.choice(list(self.agent.outboxes.values()))
        self.live_on(outbox, self.rng.randrange(0, 6))
        act = self.rng.choice(
            [self.deliver, self.post, self.send_again, self.skip, self.swap, self.repeat_late, self.cut, self.listen]
        )
        try:
            act(outbox)
        except (OSError, Closed):
            self.agent.cut()

    def live_on(self, outbox: Outbox, count: int) -> None:
        """The page writes its next events into its outbox."""
        coming = self.coming[outbox.stream]
        for event in coming[:count]:
            outbox.newest = event["seq"]
            outbox.held.append(event)
        del coming[:count]

    def deliver(self, outbox: Outbox) -> None:
        self.agent.deliver(outbox, tries=2)

    def post(self, outbox: Outbox) -> None:
        report = outbox.report(since=outbox.received + 1, count=self.rng.randrange(1, 40))
        self.on_the_way.append(report)
        self.agent.post_report(report)

    def send_again(self, outbox: Outbox) -> None:
        """What was received already, from anywhere, over the socket, without waiting for an answer."""
        self.socket_of(outbox)
        self.agent.send(outbox, since=self.rng.randrange(1, outbox.newest + 2), count=self.rng.randrange(1, 300))

    def skip(self, outbox: Outbox) -> None:
        """A report got lost; the next one shows a gap."""
        self.socket_of(outbox)
        self.agent.send(outbox, since=outbox.received + self.rng.randrange(2, 5))

    def swap(self, outbox: Outbox) -> None:
        """Two reports arrive in the wrong order."""
        self.socket_of(outbox)
        for since in (outbox.received + 4, outbox.received + 1):
            self.agent.send(outbox, since=since, count=3)

    def repeat_late(self, outbox: Outbox) -> None:
        """A report that the network held back arrives again."""
        now = wall_ms()
        self.on_the_way = [report for report in self.on_the_way if now - report["sent_at"] < FRESH_MS]
        for report in self.rng.sample(self.on_the_way, min(3, len(self.on_the_way))):
            self.agent.post_report(report)

    def cut(self, outbox: Outbox) -> None:
        """The network is gone, perhaps with an answer on its way."""
        self.socket_of(outbox)
        self.agent.send(outbox, since=outbox.received + 1)
        if self.agent.socket is not None:
            self.agent.socket.cut()
            self.agent.socket = None

    def listen(self, outbox: Outbox) -> None:
        self.agent.listen()

    def socket_of(self, outbox: Outbox) -> None:
        if self.agent.socket is None:
            self.agent.connect(outbox)

    def bring_everything(self) -> bool:
        """Deliver what is left; True once the server has confirmed all of it as durable."""
        for outbox in self.agent.outboxes.values():
            self.live_on(outbox, 10_000)
            try:
                if outbox.held:
                    self.agent.connect(outbox)
                    self.agent.deliver(outbox)
                    assert self.agent.socket is not None
                    while outbox.held:
                        self.agent._hear(self.agent.socket.next("committed", timeout_s=5))
            except (OSError, Closed, AssertionError):
                self.agent.cut()
        return not any(outbox.held for outbox in self.agent.outboxes.values())


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_on_the_way_the_time_is_exact(tmp_path: Path, seed: int) -> None:
    """X1 to X3, X14, X15, X20 to X22, X50, X51, X63."""
    environment = {"CASECLOCK_SECONDS_PER_MINUTE": "0.05"}
    with ServerProcess(tmp_path, demo=True, environment=environment) as server:
        server.add_person("eve")
        people = [
            Troublemaker(random.Random(f"{seed} {name}"), server, name, overlapping=name == "eve")
            for name in ("ana", "ben", "eve")
        ]
        for step in range(STEPS):
            for one in people:
                one.step()
            if step in RESTARTS:
                server.restart(gracefully=RESTARTS[step] == "terminate")
        for one in people:
            until(one.bring_everything, timeout_s=60, what="everything is durable")
            one.agent.cut()
        for one in people:
            check(server, one)
        server.restart()
        for one in people:
            check(server, one)


def check(server: ServerProcess, one: Troublemaker) -> None:
    """Exactly what was proven, to the millisecond; never two cases at once."""
    found = records(server, one.agent.token)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))
    assert sum(end - start for start, end, _ in found) == total_ms(one.claims)
    assert automatic_seconds(server, one.agent.token) == seconds_by_case(found)
    if not one.overlapping:
        assert joined(found) == joined(one.claims)
    assert {error["code"] for error in one.agent.errors} <= {"unknown_case"}


def test_two_browsers_of_one_person_share_nothing_but_the_time(tmp_path: Path) -> None:
    """Two devices at the same time on the same case: the union, once."""
    with ServerProcess(tmp_path, demo=True, environment={"CASECLOCK_SECONDS_PER_MINUTE": "0.05"}) as server:
        end = wall_ms()
        browsers = [OutsideAgent(server.base_url, server.token("ana")) for _ in range(2)]
        for place, browser in enumerate(browsers):
            outbox = browser.open()
            for beat in range(10):
                at = end - 300_000 + place * 90_000 + beat * 20_000
                outbox.add(at, at - end + 1_000_000, "beat" if beat else "open", case="CAS-1001")
            closed = end - 300_000 + place * 90_000 + 200_000
            outbox.add(closed, closed - end + 1_000_000, "close", case=None, focused=False)
            assert browser.deliver(outbox)
        url = "/api/v1/cases/CAS-1001/handling-time"
        token = server.token("ana")
        until(lambda: server.call("GET", url, token=token)[1]["automatic_seconds"] == 290, what="the union")
        for browser in browsers:
            browser.cut()
        with AgentSocket(server.base_url) as socket:
            welcome: dict[str, Any] = socket.hello(token, stream=next(iter(browsers[0].outboxes)))
        assert list(welcome["committed"].values()) == [11]
