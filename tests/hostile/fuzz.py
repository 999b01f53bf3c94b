"""Broken messages into a real `Tracking`, in one process, on a clock that is moved; and what must hold afterwards.

Several representatives' pages live and report as they should, while most of what is sent in their names is broken. One
of them, `INNOCENT`, is never tampered with: the time of her case must come out exactly.
"""

import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import text

from server.settings import TrackingSettings
from server.tracking import wire
from server.tracking.commit import commit, forget_quiet_streams
from server.tracking.intake import take_report
from tests.conftest import World
from tests.hostile.grammar import CASES, Json, Message, Page, broken, small_talk
from tests.hostile.proof import MAX_GAP_MS, Proof

INNOCENT, HER_CASE = "sam", CASES[2]
HOSTILE_PEOPLE = ("ana", "ben", "ada")
COMMIT_EVERY = 2_000
CHECK_EVERY = 50_000
MAX_EVENTS = 300


@dataclass
class Result:
    """What a run did and found."""

    frames: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    records: int = 0
    credited_ms: int = 0


class Fuzz:
    """One run on one world. The same seed gives the same frames, as long as the server answers the same."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.random = Random(seed)
        self.proof = Proof()
        self.result = Result()
        self._streams = 0
        self._named: set[str] = set()
        self._pages = {who: [self._page(who) for _ in range(3)] for who in HOSTILE_PEOPLE}
        self._her = self._page(INNOCENT)
        self._her_ms = 0
        self._sent: list[Json] = []

    def run(self, frames: int) -> Iterator[int]:
        """Send so many frames; gives the number of each frame after which everything was checked."""
        for number in range(1, frames + 1):
            message = self._next()
            self.result.frames[message.kind] += 1
            try:
                self._send(message)
            except Exception:
                self._found(number, message, traceback.format_exc())
            if number % COMMIT_EVERY == 0 or number == frames:
                self._commit(number)
            if number % CHECK_EVERY == 0 or number == frames:
                self._check(number)
                self._forget()
                yield number

    def _next(self) -> Message:
        random, clock = self.random, self.world.clock
        clock.advance(seconds=random.choice((0.01, 0.1, 0.5, 1, 2)))
        if random.random() < 0.05:
            return self._honest(self._her, HER_CASE)
        who = random.choice(HOSTILE_PEOPLE)
        pages = self._pages[who]
        page = random.choice(pages)
        if random.random() < 0.02:
            pages.remove(page)
            pages.append(self._page(who))
        if random.random() < 0.25:
            return self._honest(page)
        if random.random() < 0.05:
            kind, payload = small_talk(random)
            return Message(kind, who, "socket", payload)
        page.lives_until(clock.now, random)
        report = page.report(clock.now)
        self._sent = [*self._sent[-50:], report]
        kind, payload = broken(report, random, self._sent)
        road = "http" if isinstance(payload, bytes) or random.random() < 0.3 else "socket"
        if random.random() < 0.03:
            kind, who = "foreign", random.choice(HOSTILE_PEOPLE)
        return Message(kind, who, road, payload)

    def _honest(self, page: Page, case: str | None = None) -> Message:
        now = self.world.clock.now
        known, before = page.seq, page.at
        page.lives_until(now, self.random, case)
        if case is not None:
            for event in page.held:
                event.update(visible=True, focused=True, idle=False, app_tab=None, form=None)
                event["session"] = {"id": "s1", "kind": "case", "case": case}
                if event["seq"] > known:
                    self._her_ms += event["at"] - before if before and event["at"] - before <= MAX_GAP_MS else 0
                    before = event["at"]
        return Message("honest", page.who, "socket", wire.encode(page.report(now)))

    def _send(self, message: Message) -> None:
        tracking, now = self.world.tracking, self.world.clock.now
        answers: list[Json] = []
        try:
            if message.road == "http":
                body = message.payload.encode() if isinstance(message.payload, str) else message.payload
                taken, answers = wire.decode_report(body, max_events=MAX_EVENTS)
            else:
                taken, answers = wire.decode(message.payload, max_events=MAX_EVENTS)  # type: ignore[assignment]
        except wire.BadMessage as problem:
            answers = [wire.error("bad_message", str(problem))]
        else:
            if isinstance(taken, wire.Report):
                who = self.world.ids[message.who]
                answers += take_report(tracking, taken, representative_id=who, app="workspace", now=now)
        for answer in answers:
            wire.encode(answer)
            self.result.answers[answer.get("code") or answer["type"]] += 1
        self.proof.hear(message.payload, answers)
        self._hear(message.who, answers)

    def _hear(self, who: str, answers: list[Json]) -> None:
        """The pages themselves listen, as an agent does."""
        for answer in answers:
            for page in [self._her] if who == INNOCENT else self._pages[who]:
                if page.stream != answer.get("stream"):
                    continue
                if answer["type"] == "received":
                    page.hear(answer["seq"])
                elif answer.get("code") == "gap" and who == INNOCENT:
                    raise AssertionError(f"an honest page is told of a gap: {answer}")

    def _commit(self, number: int) -> None:
        tracking, now = self.world.tracking, self.world.clock.now
        tracking.settings.value = TrackingSettings(create_unknown_cases=self.random.random() < 0.5)
        done = commit(tracking, tracking.store.representatives(), now=now)
        self.result.records += done.records
        self.result.credited_ms += done.credited_ms
        forget_quiet_streams(tracking, now=now)
        if any(
            entry.is_dirty
            for one in tracking.store.representatives()
            for entry in tracking.store.of_representative(one)
        ):
            self.result.findings.append(f"frame {number}: the commit left something behind")

    def _check(self, number: int) -> None:
        for name, query in _MUST_BE_EMPTY.items():
            rows = self.world.read(lambda session, query=query: session.execute(text(query)).fetchmany(3))
            if rows:
                self.result.findings.append(f"frame {number}: {name}: {rows}")
        known = self.proof.streams.keys()
        by_stream = self.world.read(
            lambda session: [row for row in session.execute(text(_CREDITED)) if row.stream in known]
        )
        for stream, ref, credited_ms in by_stream:
            most_ms = self.proof.most_ms(stream, ref)
            if credited_ms > most_ms:
                self.result.findings.append(
                    f"frame {number}: {credited_ms} ms credited to {ref} by {stream}, at most {most_ms} are proven"
                )
        query = text("SELECT sum(ended_at - started_at) FROM tracker_records WHERE representative_id = :who")
        hers = self.world.read(lambda session: session.scalar(query, {"who": self.world.ids[INNOCENT]})) or 0
        if hers != self._her_ms:
            self.result.findings.append(f"frame {number}: {INNOCENT} has {hers} ms instead of {self._her_ms}")

    def _forget(self) -> None:
        """What was checked and cannot come again, so that the memory that is measured is the server's."""
        living = {page.stream for pages in self._pages.values() for page in pages} | {self._her.stream}
        kept = living | {report["stream"] for report in self._sent}
        self.proof.forget({name for name in self._named if name not in kept})
        self._named &= kept

    def _page(self, who: str) -> Page:
        self._streams += 1
        stream = f"{who}-{self.seed}-{self._streams}"
        self._named.add(stream)
        return Page(who, stream, "workspace", self.world.clock.now)

    def _found(self, number: int, message: Message, what: str) -> None:
        self.result.findings.append(
            f"frame {number} ({message.kind}, {message.road}), "
            f"to be had again with --seed {self.seed} --frames {number}:\n{message.payload[:2_000]!r}\n{what}"
        )


_CREDITED = """
    SELECT stream, cases.ref, sum(ended_at - started_at) FROM tracker_records JOIN cases ON cases.id = case_id
    GROUP BY stream, cases.ref"""

_MUST_BE_EMPTY = {
    "records overlap": """
        SELECT representative_id, started_at, before FROM (
            SELECT representative_id, started_at,
                lag(ended_at) OVER (PARTITION BY representative_id ORDER BY started_at) AS before
            FROM tracker_records) AS neighbours WHERE before > started_at""",
    "totals differ from the records": """
        SELECT case_id, representative_id, sum(ms) FROM (
            SELECT case_id, representative_id, automatic_ms AS ms FROM case_totals
            UNION ALL SELECT case_id, representative_id, started_at - ended_at FROM tracker_records) AS both_of_them
        GROUP BY case_id, representative_id HAVING sum(ms) <> 0""",
    "daily totals differ from the records": """
        SELECT case_id, representative_id, sum(ms) FROM (
            SELECT case_id, representative_id, automatic_ms AS ms FROM daily_totals
            UNION ALL SELECT case_id, representative_id, started_at - ended_at FROM tracker_records) AS both_of_them
        GROUP BY case_id, representative_id HAVING sum(ms) <> 0""",
    "records end after their commit": "SELECT id, committed_at FROM tracker_records WHERE ended_at > committed_at",
}
