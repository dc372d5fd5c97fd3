"""WhatsApp under retries, repeats and races: each thing said once, in one place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.models import Channel
from channels_app.pretend import meta_events as events
from inbox import delivery, triage
from inbox.models import Agent, Conversation, Message, Ticket
from inbox.replies import Reply, send_reply
from tests.flows.saying import sms
from tests.flows.whatsapping import ADA, LINE, event, says, status

pytestmark = pytest.mark.django_db


def reply(message: Message, text: str = "On its way", *, by: Agent) -> Message:
    strand = Conversation.objects.get(pk=message.conversation_id)
    return send_reply(strand, Reply(text=text), by=by)


class TestSentOnceMore:
    @pytest.fixture
    def refused(self, whatsapp: Channel, grace: Agent) -> Message:
        """Taken by Meta, then reported as failed, then sent once more by an agent."""
        message = reply(says(whatsapp), by=grace)
        message.delivery_attempts.create(number=1, outcome="sent", external_id="wamid.first")
        Message.objects.filter(pk=message.pk).update(status="sent", external_id="wamid.first")
        message.refresh_from_db()
        self.report(whatsapp, message)
        message.refresh_from_db()
        assert message.status == "failed"
        delivery.retry(message, by=grace)
        return Message.objects.get(pk=message.pk)

    def report(self, channel: Channel, message: Message, name: str = "failed") -> None:
        errors = [events.error(131000, "Something went wrong")] if name == "failed" else []
        more = {"errors": errors} if errors else {}
        status(
            channel,
            name,
            message,
            message_id="wamid.first",
            reference=str(message.pk),
            **more,
        )

    @pytest.mark.parametrize("name", ["failed", "sent"])
    def test_late_reports_about_the_first_call_do_not_settle_the_second(
        self, whatsapp: Channel, refused: Message, name: str
    ) -> None:
        self.report(whatsapp, refused, name)
        refused.refresh_from_db()
        assert (refused.status, refused.external_id) == ("queued", "")

    @pytest.mark.parametrize("name", ["delivered", "read"])
    def test_the_first_call_that_arrived_after_all_is_not_repeated(
        self, whatsapp: Channel, refused: Message, name: str
    ) -> None:
        self.report(whatsapp, refused, name)
        refused.refresh_from_db()
        assert (refused.status, refused.external_id) == (name, "wamid.first")


class TestSeveralInOneCall:
    def two_tickets(self, whatsapp: Channel, grace: Agent) -> tuple[Message, Message]:
        """Ada's older ticket, reopened, and the one she began meanwhile."""
        whatsapp.settings |= {"after_resolved": "new"}
        whatsapp.save()
        older = says(whatsapp, "About the lamp")
        triage.resolve(older.ticket, by=grace)
        newer = says(whatsapp, "About the table")
        triage.reopen(older.ticket, by=grace)
        return older, newer

    def test_a_person_who_answers_in_one_ticket_goes_on_there(
        self, whatsapp: Channel, grace: Agent
    ) -> None:
        older, _newer = self.two_tickets(whatsapp, grace)
        about = {"context": {"id": older.external_id}}
        said = [
            events.message("text", {"body": "The brass one"}, sender=ADA, **about),
            events.message("text", {"body": "Is it ready?"}, sender=ADA),
        ]
        row = event(whatsapp, LINE.event(contacts=[ADA.contact], messages=said))
        assert row.state == "processed", row.error
        texts = older.ticket.messages.values_list("text", flat=True)
        assert list(texts) == ["About the lamp", "The brass one", "Is it ready?"]
        assert Ticket.objects.count() == 2

    def test_a_person_may_speak_in_two_tickets(self, whatsapp: Channel, grace: Agent) -> None:
        older, newer = self.two_tickets(whatsapp, grace)
        said = [
            events.message("text", {"body": text}, sender=ADA, context={"id": answered.external_id})
            for text, answered in [("Brass", older), ("Oak", newer)]
        ]
        row = event(whatsapp, LINE.event(contacts=[ADA.contact], messages=said))
        assert row.state == "processed", row.error
        said_in = Message.objects.filter(text__in=["Brass", "Oak"]).values_list("text", "ticket")
        assert set(said_in) == {("Brass", older.ticket_id), ("Oak", newer.ticket_id)}
        assert Conversation.objects.get(is_current=True).ticket == newer.ticket

    def test_whoever_says_two_things_begins_one_ticket(
        self, whatsapp: Channel, text_line: Channel
    ) -> None:
        """Her old SMS ticket is too old to be joined, and would make two to choose from."""
        old = sms(text_line, "Hello", sender=f"+{ADA.phone}").ticket
        Ticket.objects.update(last_message_at=timezone.now() - timedelta(days=3))
        said = [events.message("text", {"body": text}, sender=ADA) for text in ("One", "Two")]
        event(whatsapp, LINE.event(contacts=[ADA.contact], messages=said))
        (new,) = Ticket.objects.exclude(pk=old.pk)
        assert [one.text for one in new.messages.all()] == ["One", "Two"]
