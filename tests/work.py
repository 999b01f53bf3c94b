"""Ways to have worked: reports that are committed, or records put straight into the database."""

from sqlalchemy import insert

from server.cases import cases
from server.tracking.commit import commit
from server.tracking.models import TrackerRecord
from tests.conftest import World
from tests.reports_of_agents import Page


def works(world: World, who: str, case: str = "CAS-1001", *, minutes: float) -> Page:
    """Somebody attends a case from now on for so many minutes and reports it; nothing is committed yet."""
    start = world.clock.now
    page = Page(start)
    page.works(start, world.clock.advance(minutes=minutes), case)
    send(world, who, page)
    return page


def send(world: World, who: str, page: Page) -> None:
    answer = world.client(who).post("/api/v1/agent/reports", json=page.report(world.clock.now))
    assert answer.status_code == 200, answer.text


def commit_all(world: World) -> None:
    """Commit everything that is proven."""
    commit(world.tracking, world.tracking.store.representatives(), now=world.clock.now)


def worked(world: World, who: str, case: str = "CAS-1001", *, minutes: float) -> Page:
    """Somebody has attended a case for so many minutes up to now, and it is committed."""
    page = works(world, who, case, minutes=minutes)
    commit_all(world)
    return page


def insert_records(world: World, who: str, case: str, starts: range, *, length_ms: int) -> None:
    """Put a record of that length into the database for each start, without any totals."""

    def verb(session: object) -> None:
        case_id = cases.find(session, case).id  # type: ignore[arg-type]
        rows = [
            {
                "representative_id": world.ids[who],
                "case_id": case_id,
                "started_at": start,
                "ended_at": start + length_ms,
                "stream": "inserted",
                "started_by": "focus",
                "ended_by": "blur",
                "committed_at": world.clock.now,
            }
            for start in starts
        ]
        session.execute(insert(TrackerRecord), rows)  # type: ignore[attr-defined]

    world.write(verb)
