"""axe-core in the page of a person: what its rules find there, shadow roots included.

Its text is run through the protocol of the browser, which the content security policy of the page does not bind.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from e2e.desk import Desk

SCRIPT = Path(__file__).resolve().parents[1] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES: dict[str, dict[str, object]] = {
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""A theme changes colours and nothing else, so what is not about colours is asked in one of them."""
WIDTHS = (1280, 360)
_HEIGHT = 900

_RUN = """async (rules) => {
    const ends = (one) => one.effect.getComputedTiming().iterations !== Infinity;
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
    const { violations } = await axe.run({ runOnly: rules, resultTypes: ["violations"], elementRef: false });
    const found = ({ id, nodes }) => nodes.map(({ target, failureSummary }) => ({ id, target, failureSummary }));
    return violations.flatMap(found);
}"""
"""What is on its way to another colour is looked at when it is there."""


def violations(page: Page, theme: str = "light") -> list[dict[str, Any]]:
    """What breaks the rules that are asked about in a theme.

    Each with its rule (`id`), the path to the element (`target`; a list where it goes into shadow roots), and why.
    """
    if not page.evaluate("() => 'axe' in window"):
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": SCRIPT.read_text()})
        session.detach()
    return page.evaluate(_RUN, RULES[theme])


class Looks:
    """Looks at each state of a page in both themes, wide and narrow."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._found: list[str] = []

    def at(self, state: str) -> None:
        page = self._desk.page
        for theme in RULES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.locator(f"html[data-bs-theme={theme}]").wait_for()
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": _HEIGHT})
                page.evaluate("scrollTo(0, 0)")
                self._found += [_said(state, theme, width, violation) for violation in violations(page, theme)]
        page.set_viewport_size({"width": WIDTHS[0], "height": _HEIGHT})

    def found_nothing(self) -> None:
        """Fails with what was wrong where."""
        assert not self._found, "\n".join(self._found)


def _said(state: str, theme: str, width: int, violation: dict[str, Any]) -> str:
    return f"{state}, {theme}, {width} px: {violation['id']} at {violation['target']}: {violation['failureSummary']}"
