"""How much of each total was purged, so that totals can be checked against records for ever.

What totals hold today beyond their records was purged before: it is taken over as that.
"""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from server.tracking.ledger import sums_by_day

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    purged = op.create_table(
        "purged_totals",
        sa.Column("representative_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("automatic_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["representative_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("representative_id", "day", "case_id"),
        sqlite_strict=True,
    )
    bind = op.get_bind()
    zones = {person: ZoneInfo(zone) for person, zone in bind.execute(sa.text("SELECT id, time_zone FROM people"))}
    records = bind.execute(sa.text("SELECT representative_id, case_id, started_at, ended_at FROM tracker_records"))
    recorded = sums_by_day((who, case, zones[who], start, end) for who, case, start, end in records)
    totals = bind.execute(sa.text("SELECT representative_id, day, case_id, automatic_ms FROM daily_totals"))
    rows = [
        {"representative_id": who, "day": day, "case_id": case, "automatic_ms": ms - recorded.get((who, day, case), 0)}
        for who, day, case, ms in totals
        if ms > recorded.get((who, day, case), 0)
    ]
    if rows:
        op.bulk_insert(purged, rows)
