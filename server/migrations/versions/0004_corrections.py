"""Corrections of automatic time; entries that say when work began, what it was about, and what they overlapped."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "automatic_corrections",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("representative_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("delta_ms", sa.BigInteger(), nullable=False),
        sa.Column("before_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("delta_ms <> 0", name="automatic_corrections_change"),
        sa.CheckConstraint("before_ms >= 0 AND before_ms + delta_ms >= 0", name="automatic_corrections_positive"),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["representative_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("automatic_corrections_by_case", "automatic_corrections", ["case_id", "representative_id"])
    op.create_index("automatic_corrections_by_day", "automatic_corrections", ["representative_id", "day"])
    for kind in ("time_logs", "activities"):
        # Of what is there only the day is known, as far as we can tell.
        op.add_column(kind, sa.Column("has_start", sa.Boolean(), server_default=sa.false(), nullable=False))
        op.add_column(kind, sa.Column("purged_overlap_ms", sa.BigInteger(), server_default="0", nullable=False))
        op.drop_index(f"{kind}_by_case", kind)
        op.create_index(f"{kind}_by_case", kind, ["case_id", "worked_at", "id"])
        op.create_index(f"{kind}_by_representative", kind, ["representative_id", "worked_at"])
    op.add_column("activities", sa.Column("subject", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "tracking_settings", sa.Column("count_overlap_once", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
