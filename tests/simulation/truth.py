"""What pages prove, told from all that happened on them at once: without reports, servers, commits and restarts."""

from itertools import pairwise
from typing import Any

from tests.simulation.agent import attended
from tests.simulation.intervals import Span, union, within
from tests.simulation.knowledge import Page, Segment

GAP_MS = 60_000
AGREE_MS = 2_000


def differences(
    pages: dict[str, Page],
    history: list[Segment],
    *,
    settings: dict[str, Any],
    known_cases: set[str],
    pauses: list[tuple[int, int]],
) -> list[str]:
    """Streams of which the history has other time than they proved; those that lost events are passed over."""
    found: dict[str, list[Span]] = {}
    for segment in history:
        found.setdefault(segment.stream, []).append((segment.start, segment.end))
    wrong = []
    for stream, spans in found.items():
        page = pages[stream]
        cases = [attended(page.log.app or "", settings, event) for event in page.told]
        shown = [
            case if case in known_cases and not within(event["at"], pauses) else None
            for case, event in zip(cases, page.told, strict=True)
        ]
        credited, right = union(spans), union(proven(page, shown))
        if credited != right and not page.lost:
            wrong.append(f"{stream}: {credited} instead of {right}")
    return wrong


def proven(page: Page, shown: list[str | None]) -> list[Span]:
    """The time between neighbouring events in front of a case; of what an idle event ends, up to the last input.

    It is cut back to where its run began at most, and to the last event that does not say when the last input was.
    """
    claimed: list[Span] = []
    running, since = None, 0
    for (one, other), case in zip(pairwise(page.told), shown[:-1], strict=True):
        if case != running or "quiet" not in one:
            since = one["at"]
        apart = other["at"] - one["at"]
        is_near = apart <= GAP_MS and abs(apart - (other["mono"] - one["mono"])) <= AGREE_MS
        running = case if is_near else None
        if running is None:
            continue
        claimed.append((one["at"], other["at"]))
        if other["idle"] and "quiet" in other:
            last_input = max(each.at for each in page.inputs if each.at <= other["at"])
            claimed = [(start, min(end, max(since, last_input))) for start, end in claimed]
    return claimed
