"""Sessions that can be ended one by one, and tokens that may do less than their person."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("user_sessions_by_person", "user_sessions", ["person_id", "began_at"], unique=False)
    # SQL of its own, since Alembic writes no constraint with a column that is added. Old tokens may do all, as before.
    op.execute(
        "ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'full' "
        "CONSTRAINT tokens_scope CHECK (scope IN ('report', 'read', 'full'))"
    )
