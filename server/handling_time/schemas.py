"""The handling time of a case over HTTP."""

from marshmallow import Schema, fields, validate

from server.cases.cases import MAX_REF_LENGTH
from server.i18n import Message
from server.schemas import Instant, Words
from server.time_entries.corrections import MAX_CORRECTED_SECONDS
from server.time_entries.schemas import ActivitySchema, TimeLogSchema

_CORRECTED = Message("Automatic time is 0 to {max} whole seconds.")


class ShareSchema(Schema):
    """One person's part in a case."""

    username = fields.String(required=True)
    name = fields.String(required=True)
    automatic_seconds = fields.Integer(required=True)
    manual_seconds = fields.Integer(required=True)


class HandlingTimeSchema(Schema):
    """`total_seconds` = `automatic_seconds` + `manual_seconds`; manual = time logs + activities.

    `overlap_seconds` was logged and tracked by the same person: unless `overlap_counted`, manual time is without it.
    """

    case = fields.String(required=True)
    status = fields.String(required=True)
    total_seconds = fields.Integer(required=True)
    automatic_seconds = fields.Integer(required=True)
    manual_seconds = fields.Integer(required=True)
    time_log_seconds = fields.Integer(required=True)
    activity_seconds = fields.Integer(required=True)
    overlap_seconds = fields.Integer(required=True)
    overlap_counted = fields.Boolean(required=True)
    updated_at = fields.String(required=True)
    representatives = fields.List(fields.Nested(ShareSchema), required=True)


class HandlingTimeQuery(Schema):
    """`mine`: the caller's own part alone. `live`: with what is not yet committed."""

    mine = fields.Boolean(load_default=False)
    live = fields.Boolean(load_default=False)


class CorrectionSchema(Schema):
    """One correction: who made what of it, when, and why."""

    author = fields.String(required=True)
    author_name = fields.String(required=True)
    created_at = Instant(required=True)
    before_seconds = fields.Integer(required=True)
    after_seconds = fields.Integer(required=True)
    reason = fields.String(required=True)


class AutomaticTimeSchema(Schema):
    """Automatic time of one representative on a case.

    `duration_seconds` = `measured_seconds` + `correction_seconds`, the sum of all corrections, which may be less than
    zero; `corrections` are the newest 500 of the case. `editable`: it is the caller's own.
    """

    representative = fields.String(required=True)
    name = fields.String(required=True)
    duration_seconds = fields.Integer(required=True)
    measured_seconds = fields.Integer(required=True)
    correction_seconds = fields.Integer(required=True)
    corrections = fields.List(fields.Nested(CorrectionSchema), required=True)
    editable = fields.Boolean(required=True)
    updated_at = Instant(required=True)


class AutomaticTimeChangeSchema(Schema):
    """What the caller's own automatic time on a case is to be, and why. `representative` can name nobody else."""

    duration_seconds = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, MAX_CORRECTED_SECONDS, error=_CORRECTED)
    )
    reason = Words(required=True, shortest=1, longest=500)
    representative = Words(load_default=None, longest=MAX_REF_LENGTH)


class HistorySchema(Schema):
    """The history of a case in its three parts; what was worked last first."""

    automatic = fields.List(fields.Nested(AutomaticTimeSchema), required=True)
    time_logs = fields.List(fields.Nested(TimeLogSchema), required=True)
    activities = fields.List(fields.Nested(ActivitySchema), required=True)
