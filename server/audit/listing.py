"""Reading the audit log, the newest entry first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from server.audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: of this actor, action and subject, from `since` on and before `until` (milliseconds)."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: int | None = None
    until: int | None = None


def page(
    session: Session, chosen: Filter, *, limit: int, before: tuple[int, ...] | None = None
) -> Sequence[AuditEntry]:
    """Up to `limit` entries; `before` is the place of the last one of the page before."""
    query = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)
    for column, value in (
        (AuditEntry.actor, chosen.actor),
        (AuditEntry.action, chosen.action),
        (AuditEntry.subject, chosen.subject),
    ):
        if value is not None:
            query = query.where(column == value)
    if chosen.since is not None:
        query = query.where(AuditEntry.at >= chosen.since)
    if chosen.until is not None:
        query = query.where(AuditEntry.at < chosen.until)
    if before is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < before)
    return session.scalars(query).all()


def place(entry: AuditEntry) -> tuple[int, ...]:
    """By what entries are sorted."""
    return entry.at, entry.id


def details_of(entry: AuditEntry) -> dict[str, Any]:
    """The details of an entry; what somebody made of them that is no JSON is given out as it is."""
    try:
        details = json.loads(entry.details)
    except ValueError:
        details = None
    return details if isinstance(details, dict) else {"unreadable": entry.details}
