"""Whose clock runs in one snapshot: the rows F1 to F14, and the table shared with the agent's mirror."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.tracking.attention import Policy, attended_case
from server.tracking.claims import Bounds, StreamState, fold
from server.tracking.events import AppTab, CaseForm, Event, SessionTab
from tests.tracking.strategies import NOON, shows

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "attention.json").read_text(encoding="utf-8")
)

WORKSPACE = Policy()
HUB = Policy(app="hub")
EMBED = Policy(app="embed")
WITH_INBOX = Policy(track_inbox=True)
COUNTING_IDLE = Policy(count_idle=True)

A, B = "CAS-1001", "CAS-1002"
ARTICLE = AppTab("t1", "knowledgearticle")
CHILD_CASE = AppTab("t2", "incident", B)
INBOX = SessionTab("s9", "inbox", A)
WIDGET = CaseForm("main", widget=True)
NO_WIDGET = CaseForm("main")
UNTRACKED = CaseForm("other", tracked=False, widget=True)

ROWS: list[tuple[str, Policy, dict[str, Any], str | None]] = [
    ("F1 a case in front", WORKSPACE, {}, A),
    ("F1 in a foreign helpdesk", EMBED, {}, A),
    ("F2 an article as app tab", WORKSPACE, {"app_tab": ARTICLE}, A),
    ("F2 an article over a session without a case", WORKSPACE, {"app_tab": ARTICLE, "case": None}, None),
    ("F3 a child case as app tab", WORKSPACE, {"app_tab": CHILD_CASE}, B),
    ("F3 a case as app tab of a session without one", WORKSPACE, {"app_tab": CHILD_CASE, "case": None}, B),
    ("F4 the session tab was closed", WORKSPACE, {"session": None}, None),
    ("F4 the app tab stays without its session", WORKSPACE, {"session": None, "app_tab": CHILD_CASE}, None),
    ("F4 the app tab of the case was closed", WORKSPACE, {"app_tab": None}, A),
    ("F5 another session tab", WORKSPACE, {"session": SessionTab("s2", "case", B)}, B),
    ("F6 resolved periods are cut out later, the snapshot still attends", WORKSPACE, {"cause": "resolve"}, A),
    ("F7 switched away", WORKSPACE, {"focused": False}, None),
    ("F7 minimised", WORKSPACE, {"visible": False}, None),
    ("F7 minimised and left", WORKSPACE, {"visible": False, "focused": False}, None),
    ("F8 a form that is not tracked", WORKSPACE, {"form": UNTRACKED}, None),
    ("F8 back on the tracked form", WORKSPACE, {"form": NO_WIDGET}, A),
    ("F9 the screen is locked", WORKSPACE, {"locked": True}, None),
    ("F10 a dialog over the form", WORKSPACE, {"cause": "dialog"}, A),
    ("F11 the inbox", WORKSPACE, {"session": INBOX}, None),
    ("F11 a case as app tab inside the inbox", WORKSPACE, {"session": INBOX, "app_tab": CHILD_CASE}, None),
    ("F11 the inbox, tracked by a setting", WITH_INBOX, {"session": INBOX}, A),
    ("F12 a new case before its first save", WORKSPACE, {"case": None}, None),
    ("F12 a new case after its first save", WORKSPACE, {"cause": "case"}, A),
    ("F13 a workspace form without widget", WORKSPACE, {"form": NO_WIDGET}, A),
    ("F13 a foreign helpdesk's form without widget", EMBED, {"form": NO_WIDGET}, A),
    ("F14 hub with widget", HUB, {"form": WIDGET}, A),
    ("F14 hub without widget", HUB, {"form": NO_WIDGET}, None),
    ("F14 hub without a known form", HUB, {}, None),
    ("F14 hub, another form", HUB, {"form": UNTRACKED}, None),
    ("F14 hub, another entity", HUB, {"form": WIDGET, "case": None}, None),
    ("F14 hub, out of focus", HUB, {"form": WIDGET, "focused": False}, None),
    ("F21 idle, where the policy stops the clock", WORKSPACE, {"idle": True}, None),
    ("F21 idle, where the policy counts it", COUNTING_IDLE, {"idle": True}, A),
    ("F9 locked, where the policy counts idle time", COUNTING_IDLE, {"idle": True, "locked": True}, None),
]


@pytest.mark.parametrize(("policy", "facts", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_row_of_the_table_decides_whose_clock_runs(
    policy: Policy, facts: dict[str, Any], expected: str | None
) -> None:
    assert attended_case(shows(1, 0, **facts), policy) == expected


def test_every_row_from_f1_to_f14_has_a_line() -> None:
    assert {f"F{number}" for number in range(1, 15)} <= {row[0].split()[0] for row in ROWS}


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{vector['id']} {vector['title']}" for vector in VECTORS])
def test_the_server_decides_as_the_shared_table_says(vector: dict[str, Any]) -> None:
    event = _event(vector["snapshot"])
    policy = Policy(
        app=vector["app"], track_inbox=vector["policy"]["track_inbox"], count_idle=vector["policy"]["count_idle"]
    )
    if vector["policy"]["enabled"]:
        assert attended_case(event, policy) == vector["expect"]
    assert _claimed_over_a_beat(event, policy, enabled=vector["policy"]["enabled"]) == vector["expect"]


def test_the_shared_table_is_not_empty_and_knows_tracking_switched_off() -> None:
    """A1: the vectors with tracking off must not be skipped in silence."""
    assert len(VECTORS) >= 30
    assert any(not vector["policy"]["enabled"] for vector in VECTORS)


def _event(snapshot: dict[str, Any]) -> Event:
    return msgspec.convert({"seq": 1, "at": NOON, "mono": 0, "cause": "open", **snapshot}, Event)


def _claimed_over_a_beat(event: Event, policy: Policy, *, enabled: bool) -> str | None:
    """The case that gets the twenty seconds after this snapshot, from the fold itself."""
    bounds = Bounds(60_000, 0, () if enabled else ((NOON - 1, NOON + 60_000),))
    later = shows(2, 20_000, focused=False)
    folded = fold(StreamState("aaaa"), [event, later], sent_at=later.at, arrival=later.at, policy=policy, bounds=bounds)
    if enabled:
        assert not folded.refusals
    assert all((claim.started, claim.ended) == (NOON, NOON + 20_000) for claim in folded.claims)
    return folded.claims[0].case if folded.claims else None
