"""Verbs on cases: create, find, change, resolve, reopen, relate."""

import re
from collections.abc import Iterable, Sequence

import blinker
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.cases.models import ACTIVE, RESOLVED, Case, CaseRelation, Resolution
from server.i18n import _
from server.problems import Conflict, Invalid, NotFound

MAX_REF_LENGTH = 200
FIRST_NUMBER = 1001
_TRIES = 5
_RESERVED_END = re.compile(
    r"/(handling-time(/refresh)?|history|automatic-time|resolution|(time-logs|activities)(/[0-9]+)?)/*$"
)

case_changed = blinker.Signal("Sent by the Flask application after a case was created, changed, resolved or reopened.")


def find(session: Session, ref: str) -> Case:
    """The case of that reference, or `NotFound`."""
    case = session.scalar(select(Case).where(Case.ref == ref)) if ref.isprintable() else None
    if case is None:
        raise NotFound(_("There is no case of that reference. Check it for typing errors."))
    return case


def create(
    session: Session,
    *,
    title: str,
    now: int,
    ref: str | None = None,
    description: str = "",
    customer: str = "",
    created_by: int | None = None,
) -> Case:
    """Create a case; without `ref` it gets the next `CAS-` number."""
    if ref is not None and (problem := problem_with_ref(ref)):
        raise Invalid(problem)
    if ref is not None and session.scalar(select(Case.id).where(Case.ref == ref)) is not None:
        raise Conflict(_("There is a case of that reference already. Choose another one."))
    for _try in range(_TRIES):
        case = Case(
            ref=ref or _next_ref(session),
            title=title,
            description=description,
            customer=customer,
            created_at=now,
            created_by=created_by,
            status=ACTIVE,
        )
        try:
            with session.begin_nested():
                session.add(case)
        except IntegrityError:  # somebody else took the reference meanwhile
            if ref is not None:
                break
        else:
            return case
    raise Conflict(_("There is a case of that reference already. Choose another one."))


def problem_with_ref(ref: str) -> str | None:
    """What is wrong with a case reference, or None."""
    if not ref or len(ref) > MAX_REF_LENGTH or ref != ref.strip() or not ref.isprintable():
        return _("A case reference has 1 to %(most)s printable characters, no blanks at its ends.", most=MAX_REF_LENGTH)
    if ref in (".", "..") or _RESERVED_END.search(ref):
        return _(
            "A case reference cannot be '%(ref)s': as a part of an address that would mean something else.", ref=ref
        )
    return None


def resolve(session: Session, case: Case, *, now: int, by: int | None = None, note: str = "") -> None:
    """Resolve a case from `now` on; no clock of it runs after that instant, for anybody."""
    if case.status == RESOLVED:
        raise Conflict(_("The case is resolved already."))
    case.status = RESOLVED
    session.add(Resolution(case_id=case.id, resolved_at=now, resolved_by=by, note=note))
    session.flush()


def reopen(session: Session, case: Case, *, now: int) -> None:
    """Reopen a case from `now` on."""
    period = session.scalar(select(Resolution).where(Resolution.case_id == case.id, Resolution.reopened_at.is_(None)))
    if period is None:
        raise Conflict(_("The case is not resolved."))
    case.status = ACTIVE
    period.reopened_at = max(now, period.resolved_at)
    session.flush()


def relate(session: Session, case: Case, other: Case, kind: str) -> None:
    """Note that `other` is a child, related or similar case of `case`."""
    session.merge(CaseRelation(case_id=case.id, other_id=other.id, kind=kind))


def related(session: Session, case: Case) -> Sequence[tuple[str, Case]]:
    """The children, related and similar cases of a case, as (kind, case), by kind and reference."""
    rows = session.execute(
        select(CaseRelation.kind, Case)
        .join(Case, Case.id == CaseRelation.other_id)
        .where(CaseRelation.case_id == case.id)
        .order_by(CaseRelation.kind, Case.ref)
    )
    return [(kind, other) for kind, other in rows]


def page(
    session: Session, *, limit: int, after_id: int | None = None, status: str | None = None, search: str | None = None
) -> Sequence[Case]:
    """Up to `limit` cases, newest first; `after_id` is the last id of the page before."""
    query = select(Case).order_by(Case.id.desc()).limit(limit)
    if after_id is not None:
        query = query.where(Case.id < after_id)
    if status is not None:
        query = query.where(Case.status == status)
    if search:
        words = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{words}%"
        query = query.where(
            or_(*(column.ilike(pattern, escape="\\") for column in (Case.ref, Case.title, Case.customer)))
        )
    return session.scalars(query).all()


def ids_of_refs(session: Session, refs: Iterable[str]) -> dict[str, int]:
    """The ids of those references that exist."""
    rows = session.execute(select(Case.ref, Case.id).where(Case.ref.in_([ref for ref in refs if ref.isprintable()])))
    return {row.ref: row.id for row in rows}


def resolved_periods(
    session: Session, case_ids: Iterable[int], *, since: int
) -> dict[int, list[tuple[int, int | None]]]:
    """When cases were resolved after `since`: id to `[from, until)` in milliseconds, `until` None while resolved."""
    rows = session.execute(
        select(Resolution.case_id, Resolution.resolved_at, Resolution.reopened_at)
        .where(
            Resolution.case_id.in_(list(case_ids)),
            or_(Resolution.reopened_at.is_(None), Resolution.reopened_at > since),
        )
        .order_by(Resolution.resolved_at)
    )
    periods: dict[int, list[tuple[int, int | None]]] = {}
    for case_id, resolved_at, reopened_at in rows:
        periods.setdefault(case_id, []).append((resolved_at, reopened_at))
    return periods


def _next_ref(session: Session) -> str:
    number = FIRST_NUMBER + (session.scalar(select(func.max(Case.id))) or 0)
    while session.scalar(select(Case.id).where(Case.ref == f"CAS-{number}")) is not None:
        number += 1
    return f"CAS-{number}"
