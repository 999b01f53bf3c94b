"""The agent's outbox and its clocks, rule for rule as client_js/outbox.js and client_js/clocks.js have them."""

from typing import Any

import msgspec

from tests.simulation.virtual import Instant

REPORT_BYTES = 60 * 1024

Event = dict[str, Any]


class StorageFails(Exception):
    """The browser's storage refuses to write."""


class Saved:
    """What one key of the storage holds: whose stream, of which app, and its rows. A row that is None is unreadable."""

    __slots__ = ("app", "owner", "rows")

    def __init__(self, owner: str | None, app: str | None, rows: tuple[Event | None, ...]) -> None:
        self.owner, self.app, self.rows = owner, app, rows


class Storage:
    """localStorage, by stream. It may refuse to write, lose rows, be cleared, or fall back to what it was before."""

    def __init__(self) -> None:
        self.saved: dict[str, Saved] = {}
        self.before: dict[str, list[Saved]] = {}
        self.written: dict[str, int] = {}
        self.refuses = False

    def set(self, stream: str, saved: Saved) -> None:
        if self.refuses:
            raise StorageFails
        old = self.saved.get(stream)
        if old is not None:
            older = self.before.setdefault(stream, [])
            older.append(old)
            del older[:-3]
        self.saved[stream] = saved
        self.written[stream] = saved.rows[-1]["seq"] if saved.rows and saved.rows[-1] else 0

    def remove(self, stream: str) -> None:
        self.saved.pop(stream, None)
        self.before.pop(stream, None)


class Log:
    """One stream's events. Memory holds the truth; each write brings all of it to the storage."""

    def __init__(self, storage: Storage, stream: str, owner: str | None, app: str | None) -> None:
        self.storage, self.stream, self.owner, self.app = storage, stream, owner, app
        self.sent: float = 0
        self.received: float = 0
        self.durable = True
        self.events: list[Event] = []
        self._lines: dict[int, str] = {}

    @property
    def last(self) -> Event | None:
        return self.events[-1] if self.events else None

    @property
    def seq(self) -> int:
        return self.events[-1]["seq"] if self.events else 0

    @property
    def has_undelivered(self) -> bool:
        return bool(self.events) and self.events[-1]["seq"] > self.received

    def append(self, event: Event) -> None:
        self.events.append({**event, "seq": self.seq + 1})
        self.save()

    def seal(self) -> None:
        """End it at its last proof."""
        if self.events[-1]["cause"] != "close":
            self.append({**self.events[-1], "cause": "close", "visible": False, "focused": False})

    def report(self, limit: float, sent_at: int) -> str | None:
        """The next report as text: of one run without holes, since nobody can fill them."""
        events, sent = self.events, self.sent
        if not events or events[-1]["seq"] <= sent or sent - self.received >= 2 * limit:
            return None
        start, following = self._run_around(sent)
        if following and start == following and events[following - 1]["seq"] > self.received:
            return None
        run_end = len(events)
        if events[-1]["seq"] - events[following]["seq"] != run_end - 1 - following:
            run_end = following + 1
            while events[run_end]["seq"] == events[run_end - 1]["seq"] + 1:
                run_end += 1
        while True:
            chosen = events[following : min(run_end, following + -int(-limit // 1))]
            owner = "" if self.owner is None else f'"owner":{_json(self.owner)},'
            app = "" if self.app is None else f'"app":{_json(self.app)},'
            text = (
                f'{{"type":"report","stream":"{self.stream}",{owner}{app}"first":{events[start]["seq"]},'
                f'"sent_at":{sent_at},"events":[{",".join(map(self._line, chosen))}]}}'
            )
            if limit > 1 and len(text.encode()) > REPORT_BYTES:
                limit /= 2
                continue
            self.sent = chosen[-1]["seq"]
            return text

    def rewind(self, seq: float) -> None:
        """What follows is sent again."""
        self.sent = self.received = seq

    def reconnect(self, committed: int) -> None:
        """The newest goes again: if the server forgot, this shows a gap."""
        self.commit(committed)
        self.sent = min(self.received, self.seq - 1)

    def receive(self, seq: float) -> None:
        self.received = max(self.received, min(seq, self.seq))

    def commit(self, seq: int) -> None:
        self.receive(seq)
        last = self.last
        self.events = [e for e in self.events if e["seq"] > seq or (e is last and e["cause"] != "close")]
        self._lines = {e["seq"]: line for e in self.events if (line := self._lines.get(e["seq"])) is not None}
        self.save()

    def save(self) -> None:
        try:
            if self.events:
                self.storage.set(self.stream, Saved(self.owner, self.app, tuple(self.events)))
            else:
                self.forget()
            self.durable = True
        except StorageFails:
            self.durable = False

    def forget(self) -> None:
        self.storage.remove(self.stream)

    @classmethod
    def all(cls, storage: Storage) -> list["Log"]:
        return [cls._load(storage, stream) for stream in list(storage.saved)]

    @classmethod
    def _load(cls, storage: Storage, stream: str) -> "Log":
        saved = storage.saved[stream]
        log = cls(storage, stream, saved.owner, saved.app)
        seq = 0
        for event in saved.rows:
            if event is not None and event["seq"] > seq:
                seq = event["seq"]
                log.events.append(event)
        return log

    def _run_around(self, sent: float) -> tuple[int, int]:
        """Where the run of the first unsent event begins, and where that event is."""
        events = self.events
        following = next(place for place in range(self._near(sent), len(events)) if events[place]["seq"] > sent)
        if events[following]["seq"] - events[0]["seq"] == following:
            return 0, following
        start = following
        while start and events[start - 1]["seq"] == events[start]["seq"] - 1:
            start -= 1
        return start, following

    def _near(self, sent: float) -> int:
        """A place that is not behind the first unsent event: without holes it is just before it."""
        place = len(self.events) - 1
        behind = self.events[-1]["seq"] - sent
        return 0 if behind > place else max(0, place - int(behind))

    def _line(self, event: Event) -> str:
        seq = event["seq"]
        line = self._lines.get(seq)
        if line is None:
            line = self._lines[seq] = _json(event)
        return line


def stood_still(last: Instant, now: Instant, *, is_visible: bool = True) -> bool:
    """Whether the page slept between two looks at the clocks, or a clock was set; of a hidden page only what shows."""
    wall, mono = now.at - last.at, now.mono - last.mono
    return abs(wall - mono) > 2_000 or (is_visible and min(wall, mono) > 6_000)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
