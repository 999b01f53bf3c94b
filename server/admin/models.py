"""Purges that were asked for: what they take, how far they are, and how they ended."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base

RUNNING = "running"
CANCELLED = "cancelled"
DONE = "done"
FAILED = "failed"
STATES = (RUNNING, CANCELLED, DONE, FAILED)


class Purge(Base):
    """One purge. Batches go by ascending id of records: all up to `last_id` were looked at.

    `rule` is JSON of a filter (`{"before": 1795176000000}`) or `{"ids": [...]}`. `requested_by` is null where the
    retention of the settings asked. `records_expected` and `bytes_estimated` are from the beginning, the latter null
    where the database cannot say; `records_done` and `duration_ms` are what it took so far.
    """

    __tablename__ = "purges"
    __table_args__ = (
        Index("purges_by_state", "state", "id"),
        CheckConstraint("state IN ('running', 'cancelled', 'done', 'failed')", name="purges_state"),
        CheckConstraint("(finished_at IS NULL) = (state = 'running')", name="purges_finished"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str]
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    requested_at: Mapped[int]
    state: Mapped[str] = mapped_column(default=RUNNING)
    records_expected: Mapped[int]
    records_done: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int] = mapped_column(default=0)
    bytes_estimated: Mapped[int | None]
    last_id: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[int | None]
    problem: Mapped[str] = mapped_column(default="")
