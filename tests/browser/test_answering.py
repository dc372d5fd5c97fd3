"""An agent reads, answers, notes, while things keep coming in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser


def test_an_agent_reads_a_ticket_and_answers_it(desk: Desk, page: Page) -> None:
    ticket = desk.tell("mail", text="It never came.", subject="Lost parcel")["ticket"]
    page.goto("/?view=all")
    rows = page.get_by_role("region", name="Tickets")
    rows.get_by_role("link", name=re.compile("Lost parcel")).click()
    expect(page.get_by_role("main")).to_contain_text("It never came.")
    expect(page).to_have_url(re.compile(rf"t={ticket}$"))
    page.get_by_role("textbox", name="Reply").fill("We are looking for it.")
    page.get_by_role("button", name=re.compile("^Send to .* · Email$")).click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    expect(page.get_by_role("main").locator(".timeline")).to_contain_text("We are looking for it.")
    assert desk.tell("outbound", ticket=ticket) == ["We are looking for it."]


def test_copies_of_a_mail_are_asked_for_when_wanted(desk: Desk, page: Page) -> None:
    ticket = desk.tell("mail", text="x", subject="Copies", sender="bob@else.example")["ticket"]
    page.goto(f"/t/{ticket}/")
    expect(page.get_by_label("Cc", exact=True).and_(page.locator("input"))).to_be_hidden()
    page.get_by_role("button", name="Cc", exact=True).click()
    page.keyboard.type("carol@else.example")
    page.get_by_role("textbox", name="Reply").fill("To both")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline")).to_contain_text("To both")
    assert desk.tell("copies", ticket=ticket) == ["carol@else.example"]


def test_a_note_is_told_apart_and_goes_nowhere(desk: Desk, page: Page) -> None:
    ticket = desk.tell("mail", text="Hm.", subject="For colleagues")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("radio", name="Note").check()
    page.get_by_role("textbox", name="Note").fill("Careful with this one.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".message--note")).to_contain_text("Careful with this one.")
    expect(page.locator(".message--note")).to_contain_text("Internal note")
    expect(page.get_by_role("radio", name="Note")).to_be_checked()
    assert desk.tell("outbound", ticket=ticket) == []


def test_new_messages_appear_without_touching_what_is_typed(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Hello?", sender="+447700900201")["ticket"]
    page.goto(f"/?view=all&t={ticket}")
    box = page.get_by_role("textbox", name="Reply")
    box.focus()
    page.keyboard.type("Half a sen")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    for number in range(3):
        desk.tell("sms", text=f"And another thing, {number}", sender="+447700900201")
    expect(page.get_by_role("main")).to_contain_text("And another thing, 2")
    expect(box).to_be_focused()
    assert box.evaluate("box => [box.selectionStart, box.selectionEnd]") == [8, 10]
    page.keyboard.type("ntence")
    expect(box).to_have_value("Half a sntence")
    assert page.locator(".message--inbound").count() == 4


def test_a_delivery_turns_up_on_the_message(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Hello?", sender="+447700900202")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Hi.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".delivery")).to_contain_text("Queued")
    desk.tell("delivered", ticket=ticket)
    expect(page.locator(".delivery")).to_contain_text("Delivered")


def test_a_failed_message_says_why_and_is_tried_again_by_keyboard(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Hello?", sender="+447700900209")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Hi.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".delivery")).to_contain_text("Queued")
    desk.tell("failed", ticket=ticket)
    expect(page.locator(".delivery")).to_contain_text("Failed: no such number")
    page.get_by_role("button", name="Retry").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".delivery")).to_contain_text("Queued")
    expect(page.locator(".message--outbound")).to_be_focused()


def test_without_a_connection_the_desk_says_so_and_typing_goes_on(
    desk: Desk, screen: Screen
) -> None:
    ticket = desk.tell("sms", text="Hello?", sender="+447700900211")["ticket"]
    page = screen.sign_in()
    page.goto(f"/t/{ticket}/")
    page.wait_for_timeout(500)
    screen.context.set_offline(True)
    expect(page.get_by_text("Offline. What you see may be old")).to_be_visible(timeout=9000)
    page.get_by_role("textbox", name="Reply").fill("Written offline")
    page.get_by_role("button", name="Send when online").click()
    waiting = page.get_by_role("list", name="Waiting to be sent")
    expect(waiting).to_contain_text("Written offline")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == []
    screen.context.set_offline(False)
    expect(page.locator("#timeline")).to_contain_text("Written offline", timeout=10_000)
    expect(waiting).to_be_empty()
    assert desk.tell("outbound", ticket=ticket) == ["Written offline"]
    screen.complaints.clear()  # the broken connection, as meant


def test_what_came_while_nobody_listened_is_caught_up_with(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("sms", text="Hello?", sender="+447700900212")["ticket"]
    page = screen.sign_in()
    page.route_web_socket("**/ws/inbox/", lambda socket: socket.close())
    page.route("**/events?**", lambda route: route.abort())
    page.goto(f"/?view=all&t={ticket}")
    desk.tell("sms", text="Still there?", sender="+447700900212")
    other = desk.tell("sms", text="Somebody new", sender="+447700900213")["ticket"]
    page.wait_for_timeout(500)
    assert "Still there?" not in page.get_by_role("main").inner_text()
    page.unroute_all()
    page.route_web_socket("**/ws/inbox/", lambda socket: socket.connect_to_server() and None)
    expect(page.locator("#timeline")).to_contain_text("Still there?", timeout=10_000)
    expect(page.locator(f"#t-{other}")).to_contain_text("Somebody new")
    screen.complaints.clear()


def test_a_colleagues_note_stops_a_reply_and_keeps_its_text(desk: Desk, screen: Screen) -> None:
    ticket = desk.tell("sms", text="Hello?", sender="+447700900203")["ticket"]
    page = screen.sign_in()
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("My answer.")
    page.route("**/messages?**", lambda route: route.abort())  # what came in stays unseen
    desk.tell("note", ticket=ticket, text="I am on it, wait.")
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.get_by_role("alert").first).to_contain_text("I am on it, wait.")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("My answer.")
    assert desk.tell("outbound", ticket=ticket) == []
    page.unroute("**/messages?**")
    desk.tell("assign", ticket=ticket, to="Heidi")
    expect(page.locator(".message--note")).to_contain_text("I am on it")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == ["My answer."]
    screen.complaints.clear()  # the 409 and the aborted requests, as meant


def test_what_was_typed_survives_leaving_and_coming_back(desk: Desk, page: Page) -> None:
    one = desk.tell("sms", text="First", sender="+447700900204")["ticket"]
    other = desk.tell("sms", text="Second", sender="+447700900205")["ticket"]
    page.goto(f"/?view=all&t={one}")
    page.get_by_role("textbox", name="Reply").fill("for the first")
    page.get_by_role("radio", name="Note").check()
    page.get_by_role("textbox", name="Note").fill("about the first")
    page.locator(f"#t-{other} a").click()
    expect(page.get_by_role("main")).to_contain_text("Second")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.go_back()
    expect(page.get_by_role("main")).to_contain_text("First")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("for the first")
    page.get_by_role("radio", name="Note").check()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("about the first")


def test_a_canned_reply_goes_in_at_the_caret_and_can_be_undone(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Hi", sender="+447700900206")["ticket"]
    desk.tell("name_customer", ticket=ticket, name="Ada Lovelace")
    page.goto(f"/t/{ticket}/")
    box = page.get_by_role("textbox", name="Reply")
    box.focus()
    page.keyboard.type("Dear all\n")
    page.keyboard.type("/than")
    expect(page.get_by_role("option", name=re.compile("Thanks"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(box).to_have_value("Dear all\nThank you, Ada.")
    expect(box).to_be_focused()
    page.keyboard.press("Control+z")
    expect(box).to_have_value("Dear all\n")


def test_a_slash_that_meant_no_canned_reply_stays_as_typed(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Hi", sender="+447700900207")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").focus()
    page.keyboard.type("/etc/hosts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("/etc/hosts")


def test_sms_are_counted_while_typing(desk: Desk, page: Page) -> None:
    ticket = desk.tell("sms", text="Hi", sender="+447700900208")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").press_sequentially("x" * 161)
    expect(page.locator("#composer-status")).to_have_text("161 characters · 2 SMS")


def test_the_original_of_a_mail_runs_nothing_and_fetches_nothing(desk: Desk, page: Page) -> None:
    html = '<p>Hello</p><img src="https://tracker.example/x.png"><a href="https://a.example">a</a>'
    ticket = desk.tell("mail", text="Hello", subject="Original", html=html)["ticket"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/t/{ticket}/")
    page.get_by_role("button", name="Show original").click()
    expect(page.frame_locator(".bubble__original iframe").locator("p")).to_have_text("Hello")
    assert not [url for url in asked if "tracker" in url]
