"""`/metrics`: what the figures say, who may read them, and that they name nobody."""

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server import jobs
from server.app import create_app
from tests.conftest import World
from tests.outside_client import AgentSocket, Closed, wall_ms
from tests.reports_of_agents import Page
from tests.server_process import ServerProcess
from tests.waiting import until
from tests.work import commit_all, send, worked, works

TOKEN = "a-token-of-the-operator"


def _figures(text: str) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _of(world: World) -> dict[tuple[str, ...], float]:
    answer = world.client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return _figures(answer.text)


def test_time_is_followed_from_its_report_to_its_commit(each_world: World) -> None:
    world = each_world
    page = works(world, "ana", minutes=2)
    before = _of(world)
    assert before["caseclock_events_taken_total",] == len(page.events)
    assert before["caseclock_reports_total", "http"] == 1
    assert before["caseclock_uncommitted_seconds",] == 120
    assert before["caseclock_oldest_uncommitted_proof_age_seconds",] == 120
    assert before["caseclock_live_streams",] == before["caseclock_live_representatives",] == 1
    assert before["caseclock_pending_claims",] == 1
    assert before["caseclock_records_written_total",] == before["caseclock_credited_seconds_total",] == 0
    assert before["caseclock_update_interval_seconds",] == 600

    writes = before["caseclock_database_write_duration_seconds_count",]
    commit_all(world)
    send(world, "ana", page)
    after = _of(world)

    assert after["caseclock_records_written_total",] == 1
    assert after["caseclock_credited_seconds_total",] == 120
    assert after["caseclock_uncommitted_seconds",] == after["caseclock_oldest_uncommitted_proof_age_seconds",] == 0
    assert after["caseclock_commit_duration_seconds_count",] == 1
    assert after["caseclock_database_write_duration_seconds_count",] == writes + 1
    assert after["caseclock_reports_total", "http"] == 2
    assert after["caseclock_events_taken_total",] == len(page.events), "a resend brings nothing new"
    assert after["caseclock_last_commit_run_timestamp_seconds",] == world.clock.now / 1000
    assert after["caseclock_http_responses_total", "2xx"] >= 3


def test_what_was_refused_is_counted_by_its_code(world: World) -> None:
    world.client("ada").patch("/api/v1/settings/tracking", json={"create_unknown_cases": False})
    page = works(world, "ana", minutes=1)
    strange = Page(world.clock.now)
    strange.works(world.clock.now, world.clock.advance(minutes=1), "NO-SUCH-CASE")
    send(world, "ana", strange)
    reports = "/api/v1/agent/reports"
    hole = page.report(world.clock.now, since=2) | {"stream": "other-stream"}
    assert world.client("ana").post(reports, json=hole).status_code == 409
    assert world.client("ben").post(reports, json=page.report(world.clock.now)).status_code == 403

    figures = _of(world)

    assert figures["caseclock_refusals_total", "gap"] == 1
    assert figures["caseclock_refusals_total", "not_yours"] == 1
    assert figures["caseclock_refusals_total", "unknown_case"] == 3
    assert figures["caseclock_reports_total", "http"] == 4


def test_time_that_comes_late_to_a_covered_place_is_counted_and_not_credited(world: World) -> None:
    start = world.clock.now
    worked(world, "ana", minutes=3)
    other = Page(start)
    other.works(start + 60_000, start + 240_000, "CAS-1002")
    world.clock.advance(minutes=2)
    send(world, "ana", other)
    world.client("ana").get("/api/v1/cases/CAS-1002/handling-time?live=true")
    assert _of(world)["caseclock_late_seconds_total",] == 0, "looking counts nothing"
    commit_all(world)

    figures = _of(world)
    assert figures["caseclock_late_seconds_total",] == 120
    assert figures["caseclock_credited_seconds_total",] == 240


def test_a_hole_that_nobody_can_fill_is_counted(world: World) -> None:
    page = works(world, "ana", minutes=1)
    page.works(world.clock.now, world.clock.advance(minutes=2))
    last = page.events[-1]["seq"]
    answer = world.client("ana").post(
        "/api/v1/agent/reports", json=page.report(world.clock.now, since=last, first=last)
    )
    assert answer.status_code == 200

    figures = _of(world)
    assert figures["caseclock_stream_losses_total",] == 1
    assert figures["caseclock_lost_events_total",] == last - 1 - 4


def test_a_commit_and_a_job_that_fail_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    works(world, "ana", minutes=1)

    def fails(*_: Any) -> None:
        raise OSError("no disk")

    monkeypatch.setattr("server.tracking.commit._take", fails)
    with pytest.raises(OSError, match="no disk"):
        commit_all(world)
    world.tracking.committed_at[world.ids["ana"]] = 0
    jobs._guarded(world.app, world.tracking, jobs.jobs(world.tracking)[0])

    figures = _of(world)
    assert figures["caseclock_commit_failures_total",] == 2
    assert figures["caseclock_commit_duration_seconds_count",] == 2
    assert figures["caseclock_job_runs_total", "commit"] == figures["caseclock_job_failures_total", "commit"] == 1


def test_a_representative_whose_commit_is_refused_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    works(world, "ana", minutes=1)

    def refuses(*_: Any, **__: Any) -> None:
        raise ValueError("no such zone")

    monkeypatch.setattr("server.tracking.commit._write", refuses)
    commit_all(world)

    assert _of(world)["caseclock_refused_commits_total",] == 1


def test_no_figure_names_a_person_a_case_or_a_stream(world: World) -> None:
    page = worked(world, "ana", "CAS-1002", minutes=1)

    text = world.client().get("/metrics").text

    for word in ("ana", "Ana Duarte", "CAS-1002", page.stream, "Northwind"):
        assert word not in text.replace("caseclock_", "")


def test_two_applications_count_each_for_itself(world: World) -> None:
    works(world, "ana", minutes=1)

    assert _of(world.restarted())["caseclock_events_taken_total",] == 0


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.5"}, 403),
        ("127.0.0.1", {"X-Real-IP": "10.0.0.5"}, 403),
        ("10.0.0.5", {}, 403),
        ("10.0.0.5", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"Authorization": f"Bearer {TOKEN}"}, 401),
    ],
)
def test_without_a_token_only_this_computer_reads_them(
    world: World, address: str, headers: dict[str, str], status: int
) -> None:
    """X80: and a proxy on this computer does not pass for it."""
    answer = world.client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == status
    assert ("caseclock_agents" in answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("address", "given", "status"),
    [
        ("10.0.0.5", f"Bearer {TOKEN}", 200),
        ("127.0.0.1", f"Bearer {TOKEN}", 200),
        ("127.0.0.1", None, 401),
        ("127.0.0.1", f"Bearer {TOKEN[:-1]}", 401),
        ("127.0.0.1", TOKEN, 401),
        ("127.0.0.1", "Bearer ", 401),
        ("127.0.0.1", "Bearer \xe9", 401),
    ],
)
def test_with_a_token_whoever_sends_it_reads_them(world: World, address: str, given: str | None, status: int) -> None:
    config = type(world.config)(
        **{name: getattr(world.config, name) for name in world.config.__slots__} | {"metrics_token": TOKEN}
    )
    client = create_app(config, now=world.clock).test_client()
    headers = {} if given is None else {"Authorization": given}

    assert client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address}).status_code == status


def test_a_person_s_token_opens_no_metrics(world: World) -> None:
    assert world.client("ada").get("/metrics").status_code == 401


def test_agents_and_the_codes_they_were_closed_with(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        server.add_person("ana")

        def figures() -> dict[tuple[str, ...], float]:
            return _figures(str(server.call("GET", "/metrics")[1]))

        with AgentSocket(server.base_url) as agent:
            agent.hello(server.token("ana"))
            assert figures()["caseclock_agents",] == 1
        with AgentSocket(server.base_url) as stranger:
            stranger.send({"type": "hello", "protocol": 1, "stream": "some-stream", "sent_at": wall_ms(), "token": "x"})
            assert stranger.close_code() == 4401
        with AgentSocket(server.base_url) as odd:
            odd.hello(server.token("ana"))
            odd.send_frame(b"\x0f\xa1", 8)  # 4001, which nobody here speaks
            with pytest.raises(Closed):
                odd.next()
        until(lambda: figures().get(("caseclock_sockets_closed_total", "other")) == 1, what="the odd code is counted")
        until(lambda: figures().get(("caseclock_sockets_closed_total", "1006")) == 1, what="the cut is counted")
        found = figures()
        assert found["caseclock_sockets_closed_total", "4401"] == 1
        assert found["caseclock_agents",] == 0
        assert found["process_resident_memory_bytes",] > 0
