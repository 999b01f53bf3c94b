"""Servers of a nursery on fresh databases."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.nursery import Nursery
from tests.faults.world import Browser, FaultyServer


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture
def start(nursery: Nursery, tmp_path: Path) -> Iterator[Callable[..., FaultyServer]]:
    """Starts servers with ana and ben; ends them."""
    with ExitStack() as stack:
        numbers = iter(range(10))

        def started(
            database_url: str,
            *,
            like: FaultyServer | None = None,
            people: Sequence[str] = ("ana", "ben"),
            **options: Any,
        ) -> FaultyServer:
            server = FaultyServer(tmp_path / f"server{next(numbers)}", nursery, database_url, **options)
            if like is None:
                server.is_ready_for(*people)
            else:
                server.like(like)
            stack.callback(lambda: print(f"--- the log of {server.folder.name} ---\n{server.log}"))
            return stack.enter_context(server)

        yield started


@pytest.fixture
def browse() -> Iterator[Callable[..., Browser]]:
    """Makes browsers; closes their sockets."""
    made: list[Browser] = []

    def browser(server: FaultyServer, username: str = "ana", **options: Any) -> Browser:
        made.append(Browser(server, username, **options))
        return made[-1]

    yield browser
    for one in made:
        one.cut()
