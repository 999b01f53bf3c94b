"""Tracker records of long ago, put into the database beside the server."""

import sqlite3
from contextlib import closing

from e2e.conftest import DATABASE, DemoServer

CASE = "CAS-1001"
OLD = 1_700_000_000_000
"""2023-11-14."""


def has_old_records(server: DemoServer, count: int) -> None:
    """So many records of ana on one case, a minute apart; they have no totals."""
    with closing(sqlite3.connect(server.folder / DATABASE)) as database, database:
        database.execute(
            "INSERT INTO tracker_records"
            " (representative_id, case_id, started_at, ended_at, stream, started_by, ended_by, committed_at)"
            " SELECT people.id, cases.id, :old + value * 60000, :old + value * 60000 + 30000 + value % 30000,"
            " 'old', 'open', 'close', 0 FROM people, cases, json_each(:numbers) WHERE username = 'ana' AND ref = :case",
            {"old": OLD, "numbers": str(list(range(count))), "case": CASE},
        )
