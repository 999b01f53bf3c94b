"""After how many minutes without input somebody is idle, and the streams in which time waits for that."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # SQL of its own, since Alembic writes no constraint with a column that is added.
    op.execute(
        "ALTER TABLE tracking_settings ADD COLUMN idle_after_minutes "
        f"{sa.BigInteger().compile(op.get_bind().dialect)} NOT NULL DEFAULT 0 "
        "CONSTRAINT tracking_settings_idle CHECK (idle_after_minutes BETWEEN 0 AND 120)"
    )
    op.create_index(
        "stream_cursors_not_settled",
        "stream_cursors",
        ["updated_at"],
        sqlite_where=sa.text("credited_to < instant"),
        postgresql_where=sa.text("credited_to < instant"),
    )
