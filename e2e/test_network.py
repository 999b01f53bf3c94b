"""Row F19: the network fails in every way. Nothing is lost or doubled, nobody has to do anything, and the widget says
in words that recording goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from e2e.conftest import DemoServer
from e2e.desk import Desk
from e2e.host_page import HostPage
from e2e.recorded import Recorded, overlaps
from e2e.road import Road
from e2e.waiting import until

CASE, OTHER = "CAS-1001", "CAS-1003"
NO_SERVER = ("net::ERR_", "WebSocket connection to")
GOES_ON = "Offline: recording goes on, and is saved by itself later"
NOTICED_S = 60.0
"""Longer than it takes an agent to hold a silent server for gone, and its longest pause before the next try."""
EVENTS = 1_200
LEAST_EVENT_BYTES = 150
"""So few that an outbox of `EVENTS` takes more bytes than that."""


@pytest.fixture
def ana(sits_down: Callable[..., Desk], road: Road) -> Desk:
    """Ana, with a road between her and the server."""
    ana = sits_down("ana", over=road.base_url)
    ana.chromium.expects(*NO_SERVER)
    return ana


def says_that_recording_goes_on(ana: Desk) -> None:
    ana["notes"].filter(has_text=GOES_ON).wait_for(timeout=NOTICED_S * 1000)
    assert ana["state"].inner_text().strip() == "Running"


def says_nothing_of_it_any_more(ana: Desk) -> None:
    until(lambda: ana["notes"].filter(has_text="Offline").count() == 0, what="the widget says nothing of it any more")


def test_f19_a_blocked_port_is_said_and_everything_is_delivered_once_it_is_free(
    ana: Desk, road: Road, recorded: Recorded
) -> None:
    first = ana.opens(OTHER)
    ana.runs(OTHER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    ana.does("finds the port blocked", road.is_blocked)
    says_that_recording_goes_on(ana)
    moved = ana.selects(OTHER)
    says_that_recording_goes_on(ana)
    back = ana.selects(CASE)
    ana.says(running=CASE, undelivered="2")
    ana.does("finds the port free", road.flows)
    until(lambda: ana.status()["connection"] == "online", timeout_s=NOTICED_S, what="the agent is back by itself")
    ana.runs(CASE)
    says_nothing_of_it_any_more(ana)
    closed = ana.closes(CASE)
    ana.runs(OTHER)
    ended = ana.closes(OTHER)
    ana.stands("no-case")

    recorded.are(
        ana.worked(OTHER, first, opened),
        ana.worked(CASE, opened, moved),
        ana.worked(OTHER, moved, back),
        ana.worked(CASE, back, closed),
        ana.worked(OTHER, closed, ended),
    )
    assert overlaps(recorded.records()) == []


def test_f19_connections_that_break_again_and_again_cost_nothing(ana: Desk, road: Road, recorded: Recorded) -> None:
    """(X1, X3) Each time at another step: while events are on their way, while acknowledgements are."""
    ana.patience_s = NOTICED_S  # whose connections break at once waits longer each time, up to half a minute
    opened = ana.opens(CASE)
    ana.runs(CASE)
    ana.opens_record("knowledgearticle", "KA-101")
    for tab in ("form", "knowledgearticle-KA-101", "form"):
        ana.selects_app_tab(tab)
        road.breaks()
        ana.runs(CASE)
        recorded.handling_time(CASE, refresh=True)
        road.breaks()
        ana.runs(CASE)
    closed = ana.closes(CASE)
    road.breaks()
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, closed))


def test_f19_a_server_that_is_half_open_is_given_up_and_gets_everything_when_it_is_back(
    ana: Desk, road: Road, recorded: Recorded
) -> None:
    """(X4) Nothing comes through and nobody is told. The agent notices by itself, and so does the server."""
    first = ana.opens(OTHER)
    ana.runs(OTHER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    recorded.grows("ana", CASE)
    ana.does("hears nothing of the server any more", road.stands_still)
    moved = ana.selects(OTHER)
    ana.says(running=OTHER, connection="online", undelivered="1")
    says_that_recording_goes_on(ana)
    ana.does("hears of it again", road.flows)
    until(lambda: ana.status()["connection"] == "online", timeout_s=NOTICED_S, what="the agent is back")
    ana.runs(OTHER)
    closed = ana.closes(OTHER)
    ana.runs(CASE)
    ended = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(
        ana.worked(OTHER, first, opened),
        ana.worked(CASE, opened, moved),
        ana.worked(OTHER, moved, closed),
        ana.worked(CASE, closed, ended),
    )


def test_f19_a_server_that_is_away_while_the_work_goes_on_gets_all_of_it(
    ana: Desk, server: DemoServer, recorded: Recorded
) -> None:
    """Until a beat is due, with work on several cases; it is delivered when the server is back, without a click."""
    first = ana.opens(OTHER)
    ana.runs(OTHER)
    opened = ana.opens(CASE)
    ana.runs(CASE)
    server.kill()
    says_that_recording_goes_on(ana)
    moved = ana.selects(OTHER)
    until(lambda: int(ana.status()["undelivered"]) >= 2, timeout_s=NOTICED_S, what="a beat waits for the server")
    says_that_recording_goes_on(ana)
    closed = ana.closes(OTHER)
    server.start()
    until(lambda: ana.status()["connection"] == "online", timeout_s=NOTICED_S, what="the agent is back by itself")
    ana.runs(CASE)
    says_nothing_of_it_any_more(ana)
    ended = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(
        ana.worked(OTHER, first, opened),
        ana.worked(CASE, opened, moved),
        ana.worked(OTHER, moved, closed),
        ana.worked(CASE, closed, ended),
    )


def test_x33_a_token_that_ends_in_mid_drain_costs_nothing_and_the_next_one_goes_on_where_it_ended(
    ana: Desk, road: Road, server: DemoServer, foreign_helpdesk: HostPage, recorded: Recorded
) -> None:
    """Row X33: the server closes the socket, the page says so in words, and asks for a token again by itself."""
    ana.chromium.expects("401")
    first, second = (server.run("token", "issue", "ana", "--label", label) for label in ("first", "second"))
    opened = ana.does("opens a helpdesk", lambda: ana.page.goto(foreign_helpdesk.shows(road.base_url, first)))
    until(lambda: agent_of(ana)["connection"] == "online", what="its agent is connected")
    ana.does("finds the port blocked", road.is_blocked)
    until(lambda: agent_of(ana)["connection"] == "offline", what="its agent is cut off")
    ana.page.evaluate("(events) => { for (; events; events--) agent.note('dialog'); }", EVENTS)

    road.stands_still_after(EVENTS * LEAST_EVENT_BYTES)
    until(lambda: road.is_still, timeout_s=NOTICED_S, what="a part of it is on its way")
    server.run("token", "revoke", id_of_token(server, "first"))
    until(lambda: "access has ended" in server.log, timeout_s=NOTICED_S, what="the server closes the socket")
    road.flows()
    ana["notes"].filter(has_text="Signed out: recording goes on. Sign in again to save it").wait_for()
    assert 0 < agent_of(ana)["undelivered"] < EVENTS
    ana.page.evaluate("(next) => void (token = next)", second)
    until(lambda: agent_of(ana)["undelivered"] == 0, timeout_s=NOTICED_S, what="the next token delivers the rest")
    until(lambda: ana["notes"].filter(has_text="Signed out").count() == 0, what="nothing is said of it any more")
    closed = ana.does("goes away", lambda: ana.page.goto("about:blank"))

    recorded.are(ana.worked(CASE, opened, closed))
    assert recorded.losses() == []


def agent_of(desk: Desk) -> dict[str, Any]:
    """What the agent of a page of another host says of itself."""
    return desk.page.evaluate("() => agent.status")


def id_of_token(server: DemoServer, label: str) -> str:
    tokens = [line.split("\t") for line in server.run("token", "list", "ana").splitlines()]
    return next(token for token, *_, its_label in tokens if its_label == label)
