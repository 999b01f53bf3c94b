"""Cases over HTTP: `/api/v1/cases`."""

from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from server import clock
from server.accounts.access import current_person
from server.blueprints import Blueprint
from server.cases import cases
from server.cases.models import Case
from server.cases.schemas import (
    CaseChangeSchema,
    CaseDetailSchema,
    CaseQuery,
    CaseSchema,
    NewCaseSchema,
    ResolutionSchema,
)
from server.db import database
from server.schemas import cursor_id, page_of, page_schema

blueprint = Blueprint("cases", __name__, url_prefix="/api/v1/cases", description="Customer cases")


@blueprint.get("")
@blueprint.arguments(CaseQuery, location="query")
@blueprint.response(200, page_schema(CaseSchema))
def list_cases(query: dict[str, Any]) -> dict[str, Any]:
    """List cases, newest first."""
    limit = query["limit"]
    found = database().read(
        lambda session: cases.page(
            session,
            limit=limit + 1,
            after_id=cursor_id(query["cursor"]),
            status=query["status"],
            search=query["search"],
        )
    )
    return page_of(found, limit=limit, id_of=lambda case: case.id)


@blueprint.post("")
@blueprint.arguments(NewCaseSchema)
@blueprint.response(201, CaseDetailSchema)
def create_case(new: dict[str, Any]) -> dict[str, Any]:
    """Create a case. Its clock can start with this first save."""
    person, now = current_person(), clock.now_ms()
    detail = database().write(
        lambda session: _detail(session, cases.create(session, **new, now=now, created_by=person.id))
    )
    return _announced(detail)


@blueprint.get("/<ref:ref>")
@blueprint.response(200, CaseDetailSchema)
def get_case(ref: str) -> dict[str, Any]:
    """One case, with its child, related and similar cases."""
    return database().read(lambda session: _detail(session, cases.find(session, ref)))


@blueprint.patch("/<ref:ref>")
@blueprint.arguments(CaseChangeSchema)
@blueprint.response(200, CaseDetailSchema)
def change_case(changes: dict[str, Any], ref: str) -> dict[str, Any]:
    """Change what a case says; what is left out stays."""

    def change(session: Session) -> dict[str, Any]:
        case = cases.find(session, ref)
        for name, value in changes.items():
            setattr(case, name, value)
        return _detail(session, case)

    return _announced(database().write(change))


@blueprint.put("/<ref:ref>/resolution")
@blueprint.arguments(ResolutionSchema)
@blueprint.response(200, CaseDetailSchema)
def resolve_case(resolution: dict[str, Any], ref: str) -> dict[str, Any]:
    """Resolve a case: its clock stops now, for everyone."""
    person, now = current_person(), clock.now_ms()

    def resolve(session: Session) -> dict[str, Any]:
        case = cases.find(session, ref)
        cases.resolve(session, case, now=now, by=person.id, note=resolution["note"])
        return _detail(session, case)

    return _announced(database().write(resolve))


@blueprint.delete("/<ref:ref>/resolution")
@blueprint.response(200, CaseDetailSchema)
def reopen_case(ref: str) -> dict[str, Any]:
    """Reopen a case: from now on its clock may run again."""
    now = clock.now_ms()

    def reopen(session: Session) -> dict[str, Any]:
        case = cases.find(session, ref)
        cases.reopen(session, case, now=now)
        return _detail(session, case)

    return _announced(database().write(reopen))


def _detail(session: Session, case: Case) -> dict[str, Any]:
    columns = {name: getattr(case, name) for name in CaseSchema().fields}
    related = [{"kind": kind, "case": other} for kind, other in cases.related(session, case)]
    return {**columns, "related": related}


def _announced(detail: dict[str, Any]) -> dict[str, Any]:
    cases.case_changed.send(current_app._get_current_object(), ref=detail["ref"])  # type: ignore[attr-defined]
    return detail
