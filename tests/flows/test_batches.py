"""A batch of messages is placed together and comes out as if each had come alone."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_app import journal
from channels_app.messages import WebhookRequest
from channels_app.models import Channel, InboundEvent
from customers.models import Customer
from inbox import intake, joining, people, triage
from inbox.models import Activity, Agent, LiveEvent, Message, Ticket
from tests.flows.saying import ADA_PHONE, sms

pytestmark = pytest.mark.django_db

_serial = count(0x10000)  # none that `saying` gives out


def texts_in(channel: Channel, *said: tuple[str, str]) -> None:
    """These senders write these texts; nobody has looked yet."""
    journal.store(_event(channel, sender, text) for sender, text in said)


def _event(channel: Channel, sender: str, text: str) -> InboundEvent:
    fields = {"MessageSid": f"SM{next(_serial):032x}", "From": sender, "To": channel.account}
    fields |= {"Body": text, "NumMedia": "0"}
    request = WebhookRequest(
        method="POST",
        url="",
        query_string="",
        headers=(("content-type", "application/x-www-form-urlencoded"),),
        body=urlencode(fields).encode(),
    )
    return journal.from_webhook(channel, request)


def number(n: int) -> str:
    return f"+4477009{n:05}"


def timeline(ticket: Ticket) -> list[tuple[int, str]]:
    said = [(one.position, one.text) for one in Message.objects.filter(ticket=ticket)]
    done = [(one.position, one.verb) for one in Activity.objects.filter(ticket=ticket)]
    return sorted(said + done)


def test_strangers_get_a_ticket_each(text_line: Channel) -> None:
    texts_in(text_line, *((number(n), f"hello {n}") for n in range(10)))
    assert intake.drain("webhook") == 10
    assert Ticket.objects.count() == Customer.objects.count() == 10
    for ticket in Ticket.objects.all():
        said = ticket.messages.get().text
        assert timeline(ticket) == [(1, "created"), (2, said), (3, "customer_wrote")]
        assert (ticket.preview, ticket.last_position, ticket.needs_reply) == (said, 3, True)


def test_whoever_speaks_again_stays_in_one_ticket(text_line: Channel) -> None:
    texts_in(text_line, *((number(n % 3), f"text {n}") for n in range(9)))
    intake.drain("webhook")
    assert Ticket.objects.count() == Customer.objects.count() == 3
    for ticket in Ticket.objects.all():
        assert [position for position, _ in timeline(ticket)] == list(range(1, 8))
        assert ticket.preview == ticket.messages.last().text


def test_known_customers_go_on_where_they_were(text_line: Channel) -> None:
    homes = {n: sms(text_line, "first", sender=number(n)).ticket_id for n in range(5)}
    texts_in(text_line, *((number(n), f"second of {n}") for n in range(5)))
    intake.drain("webhook")
    assert Ticket.objects.count() == 5
    for n, home in homes.items():
        assert Message.objects.get(text=f"second of {n}").ticket_id == home
        assert Message.objects.get(text=f"second of {n}").conversation.is_current


def test_a_resolved_ticket_opens_again_once(text_line: Channel) -> None:
    hello = sms(text_line, "hello")
    triage.resolve(hello.ticket)
    texts_in(text_line, (ADA_PHONE, "one more"), (number(1), "other"), (ADA_PHONE, "and more"))
    intake.drain("webhook")
    ticket = Ticket.objects.get(pk=hello.ticket_id)
    assert (ticket.status, ticket.messages.count()) == ("open", 3)
    reopened = [said for _, said in timeline(ticket) if said == "status_changed"]
    assert len(reopened) == 2  # resolved, and open again


def test_long_after_resolving_both_messages_open_one_new_ticket(text_line: Channel) -> None:
    hello = sms(text_line, "hello")
    triage.resolve(hello.ticket)
    ago = timezone.now() - timedelta(days=8)
    Ticket.objects.filter(pk=hello.ticket_id).update(resolved_at=ago)
    texts_in(text_line, (ADA_PHONE, "new matter"), (ADA_PHONE, "of this kind"))
    intake.drain("webhook")
    new = Message.objects.filter(text__in=["new matter", "of this kind"])
    assert len({message.ticket_id for message in new}) == 1
    assert hello.ticket_id not in {message.ticket_id for message in new}


def test_a_message_that_was_there_is_not_there_twice(text_line: Channel) -> None:
    texts_in(text_line, (number(1), "hello"), (number(2), "hello"))
    intake.drain("webhook")
    InboundEvent.objects.update(state="received", attempts=0)
    assert intake.drain("webhook") == 2
    assert Message.objects.count() == 2


def test_every_ticket_that_changed_is_told_of(text_line: Channel) -> None:
    texts_in(text_line, *((number(n % 4), f"text {n}") for n in range(8)))
    intake.drain("webhook")
    told = set(LiveEvent.objects.values_list("ticket_id", flat=True))
    assert told == set(Ticket.objects.values_list("pk", flat=True))


def test_known_customers_cost_few_queries_each(text_line: Channel) -> None:
    for n in range(20):
        sms(text_line, "first", sender=number(n))
    costs = []
    for size in (1, 11):
        texts_in(text_line, *((number(n), f"{size}") for n in range(size)))
        with CaptureQueriesContext(connection) as queries:
            intake.drain("webhook")
        costs.append(len(queries))
    assert costs[1] - costs[0] <= 3 * 10 + 2, queries.captured_queries


def test_one_person_with_two_numbers_is_one_ticket(text_line: Channel, grace: Agent) -> None:
    one, other = (sms(text_line, "first", sender=number(n)).ticket_id for n in range(2))
    customers = [Ticket.objects.get(pk=ticket).customer for ticket in (one, other)]
    people.merge(customers[1], into=customers[0], by=grace)
    joining.join(Ticket.objects.get(pk=other), into=Ticket.objects.get(pk=one), by=grace)
    long_ago = timezone.now() - timedelta(days=8)
    Ticket.objects.update(status="resolved", resolved_at=long_ago)
    texts_in(text_line, *((number(n), f"again {n}") for n in range(2)))
    intake.drain("webhook")
    again = set(Message.objects.filter(text__startswith="again").values_list("ticket", flat=True))
    assert len(again) == 1
    assert again.isdisjoint({one, other})
