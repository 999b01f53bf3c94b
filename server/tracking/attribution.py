"""From claims to credited spans: at every instant one representative works on at most one case.

Pure. The claims of one representative, from all pages, browsers and devices, may overlap. Where they do, the claim
that *began* last wins (at the same instant the greater stream id); when it ends, an older one that still holds goes
on. Periods that count for nothing are cut out first: those in which the case was resolved, and those in which
tracking was switched off. What is already committed, or was purged, is cut out last and stays as it is.

    phone    A [---------------------)
    desk              B [-------)
    credit   A [-------)B [-----)A [-)
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from server.tracking.claims import Claim
from server.tracking.spans import Interval, subtract, total, union


class Span(Struct, frozen=True, gc=False):
    """Credited time `[started, ended)` of one representative on one case, in milliseconds since the epoch.

    `stream` proved it; `started_by` and `ended_by` are the causes of the events at its ends, or why the time on the
    other side of an end belongs elsewhere: `overlap`, `resolve`, `tracking-off`, `committed`.
    """

    case: str
    stream: str
    started: int
    ended: int
    started_by: str
    ended_by: str


def attribute(
    claims: Iterable[Claim],
    *,
    resolved: Mapping[str, Sequence[Interval]] | None = None,
    untracked: Sequence[Interval] = (),
    taken: Iterable[Interval] = (),
) -> list[Span]:
    """Turn one representative's claims into disjoint spans, sorted by start.

    `resolved` maps a case to the periods in which it was resolved, `untracked` are the periods in which tracking was
    off, `taken` is what the representative has credited already (or had, before a purge).
    """
    countable = list(claims)
    if resolved:
        countable = [
            part for claim in countable for part in _cut(claim, union(resolved.get(claim.case, ())), "resolve")
        ]
    off, occupied = union(untracked), union(taken)
    if off:
        countable = [part for claim in countable for part in _cut(claim, off, "tracking-off")]
    credited = _newest_wins([claim for claim in countable if claim.started < claim.ended])
    if occupied:
        credited = [part for piece in credited for part in _cut(piece, occupied, "committed")]
    return [
        Span(piece.case, piece.stream, piece.started, piece.ended, piece.started_by, piece.ended_by)
        for piece in _joined(credited)
    ]


def covered_ms(claims: Iterable[Claim], taken: Iterable[Interval]) -> int:
    """How much of one representative's claims lies in what is credited already."""
    claimed, occupied = union((claim.started, claim.ended) for claim in claims), union(taken)
    return total(claimed) - sum(total(subtract(interval, occupied)) for interval in claimed)


def _cut(claim: Claim, holes: Sequence[Interval], reason: str) -> list[Claim]:
    """A claim without the holes; it keeps the instant at which it began, so a cut does not change who wins."""
    if not holes:
        return [claim] if claim.started < claim.ended else []
    return [
        replace(
            claim,
            started=start,
            ended=end,
            started_by=claim.started_by if start == claim.started else reason,
            ended_by=claim.ended_by if end == claim.ended else reason,
        )
        for start, end in subtract((claim.started, claim.ended), holes)
    ]


def _newest_wins(claims: Sequence[Claim]) -> list[Claim]:
    """Sweep over the ends of the claims; between two of them the newest claim that holds has the time."""
    coming = sorted(claims, key=lambda claim: claim.started)
    if all(one.ended <= other.started for one, other in pairwise(coming)):
        return coming
    instants = sorted({claim.started for claim in claims} | {claim.ended for claim in claims})
    holding: list[tuple[int, _Reversed, int, Claim]] = []
    won: list[Claim] = []
    next_claim = 0
    for start, end in pairwise(instants):
        while next_claim < len(coming) and coming[next_claim].started <= start:
            claim = coming[next_claim]
            heapq.heappush(holding, (-claim.began, _Reversed(claim.stream), next_claim, claim))
            next_claim += 1
        while holding and holding[0][3].ended <= start:
            heapq.heappop(holding)
        if holding:
            claim = holding[0][3]
            won.append(
                replace(
                    claim,
                    started=start,
                    ended=end,
                    started_by=claim.started_by if start == claim.started else "overlap",
                    ended_by=claim.ended_by if end == claim.ended else "overlap",
                )
            )
    return won


def _joined(pieces: Iterable[Claim]) -> list[Claim]:
    """Pieces that touch and came from the same stream and case become one."""
    joined: list[Claim] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.ended == piece.started
            and (last.stream, last.case, last.began) == (piece.stream, piece.case, piece.began)
        ):
            joined[-1] = replace(last, ended=piece.ended, ended_by=piece.ended_by)
        else:
            joined.append(piece)
    return joined


class _Reversed(str):
    """A string that sorts backwards, so that the greater stream id comes first."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
