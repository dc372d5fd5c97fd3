from __future__ import annotations

import json

from django.core.management import call_command
from django.test import Client

from channels_app.models import Channel
from inbox.models import Agent
from tests.inbox.widget.chat import SECRET

POLICY = {
    "policy-TOTAL_FORMS": "1",
    "policy-INITIAL_FORMS": "0",
    "policy-0-reopen_days": "7",
    "policy-0-join_hours": "24",
}
CHAT = {
    "name": "Shop chat", "is_active": "on", "allowed_origins": "https://shop.example",
    "identity": "optional", "identity_secret": SECRET, "brand_colour": "#3451b2", "theme": "auto",
    "position": "end", "ask_name": "off", "ask_email": "optional", "ask_phone": "off",
    "availability": "chat", "after_resolved": "reopen", "mail_after": "10",
}  # fmt: skip


def test_an_admin_sets_up_a_chat_and_copies_its_line(db: None, client: Client):
    client.force_login(Agent.objects.create_superuser("admin@desk.example", "admin-password"))
    answer = client.post("/admin/channels_app/channel/add/?kind=webchat", CHAT | POLICY)
    assert answer.status_code == 302, answer.content.decode()
    channel = Channel.objects.get()
    assert channel.settings["allowed_origins"] == ["https://shop.example"]
    page = client.get(f"/admin/channels_app/channel/{channel.pk}/change/").content.decode()
    assert f"data-channel=&quot;{channel.key}&quot;" in page
    assert "/widget.js" in page
    assert SECRET not in page
    assert "Send test message" not in page


def test_a_chat_is_made_on_the_command_line(db: None, capsys):
    call_command(
        "create_channel", "webchat", "Shop chat", "--set", "allowed_origins=https://a.example"
    )
    made = json.loads(capsys.readouterr().out)
    channel = Channel.objects.get(key=made["key"])
    assert (made["kind"], channel.settings["allowed_origins"]) == (
        "webchat",
        ["https://a.example"],
    )
