"""Customers' pictures on screen: small in the timeline, in the original mail, never by themselves."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Desk, Screen
from tests.inbox.pictures.drawing import drawn

pytestmark = pytest.mark.browser

TRACKER = "https://tracker.example/seen.png"


def picture_mail(desk: Desk, *contents: bytes, html: str = "", name: str = "shade") -> int:
    files = [
        {"name": f"{name}-{number}.png", "content": base64.b64encode(content).decode()}
        for number, content in enumerate(contents)
    ]
    told = desk.tell("mail", text="See the picture", subject="Shade", html=html, pictures=files)
    return int(told["ticket"])


def is_drawn(page: Page, name: str) -> bool:
    seen = page.get_by_role("img", name=name)
    return bool(seen.evaluate("async image => (await image.decode(), image.naturalWidth > 0)"))


def test_a_picture_is_small_in_the_timeline_and_large_in_a_tab(desk: Desk, page: Page) -> None:
    ticket = picture_mail(desk, drawn(size=(1800, 900)))
    page.goto(f"/t/{ticket}/")
    thumbnail = page.get_by_role("img", name="shade-0.png")
    before = thumbnail.bounding_box()
    assert is_drawn(page, "shade-0.png")
    assert thumbnail.bounding_box() == before
    assert thumbnail.evaluate("image => image.naturalWidth") == 320
    with page.context.expect_page() as opened:
        thumbnail.click()
    large = opened.value
    large.wait_for_load_state()
    assert large.locator("img").evaluate("image => image.naturalWidth") == 1600


@pytest.mark.parametrize("screen", [{"viewport": {"width": 390, "height": 800}}], indirect=True)
def test_pictures_fit_a_phone(desk: Desk, page: Page) -> None:
    sizes, name = ((640, 480), (300, 900), (20, 20)), "The shade as it came out of its box"
    page.goto(f"/t/{picture_mail(desk, *(drawn(size=size) for size in sizes), name=name)}/")
    assert is_drawn(page, f"{name}-2.png")
    bubble = page.locator(".bubble").last.bounding_box()
    links = [link.bounding_box() for link in page.locator(".file > a").all()]
    assert bubble is not None
    assert len(links) == 6
    assert max(link["x"] + link["width"] for link in links if link) < bubble["x"] + bubble["width"]


def test_what_only_says_it_is_a_picture_stays_a_file(desk: Desk, screen: Screen) -> None:
    page = screen.sign_in()
    page.goto(f"/t/{picture_mail(desk, b'<svg onload=alert(1) />')}/")
    expect(page.locator(".file__picture")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("shade-0.png PNG"))).to_be_visible()
    missing = [one for one in screen.complaints if "404" in one]
    assert screen.complaints == missing
    screen.complaints.clear()


def test_the_original_shows_its_own_images_and_asks_nobody_else(desk: Desk, page: Page) -> None:
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    html = f'<p>Hi</p><img src="cid:picture-0" alt="inside"><img src="{TRACKER}" alt="outside">'
    page.goto(f"/t/{picture_mail(desk, drawn(), html=html)}/")
    page.get_by_role("button", name="Show original").click()
    original = page.frame_locator(".bubble__original iframe")
    inside = original.get_by_role("img", name="inside")
    expect(inside).to_have_js_property("naturalWidth", 640)
    expect(original.get_by_alt_text("outside")).to_have_js_property("naturalWidth", 0)
    expect(page.locator(".bubble__remote")).to_contain_text("1 remote image not loaded")
    assert [url for url in asked if not url.startswith(desk.url)] == []
    assert [url for url in asked if "/pictures/" in url]


def test_remote_images_are_asked_for_by_the_agent_and_fetched_by_us(desk: Desk, page: Page) -> None:
    """The picture's host is one nobody has: what counts is whom the browser asks."""
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.context.route("**/pictures/*", _a_picture)
    html = f'<p>Hi</p><img src="{TRACKER}" alt="one"><img src="{TRACKER}?2" alt="two">'
    page.goto(f"/t/{picture_mail(desk, html=html)}/")
    page.get_by_role("button", name="Show original").click()
    expect(page.locator(".bubble__remote")).to_contain_text("2 remote images not loaded")
    assert not [url for url in asked if "/pictures/" in url]
    page.get_by_role("button", name="Show remote images").click()
    original = page.frame_locator(".bubble__original iframe")
    expect(original.get_by_role("img", name="two")).to_have_js_property("naturalWidth", 640)
    expect(page.locator(".bubble__remote")).to_have_count(0)
    assert [url for url in asked if not url.startswith(desk.url)] == []


def test_the_details_of_a_mail_open_and_stay_open(desk: Desk, page: Page) -> None:
    ticket = picture_mail(desk)
    page.goto(f"/t/{ticket}/")
    page.get_by_text("Details", exact=True).last.click()
    expect(page.locator(".envelope dl")).to_contain_text("Confirmed by the sender's domain")


def _a_picture(route: Route) -> None:
    route.fulfill(body=drawn(), content_type="image/png")
