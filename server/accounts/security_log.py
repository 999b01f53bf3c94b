"""What happened to sign-ins, rights and tokens, for whoever watches over them: the logger `caseclock.security`.

The message is the name of the event, and its fields are in `extra["fields"]`. What cannot be printed is written out in
them, so that no line end begins a line of its own and nothing turns the text around, whatever formats it. Nothing
secret goes in, and nothing personal but usernames and addresses.
"""

import logging
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None

log = logging.getLogger("caseclock.security")

_LONGEST = 200


def record(event: str, *, level: int = logging.INFO, **fields: Value) -> None:
    """Log a security event such as `sign_in.refused` with its fields."""
    known = {name: _plain(value) for name, value in fields.items() if value is not None}
    log.log(level, event, extra={"fields": known})


def refused(event: str, **fields: Value) -> None:
    """Log that something was refused, as a warning."""
    record(event, level=logging.WARNING, **fields)


def _plain(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    cut = value[:_LONGEST]
    return cut if cut.isprintable() else cut.encode("unicode_escape").decode()
