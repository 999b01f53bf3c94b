"""The entries of a log, as tests compare them."""

from typing import Any

from server.audit import listing
from tests.conftest import World


def entries(world: World, *, leave_out: tuple[str, ...] = ("token.created",)) -> list[dict[str, Any]]:
    """What was recorded, the oldest first, without these actions: each person of the world has a token."""
    found = world.read(lambda session: listing.page(session, listing.Filter(), limit=500))
    return [
        {
            "actor": one.actor,
            "actor_id": one.actor_id,
            "action": one.action,
            "subject": one.subject,
            "details": listing.details_of(one),
            "address": one.address,
        }
        for one in reversed(found)
        if one.action not in leave_out
    ]
