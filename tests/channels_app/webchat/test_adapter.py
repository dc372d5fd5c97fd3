from __future__ import annotations

import pytest
from django.utils import timezone

from channels_app.errors import InvalidSignature
from channels_app.messages import Attempt, OutboundMessage, Receipt, WebhookRequest
from channels_app.models import Channel


def chat(**settings: object) -> Channel:
    return Channel(kind="webchat", name="Chat", key="chat-key", settings=settings)


def test_a_message_is_sent_by_being_there():
    message = OutboundMessage(reference="m-7", to="visitor", text="Hello")
    assert chat().adapter.send(message) == Receipt("m-7", "sent")
    found = chat().adapter.reconcile(Attempt(message, timezone.now()))
    assert (found.outcome, found.external_id) == ("sent", "m-7")


def test_it_takes_no_webhooks():
    request = WebhookRequest("POST", "https://desk.example/webhooks/x/", "", (), b"{}")
    with pytest.raises(InvalidSignature):
        chat().adapter.verify(request)


@pytest.mark.parametrize(
    ("kind", "scope", "is_reached"),
    [
        ("visitor", "chat-key", True),
        ("external", "chat-key", True),
        ("visitor", "another", False),
        ("email", "", False),
    ],
)
def test_it_reaches_those_who_came_to_this_very_chat(kind: str, scope: str, is_reached: bool):
    assert chat().adapter.reaches(kind, scope) is is_reached


def test_an_admin_reads_where_it_is_shown():
    (line,) = chat(allowed_origins=["https://shop.example"]).adapter.check()
    assert line.label == "Shown on https://shop.example"
    (line,) = chat().adapter.check()
    assert "own pages only" in line.label
