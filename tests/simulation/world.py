"""One seed's world: people, browsers, a network, servers one after the other, a database; and what goes wrong."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server import migrate
from server.accounts.models import REPRESENTATIVE, Person
from server.admin import records, settings
from server.cases import cases
from server.cases.models import RESOLVED, Case
from server.tracking import wire
from tests.simulation.agent import NOTHING_IN_FRONT
from tests.simulation.browser import Browser
from tests.simulation.faults import HOUR, MINUTE, PER_HOUR, SECOND, Plan, Weather
from tests.simulation.network import Link
from tests.simulation.oracle import FOREVER, Oracle, Violation
from tests.simulation.people import CASES, Representative
from tests.simulation.server import FaultyDatabase, Killed, SimulatedServer
from tests.simulation.virtual import Computer, Timeline

MORNING = 1_795_158_000_000
"""2026-11-20T07:00:00Z, when every simulated day begins."""
_ZONES = ("UTC", "Europe/Lisbon", "Asia/Kathmandu", "America/St_Johns")
_HEALING_MS = 12 * HOUR
_DRIFT = 0.0005
"""By how much a clock may be slow or fast."""


@dataclass(frozen=True)
class Outcome:
    """What one seed came to."""

    seed: int
    events: int
    commits: int
    credited_ms: int
    faults: Counter[str]
    digest: str
    difference_ms: int


class World:
    """Build with a plan, then `run`. Everything random in it follows from the seed."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.random = Random(f"{plan.seed}:world")
        self.timeline = Timeline(MORNING)
        self.weather = Weather(plan, Random(f"{plan.seed}:weather"))
        self.oracle = Oracle(self)
        self.protocol = wire.PROTOCOL
        self.pauses: list[tuple[int, int]] = []
        self.ids: dict[str, int] = {}
        self.zones: dict[int, ZoneInfo] = {}
        self.browsers: list[Browser] = []
        self.is_committing = False
        self.server: SimulatedServer | None = None
        self._servers = self._backups = self._restores = 0
        self._to_come_back = 0
        self._trace = hashlib.blake2b(digest_size=8)
        self._path = folder / f"seed-{plan.seed}.sqlite3"
        self._path.write_bytes(_template())
        self._open_database()
        self.database.write(self._fill)
        self.oracle.known_cases = set(CASES)
        self._start_server()
        self._people = [self._representative(name, Random(f"{plan.seed}:{name}")) for name in self.ids]
        self._plan_faults()

    @property
    def margin_ms(self) -> int:
        """How far instants may be off where clocks are wrong; a beat more where messages are late or clocks drift.

        What no database has heard of when it is delivered at last is off by as much as the clock drifted meanwhile.
        """
        if not self.plan.clocks & {"late", "drift"}:
            return 5 * SECOND
        drift = _DRIFT * self.plan.hours * HOUR if "drift" in self.plan.clocks else 0
        return max(40 * SECOND, 5 * SECOND + round(drift))

    def run(self) -> Outcome:
        """Live through the plan, heal, deliver everything, and compare. Raises `Violation`."""
        try:
            self.timeline.run(MORNING + round(self.plan.hours * HOUR))
            self._heal()
            self.oracle.finish()
        finally:
            self._close_database()
            for path in self._path.parent.glob(f"{self._path.name}*"):
                path.unlink()
        oracle = self.oracle
        counts = Counter(self.weather.counts)
        return Outcome(
            self.plan.seed,
            oracle.events,
            oracle.commits,
            oracle.credited_ms,
            counts,
            self._trace.hexdigest(),
            oracle.difference_ms,
        )

    # -- what links and the oracle ask

    def accepts(self) -> bool:
        return self.server is not None and not self.server.is_paused and not self.server.is_stopping

    def hear(self, link: Link, message: str) -> None:
        self._note(message)
        if self.server is not None and not self.server.is_paused:
            self.server.hear(link, message)

    def take_post(self, message: str, user: str, app: str) -> None:
        self._note(message)
        if self.server is None or self.server.is_paused:
            return
        try:
            report, _ = wire.decode_report(message.encode(), max_events=300)
            self.server.take(report, user, app)
        except (wire.BadMessage, OperationalError):
            pass
        except Killed:
            self.kill(self.server)

    def servers_forget(self, link: Link) -> None:
        if self.server is not None:
            self.server.links.pop(link, None)

    def query(self, statement: str, **values: Any) -> list[Any]:
        """Rows, read past the product and its library."""
        return self._reader.execute(statement, values).fetchall()

    def kill(self, server: SimulatedServer) -> None:
        """The process is gone; another one comes up after a while."""
        self.oracle.forgets_server(server.number)
        if self.server is not server:
            return
        self.server = None
        for link in list(server.links):
            link.cut()
        self.timeline.after(self.random.randint(SECOND, MINUTE), self._start_server)

    # -- how it begins

    def _open_database(self) -> None:
        self.database = FaultyDatabase(f"sqlite:///{self._path}")
        self._reader = sqlite3.connect(self._path, isolation_level=None)
        self.database.while_slow = lambda: self.timeline.run(self.timeline.now + self.random.randint(100, 20 * SECOND))

    def _close_database(self) -> None:
        self._reader.close()
        self.database.close()

    def _fill(self, session: Session) -> None:
        for place in range(self.plan.representatives):
            name = f"rep{place}"
            person = Person(
                username=name, name=name, role=REPRESENTATIVE, password_hash="!", created_at=MORNING,
                time_zone=_ZONES[(self.plan.seed + place) % len(_ZONES)],
            )  # fmt: skip
            session.add(person)
            session.flush()
            self.ids[name] = person.id
            self.zones[person.id] = ZoneInfo(person.time_zone)
        for ref in CASES:
            cases.create(session, ref=ref, title=ref, now=MORNING)
        plan = self.plan
        settings.change(
            session,
            {"update_interval_minutes": plan.interval_minutes, "idle_after_minutes": plan.idle_after_minutes},
            now=MORNING,
        )

    def _representative(self, name: str, random: Random) -> Representative:
        browsers = []
        for _ in range(random.choice([1, 1, 2])):
            browser = Browser(self, self._computer(random), name, tells_suspend=random.random() < 0.8)
            self.browsers.append(browser)
            browsers.append(browser)
        return Representative(self, name, browsers, random)

    def _computer(self, random: Random) -> Computer:
        clocks = self.plan.clocks
        offset = random.choice([0, -HOUR, HOUR, 24 * HOUR, -24 * HOUR, 40 * SECOND]) if "offset" in clocks else 0
        rate = random.choice([1.0, 1 - _DRIFT, 1 + _DRIFT, 1.0001]) if "drift" in clocks else 1.0
        mono_rate = random.choice([rate, 1.0])
        return Computer(
            self.timeline, offset_ms=offset, wall_rate=rate, mono_rate=mono_rate, mono_sleeps=random.random() < 0.5
        )

    def _start_server(self) -> None:
        if self.server is not None or self.database.refuses:
            self.timeline.after(SECOND, self._start_server) if self.server is None else None
            return
        self.server = SimulatedServer(self, self.database, self._servers)
        self._servers += 1
        self.server.start()

    def _note(self, message: str) -> None:
        self._trace.update(b"%d %s" % (self.timeline.now, message.encode()))

    # -- what goes wrong

    def _plan_faults(self) -> None:
        until = MORNING + round(self.plan.hours * HOUR)
        for kind in PER_HOUR:
            rate = self.plan.rates.get(kind)
            random = Random(f"{self.plan.seed}:{kind}")
            instant = float(MORNING)
            while rate:
                instant += random.expovariate(rate) * HOUR
                if instant >= until:
                    break
                self.timeline.at(round(instant), self._fault(kind))
        if "set" in self.plan.clocks:
            for browser in self.browsers:
                self.timeline.at(MORNING + self.random.randint(0, 2 * HOUR), lambda each=browser: self._set_clock(each))

    def _fault(self, kind: str) -> Callable[[], None]:
        verb = getattr(self, "_" + kind.replace(" ", "_"))

        def happen() -> None:
            if verb() is not False:
                self.weather.counts[kind] += 1

        return happen

    def _awake(self) -> Browser | None:
        awake = [browser for browser in self.browsers if not browser.computer.asleep]
        return self.random.choice(awake) if awake else None

    def _set_clock(self, browser: Browser) -> None:
        """Somebody sets the computer's clock.

        The server tells a set clock by a page that it has heard before, and by a report that holds events from before
        and after. Where nobody has heard of the page, or it holds back more than a report takes, nothing shows when
        the clock was set; nor where a page that attends nothing holds something back, and tells no `suspend`. Those
        are limits of the protocol, not faults to look for here.
        """
        backlogs = {page.stream: page.log.events for page in browser.pages if page.log is not None}
        backlogs |= {stream: saved.rows for stream, saved in browser.storage.saved.items()}
        is_silent = not browser.tells_suspend and any(page.holds_back_unattended for page in browser.pages)
        if is_silent or any(len(rows) >= 300 or not self.oracle.is_known(stream) for stream, rows in backlogs.items()):
            self.timeline.after(MINUTE, lambda: self._set_clock(browser))
            return
        browser.set_clock(self.random.choice([-1, 1]) * self.random.choice([5 * SECOND, 5 * MINUTE, HOUR, 24 * HOUR]))
        self.weather.counts["clock set"] += 1

    def _network_down(self) -> bool | None:
        network = self.random.choice(self.browsers).network
        if network.is_down:
            return False
        network.go_down()
        self.timeline.after(self.random.choice([5 * SECOND, MINUTE, 30 * MINUTE, 3 * HOUR]), network.come_up)
        return None

    def _sockets_dropped(self) -> None:
        for browser in self.browsers:
            browser.network.drop_all()

    def _server_killed(self) -> bool | None:
        if self.server is None or self.is_committing:
            return False
        self.kill(self.server)
        return None

    def _server_killed_in_commit(self) -> None:
        self.database.next_write = self.random.choice(["killed before", "killed inside", "killed after"])

    def _server_stopped(self) -> bool | None:
        if not self.accepts():
            return False
        self.server.stop()
        return None

    def _server_paused(self) -> bool | None:
        """It stands still, another one takes over, and then it goes on as if nothing had been."""
        server = self.server
        if server is None or not self.accepts() or self.is_committing:
            return False
        server.is_paused = True
        self._to_come_back += 1
        for link in list(server.links):
            link.cut()
        self.server = None
        self.timeline.after(10 * SECOND, self._start_server)
        restores = self._restores
        self.timeline.after(self.random.choice([30 * SECOND, 20 * MINUTE]), lambda: self._goes_on(server, restores))
        return None

    def _goes_on(self, server: SimulatedServer, restores: int) -> None:
        if self.is_committing or self.database.refuses:
            self.timeline.after(SECOND, lambda: self._goes_on(server, restores))
            return
        if restores == self._restores:  # who restores a database stops every server first
            server.commit(server.tracking.store.representatives())
        self.oracle.forgets_server(server.number)
        self._to_come_back -= 1

    def _newer_protocol(self) -> bool | None:
        """The server is upgraded; pages of before cannot speak to it until they are loaded anew."""
        if self.protocol != wire.PROTOCOL or not self.accepts() or self.is_committing:
            return False
        self.protocol += 1
        self.kill(self.server)
        for browser in self.browsers:
            for page in browser.pages:
                self.timeline.after(self.random.randint(MINUTE, HOUR), lambda b=browser, p=page: self._reload(b, p))
        return None

    def _reload(self, browser: Browser, page: Any) -> None:
        if page.runs and page in browser.pages:
            browser.reload(page)

    def _database_refuses(self) -> None:
        self.database.refuses = True
        self.timeline.after(self.random.choice([SECOND, MINUTE, 20 * MINUTE]), self._database_heals)

    def _database_heals(self) -> None:
        self.database.refuses = False

    def _database_fails_in_commit(self) -> None:
        self.database.next_write = "fails inside"

    def _database_reply_lost(self) -> None:
        self.database.next_write = "reply lost"

    def _database_slow(self) -> None:
        self.database.next_write = "slow"

    def _backup_restored(self) -> bool | None:
        """A copy of the database is taken now, and put back later, under a new server."""
        if self.is_committing or self.database.refuses:
            return False
        self._backups += 1
        copy = self._path.with_name(f"{self._path.name}-copy-{self._backups}")
        with closing(sqlite3.connect(self._path)) as original, closing(sqlite3.connect(copy)) as backup:
            original.backup(backup)
        before = self.oracle.durable.copy(), {k: list(v) for k, v in self.oracle.resolved.items()}, list(self.pauses)
        self._to_come_back += 1
        self.timeline.after(self.random.choice([MINUTE, HOUR]), lambda: self._restore(copy, *before))
        return None

    def _restore(self, copy: Path, durable: Any, resolved: Any, pauses: Any) -> None:
        if self.is_committing or self.database.refuses:
            self.timeline.after(SECOND, lambda: self._restore(copy, durable, resolved, pauses))
            return
        for browser in self.browsers:
            browser.network.drop_all()
        if self.server is not None:
            self.kill(self.server)
        self._restores += 1
        self._close_database()
        for suffix in ("-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        shutil.move(copy, self._path)
        self._open_database()
        self.oracle.restored(durable)
        self.oracle.resolved.clear()
        self.oracle.resolved.update(resolved)
        self.oracle.known_cases = {ref for (ref,) in self.query("SELECT ref FROM cases")}
        self.pauses[:] = pauses
        self._to_come_back -= 1

    def _page_reloaded(self) -> bool | None:
        return self._with_a_page(lambda browser, page: browser.reload(page))

    def _page_closed(self) -> bool | None:
        return self._with_a_page(lambda browser, page: browser.close(page))

    def _page_crashed(self) -> bool | None:
        return self._with_a_page(lambda browser, page: browser.close(page, crash=True))

    def _page_frozen(self) -> bool | None:
        def freeze(_: Browser, page: Any) -> None:
            page.freeze()
            self.timeline.after(self.random.choice([SECOND, MINUTE, HOUR]), page.thaw)

        return self._with_a_page(freeze)

    def _page_put_aside(self) -> bool | None:
        def put_aside(browser: Browser, page: Any) -> None:
            browser.put_page_aside(page)
            self.timeline.after(self.random.choice([SECOND, MINUTE]), browser.bring_page_back)

        return self._with_a_page(put_aside)

    def _page_duplicated(self) -> bool | None:
        return self._with_a_page(lambda browser, page: browser.open(page.app, page.front))

    def _with_a_page(self, act: Callable[[Browser, Any], Any]) -> bool | None:
        browser = self._awake()
        pages = [page for page in browser.pages if page.runs] if browser else []
        if not browser or not pages:
            return False
        act(browser, self.random.choice(pages))
        return None

    def _browser_crashed(self) -> bool | None:
        browser = self._awake()
        if browser is None:
            return False
        browser.crash()
        return None

    def _storage_rolled_back(self) -> bool | None:
        browser = self._awake()
        if browser is None:
            return False
        browser.crash()
        browser.roll_back()
        return None

    def _storage_refuses(self) -> None:
        storage = self.random.choice(self.browsers).storage
        storage.refuses = True
        self.timeline.after(self.random.choice([MINUTE, HOUR]), lambda: setattr(storage, "refuses", False))

    def _storage_cleared(self) -> None:
        self.random.choice(self.browsers).clear_storage()

    def _storage_lost_rows(self) -> bool | None:
        browser = self.random.choice(self.browsers)
        if not browser.storage.saved:
            return False
        browser.lose_rows(self.random.choice(sorted(browser.storage.saved)), self.random.randint(1, 3))
        return None

    def _laptop_sleeps(self, longest: tuple[int, ...] = (3 * SECOND, 20 * SECOND, 3 * MINUTE, HOUR)) -> bool | None:
        browser = self._awake()
        if browser is None:
            return False
        browser.sleep()
        self.timeline.after(self.random.choice(longest), browser.wake)
        return None

    def _laptop_sleeps_long(self) -> bool | None:
        return self._laptop_sleeps((9 * HOUR, 20 * HOUR))

    def _user_changes(self) -> bool | None:
        """Somebody else signs in at this browser for a while."""
        browser = self._awake()
        if browser is None or len(self.ids) < 2:
            return False
        user = browser.user
        browser.sign_in(self.random.choice([name for name in self.ids if name != user]))
        self._to_come_back += 1
        self.timeline.after(self.random.choice([MINUTE, HOUR]), lambda: self._signs_in_again(browser, user))
        return None

    def _signs_in_again(self, browser: Browser, user: str) -> None:
        browser.sign_in(user)
        self._to_come_back -= 1

    def _write(self, verb: Callable[[Session], Any]) -> Any:
        fault, self.database.next_write = self.database.next_write, ""
        try:
            return self.database.write(verb)
        finally:
            self.database.next_write = fault

    def _case_resolved(self) -> bool | None:
        if self.database.refuses or self.is_committing:
            return False
        ref, now = self.random.choice(CASES), self.timeline.now

        def change(session: Session) -> bool:
            case = session.query(Case).filter_by(ref=ref).one()
            if case.status == RESOLVED:
                cases.reopen(session, case, now=now)
                return False
            cases.resolve(session, case, now=now)
            return True

        if self._write(change):
            self.oracle.resolved[ref].append((now, FOREVER))
        else:
            self.oracle.resolved[ref][-1] = (self.oracle.resolved[ref][-1][0], now)
        return None

    def _settings_changed(self) -> bool | None:
        names = ("track_inbox", "count_idle", "create_unknown_cases")
        if self.plan.idle_after_minutes and self.random.random() < 0.25:
            return self._change_settings({"idle_after_minutes": self.random.choice([0, self.plan.idle_after_minutes])})
        return self._change_settings({self.random.choice(names): self.random.random() < 0.5})

    def _tracking_off(self) -> bool | None:
        return self._change_settings({"enabled": self.random.random() < 0.5})

    def _change_settings(self, changes: dict[str, Any]) -> bool | None:
        if self.database.refuses or self.is_committing or self.server is None:
            return False
        now = self.timeline.now
        tracking = self.server.tracking
        before, after = tracking.settings.value, self._write(lambda session: settings.change(session, changes, now=now))
        tracking.settings.value = after
        tracking.pauses = self.database.read(lambda session: settings.pauses(session, now=now))
        if before.enabled and not after.enabled:
            self.pauses.append((now, FOREVER))
        elif after.enabled and not before.enabled:
            self.pauses[-1] = (self.pauses[-1][0], now)
        self.server.tell_settings()
        return None

    def _records_purged(self) -> bool | None:
        if self.database.refuses or self.is_committing:
            return False
        now = self.timeline.now
        chosen = records.Filter(before=now - self.random.choice([0, HOUR]), case=self.random.choice([None, *CASES]))
        self._write(lambda session: records.purge_batch(session, chosen, now=now))
        return None

    # -- how it ends

    def _heal(self) -> None:
        """Everything works again; within bounded time every outbox must be empty, and all of it in the database."""
        self.weather.is_calm = True
        for person in self._people:
            person.is_working = False
        self.database.next_write = ""
        self.database.refuses = False
        while self._to_come_back:
            self.timeline.run(self.timeline.now + MINUTE)
        for browser in self.browsers:
            browser.storage.refuses = browser.network.is_down = False
            if browser.computer.asleep:
                browser.wake()
            for page in browser.pages:
                page.thaw()
        self.timeline.run(self.timeline.now + 10 * MINUTE)
        self._change_settings({"enabled": True})
        for browser in self.browsers:
            for page in browser.pages:
                browser.close(page)
            self._deliver(browser)
        self.timeline.run(self.timeline.now + 3 * HOUR)
        self._empty()

    def _deliver(self, browser: Browser) -> None:
        """Whoever has something in this browser's outbox signs in, and a page of theirs lies open."""
        for owner in sorted({browser.owner_of(stream) for stream in browser.storage.saved}):
            deadline = self.timeline.now + _HEALING_MS
            browser.sign_in(owner)
            browser.who_was_here = owner
            browser.is_minimised = browser.is_locked = False
            page = browser.open("workspace", NOTHING_IN_FRONT)
            while (left := browser.left_over(page.stream)) or page.state != "online":
                if self.timeline.now > deadline:
                    raise Violation(f"an outbox of {owner} is not empty: {left[:5]}")
                self.timeline.run(self.timeline.now + MINUTE)
            browser.close(page)
            self.timeline.run(self.timeline.now + MINUTE)

    def _empty(self) -> None:
        """The pages that emptied the outboxes had nothing of their own to tell; what they left is let go of."""
        if self.server is not None:
            self.server.commit(self.server.tracking.store.representatives())


@cache
def _template() -> bytes:
    """A migrated, empty database file."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        path = Path(folder) / "empty.sqlite3"
        migrate.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def memory_folder() -> str | None:
    """A folder in memory, where there is one: the simulation waits for no disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
