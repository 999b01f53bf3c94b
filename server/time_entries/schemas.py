"""Time logs and activities over HTTP."""

from marshmallow import Schema, fields, validate

from server.cases.cases import MAX_REF_LENGTH
from server.i18n import Message
from server.schemas import Instant, Words, duration_field
from server.time_entries.models import ACTIVITY_KINDS

MAX_SUBJECT_LENGTH = 200


class TimeLogSchema(Schema):
    """A time log as it is given out.

    `has_start`: `worked_at` is the instant at which the work began; else only its day is known. `overlap_seconds`: how
    much of it was tracked as well, on any case. `editable`: the caller may change and delete it.
    """

    id = fields.Integer(required=True)
    representative = fields.String(required=True)
    name = fields.String(required=True)
    duration_seconds = fields.Integer(required=True)
    overlap_seconds = fields.Integer(required=True)
    description = fields.String(required=True)
    worked_at = Instant(required=True)
    has_start = fields.Boolean(required=True)
    created_at = Instant(required=True)
    editable = fields.Boolean(required=True)


class ActivitySchema(TimeLogSchema):
    """An activity as it is given out."""

    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    subject = fields.String(required=True)


class NewTimeLogSchema(Schema):
    """A time log to add.

    `worked_at` is now unless it says otherwise; `has_start` is true where `worked_at` is given, unless it says
    otherwise.
    `representative` is the caller; administrators may name anybody. `client_id` is a UUID that the client makes up:
    what is sent again with the same one is not added again, and the answer is 200 and what is there.
    """

    duration_seconds = duration_field()
    description = Words(load_default="", longest=2_000)
    worked_at = Instant(load_default=None)
    has_start = fields.Boolean(load_default=None, truthy={True}, falsy={False})
    representative = Words(load_default=None, longest=MAX_REF_LENGTH)
    client_id = fields.UUID(load_default=None, error_messages={"invalid_uuid": Message("Write a UUID.")})


class NewActivitySchema(NewTimeLogSchema):
    """An activity to add."""

    kind = fields.String(load_default="task", validate=validate.OneOf(ACTIVITY_KINDS))
    subject = Words(load_default="", longest=MAX_SUBJECT_LENGTH)


class TimeLogChangeSchema(Schema):
    """Changes to a time log; what is left out stays. `representative` is for administrators to change."""

    duration_seconds = duration_field(required=False)
    description = Words(longest=2_000)
    worked_at = Instant()
    has_start = fields.Boolean(truthy={True}, falsy={False})
    representative = Words(longest=MAX_REF_LENGTH)


class ActivityChangeSchema(TimeLogChangeSchema):
    """Changes to an activity; what is left out stays."""

    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))
    subject = Words(longest=MAX_SUBJECT_LENGTH)
