"""Each record knows whether its case is resolved, so that lists by status are read through an index; totals by day too.

The database itself keeps it so, whoever writes the record and whenever the case is resolved or reopened.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_INDEXES: dict[str, list[str | sa.TextClause]] = {
    "tracker_records_by_representative_and_status": ["representative_id", "resolved", "ended_at", "started_at"],
    "tracker_records_by_case": ["case_id", "ended_at", "started_at", "representative_id"],
    "tracker_records_by_end": ["resolved", "ended_at", "started_at", "representative_id"],
    "tracker_records_by_duration": [
        "resolved",
        sa.text("(ended_at - started_at)"),
        "id",
        "ended_at",
        "started_at",
        "representative_id",
    ],
}


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.add_column("tracker_records", sa.Column("resolved", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("tracker_records_by_case", "tracker_records_by_end", "tracker_records_by_duration"):
        op.drop_index(name, "tracker_records")
    if not is_postgresql:
        op.execute("DROP TRIGGER tracker_records_no_overlap_update")
    op.execute(
        "UPDATE tracker_records SET resolved = TRUE WHERE case_id IN (SELECT id FROM cases WHERE status = 'resolved')"
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "tracker_records", columns)
    op.create_index("daily_totals_by_day", "daily_totals", ["day"])
    for statement in _OF_POSTGRESQL if is_postgresql else _OF_SQLITE:
        op.execute(statement)


_OF_SQLITE = (
    """
    CREATE TRIGGER tracker_records_no_overlap_update
    BEFORE UPDATE OF id, representative_id, started_at, ended_at ON tracker_records
    BEGIN
        SELECT RAISE(ABORT, 'tracker records of one representative overlap') WHERE (
            SELECT started_at FROM tracker_records
            WHERE representative_id = NEW.representative_id AND ended_at > NEW.started_at AND id IS NOT NEW.id
            ORDER BY ended_at LIMIT 1
        ) < NEW.ended_at;
    END
    """,
    """
    CREATE TRIGGER tracker_records_resolved AFTER INSERT ON tracker_records
    WHEN NEW.resolved IS NOT (SELECT status = 'resolved' FROM cases WHERE id = NEW.case_id)
    BEGIN
        UPDATE tracker_records SET resolved = NOT NEW.resolved WHERE id = NEW.id;
    END
    """,
    """
    CREATE TRIGGER cases_records_resolved AFTER UPDATE OF status ON cases WHEN NEW.status IS NOT OLD.status
    BEGIN
        UPDATE tracker_records SET resolved = NEW.status = 'resolved' WHERE case_id = NEW.id;
    END
    """,
)

# A new record holds its case as it is until it is committed: a case that is resolved meanwhile finds the record.
_OF_POSTGRESQL = (
    """
    CREATE FUNCTION tracker_records_resolved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        SELECT status = 'resolved' INTO NEW.resolved FROM cases WHERE id = NEW.case_id FOR SHARE;
        NEW.resolved := coalesce(NEW.resolved, FALSE);
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER tracker_records_resolved BEFORE INSERT ON tracker_records
    FOR EACH ROW EXECUTE FUNCTION tracker_records_resolved()
    """,
    """
    CREATE FUNCTION cases_records_resolved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE tracker_records SET resolved = NEW.status = 'resolved' WHERE case_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER cases_records_resolved AFTER UPDATE OF status ON cases
    FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION cases_records_resolved()
    """,
)
