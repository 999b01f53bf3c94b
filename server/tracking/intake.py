"""Taking reports in: the same verb for the socket and for HTTP."""

from collections.abc import Set
from typing import Any, TypeAlias

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.cases import cases
from server.tracking import wire
from server.tracking.attention import Policy
from server.tracking.claims import Bounds, Claim, StreamState, after_loss, fold, place
from server.tracking.clock_offset import ClockOffset
from server.tracking.events import App, Event, Refused
from server.tracking.live_store import LiveStream
from server.tracking.models import StreamCursor
from server.tracking.service import Tracking
from server.tracking.spans import Interval

ACCEPTED_AGE_MS = 7 * 24 * 3600 * 1000
_FOREVER = 2**62

Answers: TypeAlias = list[dict[str, Any]]


def take_report(
    tracking: Tracking,
    report: wire.Report,
    *,
    representative_id: int,
    app: App,
    now: int,
    is_own: bool = True,
    username: str | None = None,
) -> Answers:
    """Apply a report to the live store and return the messages to answer with.

    `app` is the sender's, for a stream that never said its own; `is_own` is False where another page delivers what
    one that is gone has left; `username` is the sender's, whom a report that says its `owner` must come from. Any
    number of times, in any order, over any road: an event counts once. Refused for now, nothing applied:
    `rate_limited`, `not_yours`, `gap`.
    """
    stream = report.stream
    if not tracking.buckets.take(representative_id, events=len(report.events), now=now):
        return [_not_now(stream, "reports")]
    if report.owner not in (None, username):
        return [_not_yours(stream)]
    entry = open_stream(tracking, stream, representative_id=representative_id, app=report.app or app, now=now)
    if entry.representative_id != representative_id:
        return [_not_yours(stream)]
    if not _has_room(tracking, entry, report, now):
        return [_not_now(stream, "pages or changes of attention")]
    unknown = _unknown_cases(tracking, report, representative_id, now)
    if unknown is None:
        return [_not_now(stream, "new cases")]
    with tracking.store.lock():
        entry = tracking.store.get(stream) or entry
        if entry.representative_id != representative_id:
            return [_not_yours(stream)]
        placed = place(entry.state.applied, report.first, report.events)
        if placed.expected is not None:
            placed = place(entry.state.applied, report.first, _in_order(report.events))
        if placed.expected is not None:
            message = "Events are missing: send again from the expected one."
            return [wire.error("gap", message, stream=stream, seq=placed.behind, expected=placed.expected)]
        if not placed.fresh and placed.lost is None:
            entry = entry.closed_by(report.events)
            if entry.state.applied:
                tracking.store.put(entry)  # it may come from the database: after a restart the page is live again
                tracking.stir(representative_id)
            return _acknowledged(entry, report)
        before = len(entry.refusals)
        tracking.tally.events += len(placed.fresh)
        entry, errors = _folded(
            tracking, entry, report, placed.fresh, placed.lost, unknown=unknown, now=now, is_own=is_own
        )
        rows = sum(1 for refusal in entry.refusals[before:] if refusal.message) + (placed.lost is not None)
        if rows and not tracking.buckets.spend(representative_id, "set_aside", rows, now=now):
            return [_not_now(stream, "events that are set aside")]
        tracking.store.put(entry)
        tracking.stir(representative_id)
    return errors + _acknowledged(entry, report)


def open_stream(tracking: Tracking, stream: str, *, representative_id: int, app: App, now: int) -> LiveStream:
    """The live entry of a stream; where there is none, one that goes on from the database, or a new one.

    A new entry is not put into the store: an agent that says nothing costs nothing.
    """
    entry = tracking.store.get(stream)
    if entry is not None:
        return entry
    cursor = tracking.database.read(lambda session: session.get(StreamCursor, stream))
    if cursor is not None:
        return from_cursor(cursor, now)
    return LiveStream(representative_id=representative_id, app=app, state=StreamState(stream), touched_at=now)


def policy_of(tracking: Tracking, app: App) -> Policy:
    """The policy in force for pages of this app."""
    settings = tracking.settings.value
    return Policy(app=app, track_inbox=settings.track_inbox, count_idle=settings.count_idle)


def untracked_periods(tracking: Tracking) -> list[Interval]:
    """When tracking was switched off; an open period has no end yet."""
    return [(start, _FOREVER if end is None else end) for start, end in tracking.pauses]


def _folded(
    tracking: Tracking,
    entry: LiveStream,
    report: wire.Report,
    fresh: Any,
    lost: tuple[int, int] | None,
    *,
    unknown: frozenset[str],
    now: int,
    is_own: bool,
) -> tuple[LiveStream, Answers]:
    state = entry.state
    cut: list[Claim] = []
    if lost is not None:
        state, cut = after_loss(state, lost)
        tracking.tally.lost(*lost)
    folded = fold(
        state,
        fresh,
        sent_at=report.sent_at,
        arrival=now,
        is_own=is_own,
        policy=policy_of(tracking, entry.app),
        bounds=Bounds(
            max_gap_ms=wire.MAX_GAP_S * 1000,
            oldest=now - ACCEPTED_AGE_MS,
            untracked=untracked_periods(tracking) if tracking.pauses else (),
            unknown_cases=unknown,
        ),
    )
    errors = [
        wire.error(refusal.code, refusal.message, stream=report.stream, seq=refusal.seq) for refusal in folded.refusals
    ]
    newest = fresh[-1] if fresh else None
    return entry.with_report(folded, newest=newest, lost=lost, cut=cut, now=now), errors


def _has_room(tracking: Tracking, entry: LiveStream, report: wire.Report, now: int) -> bool:
    """Whether the store may hold more of this representative; long before it is full, a commit makes room."""
    limits, store, representative_id = tracking.limits, tracking.store, entry.representative_id
    if store.waiting(representative_id) >= limits.pending_claims_most:
        return False
    if not report.events or store.get(report.stream) is not None:
        return True
    if len(store.of_representative(representative_id)) >= limits.live_streams:
        return False
    return entry.known_to_database or tracking.buckets.spend(representative_id, "streams", 1, now=now)


def _not_now(stream: str, what: str) -> dict[str, Any]:
    return wire.error("rate_limited", f"Too many {what}: keep them and send again in a few seconds.", stream=stream)


def _not_yours(stream: str) -> dict[str, Any]:
    return wire.error(
        "not_yours", "The stream belongs to somebody else: keep it until they sign in again.", stream=stream
    )


def _in_order(events: list[Event | Refused]) -> list[Event | Refused]:
    """The events by `seq`; of several with the same one the first."""
    by_seq: dict[int, Event | Refused] = {}
    for event in events:
        by_seq.setdefault(event.seq, event)
    return [by_seq[seq] for seq in sorted(by_seq)]


def _acknowledged(entry: LiveStream, report: wire.Report) -> Answers:
    """`received`; and `committed` too for a browser that sends what it could have forgotten."""
    stream = entry.state.stream
    answers: Answers = [{"type": "received", "stream": stream, "seq": entry.state.applied}]
    if entry.committed_seq and report.first <= entry.committed_seq:
        answers.append({"type": "committed", "stream": stream, "seq": entry.committed_seq})
    return answers


def _unknown_cases(tracking: Tracking, report: wire.Report, representative_id: int, now: int) -> frozenset[str] | None:
    """Those references in the report that no case has; they are created first where the settings say so.

    None where that would be too many new cases of this representative.
    """
    missing = tracking.known_cases.missing(_refs(report.events))
    if not missing:
        return frozenset()
    possible = {ref for ref in missing if cases.problem_with_ref(ref) is None}
    known = set(tracking.database.read(lambda session: tracking.known_cases.look_up(session, possible)))
    if possible - known and tracking.settings.value.create_unknown_cases:
        if not tracking.buckets.spend(representative_id, "cases", len(possible - known), now=now):
            return None
        _create_cases(tracking, possible - known, now)
        known = possible
    return frozenset(missing - known)


def _create_cases(tracking: Tracking, refs: Set[str], now: int) -> None:
    def create(session: Session) -> None:
        for ref in sorted(refs - cases.ids_of_refs(session, refs).keys()):
            cases.create(session, ref=ref, title=ref, now=now)

    try:
        tracking.database.write(create)
    except IntegrityError:  # somebody else created one of them at the same moment
        tracking.database.write(create)


def _refs(events: list[Event | Refused]) -> set[str]:
    refs: set[str] = set()
    for event in events:
        if isinstance(event, Refused):
            continue
        if event.session is not None and event.session.case is not None:
            refs.add(event.session.case)
        if event.app_tab is not None and event.app_tab.case is not None:
            refs.add(event.app_tab.case)
    return refs


def from_cursor(cursor: StreamCursor, now: int) -> LiveStream:
    """Go on where the last commit left a stream; the claim that was open keeps the instant at which it began."""
    open_claim = None
    if cursor.open_case is not None and cursor.open_began is not None:
        open_claim = Claim(
            case=cursor.open_case,
            stream=cursor.stream,
            began=cursor.open_began,
            started=cursor.credited_to,
            ended=cursor.credited_to,
            started_by=cursor.open_started_by or "",
            ended_by="",
        )
    state = StreamState(
        stream=cursor.stream,
        applied=cursor.applied_seq,
        committable=cursor.committed_seq,
        at=cursor.at,
        mono=cursor.mono,
        instant=cursor.instant,
        run_began=cursor.run_began,
        offset=None if cursor.offset_ms is None else ClockOffset(cursor.offset_ms),
        open_claim=open_claim,
        proves=cursor.proves,
        closed=cursor.closed,
    )
    return LiveStream(
        representative_id=cursor.representative_id,
        app=cursor.app,  # type: ignore[arg-type]  # written from an `App`
        state=state,
        committed_seq=cursor.committed_seq,
        applied_seq=cursor.applied_seq,
        credited_to=cursor.credited_to,
        known_to_database=True,
        touched_at=now,
    )
