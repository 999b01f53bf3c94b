"""People and cases to try Caseclock with. Only `caseclock demo` puts them in, and only into a new database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Person
from server.accounts.people import DEMO_PASSWORD, DEMO_PEOPLE, add_person
from server.cases import cases

_ZONES = {"ana": "Europe/Lisbon", "ben": "Europe/London", "sam": "Europe/Stockholm", "ada": "Europe/Budapest"}
_TEAMS = {"ana": "First line", "ben": "First line"}
CASES = (
    ("Invoice shows the wrong VAT rate", "Northwind Traders", "The March invoice has 19 % instead of 7 %."),
    ("Cannot sign in after password reset", "Contoso Coffee", "The reset mail arrives, the new password is refused."),
    ("Router reboots every night at 2:00", "Fabrikam Farms", "Since the last firmware, three sites are affected."),
    ("Order 48213 arrived without chargers", "Litware Labs", "Twelve tablets, no chargers in the box."),
    ("Export of contacts stops at 5,000 rows", "Adventure Works", "CSV export ends silently, no error is shown."),
    ("VAT rate: correct the April invoice too", "Northwind Traders", "Follows from the case on the March invoice."),
    ("Wrong VAT rate on a credit note", "Tailspin Toys", "Looks like the case of Northwind Traders."),
    ("Printer prints blank pages", "Woodgrove Bank", "Only from the second tray, only in duplex."),
)
_RELATIONS = ((0, 5, "child"), (0, 6, "similar"), (0, 1, "related"), (2, 7, "similar"))


def fill(session: Session, *, now: int) -> None:
    """Add the demo people and cases, unless anybody is there already."""
    if session.scalar(select(Person.id).limit(1)) is not None:
        return
    for username, name, role in DEMO_PEOPLE:
        zone, team = _ZONES[username], _TEAMS.get(username)
        add_person(session, username, name=name, role=role, password=DEMO_PASSWORD, now=now, time_zone=zone, team=team)
    made = [
        cases.create(session, title=title, customer=customer, description=description, now=now)
        for title, customer, description in CASES
    ]
    for place, other, kind in _RELATIONS:
        cases.relate(session, made[place], made[other], kind)


def welcome(address: str) -> str:
    """What the demo prints once it can be used."""
    return (
        f"\nCaseclock is at {address}\n\n"
        "  ana, ben   representatives    workspace and hub\n"
        "  sam        supervisor         who worked on what\n"
        "  ada        administrator      settings and tracker records\n\n"
        f"Password of all four: {DEMO_PASSWORD}. Ctrl-C stops it.\n"
    )
