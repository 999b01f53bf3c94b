"""The audit log: a chain of entries, and the head that knows its end."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class AuditEntry(Base):
    """Somebody did something. The entries are numbered 1, 2, 3 ... without a gap and are never changed.

    `actor` is a username, or `system` without an `actor_id` for the command line and what runs by itself. `action` is a
    dotted word, `subject` what it was done to, `details` canonical JSON of an object. `hash` covers all other columns,
    and through `previous_hash` every entry before. People are known by username and id alone: entries outlive rows.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("audit_log_by_instant", "at", "id"),
        Index("audit_log_by_actor", "actor", "at", "id"),
        Index("audit_log_by_action", "action", "at", "id"),
        Index("audit_log_by_subject", "subject", "at", "id"),
        CheckConstraint("at BETWEEN 0 AND 253402300799999", name="audit_log_instant"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[int]
    actor: Mapped[str]
    actor_id: Mapped[int | None]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[str]
    address: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class AuditHead(Base):
    """The one row that says how many entries there are and the hash of the last, sealed with a key that is not here.

    Whoever adds an entry locks it, so that numbers have no gaps and no two entries follow the same one.
    """

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="audit_head_one_row"), {"sqlite_strict": True})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    hash: Mapped[str]
    seal: Mapped[str]
