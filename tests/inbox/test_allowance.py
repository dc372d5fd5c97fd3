"""What a day's messages may be, and what happens beyond."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.messages import Address
from channels_app.models import Channel
from inbox import delivery
from inbox.models import Agent, Conversation, Message
from inbox.sending import Refused, may_send
from tests.inbox.desk import hear, present, reply
from tests.inbox.line import Line, texts

pytestmark = pytest.mark.django_db

NEIGHBOUR, STRANGER = "+447700900999", "+447700901123"


def bounded(line: Channel, **settings: int | None) -> None:
    line.settings = settings
    line.save()


def strand_of(line: Channel, number: str) -> Conversation:
    return hear(line, sender=(Address("phone", number),)).conversation


def refusal(line: Channel, number: str) -> str:
    point = strand_of(line, number).contact_point
    return may_send(point, text="x").code


def test_without_bounds_nothing_is_counted(
    line: Channel, strand: Conversation, django_assert_num_queries
) -> None:
    bounded(line, daily_limit=0, daily_limit_per_number=None)
    point = Conversation.objects.get(pk=strand.pk).contact_point
    may_send(point)
    with django_assert_num_queries(1):  # whether they opted out
        assert may_send(point, text="x").allowed


def test_one_number_gets_so_many_and_others_are_not_kept_from_theirs(
    line: Channel, strand: Conversation, grace: Agent
) -> None:
    bounded(line, daily_limit_per_number=2)
    reply(strand, "one", by=grace)
    reply(strand, "two", by=grace)
    with pytest.raises(Refused, match="has been sent 2 messages in 24 hours") as refused:
        reply(strand, "three", by=grace)
    assert refused.value.answer.code == "limit-reached"
    assert refusal(line, NEIGHBOUR) == ""


def test_numbers_of_one_block_share_a_bound(
    line: Channel, strand: Conversation, grace: Agent
) -> None:
    bounded(line, daily_limit_per_prefix=1)
    reply(strand, "one", by=grace)
    assert refusal(line, NEIGHBOUR) == "limit-reached"
    assert refusal(line, STRANGER) == ""


def test_a_channel_has_a_bound_of_its_own(
    line: Channel, strand: Conversation, grace: Agent
) -> None:
    bounded(line, daily_limit=1)
    other = Channel.objects.create(
        kind="line", name="Other", account="+447700900888", settings={"daily_limit": 1}
    )
    reply(strand, "one", by=grace)
    assert refusal(line, STRANGER) == "limit-reached"
    assert refusal(other, STRANGER) == ""


def test_after_a_day_there_is_room_again(line: Channel, strand: Conversation, grace: Agent) -> None:
    bounded(line, daily_limit_per_number=1)
    Message.objects.filter(pk=reply(strand, "one", by=grace).pk).update(
        created_at=timezone.now() - timedelta(hours=24)
    )
    reply(strand, "two", by=grace)


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_what_did_not_leave_does_not_count(
    line: Channel, strand: Conversation, grace: Agent, status: str
) -> None:
    bounded(line, daily_limit_per_number=1)
    Message.objects.filter(pk=reply(strand, "one", by=grace).pk).update(status=status)
    reply(strand, "two", by=grace)


def test_what_waits_beyond_a_bound_fails_visibly_and_what_came_before_it_leaves(
    line: Channel, strand: Conversation, grace: Agent
) -> None:
    """Two agents asked at the same moment, or the bound was lowered since."""
    first, second = (reply(strand, text, by=grace) for text in ("one", "two"))
    bounded(line, daily_limit_per_number=1)
    delivery.deliver(first.pk)
    delivery.deliver(second.pk)
    assert texts() == ["one"]
    assert (present(first).status, present(second).status) == ("sent", "failed")
    assert present(second).error_code == "limit-reached"
    bounded(line, daily_limit_per_number=2)
    delivery.retry(present(second), by=grace)
    delivery.deliver(second.pk)
    assert Line.sent[-1].text == "two"
