"""What every HTTP schema shares: instants, names, text, and pages of a list."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from server.clock import iso, to_instant
from server.i18n import Message, _
from server.problems import Invalid

T = TypeVar("T")

MAX_LIMIT = 500
MAX_SECONDS = 1000 * 3600
LAST_INSTANT = 253_402_300_800_000  # the year 10,000

validate.Length.message_min = Message("Shorter than minimum length {min}.")
validate.Length.message_max = Message("Longer than maximum length {max}.")
validate.Length.message_all = Message("Length must be between {min} and {max}.")
validate.OneOf.default_message = Message("Must be one of: {choices}.")


class Instant(fields.Field[int]):
    """ISO 8601 with a zone outside, milliseconds since the epoch inside; given out in UTC with `Z`."""

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else iso(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError(_("Write an instant like 2026-11-20T10:00:00Z.")) from None
        if moment.tzinfo is None:
            raise ValidationError(_("Name the zone of the instant: end it with Z or an offset like +01:00."))
        instant = to_instant(moment)
        if not 0 <= instant < LAST_INSTANT:
            raise ValidationError(_("The instant lies outside of the years 1970 to 9999."))
        return instant


class Words(fields.String):
    """Text that people typed: no control characters but line ends, blanks at its ends cut off."""

    def __init__(self, *, longest: int, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if any(not (char.isprintable() or char in "\n\r\t" or ord(char) > 159) for char in text):
            raise ValidationError(_("Control characters cannot be stored: remove them."))
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError(_("This is not valid Unicode text.")) from None
        return text.strip()


def duration_field(**kwargs: Any) -> fields.Integer:
    """A duration in whole seconds, 1 second to 1,000 hours."""
    message = Message("A duration has 1 to {max} whole seconds.")
    kwargs.setdefault("required", True)
    return fields.Integer(strict=True, validate=validate.Range(1, MAX_SECONDS, error=message), **kwargs)


class PageQuery(Schema):
    """`limit` up to 500, and the `next_cursor` of the page before."""

    limit = fields.Integer(
        load_default=100,
        validate=validate.Range(1, MAX_LIMIT, error=Message("limit is a number from 1 to {max}.")),
    )
    cursor = fields.String(load_default=None, validate=validate.Length(max=40))


def page_schema(item: type[Schema]) -> type[Schema]:
    """The schema of a page of such items."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, required=True),
        },
        name=item.__name__.removesuffix("Schema") + "Page",
    )


def cursor_id(cursor: str | None) -> int | None:
    """The id a cursor of ours holds."""
    key = cursor_key(cursor, parts=1)
    return key[0] if key else None


def cursor_key(cursor: str | None, *, parts: int) -> tuple[int, ...] | None:
    """The numbers a cursor of ours holds: of the last row of the page before, those that a list is sorted by."""
    if cursor is None:
        return None
    numbers = cursor.split("-")
    if len(numbers) != parts or not all(one.isascii() and one.isdigit() and len(one) <= 18 for one in numbers):
        raise Invalid(_("This cursor is not one of ours: use the next_cursor of the page before, as it is."))
    return tuple(map(int, numbers))


def page_of(found: Sequence[T], *, limit: int, id_of: Callable[[T], int]) -> dict[str, Any]:
    """A page of a list that is sorted by ids, out of up to `limit + 1` found rows."""
    return page_by(found, limit=limit, key_of=lambda item: (id_of(item),))


def page_by(found: Sequence[T], *, limit: int, key_of: Callable[[T], tuple[int, ...]]) -> dict[str, Any]:
    """A page out of up to `limit + 1` found rows; the one too many tells that there is another page."""
    items = list(found[:limit])
    return {"items": items, "next_cursor": "-".join(map(str, key_of(items[-1]))) if len(found) > limit else None}
