"""What somebody does right now, as far as their pages tell.

Pure. The rule is that of attribution: of the claims that hold, the one that began last has the clock. A page is there
as long as something was heard of it within the greatest proven gap; one that attends nothing has nothing to say, and is
there as long as its socket is.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from server.tracking.attention import Policy, attended_case
from server.tracking.events import App, Event
from server.tracking.live_store import LiveStream
from server.tracking.wire import MAX_GAP_S

WORKING, IDLE, AWAY, OFFLINE = "working", "idle", "away", "offline"
STATES = (WORKING, IDLE, AWAY, OFFLINE)
MAX_GAP_MS = MAX_GAP_S * 1000
NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody's state since an instant (None where it is not known), the case in front of them, and why it is so.

    `working`: the clock of `case` runs. `idle`: it would, but there is no input. `away`: a page is open, but no clock
    runs; `reason` says why. `offline`: no page is there. At `due_at` it changes by itself, if nothing is heard.
    """

    state: str
    since: int | None = None
    case: str | None = None
    reason: str | None = None
    due_at: int = NEVER

    def is_as(self, before: "Presence") -> bool:
        """Whether nothing changed that anybody would see."""
        if self.state == OFFLINE:
            return before.state == OFFLINE
        seen = (self.state, self.case, self.reason) == (before.state, before.case, before.reason)
        return seen and (self.state != WORKING or self.since == before.since)


def presence(
    entries: Sequence[LiveStream],
    connected: Collection[str],
    *,
    now: int,
    policy_of: Callable[[App], Policy],
    resolved: Collection[str] = (),
    is_tracked: bool = True,
) -> Presence:
    """Look at somebody's streams, of which `connected` have a socket; `resolved` are cases whose clocks do not run."""
    there = [entry for entry in entries if _is_there(entry, connected, now)]
    known = {entry.state.stream for entry in entries}
    if not there:
        if not all(stream in known for stream in connected):
            return Presence(AWAY)
        return Presence(OFFLINE, max((entry.state.instant for entry in entries), default=None))
    due_at = min(NEVER if _may_be_silent(entry, connected) else _silent_at(entry) for entry in there)
    newest = max(there, key=lambda entry: (entry.state.instant, entry.state.stream))
    since = newest.state.instant
    if not is_tracked:
        return Presence(AWAY, since, reason="tracking-off", due_at=due_at)
    claims = [entry.state.open_claim for entry in there if entry.state.open_claim is not None]
    for claim in sorted(claims, key=lambda claim: (claim.began, claim.stream), reverse=True):
        if claim.case not in resolved:
            return Presence(WORKING, claim.began, claim.case, due_at=due_at)
    if claims:
        return Presence(AWAY, since, claims[0].case, "resolved", due_at)
    if newest.latest is None:
        return Presence(AWAY, since, due_at=due_at)
    policy = policy_of(newest.app)
    case = attended_case(newest.latest, replace(policy, count_idle=True))
    if case is not None and newest.latest.idle and not policy.count_idle:
        return Presence(IDLE, since - (newest.latest.quiet or 0), case, "idle", due_at)
    return Presence(AWAY, since, reason=why_not(newest.latest, policy), due_at=due_at)


def why_not(event: Event, policy: Policy) -> str:
    """What keeps the clock from running in a snapshot that attends no case (see `attended_case`)."""
    form, session = event.form, event.session
    reasons = (
        (event.locked, "locked"),
        (not event.visible, "hidden"),
        (not event.focused, "unfocused"),
        (event.idle and not policy.count_idle, "idle"),
        (session is None, "no-case"),
        (session is not None and session.kind == "inbox" and not policy.track_inbox, "inbox"),
        (form is not None and not form.tracked, "untracked-form"),
        (policy.app == "hub" and (form is None or not form.widget), "no-widget"),
        (attended_case(event, policy) is None, "no-case"),
    )
    return next((reason for holds, reason in reasons if holds), "not-counted")


def _is_there(entry: LiveStream, connected: Collection[str], now: int) -> bool:
    return not entry.state.closed and (now < _silent_at(entry) or _may_be_silent(entry, connected))


def _may_be_silent(entry: LiveStream, connected: Collection[str]) -> bool:
    return entry.state.open_claim is None and entry.state.stream in connected


def _silent_at(entry: LiveStream) -> int:
    return entry.state.instant + MAX_GAP_MS + 1
