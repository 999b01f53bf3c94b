"""A server that can be made to fail, its people and cases, and browsers that work for them."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Executable

from server.accounts.models import Person
from server.accounts.tokens import issue_token
from server.audit import log as audit_log
from server.cases import cases
from server.db import Database
from tests.faults.failpoints import Failpoint
from tests.faults.ledger import CASES, Account
from tests.faults.nursery import Nursery
from tests.outside_client import Closed, Outbox, OutsideAgent, Refused, wall_ms
from tests.server_process import ServerProcess
from tests.waiting import until

HOUR_MS = 3_600_000
OFTEN = {"CASECLOCK_SECONDS_PER_MINUTE": "0.05"}
"""An update interval of half a second."""


class FaultyServer(ServerProcess):
    """`caseclock serve` on a migrated database, forked by a nursery, with a failpoint."""

    def __init__(
        self,
        folder: Path,
        nursery: Nursery,
        database_url: str,
        *,
        environment: Mapping[str, str] = OFTEN,
        setup: Mapping[str, Any] = {},
        log_path: Path | None = None,
    ) -> None:
        """`setup` is for `failpoints.install`; `log_path` is where to print, if not into the folder."""
        super().__init__(folder, database_url=database_url, environment=environment)
        self.log_path = log_path or self.log_path
        folder.mkdir(parents=True, exist_ok=True)
        self.nursery = nursery
        self.failpoint = Failpoint(folder)
        self._setup = {**self.failpoint.setup, **setup}

    def __enter__(self) -> "FaultyServer":
        self.start()
        return self

    def spawn(self) -> Any:
        return self.nursery.start(
            arguments=["serve"],
            environment=self.environment,
            folder=str(self.folder),
            log=str(self.log_path),
            setup=self._setup,
        )

    def is_ready_for(self, *usernames: str, now: int | None = None) -> "FaultyServer":
        """Put these people and all cases into the database, past the server. Ada is an administrator."""
        now = wall_ms() if now is None else now
        database = Database(self.database_url)
        audit_log.seal_with(database, self.environment["CASECLOCK_SECRET_KEY"])

        def add(session: Any) -> None:
            for name in usernames:
                role = "administrator" if name == "ada" else "representative"
                person = Person(username=name, name=name, role=role, password_hash="!", time_zone="UTC", created_at=now)
                session.add(person)
                session.flush()
                self.tokens[name] = issue_token(session, person, now=now - 1_000)
            for ref in CASES:
                cases.create(session, ref=ref, title=ref, now=now - 8 * 24 * HOUR_MS)

        database.write(add)
        database.close()
        return self

    def like(self, other: "FaultyServer") -> "FaultyServer":
        """A second server of the same people."""
        self.tokens.update(other.tokens)
        self.environment["CASECLOCK_SECRET_KEY"] = other.environment["CASECLOCK_SECRET_KEY"]
        return self


class Browser(OutsideAgent):
    """A representative at work: one page after the other, and whatever was not committed waits in outboxes.

    Its pages are written some time ago, as by a browser that was offline, and an hour of work takes no time.
    """

    def __init__(
        self,
        server: ServerProcess,
        username: str,
        *,
        seed: int = 0,
        ago_ms: int = 6 * 24 * HOUR_MS,
        now: Callable[[], int] = wall_ms,
    ) -> None:
        super().__init__(server.base_url, server.token(username), now=now)
        self.account = Account(username)
        self.rng = random.Random(f"{seed} {username}")
        self.at = now() - ago_ms
        self.turn_page()

    def turn_page(self, app: str = "workspace") -> Outbox:
        """Close the page and open the next one."""
        if self.account.lived and self.account.lived[self.page.stream]:
            self._write("close", None, focused=False)
            self.at += 5_000
        self.page = self.open(app)
        self.account.outboxes[self.page.stream] = self.page
        self.account.lived[self.page.stream] = []
        self._opened = self.at
        return self.page

    def work(self, events: int, *, strays: bool = True) -> None:
        """So many more events: cases attended, left, changed, and gaps too long to count.

        A browser that `strays` looks at a case too that nobody knows.
        """
        case: str | None = self.rng.choice(CASES)
        cause = "open" if not self.account.lived[self.page.stream] else "focus"
        for _ in range(events):
            self._write(cause, case, focused=self.rng.random() < 0.9)
            self.at += self.rng.choice([20_000, 20_000, self.rng.randrange(1, 20_000), 60_000, 60_001])
            cause = "beat"
            if self.rng.random() < 0.2:
                case = self.rng.choice([*CASES, None])
                cause = "session-tab"
        if strays:
            self._write("session-tab", "CAS-9999")
        self._write("session-tab", case)

    def visit_all_cases(self) -> None:
        """Look at each case there is."""
        for case in CASES:
            self._write("session-tab", case)
            self.at += 1_000

    def lives_again(self, other: "Browser") -> None:
        """Another device of the same person that saw the same at the same time, on a page of its own."""
        self._opened = other._opened
        for event in other.account.lived[other.page.stream]:
            self.page.held.append(event)
            self.account.lived[self.page.stream].append(event)
            self.page.newest, self.at = event["seq"], event["at"] + 20_000

    def beat(self) -> None:
        """One more proof of the case in front."""
        self._write("beat", self.page.held[-1]["session"]["case"] if self.page.held else CASES[0])

    def _write(self, cause: str, case: str | None, **facts: Any) -> None:
        event = self.page.add(self.at, self.at - self._opened + 100, cause, case=case, **facts)
        self.account.lived[self.page.stream].append(event)
        self.at += 1

    @property
    def is_settled(self) -> bool:
        """All that is proven is acknowledged as committed; the newest event of a living page proves nothing yet."""
        for outbox in self.outboxes.values():
            if outbox.held and not (outbox is self.page and len(outbox.held) == 1 and outbox.newest > 1):
                return False
        return True

    def bring(self) -> bool:
        """Try once to deliver what is left, and hear what there is to hear; True once all of it is settled."""
        try:
            for outbox in list(self.outboxes.values()):
                if outbox.held and not outbox.is_delivered:
                    self.deliver(outbox, tries=1)
            if self.socket is None:
                self.connect(self.page)
            self.listen()
            if self.socket is not None and not self.socket.is_open:
                self.cut()
        except (OSError, Closed, Refused):
            self.cut()
        return self.is_settled

    def settle(self, *, timeout_s: float = 30.0) -> None:
        """Deliver until everything is acknowledged."""
        until(self.bring, timeout_s=timeout_s, what=f"everything of {self.account.username} is durable")

    def forsake(self) -> None:
        """Leave a server that says nothing any more, as a browser does after its pings."""
        if self.socket is not None:
            self.socket.cut()
            self.socket = None

    def heard_sync(self) -> None:
        """The server is about to commit: say the newest again, at once."""
        if self.socket is not None and self.socket.is_open:
            self.send(self.page, since=self.page.newest)


def bring_until(outcome: Callable[[], object], *browsers: Browser, timeout_s: float = 30.0, what: str = "") -> None:
    """Browsers go on delivering and listening until something has come about."""

    def tried() -> bool:
        for browser in browsers:
            browser.bring()
        return bool(outcome())

    until(tried, timeout_s=timeout_s, what=what or "the outcome")


def change(database_url: str, statement: Executable) -> None:
    """What an administrator does past the server."""
    database = Database(database_url)
    database.write(lambda session: session.execute(statement))
    database.close()
