"""What comes in from outside never takes anything out of an agent's hands: each rule a test."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser
numbers = count(1)


def a_number() -> str:
    return f"+4478009{next(numbers):05}"


@pytest.fixture
def sender() -> str:
    return a_number()


@pytest.fixture
def ticket(desk: Desk, sender: str) -> int:
    return int(desk.tell("sms", text="Where is it?", sender=sender)["ticket"])


def test_rule_1_the_reply_box_stays_as_it_is_while_twenty_things_happen(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    box = page.get_by_role("textbox", name="Reply")
    page.evaluate(
        "window.before = [document.getElementById('composer'), document.getElementById('reply-text')]"
    )
    box.focus()
    typed = ""
    for number in range(20):
        desk.tell("sms", text=f"More {number}", sender=sender)
        desk.tell("assign", ticket=ticket, to="Grace" if number % 2 else "Heidi")
        page.keyboard.type(f"word {number} ")
        typed += f"word {number} "
    expect(page.locator("#timeline")).to_contain_text("More 19")
    expect(box).to_have_value(typed)
    expect(box).to_be_focused()
    assert page.evaluate("window.before.every((node) => node.isConnected)")


def test_rule_2_what_is_open_stays_open_and_what_has_focus_keeps_it(desk: Desk, page: Page) -> None:
    quoted = "New words\n\nOn Monday somebody wrote:\n> Old words"
    ticket = desk.tell("mail", text=quoted, subject="Quoted")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Hi")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".delivery")).to_contain_text("Queued")
    page.get_by_role("combobox", name="Priority").focus()
    page.keyboard.press("?")
    page.get_by_role("heading", level=1).focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    desk.tell("delivered", ticket=ticket)
    desk.tell("assign", ticket=ticket, to="Grace")
    expect(page.locator(".delivery")).to_contain_text("Delivered")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Add tag").fill("half a ta")
    desk.tell("note", ticket=ticket, text="Something else")
    expect(page.locator("#timeline")).to_contain_text("Something else")
    expect(page.get_by_label("Add tag")).to_have_value("half a ta")
    expect(page.get_by_label("Add tag")).to_be_focused()
    chooser = page.get_by_role("combobox", name="Assignee")
    chooser.focus()
    chooser.evaluate("node => { window.chooser = node; }")
    with page.expect_response("**/facts"):
        desk.tell("assign", ticket=ticket, to="Heidi")
    expect(page.locator("#timeline")).to_contain_text("to Heidi")
    page.wait_for_timeout(500)
    assert page.evaluate("window.chooser === document.activeElement")
    page.get_by_role("heading", level=1).focus()
    expect(chooser.locator("option:checked")).to_have_text("Heidi")


def test_rule_4_nothing_moves_under_a_pointer_and_leaves_only_when_it_is_gone(
    desk: Desk, page: Page
) -> None:
    leaving = desk.tell("sms", text="Leaving", sender=a_number())["ticket"]
    staying = desk.tell("sms", text="Staying", sender=a_number())["ticket"]
    page.goto("/?view=all")
    page.locator(f"#t-{staying}").hover()
    top = page.locator(f"#t-{leaving}").bounding_box()
    desk.tell("resolve", ticket=leaving)
    expect(page.locator(f"#t-{leaving}.row--gone")).to_be_visible()
    newer = desk.tell("sms", text="Newer", sender=a_number())["ticket"]
    pill = page.get_by_role("button", name="2 updates")
    expect(pill).to_be_visible()
    assert page.locator(f"#t-{leaving}").bounding_box() == top
    expect(page.locator(f"#t-{newer}")).to_have_count(0)
    page.mouse.move(900, 500)
    expect(page.locator(f"#t-{leaving}")).to_have_count(0)
    expect(page.locator("#rows > li").first).to_have_id(f"t-{newer}")
    expect(pill).to_be_hidden()


def test_rule_4_the_open_ticket_stays_in_the_list_and_can_be_brought_back(
    desk: Desk, ticket: int, page: Page
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    page.mouse.move(900, 500)
    desk.tell("resolve", ticket=ticket)
    row = page.locator(f"#t-{ticket}")
    expect(row).to_contain_text("Resolved by Heidi")
    page.wait_for_timeout(500)
    expect(row).to_be_visible()
    row.get_by_role("button", name="Undo").click()
    expect(row).not_to_contain_text("Resolved by")
    expect(row).not_to_have_class(re.compile("row--gone"))
    assert desk.tell("status", ticket=ticket) == "open"


def test_rule_5_who_reads_further_up_stays_there(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    for number in range(25):
        desk.tell("sms", text=f"Long\nmessage\n{number}", sender=sender)
    page.goto(f"/?view=all&t={ticket}")
    scroller = page.locator("#scroller")
    scroller.evaluate("it => it.scrollTop = 100")
    desk.tell("sms", text="One more", sender=sender)
    pill = page.get_by_role("button", name="New message ↓")
    expect(pill).to_be_visible()
    desk.tell("sms", text="Another customer", sender=a_number())
    page.wait_for_timeout(600)
    assert scroller.evaluate("it => it.scrollTop") == 100
    pill.click()
    at_the_end = "it => it.scrollHeight - it.clientHeight - it.scrollTop < 2"
    assert scroller.evaluate(at_the_end)
    desk.tell("sms", text="Followed now", sender=sender)
    expect(page.get_by_text("Followed now").last).to_be_in_viewport()


def test_rule_6_selected_text_stays_selected_until_it_is_let_go(
    desk: Desk, ticket: int, page: Page
) -> None:
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Select me")
    page.keyboard.press("Control+Enter")
    message = page.locator(".message--outbound")
    expect(message).to_contain_text("Queued")
    message.locator(".bubble__text").select_text()
    desk.tell("delivered", ticket=ticket)
    desk.tell("assign", ticket=ticket, to="Grace")
    expect(page.locator("#timeline")).to_contain_text("ssigned this to Grace")
    assert page.evaluate("getSelection().toString()").strip() == "Select me"
    expect(message).to_contain_text("Queued")
    page.evaluate("getSelection().removeAllRanges()")
    expect(message).to_contain_text("Delivered")


def test_rule_7_of_two_subjects_both_are_shown_and_mine_is_kept(
    desk: Desk, page: Page, screen: Screen
) -> None:
    ticket = desk.tell("mail", text="x", subject="Parcel")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("button", name="Edit subject").click()
    field = page.get_by_label("Subject", exact=True)
    field.fill("My name for it")
    with page.expect_response("**/facts"):
        desk.tell("rename", ticket=ticket, subject="Heidi's name for it")
    page.wait_for_timeout(300)
    expect(page.locator("#timeline")).to_contain_text("Heidi's name for it")
    expect(field).to_have_value("My name for it")
    page.keyboard.press("Enter")
    conflict = page.locator("#subject-conflict")
    expect(conflict).to_contain_text("Heidi's name for it")
    expect(conflict).to_contain_text("My name for it")
    expect(field).to_have_value("My name for it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("My name for it")
    screen.complaints.clear()  # the 409, as meant


def test_rule_8_the_line_above_what_was_unread_stays_until_the_ticket_is_left(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    expect(page.locator(f"#t-{ticket}.row--unread")).to_have_count(0, timeout=8000)
    page.goto("/?view=all")
    desk.tell("sms", text="While away", sender=sender)
    row = page.locator(f"#t-{ticket}.row--unread")
    expect(row).to_be_visible()
    row.get_by_role("link").click()
    line = page.locator("#unread-line + .message")
    expect(line).to_contain_text("While away")
    expect(row).to_have_count(0, timeout=8000)  # read by now
    desk.tell("sms", text="While here", sender=sender)
    expect(page.locator("#timeline")).to_contain_text("While here")
    expect(line).to_contain_text("While away")
    page.evaluate("document.dispatchEvent(new CustomEvent('live:resync'))")
    page.wait_for_timeout(1500)
    expect(line).to_contain_text("While away")
    page.goto(f"/t/{ticket}/")
    expect(page.locator("#unread-line")).to_have_count(0)


def test_a_ticket_is_read_only_when_somebody_looks_and_can_be_marked_unread(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    row = page.locator(f"#t-{ticket}.row--unread")
    expect(row).to_have_count(0, timeout=8000)
    _hide(page, hidden=True)
    desk.tell("sms", text="Nobody looks", sender=sender)
    page.wait_for_timeout(1500)
    _hide(page, hidden=False)
    expect(page.locator("#timeline")).to_contain_text("Nobody looks")
    expect(row).to_have_count(1)
    expect(row).to_have_count(0, timeout=8000)
    page.get_by_role("heading", level=1).focus()
    page.keyboard.press("u")
    expect(row).to_have_count(1)
    page.wait_for_timeout(1500)
    expect(row).to_have_count(1)


def test_news_show_in_the_title_and_ring_once_in_a_burst(
    desk: Desk, page: Page, screen: Screen
) -> None:
    desk.tell("sms", text="First of all", sender=a_number())
    page.goto("/?view=snoozed")
    page.evaluate("window.rung = 0; document.addEventListener('sound:rang', () => window.rung++)")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Snoozed"))
    before = int(page.title()[1:].partition(")")[0])
    page.locator(".me__button").click()
    page.get_by_label("Sound for new messages").check()
    assert page.evaluate("window.rung") == 1  # how it sounds
    page.wait_for_timeout(5200)
    for number in range(3):
        desk.tell("sms", text=f"News {number}", sender=a_number())
    expect(page).to_have_title(re.compile(rf"^\({before + 3}\) Snoozed"), timeout=8000)
    page.wait_for_timeout(2000)
    assert page.evaluate("window.rung") == 2
    assert "favicon-news" in (page.locator("link[rel=icon]").get_attribute("href") or "")


def _hide(page: Page, *, hidden: bool) -> None:
    """As if the tab went to the back, or came to the front."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
