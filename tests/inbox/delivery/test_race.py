"""Several workers, one message: on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from channels_app.messages import OutboundMessage, Receipt
from inbox import delivery
from inbox.models import Agent, Conversation, Message
from tests.inbox.desk import reply
from tests.inbox.line import Line, texts

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: tuple) -> None:
    """Run every call in a thread of its own, all let go at the same moment."""
    barrier = threading.Barrier(len(calls))

    def run(function, *args: object) -> None:
        barrier.wait()
        try:
            function(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(run, *call) for call in calls]:
            future.result()


def test_eight_workers_hand_a_message_over_once(strand: Conversation, grace: Agent) -> None:
    for number in range(10):
        message = reply(strand, f"message {number}", by=grace)
        at_once(*[(delivery.deliver, message.pk)] * 8)
    assert Counter(texts()) == Counter({f"message {number}": 1 for number in range(10)})
    assert set(Message.objects.filter(direction="outbound").values_list("status")) == {("sent",)}


def test_workers_on_one_strand_keep_its_order(strand: Conversation, grace: Agent) -> None:
    messages = [reply(strand, str(number), by=grace) for number in range(6)]
    for _ in messages:
        at_once(*[(delivery.deliver, message.pk) for message in messages])
    assert texts() == [str(number) for number in range(6)]


def test_two_workers_reconcile_a_lost_message_once(strand: Conversation, grace: Agent) -> None:
    message = reply(strand, "lost", by=grace)

    def vanish(_: OutboundMessage) -> Receipt:
        raise KeyboardInterrupt

    Line.behaviour = vanish
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver(message.pk)
    Message.objects.update(leased_until=message.created_at)
    at_once(*[(delivery.reconcile, message.pk)] * 6)
    assert len(Line.asked) == 1
    assert Message.objects.get(pk=message.pk).status == "uncertain"


def test_reports_and_a_failure_from_all_sides_end_without_a_deadlock(
    strand: Conversation, grace: Agent
) -> None:
    from django.utils import timezone

    from channels_app.messages import DeliveryUpdate

    channel = strand.contact_point.channel
    messages = [reply(strand, str(number), by=grace) for number in range(4)]
    for message in messages:
        delivery.deliver(message.pk)
    known = list(Message.objects.filter(direction="outbound"))
    reports = [
        DeliveryUpdate(channel.account, message.external_id, status, timezone.now())
        for message in known
        for status in ("failed", "delivered", "read")
    ]
    at_once(*[(delivery.apply_update, channel, report) for report in reports])
    assert set(Message.objects.filter(direction="outbound").values_list("status")) == {("read",)}
