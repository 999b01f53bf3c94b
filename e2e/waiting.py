"""Waiting for an outcome. Asking a browser or committing costs more than asking memory, so it asks less often."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, timeout_s: float = 15.0, poll_s: float = 0.05, what: str = "") -> T:
    """The first true value of `condition()`, asked again and again; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what or getattr(condition, '__name__', 'it')}")
        pause.wait(poll_s)
    return value
