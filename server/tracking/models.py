"""What tracking keeps in the database: records, totals kept apart from them, and how far each stream is committed.

No two records of one representative overlap; the database itself refuses it (a trigger on SQLite, an exclusion
constraint on PostgreSQL, both made by the migrations).
"""

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class TrackerRecord(Base):
    """A committed span: `[started_at, ended_at)` in milliseconds since the epoch. May be purged; totals stay.

    An `id` is never given twice: who asks to purge the records of a list must not hit what came after it.
    Whether its case is `resolved` is what the case says, kept so by triggers; the indexes are what lists read, whole.
    """

    __tablename__ = "tracker_records"
    __table_args__ = (
        Index("tracker_records_by_representative", "representative_id", "ended_at", "started_at", "case_id"),
        Index(
            "tracker_records_by_representative_and_status", "representative_id", "resolved", "ended_at", "started_at"
        ),
        Index("tracker_records_by_case", "case_id", "ended_at", "started_at", "representative_id"),
        Index("tracker_records_by_end", "resolved", "ended_at", "started_at", "representative_id"),
        Index(
            "tracker_records_by_duration",
            "resolved",
            text("(ended_at - started_at)"),
            "id",
            "ended_at",
            "started_at",
            "representative_id",
        ),
        CheckConstraint("ended_at > started_at", name="tracker_records_order"),
        {"sqlite_strict": True, "sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    started_at: Mapped[int]
    ended_at: Mapped[int]
    stream: Mapped[str]
    started_by: Mapped[str]
    ended_by: Mapped[str]
    committed_at: Mapped[int]
    resolved: Mapped[bool] = mapped_column(server_default=false())


class CaseTotal(Base):
    """All automatic time of one representative on one case, purged records included, in milliseconds."""

    __tablename__ = "case_totals"
    __table_args__ = (CheckConstraint("automatic_ms >= 0", name="case_totals_positive"), {"sqlite_strict": True})

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    automatic_ms: Mapped[int]
    updated_at: Mapped[int]


class DailyTotal(Base):
    """Automatic time by the representative's own calendar day (ISO 8601, `2026-11-20`), in milliseconds."""

    __tablename__ = "daily_totals"
    __table_args__ = (Index("daily_totals_by_day", "day"), {"sqlite_strict": True})

    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    automatic_ms: Mapped[int]


class StreamCursor(Base):
    """How far a stream is committed, and all that is needed to go on with it after a restart.

    `committed_seq` is what agents are told; `applied_seq` and the columns behind it are the fold's state at that
    commit; time of this stream up to `credited_to` is in the records; what the open claim has between that and
    `instant` is not settled.
    """

    __tablename__ = "stream_cursors"
    __table_args__ = (
        Index("stream_cursors_by_age", "updated_at"),
        Index(
            "stream_cursors_not_settled",
            "updated_at",
            sqlite_where=text("credited_to < instant"),
            postgresql_where=text("credited_to < instant"),
        ),
        {"sqlite_strict": True},
    )

    stream: Mapped[str] = mapped_column(primary_key=True)
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    app: Mapped[str]
    committed_seq: Mapped[int]
    applied_seq: Mapped[int]
    at: Mapped[int]
    mono: Mapped[int]
    instant: Mapped[int]
    run_began: Mapped[int]
    offset_ms: Mapped[int | None]
    proves: Mapped[bool]
    closed: Mapped[bool]
    open_case: Mapped[str | None]
    open_began: Mapped[int | None]
    open_started_by: Mapped[str | None]
    credited_to: Mapped[int]
    updated_at: Mapped[int]


class StreamLoss(Base):
    """Events `first_seq` to `last_seq` of a stream that its browser no longer had. Nothing vanishes unannounced."""

    __tablename__ = "stream_losses"

    id: Mapped[int] = mapped_column(primary_key=True)
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    stream: Mapped[str]
    first_seq: Mapped[int]
    last_seq: Mapped[int]
    noticed_at: Mapped[int]


class RefusedEvent(Base):
    """Neighbouring events that were refused for one reason: how many, and the body of the first."""

    __tablename__ = "refused_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    stream: Mapped[str]
    first_seq: Mapped[int]
    last_seq: Mapped[int]
    code: Mapped[str]
    message: Mapped[str]
    body: Mapped[str]
    refused_at: Mapped[int]


class PurgedSpan(Base):
    """Time whose record was purged, kept so that a browser that comes late cannot bring it back."""

    __tablename__ = "purged_spans"
    __table_args__ = (
        Index("purged_spans_by_representative", "representative_id", "ended_at"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[int]
    ended_at: Mapped[int]


class PurgedTotal(Base):
    """Time whose records were purged, by the day they were counted on: a total is its records and this.

    Kept so that totals can be checked, and rebuilt, after any number of purges.
    """

    __tablename__ = "purged_totals"

    representative_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    automatic_ms: Mapped[int]


class TrackingPause(Base):
    """A period `[started_at, ended_at)` in which tracking was switched off; open while `ended_at` is null."""

    __tablename__ = "tracking_pauses"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[int]
    ended_at: Mapped[int | None]
