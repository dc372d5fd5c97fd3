"""We answer: what is checked before, what is written down, what is said twice."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_app.models import Channel
from customers.identify import identify
from customers.models import Identity
from inbox import delivery, media, reply_tokens, triage
from inbox.models import Activity, Agent, Attachment, Conversation, Message, Ticket
from inbox.replies import Refused, Reply, StaleReply, open_strand, send_reply
from inbox.triage import NotPossible
from tests.inbox.desk import ADA_MAIL, hear, present, reply
from tests.inbox.line import Line

pytestmark = pytest.mark.django_db(transaction=True)  # what is refused is rolled back


def ticket_of(strand: Conversation) -> Ticket:
    return Ticket.objects.get(conversations=strand)


class TestAnswering:
    def test_a_reply_is_queued_and_written_down(self, strand: Conversation, grace: Agent) -> None:
        message = reply(strand, "On its way.", by=grace)
        assert (message.status, message.direction, message.author_type) == (
            "queued",
            "outbound",
            "agent",
        )
        last = Activity.objects.latest("position")
        assert (last.verb, last.agent) == ("status_changed", grace)
        written = Activity.objects.get(verb="agent_replied")
        assert (written.data, written.position) == (
            {"message": message.pk},
            message.position + 1,
        )

    def test_an_open_ticket_is_pending_by_it(self, strand: Conversation, grace: Agent) -> None:
        reply(strand, "On its way.", by=grace)
        ticket = ticket_of(strand)
        assert (ticket.status, ticket.needs_reply, ticket.waiting_since) == ("pending", False, None)
        assert ticket.first_replied_at == ticket.last_replied_at == ticket.last_message_at
        assert ticket.preview == "On its way."

    def test_a_resolved_ticket_stays_resolved(self, strand: Conversation, grace: Agent) -> None:
        triage.resolve(strand.ticket)
        reply(strand, "One more thing.", by=grace)
        assert ticket_of(strand).status == "resolved"

    def test_a_snoozed_ticket_wakes_up_as_pending(self, strand: Conversation, grace: Agent) -> None:
        from datetime import timedelta

        from django.utils import timezone

        triage.snooze(strand.ticket, until=timezone.now() + timedelta(days=1))
        reply(strand, "On its way.", by=grace)
        ticket = ticket_of(strand)
        assert (ticket.snoozed_until, ticket.status) == (None, "pending")

    def test_nobody_is_assigned_by_answering(self, strand: Conversation, grace: Agent) -> None:
        reply(strand, "On its way.", by=grace)
        assert ticket_of(strand).assignee is None

    def test_the_strand_last_written_to_is_where_an_answer_belongs(
        self, strand: Conversation, grace: Agent
    ) -> None:
        other = Ticket.objects.create(customer=strand.ticket.customer)
        Conversation.objects.filter(pk=strand.pk).update(is_current=False)
        newer = Conversation.objects.create(ticket=other, contact_point=strand.contact_point)
        reply(strand, "Here again.", by=grace)
        newer.refresh_from_db()
        assert not newer.is_current
        assert Conversation.objects.get(pk=strand.pk).is_current

    @pytest.mark.parametrize("text", ["", " \n\t"])
    def test_an_empty_reply_is_none(self, strand: Conversation, grace: Agent, text: str) -> None:
        with pytest.raises(NotPossible):
            reply(strand, text, by=grace)

    def test_a_strand_that_has_moved_is_not_answered_in_the_old_ticket(
        self, strand: Conversation, grace: Agent
    ) -> None:
        seen = Conversation.objects.get(pk=strand.pk)
        elsewhere = Ticket.objects.create(customer=strand.ticket.customer)
        Conversation.objects.filter(pk=strand.pk).update(ticket=elsewhere)
        with pytest.raises(NotPossible, match=f"#{elsewhere.pk}"):
            send_reply(seen, Reply("Hello"), by=grace)


class TestTwice:
    def test_the_same_client_id_is_the_same_reply(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        client_id = uuid.uuid4()
        base = ticket_of(strand).last_position
        first = reply(strand, "Hello", by=grace, client_id=client_id, base=base)
        reply(strand, "Meanwhile", by=heidi)
        again = reply(strand, "Hello", by=grace, client_id=client_id, base=base)
        assert again == first
        assert Message.objects.filter(text="Hello").count() == 1

    def test_a_client_id_of_somebody_else_shows_nothing(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        client_id = uuid.uuid4()
        reply(strand, "Hello", by=grace, client_id=client_id)
        with pytest.raises(NotPossible):
            reply(strand, "Hello", by=heidi, client_id=client_id)


class TestStale:
    def test_a_colleagues_reply_stops_mine_and_is_shown(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        base = ticket_of(strand).last_position
        theirs = reply(strand, "I took it.", by=heidi)
        with pytest.raises(StaleReply) as stale:
            reply(strand, "Mine", by=grace, base=base)
        assert stale.value.since == [theirs]
        assert not Message.objects.filter(text="Mine").exists()

    def test_a_colleagues_note_stops_it_too(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        base = ticket_of(strand).last_position
        note = triage.add_note(strand.ticket, text="Don't!", by=heidi)
        with pytest.raises(StaleReply) as stale:
            reply(strand, "Mine", by=grace, base=base)
        assert stale.value.since == [note]

    def test_my_own_words_and_mere_activities_do_not(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        base = ticket_of(strand).last_position
        reply(strand, "First", by=grace)
        triage.add_note(strand.ticket, text="Mine", by=grace)
        triage.prioritise(strand.ticket, priority="high", by=heidi)
        assert reply(strand, "Second", by=grace, base=base).status == "queued"

    def test_the_customer_goes_on_writing_in_a_chat(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        base = ticket_of(strand).last_position
        hear(line, "And another thing")
        assert reply(strand, "Mine", by=grace, base=base).status == "queued"

    def test_a_new_mail_of_the_customer_stops_the_answer(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        base = ticket_of(mail_strand).last_position
        asked = Message.objects.get()
        second = hear(
            mail_strand.contact_point.channel, "Never mind", references=(asked.message_id,)
        )
        assert second.ticket_id == mail_strand.ticket_id
        with pytest.raises(StaleReply) as stale:
            reply(mail_strand, "Mine", by=grace, base=base)
        assert stale.value.since == [second]

    def test_their_vacation_notice_does_not(self, mail_strand: Conversation, grace: Agent) -> None:
        base = ticket_of(mail_strand).last_position
        asked = Message.objects.get()
        channel = mail_strand.contact_point.channel
        hear(channel, "Away", references=(asked.message_id,), is_automatic=True)
        assert reply(mail_strand, "Mine", by=grace, base=base).status == "queued"

    def test_without_a_base_nothing_is_compared(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        reply(strand, "I took it.", by=heidi)
        assert reply(strand, "Mine", by=grace).status == "queued"


class TestMail:
    def test_the_envelope_is_complete_and_the_same_for_every_try(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        asked = Message.objects.get()
        message = reply(mail_strand, "Hello **you**", by=grace)
        token = reply_tokens.token_for(message)
        assert message.message_id == f"t{message.ticket_id}.m{message.pk}.{token}@desk.example"
        assert message.envelope == {
            "from": {"name": "Grace Hopper", "address": "support@desk.example"},
            "to": [{"name": "", "address": ADA_MAIL}],
            "cc": [],
            "reply_to": [],
            "message_id": message.message_id,
            "in_reply_to": asked.message_id,
            "references": [asked.message_id],
            "original_sender": None,
        }
        assert message.html == "<p>Hello <strong>you</strong></p>\n"
        delivery.deliver(message.pk)
        leaving = Line.sent[0]
        assert (leaving.to, leaving.subject, leaving.sender_name) == (
            ADA_MAIL,
            "Re: Parcel",
            "Grace Hopper",
        )
        assert (leaving.message_id, leaving.in_reply_to, leaving.references) == (
            message.message_id,
            asked.message_id,
            (asked.message_id,),
        )
        assert leaving.reply_token == token

    def test_the_token_finds_the_message_again(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        message = reply(mail_strand, "Hello", by=grace)
        delivery.deliver(message.pk)
        assert reply_tokens.message_of(Line.sent[0].reply_token) == message

    def test_a_second_answer_follows_the_first(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        asked = Message.objects.get()
        first = reply(mail_strand, "One", by=grace)
        second = reply(mail_strand, "Two", by=grace)
        assert second.envelope is not None
        assert second.envelope["in_reply_to"] == first.message_id
        assert second.envelope["references"] == [asked.message_id, first.message_id]

    def test_a_long_chain_keeps_its_first_and_last_links(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        asked = Message.objects.get()
        for number in range(30):
            message = reply(mail_strand, str(number), by=grace)
        assert message.envelope is not None
        assert len(message.envelope["references"]) == 20
        assert message.envelope["references"][0] == asked.message_id
        assert message.envelope["references"][-1] == message.envelope["in_reply_to"]

    def test_an_answer_goes_to_reply_to(self, post: Channel, grace: Agent) -> None:
        asked = hear(post, reply_address="ada@elsewhere.example")
        message = reply(asked.conversation, "Hello", by=grace)
        delivery.deliver(message.pk)
        assert Line.sent[0].to == "ada@elsewhere.example"

    def test_an_agent_without_a_name_speaks_as_the_channel(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        Agent.objects.update(name="")
        grace.refresh_from_db()
        message = reply(mail_strand, "Hello", by=grace)
        assert message.envelope is not None
        assert message.envelope["from"]["name"] == "Support mail"

    def test_a_strangers_strand_shows_its_own_subject_and_nobody_in_copy(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        reply(mail_strand, "Hello", by=grace, cc=("bob@customer.example",))
        Conversation.objects.filter(pk=mail_strand.pk).update(is_accepted=False, subject="")
        message = reply(mail_strand, "Who are you?", by=grace)
        assert message.envelope is not None
        assert (message.subject, message.envelope["cc"]) == ("Re:", [])
        with pytest.raises(Refused):
            reply(mail_strand, "Who?", by=grace, cc=("bob@customer.example",))

    def test_accepted_participants_get_a_copy_until_the_agent_says_otherwise(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        reply(mail_strand, "One", by=grace, cc=("bob@customer.example",))
        mail_strand.participants.create(address="eve@stranger.example")
        second = reply(mail_strand, "Two", by=grace)
        third = reply(mail_strand, "Three", by=grace, cc=())
        assert second.envelope is not None
        assert third.envelope is not None
        assert second.envelope["cc"] == [{"name": "", "address": "bob@customer.example"}]
        assert third.envelope["cc"] == []

    @pytest.mark.parametrize(
        "address",
        ["", "nobody", "a@b.example\nBcc: eve@stranger.example", "a@b.example, c@d.example"],
    )
    def test_a_copy_needs_one_address_that_is_one(
        self, mail_strand: Conversation, grace: Agent, address: str
    ) -> None:
        with pytest.raises(Refused) as refusal:
            reply(mail_strand, "Hello", by=grace, cc=(address,))
        assert refusal.value.answer.code == "undeliverable"

    def test_a_subject_is_one_line(self, mail_strand: Conversation, grace: Agent) -> None:
        message = reply(mail_strand, "Hello", by=grace, subject="Your parcel\r\nBcc: eve@x.example")
        assert message.subject == "Your parcel Bcc: eve@x.example"


class TestFiles:
    def upload(self, by: Agent, name: str = "a.png") -> Attachment:
        upload = SimpleUploadedFile(name, b"picture", content_type="image/png")
        return media.keep_upload(upload, by=by)

    def test_a_file_leaves_with_the_reply(self, strand: Conversation, grace: Agent) -> None:
        file = self.upload(grace)
        message = reply(strand, "", by=grace, attachments=(file,))
        delivery.deliver(message.pk)
        leaving = Line.sent[0].attachments[0]
        with leaving.open() as stream:
            assert (leaving.name, stream.read(), leaving.size) == ("a.png", b"picture", 7)

    def test_somebody_elses_file_is_not_mine_to_send(
        self, strand: Conversation, grace: Agent, heidi: Agent
    ) -> None:
        with pytest.raises(NotPossible):
            reply(strand, "Hello", by=grace, attachments=(self.upload(heidi),))
        assert not Message.objects.filter(text="Hello").exists()

    def test_a_file_is_sent_once(self, strand: Conversation, grace: Agent) -> None:
        file = self.upload(grace)
        reply(strand, "One", by=grace, attachments=(file,))
        with pytest.raises(NotPossible):
            reply(strand, "Two", by=grace, attachments=(file,))


class TestRefusal:
    def test_a_refused_reply_leaves_nothing_behind(
        self, strand: Conversation, grace: Agent
    ) -> None:
        with pytest.raises(Refused) as refusal:
            reply(strand, "x" * 101, by=grace)
        assert refusal.value.answer.code == "too-long"
        assert Message.objects.count() == 1
        assert ticket_of(strand).status == "open"


class TestOtherAddresses:
    def known_mail(self, strand: Conversation) -> Identity:
        class Address:
            kind, value, scope, name = "email", ADA_MAIL, "", ""

        identity = identify([Address()], proven_by="agent")
        Identity.objects.filter(pk=identity.pk).update(customer=strand.ticket.customer_id)
        return Identity.objects.get(pk=identity.pk)

    def test_an_answer_may_go_to_another_address_of_the_customer(
        self, strand: Conversation, post: Channel, grace: Agent
    ) -> None:
        identity = self.known_mail(strand)
        opened = open_strand(strand.ticket, channel=post, identity=identity, by=grace)
        again = open_strand(strand.ticket, channel=post, identity=identity, by=grace)
        message = reply(opened, "By mail, then.", by=grace, subject="Your parcel")
        assert opened == again
        assert (message.ticket_id, message.channel) == (strand.ticket_id, post)
        delivery.deliver(message.pk)
        assert Line.sent[0].to == ADA_MAIL

    def test_an_address_of_somebody_else_is_none(
        self, strand: Conversation, mail_strand: Conversation, post: Channel, grace: Agent
    ) -> None:
        theirs = mail_strand.contact_point.identity
        assert theirs is not None
        with pytest.raises(NotPossible):
            open_strand(strand.ticket, channel=post, identity=theirs, by=grace)

    def test_a_phone_can_not_be_reached_by_mail(
        self, strand: Conversation, post: Channel, grace: Agent
    ) -> None:
        phone = strand.contact_point.identity
        assert phone is not None
        with pytest.raises(NotPossible):
            open_strand(strand.ticket, channel=post, identity=phone, by=grace)


def test_two_agents_at_once_give_one_reply_and_one_stale_one(
    strand: Conversation, grace: Agent, heidi: Agent
) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    from django.db import connection

    base = ticket_of(strand).last_position
    barrier = Barrier(2)

    def answer(agent: Agent) -> str:
        barrier.wait()
        try:
            reply(strand, f"by {agent}", by=agent, base=base)
        except StaleReply:
            return "stale"
        finally:
            connection.close()
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(answer, [grace, heidi])) == ["sent", "stale"]
    assert Message.objects.filter(direction="outbound").count() == 1
    assert present(Message.objects.get(direction="outbound")).position > base
