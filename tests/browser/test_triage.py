"""Going through the list: by keyboard, on a phone, while others work on it too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_three_tickets_are_triaged_with_the_keyboard_alone(desk: Desk, page: Page) -> None:
    tickets = [
        desk.tell("sms", text=f"Keyboard {number}", sender=f"+4477009003{number:02}")["ticket"]
        for number in range(3)
    ]
    page.goto("/?q=keyboard")
    page.keyboard.press("j")
    for ticket in reversed(tickets):
        expect(page.locator(f"#t-{ticket} a")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_have_attribute("data-ticket", str(ticket))
        page.keyboard.press("n")
        page.keyboard.type("seen")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".message--note")).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        expect(page.get_by_role("button", name="Reopen")).to_be_visible()
        page.keyboard.press("j")
    assert [desk.tell("status", ticket=ticket) for ticket in tickets] == ["resolved"] * 3


def test_single_keys_rest_while_somebody_types_and_when_switched_off(
    desk: Desk, page: Page
) -> None:
    ticket = desk.tell("sms", text="Hi", sender="+447700900310")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").focus()
    page.keyboard.type("reject?")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("reject?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_new_ticket_appears_in_the_list_and_in_the_counts(desk: Desk, page: Page) -> None:
    page.goto("/?view=unassigned")
    ticket = desk.tell("sms", text="Out of the blue", sender="+447700900320")["ticket"]
    row = page.locator(f"#t-{ticket}")
    expect(row).to_contain_text("Out of the blue")
    desk.tell("assign", ticket=ticket, to="Heidi")
    expect(row).to_have_count(0)


def test_the_list_keeps_its_order_while_somebody_points_at_it(desk: Desk, page: Page) -> None:
    older = desk.tell("sms", text="Older", sender="+447700900330")["ticket"]
    newer = desk.tell("sms", text="Newer", sender="+447700900331")["ticket"]
    page.goto("/?view=all")
    page.locator(f"#t-{newer}").hover()
    desk.tell("sms", text="Older speaks again", sender="+447700900330")
    expect(page.locator(f"#t-{older}")).to_contain_text("Older speaks again")
    assert _order(page)[:2] == [newer, older]
    page.get_by_role("button", name="1 update").click()
    page.mouse.move(900, 500)
    expect(page.locator("#rows > li").first).to_have_id(f"t-{older}")


def test_a_focused_row_keeps_the_focus_when_it_changes(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Focus", sender="+447700900340")["ticket"]
    page.goto("/?view=all")
    page.locator(f"#t-{ticket} a").focus()
    desk.tell("sms", text="More of it", sender="+447700900340")
    expect(page.locator(f"#t-{ticket}")).to_contain_text("More of it")
    expect(page.locator(f"#t-{ticket} a")).to_be_focused()


def test_the_header_does_what_it_says(desk: Desk, page: Page) -> None:
    ticket = desk.tell("mail", text="x", subject="Header")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("combobox", name="Assignee").select_option("Grace")
    expect(page.locator(".activities").last).to_contain_text("Grace took this")
    page.get_by_role("combobox", name="Priority").select_option("Urgent")
    expect(page.locator(".activities").last).to_contain_text("set the priority to urgent")
    page.get_by_label("Add tag").fill("vip")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove tag vip")).to_be_attached()
    page.get_by_role("button", name="Edit subject").click()
    page.get_by_label("Subject", exact=True).fill("A better name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A better name")
    page.get_by_role("button", name="Snooze").first.click()
    page.get_by_role("button", name=re.compile("^Tomorrow")).click()
    expect(page.locator(".head .status")).to_contain_text("Snoozed until")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.get_by_role("button", name="Reopen")).to_be_focused()


def test_a_colleagues_change_shows_while_a_menu_is_open(desk: Desk, page: Page) -> None:
    ticket = desk.tell("mail", text="x", subject="Menu")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("button", name="Snooze").first.click()
    desk.tell("assign", ticket=ticket, to="Heidi")
    expect(page.locator(".activities")).to_contain_text("Heidi")
    expect(page.get_by_role("button", name=re.compile("^Tomorrow"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Assignee")).to_have_value(re.compile(r"\d+"))


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_on_a_phone_one_pane_shows_at_a_time_and_back_goes_back(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("mail", text="On a small screen", subject="Phone")["ticket"]
    page = screen.sign_in()
    page.goto("/?view=all")
    expect(page.get_by_role("main")).to_be_hidden()
    page.locator(f"#t-{ticket} a").click()
    expect(page.get_by_role("main")).to_contain_text("On a small screen")
    expect(page.get_by_role("region", name="Tickets")).to_be_hidden()
    page.get_by_role("link", name="Customer").first.click()
    expect(page.get_by_role("complementary", name="Customer")).to_be_in_viewport()
    page.go_back()
    expect(page.get_by_role("complementary", name="Customer")).not_to_be_in_viewport()
    expect(page.get_by_role("main")).to_contain_text("On a small screen")
    page.go_back()
    expect(page.get_by_role("region", name="Tickets")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_who_may_no_longer_sign_in_is_shown_the_door_at_once(desk: Desk, screen: Screen) -> None:
    desk.tell("sms", text="x", sender="+447700900390")
    page = screen.sign_in("heidi")
    expect(page.get_by_role("region", name="Tickets")).to_be_visible()
    page.wait_for_timeout(500)
    desk.tell("deactivate", name="Heidi")
    dialog = page.get_by_role("dialog", name="You are signed out")
    dialog.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    desk.tell("reactivate", name="Heidi")
    screen.complaints.clear()


def _order(page: Page) -> list[int]:
    numbers = page.locator("#rows > li[data-number]").evaluate_all(
        "rows => rows.map(row => row.dataset.number)"
    )
    return [int(number) for number in numbers]
