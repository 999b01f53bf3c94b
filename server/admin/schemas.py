"""Settings and tracker records over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.cases.cases import MAX_REF_LENGTH
from server.schemas import Instant, PageQuery, Words
from server.settings import MAX_INTERVAL_MINUTES, MIN_INTERVAL_MINUTES

_INTERVAL = f"The update interval is a whole number of minutes from {MIN_INTERVAL_MINUTES} to {MAX_INTERVAL_MINUTES}."


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
    create_unknown_cases = fields.Boolean(truthy={True}, falsy={False})


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
    """Which records to list; `before` is the instant by which they had ended."""

    case = Words(load_default=None, longest=MAX_REF_LENGTH)
    representative = Words(load_default=None, longest=MAX_REF_LENGTH)
    before = Instant(load_default=None)
    resolved_only = fields.Boolean(load_default=False)


class StreamLossSchema(Schema):
    """Events `first_seq` to `last_seq` of a stream that its browser no longer had when it was asked for them."""

    id = fields.Integer(required=True)
    representative = fields.String(required=True)
    name = fields.String(required=True)
    stream = fields.String(required=True)
    first_seq = fields.Integer(required=True)
    last_seq = fields.Integer(required=True)
    noticed_at = Instant(required=True)


class PurgeRuleSchema(Schema):
    """All records that match: ended by `before`, of one `case`, of one `representative`, of resolved cases only."""

    case = Words(longest=MAX_REF_LENGTH)
    representative = Words(longest=MAX_REF_LENGTH)
    before = Instant()
    resolved_only = fields.Boolean(truthy={True}, falsy={False})

    @validates_schema
    def _names_something(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.values()):
            raise ValidationError("An empty rule would purge everything: name at least one condition.")


class PurgeSchema(Schema):
    """Either `ids` or a `rule`; with `dry_run` nothing is deleted."""

    ids = fields.List(fields.Integer(strict=True, validate=validate.Range(1, 2**62)), validate=validate.Length(1, 500))
    rule = fields.Nested(PurgeRuleSchema)
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    @validates_schema
    def _says_which(self, data: dict[str, Any], **_: Any) -> None:
        if ("ids" in data) == ("rule" in data):
            raise ValidationError("Say which records to purge: either ids or a rule.")


class PurgeResultSchema(Schema):
    """What was deleted, or would be."""

    records = fields.Integer(required=True)
    duration_seconds = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
