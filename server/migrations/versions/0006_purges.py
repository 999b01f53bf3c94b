"""Purges that are kept and go on after a restart, retention, and indexes for every order of the list of records."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "purges",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("records_expected", sa.BigInteger(), nullable=False),
        sa.Column("records_done", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("bytes_estimated", sa.BigInteger(), nullable=True),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'cancelled', 'done', 'failed')", name="purges_state"),
        sa.CheckConstraint("(finished_at IS NULL) = (state = 'running')", name="purges_finished"),
        sa.ForeignKeyConstraint(["requested_by"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("purges_by_state", "purges", ["state", "id"])
    # SQL of its own, since Alembic writes no constraint with a column that is added.
    op.execute(
        "ALTER TABLE tracking_settings ADD COLUMN retention_months "
        f"{sa.BigInteger().compile(op.get_bind().dialect)} NOT NULL DEFAULT 0 "
        "CONSTRAINT tracking_settings_retention CHECK (retention_months BETWEEN 0 AND 120)"
    )
    op.add_column(
        "tracking_settings",
        sa.Column("retention_resolved_only", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.create_index("cases_by_status", "cases", ["status"])
    for name in ("tracker_records_by_case", "tracker_records_by_representative"):
        op.drop_index(name, "tracker_records")
    op.create_index("tracker_records_by_case", "tracker_records", ["case_id", "ended_at", "started_at"])
    op.create_index(
        "tracker_records_by_representative",
        "tracker_records",
        ["representative_id", "ended_at", "started_at", "case_id"],
    )
    op.create_index("tracker_records_by_end", "tracker_records", ["ended_at", "started_at", "case_id"])
    op.create_index("tracker_records_by_duration", "tracker_records", [sa.text("(ended_at - started_at)"), "id"])
