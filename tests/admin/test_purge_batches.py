"""A7: a purge in batches reads each record once, however many of those that stay lie in between."""

from sqlalchemy import select

from server.admin.records import Filter, purge_batch
from server.tracking.models import TrackerRecord
from tests.conftest import World
from tests.work import insert_records


def test_a7_a_batch_goes_on_behind_the_one_before(each_world: World) -> None:
    """A7: what a batch looked at and left is not looked at again."""
    insert_records(each_world, "ana", "CAS-1001", range(0, 3_000, 1_000), length_ms=999)
    ids = each_world.read(lambda session: session.scalars(select(TrackerRecord.id).order_by(TrackerRecord.id)).all())

    gone = each_world.write(lambda session: purge_batch(session, Filter(), now=each_world.clock.now, after_id=ids[0]))

    assert (gone.records, gone.last_id) == (2, ids[-1])
    assert each_world.read(lambda session: session.scalars(select(TrackerRecord.id)).all()) == ids[:1]
