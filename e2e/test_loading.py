"""Row F19: what a page could not load while the network was away is there by itself soon after it is back."""

from collections.abc import Callable

import pytest

from e2e.desk import Desk
from e2e.road import Road
from e2e.waiting import until

CASE, OTHER, CHILD = "CAS-1001", "CAS-1003", "CAS-1006"
NO_SERVER = ("net::ERR_", "WebSocket connection to")
AWAY = "The server cannot be reached. This loads by itself as soon as it is back."
LAST_KNOWN = "The server does not answer: this is what was last known."
BACK_S = 60.0
"""Longer than page and agent pause between two tries."""


@pytest.fixture
def ana(sits_down: Callable[..., Desk], road: Road) -> Desk:
    """Ana, with a road between her and the server; her page knows one case."""
    ana = sits_down("ana", over=road.base_url)
    ana.chromium.expects(*NO_SERVER)
    ana.opens(OTHER)
    ana["total"].wait_for()
    ana.runs(OTHER)
    return ana


def is_missed(ana: Desk) -> None:
    """The page says in the place of a case what hinders it."""
    ana["case-form"].get_by_test_id("load-notice").filter(has_text=AWAY).wait_for()


def is_there(ana: Desk, ref: str) -> None:
    """The case with its widget, and nothing that speaks of trouble."""
    ana["case-heading"].filter(has_text=ref).wait_for(timeout=BACK_S * 1000)
    until(lambda: ana.status()["connection"] == "online", timeout_s=BACK_S, what="the agent is back")
    ana.runs(ref)
    ana.page.locator(f"handling-time[case='{ref}']").wait_for()
    until(lambda: not troubles(ana), what="nothing speaks of trouble any more")


def troubles(ana: Desk) -> list[str]:
    """All that can be seen of notices, messages and notes of a widget."""
    seen = [ana[testid].all_inner_texts() for testid in ("load-notice", "error-message", "agent-trouble", "notes")]
    results = [text for text in ana["result"].all_inner_texts() if text == LAST_KNOWN]
    return [text for texts in (*seen, results) for text in texts if text.strip()]


def focused(ana: Desk) -> str | None:
    return ana.page.evaluate("() => document.activeElement?.dataset.testid ?? null")


def test_f19_a_case_opened_without_a_network_loads_by_itself_when_the_browser_has_it_again(ana: Desk) -> None:
    ana.does("loses the network", ana.control.cut_network)
    ana.opens(CASE)
    is_missed(ana)
    ana.selects(OTHER)
    ana["case-heading"].filter(has_text=OTHER).wait_for()
    ana.selects(CASE)
    is_missed(ana)
    ana.does("has the network back", ana.control.mend_network)

    is_there(ana, CASE)


def test_f19_a_page_that_is_not_told_of_the_network_finds_it_by_itself(ana: Desk, road: Road) -> None:
    """Sessions behind and the list too; what is closed by then is not asked for. The agent tells when it is online."""
    ana.page.evaluate("() => addEventListener('caseclock:online', () => (document.body.dataset.back = 'yes'))")
    road.is_blocked()
    for ref in (CHILD, CASE, "CAS-1002"):
        ana.opens(ref)
        is_missed(ana)
    ana.closes("CAS-1002")
    ana["case-search"].fill("VAT")
    ana["case-list"].get_by_test_id("load-notice").filter(has_text=AWAY).wait_for()
    asked: list[str] = []
    road.flows()
    ana.page.on("request", lambda request: asked.append(request.url))

    ana.selects(CHILD)
    is_there(ana, CHILD)
    ana.selects(CASE)
    is_there(ana, CASE)
    until(lambda: ana["case-rows"].get_by_role("button").count() == 3, what="the list is that of the search")
    ana.page.locator("body[data-back=yes]").wait_for()
    assert not [url for url in asked if url.endswith("/CAS-1002")]


def test_f19_try_again_is_there_for_the_keyboard_and_the_focus_goes_on_to_the_case(ana: Desk, road: Road) -> None:
    road.is_blocked()
    ana.opens(CASE)
    is_missed(ana)
    ana["app-tab-form"].focus()
    ana.page.keyboard.press("Tab")
    assert focused(ana) == "retry"
    ana.page.keyboard.press("Enter")
    ana["tried"].filter(has_text="Last tried at").wait_for()
    assert focused(ana) == "retry", "a try that fails leaves the focus where it is"
    road.flows()
    ana.page.keyboard.press("Enter")

    ana["case-heading"].filter(has_text=CASE).wait_for()
    until(lambda: focused(ana) == "case-heading", what="the focus is on the case")
    is_there(ana, CASE)


def test_f19_a_try_that_takes_long_says_so(ana: Desk, road: Road) -> None:
    road.is_blocked()
    ana.opens(CASE)
    is_missed(ana)
    road.stands_still_after(0)
    ana["retry"].click()
    ana["tried"].filter(has_text="Trying …").wait_for()
    road.flows()

    is_there(ana, CASE)


def test_f19_a_widget_that_showed_what_was_last_known_is_right_again(ana: Desk, road: Road) -> None:
    road.is_blocked()
    ana.closes(OTHER)
    ana.opens(OTHER)
    ana["result"].filter(has_text=LAST_KNOWN).wait_for()
    road.flows()

    is_there(ana, OTHER)


def test_f19_the_inbox_and_a_customer_load_by_themselves(ana: Desk, road: Road) -> None:
    road.is_blocked()
    ana["open-contact-Fabrikam Farms"].click()
    ana["customer"].get_by_test_id("load-notice").wait_for()
    ana.clicks("open-inbox")
    ana["inbox"].get_by_test_id("load-notice").wait_for()
    road.flows()

    ana["inbox-open"].wait_for(timeout=BACK_S * 1000)
    ana.selects(OTHER)
    ana[f"open-incident-{OTHER}"].wait_for(timeout=BACK_S * 1000)
    until(lambda: not troubles(ana), what="nothing speaks of trouble any more")
