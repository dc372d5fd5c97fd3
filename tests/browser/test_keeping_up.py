"""A screen shows what is, whatever was lost on the way, and moves nothing while it catches up."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Desk, Screen

pytestmark = pytest.mark.browser
numbers = count(1)
TOP = "it => it.getBoundingClientRect().top"


@pytest.fixture
def sender() -> str:
    return f"+4478209{next(numbers):05}"


@pytest.fixture
def ticket(desk: Desk, sender: str) -> int:
    return int(desk.tell("sms", text="Where is it?", sender=sender)["ticket"])


def test_what_could_not_be_fetched_is_fetched_later_without_another_event(
    desk: Desk, ticket: int, sender: str, page: Page, screen: Screen
) -> None:
    page.goto(f"/?view=all&t={ticket}")
    page.route(re.compile("/messages|/rows|/facts"), lambda route: route.abort())
    with page.expect_request(re.compile("/messages")):
        desk.tell("sms", text="Fell on the floor", sender=sender)
    page.wait_for_timeout(300)
    page.unroute_all()
    expect(page.locator("#timeline")).to_contain_text("Fell on the floor", timeout=10_000)
    expect(page.locator(f"#t-{ticket}")).to_contain_text("Fell on the floor")
    screen.complaints.clear()


def test_a_tab_that_comes_back_before_the_network_does_catches_up(
    desk: Desk, ticket: int, sender: str, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    page.wait_for_timeout(500)
    hide(page, hidden=True)
    desk.tell("sms", text="While you were away", sender=sender)
    page.wait_for_timeout(800)
    screen.context.set_offline(True)
    hide(page, hidden=False)
    page.wait_for_timeout(500)
    screen.context.set_offline(False)
    expect(page.locator("#timeline")).to_contain_text("While you were away", timeout=10_000)
    screen.complaints.clear()


def test_a_server_in_trouble_is_asked_again(
    desk: Desk, ticket: int, sender: str, page: Page, screen: Screen
) -> None:
    page.goto(f"/t/{ticket}/")
    page.route("**/messages?**", lambda route: route.fulfill(status=503))
    with page.expect_request("**/messages?**"):
        desk.tell("sms", text="In the meantime", sender=sender)
    page.wait_for_timeout(300)
    page.unroute_all()
    expect(page.locator("#timeline")).to_contain_text("In the meantime", timeout=10_000)
    screen.complaints.clear()


def test_what_happens_while_a_ticket_is_being_opened_is_not_missed(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    def slowly(route: Route) -> None:
        answer = route.fetch()
        desk.tell("sms", text="Just now", sender=sender)
        page.wait_for_timeout(700)
        route.fulfill(response=answer)

    page.goto("/?view=all")
    page.wait_for_timeout(500)
    page.route(re.compile(rf"/\?view=all&t={ticket}$"), slowly)
    page.locator(f"#t-{ticket} a").click()
    expect(page.locator("#timeline")).to_contain_text("Just now")


def test_a_hundred_and_fifty_changes_at_once_take_no_row_away(
    desk: Desk, ticket: int, page: Page
) -> None:
    page.goto("/?view=all")
    expect(page.locator(f"#t-{ticket}")).to_be_visible()
    with page.expect_response(re.compile("/tickets/rows")):
        page.evaluate(
            """(ticket) => {
                const far = Array.from({ length: 150 }, (_, number) => 900_000 + number);
                for (const number of [...far, ticket]) {
                    const detail = { ticket: number, rev: 0, type: "message" };
                    document.dispatchEvent(new CustomEvent("live:ticket", { detail }));
                }
            }""",
            ticket,
        )
    page.wait_for_timeout(1000)
    expect(page.locator(f"#t-{ticket}")).to_be_visible()
    expect(page.locator(f"#t-{ticket}.row--gone")).to_have_count(0)


def test_a_changed_past_leaves_selection_open_parts_and_nodes_alone(desk: Desk, page: Page) -> None:
    first = desk.tell("whatsapp", text="Select me")
    second = desk.tell("whatsapp", text="React to me")
    page.goto(f"/t/{first['ticket']}/")
    bubble = page.locator(f"#m-{first['message']}")
    bubble.locator(".react summary").click()
    bubble.evaluate("node => { window.before = node; }")
    bubble.locator(".bubble__text").select_text()
    desk.tell("whatsapp_reaction", message=second["message"], emoji="🙏")
    expect(page.locator(f"#m-{second['message']} .reaction")).to_contain_text("🙏")
    assert page.evaluate("getSelection().toString()").strip() == "Select me"
    assert page.evaluate("window.before.isConnected")
    expect(bubble.locator(".react")).to_have_attribute("open", "")
    page.evaluate("getSelection().removeAllRanges()")
    desk.tell("whatsapp_reaction", message=first["message"], emoji="❤️")
    expect(bubble.locator(".reaction")).to_have_count(1)  # the node itself is another one by now
    expect(bubble.locator(".react")).to_have_attribute("open", "")


def test_a_changed_past_moves_nobody_who_reads_further_up(desk: Desk, page: Page) -> None:
    said = [desk.tell("whatsapp", text=f"Long\nstory\n{number}") for number in range(75)]
    page.goto(f"/t/{said[0]['ticket']}/")
    page.get_by_role("button", name="Earlier messages").click()
    reading = page.locator(f"#m-{said[8]['message']}")
    page.locator("#scroller").evaluate("it => { it.style.overflowAnchor = 'none'; }")
    reading.evaluate("node => node.scrollIntoView({ block: 'start' })")
    before = reading.evaluate(TOP)
    for number in (2, 3, 74):
        desk.tell("whatsapp_reaction", message=said[number]["message"], emoji="🙏")
        expect(page.locator(f"#m-{said[number]['message']} .reaction")).to_have_count(1)
    desk.tell("whatsapp_taken_back", message=said[3]["message"])
    expect(page.locator(f"#m-{said[3]['message']}")).to_contain_text("Deleted by the customer")
    assert reading.evaluate(TOP) == pytest.approx(before, abs=2)
    order = page.locator(".timeline .message").evaluate_all("all => all.map((one) => one.id)")
    assert order[-75:] == [f"m-{one['message']}" for one in said]


def test_what_was_missed_is_counted_by_the_pill_after_coming_back(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    for number in range(25):
        desk.tell("sms", text=f"Long\nmessage\n{number}", sender=sender)
    page.goto(f"/t/{ticket}/")
    page.wait_for_timeout(500)
    page.locator("#scroller").evaluate("it => it.scrollTop = 100")
    hide(page, hidden=True)
    for number in range(2):
        desk.tell("sms", text=f"Missed {number}", sender=sender)
    page.wait_for_timeout(500)
    hide(page, hidden=False)
    expect(page.get_by_role("button", name="2 new messages ↓")).to_be_visible()
    assert page.locator("#scroller").evaluate("it => it.scrollTop") == 100


def test_ones_own_answer_is_shown_wherever_one_was_reading(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    for number in range(25):
        desk.tell("sms", text=f"Long\nmessage\n{number}", sender=sender)
    page.goto(f"/t/{ticket}/")
    page.locator("#scroller").evaluate("it => it.scrollTop = 100")
    page.get_by_role("textbox", name="Reply").fill("My own words")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--outbound")).to_be_in_viewport()
    expect(page.locator("#timeline-pill")).to_be_hidden()


def test_an_answer_on_its_way_is_seen_at_once_and_then_as_what_it_became(
    desk: Desk, ticket: int, page: Page
) -> None:
    waiting: list[Route] = []
    page.goto(f"/t/{ticket}/")
    page.route("**/replies", lambda route: waiting.append(route))
    page.get_by_role("textbox", name="Reply").fill("On its way")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#outbox")).to_contain_text("On its way")
    expect(page.locator("#outbox")).to_contain_text("Sending …")
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("On its way")
    waiting[0].continue_()
    expect(page.locator("#timeline")).to_contain_text("On its way")
    expect(page.locator("#outbox")).to_be_empty()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")


def test_a_reply_box_that_grows_hides_no_last_message(
    desk: Desk, ticket: int, sender: str, page: Page
) -> None:
    for number in range(25):
        desk.tell("sms", text=f"Long\nmessage\n{number}", sender=sender)
    page.goto(f"/t/{ticket}/")
    page.get_by_role("textbox", name="Reply").fill("\n".join("abcdefgh"))
    expect(page.locator(".message").last.locator(".bubble__text")).to_be_in_viewport(ratio=1)
    desk.tell("sms", text="Followed", sender=sender)
    expect(page.get_by_text("Followed").last).to_be_in_viewport(ratio=1)
    expect(page.locator("#timeline-pill")).to_be_hidden()


def test_a_socket_that_never_opens_is_given_up(
    desk: Desk, ticket: int, sender: str, screen: Screen
) -> None:
    page = screen.sign_in()
    page.add_init_script(
        """
        const Real = window.WebSocket;
        let opened = 0;
        window.WebSocket = function (address) {
            if (++opened > 1) return new Real(address);
            return { readyState: 0, send() {}, close() {} };
        };
        Object.assign(window.WebSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
        """
    )
    page.goto(f"/t/{ticket}/")
    desk.tell("sms", text="Behind a black hole", sender=sender)
    expect(page.locator("#timeline")).to_contain_text("Behind a black hole", timeout=20_000)


def hide(page: Page, *, hidden: bool) -> None:
    """As if the tab went to the back, or came to the front."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_the_send_button_says_what_it_does_however_small_the_screen(desk: Desk, page: Page) -> None:
    sender = "somebody.with.a.long.name@customers.example"
    ticket = desk.tell("mail", text="x", subject="Long", sender=sender)["ticket"]
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(f"/t/{ticket}/")
    send = page.get_by_role("button", name=f"Send to {sender} · Email", exact=True)
    start = """send => {
        const range = document.createRange();
        range.setStart(send.firstChild, 0);
        range.setEnd(send.firstChild, 4);
        const [word, button] = [range.getBoundingClientRect(), send.getBoundingClientRect()];
        return word.left >= button.left && word.right <= button.right;
    }"""
    assert send.evaluate(start)
