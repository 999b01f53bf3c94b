"""What is recorded of each kind of change, and that nothing secret or personal goes with it (A8)."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import people, tokens
from server.accounts.models import Person
from server.audit.models import AuditEntry
from server.audit.verify import examine
from server.operation import totals
from server.tracking.models import CaseTotal, TrackerRecord
from tests.accounts.signing_in import PASSWORD, add_eva, signed_in
from tests.audit.recorded import entries
from tests.conftest import NOON, World
from tests.work import insert_records, worked

SETTINGS = "/api/v1/settings/tracking"
PURGE = "/api/v1/tracker-records/purge"
SYSTEM = {"actor": "system", "actor_id": None, "address": ""}


def _ada(world: World) -> dict[str, Any]:
    return {"actor": "ada", "actor_id": world.ids["ada"], "address": "127.0.0.1"}


def _of(world: World, who: str, verb: Any) -> None:
    world.write(lambda session: verb(session, session.get_one(Person, world.ids[who])))


# --- settings


def test_a_change_of_settings_is_recorded_field_by_field(each_world: World) -> None:
    """A8"""
    each_world.client("ada").patch(SETTINGS, json={"update_interval_minutes": 20, "enabled": True, "count_idle": True})

    assert entries(each_world) == [
        {
            **_ada(each_world),
            "action": "settings.changed",
            "subject": "tracking",
            "details": {"count_idle": {"old": False, "new": True}, "update_interval_minutes": {"old": 10, "new": 20}},
        }
    ]


@pytest.mark.parametrize("body", [{}, {"enabled": True}, {"update_interval_minutes": 9}])
def test_settings_that_stay_as_they_are_leave_no_entry(world: World, body: dict[str, Any]) -> None:
    """A8"""
    world.client("ada").patch(SETTINGS, json=body)
    world.client("ana").patch(SETTINGS, json={"enabled": False})

    assert entries(world) == []


# --- purges


def test_a_purge_by_a_rule_is_recorded_as_it_is_asked_for_and_with_what_it_took(each_world: World) -> None:
    """A8"""
    worked(each_world, "ana", minutes=2)
    worked(each_world, "ben", "CAS-1002", minutes=3)
    rule = {"case": "CAS-1002", "before": "2026-11-21T00:00:00Z"}
    each_world.client("ada").post(PURGE, json={"rule": rule, "dry_run": True})
    assert entries(each_world) == []

    each_world.client("ada").post(PURGE, json={"rule": rule})

    asked, done = entries(each_world)
    assert {name: asked[name] for name in _ada(each_world)} == _ada(each_world)
    assert (asked["action"], asked["subject"]) == ("purge.requested", "CAS-1002")
    assert (done["action"], done["subject"], done["actor"]) == ("records.purged", "CAS-1002", "ada")
    assert (asked["details"]["purge"], asked["details"]["records_expected"]) == (done["details"]["purge"], 1)
    assert (done["details"]["records"], done["details"]["duration_ms"]) == (1, 180_000)
    for details in (asked["details"], done["details"]):
        assert details["rule"].items() >= {"case": "CAS-1002", "before": "2026-11-21T00:00:00.000Z"}.items()


def test_a_purge_by_ids_names_those_that_it_took(world: World) -> None:
    """A8"""
    worked(world, "ana", minutes=2)
    (taken,) = world.read(lambda session: session.scalars(select(TrackerRecord.id)).all())

    world.client("ada").post(PURGE, json={"ids": [taken, taken + 1]})
    world.client("ada").post(PURGE, json={"ids": [taken]})

    (entry,) = entries(world, leave_out=("token.created", "purge.requested"))
    assert entry["details"]["ids"] == [taken]
    assert entry["subject"] == ""


def test_a_purge_in_several_batches_is_recorded_as_a_whole(world: World) -> None:
    """A8"""
    insert_records(world, "ana", "CAS-1001", range(NOON - 10_000_000, NOON - 7_500_000, 1_000), length_ms=9)

    world.client("ada").post(PURGE, json={"rule": {"representative": "ana"}})

    (done,) = entries(world, leave_out=("token.created", "purge.requested"))
    assert (done["details"]["records"], done["details"]["duration_ms"]) == (2_500, 2_500 * 9)
    assert done["details"]["rule"]["representative"] == "ana"


def test_totals_that_were_repaired_are_recorded(each_world: World) -> None:
    """A8"""
    worked(each_world, "ana", minutes=2)

    def damage(session: Session) -> None:
        session.scalars(select(CaseTotal)).one().automatic_ms += 5

    each_world.write(lambda session: totals.repair(session, now=NOON))
    assert entries(each_world) == []
    each_world.write(damage)
    each_world.write(lambda session: totals.repair(session, now=NOON))

    assert entries(each_world) == [{**SYSTEM, "action": "totals.repaired", "subject": "", "details": {"totals": 1}}]


# --- people and tokens


def test_what_happens_to_people_is_recorded(each_world: World) -> None:
    """A8"""
    world = each_world
    add_eva(world)
    _of(world, "eva", lambda session, person: people.set_role(session, person, "supervisor", now=NOON))
    _of(world, "eva", lambda session, person: people.set_team(session, person, "Second level", now=NOON))
    _of(world, "eva", lambda session, person: people.set_password(session, person, "!", now=NOON))
    _of(world, "eva", lambda session, person: people.set_active(session, person, active=False, now=NOON))
    _of(world, "eva", lambda session, person: people.set_active(session, person, active=True, now=NOON))

    role = {"old": "representative", "new": "supervisor"}
    of_eva = {**SYSTEM, "subject": "eva"}
    assert entries(world) == [
        {**of_eva, "action": "user.added", "details": {"role": "representative"}},
        {**of_eva, "action": "user.role_changed", "details": {"role": role}},
        {**of_eva, "action": "user.team_changed", "details": {"team": {"old": None, "new": "Second level"}}},
        {**of_eva, "action": "user.password_changed", "details": {}},
        {**of_eva, "action": "user.deactivated", "details": {}},
        {**of_eva, "action": "user.activated", "details": {}},
    ]


def test_tokens_are_recorded_as_they_are_made_and_revoked(each_world: World) -> None:
    """A8: also those that go with their person."""
    world = each_world
    made = world.read(lambda session: [one.id for one in tokens.tokens_of(session, session.get(Person, 1))])
    _of(
        world, "ana", lambda session, ana: tokens.issue_token(session, ana, now=NOON, days=2, scope="read", label="Eva")
    )
    world.write(lambda session: tokens.revoke_token(session, made[0], now=NOON))
    _of(world, "ana", lambda session, ana: people.set_active(session, ana, active=False, now=NOON))

    of_ana = {**SYSTEM, "subject": "ana"}
    new = made[0] + 4
    assert entries(world, leave_out=())[-4:] == [
        {**of_ana, "action": "token.created", "details": {"token": new, "scope": "read", "days": 2}},
        {**of_ana, "action": "token.revoked", "details": {"token": made[0]}},
        {**of_ana, "action": "token.revoked", "details": {"token": new}},
        {**of_ana, "action": "user.deactivated", "details": {}},
    ]


def test_a_password_that_somebody_changes_is_recorded_as_theirs(each_world: World) -> None:
    """A8"""
    add_eva(each_world)
    client = signed_in(each_world)
    form = {"password": PASSWORD, "new_password": "blue kettle sings twice"}
    assert client.post("/account/password", data=form).status_code == 302

    eva = {"actor": "eva", "actor_id": each_world.ids["eva"], "address": "127.0.0.1", "subject": "eva", "details": {}}
    assert entries(each_world)[1:] == [
        {**eva, "action": "sign_in.succeeded"},
        {**eva, "action": "user.password_changed"},
    ]


def test_nothing_secret_and_no_words_of_people_are_recorded(each_world: World) -> None:
    """A8"""
    world = each_world
    add_eva(world)
    client = signed_in(world)
    client.post("/account/password", data={"password": PASSWORD, "new_password": "blue kettle sings twice"})
    token = world.write(
        lambda session: tokens.issue_token(session, session.get_one(Person, 1), now=NOON, label="Mrs Duarte's phone")
    )
    world.client("ada").patch(SETTINGS, json={"count_idle": True})

    text = str(world.read(lambda session: [vars(one) for one in session.scalars(select(AuditEntry))]))
    for secret in (PASSWORD, "blue kettle", token, "cc_", "Duarte", "argon2"):
        assert secret not in text
    assert examine(world.database).fault is None


# --- what people say of their time


def _logged(world: World, who: str, kind: str = "time-logs") -> dict[str, Any]:
    body = {"duration_seconds": 600, "description": "with Mrs Duarte", "worked_at": "2026-11-20T09:00:00Z"}
    answer = world.client(who).post(f"/api/v1/cases/CAS-1001/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


@pytest.mark.parametrize("kind", ["time-logs", "activities"])
def test_what_an_administrator_does_to_entries_of_others_is_recorded(each_world: World, kind: str) -> None:
    """A8: figures with what they were, of words only that they changed."""
    number = _logged(each_world, "ana", kind)["id"]
    ada, url = each_world.client("ada"), f"/api/v1/cases/CAS-1001/{kind}/{number}"
    assert ada.patch(url, json={"duration_seconds": 60, "description": "a call"}).status_code == 200
    assert ada.patch(url, json={"duration_seconds": 60}).status_code == 200
    assert ada.delete(url).status_code == 204

    of_ana = {"entry": number, "of": kind.replace("-", "_"), "representative": "ana"}
    by_ada = {**_ada(each_world), "subject": "CAS-1001"}
    assert entries(each_world) == [
        {
            **by_ada,
            "action": "entry.changed_by_administrator",
            "details": {
                **of_ana,
                "changes": {"duration_seconds": {"old": 600, "new": 60}, "description": "changed"},
            },
        },
        {
            **by_ada,
            "action": "entry.deleted_by_administrator",
            "details": {**of_ana, "duration_seconds": 60, "worked_at": "2026-11-20T09:00:00.000Z"},
        },
    ]


def test_an_entry_that_an_administrator_adds_for_somebody_or_gives_to_them_is_recorded(each_world: World) -> None:
    """A8"""
    ada = each_world.client("ada")
    url = "/api/v1/cases/CAS-1001/time-logs"
    added = ada.post(url, json={"duration_seconds": 60, "representative": "ana"}).json["id"]
    given = _logged(each_world, "ada")["id"]
    assert ada.patch(f"{url}/{given}", json={"representative": "ben"}).status_code == 200

    first, second = entries(each_world)
    assert (first["action"], first["details"]["entry"]) == ("entry.added_by_administrator", added)
    assert first["details"]["representative"] == "ana"
    assert (second["action"], second["details"]["entry"]) == ("entry.changed_by_administrator", given)
    assert second["details"]["changes"]["representative"] == {"old": "ada", "new": "ben"}


def test_ones_own_entries_are_ones_own(world: World) -> None:
    """A8: what somebody logs of their own time is theirs to change, an administrator's too."""
    for who in ("ana", "ada"):
        number = _logged(world, who)["id"]
        url = f"/api/v1/cases/CAS-1001/time-logs/{number}"
        world.client(who).patch(url, json={"duration_seconds": 60})
        world.client(who).delete(url)
    world.client("ben").delete("/api/v1/cases/CAS-1001/time-logs/1")

    assert entries(world) == []


def test_a_correction_of_automatic_time_is_recorded_without_its_reason(each_world: World) -> None:
    """A8"""
    worked(each_world, "ana", minutes=5)
    body = {"duration_seconds": 120, "reason": "I was on the phone with Mrs Duarte"}
    url = "/api/v1/cases/CAS-1001/automatic-time"
    for _ in range(2):
        assert each_world.client("ana").patch(url, json=body).status_code == 200

    assert entries(each_world) == [
        {
            "actor": "ana",
            "actor_id": each_world.ids["ana"],
            "address": "127.0.0.1",
            "action": "automatic_time.corrected",
            "subject": "CAS-1001",
            "details": {"representative": "ana", "automatic_seconds": {"old": 300, "new": 120}},
        }
    ]
