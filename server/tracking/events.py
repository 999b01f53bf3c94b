"""What an agent reports: events, each a whole snapshot of what was in front of somebody at one instant.

Pure: values only. The structs are the decoder's own, so that nothing is copied on the hot path; the limits in
their types are the wire contract's (docs/protocol.md).
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_SEQ = 2**53 - 1
MAX_INSTANT_MS = 4_102_444_800_000
"""The first instant of the year 2100, UTC: no clock that shows it or later is believed."""
MAX_REF_LENGTH = 200
MAX_ID_LENGTH = 200
MAX_QUIET_MS = 24 * 3600 * 1000

Seq: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_SEQ)]
WallMs: TypeAlias = Annotated[int, Meta(ge=0, lt=MAX_INSTANT_MS)]
MonoMs: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
QuietMs: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_QUIET_MS)]
Ref: TypeAlias = Annotated[str, Meta(min_length=1, max_length=MAX_REF_LENGTH)]
Id: TypeAlias = Annotated[str, Meta(max_length=MAX_ID_LENGTH)]
App: TypeAlias = Literal["workspace", "hub", "embed"]
Cause: TypeAlias = Literal[
    "open", "focus", "blur", "visible", "hidden", "freeze", "suspend", "resume", "lock", "unlock", "idle", "active",
    "session-tab", "app-tab", "case", "form", "dialog", "resolve", "close", "beat",
]  # fmt: skip


class SessionTab(Struct, frozen=True):
    """The session tab in front; `case` is None when it shows no case."""

    id: Id
    kind: Literal["case", "inbox"] = "case"
    case: Ref | None = None


class AppTab(Struct, frozen=True):
    """The app tab in front inside its session; `case` only when the tab shows a case."""

    id: Id
    entity: Id
    case: Ref | None = None


class CaseForm(Struct, frozen=True):
    """The form a case is shown on, and whether a handling-time widget for the case is on it."""

    id: Id
    tracked: bool = True
    widget: bool = False


class Event(Struct, frozen=True):
    """One snapshot. `at` is the wall clock and `mono` the page's monotonic clock, both in milliseconds.

    `quiet` is how many milliseconds before it the last input was; None where that is not known.
    """

    seq: Seq
    at: WallMs
    mono: MonoMs
    cause: Cause
    visible: bool
    focused: bool
    locked: bool
    idle: bool
    session: SessionTab | None = None
    app_tab: AppTab | None = None
    form: CaseForm | None = None
    quiet: QuietMs | None = None


class Refused(Struct, frozen=True):
    """An event that could not be taken: its place in the stream is known, what it showed is not believed."""

    seq: Seq
    code: str
    message: str
    body: str
