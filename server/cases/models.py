"""Cases, how they are related, and the periods in which they were resolved."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base

ACTIVE = "active"
RESOLVED = "resolved"
RELATIONS = ("child", "related", "similar")


class Case(Base):
    """A customer case. `ref` is what people and programs call it, and never changes."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_by_status", "status"),
        CheckConstraint("status IN ('active', 'resolved')", name="cases_status"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    customer: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)
    created_at: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class CaseRelation(Base):
    """`case_id` has `other_id` as its child, or as a related or similar case."""

    __tablename__ = "case_relations"
    __table_args__ = (
        CheckConstraint("kind IN ('child', 'related', 'similar')", name="case_relations_kind"),
        {"sqlite_strict": True},
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    kind: Mapped[str]


class Resolution(Base):
    """A period `[resolved_at, reopened_at)` in which a case was resolved; open while `reopened_at` is null."""

    __tablename__ = "resolutions"
    __table_args__ = (
        Index("resolutions_by_case", "case_id"),
        Index(
            "resolutions_one_open",
            "case_id",
            unique=True,
            sqlite_where=text("reopened_at IS NULL"),
            postgresql_where=text("reopened_at IS NULL"),
        ),
        CheckConstraint("reopened_at IS NULL OR reopened_at >= resolved_at", name="resolutions_order"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    resolved_at: Mapped[int]
    reopened_at: Mapped[int | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    note: Mapped[str] = mapped_column(default="")
