"""Every route, called by everybody on a thing of ana's, with and without `show_only_own_time` (X75).

A route without a row fails, and so does a row without a route: whoever adds one has to say who may call it.
"""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.accounts.signing_in import add_eva
from tests.conftest import World
from tests.reports_of_agents import Page
from tests.security.routes import Route, routes
from tests.work import worked

COLUMNS = ("nobody", "ana", "ben", "sam", "ada")
"""A stranger; the representative whose thing it is; another one; a supervisor; an administrator."""

PUBLIC = "200 200 200 200 200"
PERSON = "401 200 200 200 200"
CREATES = "401 201 201 201 201"
PAGE = "302 200 200 200 200"

ROWS = {
    # who may see and change cases: everybody who works here
    "cases.list_cases": PERSON,
    "cases.create_case": CREATES,
    "cases.get_case": PERSON,
    "cases.change_case": PERSON,
    "cases.resolve_case": PERSON,
    "cases.reopen_case": PERSON,
    # entries: one's own, and everybody's for administrators; where others' are hidden they are not there
    "time_entries.list_time_logs": PERSON,
    "time_entries.add_time_logs": CREATES,
    "time_entries.change_time_logs": ("401 200 403 403 200", "401 200 404 403 200"),
    "time_entries.delete_time_logs": ("401 204 403 403 204", "401 204 404 403 204"),
    "time_entries.list_activities": PERSON,
    "time_entries.add_activities": CREATES,
    "time_entries.change_activities": ("401 200 403 403 200", "401 200 404 403 200"),
    "time_entries.delete_activities": ("401 204 403 403 204", "401 204 404 403 204"),
    # time: what each of them sees in it is the second table
    "handling_time.get_handling_time": PERSON,
    "handling_time.refresh_handling_time": PERSON,
    "handling_time.get_history": PERSON,
    "handling_time.correct_automatic_time": "401 200 422 422 422",  # one's own alone, and who has none has nothing
    "admin.list_records": PERSON,
    "admin.get_settings": PERSON,
    "admin.change_settings": "401 403 403 403 200",
    "admin.purge_records": "401 403 403 403 200",
    "admin.list_purges": "401 403 403 403 200",
    "admin.get_purge": "401 403 403 403 404",  # that there is none is for administrators to know
    "admin.cancel_purge": "401 403 403 403 404",
    "admin.list_losses": "401 403 403 403 200",
    "admin.list_audit_log": "401 403 403 403 200",
    "reports.get_handling_time": "401 403 403 200 200",
    "reports.get_trend": "401 403 403 200 200",
    "reports.get_overview": "401 403 403 200 200",
    "reports.get_day": "401 200 404 200 200",
    "agent.post_report": "401 200 403 403 403",  # on ana's stream
    # pages
    "web.index": "302 302 302 302 302",
    "web.workspace": PAGE,
    "web.hub": PAGE,
    "web.account": PAGE,
    "web.change_language": "302 302 302 302 302",
    "web.change_password": "302 422 422 422 422",  # one's own alone, and not without the present one
    "web.supervisor": "302 403 403 200 200",
    "web.reports": "302 403 403 200 200",
    "web.admin": "302 403 403 403 200",
    "web.audit": "302 403 403 403 200",
    "web.sign_in": PUBLIC,
    "web.post_sign_in": "403 403 403 403 403",  # not without the form's token
    "web.choose_language": "403 403 403 403 403",
    "web.sign_out": "302 302 302 302 302",
    "web.static": PUBLIC,
    "web.client": PUBLIC,
    # about the server
    "api-docs.openapi_json": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": "200 401 401 401 401",  # has a token of its own; without one for this computer alone
}

SEES = {
    # who sees the time of ana: ana, ben, sam, ada; and with `show_only_own_time`
    "time_entries.list_time_logs": ("yyyy", "ynyy"),
    "time_entries.list_activities": ("yyyy", "ynyy"),
    "handling_time.get_handling_time": ("yyyy", "ynyy"),
    "handling_time.refresh_handling_time": ("yyyy", "ynyy"),
    "handling_time.get_history": ("yyyy", "ynyy"),
    "admin.list_records": ("ynyy", "ynyy"),
    "reports.get_handling_time": ("nnnn", "nnnn"),  # by case
    "reports.get_trend": ("nnnn", "nnnn"),
    "reports.get_overview": ("nnyy", "nnyy"),
    "reports.get_day": ("ynyy", "ynyy"),
    "cases.list_cases": ("nnnn", "nnnn"),
    "cases.get_case": ("nnnn", "nnnn"),
    "admin.get_settings": ("nnnn", "nnnn"),
    "admin.list_losses": ("nnnn", "nnnn"),
    "admin.list_purges": ("nnnn", "nnnn"),
    "admin.get_purge": ("nnnn", "nnnn"),
    "admin.list_audit_log": ("nnny", "nnny"),  # whose account and tokens were changed
}
BODIES: dict[str, Any] = {
    "cases.create_case": {"title": "a case"},
    "cases.change_case": {"title": "another title"},
    "cases.resolve_case": {"note": ""},
    "time_entries.add_time_logs": {"duration_seconds": 60},
    "time_entries.change_time_logs": {"duration_seconds": 61},
    "time_entries.add_activities": {"duration_seconds": 60},
    "time_entries.change_activities": {"duration_seconds": 61},
    "handling_time.correct_automatic_time": {"duration_seconds": 30, "reason": "lunch"},
    "admin.change_settings": {},
    "admin.purge_records": {"ids": [1], "dry_run": True},
    "admin.cancel_purge": {},
}


@dataclass
class Stage:
    """A case on which ana worked, logged time and reported, and ways to call a route on it."""

    world: World
    ref: str = field(default_factory=lambda: f"CASE/{uuid.uuid4()}")
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ana = self.world.client("ana")
        assert ana.post("/api/v1/cases", json={"ref": self.ref, "title": "a case of no one in particular"}).status_code
        for kind in ("time-logs", "activities"):
            made = ana.post(f"/api/v1/cases/{self.ref}/{kind}", json={"duration_seconds": 60, "description": "Duarte"})
            self.ids[kind.replace("-", "_")] = made.json["id"]
        self.page: Page = worked(self.world, "ana", self.ref, minutes=1)

    def call(self, route: Route, who: str) -> Any:
        """Call a route on what is ana's."""
        kind = route.endpoint.rpartition("_time_logs")[1].strip("_") or "activities"
        name = "app.css" if route.endpoint == "web.static" else "agent.js"
        address = route.address(ref=self.ref, entry_id=self.ids[kind], username="ana", name=name)
        body = BODIES.get(route.endpoint)
        if route.endpoint == "agent.post_report":
            body = self.page.report(self.world.clock.now)
        if route.endpoint == "cases.reopen_case":
            self.world.client("ada").put(f"/api/v1/cases/{self.ref}/resolution", json={})
        return self.world.client(None if who == "nobody" else who).open(address, method=route.method, json=body)


def _expected(row: str | tuple[str, str], *, own_only: bool) -> list[int]:
    text = row if isinstance(row, str) else row[own_only]
    return [int(status) for status in text.split()]


@pytest.fixture(params=[False, True], ids=["all time", "own time only"])
def own_only(request: pytest.FixtureRequest, world: World) -> bool:
    changed = world.client("ada").patch("/api/v1/settings/tracking", json={"show_only_own_time": request.param})
    assert changed.status_code == 200
    return bool(request.param)


def test_every_route_has_a_row_and_every_row_a_route(world: World) -> None:
    assert {route.endpoint for route in routes(world.app)} == set(ROWS)


def test_everybody_may_call_what_the_table_says_and_nothing_else(world: World, own_only: bool) -> None:
    """X75: the ids of somebody else in the path, on every route that takes one."""
    found = {}
    for route in routes(world.app):
        statuses = []
        for who in COLUMNS:
            with Stage(world).call(route, who) as answer:
                statuses.append(answer.status_code)
        found[route.endpoint] = statuses

    assert found == {endpoint: _expected(row, own_only=own_only) for endpoint, row in ROWS.items()}


def test_everybody_sees_the_time_that_the_table_says_and_no_other(world: World, own_only: bool) -> None:
    """X75, and one scope for lists, reports, history and handling time."""
    stage = Stage(world)
    found = {}
    for route in routes(world.app):
        if route.endpoint in SEES:
            answers = [stage.call(route, who) for who in COLUMNS[1:]]
            found[route.endpoint] = "".join("y" if _shows_ana(answer.json) else "n" for answer in answers)

    assert found == {endpoint: row[own_only] for endpoint, row in SEES.items()}


def test_every_reading_route_of_the_api_is_in_the_second_table(world: World) -> None:
    reading = {
        route.endpoint
        for route in routes(world.app)
        if route.is_safe and route.rule.rule.startswith("/api/v1/") and not route.is_public
    }

    assert reading <= set(SEES)


def _shows_ana(answer: Any) -> bool:
    """Whether the answer names ana or repeats her words. A problem document does neither."""
    said = json.dumps(answer)
    return '"ana"' in said or "Duarte" in said


ENTRIES = ("time-logs", "activities")


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_is_not_reached_through_another_case_or_kind(world: World, kind: str) -> None:
    """X75: the right id under the wrong roof."""
    here, there = Stage(world), Stage(world)
    own = here.ids[kind.replace("-", "_")]
    other = next(one for one in ENTRIES if one != kind)
    world.client("ana").delete(f"/api/v1/cases/{here.ref}/{other}/{here.ids[other.replace('-', '_')]}")
    ana = world.client("ana")

    for address in (f"/api/v1/cases/{there.ref}/{kind}/{own}", f"/api/v1/cases/CAS-1001/{kind}/{own}"):
        assert ana.patch(address, json={"duration_seconds": 1}).status_code == 404, address
        assert ana.delete(address).status_code == 404, address
    assert ana.patch(f"/api/v1/cases/{here.ref}/{other}/{own + 4711}", json={}).status_code == 404
    assert ana.patch(f"/api/v1/cases/{here.ref}/{kind}/{own}", json={"duration_seconds": 1}).status_code == 200


def test_filters_and_cursors_do_not_reach_the_time_of_others(world: World) -> None:
    """X75: somebody else's name and ids in every field of a query."""
    stage = Stage(world)
    ben = world.client("ben")
    record = world.client("ana").get("/api/v1/tracker-records").json["items"][0]["id"]
    for query in (
        "representative=ana",
        f"case={stage.ref}",
        f"case={stage.ref}&representative=ana",
        f"cursor={record + 1}",
        "representative=ANA",
        "representative=%25",
        "representative=ana&representative=ben",
        "only_of=1",
    ):
        assert not _shows_ana(ben.get(f"/api/v1/tracker-records?{query}").json), query


def test_a_purge_by_ids_needs_the_right_whoever_they_belong_to(world: World) -> None:
    """X75"""
    Stage(world)
    record = world.client("ana").get("/api/v1/tracker-records").json["items"][0]["id"]
    for who in ("ana", "ben", "sam"):
        assert world.client(who).post("/api/v1/tracker-records/purge", json={"ids": [record]}).status_code == 403

    assert world.client("ana").get("/api/v1/tracker-records").json["items"][0]["id"] == record


# Mass assignment: what is not asked for cannot be set

FOREIGN_FIELDS = {
    "id": 4711,
    "role": "administrator",
    "representative": "ben",
    "representative_id": 2,
    "author": "ben",
    "person_id": 2,
    "created_by": 2,
    "created_at": "2020-01-01T00:00:00Z",
    "changed_at": "2020-01-01T00:00:00Z",
    "deleted_at": None,
    "case_id": 1,
    "status": "resolved",
    "session_epoch": 0,
    "active": True,
    "total_seconds": 1,
    "__proto__": {"role": "administrator"},
    "constructor": 1,
}


NAMING = {
    # somebody else, nobody there is, oneself; by ana, whose entry it is, sam and ada, who worked on it too
    "time_entries.add_time_logs": ("403 403 201", "403 403 201", "201 422 201"),
    "time_entries.change_time_logs": ("403 403 200", "403 403 403", "200 422 200"),
    "time_entries.add_activities": ("403 403 201", "403 403 201", "201 422 201"),
    "time_entries.change_activities": ("403 403 200", "403 403 403", "200 422 200"),
    "handling_time.correct_automatic_time": ("403 403 200", "403 403 200", "403 403 200"),
}
"""The routes that take a `representative`."""


def test_only_administrators_say_who_worked_and_nobody_corrects_for_others(world: World) -> None:
    """X75, W6"""
    by_endpoint = {route.endpoint: route for route in routes(world.app)}
    found = {}
    for endpoint in NAMING:
        route, rows = by_endpoint[endpoint], []
        for who in ("ana", "sam", "ada"):
            stage = Stage(world)
            worked(world, who, stage.ref, minutes=1)
            entry = stage.ids["activities" if "activities" in endpoint else "time_logs"]
            address = route.address(ref=stage.ref, entry_id=entry)
            bodies = [{**BODIES[endpoint], "representative": named} for named in ("ben", "nobody", who)]
            answers = [world.client(who).open(address, method=route.method, json=body) for body in bodies]
            rows.append(" ".join(str(answer.status_code) for answer in answers))
        found[endpoint] = tuple(rows)

    assert found == NAMING


def test_no_route_takes_a_field_that_it_did_not_ask_for(world: World) -> None:
    """X75, X76: refused by name, also where the rest would have been taken."""
    writing = [route for route in routes(world.app) if route.method in ("POST", "PUT", "PATCH")]
    writing = [route for route in writing if route.rule.rule.startswith("/api/v1/")]
    writing = [route for route in writing if not route.endpoint.endswith(("refresh_handling_time", "post_report"))]
    assert len(writing) >= 9
    for route in writing:
        stage = Stage(world)
        for name, value in FOREIGN_FIELDS.items():
            if name == "representative" and route.endpoint in NAMING:
                continue
            kind = "activities" if "activities" in route.endpoint else "time_logs"
            address = route.address(ref=stage.ref, entry_id=stage.ids[kind], username="ana")
            body = {**BODIES[route.endpoint], name: value}
            answer = world.client("ada").open(address, method=route.method, json=body)
            assert answer.status_code == 422, (route, name, answer.text)
            assert name in answer.json["errors"], (route, name)


def test_a_report_is_its_senders_whatever_it_says(world: World) -> None:
    """X75: nobody can work in somebody else's name."""
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(minutes=2))
    forged = {**page.report(world.clock.now), "representative": "ben", "representative_id": 2, "username": "ben"}

    assert world.client("ana").post("/api/v1/agent/reports", json=forged).status_code == 200

    assert world.tracking.store.representatives() == [world.ids["ana"]]


def test_the_form_for_a_password_changes_ones_own_whatever_it_names(world: World) -> None:
    """X75"""
    add_eva(world)
    forged = {"username": "eva", "person": "eva", "id": str(world.ids["eva"]), "password": "x", "new_password": "y"}

    answer = world.client("ana").post("/account/password", data=forged)

    assert answer.status_code == 422
    assert "not your present password" in answer.text
