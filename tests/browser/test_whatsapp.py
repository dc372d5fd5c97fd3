"""WhatsApp at an agent's screen: the window, templates in its place, voices, reactions."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk

pytestmark = pytest.mark.browser


def test_the_window_counts_down_and_templates_take_over_when_it_ends(
    desk: Desk, page: Page
) -> None:
    ticket = desk.tell("whatsapp", text="Is my lamp ready?")["ticket"]
    desk.tell("whatsapp_window", minutes=61.5)
    page.goto(f"/t/{ticket}/")
    expect(page.get_by_text(re.compile("Any text for another 1 h [12] min$"))).to_be_visible()
    page.get_by_role("textbox", name="Reply").fill("Half a tho")
    desk.tell("whatsapp_window", minutes=-1)
    page.reload()
    expect(page.locator("#templates-reason")).to_have_text(
        re.compile("^24 hours have passed since")
    )
    expect(page.get_by_role("textbox", name="Reply")).to_be_hidden()
    page.get_by_role("radio", name="Note").check()
    expect(page.get_by_role("textbox", name="Note")).to_be_visible()
    page.get_by_role("radio", name="Reply").check()
    expect(page.get_by_role("searchbox", name="Search templates")).to_be_visible()


def test_who_came_from_an_advertisement_is_answered_at_no_charge(desk: Desk, page: Page) -> None:
    ticket = desk.tell("whatsapp", text="Is it still on offer?")["ticket"]
    desk.tell("whatsapp_window", minutes=61.5, free=3_000)
    page.goto(f"/t/{ticket}/")
    expect(page.locator("#reply-window")).to_have_text(re.compile(r"min, at no charge$"))
    desk.tell("whatsapp_window", minutes=-1, free=3_000)
    page.reload()
    expect(page.locator("#templates-reason")).to_contain_text("at no charge")


def test_a_missed_call_is_shown_as_one(desk: Desk, page: Page) -> None:
    page.goto(f"/t/{desk.tell('whatsapp_call')}/")
    bubble = page.locator(".message").last
    expect(bubble).to_contain_text("WhatsApp call")
    expect(bubble).to_contain_text("Missed call")
    expect(bubble.locator("summary", has_text="React")).to_have_count(0)


def test_what_a_message_was_charged_as_stands_in_its_details(desk: Desk, page: Page) -> None:
    ticket = desk.tell("whatsapp", text="Is my lamp ready?")["ticket"]
    desk.tell("whatsapp_priced")
    page.goto(f"/t/{ticket}/")
    details = page.locator(".message--outbound").last.locator("details.envelope")
    details.locator("summary").click()
    expect(details).to_contain_text("Charged as utility")


def test_a_template_is_found_filled_looked_at_and_sent(desk: Desk, page: Page) -> None:
    ticket = desk.tell("whatsapp", text="Is my lamp ready?")["ticket"]
    desk.tell("whatsapp_window", minutes=-1)
    before = desk.tell("templates_sent", ticket=ticket)
    page.goto(f"/t/{ticket}/")
    page.get_by_role("searchbox", name="Search templates").fill("ORDER ready")
    expect(page.get_by_role("button", name=re.compile("still_there"))).to_be_hidden()
    page.get_by_role("button", name=re.compile("order_ready")).click()
    page.get_by_role("button", name="Send template").click()
    expect(page.get_by_text("Fill in every placeholder first.")).to_be_visible()
    page.get_by_label("Text 1").fill("Ada")
    page.get_by_label("Text 2").fill("1042")
    expect(page.get_by_label("Preview")).to_have_text("Hello Ada, order 1042 is ready.")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline")).to_contain_text("Hello Ada, order 1042 is ready.")
    (sent,) = desk.tell("templates_sent", ticket=ticket)[len(before) :]
    assert (sent["name"], sent["text"]) == ("order_ready", "Hello Ada, order 1042 is ready.")


def test_a_voice_message_plays_where_it_stands(desk: Desk, page: Page) -> None:
    page.goto(f"/t/{desk.tell('whatsapp_voice')}/")
    seconds = page.locator("audio").first.evaluate(
        """async (player) => {
            player.load();
            await new Promise((done, failed) => {
                player.onloadedmetadata = done;
                player.onerror = () => failed(player.error.message);
            });
            return player.duration;
        }"""
    )
    assert seconds == pytest.approx(2, abs=0.1)


def test_reactions_come_and_go_both_ways(desk: Desk, page: Page) -> None:
    said = desk.tell("whatsapp", text="Look at this")
    page.goto(f"/t/{said['ticket']}/")
    bubble = page.locator(f"#m-{said['message']}")
    desk.tell("whatsapp_reaction", message=said["message"], emoji="❤️")
    expect(bubble.locator(".reaction")).to_contain_text("❤️")
    bubble.locator("summary", has_text="React").click()
    bubble.get_by_role("button", name="👍").click()
    expect(bubble.locator(".reaction").nth(1)).to_contain_text("👍")
