"""Where an answer goes by default, and what is said before it goes there."""

from __future__ import annotations

import pytest

from channels_app.messages import Address
from channels_app.models import Channel
from inbox.models import Agent, ContactPoint, Conversation, Ticket
from inbox.views.composer import composer_of
from tests.inbox.desk import hear, reply

pytestmark = pytest.mark.django_db

ADA = (Address("phone", "+447700900123"), Address("email", "ada@customer.example"))


@pytest.fixture
def ticket(line: Channel, post: Channel) -> Ticket:
    """Ada, who is known by phone and mail, wrote a mail; her text message joined."""
    asked = hear(post, sender=ADA[::-1])
    assert hear(line, sender=ADA).ticket_id == asked.ticket_id
    return Ticket.objects.get(pk=asked.ticket_id)


def strand_on(channel: Channel) -> Conversation:
    return Conversation.objects.get(contact_point__channel=channel)


def chosen_channel(ticket: Ticket) -> Channel:
    choice = composer_of(ticket).chosen
    assert choice is not None
    return choice.point.channel


def test_where_the_customer_wrote_last_comes_first(
    ticket: Ticket, line: Channel, post: Channel
) -> None:
    assert chosen_channel(ticket) == line
    hear(post, references=("in-1@customer.example",))
    assert chosen_channel(ticket) == post


def test_a_joined_strand_is_news_until_somebody_has_answered_in_it(
    ticket: Ticket, line: Channel, grace: Agent
) -> None:
    assert [one.is_news for one in composer_of(ticket).choices] == [True, False]
    reply(strand_on(line), "Hello by phone", by=grace)
    assert [one.is_news for one in composer_of(ticket).choices] == [False, False]


def test_what_can_not_be_reached_is_not_the_default(
    ticket: Ticket, line: Channel, post: Channel
) -> None:
    ContactPoint.objects.filter(channel=line).update(is_blocked=True)
    assert chosen_channel(ticket) == post


def test_another_address_comes_before_one_that_can_not_be_reached(
    line: Channel, post: Channel
) -> None:
    ticket = hear(line, sender=ADA).ticket
    assert [one.point.channel for one in composer_of(ticket).choices] == [line, post]
    ContactPoint.objects.filter(channel=line).update(undeliverable_reason="no such number")
    choices = composer_of(ticket).choices
    assert [one.point.channel for one in choices] == [post, line]
    assert choices[0].strand is None


def test_what_nobody_has_accepted_is_never_the_default(ticket: Ticket, line: Channel) -> None:
    Conversation.objects.filter(pk=strand_on(line).pk).update(is_accepted=False)
    assert chosen_channel(ticket) != line
