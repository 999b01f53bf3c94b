"""Holes in what browsers reported: events that nobody can bring back. They are kept, so that no loss is silent."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.tracking.models import StreamLoss


def page(session: Session, *, limit: int, before_id: int | None = None) -> Sequence[tuple[StreamLoss, Person]]:
    """Up to `limit` losses with their representative, the newest first."""
    query = (
        select(StreamLoss, Person)
        .join(Person, Person.id == StreamLoss.representative_id)
        .order_by(StreamLoss.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        query = query.where(StreamLoss.id < before_id)
    return [(loss, person) for loss, person in session.execute(query)]
