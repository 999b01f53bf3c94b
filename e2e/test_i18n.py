"""Somebody switches to German and sees no English any more: on the pages, in the widget, in dialogs and in hints."""

import re
from collections.abc import Callable, Iterator

import pytest

from e2e.chromium import Chromium
from e2e.conftest import DemoServer
from e2e.desk import PATIENCE_S, Desk
from server import demo_data
from tools.messages import catalogue_path, read

CASE = "CAS-1001"
_DEMO = {text for case in demo_data.CASES for text in case}
SIZES = {"wide": (1280, 900), "medium": (768, 900), "narrow": (360, 780)}

_TEXTS = """() => {
    const found = new Set();
    const note = (text) => text?.trim() && found.add(text.trim());
    const styled = (element, part) => note(/^"(.*)"/.exec(getComputedStyle(element, part).content)?.[1]);
    const look = (element) => {
        if (!element.checkVisibility({ visibilityProperty: true })) return;
        for (const name of ["aria-label", "title", "placeholder", "alt"]) note(element.getAttribute(name));
        for (const part of ["::before", "::after"]) styled(element, part);
        for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) note(node.data);
        for (const child of [...element.children, ...(element.shadowRoot?.children ?? [])]) look(child);
    };
    note(document.title.split(" · ")[0]);
    look(document.body);
    return [...found];
}"""
"""Every text that can be seen or heard, across shadow roots."""

_SCROLLS = (
    ".topbar-links, .scrolls, .tab-strip, .tab-row, .tab-button, .visually-hidden, [role=region],"
    " [role=group][tabindex], .case-row *, input, select"
)
_CUT_OFF = """(scrolls) => {
    const isCut = (element) =>
        element.checkVisibility() &&
        element.clientWidth > 1 &&
        element.scrollWidth > element.clientWidth + 1 &&
        getComputedStyle(element).overflowX !== "visible" &&
        !element.closest(scrolls);
    const inWidget = document.querySelector("handling-time")?.shadowRoot.querySelectorAll("*") ?? [];
    const cut = [...document.querySelectorAll("body *"), ...inWidget].filter(isCut);
    const page = document.documentElement;
    return [...(page.scrollWidth > page.clientWidth ? [page] : []), ...cut].map((one) => one.outerHTML.slice(0, 120));
}"""
"""What is wider than its place, apart from what is made to scroll or to end in dots."""


@pytest.fixture(scope="module")
def english() -> list[re.Pattern[str]]:
    """What no German page says: every English text that German says otherwise."""
    return list(_patterns())


def _patterns() -> Iterator[re.Pattern[str]]:
    for message in read(catalogue_path("de")):
        texts = [message.id] if isinstance(message.id, str) else message.id
        said = [message.string] if isinstance(message.string, str) else message.string
        for text in texts:
            literal = re.sub(r"%\(\w+\)s|\{\w+\}", "", text)
            if text not in said and re.search(r"[A-Za-z]{2}", literal):
                parts = re.split(r"%\(\w+\)s|\{\w+\}", text)
                yield re.compile(".+".join(map(re.escape, parts)), re.DOTALL)


def _chooses(desk: Desk, language: str) -> None:
    desk.goes_to("/account")
    desk["language"].select_option(language)
    desk.clicks("change-language")
    desk.page.locator(f"html[lang={language}] [data-testid=account]").wait_for()


def _sees_german_alone(desk: Desk, english: list[re.Pattern[str]], what: str) -> None:
    for name, (width, height) in SIZES.items():
        desk.page.set_viewport_size({"width": width, "height": height})
        desk["theme-toggle"].wait_for()
        seen = [text for text in desk.page.evaluate(_TEXTS) if text not in _DEMO]
        assert len(seen) > 10, what
        assert [text for text in seen if any(one.fullmatch(text) for one in english)] == [], f"{what}, {name}"
        assert desk.page.evaluate(_CUT_OFF, _SCROLLS) == [], f"{what}, {name}"
    desk.page.set_viewport_size({"width": 1280, "height": 900})


def _opens_the_whole_widget(desk: Desk) -> None:
    desk["history"].locator("summary").click()
    desk.clicks("add")
    desk["log-duration"].fill("bald")
    desk.clicks("log-save")
    desk["log-problem"].wait_for()


def test_all_pages_are_german_after_the_switch_and_english_after_the_way_back(
    sits_down: Callable[..., Desk], server: DemoServer, english: list[re.Pattern[str]]
) -> None:
    ada = sits_down("ada", "/account")
    assert "Your account" in ada["account"].inner_text()
    _chooses(ada, "de")
    status, problem = server.call("DELETE", f"/api/v1/cases/{CASE}/resolution", token=server.token("ada"))
    assert (status, problem["detail"]) == (409, "Der Vorgang ist nicht gelöst."), "said while it was written"
    _sees_german_alone(ada, english, "the account")

    ada.goes_to("/workspace")
    ada["case-list"].wait_for()
    ada["nothing-open"].wait_for()
    _sees_german_alone(ada, english, "the workspace")
    ada.opens(CASE)
    ada.runs(CASE)
    ada["state"].filter(has_text="Läuft").wait_for()
    _opens_the_whole_widget(ada)
    ada["case-title"].fill("Rechnung")
    _sees_german_alone(ada, english, "a case with the widget")
    ada.clicks("log-cancel")
    for opener, dialog in (
        ("case-resolve", "resolve-dialog"),
        ("queue-item-details", "queue-item-dialog"),
        ("new-case", "new-case-dialog"),
    ):
        ada.clicks(opener)
        ada[dialog].wait_for()
        _sees_german_alone(ada, english, dialog)
        ada.clicks("dialog-cancel")
    ada.clicks("open-inbox")
    ada["inbox-open"].wait_for()
    _sees_german_alone(ada, english, "the inbox")

    ada.goes_to("/supervisor?representative=ada")
    ada["day-report"].locator(".figures").wait_for()
    _sees_german_alone(ada, english, "supervision")
    ada.goes_to("/reports")
    ada["report"].locator(".loading").wait_for(state="detached")
    ada["report"].locator("> *").first.wait_for()
    _sees_german_alone(ada, english, "the reports")
    ada.goes_to("/admin")
    ada["settings-form"].wait_for()
    ada["records"].locator("table, .empty").first.wait_for()
    ada["count-idle"].check()
    _sees_german_alone(ada, english, "administration")
    ada.clicks("open-purge")
    ada.clicks("purge-count")
    ada["problem"].wait_for()
    _sees_german_alone(ada, english, "the purge dialog")
    ada.clicks("purge-cancel")
    ada.clicks("discard-settings")
    ada.goes_to("/audit")
    ada["entry"].first.wait_for()
    _sees_german_alone(ada, english, "the audit log")

    _chooses(ada, "en")
    ada.goes_to("/workspace")
    ada.opens(CASE)
    ada["state"].filter(has_text="Running").wait_for()
    assert "Cases" in ada.page.evaluate(_TEXTS)


def test_the_widget_on_a_foreign_page_speaks_the_language_around_it_and_asks_for_no_texts_in_english(
    host_page: Callable[[str], str], chromium: Callable[..., Chromium]
) -> None:
    page = chromium("ana").first_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(PATIENCE_S * 1000)
    page.goto(host_page("ana"))
    state = page.locator("handling-time").get_by_test_id("state")
    state.filter(has_text="Running").wait_for()
    with page.expect_response("**/history"):
        page.locator("handling-time").get_by_test_id("history").locator("summary").click()
    assert [url for url in asked if "translations" in url] == []

    page.evaluate("document.documentElement.lang = 'de-AT'")
    state.filter(has_text="Läuft").wait_for()
    assert page.locator("handling-time").get_by_test_id("refresh").inner_text() == "Aktualisieren"
    page.evaluate("document.querySelector('handling-time').lang = 'fr'")
    state.filter(has_text="Running").wait_for()
    page.evaluate("document.querySelector('form').lang = 'de'")
    page.evaluate("document.querySelector('handling-time').removeAttribute('lang')")
    state.filter(has_text="Läuft").wait_for()
    assert sum("client/translations/de.js" in url for url in asked) == 1
