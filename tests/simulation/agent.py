"""One page with an agent in it, rule for rule as client_js/agent.js, socket.js and orphans.js have them.

A real agent looks at its facts on every signal and once a second. Here it is looked at on every signal and at those
seconds in which a look would do something; what the seconds between would have noted is caught up with before a
clock changes its course.
"""

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.simulation.idle import Input
from tests.simulation.outbox import Event, Log, StorageFails, stood_still
from tests.simulation.virtual import Instant

if TYPE_CHECKING:
    from tests.simulation.browser import Browser
    from tests.simulation.network import Link

AWAY = {"visible": False, "focused": False}
NOTHING_IN_FRONT: dict[str, Any] = {"session": None, "app_tab": None, "form": None}
RECONNECT_MS = 1_000
SCAN_MS = 10_000
SILENT_MS = 10_000
MONTH_MS = 30 * 24 * 3_600_000
EVERYTHING = 2**60
_CAUSES = {
    "locked": ("unlock", "lock"),
    "visible": ("hidden", "visible"),
    "focused": ("blur", "focus"),
    "idle": ("active", "idle"),
    "app_tab": ("app-tab", "app-tab"),
    "session": ("case", "case"),
    "form": ("form", "form"),
}
_numbers = count(1)


def attended(app: str, settings: dict[str, Any], facts: dict[str, Any]) -> str | None:
    """What the agent shows as running; the server decides for itself."""
    session, app_tab, form = facts["session"], facts["app_tab"], facts["form"]
    if not settings["enabled"] or not facts["visible"] or not facts["focused"] or facts["locked"]:
        return None
    if (facts["idle"] and not settings["count_idle"]) or session is None:
        return None
    if session.get("kind") == "inbox" and not settings["track_inbox"]:
        return None
    if (form is not None and not form["tracked"]) or (app == "hub" and not (form and form["widget"])):
        return None
    return (app_tab or {}).get("case") or session["case"]


def cause_of(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Why the snapshot changed, or nothing."""
    if (before["session"] or {}).get("id") != (now["session"] or {}).get("id"):
        return "session-tab"
    for fact, (off, on) in _CAUSES.items():
        if before[fact] != now[fact]:
            return on if now[fact] else off
    return ""


class Agent:
    """The agent of one page. `front` is what the host page shows; the browser knows the rest of the facts."""

    def __init__(self, browser: "Browser", app: str, front: dict[str, Any], protocol: int) -> None:
        self.browser, self.app, self.front, self.protocol = browser, app, front, protocol
        self.world = browser.world
        self.number = next(_numbers)
        self.settings: dict[str, Any] = {
            "enabled": True, "count_idle": True, "track_inbox": False, "beat_s": 20, "max_events": 300,
            "idle_after_minutes": 0,
        }  # fmt: skip
        self.input: Input | None = None
        self.alive, self.frozen = True, False
        self.owner: str | None = browser.who_was_here
        self.who: str | None = None
        self.others: dict[str, Log] = {}
        self.shown = {**AWAY, "locked": False, "idle": False, **front}
        self.link: Link | None = None
        self.state = "offline"
        self._attempt = 0
        self._retry_at = self._opened = self._heard = 0.0
        self._visible_at = self._scan_at = self._quiet_until = 0.0
        self._loaded_at = self.world.timeline.now
        self._armed = 0
        self._is_looking = self._is_startled = False
        self.log: Log | None = None
        self.stream = ""
        self.begin()

    # -- what the browser tells

    @property
    def runs(self) -> bool:
        return self.alive and not self.frozen and not self.browser.computer.asleep

    @property
    def holds_back_unattended(self) -> bool:
        """Whether more than its newest event is not durable, and no beat will tell how its clocks go on."""
        held = 0 if self.log is None else len(self.log.events)
        return held > 1 and not attended(self.app, self.settings, self.shown)

    def begin(self) -> None:
        """A page that is loaded, or comes back from the back/forward cache, starts a new stream."""
        self.stream = self.browser.new_stream(self)
        self.log = Log(self.browser.storage, self.stream, self.owner, self.app)
        self.world.oracle.opened(self, self.log)
        self.lived = self.recorded = self.now()
        self._lived_at = self.world.timeline.now
        self._record("open", self._seen(self.lived), self.lived)
        self._restart_connection()
        self.look()

    def signal(self, cause: str = "") -> None:
        """Something changed in what the page can see."""
        if self.runs and self.log is not None:
            self._retry_at = 0 if self.state != "refused" else self._retry_at
            self.look(cause)

    def touch(self) -> None:
        """A key, or the pointer."""
        if self.runs and self.log is not None and self.input is not None:
            self.input.note(self.now())
            if self.shown["idle"]:
                self.look()

    def freeze(self) -> None:
        if self.runs and self.log is not None:
            self._depart("freeze", AWAY)
        self.frozen = True

    def thaw(self) -> None:
        self.frozen = False
        if self.log is not None and self.runs:
            self.look("resume")

    def leave(self) -> None:
        """The page is closed, reloaded or put aside."""
        if self.log is not None and self.runs:
            self._depart("close", AWAY)
        self.browser.lose_what_is_in_memory(self)
        self.log = None
        self.others.clear()

    def die(self) -> None:
        """The page is gone without a word."""
        self.alive = False
        self._drop_link()

    def catch_up(self) -> None:
        """Note the last second that the page has lived; called before a clock changes its course."""
        if not self.runs or self.log is None or self._is_startled:
            return
        now = self.world.timeline.now
        second = now - (now - self._loaded_at - 1) % 1000 - 1
        if second > self._lived_at:
            self.lived, self._lived_at = self.now(second), second

    def startle(self) -> None:
        """A clock changed its course, or the machine woke up: the next second of the page will show it."""
        self._is_startled = True
        if self.runs and self.log is not None:
            now = self.world.timeline.now
            self.world.timeline.at(now + -(now - self._loaded_at) % 1000, self.look)

    def now(self, at: int | None = None) -> Instant:
        return self.browser.computer.read(at)

    # -- facts to events

    def look(self, cause: str = "", away: dict[str, Any] | None = None) -> None:
        if self._is_looking or not self.runs:
            return
        self._is_looking = True
        try:
            if self.log is not None:
                self.catch_up()
                now = self.now()
                self._compare(cause, self._seen(now, away), now)
            self._serve()
        finally:
            self._is_looking = False
        self._arm()

    def _seen(self, now: Instant, away: dict[str, Any] | None = None) -> dict[str, Any]:
        snapshot = {**self.browser.facts_of(self), **self.front, **(away or {})}
        if self.input is not None:
            self.input.mark(snapshot, self.lived, now, self.settings["idle_after_minutes"])
        return snapshot

    def _compare(self, cause: str, snapshot: dict[str, Any], instant: Instant) -> None:
        if self.browser.tells_suspend and stood_still(self.lived, instant, is_visible=self.shown["visible"]):
            self._record("suspend", {**self.shown, "visible": False}, self.lived, self._lived_at)
            self._record("resume", snapshot, instant)
        self.lived, self._lived_at, self._is_startled = instant, self.world.timeline.now, False
        due = instant.mono - self.recorded.mono >= self.settings["beat_s"] * 1000 and attended(
            self.app, self.settings, snapshot
        )
        cause = cause or cause_of(self.shown, snapshot) or ("beat" if due else "")
        if cause:
            self._record(cause, snapshot, instant)

    def _record(self, cause: str, snapshot: dict[str, Any], instant: Instant, happened: int | None = None) -> None:
        assert self.log is not None
        self.shown, self.recorded = snapshot, instant
        event: Event = {"at": instant.at, "mono": instant.mono, "cause": cause, **snapshot}
        self.log.append(event)
        self.world.oracle.happened(self.log, self.world.timeline.now if happened is None else happened)

    # -- connection and outbox

    def _serve(self) -> None:
        now = self.now().mono
        if self.shown["visible"]:
            self._visible_at = now
        wanted = self.log is not None and (
            self.shown["visible"] or now - self._visible_at < 60_000 or self._has_undelivered()
        )
        self._tick_connection(wanted, now)
        if self.state == "online" and now >= self._quiet_until:
            for log in self._logs():
                while (text := log.report(self.settings["max_events"], self.now().at)) is not None:
                    self.world.oracle.sends(log)
                    self._send(text)
            if now >= self._scan_at:
                self._scan(now)

    def _tick_connection(self, wanted: bool, now: float) -> None:
        if not wanted:
            self._drop_link()
        elif self.link is None:
            if now >= self._retry_at:
                self._opened = self._heard = now
                self._retry_at = now + 10_000
                self.link = self.browser.network.connect(self)
        elif now - self._heard > 35_000:
            self._restart_connection()
        elif now - self._heard > 25_000 and self.link.answers_pings():
            self._heard = now

    def opened(self) -> None:
        self._send_raw({"type": "hello", "protocol": self.protocol, "stream": self.log and self.log.stream,
                        "app": self.app, "agent": "simulated/1.0", "sent_at": self.now().at})  # fmt: skip

    def closed(self, code: int = 1006) -> None:
        """The socket was closed by the other side, or by the network."""
        if self.runs:
            self._restart_connection(code)
            self.look()
        else:
            self.link = None
            self.state = "offline"

    def _restart_connection(self, code: int = 1006) -> None:
        if self.link is None:
            return
        now = self.now().mono
        if self._heard - self._opened > 10_000:
            self._attempt = 0
        self._drop_link()
        self.state = {4401: "signed-out", 4400: "refused", 4403: "refused"}.get(code, "offline")
        wait = {"signed-out": 30_000, "refused": 300_000}.get(self.state)
        if wait is None:
            wait = self.world.random.random() * min(30_000, RECONNECT_MS * 2**self._attempt)
            self._attempt += 1
        self._retry_at = now + wait

    def _drop_link(self) -> None:
        if self.link is None:
            return
        link, self.link = self.link, None
        self._retry_at = 0
        self.state = "offline"
        link.closed_by_agent()

    def hear(self, text: str) -> None:
        if not self.runs:
            return
        self._heard = self.now().mono
        message = json.loads(text)
        kind, stream, seq = message["type"], message.get("stream"), message.get("seq")
        log = self.log if self.log is not None and stream == self.log.stream else self.others.get(str(stream))
        if kind == "welcome":
            self._welcome(message)
        elif kind == "received" and log is not None:
            log.receive(seq)
        elif kind == "committed" and log is not None:
            self.world.oracle.forgets(log, seq)
            log.commit(seq)
            if log.last is None:
                self.others.pop(log.stream, None)
        elif kind == "settings":
            self._settle(message)
            self.look("resume")
        elif kind == "sync":
            self.look()
            self.look("beat")
        elif kind == "error":
            self._refused(message, log)
        self.look()

    def _welcome(self, message: dict[str, Any]) -> None:
        if self.log is None:
            return
        self.who = self.owner = self.browser.who_was_here = message["representative"]["username"]
        self._settle(message, message["settings"])
        if self.log.owner is None:
            self.log.owner = self.owner
        if self.log.owner != self.owner:
            self._hand_over()
            return
        committed = message["committed"].get(self.log.stream, 0)
        self.world.oracle.forgets(self.log, committed)
        self.log.reconnect(committed)
        self.state = "online"
        self.others.clear()
        self._scan_at = self._quiet_until = 0

    def _settle(self, *news: dict[str, Any]) -> None:
        for each in news:
            self.settings.update(each)
        if self.settings["idle_after_minutes"] and self.input is None:
            self.input = Input(self.now())

    def _refused(self, message: dict[str, Any], log: Log | None) -> None:
        code = message["code"]
        if log is None:
            return
        if code == "gap":
            self.world.oracle.asked_again(log, message["expected"])
        if code in ("gap", "rate_limited"):
            log.rewind(message["expected"] - 1 if code == "gap" else log.received)
            self._quiet_until = self.now().mono + 2000
        elif code == "not_yours":
            log.rewind(EVERYTHING)
            if log is self.log:
                self._hand_over()

    def _hand_over(self) -> None:
        assert self.log is not None
        if self.log.last is not None:
            self.log.seal()
            self.world.oracle.happened(self.log, None)
        self.browser.lose_what_is_in_memory(self)
        self.begin()

    def _depart(self, cause: str, away: dict[str, Any]) -> None:
        self.look(cause, away)
        if self.log is not None and self.who is not None:
            self.log.rewind(self.log.received)
            text = self.log.report(self.settings["max_events"], self.now().at)
            if text is not None:
                self.world.oracle.sends(self.log)
                self.browser.network.post(self, text)
        self._drop_link()

    def _scan(self, now: float) -> None:
        self._scan_at = now + SCAN_MS
        try:
            found = self._orphans()
        except StorageFails:
            return
        for log in found:
            self.others.setdefault(log.stream, log)
        self._arm()
        if any(log.seq > log.sent for log in self.others.values()):
            self.world.timeline.after(0, self.look)

    def _orphans(self) -> list[Log]:
        found, now = [], self.now().at
        for log in Log.all(self.browser.storage):
            last, own = log.last, log.last is not None and (log.owner or self.owner) == self.owner
            if own and log.stream not in self.browser.held and abs(now - last["at"]) > SILENT_MS:
                log.seal()
                self.world.oracle.happened(log, None)
            if last is None or min(now, self.settings["server_at"]) - last["at"] >= MONTH_MS:
                log.forget()
            if own and log.last["cause"] == "close":
                found.append(log)
        return found

    def _has_undelivered(self) -> bool:
        return any(log.has_undelivered for log in self._logs())

    def _logs(self) -> list[Log]:
        return [self.log, *self.others.values()] if self.log is not None else []

    def _send(self, text: str) -> None:
        if self.link is not None:
            self.link.send(text)

    def _send_raw(self, message: dict[str, Any]) -> None:
        self._send(json.dumps(message))

    # -- the seconds in which a look would do something

    def _arm(self) -> None:
        self._armed += 1
        if not self.runs or self.log is None:
            return
        mono, computer = self.now().mono, self.browser.computer
        wanted = []
        if attended(self.app, self.settings, self.shown):
            wanted.append(self.recorded.mono + self.settings["beat_s"] * 1000)
        if self.input is not None and not self.shown["idle"]:
            idle_at = self.input.idle_at(self.settings["idle_after_minutes"])
            wanted += [] if idle_at is None else [idle_at]
        if self.link is None:
            if self.shown["visible"] or self._has_undelivered():
                wanted.append(self._retry_at)
        else:
            if not self.shown["visible"]:
                wanted.append(self._visible_at + 60_000)
            if not self.link.answers_pings():
                wanted.append(self._heard + 35_001)
            if self.state == "online":
                if self._has_undelivered():
                    wanted.append(self._quiet_until)
                if self.browser.has_orphans():
                    wanted.append(self._scan_at)
        coming = [instant for instant in wanted if instant > mono]
        if len(coming) < len(wanted):
            coming.append(mono + 1)
        if not coming:
            return
        timeline = self.world.timeline
        instant = timeline.now + computer.until_mono(min(coming))
        second = instant + -(instant - self._loaded_at) % 1000
        if second <= timeline.now:
            second = timeline.now + 1000
        armed = self._armed
        timeline.at(second, lambda: self.look() if armed == self._armed else None)
