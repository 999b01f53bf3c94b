"""The handling time of a case over HTTP."""

from marshmallow import Schema, fields

from server.schemas import Instant
from server.time_entries.schemas import ActivitySchema, TimeLogSchema


class ShareSchema(Schema):
    """One person's part in a case."""

    username = fields.String(required=True)
    name = fields.String(required=True)
    automatic_seconds = fields.Integer(required=True)
    manual_seconds = fields.Integer(required=True)


class HandlingTimeSchema(Schema):
    """`total_seconds` = `automatic_seconds` + `manual_seconds`; manual = time logs + activities."""

    case = fields.String(required=True)
    status = fields.String(required=True)
    total_seconds = fields.Integer(required=True)
    automatic_seconds = fields.Integer(required=True)
    manual_seconds = fields.Integer(required=True)
    time_log_seconds = fields.Integer(required=True)
    activity_seconds = fields.Integer(required=True)
    updated_at = fields.String(required=True)
    representatives = fields.List(fields.Nested(ShareSchema), required=True)


class HandlingTimeQuery(Schema):
    """`mine`: the caller's own part alone. `live`: with what is not yet committed."""

    mine = fields.Boolean(load_default=False)
    live = fields.Boolean(load_default=False)


class AutomaticTimeSchema(Schema):
    """Automatic time of one representative on a case."""

    representative = fields.String(required=True)
    name = fields.String(required=True)
    duration_seconds = fields.Integer(required=True)
    updated_at = Instant(required=True)


class HistorySchema(Schema):
    """The history of a case in its three parts; entries newest first."""

    automatic = fields.List(fields.Nested(AutomaticTimeSchema), required=True)
    time_logs = fields.List(fields.Nested(TimeLogSchema), required=True)
    activities = fields.List(fields.Nested(ActivitySchema), required=True)
