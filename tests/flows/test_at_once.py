"""One customer on two channels at the same moment: one ticket where rule R3 holds, never two
customers; and what agents merge meanwhile does not pull them apart. On both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from channels_app.messages import Address
from channels_app.models import Channel
from customers.identify import identify
from customers.models import Customer, Identity
from inbox import people
from inbox.models import Agent, ChannelPolicy, ContactPoint, Message, Ticket
from inbox.triage import NotPossible
from tests.flows.saying import mail, sms
from tests.flows.test_across_channels import says

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = 6


def at_once(*calls: Callable[[], object]) -> None:
    """Every call in a thread of its own, all let go at the same moment."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait(30)
        try:
            call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(run, call) for call in calls]:
            future.result()


def number(pair: int) -> str:
    return f"+4477009005{pair:02}"


@pytest.fixture
def second_line(text_line: Channel) -> Channel:
    """Another number of the same team."""
    fields = {"settings": text_line.settings, "secrets": text_line.secrets}
    channel = Channel.objects.create(kind="sms", name="Two", account="+447700900998", **fields)
    ChannelPolicy.objects.create(channel=channel, team=text_line.policy.team)
    return channel


def test_first_messages_on_two_channels_are_one_customer_and_one_ticket(
    text_line: Channel, second_line: Channel
) -> None:
    for pair in range(PAIRS):
        at_once(
            partial(sms, text_line, "one", sender=number(pair)),
            partial(sms, second_line, "two", sender=number(pair)),
        )
    assert Customer.objects.count() == PAIRS
    assert Ticket.objects.count() == PAIRS
    assert ContactPoint.objects.count() == 2 * PAIRS
    assert Message.objects.count() == 2 * PAIRS


def test_an_id_and_a_number_that_come_at_once_are_one_customer(text_line: Channel) -> None:
    whatsapp = Channel.objects.create(kind="whatsapp", name="WhatsApp", account="1065403")
    ChannelPolicy.objects.create(channel=whatsapp, team=text_line.policy.team)
    for pair in range(PAIRS):
        by_phone = Address("phone", number(pair), name="Ada")
        by_id = Address("whatsapp_user", f"GB.{pair}", scope="102", name="Ada")
        at_once(
            partial(sms, text_line, "one", sender=number(pair)),
            partial(says, whatsapp, "two", (by_id, by_phone)),
        )
    assert Customer.objects.count() == PAIRS
    assert Ticket.objects.count() == PAIRS
    assert Identity.objects.count() == 2 * PAIRS


def test_somebody_known_by_two_numbers_is_one_ticket(
    text_line: Channel, second_line: Channel
) -> None:
    for pair in range(PAIRS):
        known = [Address("phone", number(pair)), Address("phone", number(pair + 50))]
        identify(known, name="Ada", proven_by="agent")
        at_once(
            partial(sms, text_line, "one", sender=number(pair)),
            partial(sms, second_line, "two", sender=number(pair + 50)),
        )
    assert Customer.objects.count() == PAIRS
    assert Ticket.objects.count() == PAIRS


def test_a_message_during_a_merge_ends_up_with_the_survivor(
    text_line: Channel, second_line: Channel, support: Channel, grace: Agent
) -> None:
    for pair in range(PAIRS):
        caller = Ticket.objects.get(pk=sms(text_line, "Hi", sender=number(pair)).ticket_id)
        address = f"ada{pair}@customer.example"
        writer = Ticket.objects.get(pk=mail(support, "Hi", sender=address).ticket_id)
        at_once(
            partial(people.merge, caller.customer, into=writer.customer, by=grace),
            partial(sms, text_line, "during", sender=number(pair)),
            partial(sms, second_line, "during too", sender=number(pair)),
        )
    for model in (Identity, ContactPoint, Ticket):
        assert not model.objects.exclude(customer__merged_into=None).exists(), model
    assert Message.objects.count() == 4 * PAIRS
    assert Customer.objects.living().count() == PAIRS
    assert not Ticket.objects.living().exclude(customer__merged_into=None).exists()


def test_two_agents_merge_the_same_two_either_way(
    text_line: Channel, support: Channel, grace: Agent
) -> None:
    for pair in range(PAIRS):
        caller = Ticket.objects.get(pk=sms(text_line, "Hi", sender=number(pair)).ticket_id).customer
        address = f"ada{pair}@customer.example"
        writer = Ticket.objects.get(pk=mail(support, "Hi", sender=address).ticket_id).customer
        refusals: list[str] = []
        at_once(
            partial(_try_to_merge, caller, writer, grace, refusals),
            partial(_try_to_merge, writer, caller, grace, refusals),
        )
        assert len(refusals) == 1
    assert Customer.objects.living().count() == PAIRS


def _try_to_merge(one: Customer, into: Customer, by: Agent, refusals: list[str]) -> None:
    try:
        people.merge(one, into=into, by=by)
    except NotPossible as reason:
        refusals.append(str(reason))
