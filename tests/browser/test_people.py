"""One person across channels, on the screen: claims, merging and undoing, joining and parting."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Screen
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}}


def panel(page: Page):
    return page.get_by_role("complementary", name="Customer")


def test_a_claim_leads_to_a_merge_and_the_merge_back(desk: Desk, screen: Screen) -> None:
    page = screen.sign_in()
    known = desk.tell("mail", text="It is me", subject="Known", sender="lea@people.example")
    typed = desk.tell("form", text="Me too", subject="Typed", sender="lea@people.example")
    page.goto(f"/t/{typed['ticket']}/")
    expect(panel(page)).to_contain_text("Claimed, not proven (form)")
    page.get_by_role("button", name="Confirm lea@people.example").click()
    expect(page.get_by_role("alert").last).to_contain_text("belongs to another customer already")
    screen.complaints.clear()  # the refusal, as meant
    page.get_by_role("textbox", name="Reply").fill("Half a thought")
    panel(page).get_by_role("button", name="Merge").click()
    expect(panel(page)).to_contain_text("Proven by the provider")
    expect(panel(page).get_by_role("button", name="Merge")).to_have_count(0)
    expect(panel(page).get_by_role("link", name=re.compile("Known"))).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half a thought")
    expect(page.locator(".activities").last).to_contain_text("the same person")
    page.get_by_role("link", name="All conversations").click()
    expect(page.get_by_role("list", name="Timeline")).to_contain_text("It is me")
    expect(page.get_by_role("list", name="Timeline")).to_contain_text("Me too")
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_role("list", name="Timeline")).not_to_contain_text("Me too")
    page.goto(f"/t/{typed['ticket']}/")
    expect(panel(page)).to_contain_text("Claimed, not proven (form)")
    page.goto(f"/t/{known['ticket']}/")
    expect(panel(page)).to_contain_text("Proven by the provider")


def test_a_joined_strand_names_its_address_before_the_first_answer(desk: Desk, page: Page) -> None:
    asked = desk.tell("mail", text="Where is it?", subject="Joined", sender="mo@people.example")
    page.goto(f"/t/{asked['ticket']}/")
    page.locator("#add-address-button").click()
    page.get_by_label("Mail address or phone number").fill("+447700900610")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(panel(page)).to_contain_text("+44 7700 900610")
    desk.tell("sms", text="Me again", sender="+447700900610")
    expect(page.locator("#timeline")).to_contain_text("Me again")
    page.reload()
    line = page.locator("#joined-line")
    expect(line).to_contain_text("also wrote by SMS from +44")
    page.get_by_role("textbox", name="Reply").fill("By SMS then")
    page.get_by_role("button", name=re.compile("^Send to")).click()
    expect(page.locator(".message--outbound")).to_have_count(1)
    expect(line).to_be_empty()


def test_a_joined_strand_is_split_with_one_key_and_joined_again(desk: Desk, page: Page) -> None:
    asked = desk.tell("mail", text="Where is it?", subject="Parting", sender="nia@people.example")
    desk.tell("vouch", ticket=asked["ticket"], value="+447700900620")
    texted = desk.tell("sms", text="Another matter", sender="+447700900620")
    assert texted["ticket"] == asked["ticket"]
    page.goto(f"/t/{asked['ticket']}/")
    split = page.get_by_role("button", name="Split", exact=True)
    split.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).not_to_contain_text("Another matter")
    join = page.get_by_role("button", name="Join", exact=True)
    expect(join).to_be_visible()
    join.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("Another matter")


def test_a_sender_is_blocked_and_heard_again(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Win money", sender="+447700900630")["ticket"]
    page.goto(f"/t/{ticket}/")
    more = page.get_by_role("button", name=re.compile("More about"))
    more.click()
    page.get_by_role("button", name="Block on SMS").click()
    expect(page.locator(".head .status")).to_have_text("Spam")
    expect(panel(page)).to_contain_text("blocked: SMS")
    expect(page.locator("#composer-status")).to_contain_text("is blocked")
    more.click()
    page.get_by_role("button", name="Unblock on SMS").click()
    expect(page.locator(".head .status")).to_have_text("Open")


def test_customers_are_found_named_and_described(desk: Desk, page: Page) -> None:
    desk.tell("sms", text="Hello", sender="+447700900640")
    page.goto("/")
    page.get_by_role("link", name="Customers").click()
    page.get_by_role("searchbox").fill("07700 900640")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile(r"\+44 7700 900640")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("+44 7700 900640")
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Name").fill("Ada of the numbers")
    page.get_by_label("Attributes").fill("plan: gold")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada of the numbers")
    expect(panel(page)).to_contain_text("gold")
    page.goto("/?q=numbers")
    expect(page.locator("#rows")).to_contain_text("Ada of the numbers")


@pytest.mark.parametrize(
    "screen",
    [PHONE, PHONE | {"color_scheme": "dark"}, {"color_scheme": "dark"}],
    indirect=True,
    ids=["390-light", "390-dark", "1280-dark"],
)
def test_everybody_can_use_it(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("form", text="Me", subject="Axe", sender="ida@people.example")["ticket"]
    desk.tell("mail", text="Me", subject="Axe two", sender="ida@people.example")
    page = screen.sign_in()
    page.goto("/customers/")
    assert complaints(page) == []
    page.goto(f"/t/{ticket}/")
    person = page.locator("#part-customer a[href^='/customers/']").first.get_attribute("href")
    page.goto(f"{person}?merge=nobody")
    page.get_by_text("Edit", exact=True).click()
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#add-address-button").click()
    assert complaints(page) == []


def test_a_customers_page_hears_of_what_is_said(desk: Desk, page: Page) -> None:
    said = desk.tell("mail", text="Where is it?", subject="Page", sender="ola@people.example")
    page.goto(f"/t/{said['ticket']}/")
    page.get_by_role("link", name="All conversations").click()
    timeline = page.get_by_role("list", name="Timeline")
    expect(timeline).to_contain_text("Where is it?")
    page.evaluate("window.first = document.querySelector('#history').firstElementChild")
    page.locator("#add-address-button").click()
    page.get_by_label("Mail address or phone number").fill("+4477009")
    desk.tell("mail", text="And the invoice?", subject="Invoice", sender="ola@people.example")
    expect(timeline).to_contain_text("And the invoice?", timeout=9000)
    expect(panel(page).get_by_role("link", name=re.compile("Invoice"))).to_be_visible()
    assert page.evaluate("first.isConnected")
    expect(page.get_by_label("Mail address or phone number")).to_have_value("+4477009")


def test_two_keys_lead_to_the_customers_and_back(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/customers/$"))
    page.go_back()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(re.compile("view=all"))
