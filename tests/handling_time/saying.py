"""Ways to say something of one's time over HTTP, and to look at what came of it."""

from typing import Any

from server.clock import iso
from tests.conftest import World

CASES = "/api/v1/cases"


def correct(world: World, who: str, seconds: int, *, case: str = "CAS-1001", reason: str = "lunch") -> Any:
    """The answer to a correction of one's automatic time."""
    body = {"duration_seconds": seconds, "reason": reason}
    return world.client(who).patch(f"{CASES}/{case}/automatic-time", json=body)


def corrected(world: World, who: str, seconds: int, *, case: str = "CAS-1001", reason: str = "lunch") -> dict[str, Any]:
    """One's automatic time in the history after a correction that is taken."""
    answer = correct(world, who, seconds, case=case, reason=reason)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def logged(
    world: World,
    who: str,
    seconds: int,
    *,
    since: int | None = None,
    case: str = "CAS-1001",
    kind: str = "time-logs",
    **more: Any,
) -> dict[str, Any]:
    """An entry of so many seconds that began at `since`; without it, of now."""
    body = {"duration_seconds": seconds, **more} | ({} if since is None else {"worked_at": iso(since)})
    answer = world.client(who).post(f"{CASES}/{case}/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def time_of(world: World, who: str = "sam", *, case: str = "CAS-1001", **query: str) -> dict[str, Any]:
    """The handling time of a case."""
    answer = world.client(who).get(f"{CASES}/{case}/handling-time", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def history_of(world: World, who: str = "sam", *, case: str = "CAS-1001") -> dict[str, Any]:
    """The history of a case."""
    answer = world.client(who).get(f"{CASES}/{case}/history")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def purge(world: World, **rule: Any) -> int:
    """Purge records by a rule; how many went."""
    answer = world.client("ada").post("/api/v1/tracker-records/purge", json={"rule": rule, "dry_run": False})
    assert answer.status_code == 200, answer.text
    return int(answer.json["records"])


def set_tracking(world: World, **changes: Any) -> None:
    """Change tracking settings."""
    answer = world.client("ada").patch("/api/v1/settings/tracking", json=changes)
    assert answer.status_code == 200, answer.text
