"""One spare of what takes long to start: while a test runs, the next one's is made ready."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Spare(Generic[T]):
    """`take()` gives what `make` made before, and has another one made."""

    def __init__(self, make: Callable[[], T], *, end: Callable[[T], object]) -> None:
        self._make = make
        self._end = end
        self._thread = ThreadPoolExecutor(1)
        self._made: Future[T] | None = None

    def take(self) -> T:
        made = self._made or self._thread.submit(self._make)
        self._made = self._thread.submit(self._make)
        return made.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._made is not None:
            self._end(self._made.result())
        self._thread.shutdown()
