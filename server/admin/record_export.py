"""The list of tracker records as a table to download: as the list shows them, all of them."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from server.admin import record_list
from server.admin.record_list import Place
from server.admin.records import Filter
from server.exports import Table
from server.sheets import Column, Kind

_COLUMNS = (
    Column("id", Kind.NUMBER, 10),
    Column("case", width=16),
    Column("representative", width=20),
    Column("name", width=24),
    Column("started_at", Kind.INSTANT, 24),
    Column("ended_at", Kind.INSTANT, 24),
    Column("duration", Kind.DURATION),
    Column("started_by", width=12),
    Column("ended_by", width=12),
)
_AT_ONCE = 2_000


def table(chosen: Filter, *, sort: str) -> Table:
    """The chosen records in that order, a page of the list after the other."""

    def rows(session: Session) -> Iterator[tuple[object, ...]]:
        after: Place | None = None
        while page := record_list.page(session, chosen, limit=_AT_ONCE, sort=sort, after=after):
            for row in page:
                times = (row.started_at, row.ended_at, row.ended_at - row.started_at)
                yield (row.id, row.ref, row.username, row.name, *times, row.started_by, row.ended_by)
            after = record_list.place_of(page[-1], sort)

    return Table(("tracker-records", *(text for text in (chosen.case, chosen.representative) if text)), _COLUMNS, rows)
