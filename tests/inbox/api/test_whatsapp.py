"""WhatsApp through the API: windows, templates, reactions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from channels_app.models import Channel, MessageTemplate
from inbox.models import ContactPoint, Message
from tests.flows.whatsapping import LINE, does, says
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db

BODY = {"type": "BODY", "text": "Hello {{1}}, order {{2}} is ready."}


@pytest.fixture
def message(db: None) -> Message:
    channel = Channel.objects.create(
        kind="whatsapp",
        name="WhatsApp",
        account=LINE.phone_number_id,
        settings={"waba_id": LINE.waba_id},
        secrets={"app_secret": "secret", "access_token": "t", "verify_token": "w"},
    )
    MessageTemplate.objects.create(
        channel=channel, name="order_ready", language="en", status="APPROVED", components=[BODY]
    )
    return says(channel, "Is it ready?")


def close_window() -> None:
    ContactPoint.objects.update(window_ends_at=timezone.now() - timedelta(minutes=1))


def answer(program: Program, message: Message, **body: Any) -> Any:
    return program.post(f"tickets/{message.ticket_id}/messages/", body)


def window(program: Program, message: Message) -> str | None:
    (strand,) = program.get(f"tickets/{message.ticket_id}/").json()["conversations"]
    return strand["reply_window_ends_at"]


def test_a_ticket_says_until_when_it_can_be_answered_freely(program, message):
    assert parse_datetime(window(program, message)) == ContactPoint.objects.get().window_ends_at
    close_window()
    assert window(program, message) is None


def test_after_that_a_text_is_refused_with_its_code(program, message):
    close_window()
    refused = answer(program, message, text="Hi")
    assert (refused.status_code, refused.json()["code"]) == (422, "window-closed")


def test_a_template_is_sent_instead(program, message):
    close_window()
    template = {"name": "order_ready", "language": "en", "parameters": ["Ada", "1042"]}
    sent = answer(program, message, template=template)
    assert sent.status_code == 201, sent.content
    shown = sent.json()
    assert (shown["kind"], shown["text"]) == ("template", "Hello Ada, order 1042 is ready.")
    assert shown["payload"]["template"]["name"] == "order_ready"


@pytest.mark.parametrize(
    ("template", "status"),
    [
        ({"name": "order_ready", "language": "en", "parameters": ["Ada"]}, 422),
        ({"name": "order_ready", "language": "de", "parameters": ["Ada", "1"]}, 422),
        ({"name": "order_ready"}, 400),
        ({"name": "order_ready", "language": "en", "colour": "red"}, 400),
    ],
)
def test_a_template_that_does_not_fit_is_refused(program, message, template, status):
    refused = answer(program, message, template=template)
    assert refused.status_code == status
    if status == 422:
        assert refused.json()["code"] == "template-refused"


def test_text_and_template_are_not_sent_together(program, message):
    template = {"name": "order_ready", "language": "en", "parameters": ["Ada", "1"]}
    assert answer(program, message, text="Hi", template=template).status_code == 400


def test_an_answer_names_the_message_it_is_to(program, message):
    sent = answer(program, message, text="Yes", reply_to=message.pk)
    assert sent.json()["reply_to"] == message.pk
    assert answer(program, message, text="Yes", reply_to=999).status_code == 422


def test_reactions_of_both_sides_are_shown(program, message):
    said = {"message_id": message.external_id, "emoji": "🙏"}
    does(message.channel, "reaction", said)
    path = f"/api/v1/messages/{message.pk}/reaction/"
    put = program.client.put(path, {"emoji": "👍"}, "application/json")
    assert put.status_code == 200
    assert put.json()["reactions"] == [
        {"emoji": "🙏", "by": "customer"},
        {"emoji": "👍", "by": "agent"},
    ]
    taken_back = program.client.put(path, {"emoji": ""}, "application/json")
    assert taken_back.json()["reactions"] == [{"emoji": "🙏", "by": "customer"}]


def test_what_a_customer_took_back_is_gone(program, message):
    does(message.channel, "revoke", {"original_message_id": message.external_id})
    shown = program.get(f"messages/{message.pk}/").json()
    assert (shown["text"], shown["payload"]) == ("", {})
    assert shown["deleted_at"] is not None
