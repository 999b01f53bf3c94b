"""The name that a client gave an entry, so that what it sends twice is there once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for kind in ("time_logs", "activities"):
        op.add_column(kind, sa.Column("client_id", sa.Text(), nullable=True))
        op.create_index(
            f"{kind}_by_client_id",
            kind,
            ["representative_id", "client_id"],
            unique=True,
            sqlite_where=sa.text("client_id IS NOT NULL"),
            postgresql_where=sa.text("client_id IS NOT NULL"),
        )
