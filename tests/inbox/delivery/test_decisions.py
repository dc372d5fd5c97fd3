from __future__ import annotations

import pytest
from django.utils import timezone

from channels_app.errors import SendError
from inbox import delivery
from inbox.models import Activity, Agent, Conversation, Message
from inbox.sending import Refused
from inbox.triage import NotPossible
from tests.inbox.desk import present, reply
from tests.inbox.line import Line, raising, texts

pytestmark = pytest.mark.django_db(transaction=True)  # refusals roll back


@pytest.fixture
def failed(strand: Conversation, grace: Agent) -> Message:
    message = reply(strand, "Hello", by=grace)
    Line.behaviour = raising(SendError("gone", permanent=True, undeliverable=True))
    delivery.deliver(message.pk)
    Line.behaviour = None
    return present(message)


@pytest.fixture
def uncertain(strand: Conversation, grace: Agent) -> Message:
    message = reply(strand, "Hello", by=grace)
    Message.objects.filter(pk=message.pk).update(status="uncertain")
    return present(message)


def decisions() -> list[str]:
    return [one.data["decision"] for one in Activity.objects.filter(verb="message_settled")]


def test_a_failed_message_is_sent_again_as_a_new_call(failed: Message, grace: Agent) -> None:
    delivery.retry(failed, by=grace)
    delivery.deliver(failed.pk)
    assert present(failed).status == "sent"
    assert [one.attempt for one in Line.sent] == [1, 2]
    assert decisions() == ["retry"]


def test_two_clicks_on_retry_send_it_once(failed: Message, grace: Agent) -> None:
    delivery.retry(failed, by=grace)
    with pytest.raises(NotPossible):
        delivery.retry(failed, by=grace)
    delivery.deliver(failed.pk)
    assert texts() == ["Hello", "Hello"]
    assert decisions() == ["retry"]


def test_retry_asks_whether_it_may_be_sent(failed: Message, grace: Agent) -> None:
    point = failed.conversation.contact_point
    point.is_blocked = True
    point.save()
    with pytest.raises(Refused) as refusal:
        delivery.retry(failed, by=grace)
    assert refusal.value.answer.code == "blocked"
    assert (present(failed).status, decisions()) == ("failed", [])
    point.refresh_from_db()
    assert point.undeliverable_reason == "gone"


def test_it_arrived(uncertain: Message, grace: Agent) -> None:
    delivery.settle(uncertain, arrived=True, by=grace)
    assert (present(uncertain).status, Line.sent, decisions()) == ("sent", [], ["arrived"])


def test_send_again(uncertain: Message, grace: Agent) -> None:
    delivery.settle(uncertain, arrived=False, by=grace)
    delivery.deliver(uncertain.pk)
    assert (present(uncertain).status, texts()) == ("sent", ["Hello"])


@pytest.mark.parametrize("arrived", [True, False])
def test_what_is_settled_by_now_stays_as_it_is(
    uncertain: Message, grace: Agent, arrived: bool
) -> None:
    Message.objects.filter(pk=uncertain.pk).update(status="delivered")
    with pytest.raises(NotPossible):
        delivery.settle(uncertain, arrived=arrived, by=grace)
    assert (present(uncertain).status, decisions()) == ("delivered", [])


def test_of_a_deleted_message_nothing_is_left_to_be_sent(failed: Message, grace: Agent) -> None:
    Message.objects.filter(pk=failed.pk).update(text="", full_text="", deleted_at=timezone.now())
    with pytest.raises(NotPossible, match="deleted"):
        delivery.retry(failed, by=grace)
    assert present(failed).status == "failed"
