"""Every route of the application, with an address that can be called."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
VALUES = {"ref": "CAS-1001", "entry_id": 4711, "purge_id": 4711, "username": "ana", "name": "agent.js"}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one rule."""

    endpoint: str
    method: str
    rule: Any
    is_public: bool

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE

    def address(self, **values: object) -> str:
        """The path with these values put in, or values that fit anything."""
        chosen = {name: values.get(name, VALUES[name]) for name in self.rule.arguments}
        return str(self.rule.map.bind("localhost").build(self.endpoint, chosen, method=self.method))

    def __repr__(self) -> str:
        return f"{self.method} {self.endpoint}"


def routes(app: Flask) -> list[Route]:
    """All of them but the socket, whose answer is no HTTP."""
    return [
        Route(rule.endpoint, method, rule, bool(getattr(app.view_functions[rule.endpoint], "_caseclock_public", False)))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if not rule.websocket
    ]
