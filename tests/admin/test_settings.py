"""`/api/v1/settings/tracking`: read by everybody, changed by administrators."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from server import settings
from server.settings import TrackingSettings
from server.tracking.agent_socket import agent_settings
from server.tracking.models import TrackingPause
from tests.conftest import World
from tests.work import commit_all, worked, works

URL = "/api/v1/settings/tracking"
DEFAULTS = TrackingSettings().as_dict()


def _automatic(world: World) -> int:
    return world.client("sam").get("/api/v1/cases/CAS-1001/handling-time").json["automatic_seconds"]


def test_everybody_may_read_the_settings(each_world: World) -> None:
    for who in ("ana", "sam", "ada"):
        assert each_world.client(who).get(URL).json == DEFAULTS


def test_the_defaults_are_those_of_the_product(world: World) -> None:
    """A1 on, F16 ten minutes, A3 yes, A4 no."""
    body = world.client("ana").get(URL).json

    assert (body["enabled"], body["update_interval_minutes"]) == (True, 10)
    assert (body["allow_time_logs"], body["show_only_own_time"]) == (True, False)


def test_administrators_alone_may_change_them(each_world: World) -> None:
    for who in ("ana", "ben", "sam"):
        answer = each_world.client(who).patch(URL, json={"enabled": False})
        assert answer.status_code == 403
        assert "administrator" in answer.json["detail"]
    assert each_world.client("ada").get(URL).json == DEFAULTS


@pytest.mark.parametrize("field", [name for name, value in DEFAULTS.items() if isinstance(value, bool)])
def test_a_switch_is_changed_alone_and_stays_after_a_restart(world: World, field: str) -> None:
    value = not DEFAULTS[field]

    assert world.client("ada").patch(URL, json={field: value}).json == DEFAULTS | {field: value}

    assert world.client("ana").get(URL).json == DEFAULTS | {field: value}
    again = world.restarted()
    assert again.client("ana").get(URL).json == DEFAULTS | {field: value}
    again.database.close()


@pytest.mark.parametrize("minutes", [10, 11, 60])
def test_f16_a2_the_update_interval_may_be_10_to_60_minutes(each_world: World, minutes: int) -> None:
    """F16, A2: and it is what the next commit waits for."""
    answer = each_world.client("ada").patch(URL, json={"update_interval_minutes": minutes})

    assert answer.json["update_interval_minutes"] == minutes
    assert each_world.tracking.interval_ms == minutes * 60_000


def test_f16_a2_any_other_interval_is_refused_with_a_clear_message(each_world: World) -> None:
    """F16, A2"""
    for bad in [9, 61, 0, -10, 10**30, "abc", "10", "", None, 10.5, 10.0, True, [10], {}, float("nan")]:
        answer = each_world.client("ada").patch(URL, json={"update_interval_minutes": bad})
        assert answer.status_code == 422, repr(bad)
        assert answer.content_type == "application/problem+json"
        assert "10 to 60" in answer.json["detail"]
        assert "10 to 60" in answer.json["errors"]["update_interval_minutes"][0]
    assert each_world.client("ada").get(URL).json == DEFAULTS


@pytest.mark.parametrize("minutes", [1, 120, 0])
def test_f21_idle_is_off_or_after_1_to_120_minutes_and_agents_are_told(each_world: World, minutes: int) -> None:
    """F21: off by default, and in the audit log like every other setting."""
    assert DEFAULTS["idle_after_minutes"] == 0

    answer = each_world.client("ada").patch(URL, json={"idle_after_minutes": minutes})

    assert answer.json == DEFAULTS | {"idle_after_minutes": minutes}
    assert agent_settings(each_world.read(settings.load))["idle_after_minutes"] == minutes
    logged = each_world.client("ada").get("/api/v1/audit-log", query_string={"action": "settings.changed"})
    assert [each["details"] for each in logged.json["items"]] == (
        [{"idle_after_minutes": {"old": 0, "new": minutes}}] if minutes else []
    )


@pytest.mark.parametrize("minutes", [-1, 121, 10**30, 1.5, 1.0, "5", None, True, [5]])
def test_f21_any_other_number_of_minutes_is_refused_with_a_clear_message(world: World, minutes: object) -> None:
    """F21"""
    answer = world.client("ada").patch(URL, json={"idle_after_minutes": minutes})

    assert answer.status_code == 422
    assert "from 0, which is never, to 120" in answer.json["errors"]["idle_after_minutes"][0]
    assert world.client("ana").get(URL).json == DEFAULTS


@pytest.mark.parametrize("field", [name for name, value in DEFAULTS.items() if isinstance(value, bool)])
def test_a_switch_is_true_or_false_and_nothing_like_it(world: World, field: str) -> None:
    for bad in [None, 0.5, "yes", "true", "", [], {}]:
        answer = world.client("ada").patch(URL, json={field: bad})
        assert answer.status_code == 422, repr(bad)
    assert world.client("ada").get(URL).json == DEFAULTS


def test_a_change_with_one_bad_field_changes_nothing(each_world: World) -> None:
    bodies = [
        {"enabled": False, "update_interval_minutes": 9},
        {"enabled": False, "no_such_setting": 1},
        {"enabled": False, "id": 2},
        [{"enabled": False}],
        "enabled",
        None,
    ]
    for body in bodies:
        answer = each_world.client("ada").patch(URL, data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 422, body
    assert each_world.client("ada").get(URL).json == DEFAULTS
    assert each_world.read(settings.load) == TrackingSettings()
    assert each_world.read(lambda session: session.scalars(select(TrackingPause)).all()) == []


def test_an_unknown_setting_is_named(world: World) -> None:
    assert "no_such_setting" in world.client("ada").patch(URL, json={"no_such_setting": 1}).json["errors"]


def test_an_empty_change_changes_nothing(world: World) -> None:
    assert world.client("ada").patch(URL, json={}).json == DEFAULTS


def test_changes_of_different_settings_at_once_all_hold(each_world: World) -> None:
    each_world.client("ada").patch(URL, json={"track_inbox": True})
    fields = ["show_only_own_time", "count_idle", "create_unknown_cases"]

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda one: each_world.client("ada").patch(URL, json={one: True}).status_code, fields))

    assert answers == [200, 200, 200]
    stored = each_world.read(settings.load)
    assert all(getattr(stored, one) for one in [*fields, "track_inbox"])


def test_a1_time_counts_while_tracking_is_on_and_only_then(each_world: World) -> None:
    """A1: nothing that was in front while it was off is credited later, and what was before is kept."""
    world = each_world
    works(world, "ana", minutes=5)
    world.client("ada").patch(URL, json={"enabled": False})
    works(world, "ana", minutes=10)
    world.client("ada").patch(URL, json={"enabled": True})
    works(world, "ana", minutes=3)

    commit_all(world)

    assert _automatic(world) == 480
    pauses = world.read(lambda session: session.scalars(select(TrackingPause)).all())
    assert [pause.ended_at - pause.started_at for pause in pauses] == [600_000]


def test_a1_switching_off_twice_is_one_pause(world: World) -> None:
    """A1"""
    ada = world.client("ada")
    for _ in range(2):
        ada.patch(URL, json={"enabled": False})
        world.clock.advance(minutes=1)
    for _ in range(2):
        ada.patch(URL, json={"enabled": True})
        world.clock.advance(minutes=1)

    pauses = world.read(lambda session: session.scalars(select(TrackingPause)).all())
    assert [pause.ended_at - pause.started_at for pause in pauses] == [120_000]


def test_a1_a_pause_holds_over_a_restart(world: World) -> None:
    """A1"""
    world.client("ada").patch(URL, json={"enabled": False})
    again = world.restarted()
    worked(again, "ana", minutes=5)
    assert _automatic(again) == 0
    again.client("ada").patch(URL, json={"enabled": True})
    worked(again, "ana", minutes=5)

    assert _automatic(again) == 300
    again.database.close()


def test_a_wrong_method_is_named(world: World) -> None:
    for method in ("PUT", "POST", "DELETE"):
        answer = world.client("ada").open(URL, method=method, json={})
        assert answer.status_code == 405
        assert answer.content_type == "application/problem+json"
