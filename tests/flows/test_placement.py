"""Which ticket does it belong to? Each rule of docs/architecture.md, row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from channels_app.messages import Bounce
from channels_app.models import Channel
from customers.identify import identify
from customers.models import Claim, Consent, Identity
from inbox import intake, joining, triage
from inbox.models import (
    Activity,
    Agent,
    ContactPoint,
    Conversation,
    JoinRefusal,
    Message,
    Ticket,
)
from inbox.replies import Reply, send_reply
from inbox.reply_tokens import token_for
from tests.flows.saying import ADA_MAIL, ADA_PHONE, EVE_MAIL, mail, sms

pytestmark = pytest.mark.django_db

Status = Ticket.Status


def answer(message: Message, *, by: Agent, text: str = "On its way.") -> Message:
    conversation = Conversation.objects.get(pk=message.conversation_id)
    return send_reply(conversation, Reply(text=text), by=by)


def resolved(ticket: Ticket, *, days_ago: float) -> Ticket:
    triage.resolve(ticket)
    ago = timezone.now() - timedelta(days=days_ago)
    Ticket.objects.filter(pk=ticket.pk).update(resolved_at=ago)
    return Ticket.objects.get(pk=ticket.pk)


def one_person(*, phone: str = ADA_PHONE, address: str = ADA_MAIL) -> None:
    """An agent knows that this number and this address are the same customer."""

    class Known:
        def __init__(self, kind: str, value: str) -> None:
            self.kind, self.value, self.scope, self.name = kind, value, "", "Ada"

    identify([Known("email", address), Known("phone", phone)], name="Ada", proven_by="agent")


def status_of(message: Message) -> str:
    return Ticket.objects.get(pk=message.ticket_id).shown_status


class TestNoTicketQuestion:
    """R0."""

    def test_a_message_seen_before_is_found_again(self, text_line: Channel) -> None:
        first = sms(text_line, "Hello", dedupe_key="SM1")
        again = sms(text_line, "Hello", dedupe_key="SM1")
        assert again == first
        assert Message.objects.count() == 1

    def test_stop_is_consent_and_moves_nothing(self, text_line: Channel, grace: Agent) -> None:
        hello = sms(text_line, "Hello")
        answer(hello, by=grace)
        stop = sms(text_line, "STOP", keyword="stop")
        assert stop.ticket_id == hello.ticket_id
        assert status_of(stop) == "pending"
        assert Consent.objects.latest("pk").allowed is False

    def test_stop_does_not_reopen_a_resolved_ticket(self, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        triage.resolve(hello.ticket)
        stop = sms(text_line, "STOP", keyword="stop")
        assert (stop.ticket_id, status_of(stop)) == (hello.ticket_id, "resolved")

    def test_a_strangers_stop_is_kept_without_opening_anything(self, text_line: Channel) -> None:
        stop = sms(text_line, "STOP", keyword="stop")
        assert status_of(stop) == "resolved"
        assert not stop.ticket.needs_reply

    def test_start_takes_stop_back(self, text_line: Channel) -> None:
        sms(text_line, "STOP", keyword="stop")
        sms(text_line, "START", keyword="start")
        assert Consent.objects.latest("pk").allowed is True

    def test_help_is_no_consent(self, text_line: Channel) -> None:
        sms(text_line, "HELP", keyword="help")
        assert not Consent.objects.exists()

    def test_automatic_mail_is_a_quiet_new_ticket(self, support: Channel) -> None:
        away = mail(support, "I am away", is_automatic=True)
        assert away.ticket.is_quiet
        assert not away.ticket.needs_reply

    def test_automatic_mail_attaches_without_reopening(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        triage.resolve(question.ticket)
        away = mail(support, "Away", is_automatic=True, references=(question.message_id,))
        assert (away.ticket_id, status_of(away)) == (question.ticket_id, "resolved")

    def test_automatic_mail_does_not_wake_a_snoozed_ticket(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        triage.snooze(question.ticket, until=timezone.now() + timedelta(days=1))
        away = mail(support, "Away", is_automatic=True, references=(question.message_id,))
        assert status_of(away) == "snoozed"

    def test_a_blocked_sender_stays_in_spam(self, text_line: Channel) -> None:
        hello = sms(text_line, "Win money")
        ContactPoint.objects.update(is_blocked=True)
        again = sms(text_line, "Win more")
        more = sms(text_line, "Win most")
        assert again.ticket_id == more.ticket_id != hello.ticket_id
        assert status_of(more) == "spam"

    def test_a_spam_ticket_stays_spam(self, text_line: Channel) -> None:
        hello = sms(text_line, "Win money")
        triage.set_status(hello.ticket, status=Status.SPAM)
        again = sms(text_line, "Win more")
        assert (again.ticket_id, status_of(again)) == (hello.ticket_id, "spam")


class TestReference:
    """R1."""

    def test_the_senders_own_thread_goes_on(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        more = mail(support, "Still nothing", references=(question.message_id,))
        assert more.conversation_id == question.conversation_id

    def test_an_answer_to_ours_goes_on(self, support: Channel, grace: Agent) -> None:
        ours = answer(mail(support, "Where is it?"), by=grace)
        more = mail(support, "Thanks", reply_tokens=(token_for(ours),))
        assert more.conversation_id == ours.conversation_id
        assert status_of(more) == "open"

    def test_a_forged_token_means_nothing(self, support: Channel, grace: Agent) -> None:
        ours = answer(mail(support, "Where is it?"), by=grace)
        forged = token_for(ours)[:-2] + "zz"
        stranger = mail(support, "Let me in", sender=EVE_MAIL, reply_tokens=(forged,))
        assert stranger.ticket_id != ours.ticket_id

    def test_a_valid_token_from_a_stranger_is_a_strand_not_accepted(
        self, support: Channel, grace: Agent
    ) -> None:
        ours = answer(mail(support, "Where is it?"), by=grace)
        eve = mail(support, "Code 1234", sender=EVE_MAIL, reply_tokens=(token_for(ours),))
        assert eve.ticket_id == ours.ticket_id
        assert eve.conversation_id != ours.conversation_id
        assert not eve.conversation.is_accepted

    def test_failed_authentication_with_a_token_is_a_strand_not_accepted(
        self, support: Channel, grace: Agent
    ) -> None:
        ours = answer(mail(support, "Where is it?"), by=grace)
        fake = mail(support, "Me", authentication="fail", reply_tokens=(token_for(ours),))
        assert fake.ticket_id == ours.ticket_id
        assert not fake.conversation.is_accepted

    def test_failed_authentication_without_a_token_only_mentions(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        fake = mail(support, "It is me", authentication="fail", references=(question.message_id,))
        assert fake.ticket_id != question.ticket_id
        assert fake.ticket.mentions_id == question.ticket_id
        assert fake.ticket.customer_id != question.ticket.customer_id

    def test_a_stranger_who_knows_an_id_only_mentions(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        eve = mail(support, "Me too", sender=EVE_MAIL, references=(question.message_id,))
        assert eve.ticket.mentions_id == question.ticket_id

    def test_resolved_lately_reopens(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        resolved(question.ticket, days_ago=6)
        more = mail(support, "Broken!", references=(question.message_id,))
        assert (more.ticket_id, status_of(more)) == (question.ticket_id, "open")

    def test_resolved_long_ago_is_followed_by_a_new_ticket(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        resolved(question.ticket, days_ago=8)
        more = mail(support, "Broken!", references=(question.message_id,))
        assert more.ticket.follows_id == question.ticket_id
        assert status_of(question) == "resolved"

    def test_a_merged_ticket_answers_as_its_survivor(self, support: Channel) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        joining.join(first.ticket, into=second.ticket)
        more = mail(support, "More of one", references=(first.message_id,))
        assert more.ticket_id == second.ticket_id

    def test_the_most_specific_reference_wins(self, support: Channel) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        more = mail(support, "Hm", references=(second.message_id, first.message_id))
        assert more.ticket_id == second.ticket_id

    def test_a_number_in_the_subject_threads_nothing(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        tagged = mail(support, "Hi", subject=f"Re: [#{question.ticket_id}]", sender=EVE_MAIL)
        assert tagged.ticket_id != question.ticket_id

    def test_someone_copied_in_by_the_customer_is_not_accepted(self, support: Channel) -> None:
        question = mail(support, "Where is it?", cc=(EVE_MAIL,))
        eve = mail(support, "Yes, where?", sender=EVE_MAIL, references=(question.message_id,))
        assert eve.ticket_id == question.ticket_id
        assert not eve.conversation.is_accepted

    def test_a_customers_cc_becomes_a_participant_not_accepted(self, support: Channel) -> None:
        question = mail(support, "Where is it?", cc=(EVE_MAIL,))
        participant = question.conversation.participants.get()
        assert (participant.address, participant.is_accepted) == (EVE_MAIL, False)


class TestChat:
    """R2."""

    def test_the_current_conversation_goes_on(self, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        more = sms(text_line, "Anyone?")
        assert more.conversation_id == hello.conversation_id

    def test_answered_lately_reopens(self, text_line: Channel, grace: Agent) -> None:
        hello = sms(text_line, "Hello")
        answer(hello, by=grace)
        resolved(hello.ticket, days_ago=1)
        ContactPoint.objects.update(last_outbound_at=timezone.now() - timedelta(hours=23))
        assert sms(text_line, "Thanks").ticket_id == hello.ticket_id

    def test_nothing_to_join_reopens(self, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        resolved(hello.ticket, days_ago=6)
        more = sms(text_line, "Again")
        assert (more.ticket_id, status_of(more)) == (hello.ticket_id, "open")

    def test_resolved_long_ago_is_a_new_ticket(self, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        resolved(hello.ticket, days_ago=8)
        assert sms(text_line, "Again").ticket_id != hello.ticket_id

    def test_not_answered_lately_joins_another_ticket(
        self, text_line: Channel, support: Channel
    ) -> None:
        one_person()
        hello = sms(text_line, "Hello")
        resolved(hello.ticket, days_ago=2)
        question = mail(support, "Where is it?")
        assert sms(text_line, "Again").ticket_id == question.ticket_id

    def test_a_pending_ticket_opens_again(self, text_line: Channel, grace: Agent) -> None:
        hello = sms(text_line, "Hello")
        answer(hello, by=grace)
        assert status_of(hello) == "pending"
        sms(text_line, "Thanks")
        assert status_of(hello) == "open"

    def test_a_snoozed_ticket_wakes(self, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        triage.snooze(hello.ticket, until=timezone.now() + timedelta(days=1))
        sms(text_line, "Hello?")
        assert status_of(hello) == "open"


class TestJoin:
    """R3."""

    @pytest.fixture(autouse=True)
    def ada(self, db: None) -> None:
        one_person()

    def test_one_unresolved_ticket_is_joined(self, support: Channel, text_line: Channel) -> None:
        question = mail(support, "Where is it?")
        hello = sms(text_line, "It is me again")
        assert hello.ticket_id == question.ticket_id
        assert hello.conversation.is_joined
        assert Activity.objects.filter(verb="joined", ticket=hello.ticket_id).exists()

    def test_of_two_neither_is_joined(self, support: Channel, text_line: Channel) -> None:
        mail(support, "One", subject="First matter")
        mail(support, "Two", subject="Second matter")
        assert sms(text_line, "Hello").ticket.messages.count() == 1

    def test_an_old_one_is_not_joined(self, support: Channel, text_line: Channel) -> None:
        question = mail(support, "Where is it?")
        Ticket.objects.update(last_message_at=timezone.now() - timedelta(hours=25))
        assert sms(text_line, "Hello").ticket_id != question.ticket_id

    def test_another_group_is_not_joined(self, sales: Channel, text_line: Channel) -> None:
        question = mail(sales, "A quote please")
        assert sms(text_line, "Hello").ticket_id != question.ticket_id

    def test_a_shared_identity_joins_nothing(self, support: Channel, text_line: Channel) -> None:
        question = mail(support, "Where is it?")
        Identity.objects.filter(kind="phone").update(is_shared=True)
        assert sms(text_line, "Hello").ticket_id != question.ticket_id

    def test_spam_is_not_joined(self, support: Channel, text_line: Channel) -> None:
        question = mail(support, "Where is it?")
        triage.set_status(question.ticket, status=Status.SPAM)
        assert sms(text_line, "Hello").ticket_id != question.ticket_id

    def test_mail_never_joins(self, support: Channel, text_line: Channel) -> None:
        hello = sms(text_line, "Hello")
        assert mail(support, "Where is it?").ticket_id != hello.ticket_id

    def test_a_split_pair_never_joins_again(self, support: Channel, text_line: Channel) -> None:
        question = mail(support, "Where is it?")
        hello = sms(text_line, "Another thing")
        apart = joining.split(hello.conversation)
        resolved(apart, days_ago=8)
        again = sms(text_line, "Hello")
        assert again.ticket_id not in (question.ticket_id, apart.pk)
        assert JoinRefusal.objects.filter(ticket=question.ticket_id).exists()


class TestNewTicket:
    """R4."""

    def test_mail_without_a_reference_is_new(self, support: Channel) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        assert first.ticket_id != second.ticket_id

    def test_a_client_that_drops_references_is_repaired(self, support: Channel) -> None:
        question = mail(support, "Where is it?", subject="My parcel is missing")
        more = mail(support, "Hello?", subject="AW: Re: My parcel is missing")
        assert more.ticket_id == question.ticket_id

    @pytest.mark.parametrize("subject", ["My parcel is missing", "Re: Parcel", "Re: "])
    def test_the_repair_wants_a_prefix_and_a_telling_subject(
        self, support: Channel, subject: str
    ) -> None:
        bare = subject.removeprefix("Re: ")
        question = mail(support, "Where is it?", subject=bare)
        assert mail(support, "Hello?", subject=subject).ticket_id != question.ticket_id

    def test_the_repair_wants_the_same_sender(self, support: Channel) -> None:
        question = mail(support, "Where is it?", subject="My parcel is missing")
        eve = mail(support, "Hi", subject="Re: My parcel is missing", sender=EVE_MAIL)
        assert eve.ticket_id != question.ticket_id

    def test_the_repair_wants_exactly_one_candidate(self, support: Channel) -> None:
        first = mail(support, "One", subject="My parcel is missing")
        second = mail(support, "Two", subject="My parcel is missing")
        third = mail(support, "Hm", subject="Re: My parcel is missing")
        assert third.ticket_id not in (first.ticket_id, second.ticket_id)

    def test_other_unresolved_tickets_are_offered(self, support: Channel, grace: Agent) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        assert list(joining.candidates(second.ticket, agent=grace)) == [first.ticket]

    def test_tickets_the_agent_may_not_see_are_not_offered(
        self, support: Channel, sales: Channel, grace: Agent
    ) -> None:
        mail(sales, "A quote please")
        question = mail(support, "Where is it?", subject="Second matter")
        assert list(joining.candidates(question.ticket, agent=grace)) == []

    def test_a_new_ticket_goes_to_the_channels_team(self, support: Channel) -> None:
        assert mail(support, "Hello").ticket.team == support.policy.team

    def test_one_mail_to_two_channels_is_two_linked_messages(
        self, support: Channel, sales: Channel
    ) -> None:
        first = mail(support, "To both", message_id="both@customer.example")
        second = mail(sales, "To both", message_id="both@customer.example")
        assert first.ticket_id != second.ticket_id
        assert second.ticket.mentions_id == first.ticket_id


class TestPersons:
    def test_a_form_mail_is_a_claim(self, support: Channel) -> None:
        message = mail(support, "From the form", is_claimed=True)
        assert message.conversation.contact_point.identity is None
        assert Claim.objects.get().customer_id == message.ticket.customer_id

    def test_two_claims_of_one_address_are_two_customers(self, support: Channel) -> None:
        first = mail(support, "One", is_claimed=True)
        second = mail(support, "Two", is_claimed=True)
        assert first.ticket.customer_id != second.ticket.customer_id

    def test_a_claim_never_finds_the_real_customer(self, support: Channel) -> None:
        real = mail(support, "It is me")
        typed = mail(support, "Me too", is_claimed=True)
        assert typed.ticket.customer_id != real.ticket.customer_id

    def test_answering_with_our_token_proves_a_claim(self, support: Channel, grace: Agent) -> None:
        typed = mail(support, "From the form", is_claimed=True)
        ours = answer(typed, by=grace)
        back = mail(support, "Thanks", reply_tokens=(token_for(ours),))
        assert back.conversation_id == typed.conversation_id
        assert Identity.objects.get(kind="email").customer_id == typed.ticket.customer_id

    def test_answers_go_where_the_mail_asked(self, support: Channel) -> None:
        message = mail(support, "Hi", reply_address="office@customer.example")
        assert message.conversation.answers_to == "office@customer.example"
        assert message.conversation.contact_point.address == ADA_MAIL

    def test_a_number_written_differently_is_the_same_person(self, text_line: Channel) -> None:
        first = sms(text_line, "Hello", sender="+447700900123")
        second = sms(text_line, "Hello", sender="+44 7700 900123")
        assert first.conversation_id == second.conversation_id


class TestBounces:
    def test_a_bounce_stands_beside_the_mail_it_is_about(
        self, support: Channel, grace: Agent
    ) -> None:
        ours = answer(mail(support, "Where is it?"), by=grace)
        Message.objects.filter(pk=ours.pk).update(status="sent", sent_at=timezone.now())
        report = mail(
            support,
            "Undelivered",
            sender="mailer-daemon@customer.example",
            is_automatic=True,
            bounce=Bounce((ADA_MAIL,), True, "no such user", ours.message_id),
        )
        assert report.conversation_id == ours.conversation_id
        assert status_of(report) == "pending"
        ours.refresh_from_db()
        assert (ours.status, ours.error_text) == ("failed", "no such user")

    def test_a_report_turns_no_answer_away_from_the_customer(
        self, support: Channel, grace: Agent
    ) -> None:
        """Whoever got our mail knows its id and can make up a report with a Reply-To."""
        question = mail(support, "Where is it?", reply_address="ada@home.example")
        ours = answer(question, by=grace)
        mail(
            support,
            "Delayed",
            sender="mailer-daemon@stranger.example",
            is_automatic=True,
            reply_address=EVE_MAIL,
            cc=(EVE_MAIL,),
            bounce=Bounce((), False, "delayed", ours.message_id),
        )
        strand = Conversation.objects.get(pk=question.conversation_id)
        assert strand.answers_to == "ada@home.example"
        assert not strand.participants.exists()
        assert strand.contact_point.last_inbound_at == question.created_at


class TestMergeAndSplit:
    @pytest.fixture
    def late_split(self, monkeypatch: pytest.MonkeyPatch) -> list[Conversation]:
        """Strands that an agent splits off just after a message was placed in them."""
        to_split: list[Conversation] = []
        place = intake.place

        def placed_too_early(*args: Any) -> Any:
            placement = place(*args)
            while to_split:
                joining.split(to_split.pop())
            return placement

        monkeypatch.setattr(intake, "place", placed_too_early)
        return to_split

    def test_a_message_follows_its_strand_that_is_split_off_meanwhile(
        self, support: Channel, text_line: Channel, late_split: list[Conversation]
    ) -> None:
        one_person()
        question = mail(support, "Where is it?")
        late_split.append(sms(text_line, "Hello?").conversation)
        again = sms(text_line, "Anybody there?")
        assert again.ticket_id != question.ticket_id
        assert again.ticket_id == Conversation.objects.get(pk=again.conversation_id).ticket_id

    def test_a_join_can_be_undone(self, support: Channel) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        merge = joining.join(first.ticket, into=second.ticket)
        assert list(second.ticket.messages.values_list("text", flat=True)) == ["One", "Two"]
        joining.unjoin(merge)
        first.refresh_from_db()
        assert first.ticket.pk != second.ticket_id
        assert status_of(first) == "open"

    def test_undoing_twice_is_refused(self, support: Channel) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        merge = joining.join(first.ticket, into=second.ticket)
        joining.unjoin(merge)
        with pytest.raises(triage.NotPossible):
            joining.unjoin(merge)

    def test_of_two_joins_the_later_one_is_undone_first(self, support: Channel) -> None:
        first, second, third = (mail(support, one, subject=f"{one} matter") for one in "ABC")
        earlier = joining.join(first.ticket, into=second.ticket)
        later = joining.join(second.ticket, into=third.ticket)
        with pytest.raises(triage.NotPossible), transaction.atomic():
            joining.unjoin(earlier)
        joining.unjoin(later)
        joining.unjoin(earlier)
        first.refresh_from_db()
        assert first.ticket_id not in (second.ticket_id, third.ticket_id)

    def test_notes_stay_where_they_were_written(self, support: Channel, grace: Agent) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        note = triage.add_note(first.ticket, text="careful", by=grace)
        joining.join(first.ticket, into=second.ticket)
        note.refresh_from_db()
        assert note.ticket_id == first.ticket_id

    def test_tickets_of_two_customers_are_not_joined(self, support: Channel) -> None:
        ada, eve = mail(support, "Hi"), mail(support, "Hi", sender=EVE_MAIL)
        with pytest.raises(triage.NotPossible):
            joining.join(ada.ticket, into=eve.ticket)

    def test_positions_are_unique_and_in_the_order_of_time(self, support: Channel) -> None:
        first = mail(support, "One", subject="First matter")
        second = mail(support, "Two", subject="Second matter")
        mail(support, "Three", references=(first.message_id,))
        joining.join(second.ticket, into=first.ticket)
        texts = first.ticket.messages.order_by("position").values_list("text", flat=True)
        assert list(texts) == ["One", "Two", "Three"]

    def test_the_only_strand_stays(self, support: Channel) -> None:
        question = mail(support, "Where is it?")
        with pytest.raises(triage.NotPossible):
            joining.split(question.conversation)

    def test_an_accepted_strand_takes_part(self, support: Channel, grace: Agent) -> None:
        ours = answer(mail(support, "Where is it?"), by=grace)
        eve = mail(support, "Me too", sender=EVE_MAIL, reply_tokens=(token_for(ours),))
        joining.accept(eve.conversation, by=grace)
        eve.conversation.refresh_from_db()
        assert eve.conversation.is_accepted
