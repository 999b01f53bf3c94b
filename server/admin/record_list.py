"""The list of tracker records, in each order and through each filter, at a cost that does not grow with the table.

Where a condition names few records (a case, a representative, a short period), those are read through its index and
sorted. Otherwise many fit, and the index of the order is walked until the page is full. Only the records of cases of
one status may all lie far from where the walk begins, such as the oldest of active cases: then the walk is soon given
up, and the page is put together from what each of those cases has next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.admin.records import Filter
from server.cases.models import RESOLVED, Case
from server.tracking.models import TrackerRecord

MOST_COUNTED = 10_000
"""Up to here a count is exact."""
NEWEST_FIRST = "-ended_at"
LONGEST_FIRST = "-duration"
SORTS = (NEWEST_FIRST, "ended_at", LONGEST_FIRST)

_FEW = 20_000
"""So many records are sorted rather than walked past."""
_WALKED = 2_000
_BY_END = "tracker_records_by_end"
_BY_DURATION = "tracker_records_by_duration"
_BY_CASE = "tracker_records_by_case"
_BY_REPRESENTATIVE = "tracker_records_by_representative"

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

    def value(self, record: Any = TrackerRecord) -> ColumnElement[int]:
        ended_at: ColumnElement[int] = record.ended_at
        return ended_at if self.is_by_end else ended_at - record.started_at

    def sorted(self, query: Select[*Ts], value: Any, id_: Any) -> Select[*Ts]:
        return query.order_by(value.desc(), id_.desc()) if self.is_descending else query.order_by(value, id_)

    def span(self, end: Place | None = None) -> tuple[int | None, int | None]:
        """The least and the greatest value from where the page begins to `end`; None where nothing bounds it."""
        bounds = (self.after and self.after.value, end and end.value)
        return bounds[::-1] if self.is_descending else bounds

    def behind(self, end: Place | None = None) -> tuple[Condition, ...]:
        """What comes after the place. Ends in the span are left to the period that is searched."""
        record, value, last = TrackerRecord, self.value(), self.after
        least, greatest = (None, None) if self.is_by_end else self.span(end)
        found = [] if least is None else [value >= least]
        found += [] if greatest is None else [value <= greatest]
        if last is not None:
            found.append(
                (value < last.value) | (record.id < last.id)
                if self.is_descending
                else (value > last.value) | (record.id > last.id)
            )
        return tuple(found)


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
    status: str | None

    def within(self, order: _Order, end: Place | None = None) -> "_Search":
        """The same, of the period that a page of that order can be in: SQLite seeks by one bound of each side only."""
        if not order.is_by_end:
            return self
        least, greatest = order.span(end)
        since = [one for one in (self.chosen.since, least) if one is not None]
        before = [one for one in (self.chosen.before, greatest) if one is not None]
        return replace(
            self, chosen=replace(self.chosen, since=max(since, default=None), before=min(before, default=None))
        )

    @property
    def names_no_one(self) -> bool:
        """Whether it asks for no certain case and no certain representative."""
        return self.case_id is None and self.representative_id is None

    def period(self) -> tuple[Condition, ...]:
        since, before = self.chosen.since, self.chosen.before
        from_ = () if since is None else (TrackerRecord.ended_at >= since,)
        return from_ if before is None else (*from_, TrackerRecord.ended_at <= before)

    def parts(self) -> tuple[_Part, ...]:
        """Those that the conditions name one by one; what is chosen lies in each of them."""
        period = self.period()
        found = []
        if self.case_id is not None:
            found.append(_Part(_BY_CASE, (TrackerRecord.case_id == self.case_id, *period)))
        if self.representative_id is not None:
            found.append(
                _Part(_BY_REPRESENTATIVE, (TrackerRecord.representative_id == self.representative_id, *period))
            )
        if period and not found:
            found.append(_Part(_BY_END, period))
        return tuple(found)

    def of_status(self) -> _Part:
        """The records of the cases of the status, a case after the other."""
        of_status = select(Case.id).where(Case.status == self.status)
        return _Part(_BY_CASE, (TrackerRecord.case_id.in_(of_status), *self.period()))

    def conditions(self) -> tuple[Condition, ...]:
        """All of them, each to be seen from the record."""
        found: list[Condition] = []
        if self.case_id is not None:
            found.append(TrackerRecord.case_id == self.case_id)
        if self.representative_id is not None:
            found.append(TrackerRecord.representative_id == self.representative_id)
        if self.status is not None:
            status = select(Case.status).where(Case.id == TrackerRecord.case_id).correlate_except(Case)
            found.append(status.scalar_subquery() == self.status)
        return (*found, *self.bounds())

    def bounds(self) -> tuple[Condition, ...]:
        """The instants and ids that it keeps to."""
        up_to_id = self.chosen.up_to_id
        return self.period() if up_to_id is None else (*self.period(), TrackerRecord.id <= up_to_id)


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
    part = next((one for one in parts if _is_few(session, one)), None)
    if part is None and search.names_no_one and search.status is not None:
        part = search.of_status()
        return _counted(session, part.index, (*part.conditions, *search.bounds()), most + 1)
    part = part or (parts[0] if parts else _Part(_BY_END, ()))
    return _counted(session, part.index, (*part.conditions, *search.conditions()), most + 1)


def _search(session: Session, chosen: Filter) -> _Search | None:
    """None where nothing can fit: nobody and no case has the name, or two conditions contradict each other."""
    statuses = {one for one in (chosen.status, RESOLVED if chosen.resolved_only else None) if one is not None}
    people = {one for one in (chosen.only_of, _person_id(session, chosen.representative)) if one is not None}
    case_id = None if chosen.case is None else session.scalar(select(Case.id).where(Case.ref == chosen.case)) or 0
    if len(statuses) > 1 or len(people) > 1 or case_id == 0 or 0 in people:
        return None
    return _Search(chosen, case_id, next(iter(people), None), next(iter(statuses), None))


def _person_id(session: Session, username: str | None) -> int | None:
    if username is None:
        return None
    return session.scalar(select(Person.id).where(Person.username == username)) or 0


def _ids(session: Session, search: _Search, order: _Order, limit: int) -> Sequence[int]:
    """The ids of the page, by the way that costs least."""
    parts = search.parts()
    if search.status is None and (not parts or (order.is_by_end and len(parts) == 1)):
        return _walked(session, search, order, limit)
    if not order.is_by_end and not search.names_no_one:
        for part in parts:
            if _is_few(session, part):
                return _sorted(session, search, part, order, limit)
    for most in _distances(session, search):
        end = _place_ahead(session, search, order, most)
        found = _walked(session, search, order, limit, end)
        if len(found) == limit or end is None:
            return found
    if search.names_no_one and search.status is not None:
        parts = (*parts, search.of_status())
        if order.is_by_end:
            return _next_of_each_case(session, search, order, limit)
    for part in parts:
        if _is_few(session, part):
            return _sorted(session, search, part, order, limit)
    return _walked(session, search, order, limit)


def _is_few(session: Session, part: _Part) -> bool:
    return _counted(session, part.index, part.conditions, _FEW + 1) <= _FEW


def _counted(session: Session, index: str, conditions: Sequence[Condition], most: int) -> int:
    some = _through(index, select(literal(1).label("one"))).where(*conditions).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _sorted(session: Session, search: _Search, part: _Part, order: _Order, limit: int) -> Sequence[int]:
    """Read all of a part, then sort it."""
    query = _through(part.index, select(TrackerRecord.id, order.value().label("value")))
    query = query.where(*part.conditions, *search.within(order).conditions(), *order.behind())
    few = query.cte("few").prefix_with("MATERIALIZED")
    return session.scalars(order.sorted(select(few.c.id), few.c.value, few.c.id).limit(limit)).all()


def _walked(session: Session, search: _Search, order: _Order, limit: int, end: Place | None = None) -> Sequence[int]:
    """Go along the index of the order until the page is full, or a place is reached."""
    query = _through(_index_to_walk(search, order), select(TrackerRecord.id))
    query = query.where(*search.within(order, end).conditions(), *order.behind(end))
    return session.scalars(order.sorted(query, order.value(), TrackerRecord.id).limit(limit)).all()


def _distances(session: Session, search: _Search) -> Iterator[int]:
    """How far to walk at first: as long as it costs no more than to ask each case of the status."""
    yield _WALKED
    if search.names_no_one and search.status is not None:
        cases = session.scalar(select(func.count()).select_from(Case).where(Case.status == search.status)) or 0
        if cases > _WALKED:
            yield cases


def _place_ahead(session: Session, search: _Search, order: _Order, most: int) -> Place | None:
    """Where one is after so many records, whether they fit or not; None where the end comes before that."""
    query = _through(_index_to_walk(search, order), select(order.value(), TrackerRecord.id)).where(*order.behind())
    if order.is_by_end:
        query = query.where(*next((part.conditions for part in search.within(order).parts()), ()))
    found = session.execute(order.sorted(query, order.value(), TrackerRecord.id).offset(most).limit(1)).first()
    return Place(*found) if found else None


def _index_to_walk(search: _Search, order: _Order) -> str:
    parts = search.parts()
    return parts[0].index if parts and order.is_by_end else order.index


def _next_of_each_case(session: Session, search: _Search, order: _Order, limit: int) -> Sequence[int]:
    """The page is in those cases whose next records come first: in as many as it is long, and their equals."""
    record = TrackerRecord
    search = search.within(order)
    next_end = _through(_BY_CASE, select(record.ended_at))
    next_end = next_end.where(record.case_id == Case.id, *search.bounds(), *order.behind())
    next_end = next_end.order_by(record.ended_at.desc() if order.is_descending else record.ended_at).limit(1)
    cases = (
        select(Case.id, next_end.correlate(Case).scalar_subquery().label("next_end"))
        .where(Case.status == search.status)
        .cte("next_of_each")
        .prefix_with("MATERIALIZED")
    )
    ends = select(cases.c.next_end).where(cases.c.next_end.is_not(None))
    last = order.sorted(ends, cases.c.next_end, cases.c.id).offset(limit - 1).limit(1).scalar_subquery()
    is_near = cases.c.next_end >= last if order.is_descending else cases.c.next_end <= last
    nearest = session.scalars(select(cases.c.id).where(is_near | last.is_(None))).all()
    return _sorted(session, search, _Part(_BY_CASE, (record.case_id.in_(nearest), *search.bounds())), order, limit)


def _through(index: str, query: Select[*Ts]) -> Select[*Ts]:
    """SQLite keeps no account of its rows, and is told the index; PostgreSQL knows better."""
    return query.select_from(TrackerRecord).with_hint(TrackerRecord, f"INDEXED BY {index}", "sqlite")
