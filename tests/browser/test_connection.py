"""Lines that break, lie or are not there: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser
numbers = count(1)


@pytest.fixture
def sender() -> str:
    return f"+4478108{next(numbers):05}"


@pytest.fixture
def ticket(desk: Desk, sender: str) -> int:
    return int(desk.tell("sms", text="Where is it?", sender=sender)["ticket"])


def go_offline(page: Page, screen: Screen) -> None:
    page.wait_for_timeout(500)
    screen.context.set_offline(True)
    expect(page.get_by_text("Offline. What you see may be old")).to_be_visible(timeout=9000)


def test_where_no_socket_gets_through_news_are_asked_for(
    desk: Desk, ticket: int, sender: str, page: Page, screen: Screen
) -> None:
    page.route_web_socket("**/ws/inbox/", lambda socket: socket.close(code=1006))
    page.add_init_script("window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 }), 5); } close() {} }")  # fmt: skip
    page.goto(f"/t/{ticket}/")
    desk.tell("sms", text="Hello again", sender=sender)
    expect(page.locator("#timeline")).to_contain_text("Hello again", timeout=15_000)
    page.wait_for_timeout(6000)
    expect(page.locator("#offline")).to_be_hidden()
    screen.complaints.clear()


def test_a_line_that_swallows_everything_is_given_up(
    desk: Desk, ticket: int, sender: str, page: Page, screen: Screen
) -> None:
    lines = count(1)

    def answer(socket: WebSocketRoute) -> None:
        if next(lines) > 1:
            socket.connect_to_server()

    page.route_web_socket("**/ws/inbox/", answer)
    page.goto(f"/t/{ticket}/")
    desk.tell("sms", text="Into the void", sender=sender)
    expect(page.locator("#timeline")).to_contain_text("Into the void", timeout=20_000)
    screen.complaints.clear()


def test_two_tabs_that_come_back_send_what_waited_once(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    other = screen.context.new_page()
    other.goto(f"/t/{ticket}/")
    go_offline(page, screen)
    for text in ("First", "Second"):
        page.get_by_role("textbox", name="Reply").fill(text)
        page.get_by_role("button", name="Send when online").click()
    expect(other.get_by_role("list", name="Waiting to be sent").locator("li")).to_have_count(2)
    screen.context.set_offline(False)
    expect(page.locator("#outbox")).to_be_empty(timeout=15_000)
    expect(page.locator("#timeline")).to_contain_text("Second", timeout=10_000)
    assert desk.tell("outbound", ticket=ticket) == ["First", "Second"]
    screen.complaints.clear()


def test_what_waited_is_held_when_a_colleague_answered_meanwhile(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    go_offline(page, screen)
    page.get_by_role("textbox", name="Reply").fill("Late answer")
    page.get_by_role("button", name="Send when online").click()
    desk.tell("note", ticket=ticket, text="Done by phone")
    screen.context.set_offline(False)
    expect(page.locator("#composer-problem")).to_contain_text("Done by phone", timeout=15_000)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Late answer")
    expect(page.locator("#outbox")).to_be_empty()
    assert desk.tell("outbound", ticket=ticket) == []
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    assert desk.tell("outbound", ticket=ticket) == ["Late answer"]
    screen.complaints.clear()


def test_what_waits_can_be_taken_back(desk: Desk, ticket: int, page: Page, screen: Screen) -> None:
    page.goto(f"/t/{ticket}/")
    go_offline(page, screen)
    page.get_by_role("textbox", name="Reply").fill("Not like this")
    page.get_by_role("button", name="Send when online").click()
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Not like this")
    screen.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=10_000)
    page.wait_for_timeout(500)
    assert desk.tell("outbound", ticket=ticket) == []
    screen.complaints.clear()


def test_an_answer_whose_receipt_was_lost_is_sent_once_and_needs_no_other_press(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    lost = []

    def lose(route: Route) -> None:
        lost.append(route.fetch())
        route.abort()

    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Only once")
    page.route("**/replies", lose)
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".message--waiting")).to_contain_text("Only once")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.unroute_all()
    expect(page.locator(".message--waiting")).to_have_count(0, timeout=15_000)
    assert len(lost) >= 1
    assert desk.tell("outbound", ticket=ticket) == ["Only once"]
    screen.complaints.clear()


def test_an_answer_sent_the_moment_the_line_was_lost_waits_and_leaves_by_itself(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("Into the void")
    screen.context.set_offline(True)
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".message--waiting")).to_contain_text("Into the void")
    assert desk.tell("outbound", ticket=ticket) == []
    screen.context.set_offline(False)
    expect(page.locator(".message--waiting")).to_have_count(0, timeout=15_000)
    assert desk.tell("outbound", ticket=ticket) == ["Into the void"]
    screen.complaints.clear()
