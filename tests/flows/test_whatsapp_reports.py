"""What Meta's reports about our messages say beyond the one message: the window, the account, the
price; however early they come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.errors import SendError
from channels_app.models import Channel
from channels_app.pretend import meta_events as events
from inbox import delivery
from inbox.models import Agent, ContactPoint, Conversation, Message
from inbox.replies import Reply, send_reply
from inbox.sending import may_send
from tests.flows.whatsapping import echoes, says, status

pytestmark = pytest.mark.django_db

TOO_LATE = events.error(131047, "Re-engagement message")
NO_MONEY = events.error(131042, "Business eligibility payment issue")


def reply(message: Message, *, by: Agent) -> Message:
    strand = Conversation.objects.get(pk=message.conversation_id)
    return send_reply(strand, Reply(text="On its way"), by=by)


@pytest.fixture
def sent(whatsapp: Channel, grace: Agent) -> Message:
    message = reply(says(whatsapp), by=grace)
    Message.objects.filter(pk=message.pk).update(status="sent", external_id="wamid.ours")
    return Message.objects.get(pk=message.pk)


def point() -> ContactPoint:
    return ContactPoint.objects.select_related("channel").get()


class TestWindow:
    def test_meta_has_the_last_word_on_it_and_the_composer_offers_templates(
        self, whatsapp: Channel, sent: Message
    ) -> None:
        assert may_send(point()).allowed
        ContactPoint.objects.update(window_ends_at=timezone.now() + timedelta(hours=1))
        status(whatsapp, "failed", sent, errors=[TOO_LATE])
        assert may_send(point()).needs_template

    def test_a_refusal_at_once_says_the_same(
        self, sent: Message, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_args: object) -> None:
            raise SendError("too late", code="131047", permanent=True, closes_window=True)

        monkeypatch.setattr("channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.send", refuse)
        ContactPoint.objects.update(window_ends_at=timezone.now() + timedelta(hours=1))
        delivery.deliver(reply(sent, by=grace).pk)
        assert may_send(point()).needs_template

    def test_what_the_customer_said_since_keeps_it_open(
        self, whatsapp: Channel, sent: Message
    ) -> None:
        before = str(int(timezone.now().timestamp()) - 60)
        says(whatsapp, "Are you there?")
        status(whatsapp, "failed", sent, errors=[TOO_LATE], timestamp=before)
        assert may_send(point()).allowed


class TestAccount:
    def test_a_payment_that_is_missing_stays_shown_though_messages_are_taken(
        self, whatsapp: Channel, sent: Message, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Meta takes every message then, and reports each as failed afterwards."""
        from channels_app.messages import Receipt

        monkeypatch.setattr(
            "channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.send",
            lambda *_args: Receipt("wamid.next"),
        )
        status(whatsapp, "failed", sent, errors=[NO_MONEY])
        following = reply(sent, by=grace)
        delivery.deliver(following.pk)
        whatsapp.refresh_from_db()
        assert whatsapp.broken_since is not None
        following.refresh_from_db()
        status(whatsapp, "delivered", following)
        whatsapp.refresh_from_db()
        assert (whatsapp.broken_since, whatsapp.broken_reason) == (None, "")


def test_a_report_that_comes_before_its_message_loses_nothing(whatsapp: Channel) -> None:
    """A message written in the phone app may be delivered before we hear of it."""
    ours = Message(external_id="wamid.app")
    until = timezone.now().replace(microsecond=0) + timedelta(hours=72)
    ends = {"expiration_timestamp": str(int(until.timestamp()))}
    price = {"billable": False, "type": "free_entry_point", "pricing_model": "PMP"}
    free = {"id": "1", "origin": {"type": "referral_conversion"}, **ends}
    status(whatsapp, "delivered", ours, conversation=free, pricing=price)
    status(whatsapp, "failed", ours, errors=[NO_MONEY])
    message = echoes(whatsapp, "Your lamp is ready", id="wamid.app")
    delivery.apply_waiting_updates(message, external_id="wamid.app")
    message.refresh_from_db()
    assert (message.status, message.pricing) == ("delivered", price)
    assert point().free_entry_ends_at == until


def test_nor_does_a_failure(whatsapp: Channel) -> None:
    status(whatsapp, "failed", Message(external_id="wamid.app"), errors=[NO_MONEY])
    message = echoes(whatsapp, "Your lamp is ready", id="wamid.app")
    delivery.apply_waiting_updates(message, external_id="wamid.app")
    whatsapp.refresh_from_db()
    assert "payment method" in whatsapp.broken_reason
