"""Reports over HTTP."""

from marshmallow import Schema, fields, validate

from server.accounts.people import MAX_TEAM_LENGTH
from server.cases.cases import MAX_REF_LENGTH
from server.cases.models import ACTIVE, RESOLVED
from server.exports import format_field
from server.reports.days import MONDAY, WEEK_STARTS
from server.reports.figures import CASE, DAY, GROUPS, PERIODS, WEEK
from server.schemas import Instant, PageQuery, Words


class OverviewItemSchema(Schema):
    """One representative's automatic time of today and of the last seven days."""

    representative = fields.String(required=True)
    name = fields.String(required=True)
    team = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True)
    today_seconds = fields.Integer(required=True)
    week_seconds = fields.Integer(required=True)


class OverviewSchema(Schema):
    """Everybody's overview."""

    items = fields.List(fields.Nested(OverviewItemSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class SpanSchema(Schema):
    """One span, with what started and ended it."""

    case = fields.String(required=True)
    title = fields.String(required=True)
    started_at = Instant(required=True)
    ended_at = Instant(required=True)
    duration_seconds = fields.Integer(required=True)
    started_by = fields.String(required=True)
    ended_by = fields.String(required=True)


class ReportedEntrySchema(Schema):
    """What the representative said of their time.

    `kind` is `time log`, `correction` (of automatic time; its duration may be less than zero) or the kind of an
    activity. `at` is when the work began where `has_start`, else an instant of the day on which it counts.
    """

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    case = fields.String(required=True)
    title = fields.String(required=True)
    at = Instant(required=True)
    has_start = fields.Boolean(required=True)
    duration_seconds = fields.Integer(required=True)
    description = fields.String(required=True)


class _TimeSchema(Schema):
    """`duration_seconds` is automatic time; `total_seconds` that and `manual_seconds`."""

    duration_seconds = fields.Integer(required=True)
    manual_seconds = fields.Integer(required=True)
    total_seconds = fields.Integer(required=True)


class DayTotalSchema(_TimeSchema):
    """The time of one day."""

    day = fields.Date(required=True)


class WeekTotalSchema(_TimeSchema):
    """The time of one week, all of its days, by its first day."""

    week = fields.Date(required=True)


class CaseTotalSchema(_TimeSchema):
    """The time on one case."""

    case = fields.String(required=True)
    title = fields.String(required=True)


class RepresentativeReportSchema(Schema):
    """One representative's day or week `[began_at, ended_at)`, with totals.

    `days` and `cases` are the two weeks that end with `day`, or with the week that `day` is in; `weeks` are the weeks
    that these days are in.
    """

    representative = fields.String(required=True)
    name = fields.String(required=True)
    team = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True)
    range = fields.String(required=True)
    day = fields.Date(required=True)
    began_at = Instant(required=True)
    ended_at = Instant(required=True)
    spans = fields.List(fields.Nested(SpanSchema), required=True)
    entries = fields.List(fields.Nested(ReportedEntrySchema), required=True)
    days = fields.List(fields.Nested(DayTotalSchema), required=True)
    weeks = fields.List(fields.Nested(WeekTotalSchema), required=True)
    cases = fields.List(fields.Nested(CaseTotalSchema), required=True)


class HistoryQuery(Schema):
    """Which day, or which week by one of its days, in the representative's zone; today unless it says otherwise."""

    day = fields.Date(load_default=None)
    range = fields.String(load_default=DAY, validate=validate.OneOf((DAY, WEEK)))
    week_start = fields.String(load_default=MONDAY, validate=validate.OneOf(WEEK_STARTS))
    format = format_field()


class FiguresSchema(Schema):
    """Sums in whole seconds, and per case: over the cases with any work in the group, their handling time in it.

    The median and the 90th percentile are interpolated between neighbours, as a spreadsheet does it.
    """

    automatic_seconds = fields.Integer(required=True)
    manual_seconds = fields.Integer(required=True)
    total_seconds = fields.Integer(required=True)
    cases = fields.Integer(required=True)
    representatives = fields.Integer(required=True)
    average_seconds = fields.Integer(required=True)
    median_seconds = fields.Integer(required=True)
    p90_seconds = fields.Integer(required=True)


class GroupSchema(FiguresSchema):
    """The figures of a group.

    `key` is a case's reference, a username, the name of a team (null: people in none) or the first day of a period;
    `name` the case's title or the person's name; `status` that of a case, `team` that of a person. Else they are null.
    """

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    team = fields.String(required=True, allow_none=True)


class HandlingTimeReportSchema(Schema):
    """A page of groups, and all chosen work as one group."""

    by = fields.String(required=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    items = fields.List(fields.Nested(GroupSchema), required=True)
    totals = fields.Nested(FiguresSchema, required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PointSchema(FiguresSchema):
    """The figures of a day, week or month, by its first day. Of a period that is cut only the days within count."""

    period = fields.Date(required=True)


class TrendSchema(Schema):
    """A point for every period, those without work included."""

    by = fields.String(required=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    items = fields.List(fields.Nested(PointSchema), required=True)
    totals = fields.Nested(FiguresSchema, required=True)


class _WorkQuery(Schema):
    """Days `since` to `until`, each as it is where the representative is; the last 30 days unless they say otherwise.

    `team` may be empty: that are the people in none.
    """

    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    case = Words(load_default=None, longest=MAX_REF_LENGTH)
    representative = Words(load_default=None, longest=MAX_REF_LENGTH)
    team = Words(load_default=None, longest=MAX_TEAM_LENGTH)
    status = fields.String(load_default=None, validate=validate.OneOf((ACTIVE, RESOLVED)))
    week_start = fields.String(load_default=MONDAY, validate=validate.OneOf(WEEK_STARTS))
    format = format_field()


class HandlingTimeReportQuery(_WorkQuery, PageQuery):
    """What to group by; a file holds every group, whatever `limit` and `cursor` say."""

    by = fields.String(load_default=CASE, validate=validate.OneOf(GROUPS))


class TrendQuery(_WorkQuery):
    """How long each period is."""

    by = fields.String(load_default=DAY, validate=validate.OneOf(PERIODS))
