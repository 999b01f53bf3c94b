"""The tracking settings: one row of the database, one frozen value in memory.

Every feature may read them; `admin` alone changes them and announces it with `settings_changed`.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self, cast

import blinker
from flask import current_app
from sqlalchemy import CheckConstraint, false, text, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.db import Base

MIN_INTERVAL_MINUTES = 10
MAX_INTERVAL_MINUTES = 60
MAX_IDLE_MINUTES = 120
MAX_RETENTION_MONTHS = 120

_EXTENSION = "caseclock.settings"

settings_changed = blinker.Signal("Sent by the Flask application after a change; `settings` is the new value.")


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """What an administrator decides about tracking.

    `enabled`: focus is tracked at all. `update_interval_minutes`: 10 to 60. `allow_time_logs`: representatives may
    log time by hand. `show_only_own_time`: a representative sees no one else's time. `allow_my_time`: the widget
    offers *My time*. `track_inbox`: cases flicked through in the inbox count. `count_idle`: time without input counts.
    `idle_after_minutes`: so long without input in a page is idle, from the last input on; 0 is never, up to 120.
    `create_unknown_cases`: a case that an agent names and nobody knows is created. `count_overlap_once`: of what people
    log by hand, time that was tracked as well does not count again. `retention_months`: tracker records that ended
    longer ago are purged day by day, 0 keeps them for ever; `retention_resolved_only` keeps those of active cases.
    """

    enabled: bool = True
    update_interval_minutes: int = 10
    allow_time_logs: bool = True
    show_only_own_time: bool = False
    allow_my_time: bool = True
    track_inbox: bool = False
    count_idle: bool = False
    idle_after_minutes: int = 0
    create_unknown_cases: bool = False
    count_overlap_once: bool = False
    retention_months: int = 0
    retention_resolved_only: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class TrackingSettingsRow(Base):
    """The one row that holds them; columns are the fields of `TrackingSettings`."""

    __tablename__ = "tracking_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="tracking_settings_one_row"),
        CheckConstraint(
            f"update_interval_minutes BETWEEN {MIN_INTERVAL_MINUTES} AND {MAX_INTERVAL_MINUTES}",
            name="tracking_settings_interval",
        ),
        CheckConstraint(f"idle_after_minutes BETWEEN 0 AND {MAX_IDLE_MINUTES}", name="tracking_settings_idle"),
        CheckConstraint(f"retention_months BETWEEN 0 AND {MAX_RETENTION_MONTHS}", name="tracking_settings_retention"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enabled: Mapped[bool]
    update_interval_minutes: Mapped[int]
    allow_time_logs: Mapped[bool]
    show_only_own_time: Mapped[bool]
    allow_my_time: Mapped[bool]
    track_inbox: Mapped[bool]
    count_idle: Mapped[bool]
    idle_after_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    create_unknown_cases: Mapped[bool]
    count_overlap_once: Mapped[bool] = mapped_column(server_default=false())
    retention_months: Mapped[int] = mapped_column(server_default=text("0"))
    retention_resolved_only: Mapped[bool] = mapped_column(server_default=true())


class CurrentSettings:
    """Holds the value that the hot paths read, so that none of them asks the database."""

    def __init__(self, value: TrackingSettings) -> None:
        self.value = value

    @classmethod
    def of(cls, session: Session) -> Self:
        return cls(load(session))


def load(session: Session, *, to_change: bool = False) -> TrackingSettings:
    """The settings in the database; the defaults where none were ever saved. `to_change` holds off other changes."""
    row = session.get(TrackingSettingsRow, 1, with_for_update=to_change)
    if row is None:
        return TrackingSettings()
    return TrackingSettings(**{field.name: getattr(row, field.name) for field in fields(TrackingSettings)})


def store(session: Session, settings: TrackingSettings) -> None:
    """Save the settings in the caller's transaction."""
    session.merge(TrackingSettingsRow(id=1, **settings.as_dict()))


def install(app_extensions: dict[str, object], current: CurrentSettings) -> None:
    """Make `current` the holder of the application that owns these extensions."""
    app_extensions[_EXTENSION] = current


def holder() -> CurrentSettings:
    """The holder of the current application."""
    return cast(CurrentSettings, current_app.extensions[_EXTENSION])


def current() -> TrackingSettings:
    """The settings in force in the current application."""
    return holder().value
