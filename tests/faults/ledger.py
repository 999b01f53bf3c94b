"""What pages prove by the rules of the contract, and whether the database holds exactly that.

It is written from docs/protocol.md and shares no rule with the server; the tables alone are read with its models.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

from sqlalchemy import select

from server.accounts.models import Person
from server.cases.models import Case
from server.db import Database
from server.tracking.models import CaseTotal, DailyTotal, RefusedEvent, StreamCursor, StreamLoss, TrackerRecord
from tests.outside_client import Json, Outbox

MAX_GAP_MS = 60_000
CASES = [f"CAS-100{number}" for number in range(1, 6)]

Claim = tuple[int, int, str]


class Account:
    """Everything that one representative's browser has written down, page by page, and what of it must count.

    The pages of one account follow each other in time, so that their claims never overlap.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        self.outboxes: dict[str, Outbox] = {}
        self.lived: dict[str, list[Json]] = {}

    @property
    def claims(self) -> list[Claim]:
        return joined(claim for events in self.lived.values() for claim in proven(events))

    @property
    def proven_ms(self) -> int:
        return sum(end - start for start, end, _ in self.claims)

    @property
    def events(self) -> int:
        return sum(map(len, self.lived.values()))


def proven(events: Iterable[Json]) -> list[Claim]:
    """The time between neighbours that attend a case and are close enough, by both clocks."""
    claims = []
    for event, following in pairwise(events):
        by_wall, by_mono = following["at"] - event["at"], following["mono"] - event["mono"]
        case = attended(event)
        if case is not None and 0 < by_wall <= MAX_GAP_MS and abs(by_wall - by_mono) <= 2_000:
            claims.append((event["at"], following["at"], case))
    return claims


def attended(event: Json) -> str | None:
    """The case in front, on a page that tells nothing but the case and whether it is looked at."""
    is_seen = event["visible"] and event["focused"] and not event["locked"] and not event["idle"]
    case = event["session"]["case"] if event["session"] else None
    return case if is_seen and case in CASES else None


def joined(claims: Iterable[Claim]) -> list[Claim]:
    """Claims that touch on the same case become one."""
    merged: list[Claim] = []
    for start, end, case in sorted(claims):
        if merged and merged[-1][1:] == (start, case):
            merged[-1] = (merged[-1][0], end, case)
        else:
            merged.append((start, end, case))
    return merged


class Books:
    """What the database says of one representative."""

    def __init__(self, database: Database, username: str) -> None:
        def read(session: object) -> None:
            me = select(Person.id).where(Person.username == username).scalar_subquery()
            query = session.execute  # type: ignore[attr-defined]
            cases = {row.id: row.ref for row in query(select(Case.id, Case.ref))}
            records = query(
                select(TrackerRecord.started_at, TrackerRecord.ended_at, TrackerRecord.case_id)
                .where(TrackerRecord.representative_id == me)
                .order_by(TrackerRecord.started_at)
            )
            self.records: list[Claim] = [(start, end, cases[case]) for start, end, case in records]
            totals = query(select(CaseTotal.case_id, CaseTotal.automatic_ms).where(CaseTotal.representative_id == me))
            self.case_totals = {cases[case]: ms for case, ms in totals}
            days = query(select(DailyTotal.case_id, DailyTotal.automatic_ms).where(DailyTotal.representative_id == me))
            self.daily_totals: Counter[str] = Counter()
            for case, ms in days:
                self.daily_totals[cases[case]] += ms
            cursors = query(select(StreamCursor.stream, StreamCursor.committed_seq))
            self.committed: Mapping[str, int] = {row.stream: row.committed_seq for row in cursors}
            refused = query(select(RefusedEvent).where(RefusedEvent.representative_id == me)).scalars().all()
            self.why_refused = {(row.code, row.message, row.body) for row in refused}
            self.refused = sorted(
                (row.stream, seq) for row in refused for seq in range(row.first_seq, row.last_seq + 1)
            )
            self.losses = query(select(StreamLoss.stream).where(StreamLoss.representative_id == me)).all()

        database.read(read)

    @property
    def credited_ms(self) -> int:
        return sum(end - start for start, end, _ in self.records)


def check(database_url: str, *accounts: Account) -> None:
    """The database holds exactly what these accounts have proven, everywhere, and knows all it has acknowledged."""
    database = Database(database_url)
    try:
        for account in accounts:
            _check(Books(database, account.username), account)
    finally:
        database.close()


def _check(books: Books, account: Account) -> None:
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(books.records)), "records overlap"
    found, expected = set(joined(books.records)), set(account.claims)
    assert found == expected, f"{account.username}: not proven {found - expected}, not credited {expected - found}"
    by_case: Counter[str] = Counter()
    for start, end, case in books.records:
        by_case[case] += end - start
    assert books.case_totals == by_case
    assert books.daily_totals == by_case
    for stream, outbox in account.outboxes.items():
        assert books.committed.get(stream, 0) >= outbox.committed, "acknowledged, and not there"
    strays = sorted(
        (stream, event["seq"])
        for stream, events in account.lived.items()
        for event in events
        if event["session"] and event["session"]["case"] not in (None, *CASES)
    )
    assert books.refused == strays, f"{account.username}: {books.why_refused}"
    assert books.losses == []
