"""The wall clock of one page, set as the test wants; the monotonic clock stays as it is.

Chromium takes both from the system, which the tests share with the server. So `Date` is replaced before any script of
the page runs: `Date.now()` and `new Date()` say the system's time, at a rate, plus an offset that the test may change.
"""

from playwright.sync_api import Page

_INSTALL = """([offset, rate]) => {
    const { Date: System } = globalThis;
    const began = System.now();
    const clock = (globalThis.wallClock = { offset });
    globalThis.Date = class Date extends System {
        constructor(...given) {
            super(...(given.length ? given : [Date.now()]));
        }
        static now() {
            const now = System.now();
            return Math.round(began + (now - began) * rate + clock.offset);
        }
    };
}"""


class WallClock:
    """Ahead of the system by `offset_ms`, and `rate` times as fast, from the next load of the page on."""

    def __init__(self, page: Page, *, offset_ms: int = 0, rate: float = 1.0) -> None:
        self._page = page
        page.add_init_script(f"({_INSTALL})([{offset_ms}, {rate}])")

    def is_set(self, by_ms: int) -> None:
        """Somebody sets it forward, or back, while the page runs."""
        self._page.evaluate("(ms) => void (wallClock.offset += ms)", by_ms)

    def now_ms(self) -> int:
        """What the page takes for now."""
        return self._page.evaluate("() => Date.now()")
