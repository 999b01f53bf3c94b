"""Changing the tracking settings."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import settings
from server.settings import TrackingSettings
from server.tracking.intake import ACCEPTED_AGE_MS
from server.tracking.models import TrackingPause


def change(session: Session, changes: dict[str, Any], *, now: int) -> TrackingSettings:
    """Apply changes to the saved settings; switching tracking off or on begins or ends a pause at `now`."""
    before = settings.load(session, to_change=True)
    after = replace(before, **changes)
    settings.store(session, after)
    if before.enabled and not after.enabled:
        session.add(TrackingPause(started_at=now))
    elif after.enabled and not before.enabled:
        for pause in session.scalars(select(TrackingPause).where(TrackingPause.ended_at.is_(None))):
            pause.ended_at = max(now, pause.started_at)
    return after


def pauses(session: Session, *, now: int) -> list[tuple[int, int | None]]:
    """The pauses that can still matter to an event that is young enough to be taken."""
    rows = session.execute(
        select(TrackingPause.started_at, TrackingPause.ended_at)
        .where(TrackingPause.ended_at.is_(None) | (TrackingPause.ended_at > now - 2 * ACCEPTED_AGE_MS))
        .order_by(TrackingPause.started_at)
    )
    return [(started_at, ended_at) for started_at, ended_at in rows]
