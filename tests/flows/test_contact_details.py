"""What agents say about addresses, and what follows from it when somebody writes again."""

from __future__ import annotations

import pytest

from channels_app.messages import Envelope, Mailbox
from channels_app.models import Channel
from customers.models import Claim, Customer, Identity
from inbox import contact_details, people
from inbox.likeness import suggestions
from inbox.models import Activity, Agent, ContactPoint, Message, Ticket
from inbox.replies import Reply, send_reply
from inbox.sending import Refused, elsewhere, reachable
from inbox.triage import NotPossible
from tests.flows.saying import ADA_MAIL, ADA_PHONE, EVE_MAIL, mail, sms

pytestmark = pytest.mark.django_db


def customer_of(message: Message) -> Customer:
    return Ticket.objects.get(pk=message.ticket_id).customer


def status_of(message: Message) -> str:
    return Ticket.objects.get(pk=message.ticket_id).status


class TestClaims:
    def test_confirming_makes_the_address_known(self, support: Channel) -> None:
        typed = mail(support, "From the form", is_claimed=True)
        contact_details.confirm(Claim.objects.get())
        again = mail(support, "Me again", subject="Another matter")
        assert customer_of(again) == customer_of(typed)
        assert Identity.objects.get().proven_by == "agent"
        assert ContactPoint.objects.count() == 1

    def test_an_address_of_somebody_else_can_not_be_confirmed(self, support: Channel) -> None:
        real = mail(support, "It is me")
        mail(support, "Me too", is_claimed=True)
        with pytest.raises(NotPossible):
            contact_details.confirm(Claim.objects.get())
        assert Identity.objects.get().customer == customer_of(real)

    def test_both_are_then_suggested_to_be_one(self, support: Channel, grace: Agent) -> None:
        real, typed = mail(support, "It is me"), mail(support, "Me too", is_claimed=True)
        ada, claimant = customer_of(real), customer_of(typed)
        for one, other in ((ada, claimant), (claimant, ada)):
            (found,) = suggestions(one, agent=grace)
            assert found.other == other
            assert (found.survivor, found.gone) == (ada, claimant)
        people.merge(claimant, into=ada, by=grace)
        assert suggestions(ada, agent=grace) == []

    def test_a_dismissed_claim_suggests_nothing(self, support: Channel, grace: Agent) -> None:
        real = mail(support, "It is me")
        mail(support, "Me too", is_claimed=True)
        contact_details.dismiss(Claim.objects.get())
        assert suggestions(customer_of(real), agent=grace) == []

    def test_nobody_hidden_is_suggested(
        self, support: Channel, sales: Channel, grace: Agent, heidi: Agent
    ) -> None:
        mail(sales, "A quote please")
        typed = customer_of(mail(support, "Me too", is_claimed=True))
        assert suggestions(typed, agent=grace) == []
        assert len(suggestions(typed, agent=heidi)) == 1

    def test_nobody_of_whom_a_part_is_hidden_is_suggested(
        self, support: Channel, sales: Channel, grace: Agent, heidi: Agent
    ) -> None:
        mail(support, "In the open")
        mail(sales, "A quote please")
        typed = customer_of(mail(support, "Me too", is_claimed=True))
        assert suggestions(typed, agent=grace) == []
        assert len(suggestions(typed, agent=heidi)) == 1

    def test_two_who_share_a_name_are_not_suggested(
        self, support: Channel, text_line: Channel, grace: Agent
    ) -> None:
        one, other = customer_of(mail(support, "Hi")), customer_of(sms(text_line, "Hi"))
        Customer.objects.update(name="Ada Lovelace")
        assert suggestions(one, agent=grace) == suggestions(other, agent=grace) == []


class TestForwarded:
    INNER = Mailbox(ADA_MAIL, "Ada")

    def forward(self, support: Channel, agent: Agent, **fields: object) -> Message:
        envelope = Envelope(
            Mailbox(agent.email), message_id="fwd@desk.example", original_sender=self.INNER
        )
        said = {"sender": agent.email, "subject": "Fwd: Parcel", "envelope": envelope}
        return mail(support, "FYI", **(said | fields))

    def test_it_is_the_inner_senders_as_a_claim(self, support: Channel, grace: Agent) -> None:
        forwarded = self.forward(support, grace, reply_address="grace@home.example")
        claim = Claim.objects.get()
        assert (claim.value, claim.source) == (ADA_MAIL, "forwarded by Grace")
        assert customer_of(forwarded) == claim.customer
        assert claim.customer.name == "Ada"
        assert forwarded.conversation.answers_to == ADA_MAIL
        assert not Identity.objects.exists()

    def test_who_is_known_already_is_suggested(self, support: Channel, grace: Agent) -> None:
        ada = customer_of(mail(support, "Where is it?"))
        forwarded = customer_of(self.forward(support, grace))
        assert forwarded != ada
        assert [one.other for one in suggestions(forwarded, agent=grace)] == [ada]

    @pytest.mark.parametrize("authentication", ["none", "fail"])
    def test_an_address_of_an_agent_that_is_not_proven_claims_for_nobody_else(
        self, support: Channel, grace: Agent, authentication: str
    ) -> None:
        self.forward(support, grace, authentication=authentication)
        assert not Claim.objects.filter(value=ADA_MAIL).exists()

    def test_what_a_customer_forwards_is_the_customers(
        self, support: Channel, grace: Agent
    ) -> None:
        envelope = Envelope(Mailbox(EVE_MAIL), message_id="x@y.z", original_sender=self.INNER)
        theirs = mail(support, "FYI", sender=EVE_MAIL, envelope=envelope)
        assert customer_of(theirs).identities.get().value == EVE_MAIL


class TestAddresses:
    def test_an_address_added_by_hand_can_be_written_to(
        self, support: Channel, text_line: Channel, grace: Agent
    ) -> None:
        question = mail(support, "Where is it?")
        contact_details.add_address(
            customer_of(question), kind="phone", value="+44 7700 900123 ", by=grace
        )
        (point,) = elsewhere(question.ticket)
        assert (point.channel, point.address) == (text_line, "+44 7700 900123")
        assert customer_of(sms(text_line, "Hi", sender=ADA_PHONE)) == customer_of(question)

    def test_what_is_no_address_is_refused(self, support: Channel, grace: Agent) -> None:
        question = mail(support, "Where is it?")
        with pytest.raises(NotPossible):
            contact_details.add_address(customer_of(question), kind="phone", value="12", by=grace)

    def test_nothing_is_sent_to_an_ended_address(self, text_line: Channel, grace: Agent) -> None:
        hello = sms(text_line, "Hello")
        contact_details.end(Identity.objects.get())
        with pytest.raises(Refused, match="any more"):
            send_reply(hello.conversation, Reply(text="Hi"), by=grace)
        assert reachable(hello.ticket) == [hello.conversation]

    def test_who_has_the_address_next_is_somebody_else(self, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        contact_details.end(Identity.objects.get())
        other = sms(text_line, "Who are you?")
        assert customer_of(other) != customer_of(hello)
        assert other.ticket_id != hello.ticket_id

    def test_a_new_name_is_found_and_shown(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        contact_details.describe(customer_of(question), name="Ada Lovelace", tags=["vip"])
        assert "lovelace" in Ticket.objects.get(pk=question.ticket_id).words
        assert "lovelace" in customer_of(question).words


class TestBlocking:
    def test_a_blocked_sender_is_spam_from_now_on(self, text_line: Channel, grace: Agent) -> None:
        hello = sms(text_line, "Win money")
        contact_details.block(ContactPoint.objects.get(), by=grace)
        assert status_of(hello) == "spam"
        assert sms(text_line, "Win more").ticket_id == hello.ticket_id
        assert status_of(hello) == "spam"

    def test_who_is_heard_again_is_open(self, text_line: Channel, grace: Agent) -> None:
        hello = sms(text_line, "Win money")
        contact_details.block(ContactPoint.objects.get(), by=grace)
        contact_details.unblock(ContactPoint.objects.get(), by=grace)
        assert status_of(hello) == "open"
        told = Activity.objects.filter(verb="blocked").order_by("pk")
        assert [one.data["blocked"] for one in told] == [True, False]

    def test_a_ticket_others_speak_in_is_no_spam(
        self, support: Channel, text_line: Channel, grace: Agent
    ) -> None:
        question = mail(support, "Where is it?")
        contact_details.add_address(customer_of(question), kind="phone", value=ADA_PHONE, by=grace)
        joined = sms(text_line, "Me again")
        assert joined.ticket_id == question.ticket_id
        contact_details.block(joined.conversation.contact_point, by=grace)
        assert status_of(question) == "open"

    def test_tickets_out_of_sight_are_left_alone(
        self, sales: Channel, support: Channel, grace: Agent
    ) -> None:
        hidden = mail(sales, "A quote please")
        contact_details.block(ContactPoint.objects.get(), by=grace)
        assert status_of(hidden) == "open"

    def test_blocking_twice_is_told_once(self, text_line: Channel, grace: Agent) -> None:
        sms(text_line, "Win money")
        for _ in range(2):
            contact_details.block(ContactPoint.objects.get(), by=grace)
        assert Activity.objects.filter(verb="blocked").count() == 1


def test_the_envelope_keeps_who_forwarded_it(support: Channel, grace: Agent) -> None:
    forwarded = TestForwarded().forward(support, grace)
    assert forwarded.envelope is not None
    assert forwarded.envelope["from"] == {"name": "", "address": grace.email}
