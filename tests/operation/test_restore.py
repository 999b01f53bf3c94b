"""The drill of docs/operation.md: a backup is restored under agents that are alive.

What the browsers still hold comes back exactly once. What they had forgotten, since the newer database that is lost
now had it, is a row of loss for each stream that is heard of again.
"""

import shutil
import signal
from pathlib import Path

import pytest

from tests.operation.test_backup import restore_postgresql
from tests.outside_client import Outbox, OutsideAgent, wall_ms
from tests.server_process import ServerProcess
from tests.tracking.test_process import automatic_seconds, instant_ms
from tests.waiting import until

MINUTE_MS = 60_000


def _works(outbox: Outbox, start: int, minutes: range, *, case: str) -> None:
    """Attend a case over these minutes after `start`, with a beat each 20 s, then look away."""
    begin, end = start + minutes.start * MINUTE_MS, start + minutes.stop * MINUTE_MS
    for at in range(begin, end, 20_000):
        outbox.add(at, 10_000_000 + at - start, "beat" if at > begin else "focus", case=case)
    outbox.add(end, 10_000_000 + end - start, "blur", case=case, focused=False)


def _commit(server: ServerProcess, agent: OutsideAgent, *outboxes: Outbox) -> None:
    """Deliver, commit, and wait until the browser has forgotten all but the newest event."""
    for outbox in outboxes:
        assert agent.deliver(outbox)
    for case in ("CAS-1001", "CAS-1002"):
        server.call("POST", f"/api/v1/cases/{case}/handling-time/refresh", token=server.token("ana"))
    until(
        lambda: (agent.listen(), all(len(outbox.held) <= 1 for outbox in outboxes))[1],
        what="the browser may forget",
    )


def _losses(server: ServerProcess) -> set[tuple[str, int, int]]:
    status, page = server.call("GET", "/api/v1/stream-losses", token=server.token("ada"))
    assert status == 200
    return {(item["stream"], item["first_seq"], item["last_seq"]) for item in page["items"]}


def _records(server: ServerProcess, start: int, case: str) -> list[tuple[float, float]]:
    """The minutes after `start` that are in records of a case."""
    _, page = server.call("GET", f"/api/v1/tracker-records?case={case}", token=server.token("ada"))
    return sorted(
        ((instant_ms(one["started_at"]) - start) / MINUTE_MS, (instant_ms(one["ended_at"]) - start) / MINUTE_MS)
        for one in page["items"]
    )


def _restore_sqlite(server: ServerProcess, backup: Path) -> None:
    """The database with its write-ahead log out of the way, the backup in its place."""
    path = Path(server.database_url.removeprefix("sqlite:///"))
    aside = server.folder / "before-the-restore"
    aside.mkdir()
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        if (path.parent / name).exists():
            (path.parent / name).rename(aside / name)
    shutil.copy(backup, path)


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_after_a_restore_what_browsers_hold_counts_once_and_what_they_forgot_is_reported(
    tmp_path: Path, request: pytest.FixtureRequest, system: str
) -> None:
    """X36, X37, X65"""
    url: str | None = None
    if system == "postgresql":
        url = request.getfixturevalue("postgresql_server").fresh_database()
    with ServerProcess(tmp_path / "data", database_url=url) as server:
        server.add_person("ana")
        server.add_person("ada", role="administrator")
        for ref in ("CAS-1001", "CAS-1002"):
            server.call("POST", "/api/v1/cases", {"ref": ref, "title": "A case"}, token=server.token("ana"))
        agent = OutsideAgent(server.base_url, server.token("ana"))
        server.token("ada")
        start = wall_ms() - 12 * MINUTE_MS

        living, orphan, unheard = agent.open(), agent.open(), agent.open()
        _works(living, start, range(2), case="CAS-1001")
        _commit(server, agent, living)
        _works(orphan, start, range(2, 3), case="CAS-1002")
        _works(unheard, start, range(3, 4), case="CAS-1002")
        _commit(server, agent, orphan, unheard)
        known = {outbox.stream: outbox.newest for outbox in (living, orphan, unheard)}
        backup = tmp_path / "backup"
        server.run("db", "backup", str(backup))

        _works(living, start, range(4, 5), case="CAS-1001")
        _works(orphan, start, range(5, 6), case="CAS-1002")
        _works(unheard, start, range(6, 7), case="CAS-1002")
        newborn = agent.open()
        _works(newborn, start, range(7, 8), case="CAS-1001")
        _commit(server, agent, living, orphan, unheard, newborn)
        assert (automatic_seconds(server), automatic_seconds(server, "CAS-1002")) == (240, 240)
        forgotten = {outbox.stream: outbox.first - 1 for outbox in (living, orphan, newborn)}
        assert living.held
        _works(living, start, range(8, 9), case="CAS-1001")
        assert agent.deliver(living)
        _works(orphan, start, range(9, 10), case="CAS-1002")  # nobody was there to take it

        server.kill()
        agent.cut()
        if url is None:
            _restore_sqlite(server, backup)
        else:
            server.environment["CASECLOCK_DATABASE_URL"] = f"{url}_restored"
            restore_postgresql(f"{url}_restored", backup)
        server.start()
        assert (automatic_seconds(server), automatic_seconds(server, "CAS-1002")) == (120, 120)
        del agent.outboxes[unheard.stream]
        for outbox in (living, orphan, newborn):
            outbox.received = outbox.committed = outbox.first - 1
        _commit(server, agent, living, orphan, newborn)

        assert _losses(server) == {
            (living.stream, known[living.stream] + 1, forgotten[living.stream]),
            (orphan.stream, known[orphan.stream] + 1, forgotten[orphan.stream]),
            (newborn.stream, 1, forgotten[newborn.stream]),
        }
        assert _records(server, start, "CAS-1001") == [(0, 2), (8, 9)]
        assert _records(server, start, "CAS-1002") == [(2, 3), (3, 4), (9, 10)]
        doctor = server.run("doctor")
        assert "note   3 holes" in doctor
        assert "Nothing is wrong." in doctor

        for outbox in (living, orphan, newborn):
            agent.post(outbox)
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
        server.start()
        assert len(_losses(server)) == 3, "each is reported once"
        assert (automatic_seconds(server), automatic_seconds(server, "CAS-1002")) == (180, 180)
        agent.cut()
