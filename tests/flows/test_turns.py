"""Whoever is at work at the same moment: people go first, and nothing is lost by it."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from channels_app import journal
from channels_app.models import Channel, InboundEvent
from inbox import crash, intake, joining
from inbox.models import Message, Ticket
from tests.flows.saying import ADA_MAIL, mail

pytestmark = pytest.mark.django_db(transaction=True)


def answer_to(channel: Channel, message: Message) -> InboundEvent:
    raw = (
        f"From: {ADA_MAIL}\nTo: {channel.account}\nMessage-ID: <again-{message.pk}@x.example>\n"
        f"In-Reply-To: <{message.message_id}>\nSubject: Re: it\n\nAnother word"
    )
    event, _is_new = journal.store_mail(channel, raw.encode())
    return event


def test_a_batch_in_the_way_of_an_agent_gives_way(
    support: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch holds the second ticket and wants the first, the agent the other way round."""
    first, second = mail(support, "One", subject="One"), mail(support, "Two", subject="Two")
    for message in (second, first):
        answer_to(support, message)
    holds_second, wants_second = threading.Event(), threading.Event()

    def pause(name: str) -> None:
        if name == "message-recorded" and not holds_second.is_set():
            holds_second.set()
            wants_second.wait(5)
            time.sleep(0.3)

    monkeypatch.setattr(crash, "point", pause)
    worker = threading.Thread(target=lambda: (intake.drain("mail"), connection.close()))
    worker.start()
    holds_second.wait(5)
    wants_second.set()
    joining.join(
        Ticket.objects.get(pk=first.ticket_id), into=Ticket.objects.get(pk=second.ticket_id)
    )
    worker.join()
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"processed"}
    assert list(Message.objects.values_list("ticket", flat=True)) == [second.ticket_id] * 4
