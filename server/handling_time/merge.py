"""The merge: how long a case was handled, by whom, automatically and by hand.

`total = automatic + manual`, `manual = time logs + activities`. Automatic time comes from the totals that commits keep,
so it costs the same however long the history is, and stays right when records are purged.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.clock import iso
from server.time_entries import entries
from server.time_entries.models import Activity, TimeLog
from server.tracking.commit import live_spans
from server.tracking.models import CaseTotal
from server.tracking.service import Tracking


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part in a case, and when it last changed."""

    person_id: int
    changed_at: int
    automatic_ms: int = 0
    time_log_seconds: int = 0
    activity_seconds: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.automatic_ms or self.time_log_seconds or self.activity_seconds)


@dataclass(frozen=True, slots=True)
class HandlingTime:
    """The handling time of a case: everybody's share. `since` is the instant before which nothing of it changed."""

    ref: str
    status: str
    shares: tuple[Share, ...]
    names: Mapping[int, tuple[str, str]]
    since: int

    def body(self, *, only_of: int | None = None) -> dict[str, Any]:
        """The body of `GET .../handling-time`; with `only_of` one person's own part alone.

        Durations are whole seconds; parts of a second are cut off, never rounded up.
        """
        shares = [share for share in self.shares if only_of is None or share.person_id == only_of]
        automatic = sum(share.automatic_ms for share in shares) // 1000
        time_logs = sum(share.time_log_seconds for share in shares)
        activities = sum(share.activity_seconds for share in shares)
        return {
            "case": self.ref,
            "status": self.status,
            "total_seconds": automatic + time_logs + activities,
            "automatic_seconds": automatic,
            "manual_seconds": time_logs + activities,
            "time_log_seconds": time_logs,
            "activity_seconds": activities,
            "updated_at": iso(max([self.since, *(share.changed_at for share in shares)])),
            "representatives": [
                {
                    "username": self.names[share.person_id][0],
                    "name": self.names[share.person_id][1],
                    "automatic_seconds": share.automatic_ms // 1000,
                    "manual_seconds": share.time_log_seconds + share.activity_seconds,
                }
                for share in shares
                if not share.is_empty
            ],
        }


def handling_time(session: Session, case: Case, *, tracking: Tracking | None = None) -> HandlingTime:
    """Merge all time of a case; with `tracking`, what is proven and not yet committed too."""
    automatic: dict[int, int] = defaultdict(int)
    changed: dict[int, int] = defaultdict(int)
    for total in session.scalars(select(CaseTotal).where(CaseTotal.case_id == case.id)):
        automatic[total.representative_id] += total.automatic_ms
        changed[total.representative_id] = total.updated_at
    if tracking is not None:
        for person_id, ms in live_ms(session, tracking, case.ref).items():
            automatic[person_id] += ms
    time_logs = entries.seconds_by_person(session, TimeLog, case.id)
    activities = entries.seconds_by_person(session, Activity, case.id)
    for kind in (TimeLog, Activity):
        for person_id, changed_at in entries.last_changes(session, kind, case.id).items():
            changed[person_id] = max(changed[person_id], changed_at)
    people = _names(session, {*automatic, *changed})
    shares = [
        Share(person, changed[person], automatic[person], time_logs.get(person, 0), activities.get(person, 0))
        for person in people
    ]
    since = case.created_at if tracking is None else tracking.clock()
    return HandlingTime(case.ref, case.status, tuple(shares), people, since)


def live_ms(session: Session, tracking: Tracking, ref: str) -> dict[int, int]:
    """Proven, uncommitted milliseconds on a case, by representative."""
    return {
        representative: ms
        for representative in representatives_with_live_time(tracking, ref)
        if (ms := _ms_on(live_spans(session, tracking, representative), ref))
    }


def representatives_with_live_time(tracking: Tracking, ref: str) -> list[int]:
    """Whose uncommitted claims touch a case."""
    return [
        representative
        for representative in tracking.store.representatives()
        if any(entry.has_claim_on(ref) for entry in tracking.store.of_representative(representative))
    ]


def _ms_on(spans: Iterable[Any], ref: str) -> int:
    return sum(span.ended - span.started for span in spans if span.case == ref)


def _names(session: Session, person_ids: set[int]) -> dict[int, tuple[str, str]]:
    rows = session.execute(
        select(Person.id, Person.username, Person.name).where(Person.id.in_(person_ids)).order_by(Person.name)
    )
    return {person: (username, name) for person, username, name in rows}
