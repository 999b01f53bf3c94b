"""Reports on representatives over HTTP."""

from marshmallow import Schema, fields

from server.schemas import Instant


class OverviewItemSchema(Schema):
    """One representative's time of today and of the last seven days."""

    representative = fields.String(required=True)
    name = fields.String(required=True)
    time_zone = fields.String(required=True)
    today_seconds = fields.Integer(required=True)
    week_seconds = fields.Integer(required=True)


class OverviewSchema(Schema):
    """Everybody's overview."""

    items = fields.List(fields.Nested(OverviewItemSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class SpanSchema(Schema):
    """One span of a day, with what started and ended it."""

    case = fields.String(required=True)
    title = fields.String(required=True)
    started_at = Instant(required=True)
    ended_at = Instant(required=True)
    duration_seconds = fields.Integer(required=True)
    started_by = fields.String(required=True)
    ended_by = fields.String(required=True)


class DayTotalSchema(Schema):
    """The time of one day."""

    day = fields.Date(required=True)
    duration_seconds = fields.Integer(required=True)


class CaseTotalSchema(Schema):
    """The time on one case."""

    case = fields.String(required=True)
    title = fields.String(required=True)
    duration_seconds = fields.Integer(required=True)


class DayReportSchema(Schema):
    """One representative's day `[began_at, ended_at)` with its spans, and the week that ends with it."""

    representative = fields.String(required=True)
    name = fields.String(required=True)
    time_zone = fields.String(required=True)
    day = fields.Date(required=True)
    began_at = Instant(required=True)
    ended_at = Instant(required=True)
    spans = fields.List(fields.Nested(SpanSchema), required=True)
    days = fields.List(fields.Nested(DayTotalSchema), required=True)
    cases = fields.List(fields.Nested(CaseTotalSchema), required=True)


class DayQuery(Schema):
    """Which day, in the representative's zone; today unless it says otherwise."""

    day = fields.Date(load_default=None)
