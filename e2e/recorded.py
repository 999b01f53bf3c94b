"""What the database recorded: spans of tracker records, read from its file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from e2e.stopwatch import Moment, Stopwatch, now_ms
from e2e.waiting import until
from tests.server_process import ServerProcess

SETTLED_MS = 1_000
LATE_S = 15.0

_RECORDS = """
    SELECT people.username, cases.ref, started_at, ended_at, started_by, ended_by, committed_at, stream
    FROM tracker_records JOIN people ON people.id = representative_id JOIN cases ON cases.id = case_id
    ORDER BY started_at, tracker_records.id
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Time of one representative on one case, `[started, ended)` in milliseconds; records that touch are one span."""

    who: str
    case: str
    started: int
    ended: int
    started_by: str = ""
    ended_by: str = ""
    committed: int = 0
    stream: str = ""

    @property
    def ms(self) -> int:
        return self.ended - self.started

    def fits(self, expected: "Expected") -> bool:
        return (
            (self.who, self.case) == (expected.who, expected.case)
            and expected.started.holds(self.started)
            and expected.ended.holds(self.ended)
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """A span whose ends lie in the moments of two acts."""

    who: str
    case: str
    started: Moment
    ended: Moment


class Recorded:
    """The tracker records of one server."""

    def __init__(self, server: ServerProcess, stopwatch: Stopwatch) -> None:
        self._server = server
        self._stopwatch = stopwatch
        self._path = server.folder / "caseclock.sqlite3"

    def commit(self) -> None:
        """Bring everything that is proven into the database, by the public way."""
        for ref in self._column("SELECT ref FROM cases"):
            self.handling_time(ref, refresh=True)

    def handling_time(self, ref: str, *, who: str = "ada", refresh: bool = False, query: str = "") -> dict:
        """The body of `GET` (or `POST .../refresh`) of a case's handling time."""
        path = f"/api/v1/cases/{ref}/handling-time{'/refresh' if refresh else ''}{query}"
        method = "POST" if refresh else "GET"
        status, body = self._server.call(method, path, token=self._server.token(who))
        assert status == 200, body
        return body

    def records(self) -> list[Span]:
        """Every tracker record as it is."""
        with closing(self._open()) as connection:
            return [Span(*row) for row in connection.execute(_RECORDS)]

    def losses(self) -> list[tuple[str, int, int]]:
        """Events that no browser had any more: a stream, the first and the last `seq`."""
        with closing(self._open()) as connection:
            return list(connection.execute("SELECT stream, first_seq, last_seq FROM stream_losses ORDER BY id"))

    def spans(self) -> list[Span]:
        """The records, those of one representative and case that touch joined, in order of their start."""
        joined: list[Span] = []
        for record in self.records():
            for place, span in enumerate(joined):
                if (span.who, span.case, span.ended) == (record.who, record.case, record.started):
                    joined[place] = replace(span, ended=record.ended, ended_by=record.ended_by)
                    break
            else:
                joined.append(record)
        return joined

    def ms(self, who: str, ref: str) -> int:
        """All recorded time of a representative on a case."""
        return sum(span.ms for span in self.records() if (span.who, span.case) == (who, ref))

    def grows(self, who: str, ref: str, *, seconds: float = 1.0, timeout_s: float = LATE_S) -> None:
        """Wait until so much more of this work is recorded, committing what is proven again and again."""
        wanted = self.ms(who, ref) + seconds * 1000

        def grown() -> bool:
            self.handling_time(ref, refresh=True)
            return self.ms(who, ref) >= wanted

        until(grown, timeout_s=timeout_s, poll_s=0.2, what=f"{who} has {wanted / 1000:g} s on {ref}")

    def are(self, *expected: Expected) -> list[Span]:
        """Assert that these spans are recorded, each end within tolerance of its act, and nothing else.

        It looks no sooner than a second after the last end was due: a clock that runs on would be seen.
        """
        due = max((span.ended.after for span in expected), default=now_ms()) + SETTLED_MS
        until(lambda: now_ms() >= due, what="the last span has settled")
        found: list[Span] = []

        def fit() -> bool:
            nonlocal found
            self.commit()
            found = self.spans()
            return _fit(found, expected)

        try:
            until(fit, timeout_s=LATE_S, poll_s=0.25)
        except AssertionError:
            raise AssertionError(self._difference(found, expected)) from None
        return found

    def _difference(self, found: Sequence[Span], expected: Sequence[Expected]) -> str:
        lines = ["recorded:"]
        lines += [
            f"  {span.started} - {span.ended}  {span.ms:>6} ms  {span.who} {span.case}"
            f"  ({span.started_by} .. {span.ended_by})"
            for span in found
        ]
        lines.append("records:")
        lines += [f"  {each}" for each in self.records()]
        lines.append("expected:")
        for span in expected:
            lines.append(f"  {span.who} {span.case}")
            lines += [f"    {moment.before} .. {moment.after}  {moment.what}" for moment in (span.started, span.ended)]
        return "\n".join([*lines, "story:", self._stopwatch.story()])

    def _column(self, query: str) -> list[str]:
        with closing(self._open()) as connection:
            return [row[0] for row in connection.execute(query)]

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)


def overlaps(spans: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Pairs of spans of one representative that share time. There must be none."""
    return [
        (one, other)
        for place, one in enumerate(spans)
        for other in spans[place + 1 :]
        if one.who == other.who and one.started < other.ended and other.started < one.ended
    ]


def _fit(found: Sequence[Span], expected: Sequence[Expected]) -> bool:
    left = list(expected)
    for span in found:
        match = next((each for each in left if span.fits(each)), None)
        if match is None:
            return False
        left.remove(match)
    return not left
