"""Time logs and activities over HTTP."""

from marshmallow import Schema, fields, validate

from server.schemas import Instant, Words, duration_field
from server.time_entries.models import ACTIVITY_KINDS


class TimeLogSchema(Schema):
    """A time log as it is given out."""

    id = fields.Integer(required=True)
    representative = fields.String(required=True, attribute="representative.username")
    name = fields.String(required=True, attribute="representative.name")
    duration_seconds = fields.Integer(required=True)
    description = fields.String(required=True)
    worked_at = Instant(required=True)
    created_at = Instant(required=True)


class ActivitySchema(TimeLogSchema):
    """An activity as it is given out."""

    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))


class NewTimeLogSchema(Schema):
    """A time log to add; `worked_at` is now unless it says otherwise."""

    duration_seconds = duration_field()
    description = Words(load_default="", longest=2_000)
    worked_at = Instant(load_default=None)


class NewActivitySchema(NewTimeLogSchema):
    """An activity to add."""

    kind = fields.String(load_default="task", validate=validate.OneOf(ACTIVITY_KINDS))


class TimeLogChangeSchema(Schema):
    """Changes to a time log; what is left out stays."""

    duration_seconds = duration_field(required=False)
    description = Words(longest=2_000)
    worked_at = Instant()


class ActivityChangeSchema(TimeLogChangeSchema):
    """Changes to an activity; what is left out stays."""

    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))
