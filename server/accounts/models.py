"""People, their sessions, and the bearer tokens of the programs that act for them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.db import Base

REPRESENTATIVE = "representative"
SUPERVISOR = "supervisor"
ADMINISTRATOR = "administrator"
ROLES = (REPRESENTATIVE, SUPERVISOR, ADMINISTRATOR)

REPORT = "report"
READ = "read"
FULL = "full"
SCOPES = (REPORT, READ, FULL)
"""What a token may do: report working time and nothing else; read and nothing else; all that its person may."""


class Person(Base):
    """Somebody who signs in. A day of theirs is a day in `time_zone` (an IANA name); `team` is None if they have none.

    `session_epoch` is part of every session cookie: raising it signs the person out everywhere. `locale` is the
    language that they chose, None where their browser says it.
    """

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("role IN ('representative', 'supervisor', 'administrator')", name="people_role"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    team: Mapped[str | None]
    locale: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int]

    @property
    def is_representative(self) -> bool:
        return self.role == REPRESENTATIVE

    @property
    def sees_everyone(self) -> bool:
        """Supervisors and administrators see the time of all; what representatives see is a setting."""
        return self.role in (SUPERVISOR, ADMINISTRATOR)


class UserSession(Base):
    """A session that was begun by signing in and has not been ended. Its cookie names it by its id."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index("user_sessions_by_person", "person_id", "began_at"), {"sqlite_strict": True})

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    began_at: Mapped[int]
    ends_at: Mapped[int]


class Token(Base):
    """A bearer token. Only its SHA-256 is kept; the token itself is shown once."""

    __tablename__ = "tokens"
    __table_args__ = (
        Index("tokens_by_person", "person_id"),
        CheckConstraint("scope IN ('report', 'read', 'full')", name="tokens_scope"),
        {"sqlite_strict": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    scope: Mapped[str] = mapped_column(default=FULL, server_default=FULL)
    created_at: Mapped[int]
    expires_at: Mapped[int]
    revoked_at: Mapped[int | None]

    person: Mapped[Person] = relationship(lazy="joined")
