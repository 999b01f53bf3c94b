"""The main job in one process: a report comes in, is committed, and shows as handling time."""

from sqlalchemy import select

from server.tracking.commit import commit
from server.tracking.models import TrackerRecord
from tests.conftest import World
from tests.reports_of_agents import Page


def test_time_in_front_of_a_case_becomes_a_record_and_a_total(each_world: World) -> None:
    start = each_world.clock.now
    page = Page(start)
    page.works(start, each_world.clock.advance(minutes=3))
    ana = each_world.client("ana")
    assert ana.post("/api/v1/agent/reports", json=page.report(each_world.clock.now)).json["seq"] == len(page.events)

    commit(each_world.tracking, each_world.tracking.store.representatives(), now=each_world.clock.now)

    records = each_world.read(lambda session: session.scalars(select(TrackerRecord)).all())
    assert [(record.started_at, record.ended_at) for record in records] == [(start, start + 180_000)]
    assert ana.get("/api/v1/cases/CAS-1001/handling-time").json["automatic_seconds"] == 180
