"""Handling time by case, representative, team, day, week or month, with what is usual for a case.

Each group adds up its work (see `work`). Beside its sums it says how long a case takes: over the cases that have any
work in the group, of the *handling time of the case in the group*, which is the automatic and manual time of everybody
who is in the group, on the days that are in it and in the period. So by `week` a case counts with its time of that
week, by `representative` with its time of that person; by `case` there is one case, and all three are its time.

The median and the 90th percentile are interpolated between neighbours, as `MEDIAN` and `PERCENTILE` of a spreadsheet
(and `statistics.quantiles(..., method="inclusive")`) do. The database computes all of it, in whole milliseconds; parts
of a second are cut off only where figures are shown.

The sums of the groups are those of all work, however it is grouped. So a group may be less than nothing: where a
correction took away, on the day on which it was made, time of an earlier one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Subquery, Text, case, cast, func, literal, select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.cases.models import Case
from server.reports.days import MONDAY, week_text
from server.reports.work import Chosen, work

CASE, REPRESENTATIVE, TEAM, DAY, WEEK, MONTH = "case", "representative", "team", "day", "week", "month"
PERIODS = (DAY, WEEK, MONTH)
GROUPS = (CASE, REPRESENTATIVE, TEAM, *PERIODS)

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """One group: `key` is a case's reference, a username, a team (None: people in none) or the first day of a period.

    Sums in milliseconds; `median_2_ms` is twice, `p90_10_ms` ten times the figure, so that both are exact.
    """

    key: str | None
    name: str | None
    status: str | None
    team: str | None
    automatic_ms: int
    manual_ms: int
    cases: int
    representatives: int
    median_2_ms: int
    p90_10_ms: int

    @property
    def total_ms(self) -> int:
        return self.automatic_ms + self.manual_ms

    @property
    def average_ms(self) -> int:
        return self.total_ms // self.cases if self.cases else 0

    @property
    def median_ms(self) -> int:
        return self.median_2_ms // 2

    @property
    def p90_ms(self) -> int:
        return self.p90_10_ms // 10


NOTHING = Figures(None, None, None, None, 0, 0, 0, 0, 0, 0)


def by_group(
    session: Session,
    chosen: Chosen,
    by: str,
    *,
    week_start: str = MONDAY,
    limit: int | None = None,
    offset: int = 0,
) -> Iterator[Figures]:
    """The groups one by one: periods in their order, anything else with the most time first."""
    groups = _groups(_keyed(work(session, chosen), by, week_start))
    empty = literal(None, Text)
    query = select()
    names: tuple[Any, ...] = (cast(groups.c.key, Text), empty, empty, empty)
    if by == CASE:
        query, names = (
            query.join_from(groups, Case, Case.id == groups.c.key),
            (Case.ref, Case.title, Case.status, empty),
        )
    elif by == REPRESENTATIVE:
        query = query.join_from(groups, Person, Person.id == groups.c.key)
        names = (Person.username, Person.name, empty, Person.team)
    total = groups.c.automatic_ms + groups.c.manual_ms
    order = (groups.c.key,) if by in PERIODS else (total.desc(), groups.c.key)
    query = query.add_columns(*names, *_sums(groups)).order_by(*order).limit(limit).offset(offset)
    for key, name, status, team, *sums in session.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield Figures(key or None, name, status, team, *map(int, sums))


def altogether(session: Session, chosen: Chosen) -> Figures:
    """All chosen work as one group, in which a case counts with all of its chosen time."""
    groups = _groups(_keyed(work(session, chosen), None, MONDAY))
    found = session.execute(select(*_sums(groups))).one_or_none()
    return NOTHING if found is None else Figures(None, None, None, None, *map(int, found))


def _keyed(rows: Subquery, by: str | None, week_start: str) -> CTE:
    """The work with the `key` of its group: an id, a name or a first day."""
    keys: dict[str | None, ColumnElement[Any]] = {
        None: literal(0),
        CASE: rows.c.case_id,
        REPRESENTATIVE: rows.c.representative_id,
        TEAM: func.coalesce(Person.team, ""),
        DAY: rows.c.day,
        WEEK: week_text(rows.c.day, week_start),
        MONTH: func.substr(rows.c.day, 1, 7).concat("-01"),
    }
    columns = (rows.c.representative_id, rows.c.case_id, rows.c.automatic_ms, rows.c.manual_ms)
    query = select(keys[by].label("key"), *columns)
    if by == TEAM:
        query = query.join(Person, Person.id == rows.c.representative_id)
    return query.cte("keyed")


def _groups(keyed: CTE) -> Subquery:
    """Groups with their sums, and of the time of each of their cases what `_sums` names."""
    of_case = (
        select(
            keyed.c.key,
            func.sum(keyed.c.automatic_ms).label("automatic_ms"),
            func.sum(keyed.c.manual_ms).label("manual_ms"),
        )
        .group_by(keyed.c.key, keyed.c.case_id)
        .subquery("of_case")
    )
    total = of_case.c.automatic_ms + of_case.c.manual_ms
    ranked = select(
        of_case,
        total.label("total_ms"),
        func.row_number().over(partition_by=of_case.c.key, order_by=total).label("rank"),
        func.count().over(partition_by=of_case.c.key).label("cases"),
    ).subquery("ranked")
    people = (
        select(keyed.c.key, func.count(keyed.c.representative_id.distinct()).label("representatives"))
        .group_by(keyed.c.key)
        .subquery("people")
    )
    place, last = ranked.c.rank - 1, ranked.c.cases - 1
    below, tenths = last * 9 // 10, last * 9 % 10

    def at(wanted: ColumnElement[int]) -> ColumnElement[int]:
        return case((place == wanted, ranked.c.total_ms), else_=0)

    groups = (
        select(
            ranked.c.key,
            func.sum(ranked.c.automatic_ms).label("automatic_ms"),
            func.sum(ranked.c.manual_ms).label("manual_ms"),
            func.count().label("cases"),
            func.sum(at(last // 2) + at((last + 1) // 2)).label("median_2_ms"),
            func.sum(at(below) * (10 - tenths) + at(below + 1) * tenths).label("p90_10_ms"),
        )
        .group_by(ranked.c.key)
        .subquery("groups")
    )
    return (
        select(groups, people.c.representatives).join_from(groups, people, people.c.key == groups.c.key).subquery("all")
    )


def _sums(groups: Subquery) -> list[ColumnElement[int]]:
    """The columns of a group in the order in which `Figures` has them."""
    names = ("automatic_ms", "manual_ms", "cases", "representatives", "median_2_ms", "p90_10_ms")
    return [groups.c[name] for name in names]
