"""PostgreSQL's own tools bring the log back as it was, with its guards (A8)."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.audit import log as audit_log
from server.audit.verify import examine
from server.db import Database
from server.operation.backup import back_up
from tests.audit.tampering import write_entries
from tests.conftest import FakeClock, _made
from tests.operation.test_backup import restore_postgresql


def test_a_restored_backup_of_postgresql_verifies_and_goes_on(tmp_path: Path, postgresql_server: Any) -> None:
    """A8"""
    target, url = tmp_path / "monday.dump", postgresql_server.fresh_database()
    with _made(tmp_path, url, FakeClock()) as world:
        world.write(write_entries)
        kept = examine(world.database).last
        back_up(url, target)
    restore_postgresql(f"{url}_restored", target)

    restored = Database(f"{url}_restored")
    audit_log.seal_with(restored, world.config.secret_key)
    assert examine(restored, kept=kept).fault is None
    restored.write(write_entries)
    verdict = examine(restored, kept=kept)
    with pytest.raises(DBAPIError, match="cannot be changed"):
        restored.write(lambda session: session.execute(text("DELETE FROM audit_log")))
    restored.close()

    assert (verdict.right, verdict.fault) == (kept.number + 8, None)
