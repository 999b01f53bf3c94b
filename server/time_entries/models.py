"""What people log by hand: time logs, and activities linked to a case."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from server.accounts.models import Person
from server.db import Base

ACTIVITY_KINDS = ("phone call", "task", "e-mail", "appointment")


class _Entry:
    """The columns that every kind of entry has.

    `worked_at` is when, in milliseconds since the epoch. What is deleted stays as an empty mark with `deleted_at`, so
    that others can tell that and when it went.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    duration_seconds: Mapped[int]
    description: Mapped[str]
    worked_at: Mapped[int]
    created_at: Mapped[int]
    changed_at: Mapped[int]
    deleted_at: Mapped[int | None]

    @declared_attr
    def representative(cls) -> Mapped[Person]:  # noqa: N805 - SQLAlchemy calls it with the class
        """Whose entry it is."""
        return relationship(lazy="joined")


class TimeLog(_Entry, Base):
    """Time that somebody says they worked on a case."""

    __tablename__ = "time_logs"
    __table_args__ = (
        Index("time_logs_by_case", "case_id", "id"),
        CheckConstraint("duration_seconds > 0", name="time_logs_duration"),
        {"sqlite_strict": True},
    )


class Activity(_Entry, Base):
    """Something done for a case that has a duration, such as a phone call."""

    __tablename__ = "activities"
    __table_args__ = (
        Index("activities_by_case", "case_id", "id"),
        CheckConstraint("duration_seconds > 0", name="activities_duration"),
        CheckConstraint("kind IN ('phone call', 'task', 'e-mail', 'appointment')", name="activities_kind"),
        {"sqlite_strict": True},
    )

    kind: Mapped[str]
