"""Builds what an agent sends, one readable line an event."""

from typing import Any
from uuid import uuid4


class Page:
    """One load of a page: a stream whose events are made one by one.

    `at` and `mono` are set from one instant, as on a computer whose clocks are right; a test may shift either.
    """

    def __init__(
        self, started: int, *, stream: str | None = None, app: str = "workspace", clock_error_ms: int = 0
    ) -> None:
        self.stream = stream or str(uuid4())
        self.app = app
        self.started = started
        self.clock_error_ms = clock_error_ms
        self.events: list[dict[str, Any]] = []

    def event(self, now: int, cause: str = "beat", case: str | None = "CAS-1001", **facts: Any) -> dict[str, Any]:
        """The next event, at the true instant `now`; attends `case` unless `facts` say otherwise."""
        event = {
            "seq": len(self.events) + 1,
            "at": now + self.clock_error_ms,
            "mono": now - self.started,
            "cause": cause,
            "visible": True,
            "focused": True,
            "locked": False,
            "idle": False,
            "session": {"id": "s1", "kind": "case", "case": case},
            "app_tab": None,
            "form": None,
            **facts,
        }
        self.events.append(event)
        return event

    def works(self, start: int, end: int, case: str = "CAS-1001", *, step_ms: int = 20_000) -> None:
        """Attend a case from `start` to `end` with a beat every `step_ms`, then look away."""
        self.event(start, "open" if not self.events else "focus", case)
        for now in range(start + step_ms, end, step_ms):
            self.event(now, "beat", case)
        self.event(end, "blur", case, focused=False)

    def report(self, now: int, *, since: int = 1, until: int | None = None, first: int = 1) -> dict[str, Any]:
        """A report of the events `since` to `until` (all, if left out), leaving the browser at `now`."""
        return {
            "type": "report",
            "stream": self.stream,
            "first": first,
            "sent_at": now + self.clock_error_ms,
            "events": [
                event for event in self.events if event["seq"] >= since and (until is None or event["seq"] <= until)
            ],
        }

    def hello(self, now: int, token: str | None = None) -> dict[str, Any]:
        return {
            "type": "hello",
            "protocol": 1,
            "stream": self.stream,
            "app": self.app,
            "agent": "test/1.0",
            "sent_at": now + self.clock_error_ms,
            "token": token,
        }
