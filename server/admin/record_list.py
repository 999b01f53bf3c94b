"""The list of tracker records, in each order and through each filter, at a cost that does not grow with the table.

Ordered by their end, records are walked along an index that holds those in question in that order, until the page is
full. Ordered by their length they are walked too where many fit; few, such as those of a case, are read and sorted.
The status comes first in an index: of both statuses, two walks are merged. Each index holds whatever the list filters
by, so that what does not fit is passed by without a look at the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any, NamedTuple, TypeAlias, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.admin.records import Filter
from server.cases.models import RESOLVED, Case
from server.tracking.models import TrackerRecord

MOST_COUNTED = 1_000
"""Up to here a count is exact."""
NEWEST_FIRST = "-ended_at"
LONGEST_FIRST = "-duration"
SORTS = (NEWEST_FIRST, "ended_at", LONGEST_FIRST)

_FEW = 1_000
"""The records of one of two names are looked through for the other where they are not more."""
_SORTED_FOR_WALKED = 3
"""How much more a record costs that is sorted than one that is walked past."""
_BY_END = "tracker_records_by_end"
_BY_DURATION = "tracker_records_by_duration"
_BY_CASE = "tracker_records_by_case"
_BY_REPRESENTATIVE = "tracker_records_by_representative"
_BY_STATUS = "tracker_records_by_representative_and_status"

Ts = TypeVarTuple("Ts")
Condition: TypeAlias = ColumnElement[bool]


class Place(NamedTuple):
    """Where a page ends: the value that the list is sorted by, and the id, which decides between equals."""

    value: int
    id: int


@dataclass(frozen=True, slots=True)
class _Order:
    """An order, and where in it the page begins."""

    sort: str
    after: Place | None

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def is_by_end(self) -> bool:
        return self.sort != LONGEST_FIRST

    @property
    def index(self) -> str:
        return _BY_END if self.is_by_end else _BY_DURATION

    @property
    def value(self) -> ColumnElement[int]:
        ended_at: ColumnElement[int] = TrackerRecord.ended_at  # type: ignore[assignment]
        return ended_at if self.is_by_end else ended_at - TrackerRecord.started_at

    def by(self, value: Any, id_: Any) -> tuple[Any, Any]:
        """What to sort by."""
        return (value.desc(), id_.desc()) if self.is_descending else (value, id_)

    def behind(self) -> tuple[Condition, ...]:
        """What comes after the place. Ends up to there are left to the period that is searched."""
        value, id_, last = self.value, TrackerRecord.id, self.after
        if last is None:
            return ()
        is_behind = (value < last.value) | (id_ < last.id)
        if not self.is_descending:
            is_behind = (value > last.value) | (id_ > last.id)
        return (is_behind,) if self.is_by_end else (value <= last.value, is_behind)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the records, as one index finds them."""

    index: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class _Search:
    """A filter whose names are looked up."""

    chosen: Filter
    case_id: int | None
    representative_id: int | None
    statuses: tuple[bool, ...]
    """Whether the cases are resolved: one of both, or both."""

    def within(self, order: _Order) -> "_Search":
        """The same, of the period that a page of that order can be in: SQLite seeks by one bound of each side only."""
        since, before, last = self.chosen.since, self.chosen.before, order.after
        if last is None or not order.is_by_end:
            return self
        if order.is_descending:
            before = last.value if before is None else min(before, last.value)
        else:
            since = last.value if since is None else max(since, last.value)
        return replace(self, chosen=replace(self.chosen, since=since, before=before))

    def period(self) -> tuple[Condition, ...]:
        since, before = self.chosen.since, self.chosen.before
        from_ = () if since is None else (TrackerRecord.ended_at >= since,)
        return from_ if before is None else (*from_, TrackerRecord.ended_at <= before)

    def parts(self) -> tuple[_Part, ...]:
        """Those that the conditions name one by one, by their end; what is chosen lies in each of them."""
        record, period, found = TrackerRecord, self.period(), []
        if self.case_id is not None:
            found.append(_Part(_BY_CASE, (record.case_id == self.case_id, *period)))
        if self.representative_id is not None:
            is_theirs = record.representative_id == self.representative_id
            if len(self.statuses) == 1:
                found.append(_Part(_BY_STATUS, (is_theirs, record.resolved == self.statuses[0], *period)))
            else:
                found.append(_Part(_BY_REPRESENTATIVE, (is_theirs, *period)))
        return tuple(found)

    def along(self, index: str) -> tuple[_Part, ...]:
        """Everything of each status."""
        return tuple(_Part(index, (TrackerRecord.resolved == status, *self.period())) for status in self.statuses)

    def names(self) -> tuple[Condition, ...]:
        """What no part says alone."""
        record, chosen = TrackerRecord, self.chosen
        of_case = () if self.case_id is None else (record.case_id == self.case_id,)
        of_person = () if self.representative_id is None else (record.representative_id == self.representative_id,)
        up_to_id = () if chosen.up_to_id is None else (record.id <= chosen.up_to_id,)
        return (*of_case, *of_person, *up_to_id)


def page(
    session: Session, chosen: Filter, *, limit: int, sort: str = NEWEST_FIRST, after: Place | None = None
) -> Sequence[Any]:
    """Up to `limit` rows behind `after`: what is in the record, `ref` of its case, `username` and `name`."""
    search = _search(session, chosen)
    if search is None:
        return []
    ids = _ids(session, search, _Order(sort, after), limit)
    record = TrackerRecord
    query = (
        select(
            record.id, record.started_at, record.ended_at, record.started_by, record.ended_by,
            Case.ref, Person.username, Person.name,
        )
        .join(Case, Case.id == record.case_id)
        .join(Person, Person.id == record.representative_id)
        .where(record.id.in_(ids))
    )  # fmt: skip
    rows = {row.id: row for row in session.execute(query)}
    return [rows[one] for one in ids]


def place_of(row: Any, sort: str) -> Place:
    """Where a row is in a list of that order."""
    return Place(row.ended_at if sort != LONGEST_FIRST else row.ended_at - row.started_at, row.id)


def count(session: Session, chosen: Filter, *, most: int = MOST_COUNTED) -> int:
    """How many records the filter chooses; of more than `most` it is only said that they are `most + 1`."""
    search = _search(session, chosen)
    if search is None:
        return 0
    parts = search.parts()
    found = (_narrowest(session, parts),) if parts else search.along(_BY_END)
    return min(most + 1, sum(_counted(session, part, search.names(), most + 1) for part in found))


def _search(session: Session, chosen: Filter) -> _Search | None:
    """None where nothing can fit: nobody and no case has the name, or two conditions contradict each other."""
    people = {one for one in (chosen.only_of, _person_id(session, chosen.representative)) if one is not None}
    wanted = {one == RESOLVED for one in (chosen.status, RESOLVED if chosen.resolved_only else None) if one is not None}
    case_id = None
    if chosen.case is not None:
        case = session.execute(select(Case.id, Case.status).where(Case.ref == chosen.case)).one_or_none()
        if case is None:
            return None
        case_id, status = case
        wanted |= {status == RESOLVED}
    if len(wanted) > 1 or len(people) > 1 or 0 in people:
        return None
    return _Search(chosen, case_id, next(iter(people), None), tuple(wanted) or (False, True))


def _person_id(session: Session, username: str | None) -> int | None:
    if username is None:
        return None
    return session.scalar(select(Person.id).where(Person.username == username)) or 0


def _ids(session: Session, search: _Search, order: _Order, limit: int) -> Sequence[int]:
    """The ids of the page, by the way that costs least."""
    search = search.within(order)
    parts = search.parts()
    found = (_narrowest(session, parts),) if parts else search.along(_BY_END)
    if order.is_by_end:
        return _walked(session, search, order, found, limit)
    if (parts or search.period()) and _are_few(session, found, limit):
        return _sorted(session, search, order, found, limit)
    return _walked(session, search, order, search.along(_BY_DURATION), limit)


def _narrowest(session: Session, parts: Sequence[_Part]) -> _Part:
    """The first that has few records, else the first."""
    if len(parts) == 1:
        return parts[0]
    return next((part for part in parts if _counted(session, part, (), _FEW + 1) <= _FEW), parts[0])


def _are_few(session: Session, parts: Sequence[_Part], limit: int) -> bool:
    """Whether to sort them costs less than to walk along everything until so many of them were met."""
    first, last = (select(one(TrackerRecord.id)).scalar_subquery() for one in (func.min, func.max))
    everything = session.scalar(select(last - first)) or 0
    few = isqrt(limit * everything) // _SORTED_FOR_WALKED
    return all(_counted(session, part, (), few + 1) <= few for part in parts)


def _counted(session: Session, part: _Part, names: Sequence[Condition], most: int) -> int:
    some = _through(part, select(literal(1).label("one"))).where(*names).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _sorted(session: Session, search: _Search, order: _Order, parts: Sequence[_Part], limit: int) -> Sequence[int]:
    """Read all of the parts, then sort."""
    columns = select(TrackerRecord.id, order.value.label("value"))
    each = [_through(part, columns).where(*search.names(), *order.behind()) for part in parts]
    few = union_all(*each).cte("few").prefix_with("MATERIALIZED")
    return session.scalars(select(few.c.id).order_by(*order.by(few.c.value, few.c.id)).limit(limit)).all()


def _walked(session: Session, search: _Search, order: _Order, parts: Sequence[_Part], limit: int) -> Sequence[int]:
    """Go along each of the parts in the order, and take what comes first, until the page is full."""
    query = select(TrackerRecord.id, order.value.label("value")).where(*search.names(), *order.behind())
    query = query.order_by(*order.by(order.value, TrackerRecord.id)).limit(limit)
    each = [_through(part, query).subquery() for part in parts]
    found = each[0] if len(each) == 1 else union_all(*map(select, each)).subquery()
    return session.scalars(select(found.c.id).order_by(*order.by(found.c.value, found.c.id)).limit(limit)).all()


def _through(part: _Part, query: Select[*Ts]) -> Select[*Ts]:
    """SQLite keeps no account of its rows, and is told the index; PostgreSQL knows better."""
    hinted = query.select_from(TrackerRecord).with_hint(TrackerRecord, f"INDEXED BY {part.index}", "sqlite")
    return hinted.where(*part.conditions)
