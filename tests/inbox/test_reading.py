"""Who has read what."""

from __future__ import annotations

import pytest

from channels_app.models import Channel
from inbox import reading
from inbox.models import Agent, LiveEvent, Reading, Ticket
from tests.inbox.desk import hear, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(grace: Agent, heidi: Agent, line: Channel) -> Ticket:
    """Ada wrote after both had joined the desk."""
    return hear(line).ticket


def is_unread(ticket: Ticket, agent: Agent) -> bool:
    return Ticket.objects.filter(reading.unread_by(agent), pk=ticket.pk).exists()


def test_each_agent_has_a_cursor_of_their_own(ticket: Ticket, grace: Agent, heidi: Agent) -> None:
    assert is_unread(ticket, grace)
    reading.mark_read(ticket, upto=ticket.last_position, by=grace)
    assert not is_unread(ticket, grace)
    assert is_unread(ticket, heidi)


def test_what_comes_later_is_unread_again(ticket: Ticket, line: Channel, grace: Agent) -> None:
    reading.mark_read(ticket, upto=ticket.last_position, by=grace)
    hear(line, "Hello?")
    assert is_unread(ticket, grace)


def test_our_own_words_are_no_news(ticket: Ticket, grace: Agent, heidi: Agent) -> None:
    reading.mark_read(ticket, upto=ticket.last_position, by=grace)
    reply(ticket.conversations.get(), "Hi", by=heidi)
    assert not is_unread(ticket, grace)


def test_the_cursor_goes_forward_only_and_never_beyond_the_end(
    ticket: Ticket, grace: Agent
) -> None:
    for upto, there in ((1, 1), (10**9, ticket.last_position), (1, ticket.last_position)):
        reading.mark_read(ticket, upto=upto, by=grace)
        assert reading.read_up_to(ticket, grace) == there


def test_marked_unread_the_customers_last_message_is_new(ticket: Ticket, grace: Agent) -> None:
    reading.mark_read(ticket, upto=ticket.last_position, by=grace)
    reading.mark_unread(ticket, by=grace)
    assert is_unread(ticket, grace)
    last = ticket.messages.latest("position")
    assert reading.read_up_to(ticket, grace) == last.position - 1


def test_only_the_agents_own_tabs_hear_of_it_and_only_when_something_changed(
    ticket: Ticket, grace: Agent
) -> None:
    LiveEvent.objects.all().delete()
    for _ in range(2):
        reading.mark_read(ticket, upto=ticket.last_position, by=grace)
    assert [(one.kind, one.audience) for one in LiveEvent.objects.all()] == [
        ("read", [f"agent.{grace.pk}"])
    ]


def test_what_was_said_before_somebody_joined_is_no_news_to_them(ticket: Ticket) -> None:
    late = Agent.objects.create_user("late@desk.example")
    assert not is_unread(ticket, late)


def test_news_are_unread_and_unanswered(ticket: Ticket, grace: Agent, line: Channel) -> None:
    mine = Ticket.objects.filter(reading.unread_by(grace))
    assert reading.news(mine) == {ticket.pk: ticket.messages.get().position}
    reply(ticket.conversations.get(), "Hi", by=grace)
    assert reading.news(mine) == {}
    assert Reading.objects.count() == 0
