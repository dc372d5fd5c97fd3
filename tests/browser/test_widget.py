"""The chat on other people's websites, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Page, WebSocketRoute, expect

from tests.browser.conftest import Desk, Screen
from tests.browser.hosts import website
from tests.inbox.pictures.drawing import drawn

pytestmark = pytest.mark.browser

SECRET = "a-secret-of-the-website-and-the-desk"
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "iframes": False}
NONCE = "default-src 'none'; script-src 'nonce-abc123'; frame-src {desk}"
STRICTEST = "default-src 'none'; script-src {desk}; frame-src {desk}"


class Shop:
    """A website with the chat on it, and a visitor's browser that has opened it."""

    def __init__(self, desk: Desk, page: Page, key: str, address: str) -> None:
        self.desk, self.page, self.key, self.address = desk, page, key, address

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("parley-chat iframe")

    @property
    def text(self) -> Any:
        return self.frame.get_by_role("textbox", name="Message", exact=True)

    @property
    def bubbles(self) -> Any:
        return self.frame.locator(".bubble")

    def open(self) -> None:
        self.page.get_by_role("button", name="Open chat").click()
        expect(self.text).to_be_enabled()

    def say(self, words: str) -> None:
        self.text.fill(words)
        self.frame.get_by_role("button", name="Send", exact=True).click()

    def ticket(self) -> int:
        """The number of the one ticket, once it is there."""
        deadline = time.monotonic() + 8
        while not (found := self.desk.tell("chat_tickets", key=self.key)):
            assert time.monotonic() < deadline, "no ticket"
            time.sleep(0.1)
        (ticket,) = found
        return int(ticket["number"])

    def said(self) -> list[list[str]]:
        return [one["said"] for one in self.desk.tell("chat_tickets", key=self.key)]

    def parley(self, call: str) -> Any:
        return self.page.evaluate(f"() => Parley({call})")


type OpenShop = Callable[..., Shop]


@pytest.fixture
def shop(desk: Desk, screen: Screen) -> Iterator[OpenShop]:
    """Open a website: `policy` and `head` are its own, the rest are settings of its chat."""
    with ExitStack() as ending:

        def open_one(
            *, policy: str = "", head: str = "", tag: str = "", secret: str = "", listed: bool = True,
            lang: str = "en", **settings: Any,
        ) -> Shop:  # fmt: skip
            key = desk.tell("web_chat", secret=secret, **settings)
            script = (
                f'<script async src="{desk.url}/widget.js" data-channel="{key}" {tag}></script>'
            )
            policy = policy.format(desk=desk.url)
            site = ending.enter_context(website(policy=policy, head=head + script, lang=lang))
            if listed:
                desk.tell("chat_settings", key=key, allowed_origins=[site])
            screen.page.goto(site)
            return Shop(desk, screen.page, key, site)

        yield open_one


@pytest.mark.parametrize(
    "policy", ["", STRICTEST, NONCE], ids=["no policy", "strictest policy", "nonce"]
)
def test_somebody_asks_and_is_answered(shop: OpenShop, screen: Screen, policy: str) -> None:
    chat = shop(policy=policy, tag='nonce="abc123"')
    chat.open()
    chat.say("Is <b>this</b> lamp in stock? https://shop.example/lamp.")
    expect(chat.bubbles).to_have_text(["Is <b>this</b> lamp in stock? https://shop.example/lamp."])
    expect(chat.frame.get_by_role("link")).to_have_attribute("href", "https://shop.example/lamp")
    answer = chat.desk.tell("chat_answer", number=chat.ticket(), text="Yes, two.")
    expect(chat.bubbles).to_have_count(2)
    expect(chat.bubbles.last).to_have_text("Yes, two.")
    expect(chat.frame.get_by_role("listitem").last).to_contain_text("Grace")
    _wait_for(chat.page, lambda: chat.desk.tell("message_status", number=answer) == "read")
    assert screen.complaints == []


def test_a_website_that_is_not_listed_shows_nothing(shop: OpenShop, screen: Screen) -> None:
    chat = shop(listed=False)
    _wait_for(
        chat.page, lambda: any("list of allowed websites" in one for one in screen.complaints)
    )
    expect(chat.page.locator("parley-chat")).to_have_count(0)
    frame = f"document.body.append(Object.assign(document.createElement('iframe'), {{src: '{chat.desk.url}/widget/{chat.key}/frame'}}))"
    chat.page.evaluate(frame)
    _wait_for(chat.page, lambda: any("frame-ancestors" in one for one in screen.complaints))
    expect(chat.page.frame_locator("iframe").get_by_role("textbox")).to_have_count(0)
    screen.complaints.clear()


def test_an_idle_visitor_loads_the_button_and_nothing_else(shop: OpenShop) -> None:
    asked: list[str] = []
    shop().page.context.on("request", lambda request: asked.append(request.url))
    chat = shop()
    chat.page.wait_for_timeout(1500)
    ours = [url for url in asked if url.startswith(chat.desk.url)]
    assert [re.sub(r".*/", "", url.partition("?")[0]) for url in ours] == ["widget.js", "config.js"]


def test_history_and_unread_answers_survive_a_reload(shop: OpenShop) -> None:
    chat = shop()
    chat.open()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.page.get_by_role("button", name="Close chat").click()
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Good morning")
    chat.desk.tell("chat_answer", number=chat.ticket(), text="How can I help?")
    expect(chat.page.get_by_role("button", name="Open chat, 2 unread")).to_be_visible()
    chat.page.reload()
    chat.page.get_by_role("button", name="Open chat, 2 unread").click()
    expect(chat.bubbles).to_have_text(["Hello", "Good morning", "How can I help?"])
    chat.page.get_by_role("button", name="Close chat").click()
    expect(chat.page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


def test_the_chat_is_used_by_keyboard_alone(shop: OpenShop) -> None:
    chat = shop()
    chat.page.get_by_role("button", name="Open chat").wait_for()
    for _ in range(3):
        chat.page.keyboard.press("Tab")
    expect(chat.page.get_by_role("button", name="Open chat")).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.text).to_be_focused()
    chat.page.keyboard.type("One line")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("and another")
    chat.page.keyboard.press("Enter")
    expect(chat.bubbles).to_have_text(["One line\nand another"], use_inner_text=True)
    expect(chat.text).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("button", name="Open chat")).to_be_focused()
    expect(chat.text).to_be_hidden()


PHONE = {"viewport": {"width": 390, "height": 780}}
DARK = {"color_scheme": "dark"}


@pytest.mark.parametrize("screen", [{}, DARK, PHONE, PHONE | DARK], indirect=True)
def test_nobody_is_shut_out(shop: OpenShop, screen: Screen) -> None:
    chat = shop(ask_name="optional", ask_email="required", brand_colour="#ffd400", greeting="Hi!")
    chat.page.get_by_role("button", name="Open chat").wait_for()
    assert _violations(chat.page) == []
    chat.open()
    assert _violations(chat.page) == []
    chat.say("Hello")
    expect(chat.frame.get_by_text("Please fill this in.")).to_be_visible()
    assert _violations(chat.page) == []
    chat.frame.get_by_label("Email").fill("ada@claims.example")
    chat.say("Hello")
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Good morning")
    expect(chat.bubbles).to_have_count(2)
    assert _violations(chat.page) == []


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_on_a_phone_the_chat_covers_the_page_and_keeps_the_focus(shop: OpenShop) -> None:
    chat = shop()
    chat.page.evaluate("document.documentElement.style.overflow = 'clip'")
    chat.open()
    chat.page.wait_for_timeout(400)  # until it has risen
    box = chat.page.locator("parley-chat iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 780}
    assert chat.page.evaluate("document.body.inert") is True
    for _ in range(8):
        chat.page.keyboard.press("Tab")
        assert chat.page.evaluate("document.activeElement.tagName") in ("PARLEY-CHAT", "BODY")
    chat.frame.get_by_role("button", name="Close chat").click()
    expect(chat.page.get_by_role("button", name="Open chat")).to_be_focused()
    assert chat.page.evaluate("document.body.inert") is False
    assert chat.page.evaluate("document.documentElement.style.overflow") == "clip"


def test_what_is_written_without_a_connection_is_sent_once_when_it_is_back(
    shop: OpenShop, screen: Screen
) -> None:
    chat = shop()
    chat.open()
    chat.say("With a connection")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    screen.context.set_offline(True)
    chat.say("one")
    chat.say("two")
    expect(chat.frame.get_by_text("Waits for the connection").first).to_be_visible()
    expect(chat.frame.locator("#banner")).to_contain_text("No connection", timeout=9000)
    screen.context.set_offline(False)
    expect(chat.frame.locator("#banner")).to_be_hidden(timeout=9000)
    _wait_for(chat.page, lambda: chat.said() == [["With a connection", "one", "two"]])
    expect(chat.bubbles).to_have_text(["With a connection", "one", "two"])
    screen.complaints.clear()


def test_a_message_whose_answer_was_lost_is_not_said_twice(shop: OpenShop, screen: Screen) -> None:
    chat = shop()
    chat.open()
    chat.say("First")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    lost = []

    def swallow(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    chat.page.route("**/messages*", swallow)
    chat.say("Second")
    expect(chat.frame.locator(".is-waiting")).to_have_count(0, timeout=9000)
    expect(chat.bubbles).to_have_text(["First", "Second"])
    assert lost
    assert chat.said() == [["First", "Second"]]
    screen.complaints.clear()


def test_where_sockets_are_blocked_answers_come_all_the_same(
    shop: OpenShop, screen: Screen
) -> None:
    screen.page.route_web_socket("**/ws/widget/**", lambda socket: socket.close())
    chat = shop()
    chat.open()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Good morning")
    expect(chat.bubbles).to_have_text(["Hello", "Good morning"])
    expect(chat.frame.locator("#banner")).to_be_hidden()


def test_a_line_that_is_refused_costs_nobody_their_chat(shop: OpenShop, screen: Screen) -> None:
    """Also a busy desk hangs up: what a token is worth is asked, not guessed."""
    screen.page.route_web_socket("**/ws/widget/**", lambda socket: socket.close(code=4401))
    chat = shop()
    chat.open()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Good morning")
    expect(chat.bubbles).to_have_text(["Hello", "Good morning"])
    chat.page.reload()
    chat.open()
    expect(chat.bubbles).to_have_text(["Hello", "Good morning"])


def test_a_line_that_died_without_a_word_is_noticed(shop: OpenShop, screen: Screen) -> None:
    lines: list[WebSocketRoute] = []

    def connect(line: WebSocketRoute) -> None:
        """The first one hears nothing but the welcome."""
        server = line.connect_to_server()
        is_first = not lines
        lines.append(line)
        server.on_message(
            lambda said: None if is_first and "ready" not in said else line.send(said)
        )

    screen.page.route_web_socket("**/ws/widget/**", connect)
    screen.page.clock.install()
    chat = shop()
    chat.open()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    _wait_for(chat.page, lambda: len(lines) == 1)
    number = chat.ticket()
    chat.desk.tell("chat_answer", number=number, text="Good morning")
    for _ in range(20):
        chat.page.clock.run_for(4000)
    expect(chat.bubbles).to_have_text(["Hello", "Good morning"])
    assert len(lines) == 2


def test_a_tab_left_open_follows_to_the_account(shop: OpenShop, screen: Screen) -> None:
    chat = shop(secret=SECRET, identity="optional")
    chat.open()
    chat.say("I was nobody yet")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    other = screen.page.context.new_page()
    other.goto(chat.address)
    other.evaluate(f"() => Parley('identify', {{jwt: '{_signed(chat.key)}'}})")
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Hello Ada")
    expect(chat.bubbles).to_have_text(["I was nobody yet", "Hello Ada"])
    screen.complaints.clear()  # the browser names the 401 of the old token


def test_pictures_are_shown_small(shop: OpenShop, tmp_path: Path) -> None:
    chat = shop()
    chat.open()
    file = tmp_path / "mine.png"
    file.write_bytes(drawn())
    chat.frame.get_by_label("Attach a file").set_input_files(file)
    chat.say("This lamp")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.page.reload()
    chat.open()
    picture = chat.frame.get_by_role("img", name="mine.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 320


def test_frameworks_that_exchange_the_page_leave_the_chat_alone(shop: OpenShop) -> None:
    chat = shop()
    chat.open()
    chat.text.fill("Half a sent")
    chat.page.evaluate("document.body.replaceWith(document.createElement('body'))")
    expect(chat.text).to_have_value("Half a sent")
    chat.page.evaluate("history.pushState({}, '', '/elsewhere')")
    chat.page.evaluate("document.querySelector('parley-chat').remove()")
    expect(chat.text).to_have_value("Half a sent")


def test_without_storage_a_visitor_is_known_for_one_page(shop: OpenShop, screen: Screen) -> None:
    screen.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})"
    )
    chat = shop()
    chat.open()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.page.reload()
    chat.open()
    expect(chat.bubbles).to_have_count(0)


def test_the_page_speaks_to_the_chat(shop: OpenShop) -> None:
    early = """<script>window.Parley = window.Parley || function () {
      (Parley.q = Parley.q || []).push(arguments); };
      window.heard = []; Parley("on", "open", () => heard.push("open"));
      Parley("on", "message:sent", () => heard.push("sent"));
      Parley("on", "unread", (count) => heard.push(count)); Parley("open");</script>"""
    chat = shop(head=early)
    expect(chat.text).to_be_visible()
    chat.parley("'prefill', {text: 'About order 7'}")
    expect(chat.text).to_have_value("About order 7")
    chat.parley("'set', {plan: 'gold'}")
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.parley("'close'")
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Good morning")
    expect(chat.page.get_by_role("button", name="1 unread")).to_be_visible()
    assert chat.page.evaluate("heard") == ["open", "sent", 1]
    chat.parley("'hideLauncher'")
    expect(chat.page.get_by_role("button", name="Open chat")).to_be_hidden()
    chat.parley("'showLauncher'")
    chat.parley("'toggle'")
    expect(chat.text).to_be_visible()
    chat.parley("'theme', 'dark'")
    expect(chat.frame.locator("html")).to_have_attribute("data-theme", "dark")
    chat.parley("'locale', 'de'")
    expect(chat.frame.get_by_role("textbox", name="Nachricht")).to_be_visible()
    expect(chat.frame.locator(".bubble")).to_have_text(["Hello", "Good morning"])
    assert "no verb" in chat.page.evaluate("Parley('fly').catch((error) => error.message)")
    chat.parley("'destroy'")
    expect(chat.page.locator("parley-chat")).to_have_count(0)


def test_a_signed_visitor_has_one_history_and_leaves_nothing_behind(
    shop: OpenShop, screen: Screen
) -> None:
    chat = shop(secret=SECRET, identity="required")
    chat.page.get_by_role("button", name="Open chat").click()
    expect(chat.frame.locator("#over")).to_contain_text("Sign in on this website")
    expect(chat.frame.get_by_role("status")).to_contain_text("Sign in on this website")
    chat.parley(f"'identify', {{jwt: () => Promise.resolve('{_signed(chat.key)}')}}")
    chat.say("It is me")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    kept = chat.page.evaluate("JSON.stringify(localStorage)")
    assert "token" not in kept
    chat.desk.tell("chat_expire", key=chat.key)
    chat.say("Still me, with a fresh signature")
    expect(chat.bubbles).to_have_count(2)
    expect(chat.frame.locator(".is-waiting")).to_have_count(0)
    chat.parley("'logout'")
    expect(chat.frame.locator("#over")).to_be_visible()
    expect(chat.bubbles).to_have_count(0)
    chat.parley(f"'identify', {{jwt: '{_signed(chat.key)}'}}")
    expect(chat.bubbles).to_have_text(["It is me", "Still me, with a fresh signature"])
    screen.complaints.clear()  # the browser names each 401


def test_whoever_leaves_takes_their_unsent_words_along(shop: OpenShop, screen: Screen) -> None:
    chat = shop()
    chat.open()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    screen.page.route("**/messages", lambda route: route.abort())
    chat.say("My secret")
    expect(chat.frame.locator(".is-waiting")).to_have_count(1)
    chat.text.fill("And another")
    chat.parley("'logout'")
    expect(chat.text).to_have_value("")
    expect(chat.bubbles).to_have_count(0)
    screen.page.unroute("**/messages")
    chat.say("I am somebody else")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    assert chat.said() == [["Hello"], ["I am somebody else"]]
    screen.complaints.clear()  # the browser names each call that was cut off


def test_signing_in_keeps_what_was_said_before(shop: OpenShop) -> None:
    chat = shop(secret=SECRET, identity="optional")
    chat.open()
    chat.say("I was nobody yet")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.parley(f"'identify', {{jwt: '{_signed(chat.key)}'}}")
    expect(chat.bubbles).to_have_text(["I was nobody yet"])
    chat.desk.tell("chat_answer", number=chat.ticket(), text="Hello Ada")
    expect(chat.bubbles.last).to_have_text("Hello Ada")


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("page.html", 100, "Files of this kind can't be sent."),
        ("lamp.png", 11 * 1024 * 1024, "The file is too large"),
    ],
)
def test_a_file_that_can_not_be_sent_is_called_so(
    shop: OpenShop, screen: Screen, tmp_path: Path, name: str, size: int, words: str
) -> None:
    chat = shop()
    chat.open()
    file = tmp_path / name
    file.write_bytes(b"x" * size)
    chat.frame.get_by_label("Attach a file").set_input_files(file)
    if size < 1000:
        chat.frame.get_by_role("button", name="Send", exact=True).click()
    expect(chat.frame.locator("#banner:visible, .is-failed")).to_contain_text(words)
    screen.complaints.clear()


def test_files_go_both_ways(shop: OpenShop, tmp_path: Path) -> None:
    chat = shop()
    chat.open()
    file = tmp_path / "list.csv"
    file.write_bytes(b"lamp,2\n")
    chat.frame.get_by_label("Attach a file").set_input_files(file)
    expect(chat.frame.locator("#chosen")).to_contain_text("list.csv")
    chat.say("My list")
    expect(chat.frame.locator("li .file")).to_contain_text("list.csv")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    chat.desk.tell("answer_with_file", number=chat.ticket(), name="offer.txt", content="10 %")
    link = chat.frame.get_by_role("link", name="offer.txt")
    with chat.page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_text() == "10 %"


def test_away_means_an_address_to_answer_to(shop: OpenShop) -> None:
    chat = shop(availability="form")
    chat.open()
    expect(chat.frame.get_by_text("We are away and answer by email")).to_be_visible()
    chat.say("Hello?")
    expect(chat.frame.get_by_label("Email")).to_be_focused()
    chat.frame.get_by_label("Email").fill("no address")
    chat.frame.get_by_role("button", name="Send", exact=True).click()
    expect(chat.frame.get_by_text("Please check your email address")).to_be_visible()
    chat.frame.get_by_label("Email").fill("ada@claims.example")
    chat.frame.get_by_role("button", name="Send", exact=True).click()
    expect(chat.bubbles).to_have_text(["Hello?"])
    expect(chat.frame.get_by_label("Email")).to_be_hidden()


def test_whom_the_website_has_introduced_is_not_asked_again(shop: OpenShop) -> None:
    chat = shop(ask_name="optional", ask_email="required", tag='data-name="Ada"')
    chat.open()
    expect(chat.frame.get_by_label("Name")).to_have_value("Ada")
    chat.parley("'identify', {email: 'ada@claims.example'}")
    expect(chat.frame.get_by_label("Name")).to_be_hidden()
    chat.say("Hello")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    (ticket,) = chat.desk.tell("chat_tickets", key=chat.key)
    assert ticket["customer"] == "Ada"


def test_resolved_blocked_and_typing_are_shown(shop: OpenShop, screen: Screen) -> None:
    chat = shop()
    chat.open()
    chat.say("Hello")
    number = chat.ticket()
    _wait_for(chat.page, lambda: _types(chat, number))
    chat.desk.tell("chat_answer", number=number, text="Bye")
    expect(chat.frame.get_by_text("Grace is typing…")).to_be_hidden()
    chat.desk.tell("chat_resolve", number=number)
    expect(chat.frame.locator("#resolved")).to_contain_text("Write to reopen it.")
    expect(chat.frame.get_by_role("status")).to_contain_text("Write to reopen it.")
    chat.say("One more thing")
    expect(chat.frame.locator("#resolved")).to_be_hidden()
    chat.desk.tell("chat_block", number=number)
    chat.say("And another")
    expect(chat.frame.get_by_text("You can't write here any more.").last).to_be_visible()
    expect(chat.text).to_be_hidden()
    screen.complaints.clear()


def test_too_much_at_once_waits_with_a_clear_word(shop: OpenShop, screen: Screen) -> None:
    chat = shop()
    chat.open()
    chat.say("First")
    expect(chat.frame.get_by_text("Sent")).to_be_visible()
    refused = []

    def refuse(route: Any) -> None:
        if route.request.method == "POST" and not refused:
            refused.append(1)
            route.fulfill(status=429, headers={"Retry-After": "2"}, json={"error": "rate-limited"})
        else:
            route.continue_()

    chat.page.route("**/messages*", refuse)
    chat.say("Second")
    expect(chat.frame.locator("#banner")).to_contain_text("It goes on in 2 seconds.")
    expect(chat.frame.get_by_role("status")).to_contain_text("It goes on in 2 seconds.")
    expect(chat.frame.locator(".is-waiting")).to_have_count(0)
    assert chat.said() == [["First", "Second"]]
    screen.complaints.clear()


@pytest.mark.parametrize("lang", ["de", "es", "fr", "hr", "nb", "pl", "ro"])
def test_the_chat_speaks_the_language_of_the_page(shop: OpenShop, lang: str) -> None:
    chat = shop(lang=lang)
    launcher = chat.page.locator("parley-chat .launcher")
    expect(launcher).not_to_have_attribute("aria-label", "Open chat")
    launcher.click()
    expect(chat.frame.locator("html")).to_have_attribute("lang", lang)
    expect(chat.frame.get_by_role("textbox", name="Message", exact=(lang != "fr"))).to_have_count(
        1 if lang == "fr" else 0
    )


def _signed(key: str, subject: str = "ada") -> str:
    said = {"sub": subject, "aud": key, "exp": int(time.time()) + 600, "name": "Ada"}
    return jwt.encode(said, SECRET, algorithm="HS256")


def _types(chat: Shop, number: int) -> bool:
    chat.desk.tell("agent_types", number=number)
    chat.page.wait_for_timeout(100)
    return chat.frame.get_by_text("Grace is typing…").is_visible()


def _violations(page: Page) -> list[str]:
    """Of the host's side, and inside the chat's frame, which axe can't look into from outside."""
    places = [(page, "parley-chat"), *((frame, "") for frame in page.frames[1:])]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for place, ours in places
        for one in Axe().run(place, options=AXE).response["violations"]
        if any(ours in str(node["target"]) for node in one["nodes"])
    ]


def _wait_for(page: Page, what: Callable[[], bool]) -> None:
    """What the browser says meanwhile is heard, too."""
    deadline = time.monotonic() + 8
    while not what():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
