"""The language that a person chose; without one, their browser says it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("people", sa.Column("locale", sa.Text(), nullable=True))
