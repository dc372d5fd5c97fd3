"""The admin and the API's pages in a real browser: they work under the desk's own policy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Desk, Screen
from tests.browser.teller import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def _admin(desk: Desk) -> None:
    command = ["manage.py", "create_agent", "boss@desk.example", "--admin", "--password-stdin"]
    subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=desk.environment,
        input=PASSWORD.encode(),
        check=True,
    )


@pytest.fixture
def admin(_admin: None, screen: Screen) -> Page:
    return screen.sign_in("boss")


def test_a_channel_is_set_up_and_looked_after(admin: Page) -> None:
    admin.goto("/admin/")
    admin.locator(".model-channel .addlink").click()
    admin.get_by_role("link", name="Email").click()
    admin.get_by_label("Name", exact=False).first.fill("Orders mail")
    admin.get_by_label("Address:").fill("orders@desk.example")
    admin.get_by_label("Outgoing mail (SMTP)").fill("smtp://user:canary@127.0.0.1:9")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("was added successfully")).to_be_visible()
    assert "canary" not in admin.content()
    admin.get_by_role("button", name="Check connection").click()
    expect(admin.locator(".messagelist .error").first).to_be_visible()
    admin.get_by_label("To", exact=True).fill("ada@customer.example")
    admin.get_by_role("button", name="Send test message").click()
    expect(admin.get_by_text("Not sent:")).to_be_visible()


def test_somebody_is_invited(admin: Page, screen: Screen) -> None:
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    admin.goto("/admin/inbox/agent/add/")
    admin.get_by_label("Email").fill("new@desk.example")
    admin.get_by_role("button", name="Save", exact=True).click()
    link = admin.locator("#shown-once").inner_text()
    admin.get_by_role("button", name="Copy").click()
    expect(admin.get_by_role("button", name="Copied")).to_be_visible()
    assert admin.evaluate("navigator.clipboard.readText()") == link
    admin.goto(link)
    expect(admin.get_by_label("Password").first).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/channels_app/channel/",
        "/admin/channels_app/channel/add/",
        "/admin/channels_app/channel/add/?kind=sms",
        "/admin/channels_app/inboundevent/?state=dead",
        "/admin/customers/customer/",
        "/admin/inbox/agent/",
        "/admin/inbox/apitoken/add/",
        "/admin/inbox/cannedreply/add/",
        "/admin/inbox/message/",
        "/admin/inbox/team/add/",
    ],
)
def test_every_page_keeps_to_the_policy(admin: Page, path: str) -> None:
    response = admin.goto(path)
    assert response is not None
    assert response.status == 200
    expect(admin.locator("#header")).to_be_visible()


def test_the_api_can_be_read_and_tried(admin: Page) -> None:
    admin.goto("/api/docs/")
    expect(admin.get_by_role("heading", name="Parley API")).to_be_visible()
    name = "POST /api/v1/tickets/{number}/notes/"
    admin.get_by_role("button", name=name, exact=True).click()
    expect(admin.get_by_text("Idempotency-Key").first).to_be_visible()
