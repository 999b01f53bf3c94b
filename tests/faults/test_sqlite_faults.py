"""A SQLite file that is locked, full, read-only, damaged or not synced: agents go on, and it heals by itself."""

import errno
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.faults.ledger import check
from tests.faults.world import Browser, FaultyServer, bring_until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]


def at_work(server: FaultyServer, browse: Browse, *names: str) -> list[Browser]:
    """Browsers of these people whose pages and cases the server knows by now."""
    browsers = [browse(server, name) for name in names]
    for browser in browsers:
        browser.visit_all_cases()
        browser.settle()
    return browsers


def goes_on(server: FaultyServer, *browsers: Browser) -> None:
    """Agents are heard, and nothing is acknowledged as durable."""
    before = [browser.page.committed for browser in browsers]
    for browser in browsers:
        browser.work(3, strays=False)
    bring_until(lambda: all(browser.page.is_delivered for browser in browsers), *browsers)
    assert server.call("GET", "/healthz")[0] == 200
    assert [browser.page.committed for browser in browsers] == before


def path_of(url: str) -> Path:
    return Path(str(make_url(url).database))


def test_a_lock_that_another_process_holds_too_long(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X53, SQLITE_BUSY: longer than the time-out, so that commits fail; then it lets go."""
    server = start(sqlite_url)
    ana, ben = at_work(server, browse, "ana", "ben")
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        goes_on(server, ana, ben)
        bring_until(lambda: "another process holds the lock" in server.log, ana, ben)
        goes_on(server, ana, ben)
        other.execute("ROLLBACK")
    ana.settle()
    ben.settle()
    check(sqlite_url, ana.account, ben.account)


@pytest.mark.parametrize(
    ("calls", "error_number", "advice"),
    [
        (["fsync", "fdatasync"], errno.EIO, "the disk does not read or write"),
        (["write", "pwrite64"], errno.ENOSPC, "the disk is full"),
        (["write", "pwrite64"], errno.EROFS, "the disk does not read or write"),
        (["write", "pwrite64"], errno.EIO, "the disk does not read or write"),
    ],
)
def test_a_disk_that_fails_once_at_the_commit(
    start: Start, browse: Browse, sqlite_url: str, calls: list[str], error_number: int, advice: str
) -> None:
    """X54 fsync, X53 SQLITE_FULL and SQLITE_IOERR, X55 in the write-ahead log: as the kernel itself answers."""
    server = start(sqlite_url)
    browser = browse(server)
    for _ in range(2):
        server.failpoint.arm("calls", "before COMMIT", calls=calls, error_number=error_number)
        browser.work(3)
        bring_until(lambda: server.failpoint.fired, browser)
        browser.settle()
        check(sqlite_url, browser.account)
    assert advice in server.log
    server.restart(gracefully=False)
    browser.work(3)
    browser.settle()
    check(sqlite_url, browser.account)


def test_no_room_for_the_write_ahead_log_for_a_while(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X53, X55: no file of the server may grow, and then it may again."""
    server = start(sqlite_url)
    ana, ben = at_work(server, browse, "ana", "ben")
    assert server.process is not None
    log_size = path_of(sqlite_url + "-wal").stat().st_size
    _, most = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (log_size, most))
    goes_on(server, ana, ben)
    bring_until(lambda: "the disk does not read or write" in server.log, ana, ben)
    goes_on(server, ana, ben)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (most, most))
    ana.settle()
    ben.settle()
    check(sqlite_url, ana.account, ben.account)


def test_a_full_disk_under_the_log_of_the_server(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X55: what it prints cannot be written; commits go on, failures and all."""
    server = start(sqlite_url, log_path=Path("/dev/full"))
    browser = browse(server)
    for place in ("before INSERT INTO tracker_records", "before COMMIT"):
        server.failpoint.arm("lose", place)
        browser.work(3)
        bring_until(lambda: server.failpoint.fired, browser)
        browser.settle()
    check(sqlite_url, browser.account)
    assert server.terminate() == 0


@pytest.fixture
def read_only(tmp_path: Path, sqlite_url: str) -> Iterator[Callable[[], None]]:
    """Takes the right to write from the database's file and folder; gives it back."""
    file = path_of(sqlite_url)

    def take() -> None:
        for path in (*file.parent.glob(f"{file.name}*"), file.parent):
            path.chmod(0o555)

    yield take
    file.parent.chmod(0o755)
    for path in file.parent.glob(f"{file.name}*"):
        path.chmod(0o644)


def test_a_read_only_folder_is_said_at_the_start(
    start: Start, browse: Browse, sqlite_url: str, read_only: Callable[[], None]
) -> None:
    """X53: a server that could not write says so in a line."""
    server = start(sqlite_url, setup={"without_rights": True})
    browser = browse(server)
    browser.work(3)
    browser.settle()
    assert server.terminate() == 0
    read_only()
    server.process = server.spawn()
    assert server.wait() == 2
    assert "make the file of CASECLOCK_DATABASE_URL and its folder writable" in server.log.splitlines()[-1]


def test_a_damaged_page(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X53: the server says what to do, and acknowledges nothing; with the backup everything comes from the browsers."""
    server = start(sqlite_url)
    ana, ben = at_work(server, browse, "ana", "ben")
    assert server.terminate() == 0
    file = path_of(sqlite_url)
    backup = file.read_bytes()
    with closing(sqlite3.connect(file)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'case_totals'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    file.write_bytes(backup[: (page - 1) * size] + b"\xa5" * size + backup[page * size :])
    server.start()
    goes_on(server, ana, ben)
    bring_until(lambda: "restore the last good backup" in server.log, ana, ben)
    goes_on(server, ana, ben)
    assert server.terminate() == 1, "not everything is in the database"
    file.write_bytes(backup)
    for rest in file.parent.glob(f"{file.name}-*"):
        rest.unlink()
    server.start()
    ana.settle()
    ben.settle()
    check(sqlite_url, ana.account, ben.account)
