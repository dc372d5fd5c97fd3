"""Two customers are one person, or two again: what goes over, what comes back, who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from channels_app.messages import Address
from channels_app.models import Channel
from customers.identify import identify
from customers.models import Claim, Customer, CustomerMerge, Identity
from inbox import joining, people, triage
from inbox.models import Activity, Agent, ContactPoint, Conversation, Message, Ticket
from inbox.outreach import Start, start_ticket
from inbox.replies import Reply, open_strand, send_reply
from inbox.reply_tokens import token_for
from inbox.triage import NotPossible
from tests.flows.saying import ADA_MAIL, EVE_MAIL, mail, sms

pytestmark = pytest.mark.django_db


def customer_of(message: Message) -> Customer:
    return Ticket.objects.get(pk=message.ticket_id).customer


@pytest.fixture
def by_mail(support: Channel) -> Message:
    return mail(support, "By mail")


@pytest.fixture
def by_phone(text_line: Channel) -> Message:
    return sms(text_line, "By phone")


@pytest.fixture
def ada(by_mail: Message) -> Customer:
    """Ada, known by her mail address."""
    return customer_of(by_mail)


@pytest.fixture
def caller(by_phone: Message) -> Customer:
    """Ada too, known by her number: nobody has noticed yet."""
    return customer_of(by_phone)


def merged(customer: Customer, into: Customer, by: Agent) -> CustomerMerge:
    return people.merge(customer, into=into, by=by)


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


class TestMerge:
    def test_everything_goes_over(
        self, ada: Customer, caller: Customer, by_phone: Message, grace: Agent
    ) -> None:
        Claim.objects.create(customer=caller, kind="email", value="a@b.c", key="a@b.c", source="x")
        merged(caller, ada, grace)
        assert {str(one) for one in ada.identities.all()} == {ADA_MAIL, "+44 7700 900123"}
        assert ada.claims.count() == 1
        assert again(by_phone.ticket).customer == ada
        assert {one.customer for one in ContactPoint.objects.all()} == {ada}
        assert again(caller).survivor == ada

    def test_the_survivor_learns_only_what_is_new(
        self, ada: Customer, caller: Customer, grace: Agent
    ) -> None:
        Customer.objects.filter(pk=ada.pk).update(
            attributes={"plan": "gold"}, tags=["vip"], language="en"
        )
        Customer.objects.filter(pk=caller.pk).update(
            name="Ada", attributes={"plan": "free", "size": 3}, tags=["vip", "press"], language="de"
        )
        merged(again(caller), again(ada), grace)
        survivor = again(ada)
        assert (survivor.name, survivor.language) == ("Ada", "en")
        assert survivor.attributes == {"plan": "gold", "size": 3}
        assert survivor.tags == ["vip", "press"]

    def test_each_ticket_tells_of_it(
        self, ada: Customer, caller: Customer, by_phone: Message, grace: Agent
    ) -> None:
        merged(caller, ada, grace)
        told = Activity.objects.get(verb="customers_merged")
        assert (told.ticket_id, told.agent) == (by_phone.ticket_id, grace)
        assert told.data == {"merged": caller.pk, "into": ada.pk}

    def test_messages_stay_in_their_tickets(
        self, ada: Customer, caller: Customer, by_mail: Message, by_phone: Message, grace: Agent
    ) -> None:
        merged(caller, ada, grace)
        assert again(by_mail).ticket_id == by_mail.ticket_id != by_phone.ticket_id

    def test_the_next_message_comes_from_the_survivor(
        self, ada: Customer, caller: Customer, text_line: Channel, by_phone: Message, grace: Agent
    ) -> None:
        merged(caller, ada, grace)
        more = sms(text_line, "More")
        assert more.ticket_id == by_phone.ticket_id
        assert customer_of(more) == ada
        assert Customer.objects.living().count() == 1

    def test_a_joined_ticket_follows_the_one_it_lives_on_in(
        self, support: Channel, ada: Customer, caller: Customer, by_mail: Message, grace: Agent
    ) -> None:
        other = mail(support, "Another matter", subject="Another matter")
        joining.join(other.ticket, into=by_mail.ticket)
        merge = merged(ada, caller, grace)
        assert again(other.ticket).customer == caller
        people.unmerge(merge, by=grace)
        assert again(other.ticket).customer == ada

    def test_one_of_two_who_were_merged_can_not_be_merged_again(
        self, ada: Customer, caller: Customer, support: Channel, grace: Agent
    ) -> None:
        eve = customer_of(mail(support, "Hi", sender=EVE_MAIL))
        merged(caller, ada, grace)
        for customer, into in ((caller, eve), (eve, caller), (ada, ada)):
            with pytest.raises(NotPossible):
                merged(again(customer), again(into), grace)

    def test_no_circle_can_be_made(self, ada: Customer, caller: Customer, grace: Agent) -> None:
        merged(caller, ada, grace)
        with pytest.raises(NotPossible):
            merged(again(ada), again(caller), grace)
        with pytest.raises(IntegrityError), transaction.atomic():
            Customer.objects.filter(pk=ada.pk).update(merged_into=ada.pk)

    def test_both_have_to_be_seen_whole(
        self, ada: Customer, caller: Customer, sales: Channel, grace: Agent, heidi: Agent
    ) -> None:
        mail(sales, "A quote please")
        for customer, into in ((caller, ada), (ada, caller)):
            with pytest.raises(NotPossible):
                merged(customer, into, grace)
        merged(caller, ada, heidi)


class TestUnmerge:
    def test_everything_comes_back(
        self, ada: Customer, caller: Customer, by_phone: Message, grace: Agent
    ) -> None:
        Claim.objects.create(customer=caller, kind="email", value="a@b.c", key="a@b.c", source="x")
        people.unmerge(merged(caller, ada, grace), by=grace)
        back = again(caller)
        assert back.merged_into is None
        assert [str(one) for one in back.identities.all()] == ["+44 7700 900123"]
        assert [one.customer for one in Claim.objects.all()] == [back]
        assert again(by_phone.ticket).customer == back
        assert ContactPoint.objects.get(address_kind="phone").customer == back
        assert [str(one) for one in ada.identities.all()] == [ADA_MAIL]

    def test_the_survivor_forgets_what_nobody_changed_since(
        self, ada: Customer, caller: Customer, grace: Agent
    ) -> None:
        Customer.objects.filter(pk=caller.pk).update(
            name="Ada", language="de", attributes={"size": 3, "shoe": 41}, tags=["press"]
        )
        merge = merged(again(caller), ada, grace)
        survivor = again(ada)
        survivor.attributes = {**survivor.attributes, "shoe": 42}
        survivor.language = "pl"
        survivor.save()
        people.unmerge(merge, by=grace)
        survivor = again(ada)
        assert (survivor.name, survivor.language, survivor.tags) == ("", "pl", [])
        assert survivor.attributes == {"shoe": 42}
        assert again(caller).attributes == {"size": 3, "shoe": 41}

    def test_undoing_twice_is_refused(self, ada: Customer, caller: Customer, grace: Agent) -> None:
        merge = merged(caller, ada, grace)
        people.unmerge(merge, by=grace)
        with pytest.raises(NotPossible):
            people.unmerge(merge, by=grace)

    def test_what_was_ended_meanwhile_stays_ended(
        self, ada: Customer, caller: Customer, text_line: Channel, by_phone: Message, grace: Agent
    ) -> None:
        merge = merged(caller, ada, grace)
        triage.resolve(by_phone.ticket)
        people.unmerge(merge, by=grace)
        assert again(by_phone.ticket).status == "resolved"

    def test_a_ticket_opened_meanwhile_goes_to_whose_strand_it_is(
        self, ada: Customer, caller: Customer, text_line: Channel, by_mail: Message, grace: Agent
    ) -> None:
        merge = merged(caller, ada, grace)
        Ticket.objects.update(status="spam")
        Conversation.objects.update(is_current=False)
        fresh = sms(text_line, "Something new")
        assert customer_of(fresh) == ada
        people.unmerge(merge, by=grace)
        assert customer_of(fresh) == caller

    def test_a_strand_in_a_shared_ticket_gets_a_ticket_of_its_own(
        self, support: Channel, text_line: Channel, grace: Agent
    ) -> None:
        """Joined by rule R3 while the two were one."""
        question = mail(support, "Where is it?")
        caller = customer_of(sms(text_line, "STOP", keyword="stop"))
        ada = customer_of(question)
        merge = merged(caller, ada, grace)
        Conversation.objects.filter(contact_point__address_kind="phone").update(is_current=False)
        joined = sms(text_line, "It is me")
        assert joined.ticket_id == question.ticket_id
        note = triage.add_note(question.ticket, text="One person", by=grace)
        people.unmerge(merge, by=grace)
        apart = again(joined)
        assert apart.ticket_id != question.ticket_id
        assert customer_of(apart) == caller
        assert customer_of(question) == ada
        assert again(note).ticket_id == question.ticket_id
        more = sms(text_line, "And again")
        assert more.ticket_id == apart.ticket_id

    def test_tickets_joined_meanwhile_are_parted(
        self, ada: Customer, caller: Customer, by_mail: Message, by_phone: Message, grace: Agent
    ) -> None:
        merge = merged(caller, ada, grace)
        joining.join(again(by_phone.ticket), into=again(by_mail.ticket), by=grace)
        people.unmerge(merge, by=grace)
        assert customer_of(by_mail) == ada
        apart = again(by_phone)
        assert customer_of(apart) == caller
        assert list(again(by_mail).ticket.messages.values_list("text", flat=True)) == ["By mail"]
        assert again(by_phone.ticket).survivor.customer == again(by_phone.ticket).customer

    def test_a_claim_first_written_to_meanwhile_takes_its_strand_along(
        self, ada: Customer, caller: Customer, support: Channel, by_phone: Message, grace: Agent
    ) -> None:
        Claim.objects.create(
            customer=caller, kind="email", value=EVE_MAIL, key=EVE_MAIL, source="x"
        )
        merge = merged(caller, ada, grace)
        point = ContactPoint.objects.create(
            channel=support, customer=ada, address_kind="email", key=EVE_MAIL, address=EVE_MAIL
        )
        Conversation.objects.create(ticket=by_phone.ticket, contact_point=point, is_current=False)
        people.unmerge(merge, by=grace)
        assert again(point).customer == caller
        assert customer_of(by_phone) == caller

    def test_a_resolved_shared_ticket_opens_nothing(
        self, ada: Customer, caller: Customer, by_mail: Message, by_phone: Message, grace: Agent
    ) -> None:
        merge = merged(caller, ada, grace)
        joining.join(again(by_phone.ticket), into=again(by_mail.ticket), by=grace)
        triage.resolve(by_mail.ticket)
        people.unmerge(merge, by=grace)
        assert {one.status for one in Ticket.objects.living()} == {"resolved"}

    def test_an_answer_written_meanwhile_stays_in_its_strand(
        self, ada: Customer, caller: Customer, by_phone: Message, grace: Agent
    ) -> None:
        merge = merged(caller, ada, grace)
        ours = send_reply(by_phone.conversation, Reply(text="Hello Ada"), by=grace)
        people.unmerge(merge, by=grace)
        assert customer_of(again(ours)) == caller

    def test_in_a_chain_each_link_is_undone_by_itself(
        self, ada: Customer, caller: Customer, support: Channel, grace: Agent
    ) -> None:
        eve = customer_of(mail(support, "Hi", sender=EVE_MAIL))
        first = merged(caller, ada, grace)
        second = merged(again(ada), eve, grace)
        people.unmerge(first, by=grace)
        assert again(caller).identities.count() == 1
        assert again(eve).identities.count() == 2
        people.unmerge(second, by=grace)
        assert [one.identities.count() for one in (caller, ada, eve)] == [1, 1, 1]
        assert [one.tickets.count() for one in (caller, ada, eve)] == [1, 1, 1]

    def test_who_sees_only_a_part_can_not_undo(
        self, ada: Customer, caller: Customer, sales: Channel, grace: Agent
    ) -> None:
        merge = merged(caller, ada, grace)
        mail(sales, "A quote please")
        with pytest.raises(NotPossible):
            people.unmerge(merge, by=grace)


class TestGive:
    def test_a_ticket_is_given_to_another_customer(
        self, ada: Customer, by_phone: Message, text_line: Channel, grace: Agent
    ) -> None:
        people.give(by_phone.ticket, to=ada, by=grace)
        assert customer_of(by_phone) == ada
        assert Activity.objects.get(verb="customer_changed").data["to"] == ada.pk
        assert sms(text_line, "More").ticket_id == by_phone.ticket_id

    def test_giving_it_to_whose_it_is_changes_nothing(
        self, caller: Customer, by_phone: Message, grace: Agent
    ) -> None:
        people.give(by_phone.ticket, to=caller, by=grace)
        assert not Activity.objects.filter(verb="customer_changed").exists()

    def test_not_to_somebody_hidden_or_gone(
        self, ada: Customer, caller: Customer, by_mail: Message, sales: Channel, grace: Agent
    ) -> None:
        hidden = customer_of(mail(sales, "Hi", sender=EVE_MAIL))
        with pytest.raises(NotPossible):
            people.give(by_mail.ticket, to=hidden, by=grace)
        merged(caller, ada, grace)
        with pytest.raises(NotPossible):
            people.give(by_mail.ticket, to=caller, by=grace)


class TestSomebodyMergedThemJustNow:
    def test_a_new_ticket_is_the_survivors(
        self, ada: Customer, caller: Customer, support: Channel, grace: Agent
    ) -> None:
        address = ada.identities.get()
        merged(ada, caller, grace)
        start = Start(support, address, subject="We write first")
        assert start_ticket(start, reply=Reply(text="Hello"), by=grace).customer == caller

    def test_an_answer_with_our_token_proves_the_address_for_the_survivor(
        self, ada: Customer, caller: Customer, support: Channel, grace: Agent
    ) -> None:
        typed = mail(support, "A form", sender=EVE_MAIL, is_claimed=True)
        writer = customer_of(typed)
        ours = send_reply(typed.conversation, Reply(text="Yes?"), by=grace)
        merged(writer, caller, grace)
        came = mail(support, "Me", sender=EVE_MAIL, reply_tokens=(token_for(ours),))
        assert (came.ticket_id, customer_of(came)) == (typed.ticket_id, caller)
        assert Identity.objects.get(key=EVE_MAIL).customer == caller

    def test_no_strand_is_opened_in_a_ticket_that_lives_on_in_another(
        self, ada: Customer, by_mail: Message, text_line: Channel, support: Channel, grace: Agent
    ) -> None:
        gone = Ticket.objects.get(pk=by_mail.ticket_id)
        joining.join(gone, into=mail(support, "Another").ticket, by=grace)
        number = identify([*ada.identities.all(), Address("phone", "+447700900177")]).customer
        phone = number.identities.get(kind="phone")
        with pytest.raises(NotPossible):
            open_strand(gone, channel=text_line, identity=phone, by=grace)
        assert gone.conversations.count() == 0


def test_an_address_is_never_owned_twice(ada: Customer, caller: Customer, grace: Agent) -> None:
    merged(caller, ada, grace)
    assert Identity.objects.filter(ended_at=None, key=ADA_MAIL).count() == 1
