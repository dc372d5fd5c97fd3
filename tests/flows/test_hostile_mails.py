"""Damaged and hostile mails, all through the desk: none is lost, none stops the others."""

from __future__ import annotations

import pytest

from channels_app import journal
from channels_app.models import Channel, InboundEvent
from inbox import intake
from inbox.models import Message
from tests.channels_app.email.hostile import hostile_mails

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_of_them_becomes_one_message_in_a_ticket():
    channel = Channel.objects.create(kind="email", name="Support", account="support@shop.example")
    names = set()
    for name, raw in hostile_mails():
        journal.store_mail(channel, raw, source_key=name)
        names.add(name)
    assert len(names) > 200

    while intake.drain("mail"):
        pass

    events = InboundEvent.objects
    assert set(events.values_list("source_key", flat=True)) == names
    assert set(events.values_list("state", "error")) == {(InboundEvent.State.PROCESSED, "")}
    messages = Message.objects.filter(direction=Message.Direction.INBOUND)
    assert set(messages.values_list("event__source_key", flat=True)) == names
    assert messages.count() == len(names)
    assert not messages.filter(ticket=None).exists()
