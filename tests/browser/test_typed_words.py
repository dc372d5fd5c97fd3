"""What somebody has typed is not lost, not doubled and never ends up somewhere else."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser
numbers = count(1)


@pytest.fixture
def ticket(desk: Desk) -> int:
    return int(desk.tell("sms", text="Where is it?", sender=a_number())["ticket"])


def a_number() -> str:
    return f"+4478309{next(numbers):05}"


def go_offline(page: Page, screen: Screen) -> None:
    page.wait_for_timeout(500)
    screen.context.set_offline(True)
    expect(page.get_by_text("Offline. What you see may be old")).to_be_visible(timeout=9000)


def test_an_answer_sent_before_its_last_words_were_saved_leaves_no_draft(
    desk: Desk, ticket: int, page: Page
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    page.get_by_role("textbox", name="Reply").fill("Hel")
    expect(page.locator(f"#t-{ticket}")).to_contain_text("Draft")
    page.get_by_role("textbox", name="Reply").press_sequentially("lo")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("Hello")
    assert desk.tell("draft", ticket=ticket) == {}
    expect(page.locator(f"#t-{ticket}")).not_to_contain_text("Draft")
    page.goto(f"/t/{ticket}/")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")


def test_a_save_that_comes_after_the_answer_leaves_no_draft(
    desk: Desk, ticket: int, page: Page
) -> None:
    waiting: list[Route] = []
    page.goto(f"/t/{ticket}/")
    page.route("**/draft", lambda route: route.continue_() if waiting else waiting.append(route))
    with page.expect_request("**/draft"):
        page.get_by_role("textbox", name="Reply").fill("Hel")
    page.get_by_role("textbox", name="Reply").press_sequentially("lo")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("Hello")
    with page.expect_response("**/draft"):
        waiting[0].continue_()
    assert desk.tell("draft", ticket=ticket) == {}


def test_words_typed_while_a_save_is_under_way_survive_a_sudden_end(
    ticket: int, page: Page
) -> None:
    page.goto(f"/t/{ticket}/")
    page.route("**/draft", lambda _route: None)  # never answered
    with page.expect_request("**/draft"):
        page.get_by_role("textbox", name="Reply").fill("First")
    page.get_by_role("textbox", name="Reply").press_sequentially(" and last")
    page.reload()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("First and last")


def test_files_go_to_the_ticket_they_were_chosen_in(desk: Desk, ticket: int, page: Page) -> None:
    other = desk.tell("sms", text="Somebody else", sender=a_number())["ticket"]
    waiting: list[Route] = []
    page.goto(f"/?view=all&t={ticket}")
    page.route(
        "**/draft/files", lambda route: route.continue_() if waiting else waiting.append(route)
    )
    files = [
        {"name": name, "mimeType": "image/png", "buffer": b"abc"} for name in ("a.png", "b.png")
    ]
    with page.expect_request("**/draft/files"):
        page.locator("#attach input").set_input_files(files)
    page.locator(f"#t-{other} a").click()
    expect(page.get_by_role("main")).to_contain_text("Somebody else")
    expect(page.locator("#composer-files")).to_be_empty()
    with page.expect_response(re.compile(f"/t/{ticket}/draft/files")):
        waiting[0].continue_()
    page.locator(f"#t-{ticket} a").click()
    expect(page.get_by_role("button", name="Remove b.png")).to_be_visible()
    page.goto(f"/t/{other}/")
    expect(page.locator("#composer-files")).to_be_empty()


def test_a_file_is_dropped_into_the_ticket_and_beside_it_does_no_harm(
    ticket: int, page: Page
) -> None:
    page.goto(f"/t/{ticket}/")
    drop = """(selector) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["abc"], "dropped.png", { type: "image/png" }));
        const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
        document.querySelector(selector).dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    assert page.evaluate(drop, ".side")
    assert page.evaluate(drop, "#timeline")
    expect(page.get_by_role("button", name="Remove dropped.png")).to_have_count(1)


def test_what_waited_comes_back_in_the_tab_that_shows_its_ticket(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    elsewhere = screen.context.new_page()
    go_offline(page, screen)
    page.get_by_role("textbox", name="Reply").fill("Late answer")
    page.get_by_role("button", name="Send when online").click()
    desk.tell("note", ticket=ticket, text="Done by phone")
    page.route_web_socket("**/ws/inbox/", lambda socket: None)  # it stays offline
    screen.context.set_offline(False)
    elsewhere.goto("/")
    expect(page.locator("#composer-problem")).to_contain_text("Done by phone", timeout=15_000)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Late answer")
    assert desk.tell("outbound", ticket=ticket) == []
    screen.complaints.clear()


def test_what_waited_is_held_until_its_ticket_is_opened(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    go_offline(page, screen)
    page.get_by_role("textbox", name="Reply").fill("Late answer")
    page.get_by_role("button", name="Send when online").click()
    desk.tell("note", ticket=ticket, text="Done by phone")
    screen.context.set_offline(False)
    page.goto("/?view=all")
    expect(page.get_by_role("alert").last).to_contain_text(f"#{ticket} was not sent")
    page.locator(f"#t-{ticket} a").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Late answer")
    expect(page.locator("#composer-problem")).to_contain_text("Done by phone")
    screen.complaints.clear()


def test_what_is_taken_back_keeps_its_files_and_its_copies(
    desk: Desk, page: Page, screen: Screen
) -> None:
    ticket = desk.tell("mail", text="Please", subject=f"Taken back {next(numbers)}")["ticket"]
    page.goto(f"/t/{ticket}/")
    page.locator("#attach input").set_input_files(
        [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"}]
    )
    expect(page.get_by_role("button", name="Remove a.txt")).to_be_visible()
    page.get_by_role("button", name="Cc", exact=True).click()
    page.keyboard.type("carol@else.example")
    go_offline(page, screen)
    page.get_by_role("textbox", name="Reply").fill("Here it is")
    page.get_by_role("button", name="Send when online").click()
    expect(page.locator("#composer-files")).to_be_empty()
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("button", name="Remove a.txt")).to_be_visible()
    screen.context.set_offline(False)
    page.get_by_role("button", name=re.compile("^Send to")).click(timeout=15_000)
    expect(page.locator("#timeline .file__name")).to_have_text("a.txt")
    assert desk.tell("copies", ticket=ticket) == ["carol@else.example"]
    screen.complaints.clear()


def test_what_waits_is_tried_again_after_the_desk_had_trouble(
    desk: Desk, ticket: int, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    go_offline(page, screen)
    page.get_by_role("textbox", name="Reply").fill("Patience")
    page.get_by_role("button", name="Send when online").click()
    failures = count(1)
    page.route(
        "**/replies",
        lambda route: route.fulfill(status=503) if next(failures) < 2 else route.continue_(),
    )
    screen.context.set_offline(False)
    expect(page.locator("#timeline")).to_contain_text("Patience", timeout=20_000)
    assert desk.tell("outbound", ticket=ticket) == ["Patience"]
    screen.complaints.clear()


def test_when_the_session_ends_the_text_stays_and_is_there_after_signing_in(
    desk: Desk, ticket: int, browser: Browser
) -> None:
    desk.tell("reactivate", name="Heidi")
    heidi = Screen(browser, desk, viewport={"width": 1280, "height": 800})
    page = heidi.sign_in("heidi")
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").press_sequentially("Half a tho")
    heidi.context.clear_cookies()
    page.get_by_role("textbox", name="Reply").press_sequentially("ught")
    dialog = page.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    expect(page.locator("#reply-text")).to_have_value("Half a thought")
    dialog.get_by_role("link", name="Sign in again").click()
    page.get_by_label("Email").fill("heidi@desk.example")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half a thought")
    heidi.context.close()


def test_the_box_does_not_go_from_under_the_fingers_when_the_window_ends(
    desk: Desk, page: Page
) -> None:
    ticket = desk.tell("whatsapp", text="Is my lamp ready?")["ticket"]
    desk.tell("whatsapp_window", minutes=0.1)
    page.clock.install()
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").press_sequentially("Half a tho")
    page.clock.run_for(30_000)
    expect(page.locator("#reply-window")).to_contain_text("24 hours have passed")
    page.keyboard.type("ught")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half a thought")
    assert desk.tell("status", ticket=ticket) != "resolved"
    page.keyboard.press("Escape")
    page.clock.run_for(1000)
    expect(page.get_by_role("searchbox", name="Search templates")).to_be_visible()
    desk.tell("whatsapp_window", minutes=600)


def test_an_address_that_leaves_the_ticket_is_not_silently_replaced(desk: Desk, page: Page) -> None:
    first = desk.tell("sms", text="By SMS", sender="+447830900777")["ticket"]
    page.goto(f"/t/{first}/")
    page.evaluate(
        """() => {
            const gone = new Option("+44 1 · SMS", "999999");
            document.getElementById("strand").prepend(gone);
            document.getElementById("strand").value = "999999";
        }"""
    )
    page.get_by_role("textbox", name="Reply").fill("For that address")
    desk.tell("assign", ticket=first, to="Heidi")
    expect(page.locator("#composer-problem")).to_contain_text("is not in this ticket any more")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("For that address")


def test_a_template_that_was_held_is_sent_anyway(desk: Desk, page: Page, screen: Screen) -> None:
    ticket = desk.tell("whatsapp", text="Is my lamp ready?")["ticket"]
    before = len(desk.tell("templates_sent", ticket=ticket))
    desk.tell("whatsapp_window", minutes=-1)
    page.goto(f"/t/{ticket}/")
    page.get_by_role("button", name=re.compile("still_there")).click()
    page.route("**/messages?**", lambda route: route.abort())
    desk.tell("note", ticket=ticket, text="I have called her")
    page.get_by_role("button", name="Send template").click()
    expect(page.locator("#composer-problem")).to_contain_text("I have called her")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator("#composer-problem")).to_be_empty()
    assert len(desk.tell("templates_sent", ticket=ticket)) == before + 1
    page.unroute_all()
    desk.tell("whatsapp_window", minutes=600)
    screen.complaints.clear()


def test_one_message_is_answered_in_particular(desk: Desk, page: Page) -> None:
    said = desk.tell("whatsapp", text="Which colour?")
    desk.tell("whatsapp", text="And when?")
    desk.tell("whatsapp_window", minutes=600)
    page.goto(f"/t/{said['ticket']}/")
    page.locator(f"#m-{said['message']}").get_by_role("button", name="Quote").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
    expect(page.locator("#answered")).to_contain_text("Which colour?")
    page.keyboard.type("Green")
    page.reload()
    expect(page.locator("#answered")).to_contain_text("Which colour?")
    page.get_by_role("textbox", name="Reply").focus()
    page.keyboard.press("Control+Enter")
    answer = page.locator(".message--outbound", has_text="Green").last
    expect(answer.locator(".bubble__answered")).to_contain_text("Which colour?")
    expect(page.locator("#answered")).to_be_hidden()
    page.locator(f"#m-{said['message']}").get_by_role("button", name="Quote").click()
    page.get_by_role("button", name="Answer without quoting it").click()
    expect(page.locator("#answered")).to_be_hidden()
