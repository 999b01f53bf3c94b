"""Cases over HTTP."""

from marshmallow import Schema, fields, validate

from server.cases.cases import MAX_REF_LENGTH
from server.cases.models import ACTIVE, RESOLVED
from server.schemas import Instant, PageQuery, Words


class CaseSchema(Schema):
    """A case as it is given out."""

    ref = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    customer = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([ACTIVE, RESOLVED]))
    created_at = Instant(required=True)


class RelatedCaseSchema(Schema):
    """A case that belongs to another one, and how."""

    kind = fields.String(required=True)
    case = fields.Nested(CaseSchema, required=True)


class CaseDetailSchema(CaseSchema):
    """A case with the cases that belong to it."""

    related = fields.List(fields.Nested(RelatedCaseSchema), required=True)


class NewCaseSchema(Schema):
    """What it takes to create a case; without `ref` it gets the next number."""

    ref = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, MAX_REF_LENGTH))
    title = Words(required=True, shortest=1, longest=300)
    description = Words(load_default="", longest=20_000)
    customer = Words(load_default="", longest=300)


class CaseChangeSchema(Schema):
    """What may be changed; what is left out stays."""

    title = Words(shortest=1, longest=300)
    description = Words(longest=20_000)
    customer = Words(longest=300)


class CaseQuery(PageQuery):
    """Which cases to list."""

    status = fields.String(load_default=None, validate=validate.OneOf([ACTIVE, RESOLVED]))
    search = Words(load_default=None, longest=200)


class ResolutionSchema(Schema):
    """How a case was resolved."""

    note = Words(load_default="", longest=20_000)
