"""Corrections: a representative says what their automatic time on a case should be.

What was measured is never touched: automatic time is the measured total and all corrections together, so that time
that is tracked later adds up on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.audit import log as audit_log
from server.audit.log import Actor
from server.cases.models import Case
from server.clock import day_of
from server.i18n import _
from server.problems import Invalid
from server.time_entries.models import AutomaticCorrection
from server.tracking.models import CaseTotal

MAX_CORRECTED_SECONDS = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class AutomaticTime:
    """One representative's committed automatic time on a case, and when it last changed.

    `correction_ms` is the sum of all corrections: less than zero where they take away.
    """

    representative_id: int
    measured_ms: int
    correction_ms: int
    updated_at: int

    @property
    def corrected_ms(self) -> int:
        """What counts."""
        return max(0, self.measured_ms + self.correction_ms)


def automatic_times(session: Session, case_id: int, *, only_of: int | None = None) -> list[AutomaticTime]:
    """Everybody's automatic time on a case, or that of one person: one query, so that both parts fit together."""
    sums = (
        select(
            AutomaticCorrection.representative_id,
            func.sum(AutomaticCorrection.delta_ms).label("delta_ms"),
            func.max(AutomaticCorrection.created_at).label("last_at"),
        )
        .where(AutomaticCorrection.case_id == case_id)
        .group_by(AutomaticCorrection.representative_id)
        .subquery()
    )
    query = (
        select(
            CaseTotal.representative_id, CaseTotal.automatic_ms, CaseTotal.updated_at, sums.c.delta_ms, sums.c.last_at
        )
        .outerjoin(sums, sums.c.representative_id == CaseTotal.representative_id)
        .where(CaseTotal.case_id == case_id)
    )
    if only_of is not None:
        query = query.where(CaseTotal.representative_id == only_of)
    return [
        AutomaticTime(representative, measured, int(delta or 0), max(updated_at, last_at or 0))
        for representative, measured, updated_at, delta, last_at in session.execute(query)
    ]


def correct(
    session: Session, case: Case, person: Person, *, wanted_seconds: int, reason: str, now: int, address: str = ""
) -> None:
    """Make `wanted_seconds` of the person's automatic time on a case; nothing is written where it is that already.

    The row of the measured total is held meanwhile: of two corrections at once, the second starts from the first.
    """
    held = session.get(CaseTotal, (case.id, person.id), with_for_update=True)
    if held is None:
        raise Invalid(_("You have no automatic time on this case that could be corrected: add a time log instead."))
    (before,) = automatic_times(session, case.id, only_of=person.id)
    if wanted_seconds == before.corrected_ms // 1000:
        return
    session.add(
        AutomaticCorrection(
            case_id=case.id,
            representative_id=person.id,
            author_id=person.id,
            delta_ms=wanted_seconds * 1000 - before.measured_ms - before.correction_ms,
            before_ms=before.corrected_ms,
            reason=reason,
            day=day_of(now, ZoneInfo(person.time_zone)).isoformat(),
            created_at=now,
        )
    )
    session.flush()
    audit_log.record(
        session,
        "automatic_time.corrected",
        now=now,
        by=Actor(person.username, person.id, address),
        subject=case.ref,
        representative=person.username,
        automatic_seconds={"old": before.corrected_ms // 1000, "new": wanted_seconds},
    )


def of_case(
    session: Session, case_id: int, *, only_of: int | None = None, limit: int | None = None
) -> Sequence[AutomaticCorrection]:
    """The corrections on a case, the newest first; `only_of` is the one person whose time may be seen."""
    query = (
        select(AutomaticCorrection)
        .where(AutomaticCorrection.case_id == case_id)
        .order_by(AutomaticCorrection.id.desc())
        .limit(limit)
    )
    if only_of is not None:
        query = query.where(AutomaticCorrection.representative_id == only_of)
    return session.scalars(query).all()
