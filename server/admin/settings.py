"""Changing the tracking settings."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import settings
from server.audit import log as audit_log
from server.audit.log import SYSTEM, Actor
from server.settings import TrackingSettings
from server.tracking.intake import ACCEPTED_AGE_MS
from server.tracking.models import TrackingPause


def change(session: Session, changes: dict[str, Any], *, now: int, by: Actor = SYSTEM) -> TrackingSettings:
    """Apply changes to the saved settings; switching tracking off or on begins or ends a pause at `now`."""
    before = settings.load(session, to_change=True)
    after = replace(before, **changes)
    settings.store(session, after)
    if before.enabled and not after.enabled:
        session.add(TrackingPause(started_at=now))
    elif after.enabled and not before.enabled:
        for pause in session.scalars(select(TrackingPause).where(TrackingPause.ended_at.is_(None))):
            pause.ended_at = max(now, pause.started_at)
    if after != before:
        audit_log.record(session, "settings.changed", now=now, by=by, subject="tracking", **_changes(before, after))
    return after


def _changes(before: TrackingSettings, after: TrackingSettings) -> dict[str, Any]:
    """What each field that changed was and is."""
    old, new = before.as_dict(), after.as_dict()
    return {name: {"old": old[name], "new": new[name]} for name in new if old[name] != new[name]}


def pauses(session: Session, *, now: int) -> list[tuple[int, int | None]]:
    """The pauses that can still matter to an event that is young enough to be taken."""
    rows = session.execute(
        select(TrackingPause.started_at, TrackingPause.ended_at)
        .where(TrackingPause.ended_at.is_(None) | (TrackingPause.ended_at > now - 2 * ACCEPTED_AGE_MS))
        .order_by(TrackingPause.started_at)
    )
    return [(started_at, ended_at) for started_at, ended_at in rows]
