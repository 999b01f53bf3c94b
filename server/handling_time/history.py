"""The automatic part of a case's history: what was measured, how it was corrected, by whom, and why."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.schemas import MAX_LIMIT
from server.time_entries import corrections
from server.time_entries.models import AutomaticCorrection


def automatic_of(session: Session, case: Case, *, caller: Person, only_of: int | None) -> list[dict[str, Any]]:
    """Committed automatic time on a case by representative, the most first, as it is given out to the caller.

    `only_of` is the one person whose time may be seen. Of corrections the newest 500 are told.
    """
    totals = corrections.automatic_times(session, case.id, only_of=only_of)
    people = {
        person.id: person
        for person in session.scalars(select(Person).where(Person.id.in_([one.representative_id for one in totals])))
    }
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for correction in corrections.of_case(session, case.id, only_of=only_of, limit=MAX_LIMIT):
        told[correction.representative_id].append(_told(correction))
    return [
        {
            "representative": people[one.representative_id].username,
            "name": people[one.representative_id].name,
            "duration_seconds": one.corrected_ms // 1000,
            "measured_seconds": one.measured_ms // 1000,
            "correction_seconds": one.corrected_ms // 1000 - one.measured_ms // 1000,
            "corrections": told[one.representative_id],
            "editable": one.representative_id == caller.id,
            "updated_at": one.updated_at,
        }
        for one in sorted(totals, key=lambda one: (-one.corrected_ms, one.representative_id))
    ]


def _told(correction: AutomaticCorrection) -> dict[str, Any]:
    return {
        "author": correction.author.username,
        "author_name": correction.author.name,
        "created_at": correction.created_at,
        "before_seconds": correction.before_ms // 1000,
        "after_seconds": (correction.before_ms + correction.delta_ms) // 1000,
        "reason": correction.reason,
    }
