"""Whose clock runs: from one snapshot to at most one case.

Pure. The agent has a mirror of this function for what it shows (client_js/attention.js); both are held to the
same table, tests/vectors/attention.json.
"""

from msgspec import Struct

from server.tracking.events import App, Event


class Policy(Struct, frozen=True):
    """What decides beside the facts: the app the page belongs to, and the administrator's settings."""

    app: App = "workspace"
    track_inbox: bool = False
    count_idle: bool = False


def attended_case(snapshot: Event, policy: Policy) -> str | None:
    """The reference of the case whose clock runs in this snapshot, or None.

    Resolved cases are not known here: their periods are cut out of the claims (see attribution).
    """
    if not snapshot.visible or not snapshot.focused or snapshot.locked:
        return None
    if snapshot.idle and not policy.count_idle:
        return None
    session, form = snapshot.session, snapshot.form
    if session is None or (session.kind == "inbox" and not policy.track_inbox):
        return None
    if form is not None and not form.tracked:
        return None
    if policy.app == "hub" and (form is None or not form.widget):
        return None
    if snapshot.app_tab is not None and snapshot.app_tab.case is not None:
        return snapshot.app_tab.case
    return session.case
