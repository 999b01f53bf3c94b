"""The audit log and its head. The database refuses to change or delete entries: a guard against accidents.

What shows tampering by somebody who can write to the database is the chain of hashes and the seal on its head.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_BEGINNING = "0" * 64
_GUARDS = (("audit_log", "UPDATE"), ("audit_log", "DELETE"), ("audit_head", "DELETE"))
_WORDS = "entries of the audit log cannot be changed or deleted"


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("at BETWEEN 0 AND 253402300799999", name="audit_log_instant"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index("audit_log_by_instant", "audit_log", ["at", "id"], unique=False)
    for column in ("actor", "action", "subject"):
        op.create_index(f"audit_log_by_{column}", "audit_log", [column, "at", "id"], unique=False)
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name="audit_head_one_row"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.bulk_insert(head, [{"id": 1, "count": 0, "hash": _BEGINNING, "seal": ""}])
    _forbid_changes()


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_log_refuses() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
        )
        for table, what in (("audit_log", "UPDATE OR DELETE OR TRUNCATE"), ("audit_head", "DELETE OR TRUNCATE")):
            op.execute(
                f"CREATE TRIGGER {table}_stays BEFORE {what} ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuses()"
            )
        return
    for table, what in _GUARDS:
        op.execute(
            f"CREATE TRIGGER {table}_stays_at_{what.lower()} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
        )
