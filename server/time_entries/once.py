"""Entries that a client may send again where it did not hear the answer: each is added once."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.i18n import _
from server.problems import Conflict
from server.time_entries import entries
from server.time_entries.entries import E, Entry
from server.time_entries.models import Activity, TimeLog


def add_once(
    session: Session,
    kind: type[E],
    case: Case,
    person: Person,
    /,
    *,
    client_id: UUID | None,
    representative: str | None = None,
    **values: Any,
) -> tuple[E, bool]:
    """Log time as `entries.add` does, and whether that was new.

    An entry of the same person that was added with the same `client_id`, a time log or an activity, is not added again:
    it is returned as it is now, or there is a `Conflict` where something else was sent under that name. The row of the
    person is held meanwhile: of two calls at once the second one finds what the first one added.
    """
    if client_id is None:
        return entries.add(session, kind, case, person, representative=representative, **values), True
    whose = entries.whose(session, person, representative)
    session.execute(select(Person.id).where(Person.id == whose.id).with_for_update(key_share=True))
    found = _added(session, whose.id, str(client_id))
    if found is None:
        values["client_id"] = str(client_id)
        return entries.add(session, kind, case, person, representative=representative, **values), True
    if not isinstance(found, kind) or found.case_id != case.id or found.deleted_at is not None:
        raise Conflict(_("This time was logged already, in another way or on another case, or was deleted since."))
    return found, False


def _added(session: Session, representative_id: int, client_id: str) -> Entry | None:
    return _of_kind(session, TimeLog, representative_id, client_id) or _of_kind(
        session, Activity, representative_id, client_id
    )


def _of_kind(session: Session, kind: type[E], representative_id: int, client_id: str) -> E | None:
    return session.scalar(select(kind).where(kind.representative_id == representative_id, kind.client_id == client_id))
