"""axe finds nothing to complain about, in either theme and at either width."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SCREENS = [
    pytest.param({"viewport": size, "color_scheme": theme}, id=f"{size['width']}-{theme}")
    for size in (WIDE, PHONE)
    for theme in ("light", "dark")
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def complaints(page: Page) -> list[Any]:
    found = Axe().run(page, options=RULES)
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in found.response["violations"]
    ]


@pytest.mark.parametrize("screen", SCREENS, indirect=True)
def test_every_screen_is_usable_by_everybody(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("mail", text="Hello\n\nAda", subject="For axe", html="<p>Hello</p>")[
        "ticket"
    ]
    desk.tell("note", ticket=ticket, text="A note")
    desk.tell("assign", ticket=ticket, to="Grace")
    screen.page.goto("/accounts/login/")
    assert complaints(screen.page) == []
    page = screen.sign_in()
    for address in ("/?view=all", "/?view=mine&q=nothing", f"/t/{ticket}/"):
        page.goto(address)
        assert complaints(page) == [], address
    page.goto(f"/?view=all&t={ticket}")
    assert complaints(page) == []
    page.get_by_role("radio", name="Note").check()
    assert complaints(page) == []
    page.goto(
        page.locator("#part-customer a[href^='/customers/']").first.get_attribute("href") or ""
    )
    assert complaints(page) == []
    page.goto("/nowhere/")
    assert complaints(page) == []
    screen.complaints.clear()  # the page that is not there, as meant


@pytest.mark.parametrize("screen", SCREENS[:1], indirect=True)
def test_the_picker_the_menus_and_the_sheet_are_too(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("mail", text="Hello", subject="For axe")["ticket"]
    page = screen.sign_in()
    page.goto(f"/t/{ticket}/")
    page.get_by_role("button", name="Canned replies").click()
    expect(page.locator("#picker-list [role=option]").first).to_be_visible()
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Snooze").first.click()
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("heading", level=1).focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert complaints(page) == []


def test_nothing_is_cut_off_at_320_pixels(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("mail", text="x" * 200, subject="y" * 200)["ticket"]
    page = screen.sign_in()
    page.set_viewport_size({"width": 320, "height": 640})
    for address in ("/", f"/t/{ticket}/", "/customers/1/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_the_first_load_stays_light(desk: Desk, page: Page) -> None:
    """Bytes before compression against four times the compressed budgets of 50 and 20 KB."""
    sizes: dict[str, int] = {"js": 0, "css": 0}

    def weigh(response: Any) -> None:
        kind = response.url.rpartition(".")[2]
        if kind in sizes:
            sizes[kind] += len(response.body())

    page.on("response", weigh)
    page.goto("/?view=all")
    page.wait_for_load_state("networkidle")
    assert sizes["js"] < 4 * 50_000
    assert sizes["css"] < 4 * 20_000
