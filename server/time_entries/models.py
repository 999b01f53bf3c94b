"""What people say of their time: time logs, activities linked to the case, and corrections of automatic time."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column, relationship

from server.accounts.models import Person
from server.db import Base
from server.time_entries.overlap import tracked_ms

ACTIVITY_KINDS = ("phone call", "task", "e-mail", "appointment")


def _by_client_id(table: str) -> Index:
    return Index(
        f"{table}_by_client_id",
        "representative_id",
        "client_id",
        unique=True,
        sqlite_where=text("client_id IS NOT NULL"),
        postgresql_where=text("client_id IS NOT NULL"),
    )


class _Entry:
    """The columns that every kind of entry has.

    `worked_at` is when, in milliseconds since the epoch: the instant at which the work began where `has_start`, else
    only its day means something. `purged_overlap_ms` is what tracker records covered of it that were purged. What is
    deleted stays as an empty mark with `deleted_at`, so that others can tell that and when it went. `client_id` is a
    name that the client made up; a person has one entry of each.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    duration_seconds: Mapped[int]
    description: Mapped[str]
    worked_at: Mapped[int]
    has_start: Mapped[bool] = mapped_column(default=False, server_default=false())
    purged_overlap_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[int]
    changed_at: Mapped[int]
    deleted_at: Mapped[int | None]
    client_id: Mapped[str | None]

    @declared_attr
    def representative(cls) -> Mapped[Person]:  # noqa: N805 - SQLAlchemy calls it with the class
        """Whose entry it is."""
        return relationship(lazy="joined")

    @declared_attr
    def overlap_ms(cls) -> Mapped[int]:  # noqa: N805
        """How much of it was tracked as well, in milliseconds, as it was when it was loaded."""
        return column_property(tracked_ms(cls) + cls.purged_overlap_ms)


class TimeLog(_Entry, Base):
    """Time that somebody says they worked on a case."""

    __tablename__ = "time_logs"
    __table_args__ = (
        Index("time_logs_by_case", "case_id", "worked_at", "id"),
        Index("time_logs_by_representative", "representative_id", "worked_at"),
        _by_client_id("time_logs"),
        CheckConstraint("duration_seconds > 0", name="time_logs_duration"),
        {"sqlite_strict": True},
    )


class Activity(_Entry, Base):
    """Something done for a case that has a duration, such as a phone call."""

    __tablename__ = "activities"
    __table_args__ = (
        Index("activities_by_case", "case_id", "worked_at", "id"),
        Index("activities_by_representative", "representative_id", "worked_at"),
        _by_client_id("activities"),
        CheckConstraint("duration_seconds > 0", name="activities_duration"),
        CheckConstraint("kind IN ('phone call', 'task', 'e-mail', 'appointment')", name="activities_kind"),
        {"sqlite_strict": True},
    )

    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(default="", server_default=text("''"))


class AutomaticCorrection(Base):
    """What a representative added to (or took from) their automatic time on a case, in milliseconds, and why.

    `before_ms` is what it was before. It counts on `day`, the representative's own calendar day (ISO 8601) on which it
    was made. Rows are only ever added, and what was measured stays as it is.
    """

    __tablename__ = "automatic_corrections"
    __table_args__ = (
        Index("automatic_corrections_by_case", "case_id", "representative_id"),
        Index("automatic_corrections_by_day", "representative_id", "day"),
        CheckConstraint("delta_ms <> 0", name="automatic_corrections_change"),
        CheckConstraint("before_ms >= 0 AND before_ms + delta_ms >= 0", name="automatic_corrections_positive"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    delta_ms: Mapped[int]
    before_ms: Mapped[int]
    reason: Mapped[str]
    day: Mapped[str]
    created_at: Mapped[int]

    author: Mapped[Person] = relationship(foreign_keys=author_id, lazy="joined")
