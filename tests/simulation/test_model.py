"""The simulated agent does what the real one does, step by step.

The vectors are recorded from client_js by tests/js/record_vectors.js, which says what each step means. Where the two
differ, the model is wrong.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.agent import EVERYTHING, attended, cause_of
from tests.simulation.idle import Input
from tests.simulation.outbox import Event, Log, Saved, Storage, stood_still
from tests.simulation.virtual import Instant

VECTORS = Path(__file__).parents[1] / "vectors"
RAISE_MS = 20_000

Step = dict[str, Any]


def recorded(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def titled(rows: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[f"{row.get('id', '')} {row['title']}".strip() for row in rows])


class Replay:
    """One story, done to the model: its storage, the log of the page that lives, and what befalls them."""

    def __init__(self, story: dict[str, Any]) -> None:
        self.stream: str = story["stream"]
        self.storage = Storage()
        self.log: Log | None = Log(self.storage, self.stream, story["owner"], story["app"])
        self._remembered: Saved | None = None

    def does(self, step: Step) -> dict[str, Any]:
        """The step as it should have been recorded: what it was, what it told, and the state after it."""
        done = {name: value for name, value in step.items() if name not in ("report", "then")}
        told = getattr(self, f"_{step['do']}")(step)
        return {**done, **({"report": told} if step["do"] == "report" else {}), "then": self._state()}

    @property
    def _living(self) -> Log:
        assert self.log is not None, "the story goes on behind its end"
        return self.log

    def _state(self) -> dict[str, Any] | None:
        log = self.log
        if log is None:
            return None
        undelivered = [event for event in log.events if event["seq"] > log.received]
        assert log.has_undelivered == bool(undelivered)
        found = Log.all(self.storage)
        return {
            "held": runs(log.events),
            "last": without_long_texts(log.last),
            "sent": "all" if log.sent == EVERYTHING else log.sent,
            "received": "all" if log.received == EVERYTHING else log.received,
            "undelivered": runs(undelivered),
            "durable": log.durable,
            "stored": next(({"owner": o.owner, "app": o.app, "held": runs(o.events)} for o in found), None),
        }

    # What the page does, and what it hears

    def _append(self, step: Step) -> None:
        longer = {"session": {"id": step["fill"][0] * step["fill"][1]}} if "fill" in step else {}
        for turn in range(step.get("times", 1)):
            event, passed = step["event"], turn * RAISE_MS
            self._living.append({**event, "at": event["at"] + passed, "mono": event["mono"] + passed, **longer})

    def _seal(self, _step: Step) -> None:
        self._living.seal()

    def _report(self, step: Step) -> dict[str, Any] | None:
        text = self._living.report(step["limit"], step["sent_at"])
        if text is None:
            return None
        told = json.loads(text)
        return {
            "first": told["first"],
            "sent_at": told["sent_at"],
            "seqs": runs(told["events"]),
            "bytes": len(text.encode()),
        }

    def _receive(self, step: Step) -> None:
        self._living.receive(step["seq"])

    def _commit(self, step: Step) -> None:
        self._living.commit(step["seq"])

    def _gap(self, step: Step) -> None:
        self._living.rewind(step["expected"] - 1)

    def _wait(self, _step: Step) -> None:
        self._living.rewind(self._living.received)

    def _not_yours(self, _step: Step) -> None:
        self._living.rewind(EVERYTHING)

    def _welcome(self, step: Step) -> None:
        self._living.reconnect(step["committed"])

    def _load(self, _step: Step) -> None:
        self.log = next(iter(Log.all(self.storage)), None)

    # What befalls the storage: text that nobody can read is a row that is None

    def _lose(self, step: Step) -> None:
        self._change(lambda rows: [row for row in rows if row and row["seq"] not in step["seqs"]])

    def _corrupt(self, step: Step) -> None:
        self._change(lambda rows: [None if row and row["seq"] in step["seqs"] else row for row in rows])

    def _repeat(self, step: Step) -> None:
        self._change(lambda rows: [*rows, *(row for row in rows if row and row["seq"] in step["seqs"])])

    def _tear(self, step: Step) -> None:
        """A row that lost its end is no JSON any more; the model knows no other rows that are torn than the last."""
        last = self.storage.saved[self.stream].rows[-1]
        assert 0 < step["characters"] < len(json.dumps(last, separators=(",", ":"), ensure_ascii=False))
        self._change(lambda rows: [*rows[:-1], None])

    def _behead(self, _step: Step) -> None:
        self.storage.saved[self.stream] = Saved(None, None, self.storage.saved[self.stream].rows)

    def _empty(self, _step: Step) -> None:
        self.storage.saved.clear()

    def _fill(self, _step: Step) -> None:
        self.storage.refuses = True

    def _free(self, _step: Step) -> None:
        self.storage.refuses = False

    def _keep(self, _step: Step) -> None:
        self._remembered = self.storage.saved.get(self.stream)

    def _restore(self, _step: Step) -> None:
        self.storage.saved.pop(self.stream, None)
        if self._remembered is not None:
            self.storage.saved[self.stream] = self._remembered

    def _change(self, change: Callable[[tuple[Event | None, ...]], Iterable[Event | None]]) -> None:
        saved = self.storage.saved[self.stream]
        self.storage.saved[self.stream] = Saved(saved.owner, saved.app, tuple(change(saved.rows)))


def runs(events: Iterable[Event]) -> list[list[int]]:
    """Runs of `seq`, first and last of each."""
    found: list[list[int]] = []
    for event in events:
        if found and found[-1][1] == event["seq"] - 1:
            found[-1][1] = event["seq"]
        else:
            found.append([event["seq"], event["seq"]])
    return found


def without_long_texts(event: Event | None) -> Event | None:
    """The event as it is recorded: without a `session.id` that a story filled up."""
    if event is None or len((event.get("session") or {}).get("id", "")) <= 99:
        return event
    return {**event, "session": {name: value for name, value in event["session"].items() if name != "id"}}


@titled(recorded("outbox.json"))
def test_the_outbox_of_the_model_does_what_the_real_one_did(row: dict[str, Any]) -> None:
    """X22, X26, X27, X28: every story, none left out."""
    replay = Replay(row)
    for place, step in enumerate(row["steps"]):
        assert replay.does(step) == step, f"step {place}: {step['do']}"


@titled(recorded("clocks.json"))
def test_the_model_sees_a_standstill_where_the_real_agent_does(row: dict[str, Any]) -> None:
    last, now = Instant(**row["last"]), Instant(**row["now"])
    assert stood_still(last, now) == row["stood_still"]
    assert stood_still(last, now, is_visible=False) == row["stood_still_hidden"]


@titled(recorded("idle.json"))
def test_f21_the_model_tells_of_input_what_the_real_agent_told(row: dict[str, Any]) -> None:
    watched, lived = Input(Instant(row["steps"][0]["at"], 0)), None
    for step in row["steps"]:
        now = Instant(step["at"], step["mono"])
        if "input" in step:
            watched.note(now)
            continue
        seen = {fact: step[fact] for fact in ("visible", "focused", "locked")}
        watched.mark(seen, lived, now, step["minutes"])
        assert (seen["idle"], seen.get("quiet")) == (step["idle"], step["quiet"]), step
        lived = now


@titled(recorded("attention.json"))
def test_the_model_shows_the_case_that_the_real_agent_shows(row: dict[str, Any]) -> None:
    assert attended(row["app"], row["policy"], row["snapshot"]) == row["expect"]


def test_f22_the_model_names_the_cause_that_the_real_agent_names() -> None:
    """F22: from each snapshot to each other one."""
    table = recorded("causes.json")
    shown = {snapshot["title"]: snapshot["snapshot"] for snapshot in table["snapshots"]}
    for before, causes in table["causes"].items():
        assert {now: cause_of(shown[before], shown[now]) for now in causes} == causes, before
