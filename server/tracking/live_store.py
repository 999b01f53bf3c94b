"""Time that is not yet in the database: one entry per stream, in memory.

The store holds values and knows no rules. It may be lost at any moment: browsers keep their events until a commit
covers them. `LiveStore` is the interface; a store that several processes share would key it the same way, by stream.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from server.tracking.claims import CLOSE, Claim, Folded, Refusal, StreamState, settle, shifted, trimmed
from server.tracking.events import App, Event, Refused


class LiveStream(Struct, frozen=True, gc=False):
    """One stream: its state, and what waits for the next commit.

    `committed_seq`, `applied_seq` and `credited_to` are what the cursor in the database says; `known_to_database`
    whether there is one at all.
    `pending` are ended claims; the open one is in the state. `touched_at` is the arrival of its last report, `latest`
    its newest event, unless it was set aside or came before a restart.
    """

    representative_id: int
    app: App
    state: StreamState
    committed_seq: int = 0
    applied_seq: int = 0
    credited_to: int = 0
    known_to_database: bool = False
    pending: tuple[Claim, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    losses: tuple[tuple[int, int], ...] = ()
    touched_at: int = 0
    latest: Event | None = None

    @property
    def is_dirty(self) -> bool:
        """Whether a commit would change anything."""
        return bool(
            self.state.applied > self.applied_seq
            or self.state.committable > self.committed_seq
            or self.pending
            or self.refusals
            or self.losses
        )

    @property
    def waiting(self) -> int:
        """How much of it waits for a commit: claims, and what is set aside."""
        return len(self.pending) + len(self.refusals) + len(self.losses)

    def claims(self) -> list[Claim]:
        """What is proven, settled and not yet committed, the claim that still holds included."""
        claims = list(self.pending)
        held = self.state.open_claim
        if held is not None and held.started < held.ended:
            claims.append(held)
        return claims

    def claims_so_far(self) -> list[Claim]:
        """The same as it stands now: with what is provisional."""
        return replace(self, state=settle(self.state)).claims()

    def has_claim_on(self, case: str) -> bool:
        """Whether a commit after a beat would give this case time: it is attended now, or something of it waits."""
        held = self.state.open_claim
        return (held is not None and held.case == case) or any(claim.case == case for claim in self.pending)

    def with_report(
        self,
        folded: Folded,
        *,
        lost: tuple[int, int] | None,
        cut: Sequence[Claim],
        now: int,
        newest: Event | Refused | None = None,
    ) -> "LiveStream":
        """The entry after a report was folded into it; `cut` are claims that a loss ended before."""
        pending = (*self.pending, *cut) if cut else self.pending
        if folded.anchor_shift_ms:
            pending = tuple(
                shifted(claim, folded.anchor_shift_ms) or claim if claim.started >= folded.anchor_since else claim
                for claim in pending
            )
        return replace(
            self,
            state=folded.state,
            pending=(*pending, *folded.claims) if folded.claims else pending,
            refusals=(*self.refusals, *_lean(self.refusals, folded.refusals)) if folded.refusals else self.refusals,
            losses=(*self.losses, lost) if lost else self.losses,
            touched_at=now,
            latest=newest if isinstance(newest, Event) else self.latest,
        )

    def closed_by(self, told_again: Sequence[Event | Refused]) -> "LiveStream":
        """The entry once its browser says that the page is gone, with a `seq` that was applied already.

        A crash may cost the browser its last writes; then it ends the stream with a number that had another event. If
        events behind that number were applied, it may also be an old report of a page that has spoken since.
        """
        last = told_again[-1] if told_again else None
        if self.state.closed or last is None or isinstance(last, Refused) or last.cause != CLOSE:
            return self
        state = settle(self.state)
        if last.seq == state.applied:
            state = replace(state, committable=state.applied, closed=True)
        return replace(self, state=state)

    def after_commit(self, taken: "LiveStream") -> "LiveStream":
        """The entry after a commit of `taken`, an earlier value of it; what came since goes on waiting.

        A clock that was set back leaves claims that end after `credited_to`; they are committed all the same.
        """
        return replace(self, pending=self.pending[len(taken.pending) :]).covered_to(
            committed_seq=taken.state.committable,
            applied_seq=taken.state.applied,
            credited_to=taken.state.settled,
        )

    def covered_to(self, *, committed_seq: int, applied_seq: int, credited_to: int) -> "LiveStream":
        """The entry once the database has what events up to `applied_seq` tell, and time up to `credited_to`.

        Another process may have settled what is provisional here: what it acknowledged is not taken back.
        """
        held = self.state.open_claim
        return replace(
            self,
            state=replace(
                self.state,
                committable=max(self.state.committable, committed_seq),
                open_claim=trimmed(held, credited_to) if held else None,
            ),
            committed_seq=committed_seq,
            applied_seq=applied_seq,
            credited_to=credited_to,
            known_to_database=True,
            pending=tuple(rest for claim in self.pending if (rest := trimmed(claim, credited_to)).started < rest.ended),
            refusals=tuple(refusal for refusal in self.refusals if refusal.seq > applied_seq),
            losses=tuple(loss for loss in self.losses if loss[1] > applied_seq),
        )


def _lean(before: Sequence[Refusal], refusals: Sequence[Refusal]) -> list[Refusal]:
    """The new refusals; of neighbours that were refused for one reason only the first keeps what it showed."""
    lean: list[Refusal] = []
    last = before[-1] if before else None
    for refusal in refusals:
        goes_on = last is not None and last.code == refusal.code and last.seq + 1 == refusal.seq
        lean.append(Refusal(refusal.seq, refusal.code, "") if goes_on else refusal)
        last = refusal
    return lean


class LiveStore(Protocol):
    """What intake and commit need of a store. Values go in and out whole; `put` replaces."""

    def get(self, stream: str) -> LiveStream | None: ...

    def put(self, entry: LiveStream) -> None: ...

    def drop(self, stream: str) -> None: ...

    def of_representative(self, representative_id: int) -> list[LiveStream]: ...

    def waiting(self, representative_id: int) -> int: ...

    def representatives(self) -> list[int]: ...

    def lock(self) -> threading.Lock: ...


@dataclass(slots=True)
class _Held:
    """What the store holds of one representative; `waiting` is the sum over the streams, kept for every report."""

    streams: dict[str, LiveStream] = field(default_factory=dict)
    waiting: int = 0


@dataclass(slots=True)
class MemoryLiveStore:
    """The store of a single process. Hold `lock()` around a get that leads to a put."""

    _streams: dict[str, LiveStream] = field(default_factory=dict)
    _by_representative: dict[int, _Held] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, stream: str) -> LiveStream | None:
        return self._streams.get(stream)

    def put(self, entry: LiveStream) -> None:
        stream = entry.state.stream
        held = self._by_representative.get(entry.representative_id)
        if held is None:
            held = self._by_representative[entry.representative_id] = _Held()
        before = held.streams.get(stream)
        held.waiting += entry.waiting - (0 if before is None else before.waiting)
        held.streams[stream] = self._streams[stream] = entry

    def drop(self, stream: str) -> None:
        entry = self._streams.pop(stream, None)
        if entry is not None:
            held = self._by_representative[entry.representative_id]
            held.waiting -= entry.waiting
            del held.streams[stream]
            if not held.streams:
                del self._by_representative[entry.representative_id]

    def of_representative(self, representative_id: int) -> list[LiveStream]:
        held = self._by_representative.get(representative_id)
        return [] if held is None else list(held.streams.values())

    def waiting(self, representative_id: int) -> int:
        """How much of all their streams waits for a commit, together."""
        held = self._by_representative.get(representative_id)
        return 0 if held is None else held.waiting

    def representatives(self) -> list[int]:
        return list(self._by_representative)

    def lock(self) -> threading.Lock:
        return self._lock


def all_streams(store: LiveStore, representatives: Iterable[int] | None = None) -> list[LiveStream]:
    """Every entry of the given representatives, or of all."""
    chosen = store.representatives() if representatives is None else representatives
    return [entry for representative in chosen for entry in store.of_representative(representative)]
