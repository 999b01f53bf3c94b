"""Waiting for an outcome that can be observed, with a deadline, instead of for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, timeout_s: float = 10.0, poll_s: float = 0.02, what: str = "") -> T:
    """The first true value of `condition()`, asked again and again; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what or getattr(condition, '__name__', 'it')}")
        pause.wait(poll_s)
