"""Settings and tracker records over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.admin.models import STATES
from server.admin.record_list import NEWEST_FIRST, SORTS
from server.audit import listing
from server.cases.cases import MAX_REF_LENGTH
from server.cases.models import ACTIVE, RESOLVED
from server.exports import format_field
from server.i18n import Message, _
from server.schemas import Instant, PageQuery, Words
from server.settings import MAX_IDLE_MINUTES, MAX_INTERVAL_MINUTES, MAX_RETENTION_MONTHS, MIN_INTERVAL_MINUTES

_INTERVAL = Message(
    "The update interval is a whole number of minutes from {least} to {most}.",
    least=MIN_INTERVAL_MINUTES,
    most=MAX_INTERVAL_MINUTES,
)
_IDLE = Message("Idle is after a whole number of minutes from 0, which is never, to {most}.", most=MAX_IDLE_MINUTES)
_RETENTION = Message(
    "Retention is a whole number of months from 0, which keeps records for ever, to {most}.", most=MAX_RETENTION_MONTHS
)
_ID = Message("An id is a whole number from 1.")
_MAX_ID = 2**62


class TrackingSettingsSchema(Schema):
    """The tracking settings. In a change, what is left out stays."""

    enabled = fields.Boolean(truthy={True}, falsy={False})
    update_interval_minutes = fields.Integer(
        strict=True,
        validate=validate.Range(MIN_INTERVAL_MINUTES, MAX_INTERVAL_MINUTES, error=_INTERVAL),
        error_messages={"invalid": _INTERVAL, "null": _INTERVAL},
    )
    allow_time_logs = fields.Boolean(truthy={True}, falsy={False})
    show_only_own_time = fields.Boolean(truthy={True}, falsy={False})
    allow_my_time = fields.Boolean(truthy={True}, falsy={False})
    track_inbox = fields.Boolean(truthy={True}, falsy={False})
    count_idle = fields.Boolean(truthy={True}, falsy={False})
    idle_after_minutes = fields.Integer(
        strict=True,
        validate=validate.Range(0, MAX_IDLE_MINUTES, error=_IDLE),
        error_messages={"invalid": _IDLE, "null": _IDLE},
    )
    create_unknown_cases = fields.Boolean(truthy={True}, falsy={False})
    count_overlap_once = fields.Boolean(truthy={True}, falsy={False})
    retention_months = fields.Integer(
        strict=True,
        validate=validate.Range(0, MAX_RETENTION_MONTHS, error=_RETENTION),
        error_messages={"invalid": _RETENTION, "null": _RETENTION},
    )
    retention_resolved_only = fields.Boolean(truthy={True}, falsy={False})


_STATUS = validate.OneOf([ACTIVE, RESOLVED])


class TrackerRecordSchema(Schema):
    """A committed span of one representative on one case; instants to the millisecond."""

    id = fields.Integer(required=True)
    case = fields.String(required=True)
    representative = fields.String(required=True)
    name = fields.String(required=True)
    started_at = Instant(required=True)
    ended_at = Instant(required=True)
    duration_seconds = fields.Integer(required=True)
    started_by = fields.String(required=True)
    ended_by = fields.String(required=True)


class RecordQuery(PageQuery):
    """Which records to list, and in which order: those that ended from `since` to `before`.

    With `count` the first page says how many there are: exactly up to 1,000, else that there are more.
    """

    case = Words(load_default=None, longest=MAX_REF_LENGTH)
    representative = Words(load_default=None, longest=MAX_REF_LENGTH)
    status = fields.String(load_default=None, validate=_STATUS)
    since = Instant(load_default=None)
    before = Instant(load_default=None)
    resolved_only = fields.Boolean(load_default=False)
    sort = fields.String(load_default=NEWEST_FIRST, validate=validate.OneOf(SORTS))
    count = fields.Boolean(load_default=False)
    format = format_field()


class TrackerRecordPageSchema(Schema):
    """A page of the list. `count` is there on request; where `count_is_exact` is false, there are more than that."""

    items = fields.List(fields.Nested(TrackerRecordSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)
    count = fields.Integer()
    count_is_exact = fields.Boolean()


class StreamLossSchema(Schema):
    """Events `first_seq` to `last_seq` of a stream that its browser no longer had when it was asked for them."""

    id = fields.Integer(required=True)
    representative = fields.String(required=True)
    name = fields.String(required=True)
    stream = fields.String(required=True)
    first_seq = fields.Integer(required=True)
    last_seq = fields.Integer(required=True)
    noticed_at = Instant(required=True)


class AuditEntrySchema(Schema):
    """An entry of the audit log. `hash` covers the entry and every one before it; `address` is empty where none was."""

    id = fields.Integer(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True)
    details = fields.Function(
        lambda entry: listing.details_of(entry), required=True, metadata={"type": "object", "additionalProperties": {}}
    )
    address = fields.String(required=True)
    hash = fields.String(required=True)


class AuditQuery(PageQuery):
    """Which entries to list: from `since` on and before `until`."""

    actor = Words(load_default=None, longest=MAX_REF_LENGTH)
    action = Words(load_default=None, longest=MAX_REF_LENGTH)
    subject = Words(load_default=None, longest=MAX_REF_LENGTH)
    since = Instant(load_default=None)
    until = Instant(load_default=None)


class PurgeRuleSchema(Schema):
    """All records that match: of one `case`, of one `representative`, of cases of one `status`, ended in a period.

    The period is from `since` to `before`. `resolved_only` is the status `resolved`; what is above `up_to_id` stays.
    """

    case = Words(longest=MAX_REF_LENGTH)
    representative = Words(longest=MAX_REF_LENGTH)
    status = fields.String(validate=_STATUS)
    since = Instant()
    before = Instant()
    resolved_only = fields.Boolean(truthy={True}, falsy={False})
    up_to_id = fields.Integer(strict=True, validate=validate.Range(1, _MAX_ID, error=_ID))

    @validates_schema
    def _names_something(self, data: dict[str, Any], **_more: Any) -> None:
        if not any(value for name, value in data.items() if name != "up_to_id"):
            raise ValidationError(_("An empty rule would purge everything: name at least one condition."))


class PurgeSchema(Schema):
    """Either `ids` or a `rule`; with `dry_run` nothing is deleted."""

    ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, _MAX_ID, error=_ID)), validate=validate.Length(1, 500)
    )
    rule = fields.Nested(PurgeRuleSchema)
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    @validates_schema
    def _says_which(self, data: dict[str, Any], **_more: Any) -> None:
        if ("ids" in data) == ("rule" in data):
            raise ValidationError(_("Say which records to purge: either ids or a rule."))


class PurgeResultSchema(Schema):
    """What was deleted, or would be. A dry run of a rule says up to which id it looked; `bytes` is an estimate."""

    records = fields.Integer(required=True)
    duration_seconds = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    bytes = fields.Integer(allow_none=True)
    up_to_id = fields.Integer()


class PurgeStateSchema(Schema):
    """A purge that was asked for: its `rule` (null where records were selected by hand), how far it is, how it ended.

    `requested_by` is null where the retention of the settings asked. `records_done` and `duration_seconds` are what it
    took so far, `bytes_estimated` what it was expected to free.
    """

    id = fields.Integer(required=True)
    rule = fields.Nested(PurgeRuleSchema, allow_none=True, required=True)
    requested_by = fields.String(allow_none=True, required=True)
    name = fields.String(allow_none=True, required=True)
    requested_at = Instant(required=True)
    state = fields.String(required=True)
    records_expected = fields.Integer(required=True)
    records_done = fields.Integer(required=True)
    duration_seconds = fields.Integer(required=True)
    bytes_estimated = fields.Integer(allow_none=True, required=True)
    finished_at = Instant(allow_none=True, required=True)
    problem = fields.String(required=True)


class PurgesQuery(PageQuery):
    """Which purges to list."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class NothingSchema(Schema):
    """No field at all."""
