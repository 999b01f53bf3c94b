"""S3: what somebody does right now, from their streams alone."""

from typing import Any

import pytest

from server.reports.presence import AWAY, IDLE, MAX_GAP_MS, OFFLINE, WORKING, Presence, presence, why_not
from server.tracking.attention import Policy, attended_case
from server.tracking.claims import Claim, StreamState
from server.tracking.events import AppTab, CaseForm, Event, SessionTab
from server.tracking.live_store import LiveStream

NOW = 1_795_176_000_000
MINE = SessionTab("s1", "case", "A")


def event(**facts: Any) -> Event:
    shown = {"visible": True, "focused": True, "locked": False, "idle": False, "session": MINE, **facts}
    return Event(1, NOW, 0, "focus", **shown)


def stream(
    name: str = "one",
    *,
    case: str | None = None,
    began: int = NOW - 5_000,
    heard: int = NOW,
    latest: Event | None = None,
    closed: bool = False,
) -> LiveStream:
    """A stream heard of at `heard`, which has attended `case` since `began`."""
    claim = None if case is None else Claim(case, name, began, began, heard, "focus", "")
    state = StreamState(name, applied=1, instant=heard, open_claim=claim, closed=closed)
    return LiveStream(1, "workspace", state, latest=latest)


def look(*entries: LiveStream, connected: set[str] | None = None, now: int = NOW, **more: Any) -> Presence:
    return presence(entries, connected or set(), now=now, policy_of=lambda app: Policy(app), **more)


def test_s3_the_claim_that_began_last_has_the_clock() -> None:
    """S3: the rule of attribution, at the same instant the greater stream too."""
    older, newer = stream("one", case="A", began=NOW - 9_000), stream("two", case="B", began=NOW - 3_000)

    for entries in ((older, newer), (newer, older)):
        assert look(*entries).is_as(Presence(WORKING, NOW - 3_000, "B"))
    same = stream("zed", case="C", began=NOW - 3_000)
    assert look(same, newer).case == "C"


def test_s3_where_the_newest_case_is_resolved_the_older_one_goes_on() -> None:
    """S3"""
    older, newer = stream("one", case="A", began=NOW - 9_000), stream("two", case="B", began=NOW - 3_000)

    assert look(older, newer, resolved={"B"}).case == "A"
    both = look(older, newer, resolved={"A", "B"})
    assert (both.state, both.reason) == (AWAY, "resolved")


def test_s3_a_page_that_attends_goes_silent_after_the_greatest_gap() -> None:
    """S3: to the millisecond; its open socket does not help, for it is frozen."""
    page = stream("one", case="A")
    there = look(page)

    assert there.due_at == NOW + MAX_GAP_MS + 1
    assert look(page, now=there.due_at - 1).state == WORKING
    for connected in (set(), {"one"}):
        gone = look(page, connected=connected, now=there.due_at)
        assert (gone.state, gone.since) == (OFFLINE, NOW)


def test_s3_a_page_that_attends_nothing_is_there_as_long_as_its_socket_is() -> None:
    """S3"""
    page = stream("one", latest=event(focused=False), heard=NOW - 3_600_000)

    there = look(page, connected={"one"})
    assert there == Presence(AWAY, NOW - 3_600_000, reason="unfocused")
    assert look(page).state == OFFLINE


def test_s3_who_has_no_page_is_offline_and_who_has_said_nothing_yet_is_away() -> None:
    """S3"""
    assert look() == Presence(OFFLINE)
    assert look(stream(latest=event(), closed=True), connected={"one"}).state == OFFLINE
    assert look(connected={"one"}).state == AWAY


def test_s3_idle_is_who_would_be_working() -> None:
    """S3"""
    assert look(stream(latest=event(idle=True))).is_as(Presence(IDLE, NOW, "A", "idle"))
    assert look(stream(latest=event(idle=True, quiet=300_000))).since == NOW - 300_000
    assert look(stream(latest=event(idle=True, locked=True))).reason == "locked"


def test_s3_while_tracking_is_off_nobody_works() -> None:
    """S3"""
    off = look(stream(case="A"), is_tracked=False)
    assert (off.state, off.reason) == (AWAY, "tracking-off")


@pytest.mark.parametrize(
    ("facts", "app", "reason"),
    [
        ({"locked": True}, "workspace", "locked"),
        ({"visible": False, "focused": False}, "workspace", "hidden"),
        ({"focused": False}, "workspace", "unfocused"),
        ({"idle": True}, "workspace", "idle"),
        ({"session": None}, "workspace", "no-case"),
        ({"session": SessionTab("s1", "case", None)}, "workspace", "no-case"),
        ({"session": SessionTab("s1", "inbox", "A")}, "workspace", "inbox"),
        ({"form": CaseForm("f", tracked=False)}, "workspace", "untracked-form"),
        ({"form": CaseForm("f", widget=False)}, "hub", "no-widget"),
        ({"form": None}, "hub", "no-widget"),
    ],
)
def test_s3_a_reason_is_given_where_no_clock_runs(facts: dict[str, Any], app: Any, reason: str) -> None:
    """S3"""
    policy = Policy(app)

    assert attended_case(event(**facts), policy) is None
    assert why_not(event(**facts), policy) == reason


def test_s3_an_attended_case_that_gives_no_time_was_not_counted() -> None:
    """S3: such as one that nobody knows."""
    shown = event(app_tab=AppTab("a1", "case", "B"))

    assert why_not(shown, Policy()) == "not-counted"


def test_s3_only_what_can_be_seen_is_a_change() -> None:
    """S3: a beat moves nothing but the instant at which a page would be silent."""
    working = Presence(WORKING, NOW, "A", due_at=NOW + 60_000)

    assert working.is_as(Presence(WORKING, NOW, "A", due_at=NOW + 80_000))
    assert not working.is_as(Presence(WORKING, NOW + 1, "A"))
    assert not working.is_as(Presence(WORKING, NOW, "B"))
    assert Presence(AWAY, NOW, reason="hidden").is_as(Presence(AWAY, NOW + 9, reason="hidden"))
    assert not Presence(AWAY, NOW, reason="hidden").is_as(Presence(AWAY, NOW, reason="locked"))
    assert Presence(OFFLINE, NOW).is_as(Presence(OFFLINE))
