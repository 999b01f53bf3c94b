"""The pictures for representatives: what stands on a case and in its widget."""

import json
from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, Page

from e2e.road import Road
from server.clock import system_clock
from tools.screenshots.invented_work import MAIN_CASE
from tools.screenshots.studio import Studio
from tools.screenshots.working_days import MINUTE_MS

TALL = 1000
_HEARS_OF = """([key, text]) => {
    localStorage.setItem(key, text);
    dispatchEvent(new StorageEvent("storage", { key }));
}"""
_SCHEMES = {"light": "workspace", "dark": "workspace-dark"}


def take(studio: Studio) -> None:
    """Ana's morning."""
    for scheme, name in _SCHEMES.items():
        page = _at_the_case(studio, scheme=scheme, sees_the_lock=True)
        studio.takes(page, name)
        page.context.close()
    _widget(studio)
    _offline(studio)
    _history(studio)
    _idle(studio)
    _resolving(studio)
    _hub(studio)
    _account(studio)


def _at_the_case(studio: Studio, *, sees_the_lock: bool = False, **how: Any) -> Page:
    page = studio.sits_down("ana", "/workspace", **how)
    if sees_the_lock:
        _grant_the_lock(page)
    page.get_by_test_id(f"case-row-{MAIN_CASE}").click()
    _runs(page)
    return page


def _grant_the_lock(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    context = session.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    granted = {"permission": {"name": "idle-detection"}, "setting": "granted", "browserContextId": context}
    session.send("Browser.setPermission", {**granted, "origin": page.evaluate("location.origin")})
    session.send("Emulation.setIdleOverride", {"isUserActive": True, "isScreenUnlocked": True})
    page.reload()


def _runs(page: Page) -> None:
    page.locator("handling-time [data-testid=state][data-sign=running]").wait_for()
    page.locator("handling-time [data-testid=people] > li").first.wait_for()


def _panel(page: Page) -> Locator:
    return page.locator("handling-time").get_by_test_id("panel")


def _widget(studio: Studio) -> None:
    page = _at_the_case(studio, height=TALL)
    studio.takes(_panel(page), "widget")

    page.get_by_test_id("my-time").check()
    page.locator("handling-time [data-testid=total][role=timer][data-seconds]").wait_for()
    studio.takes(_panel(page), "widget-my-time")
    page.get_by_test_id("my-time").uncheck()

    page.get_by_test_id("add").click()
    page.get_by_test_id("log-kind").select_option("phone call")
    page.get_by_test_id("log-start").fill("09:30")
    page.get_by_test_id("log-duration").fill("25m")
    page.get_by_test_id("log-subject").fill("Northwind: April invoice")
    page.get_by_test_id("log-understood").filter(has_text="0:25:00").wait_for()
    studio.takes(page.get_by_test_id("add-form"), "widget-add")
    page.get_by_test_id("log-cancel").click()

    page.context.close()


def _offline(studio: Studio) -> None:
    with Road(studio.server.port) as road:
        page = _at_the_case(studio, over=road.base_url, height=TALL)
        road.is_blocked()
        page.locator("handling-time [data-testid=notes]").filter(has_text="Offline").wait_for()
        studio.takes(_panel(page), "widget-offline")
        page.context.close()


def _history(studio: Studio) -> None:
    page = _at_the_case(studio, height=TALL)
    summary = page.locator("handling-time [data-testid=history] > summary")
    summary.click()
    automatic = page.get_by_test_id("history-automatic")
    automatic.filter(has_text="corrected by Ben Okafor").wait_for()
    summary.evaluate("(one) => one.scrollIntoView({ block: 'start' })")
    studio.takes(_panel(page), "widget-history")

    own = automatic.locator("> li").filter(has_text="Ana Duarte")
    own.get_by_test_id("edit").click()
    page.get_by_test_id("log-duration").fill("2h30m")
    page.get_by_test_id("log-reason").fill("A call was on another case")
    studio.takes(page.get_by_test_id("edit-form"), "widget-correction")
    page.context.close()


def _idle(studio: Studio) -> None:
    """A page went idle and told what was missed, as another tab of the same browser would hear it."""
    _asks_after(studio, minutes=5)
    page = _at_the_case(studio)
    to = system_clock() - MINUTE_MS
    missed = {"id": str(uuid4()), "case": MAIN_CASE, "from": to - 18 * MINUTE_MS, "to": to, "asked": 0, "sent": False}
    page.evaluate(_HEARS_OF, ["caseclock:idle:ana", json.dumps([missed])])
    page.get_by_test_id("idle-text").filter(has_text=MAIN_CASE).wait_for()
    studio.takes(page.locator("idle-question section"), "idle-question")
    page.context.close()
    _asks_after(studio, minutes=0)


def _asks_after(studio: Studio, *, minutes: int) -> None:
    token = studio.server.token("ada")
    studio.server.call("PATCH", "/api/v1/settings/tracking", {"idle_after_minutes": minutes}, token=token)


def _resolving(studio: Studio) -> None:
    page = _at_the_case(studio)
    page.get_by_test_id("case-resolve").click()
    page.locator("[data-testid=resolve-total][data-seconds]").wait_for()
    page.get_by_test_id("resolve-note").fill("Credit note sent, April will be right.")
    studio.takes(page.get_by_test_id("resolve-dialog"), "resolve-dialog")
    page.context.close()


def _hub(studio: Studio) -> None:
    page = studio.sits_down("ana", "/hub")
    page.get_by_test_id(f"case-row-{MAIN_CASE}").click()
    _runs(page)
    studio.takes(page, "hub")
    page.context.close()


def _account(studio: Studio) -> None:
    page = studio.sits_down("ana", "/account", width=640, height=760)
    page.get_by_test_id("account").wait_for()
    studio.takes(page, "account")
    page.context.close()
