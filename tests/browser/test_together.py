"""Two agents, two tabs: who is there, what was begun, whose answer counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser
numbers = count(1)


@pytest.fixture
def colleague(browser: Browser, desk: Desk) -> Iterator[Screen]:
    """Heidi's browser."""
    desk.tell("reactivate", name="Heidi")
    screen = Screen(browser, desk, viewport={"width": 1280, "height": 800})
    screen.sign_in("heidi")
    yield screen
    screen.context.close()
    assert screen.complaints == []


@pytest.fixture
def ticket(desk: Desk) -> int:
    sender = f"+4477009{next(numbers):05}"
    return int(desk.tell("sms", text="Where is it?", sender=sender)["ticket"])


def send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send")).first.click()


def reply_box(page: Page) -> object:
    return page.get_by_role("textbox", name="Reply")


def test_who_views_and_who_replies_shows_in_ticket_and_list(
    ticket: int, page: Page, colleague: Screen
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    colleague.page.goto(f"/t/{ticket}/")
    expect(page.locator("#here")).to_contain_text("Heidi is viewing")
    expect(page.locator(f"#t-{ticket} .row__here")).to_contain_text("Heidi is viewing")
    colleague.page.get_by_role("textbox", name="Reply").press_sequentially("Dear")
    expect(page.locator("#here")).to_contain_text("Heidi is replying")
    expect(page.locator("#typing")).to_have_text("Heidi is typing …")
    expect(page.locator("#typing")).to_be_empty(timeout=8000)
    colleague.page.goto("/")
    expect(page.locator("#here")).to_be_empty()
    expect(page.locator(f"#t-{ticket} .row__here")).to_be_empty()


def test_a_customer_who_types_is_shown(desk: Desk, ticket: int, page: Page) -> None:
    page.goto(f"/t/{ticket}/")
    page.wait_for_timeout(1000)
    desk.tell("customer_types", ticket=ticket)
    expect(page.locator("#typing")).to_contain_text("is typing …")


def test_of_two_answers_at_once_the_second_is_held_and_keeps_its_text(
    desk: Desk, ticket: int, page: Page, screen: Screen, colleague: Screen
) -> None:
    for one, text in ((page, "Grace's answer"), (colleague.page, "Heidi's answer")):
        one.goto(f"/t/{ticket}/")
        one.get_by_role("textbox", name="Reply").fill(text)
    send(colleague.page)
    expect(page.locator("#timeline")).to_contain_text("Heidi's answer")
    send(page)  # it has only just appeared: nobody has read it yet
    held = page.locator("#composer-problem")
    expect(held).to_contain_text("Heidi's answer")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Grace's answer")
    assert desk.tell("outbound", ticket=ticket) == ["Heidi's answer"]
    page.get_by_role("button", name="Keep editing").click()
    expect(held).to_be_empty()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    page.wait_for_timeout(1300)  # read
    send(page)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == ["Heidi's answer", "Grace's answer"]
    screen.complaints.clear()  # the 409, as meant


def test_an_answer_can_be_sent_anyway(desk: Desk, ticket: int, page: Page, screen: Screen) -> None:
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Mine")
    page.route("**/messages?**", lambda route: route.abort())
    desk.tell("note", ticket=ticket, text="Wait for me")
    send(page)
    expect(page.locator("#composer-problem")).to_contain_text("Wait for me")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == ["Mine"]
    page.unroute_all()
    screen.complaints.clear()


def test_a_draft_is_kept_at_the_desk_and_marked_in_the_list(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    page.get_by_role("textbox", name="Reply").fill("Dear Ada")
    expect(page.locator(f"#t-{ticket}")).to_contain_text("Draft")
    assert desk.tell("draft", ticket=ticket) == {"reply": "Dear Ada"}
    page.evaluate("localStorage.clear()")
    page.goto("/?view=drafts")
    page.locator(f"#t-{ticket} a").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Dear Ada")
    send(page)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    expect(page.locator(f"#t-{ticket}")).not_to_contain_text("Draft")
    assert desk.tell("draft", ticket=ticket) == {}


def test_leaving_in_mid_word_loses_nothing(desk: Desk, ticket: int, page: Page) -> None:
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Half a wo")
    page.goto("/")
    page.evaluate("localStorage.clear()")
    page.goto(f"/t/{ticket}/")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half a wo")


def test_two_tabs_with_different_words_show_both_and_overwrite_nothing(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    other = screen.context.new_page()
    for tab in (page, other):
        tab.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("From the first")
    page.wait_for_timeout(1300)
    assert desk.tell("draft", ticket=ticket) == {"reply": "From the first"}
    expect(other.get_by_role("textbox", name="Reply")).to_have_value("From the first")
    page.route("**/drafts", lambda route: route.abort())
    other.route("**/draft", lambda route: route.abort())
    other.get_by_role("textbox", name="Reply").fill("From the second")
    page.get_by_role("textbox", name="Reply").fill("From the first, longer")
    page.wait_for_timeout(1300)
    other.unroute_all()
    other.get_by_role("textbox", name="Reply").fill("From the second, too")
    offer = other.locator("#draft-newer")
    expect(offer).to_contain_text("From the first, longer")
    expect(other.get_by_role("textbox", name="Reply")).to_have_value("From the second, too")
    assert desk.tell("draft", ticket=ticket) == {"reply": "From the first, longer"}
    other.get_by_role("button", name="Take that instead").click()
    expect(other.get_by_role("textbox", name="Reply")).to_have_value("From the first, longer")
    expect(offer).to_be_hidden()
    screen.complaints.clear()  # the 409 and the aborted requests, as meant


def test_a_draft_sent_in_one_tab_leaves_the_other(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    other = screen.context.new_page()
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Only once")
    page.wait_for_timeout(1200)
    other.goto(f"/t/{ticket}/")
    expect(other.get_by_role("textbox", name="Reply")).to_have_value("Only once")
    other.wait_for_timeout(500)
    send(page)
    expect(other.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == ["Only once"]


def test_the_same_draft_sent_from_two_tabs_is_one_message(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    other = screen.context.new_page()
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Only once")
    page.wait_for_timeout(1200)
    other.route_web_socket("**/ws/inbox/", lambda socket: None)
    other.goto(f"/t/{ticket}/")
    send(page)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    send(other)
    expect(other.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == ["Only once"]


def test_each_mode_keeps_its_own_text(ticket: int, page: Page) -> None:
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("to the customer")
    page.get_by_role("radio", name="Note").check()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("")
    page.get_by_role("textbox", name="Note").fill("to colleagues")
    page.get_by_role("radio", name="Reply").check()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("to the customer")


def test_files_go_up_with_the_draft_and_out_with_the_reply(
    desk: Desk, page: Page, screen: Screen
) -> None:
    ticket = desk.tell("mail", text="Please send it", subject=f"Files {next(numbers)}")["ticket"]
    page.goto(f"/t/{ticket}/")
    files = [
        {"name": name, "mimeType": "text/plain", "buffer": b"abc"} for name in ("a.txt", "b.txt")
    ]
    page.locator("#attach input").set_input_files(files)
    expect(page.get_by_role("button", name="Remove a.txt")).to_be_visible()
    page.get_by_role("button", name="Remove b.txt").click()
    page.reload()
    expect(page.get_by_role("button", name="Remove a.txt")).to_be_visible()
    expect(page.get_by_role("button", name="Remove b.txt")).to_have_count(0)
    page.get_by_role("textbox", name="Reply").fill("Here")
    send(page)
    expect(page.locator("#timeline .file__name")).to_have_text("a.txt")
    expect(page.locator("#composer-files")).to_be_empty()


def test_two_tabs_ring_once_and_not_for_what_is_in_view_in_one(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    rung = "window.rung = 0; document.addEventListener('sound:rang', () => window.rung++)"
    other = screen.context.new_page()
    for tab in (other, page):
        tab.goto(f"/t/{ticket}/" if tab is page else "/?view=snoozed")
        tab.evaluate(rung)
    page.evaluate("localStorage.setItem('parley:sound', 'on')")
    other.evaluate("Object.defineProperty(document, 'hasFocus', { value: () => false })")
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    desk.tell("sms", text="Seen at once", sender=desk.tell("sender_of", ticket=ticket))
    expect(page.locator("#timeline")).to_contain_text("Seen at once")
    other.wait_for_timeout(1500)
    desk.tell("sms", text="Somebody new", sender=f"+4477009{next(numbers):05}")
    other.wait_for_timeout(2500)
    assert sorted(tab.evaluate("window.rung") for tab in (page, other)) == [0, 1]
