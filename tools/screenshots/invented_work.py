"""Fills a new database with people, cases and two years of work, so that pictures look like a place of work."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server import demo_data
from server.accounts import people
from server.accounts.models import REPRESENTATIVE, Person
from server.accounts.people import DEMO_PASSWORD, by_username
from server.admin import settings as admin_settings
from server.audit.log import Actor
from server.cases import cases
from server.cases.models import Case
from server.clock import day_of, to_datetime
from server.settings import TrackingSettings
from server.time_entries import corrections, entries
from server.time_entries.models import Activity, TimeLog
from server.tracking import ledger
from server.tracking.ledger import Credit
from server.tracking.models import CaseTotal, DailyTotal, TrackerRecord
from tools.screenshots.working_days import MINUTE_MS, CasesOf, working_days

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_DAYS = 730
_OLD_CASES = 2400
_OPEN_DAYS = 9
_NEW_DAYS = 6
"""For how long the cases of the demo have been there."""
MAIN_CASE = f"CAS-{cases.FIRST_NUMBER + _OLD_CASES}"
"""The first case of the demo, on which ana, ben and emi work."""
OTHER_CASES = tuple(f"CAS-{cases.FIRST_NUMBER + _OLD_CASES + place}" for place in (2, 4))
_SHARES = (0, 1, 4)
_COLLEAGUES = (
    ("chloe", "Chloé Martin", "Europe/Paris", "First line"),
    ("dmitri", "Dmitri Sokolov", "Europe/Athens", "First line"),
    ("emi", "Emi Tanaka", "Europe/London", "Second line"),
    ("femi", "Femi Adeyemi", "Europe/Lisbon", "Second line"),
)
_TITLES = (
    "Invoice was sent to the old address", "Licence key is refused", "Delivery is two days late",
    "Password mail does not arrive", "Report shows last month twice", "Scanner is not found any more",
    "Prices in the shop are out of date", "Calendar invitations fail", "Refund for a cancelled order",
)  # fmt: skip
_CUSTOMERS = ("Northwind Traders", "Contoso Coffee", "Fabrikam Farms", "Litware Labs", "Adventure Works")


def fill(session: Session, *, now: int) -> None:
    """Everything, in a transaction of the caller; `now` is the present instant."""
    _make_old_cases(session, now=now)
    demo_data.fill(session, now=now - _NEW_DAYS * DAY_MS)
    for username, name, zone, team in _COLLEAGUES:
        people.add_person(
            session, username, name=name, role=REPRESENTATIVE, password=DEMO_PASSWORD, now=now - _NEW_DAYS * DAY_MS,
            time_zone=zone, team=team, by=_actor(session, "ada"),
        )  # fmt: skip
    _work(session, now=now)
    _log(session, now=now)
    _administrate(session, now=now)


def _make_old_cases(session: Session, *, now: int) -> None:
    """One after the other, each worked on for some days; the last ones still are."""
    for number in range(_OLD_CASES):
        made = now - _DAYS * DAY_MS + number * (_DAYS - _NEW_DAYS) * DAY_MS // _OLD_CASES
        title, customer = _TITLES[number % len(_TITLES)], _CUSTOMERS[number % len(_CUSTOMERS)]
        case = cases.create(session, title=title, customer=customer, now=made)
        if made + _OPEN_DAYS * DAY_MS < now:
            cases.resolve(session, case, now=made + _OPEN_DAYS * DAY_MS, note="Solved.")


def _work(session: Session, *, now: int) -> None:
    """Each representative has a half of the cases that are open on a day."""
    known = session.scalars(select(Case).order_by(Case.id)).all()
    ids = {case.ref: case.id for case in known}
    representatives = session.scalars(select(Person).where(Person.role == REPRESENTATIVE).order_by(Person.id)).all()
    main = ids[MAIN_CASE]
    credited = [
        Credit(person.id, ids[span.case], ZoneInfo(person.time_zone), span)
        for place, person in enumerate(representatives)
        for span in working_days(
            day_of(now - _DAYS * DAY_MS, ZoneInfo(person.time_zone)),
            now=now - (4 + 3 * place) * MINUTE_MS,
            zone=ZoneInfo(person.time_zone),
            cases_of=_open_on([case for case in known if (place - (case.id - main)) % 6 in _SHARES]),
            random=Random(person.username),  # noqa: S311
        )
    ]
    session.execute(insert(TrackerRecord), [ledger.record(credit, now) for credit in credited])
    session.execute(insert(CaseTotal), ledger.case_totals(credited, now - 4 * MINUTE_MS))
    session.execute(insert(DailyTotal), ledger.daily_totals(credited))


def _open_on(known: Sequence[Case]) -> CasesOf:
    made = [(to_datetime(case.created_at).date(), case.ref) for case in known]

    @cache
    def open_on(day: date) -> Sequence[str]:
        return [ref for created, ref in made if 0 <= (day - created).days < _OPEN_DAYS] or [made[0][1]]

    return open_on


def _log(session: Session, *, now: int) -> None:
    """What people say of the main case beside what was measured."""
    case = cases.find(session, MAIN_CASE)
    for username, hours, minutes, description in (
        ("ana", 30, 20, "Asked the tax office which rate applies"),
        ("ben", 26, 15, "Wrote the rule for the next invoice"),
        ("ana", 3, 10, "Walked to accounting with the printed invoice"),
    ):
        entries.add(
            session, TimeLog, case, _person(session, username), settings=TrackingSettings(), now=now - hours * HOUR_MS,
            duration_seconds=minutes * 60, description=description, has_start=False,
        )  # fmt: skip
    for username, hours, minutes, kind, subject in (
        ("ana", 27, 25, "phone call", "Northwind: which invoices are wrong"),
        ("emi", 4, 15, "e-mail", "Credit note for approval"),
    ):
        entries.add(
            session, Activity, case, _person(session, username), settings=TrackingSettings(), now=now,
            worked_at=now - hours * HOUR_MS, duration_seconds=minutes * 60, description="", kind=kind, subject=subject,
        )  # fmt: skip
    _correct(session, case, "ben", by_minutes=-12, reason="The case was open while I was at lunch", now=now - HOUR_MS)


def _correct(session: Session, case: Case, username: str, *, by_minutes: int, reason: str, now: int) -> None:
    person = _person(session, username)
    (own,) = corrections.automatic_times(session, case.id, only_of=person.id)
    wanted = own.measured_ms // 1000 + by_minutes * 60
    corrections.correct(session, case, person, wanted_seconds=wanted, reason=reason, now=now, address="192.0.2.17")


def _administrate(session: Session, *, now: int) -> None:
    ada = _actor(session, "ada")
    admin_settings.change(session, {"update_interval_minutes": 15, "track_inbox": True}, now=now - HOUR_MS, by=ada)
    people.set_team(session, _person(session, "emi"), "Second line", now=now - 50 * MINUTE_MS, by=ada)
    admin_settings.change(
        session, {"update_interval_minutes": 10, "track_inbox": False}, now=now - 40 * MINUTE_MS, by=ada
    )


def _actor(session: Session, username: str) -> Actor:
    return Actor(username, _person(session, username).id, "192.0.2.4")


def _person(session: Session, username: str) -> Person:
    found = by_username(session, username)
    if found is None:
        raise LookupError(username)
    return found
