"""Meta's news in several processes at the same moment: what it comes to is what it would have
come to in turn. On both databases."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any

import pytest

from channels_app.models import Channel, InboundEvent
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Line, Person
from customers.models import Customer
from inbox import afterthoughts, delivery, intake
from inbox.models import (
    Agent,
    Attachment,
    ChannelPolicy,
    ContactPoint,
    Conversation,
    Message,
    Team,
    Ticket,
)
from inbox.replies import Reply, send_reply
from tests.flows.saying import sms
from tests.flows.test_at_once import at_once
from tests.flows.whatsapping import LINE, says

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = 8
SECRET = "My card is 4929 1111"


def person(pair: int, *, new: bool = False) -> Person:
    last = pair + 50 if new else pair
    return Person(phone=f"4477009007{last:02}", user_id=f"GB.{last}", name="Ada")


def stored(channel: Channel, call: dict[str, Any]) -> InboundEvent:
    body = json.dumps(call).encode()
    digest = hashlib.sha256(body).hexdigest()
    return InboundEvent.objects.create(
        channel=channel, source="webhook", content_key=digest, body=body
    )


def said(channel: Channel, sender: Person, *messages: dict[str, Any]) -> InboundEvent:
    return stored(channel, LINE.event(contacts=[sender.contact], messages=list(messages)))


def worked_off(*told: InboundEvent) -> None:
    """Each by a process of its own; whoever came off worst tries again, as the clock has it."""
    at_once(*(partial(intake.process, event) for event in told))
    waiting = InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED)
    for event in waiting.filter(pk__in=[one.pk for one in told]):
        intake.process(event)
    afterthoughts.apply_waiting()
    left = InboundEvent.objects.exclude(state=InboundEvent.State.PROCESSED)
    assert not left.exists(), left[0].error


def journalled() -> str:
    bodies = InboundEvent.objects.exclude(body=None).values_list("body", flat=True)
    return " ".join(bytes(body).decode() for body in bodies)


def test_a_message_its_edit_and_its_deletion(whatsapp: Channel) -> None:
    for pair in range(PAIRS):
        ada, key = person(pair), events.new_id()
        changed = {"type": "text", "text": {"body": f"{SECRET} 2"}}
        edit = {"original_message_id": key, "message": changed}
        worked_off(
            said(
                whatsapp, ada, events.message("text", {"body": SECRET}, sender=ada, message_id=key)
            ),
            said(whatsapp, ada, events.message("edit", edit, sender=ada)),
            said(whatsapp, ada, events.message("revoke", {"original_message_id": key}, sender=ada)),
        )
    assert Message.objects.filter(deleted_at=None).count() == 0
    assert Message.objects.count() == Ticket.objects.count() == PAIRS
    assert SECRET not in journalled()


def test_a_message_told_twice_in_other_bytes(whatsapp: Channel) -> None:
    for pair in range(PAIRS):
        ada, key = person(pair), events.new_id()
        message = events.message("text", {"body": f"Hello {pair}"}, sender=ada, message_id=key)
        worked_off(
            said(whatsapp, ada, message),
            said(whatsapp, ada, message, message),
            said(whatsapp, ada, message | {"again": 1}),
        )
        gone = events.message("revoke", {"original_message_id": key}, sender=ada)
        worked_off(said(whatsapp, ada, gone))
    assert Message.objects.count() == Ticket.objects.count() == PAIRS
    assert "Hello" not in journalled()


def test_content_that_comes_late_and_twice(whatsapp: Channel) -> None:
    picture = {"id": "123", "mime_type": "image/jpeg", "sha256": ""}
    for pair in range(PAIRS):
        ada = person(pair)
        key = says(whatsapp, None, kind="unsupported", sender=ada).external_id
        late = events.message("image", picture, sender=ada, message_id=key)
        worked_off(said(whatsapp, ada, late), said(whatsapp, ada, late | {"again": 1}))
    assert Message.objects.filter(kind="image").count() == PAIRS
    assert Attachment.objects.count() == PAIRS


def test_a_new_number_and_the_first_message_from_there(whatsapp: Channel) -> None:
    for pair in range(PAIRS):
        before, after = person(pair), person(pair, new=True)
        known = says(whatsapp, "Before", sender=before).ticket.customer
        worked_off(
            stored(whatsapp, LINE.event(messages=[events.changed_number(before, after)])),
            said(whatsapp, after, events.message("text", {"body": "After"}, sender=after)),
        )
        last = says(whatsapp, "Later", sender=after)
        assert (last.ticket.customer, last.conversation.is_current) == (known, True)
    after = Ticket.objects.filter(messages__text__in=["Before", "After", "Later"])
    assert after.values("customer").distinct().count() == PAIRS
    assert Conversation.objects.filter(is_current=True).count() == PAIRS
    assert ContactPoint.objects.count() == PAIRS


@pytest.mark.parametrize("is_known", [False, True])
def test_our_echo_and_the_customer_s_message(
    whatsapp: Channel, text_line: Channel, is_known: bool
) -> None:
    """The one names a number, the other an id as well: it is one person at one contact point."""
    for pair in range(PAIRS):
        ada = person(pair)
        by_number = Person(phone=ada.phone)
        if is_known:
            sms(text_line, "Hello", sender=f"+{ada.phone}")
        ours = events.echo("text", {"body": "We"}, to=by_number, line=LINE)
        echoed = LINE.event("smb_message_echoes", contacts=[], message_echoes=[ours])
        theirs = events.message("text", {"body": "They"}, sender=ada)
        worked_off(stored(whatsapp, echoed), said(whatsapp, ada, theirs))
    assert Customer.objects.count() == PAIRS
    assert ContactPoint.objects.filter(channel=whatsapp).count() == PAIRS


def test_our_echo_and_the_customer_s_message_on_another_line(
    whatsapp: Channel, front: Team
) -> None:
    """Nothing is new about her but that she is met there."""
    line = Line(LINE.waba_id, "222222222222222")
    second = Channel.objects.create(
        kind="whatsapp", name="EU", account=line.phone_number_id, secrets=whatsapp.secrets
    )
    ChannelPolicy.objects.create(channel=second, team=front)
    for pair in range(PAIRS):
        ada = person(pair)
        says(whatsapp, sender=ada)
        ours = events.echo("text", {"body": "We"}, to=Person(phone=ada.phone), line=line)
        theirs = events.message("text", {"body": "They"}, sender=ada)
        worked_off(
            stored(second, line.event("smb_message_echoes", contacts=[], message_echoes=[ours])),
            stored(second, line.event(contacts=[ada.contact], messages=[theirs])),
        )
    assert ContactPoint.objects.filter(channel=second).count() == PAIRS


def test_a_status_and_the_answer_to_our_call(whatsapp: Channel, grace: Agent) -> None:
    """The report names our own id, and comes while the answer is being written down."""
    from channels_app.messages import Receipt
    from inbox.delivery import claim, outcome

    for pair in range(PAIRS):
        ada = person(pair)
        strand = says(whatsapp, sender=ada).conversation
        message = send_reply(strand, Reply(text="On its way"), by=grace)
        claimed = claim.claim(message.pk)
        assert claimed is not None
        attempt = claim.open_attempt(claimed, number=1)
        assert attempt is not None
        key = events.new_id()
        told = [
            events.status(name, message_id=key, to=ada, reference=str(message.pk))
            for name in ("sent", "delivered")
        ]
        calls = [stored(whatsapp, LINE.event(statuses=[one])) for one in told]
        at_once(
            partial(outcome.accepted, claimed, attempt, Receipt(key)),
            *(partial(intake.process, one) for one in calls),
        )
        delivery.apply_waiting_updates(message, external_id=key)
        message.refresh_from_db()
        assert (message.status, message.external_id) == ("delivered", key)
        assert [one.outcome for one in message.delivery_attempts.all()] == ["sent"]
