"""STOP, START and HELP on a plain gateway: Parley answers each of them once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.adapters.sms.segments import segments
from channels_app.adapters.sms.twilio import TwilioAdapter
from channels_app.messages import OutboundMessage, Receipt
from channels_app.models import Channel, InboundEvent
from customers.consent import is_opted_out
from customers.models import Customer
from inbox import delivery, intake, triage
from inbox.models import Agent, ContactPoint, Message, Ticket
from inbox.replies import Refused, Reply, send_reply
from inbox.sign_offs import TEXTS
from tests.flows.saying import ADA_PHONE, sms

pytestmark = pytest.mark.django_db

Status = Message.Status


@pytest.fixture
def plain_line(text_line: Channel) -> Channel:
    """A gateway that answers nothing by itself."""
    text_line.settings |= {"keyword_replies": "parley"}
    text_line.save()
    return text_line


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[OutboundMessage]:
    """What the provider was given."""
    sent: list[OutboundMessage] = []

    def send(self: TwilioAdapter, message: OutboundMessage) -> Receipt:
        sent.append(message)
        return Receipt(external_id=f"SM{len(sent)}")

    monkeypatch.setattr(TwilioAdapter, "send", send)
    return sent


def sign_offs() -> list[str]:
    ours = Message.objects.filter(direction=Message.Direction.OUTBOUND).order_by("pk")
    return list(ours.values_list("text", flat=True))


@pytest.mark.parametrize("keyword", ["stop", "start", "help"])
def test_each_keyword_gets_its_one_answer(plain_line: Channel, keyword) -> None:
    word = sms(plain_line, keyword.upper(), keyword=keyword)
    answer = Message.objects.get(direction=Message.Direction.OUTBOUND)
    assert answer.text == TEXTS["en"][keyword]
    assert (answer.author_type, answer.is_automatic, answer.reply_to) == ("system", True, word)
    assert answer.conversation_id == word.conversation_id


def test_the_answer_to_stop_leaves_although_nothing_else_may(
    plain_line: Channel, grace: Agent, handed_over: list[OutboundMessage]
) -> None:
    hello = sms(plain_line, "Hello")
    waiting = send_reply(hello.conversation, Reply(text="Still queued"), by=grace)
    sms(plain_line, "STOP", keyword="stop")
    sign_off = Message.objects.get(author_type="system")
    delivery.deliver(waiting.pk)
    delivery.deliver(sign_off.pk)
    assert [one.text for one in handed_over] == [TEXTS["en"]["stop"]]
    assert Message.objects.get(pk=sign_off.pk).status == Status.SENT
    assert Message.objects.get(pk=waiting.pk).error_code == "opted-out"
    with pytest.raises(Refused):
        send_reply(hello.conversation, Reply(text="But"), by=grace)


def test_a_failed_one_can_be_sent_again_in_spite_of_stop(plain_line: Channel, grace: Agent) -> None:
    sms(plain_line, "STOP", keyword="stop")
    sign_off = Message.objects.get(author_type="system")
    Message.objects.filter(pk=sign_off.pk).update(status=Status.FAILED)
    delivery.retry(sign_off, by=grace)
    assert Message.objects.get(pk=sign_off.pk).status == Status.QUEUED


def test_with_the_providers_own_answers_parley_keeps_silent(text_line: Channel) -> None:
    sms(text_line, "STOP", keyword="stop")
    text_line.settings |= {"keyword_replies": "provider"}
    text_line.save()
    sms(text_line, "HELP", keyword="help")
    assert sign_offs() == []


def test_the_same_keyword_delivered_twice_is_answered_once(plain_line: Channel) -> None:
    for _ in range(2):
        sms(plain_line, "STOP", keyword="stop", dedupe_key="SM1")
    assert len(sign_offs()) == 1


def test_it_speaks_the_customers_language(plain_line: Channel) -> None:
    sms(plain_line, "Hallo")
    Customer.objects.update(language="de-AT")
    sms(plain_line, "HELP", keyword="help")
    Customer.objects.update(language="tlh")
    sms(plain_line, "HELP", keyword="help")
    assert sign_offs() == [TEXTS["de"]["help"], TEXTS["en"]["help"]]


def test_it_moves_the_ticket_no_more_than_the_keyword(plain_line: Channel) -> None:
    hello = sms(plain_line, "Hello")
    triage.resolve(hello.ticket)
    sms(plain_line, "STOP", keyword="stop")
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.first_replied_at) == ("resolved", None)


def test_a_blocked_sender_hears_nothing(plain_line: Channel) -> None:
    sms(plain_line, "Hello")
    ContactPoint.objects.update(is_blocked=True)
    sms(plain_line, "STOP", keyword="stop")
    assert sign_offs() == []


def test_a_machine_that_asks_on_and_on_is_answered_twenty_times_an_hour(
    plain_line: Channel,
) -> None:
    for _ in range(25):
        sms(plain_line, "HELP", keyword="help")
    assert len(sign_offs()) == 20
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    sms(plain_line, "HELP", keyword="help")
    assert len(sign_offs()) == 21


def test_an_answer_of_ours_is_no_reason_to_hold_up_an_agent(
    plain_line: Channel, grace: Agent
) -> None:
    hello = sms(plain_line, "Hello")
    seen = Ticket.objects.get().last_position
    sms(plain_line, "HELP", keyword="help")
    send_reply(hello.conversation, Reply(text="On its way", base=seen), by=grace)


def test_a_stop_that_was_held_up_does_not_undo_a_later_start(text_line: Channel) -> None:
    """A dead letter may be replayed days later; what counts is when it was said."""
    point = sms(text_line, "START", keyword="start").conversation.contact_point
    earlier = timezone.now() - timedelta(hours=1)
    sms(text_line, "STOP", keyword="stop", sent_at=earlier)
    assert not is_opted_out(kind="phone", key=point.key, medium="sms", sender=text_line.account)


def test_from_the_journal_to_the_queue_in_one_commit(plain_line: Channel) -> None:
    body = f"MessageSid=SM1&From=%2B{ADA_PHONE[1:]}&To=%2B{plain_line.account[1:]}&Body=stop"
    event = InboundEvent.objects.create(
        channel=plain_line,
        source="webhook",
        content_key="1",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=body.encode(),
    )
    assert intake.drain("webhook") == 1
    event.refresh_from_db()
    assert (event.state, sign_offs()) == ("processed", [TEXTS["en"]["stop"]])


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_all_three_in_at_most_two_parts(language: str) -> None:
    assert set(TEXTS[language]) == {"stop", "start", "help"}
    assert all(segments(text).count <= 2 for text in TEXTS[language].values())
