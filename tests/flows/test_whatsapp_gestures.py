"""What customers do on WhatsApp beside writing: they call, open the chat, decline marketing; and
what Meta tells that has no place in a ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels_app.models import Channel, InboundEvent, MessageTemplate
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Person
from customers.models import Consent, Customer
from inbox import triage
from inbox.models import Activity, Agent, ContactPoint, Conversation, Message, Ticket
from inbox.replies import Refused, Reply, TemplateChoice, send_reply
from inbox.sending import may_send
from tests.flows.whatsapping import (
    ADA,
    ADA_HIDDEN,
    LINE,
    changes_number,
    does,
    event,
    says,
)

pytestmark = pytest.mark.django_db

ADA_BY_NUMBER = Person(phone=ADA.phone, name="Ada")
ADA_NEW = Person(phone="447700900124", user_id="GB.2", name="Ada")


def calls(channel: Channel, *, sender: Person = ADA, **more: Any) -> InboundEvent:
    said = events.call(sender, line=LINE, **more)
    return event(channel, LINE.event("calls", contacts=[sender.contact], calls=[said]))


def wishes(channel: Channel, value: str, *, sender: Person = ADA) -> InboundEvent:
    said = LINE.event(
        "user_preferences",
        contacts=[sender.contact],
        user_preferences=[events.wish(sender, value)],
    )
    return event(channel, said)


def told(ticket: Ticket) -> list[str]:
    from inbox.templatetags import history

    return [history.told(one) for one in ticket.activities.exclude(verb__in=["created"])]


class TestCalls:
    def test_a_missed_call_opens_a_ticket_that_waits_for_an_answer(self, whatsapp: Channel) -> None:
        calls(whatsapp)
        message = Message.objects.get()
        assert (message.kind, message.text, message.direction) == ("call", "Missed call", "inbound")
        ticket = message.ticket
        assert (ticket.status, ticket.preview, ticket.needs_reply) == ("open", "Missed call", True)
        assert may_send(message.conversation.contact_point).allowed

    def test_it_goes_on_in_the_ticket_and_wakes_it(self, whatsapp: Channel, grace: Agent) -> None:
        message = says(whatsapp)
        triage.snooze(message.ticket, until=timezone.now() + timedelta(days=1), by=grace)
        calls(whatsapp)
        ticket = Ticket.objects.get()
        assert (ticket.shown_status, ticket.messages.count()) == ("open", 2)

    def test_it_opens_the_window_again(self, whatsapp: Channel) -> None:
        message = says(whatsapp, timestamp=str(int(timezone.now().timestamp()) - 90_000))
        assert may_send(message.conversation.contact_point).needs_template
        calls(whatsapp)
        assert may_send(ContactPoint.objects.get()).allowed

    def test_one_call_told_twice_is_there_once(self, whatsapp: Channel) -> None:
        said = events.call(ADA, line=LINE, seconds=65)
        call = LINE.event("calls", contacts=[ADA.contact], calls=[said])
        event(whatsapp, call)
        event(whatsapp, call)
        assert Message.objects.get().text == "Call, 1:05"

    def test_a_call_of_ours_that_was_taken_stands_in_the_strand(self, whatsapp: Channel) -> None:
        says(whatsapp, timestamp=str(int(timezone.now().timestamp()) - 600))
        said = events.call(ADA, line=LINE, seconds=65, direction="BUSINESS_INITIATED")
        said |= {"to": ADA.phone, "to_user_id": ADA.user_id, "from": LINE.display_phone_number}
        said.pop("from_user_id")
        event(whatsapp, LINE.event("calls", contacts=[ADA.contact], calls=[said]))
        assert Ticket.objects.count() == 1
        ours = Message.objects.get(direction="outbound")
        assert (ours.text, ours.status, ours.ticket.status) == ("Call, 1:05", "sent", "pending")

    def test_it_is_shown_as_what_it_is_and_takes_no_reaction(
        self, whatsapp: Channel, grace: Agent, client: Client
    ) -> None:
        calls(whatsapp)
        client.force_login(grace)
        page = client.get(f"/t/{Ticket.objects.get().pk}/").content.decode()
        assert "WhatsApp call" in page
        assert "Missed call" in page
        assert "react__choice" not in page


class TestOpenedChats:
    def test_a_stranger_who_looks_in_is_known_and_waits_for_nothing(
        self, whatsapp: Channel
    ) -> None:
        row = does(whatsapp, "request_welcome", None)
        assert (row.state, Ticket.objects.count()) == ("processed", 0)
        customer = Customer.objects.get()
        assert (customer.name, customer.last_seen_at is not None) == ("Ada", True)
        assert says(whatsapp).ticket.customer == customer

    def test_in_an_open_ticket_it_is_told_and_moves_nothing(
        self, whatsapp: Channel, grace: Agent
    ) -> None:
        ticket = says(whatsapp).ticket
        triage.set_status(ticket, status=Ticket.Status.PENDING, by=grace)
        does(whatsapp, "request_welcome", None)
        ticket.refresh_from_db()
        assert ticket.status == "pending"
        assert told(ticket)[-1] == "The customer opened the chat: WhatsApp"

    def test_a_resolved_ticket_rests(self, whatsapp: Channel, grace: Agent) -> None:
        ticket = says(whatsapp).ticket
        triage.resolve(ticket, by=grace)
        does(whatsapp, "request_welcome", None)
        assert not ticket.activities.filter(verb=Activity.Verb.CHAT_OPENED).exists()


class TestMarketing:
    @pytest.fixture
    def sale(self, whatsapp: Channel) -> MessageTemplate:
        return self.template(whatsapp, "spring_sale", "MARKETING")

    def template(self, channel: Channel, name: str, category: str) -> MessageTemplate:
        return MessageTemplate.objects.create(
            channel=channel,
            name=name,
            language="en",
            status="APPROVED",
            category=category,
            components=[{"type": "BODY", "text": "All lamps, all lit."}],
        )

    def may_send(self, template: MessageTemplate) -> str:
        point = ContactPoint.objects.select_related("channel").get()
        named = {"name": template.name, "language": template.language}
        answer = may_send(point, template=named)
        return "yes" if answer.allowed else answer.code

    def test_who_declined_it_gets_answers_and_other_templates_only(
        self, whatsapp: Channel, sale: MessageTemplate, grace: Agent
    ) -> None:
        message = says(whatsapp)
        ready = self.template(whatsapp, "order_ready", "UTILITY")
        wishes(whatsapp, "stop")
        assert (self.may_send(sale), self.may_send(ready)) == ("opted-out", "yes")
        assert may_send(message.conversation.contact_point).allowed
        reply = Reply(text="", template=TemplateChoice("spring_sale", "en"))
        with pytest.raises(Refused, match="no marketing"):
            send_reply(Conversation.objects.get(), reply, by=grace)
        assert told(message.ticket)[-1] == "+44 7700 900123 wants no marketing messages any more"

    def test_the_newest_wish_counts(self, whatsapp: Channel, sale: MessageTemplate) -> None:
        ticket = says(whatsapp).ticket
        wishes(whatsapp, "stop")
        wishes(whatsapp, "resume")
        assert self.may_send(sale) == "yes"
        assert told(ticket)[-1] == "+44 7700 900123 takes marketing messages again"

    @pytest.mark.parametrize("heard_as", [ADA, ADA_HIDDEN, ADA_BY_NUMBER])
    @pytest.mark.parametrize("wished_as", [ADA, ADA_BY_NUMBER])
    def test_it_holds_by_whichever_address_they_were_met(
        self, whatsapp: Channel, sale: MessageTemplate, heard_as: Person, wished_as: Person
    ) -> None:
        says(whatsapp, sender=ADA)
        says(whatsapp, sender=heard_as)
        wishes(whatsapp, "stop", sender=wished_as)
        assert self.may_send(sale) == "opted-out"

    def test_it_holds_when_an_id_takes_the_place_of_the_number(
        self, whatsapp: Channel, sale: MessageTemplate
    ) -> None:
        says(whatsapp, sender=ADA_BY_NUMBER)
        wishes(whatsapp, "stop", sender=ADA_BY_NUMBER)
        says(whatsapp, sender=ADA)
        assert ContactPoint.objects.get().address_kind == "whatsapp_user"
        assert self.may_send(sale) == "opted-out"

    def test_it_holds_for_a_new_number(self, whatsapp: Channel, sale: MessageTemplate) -> None:
        says(whatsapp)
        wishes(whatsapp, "stop")
        changes_number(whatsapp, ADA, ADA_NEW)
        assert ContactPoint.objects.get().address == "GB.2"
        assert self.may_send(sale) == "opted-out"

    def test_a_stranger_s_wish_is_in_the_ledger_before_they_write(
        self, whatsapp: Channel, sale: MessageTemplate
    ) -> None:
        row = wishes(whatsapp, "stop")
        assert (row.state, Customer.objects.count()) == ("processed", 0)
        assert set(Consent.objects.values_list("kind", "allowed")) == {
            ("whatsapp_user", False),
            ("phone", False),
        }
        says(whatsapp)
        assert self.may_send(sale) == "opted-out"


class TestAsides:
    def test_what_has_no_place_here_is_told_in_the_journal(self, whatsapp: Channel) -> None:
        row = event(whatsapp, LINE.event("history", history=[]))
        expected = "Not taken over: older chats of the phone app (history)."
        assert (row.state, row.error) == ("processed", expected)

    def test_a_group_s_message_says_so_and_opens_no_window(
        self, whatsapp: Channel, grace: Agent, client: Client
    ) -> None:
        message = says(whatsapp, "Who knows lamps?", group_id="Y2FwaV9ncm91cA")
        assert may_send(message.conversation.contact_point).needs_template
        client.force_login(grace)
        assert "Said in a WhatsApp group" in client.get(f"/t/{message.ticket_id}/").content.decode()


class TestPrices:
    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"billable": True, "type": "regular", "category": "utility"}, "Charged as utility"),
            ({"billable": False, "type": "free_customer_service"}, "an answer within 24 hours"),
            ({"billable": False, "type": "free_entry_point"}, "came from an advertisement"),
            ({"billable": False, "type": "new"}, "Free"),
            ({"billable": True}, "Charged"),
        ],
    )
    def test_they_stand_in_a_message_s_details(
        self, whatsapp: Channel, grace: Agent, client: Client, said: dict[str, Any], words: str
    ) -> None:
        message = says(whatsapp)
        ours = send_reply(message.conversation, Reply(text="Hello"), by=grace)
        page = f"/t/{message.ticket_id}/"
        client.force_login(grace)
        assert "<dt>Price</dt>" not in client.get(page).content.decode()
        Message.objects.filter(pk=ours.pk).update(pricing=said, sent_at=timezone.now())
        assert words in client.get(page).content.decode().partition("<dt>Price</dt>")[2]
