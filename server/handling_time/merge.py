"""The merge: how long a case was handled, by whom, automatically and by hand.

`total = automatic + manual`, `manual = time logs + activities`. Automatic time comes from the totals that commits keep
and from corrections, so it costs the same however long the history is, and stays right when records are purged. What
was both logged and tracked is known, and may be left out of manual time.
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
from server.time_entries.corrections import automatic_times
from server.time_entries.entries import Logged
from server.time_entries.models import Activity, TimeLog
from server.tracking.commit import live_spans
from server.tracking.service import Tracking

_NOTHING = Logged()


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part in a case, and when it last changed."""

    person_id: int
    changed_at: int
    automatic_ms: int = 0
    time_logs: Logged = _NOTHING
    activities: Logged = _NOTHING

    @property
    def is_empty(self) -> bool:
        return not (self.automatic_ms or self.time_logs.seconds or self.activities.seconds)


@dataclass(frozen=True, slots=True)
class HandlingTime:
    """The handling time of a case: everybody's share. `since` is the instant before which nothing of it changed.

    With `overlap_once`, what was logged and tracked counts as automatic time alone.
    """

    ref: str
    status: str
    shares: tuple[Share, ...]
    names: Mapping[int, tuple[str, str]]
    since: int
    overlap_once: bool

    def body(self, *, only_of: int | None = None) -> dict[str, Any]:
        """The body of `GET .../handling-time`; with `only_of` one person's own part alone.

        Durations are whole seconds; parts of a second are cut off, never rounded up.
        """
        shares = [share for share in self.shares if only_of is None or share.person_id == only_of]
        automatic = sum(share.automatic_ms for share in shares) // 1000
        time_logs = sum(self._counted(share.time_logs) for share in shares)
        activities = sum(self._counted(share.activities) for share in shares)
        return {
            "case": self.ref,
            "status": self.status,
            "total_seconds": automatic + time_logs + activities,
            "automatic_seconds": automatic,
            "manual_seconds": time_logs + activities,
            "time_log_seconds": time_logs,
            "activity_seconds": activities,
            "overlap_seconds": sum(
                share.time_logs.overlap_seconds + share.activities.overlap_seconds for share in shares
            ),
            "overlap_counted": not self.overlap_once,
            "updated_at": iso(max([self.since, *(share.changed_at for share in shares)])),
            "representatives": [
                {
                    "username": self.names[share.person_id][0],
                    "name": self.names[share.person_id][1],
                    "automatic_seconds": share.automatic_ms // 1000,
                    "manual_seconds": self._counted(share.time_logs) + self._counted(share.activities),
                }
                for share in shares
                if not share.is_empty
            ],
        }

    def _counted(self, logged: Logged) -> int:
        return logged.counted(overlap_once=self.overlap_once)


def handling_time(
    session: Session, case: Case, *, overlap_once: bool, tracking: Tracking | None = None
) -> HandlingTime:
    """Merge all time of a case; with `tracking`, what is proven and not yet committed too."""
    automatic: dict[int, int] = defaultdict(int)
    changed: dict[int, int] = defaultdict(int)
    for total in automatic_times(session, case.id):
        automatic[total.representative_id] = total.corrected_ms
        changed[total.representative_id] = total.updated_at
    if tracking is not None:
        for person_id, ms in live_ms(session, tracking, case.ref).items():
            automatic[person_id] += ms
    time_logs = entries.logged_by_person(session, TimeLog, case.id)
    activities = entries.logged_by_person(session, Activity, case.id)
    for kind in (TimeLog, Activity):
        for person_id, changed_at in entries.last_changes(session, kind, case.id).items():
            changed[person_id] = max(changed[person_id], changed_at)
    people = _names(session, {*automatic, *changed})
    shares = [
        Share(
            person,
            changed[person],
            automatic[person],
            time_logs.get(person, _NOTHING),
            activities.get(person, _NOTHING),
        )
        for person in people
    ]
    since = case.created_at if tracking is None else tracking.clock()
    return HandlingTime(case.ref, case.status, tuple(shares), people, since, overlap_once)


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
