"""WhatsApp from Meta's events to tickets and back: the hard cases of persons, windows and news
about messages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.models import Channel, InboundEvent, MessageTemplate
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Line, Person
from customers import merging
from customers.models import Customer, CustomerMerge, Identity
from inbox import afterthoughts, intake
from inbox.models import (
    Activity,
    Agent,
    ChannelPolicy,
    ContactPoint,
    Conversation,
    Message,
    Team,
    Ticket,
)
from inbox.replies import Refused, Reply, TemplateChoice, send_reply
from inbox.sending import elsewhere, may_send
from tests.flows.saying import sms
from tests.flows.whatsapping import (
    ADA,
    ADA_HIDDEN,
    LINE,
    changes_number,
    does,
    echoes,
    event,
    says,
    status,
)

pytestmark = pytest.mark.django_db

ADA_NEW = Person(phone="447700900124", user_id="GB.2", name="Ada")
NUMBERS_NEXT_OWNER = Person(phone="447700900123", user_id="GB.9", name="Heir")
"""Somebody else who was given Ada's number."""


@pytest.fixture
def second_line(front: Team) -> Channel:
    channel = Channel.objects.create(
        kind="whatsapp",
        name="WhatsApp EU",
        account="222222222222222",
        settings={"waba_id": LINE.waba_id},
        secrets={"app_secret": "new,secret", "access_token": "token", "verify_token": "word"},
    )
    ChannelPolicy.objects.create(channel=channel, team=front)
    return channel


@pytest.fixture
def template(whatsapp: Channel) -> MessageTemplate:
    body = {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is ready."}
    return MessageTemplate.objects.create(
        channel=whatsapp,
        name="order_ready",
        language="en",
        status="APPROVED",
        category="UTILITY",
        components=[body, {"type": "FOOTER", "text": "Lamplight"}],
    )


def reply(message: Message, text: str = "On its way", *, by: Agent, **fields) -> Message:
    strand = Conversation.objects.get(pk=message.conversation_id)
    return send_reply(strand, Reply(text=text, **fields), by=by)


def owner(address: str) -> Customer:
    return Identity.objects.get(value=address, ended_at=None).customer


class TestPersons:
    def test_the_first_message_makes_a_customer_with_id_and_number(self, whatsapp):
        message = says(whatsapp)
        point = message.conversation.contact_point
        assert (point.address_kind, point.address, str(point)) == (
            "whatsapp_user",
            "GB.1",
            "+44 7700 900123",
        )
        found = Identity.objects.values_list("kind", "scope", "value")
        assert set(found) == {
            ("whatsapp_user", LINE.waba_id, "GB.1"),
            ("phone", "", "+447700900123"),
        }
        assert message.ticket.customer.name == "Ada"

    def test_a_customer_without_a_number_is_known_again_with_one(self, whatsapp):
        hidden = says(whatsapp, sender=ADA_HIDDEN)
        assert str(hidden.conversation.contact_point) == "@ada"
        shown = says(whatsapp, sender=ADA)
        assert shown.conversation == hidden.conversation
        assert str(shown.conversation.contact_point) == "+44 7700 900123"
        assert Customer.objects.count() == 1

    def test_a_parent_id_leads_and_keeps_the_contact_point(self, whatsapp):
        first = says(whatsapp)
        linked = Person(phone=ADA.phone, user_id="GB.1", parent_id="GB.ENT.1", name="Ada")
        second = says(whatsapp, sender=linked)
        assert second.conversation == first.conversation
        assert second.conversation.contact_point.address == "GB.ENT.1"
        assert ContactPoint.objects.count() == 1

    def test_an_echo_that_names_less_lands_on_the_same_contact_point(self, whatsapp):
        linked = Person(phone=ADA.phone, user_id="GB.1", parent_id="GB.ENT.1", name="Ada")
        first = says(whatsapp, sender=linked)
        for to in (Person(phone=ADA.phone), Person(user_id="GB.1"), ADA):
            assert echoes(whatsapp, "Hello", to=to).conversation == first.conversation
        assert ContactPoint.objects.get().address == "GB.ENT.1"

    def test_two_accounts_of_one_customer_are_two_contact_points(self, whatsapp, text_line):
        first = says(whatsapp)
        work = Person(phone="447700900999", user_id="GB.7", name="Ada")
        second = says(whatsapp, sender=work)
        merging.merge(second.ticket.customer, into=first.ticket.customer, by="Grace")
        ContactPoint.objects.update(customer=first.ticket.customer)
        assert says(whatsapp, sender=work).conversation.contact_point.address == "GB.7"
        by_number = Person(phone="447700900999", name="Ada")
        assert says(whatsapp, sender=by_number).conversation.contact_point.address == "GB.7"

    def test_somebody_known_by_number_on_sms_is_the_same_person(self, whatsapp, text_line):
        first = sms(text_line, "From my phone", sender="+447700900123")
        second = says(whatsapp)
        assert second.ticket.customer == first.ticket.customer
        assert second.ticket == first.ticket, "R3: one ticket, two strands"
        assert second.conversation.is_joined

    def test_one_first_met_by_number_alone_goes_on_by_the_id(self, whatsapp):
        first = says(whatsapp, sender=Person(phone=ADA.phone, name="Ada"))
        second = says(whatsapp, sender=ADA)
        assert second.conversation == first.conversation
        assert second.conversation.contact_point.address == "GB.1"

    def test_a_known_number_with_another_id_is_somebody_else(self, whatsapp, text_line):
        ada = says(whatsapp)
        sms(text_line, "Me again", sender="+447700900123")
        heir = says(whatsapp, sender=NUMBERS_NEXT_OWNER)
        assert heir.ticket != ada.ticket
        assert heir.ticket.customer != ada.ticket.customer
        assert owner("+447700900123") == heir.ticket.customer
        assert owner("GB.1") == ada.ticket.customer

    def test_the_numbers_next_owner_finds_nothing_of_the_old_one_on_any_channel(
        self, whatsapp, text_line
    ):
        says(whatsapp)
        old = sms(text_line, "Where is my parcel?", sender="+447700900123")
        heir = says(whatsapp, sender=NUMBERS_NEXT_OWNER)
        new = sms(text_line, "Who is this?", sender="+447700900123")
        assert new.conversation.contact_point != old.conversation.contact_point
        assert new.ticket.customer == heir.ticket.customer != old.ticket.customer

    def test_nothing_is_sent_to_an_address_that_went_to_somebody_else(
        self, whatsapp, text_line, grace
    ):
        says(whatsapp)
        old = sms(text_line, "Where is my parcel?", sender="+447700900123")
        says(whatsapp, sender=NUMBERS_NEXT_OWNER)
        with pytest.raises(Refused) as refused:
            reply(old, by=grace)
        assert refused.value.answer.code == "undeliverable"

    def test_another_portfolio_s_ids_say_nothing_about_who_it_is(self, whatsapp, second_line):
        second_line.settings = {"waba_id": "777"}
        second_line.save()
        first = says(whatsapp)
        other = Line("777", second_line.account)
        same = Person(phone=ADA.phone, user_id="GB.777", name="Ada")
        second = says(second_line, sender=same, line=other)
        assert second.ticket.customer == first.ticket.customer

    def test_a_card_that_answers_our_request_proves_the_number(self, whatsapp):
        says(whatsapp, sender=ADA_HIDDEN)
        card = [{"origin": "contact_request", "phones": [{"wa_id": "447700900123"}]}]
        says(whatsapp, card, kind="contacts", sender=ADA_HIDDEN)
        assert owner("+447700900123") == owner("GB.1")

    def test_any_other_card_proves_nothing(self, whatsapp):
        card = [{"origin": "other", "phones": [{"wa_id": "447700900456"}]}]
        says(whatsapp, card, kind="contacts")
        assert not Identity.objects.filter(value="+447700900456").exists()


class TestNewAddresses:
    def test_a_new_number_moves_the_contact_point(self, whatsapp):
        message = says(whatsapp)
        changes_number(whatsapp, ADA, ADA_NEW)
        after = says(whatsapp, "I have a new number", sender=ADA_NEW)
        assert after.conversation == message.conversation
        point = after.conversation.contact_point
        assert (point.address, str(point)) == ("GB.2", "+44 7700 900124")
        assert Customer.objects.count() == 1
        told = after.ticket.activities.get(verb=Activity.Verb.ADDRESS_CHANGED)
        assert told.data == {"address": "+44 7700 900124"}

    def test_the_old_number_and_id_have_ended(self, whatsapp):
        says(whatsapp)
        changes_number(whatsapp, ADA, ADA_NEW)
        live = Identity.objects.filter(ended_at=None).values_list("value", flat=True)
        assert set(live) == {"GB.2", "+447700900124"}

    def test_a_message_that_was_faster_than_the_news_is_folded_in(self, whatsapp):
        before = says(whatsapp)
        faster = says(whatsapp, "New number!", sender=ADA_NEW)
        assert faster.ticket.customer != before.ticket.customer
        changes_number(whatsapp, ADA, ADA_NEW)
        faster.refresh_from_db()
        assert faster.ticket.customer == before.ticket.customer
        points = ContactPoint.objects.filter(customer=before.ticket.customer)
        assert [point.address for point in points] == ["GB.2"]
        assert CustomerMerge.objects.get().survivor == before.ticket.customer
        after = says(whatsapp, "Did you get it?", sender=ADA_NEW)
        assert after.conversation_id == faster.conversation_id

    def test_the_same_number_with_the_new_id_comes_back_too(self, whatsapp, text_line):
        before = says(whatsapp)
        old_sms = sms(text_line, "And by SMS", sender="+447700900123")
        moved = Person(phone=ADA.phone, user_id="GB.2", name="Ada")
        says(whatsapp, sender=moved)
        said = {"type": "user_changed_user_id", "user_id": "GB.2", "previous_user_id": "GB.1"}
        does(whatsapp, "system", said, sender=Person())
        assert owner("GB.2") == owner("+447700900123") == before.ticket.customer
        again = sms(text_line, "Still me", sender="+447700900123")
        assert again.conversation.contact_point == old_sms.conversation.contact_point

    def test_an_sms_strand_does_not_follow_to_a_number_its_network_knows_nothing_of(
        self, whatsapp, text_line
    ):
        says(whatsapp)
        old = sms(text_line, "And by SMS", sender="+447700900123")
        changes_number(whatsapp, ADA, ADA_NEW)
        point = ContactPoint.objects.get(pk=old.conversation.contact_point_id)
        assert point.address == "+447700900123"
        assert may_send(point).code == "undeliverable"

    def test_news_of_a_new_device_is_written_down_and_changes_nothing(self, whatsapp):
        message = says(whatsapp)
        said = {"body": "User identity changed", "type": "customer_identity_changed"}
        does(whatsapp, "system", said)
        told = message.ticket.activities.get(verb=Activity.Verb.ADDRESS_CHANGED)
        assert told.data == {"device": True}
        assert owner("GB.1") == message.ticket.customer

    def test_the_news_twice_is_the_news_once(self, whatsapp):
        message = says(whatsapp)
        changes_number(whatsapp, ADA, ADA_NEW)
        changes_number(whatsapp, ADA, ADA_NEW)
        assert message.ticket.activities.filter(verb=Activity.Verb.ADDRESS_CHANGED).count() == 1


class TestRouting:
    def test_one_address_serves_all_numbers_of_an_app(self, whatsapp, second_line):
        other = Line(LINE.waba_id, second_line.account)
        message = says(whatsapp, line=other)
        assert message.channel == second_line

    def test_a_number_nobody_has_set_up_waits_in_the_journal_and_the_rest_counts(self, whatsapp):
        other = Line(LINE.waba_id, "333333333333333")
        said = LINE.event(
            contacts=[ADA.contact],
            messages=[events.message("text", {"body": "For us"}, sender=ADA)],
        )
        foreign = other.event(
            contacts=[ADA.contact],
            messages=[events.message("text", {"body": "For them"}, sender=ADA)],
        )
        said["entry"] += foreign["entry"]
        row = event(whatsapp, said)
        assert row.state == "unreadable"
        assert "333333333333333" in row.error
        assert [one.text for one in Message.objects.all()] == ["For us"]
        set_up = Channel.objects.create(
            kind="whatsapp", name="Third", account="333333333333333", secrets=whatsapp.secrets
        )
        intake.journal.replay([row])
        intake.drain("webhook")
        assert [one.text for one in Message.objects.filter(channel=set_up)] == ["For them"]
        assert Message.objects.filter(channel=whatsapp).count() == 1

    def test_another_app_s_number_is_not_written_to_with_our_secret(self, whatsapp, second_line):
        second_line.secrets = {"app_secret": "another"}
        second_line.save()
        row = event(
            whatsapp,
            Line(LINE.waba_id, second_line.account).event(
                contacts=[ADA.contact],
                messages=[events.message("text", {"body": "Forged"}, sender=ADA)],
            ),
        )
        assert row.state == "unreadable"
        assert not Message.objects.exists()


class TestWindows:
    def test_a_message_opens_the_window_for_a_day(self, whatsapp):
        point = says(whatsapp).conversation.contact_point
        left = point.window_ends_at - timezone.now()
        assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
        assert may_send(point).window_ends_at == point.window_ends_at

    def test_a_late_message_opens_it_for_what_is_left_only(self, whatsapp):
        says(whatsapp)
        long_ago = str(int(timezone.now().timestamp()) - 30 * 3600)
        point = says(whatsapp, timestamp=long_ago, sender=ADA_NEW).conversation.contact_point
        assert may_send(point).code == "window-closed"

    def test_an_older_message_that_comes_later_closes_nothing(self, whatsapp):
        ends_at = says(whatsapp).conversation.contact_point.window_ends_at
        earlier = str(int(timezone.now().timestamp()) - 3600)
        point = says(whatsapp, timestamp=earlier).conversation.contact_point
        assert point.window_ends_at == ends_at

    def test_neither_echo_nor_reaction_opens_it(self, whatsapp):
        message = says(whatsapp)
        ContactPoint.objects.update(window_ends_at=timezone.now() - timedelta(hours=1))
        echoes(whatsapp, "I call you")
        does(whatsapp, "reaction", {"message_id": message.external_id, "emoji": "👍"})
        assert may_send(ContactPoint.objects.get()).code == "window-closed"

    def test_outside_of_it_a_text_is_refused_and_a_template_is_sent(
        self, whatsapp, template, grace
    ):
        message = says(whatsapp)
        ContactPoint.objects.update(window_ends_at=timezone.now() - timedelta(minutes=1))
        with pytest.raises(Refused) as refused:
            reply(message, by=grace)
        assert refused.value.answer.code == "window-closed"
        choice = TemplateChoice("order_ready", "en", ("Ada", "#1042"))
        sent = reply(message, "", by=grace, template=choice)
        sent.refresh_from_db()
        assert (sent.kind, sent.status) == ("template", "queued")
        assert sent.text == "Hello Ada, your order #1042 is ready.\n\nLamplight"
        assert sent.payload["template"] == {
            "name": "order_ready",
            "language": "en",
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "Ada"},
                        {"type": "text", "text": "#1042"},
                    ],
                }
            ],
        }

    @pytest.mark.parametrize(
        ("change", "values"),
        [
            ({"status": "PAUSED"}, ("Ada", "1")),
            ({"name": "another"}, ("Ada", "1")),
            ({}, ("Ada",)),
            ({}, ("Ada", " ")),
        ],
        ids=["paused", "unknown", "too few", "left empty"],
    )
    def test_a_template_that_would_not_arrive_is_refused(
        self, whatsapp, template, grace, change, values
    ):
        message = says(whatsapp)
        MessageTemplate.objects.update(**change)
        with pytest.raises(Refused) as refused:
            reply(message, "", by=grace, template=TemplateChoice("order_ready", "en", values))
        assert refused.value.answer.code == "template-refused"
        assert not Message.objects.filter(direction="outbound").exists()

    def test_somebody_known_by_number_only_can_be_written_to_with_a_template(
        self, whatsapp, text_line
    ):
        ticket = sms(text_line, "Hello", sender="+447700900123").ticket
        (point,) = elsewhere(ticket)
        assert (point.channel, point.address) == (whatsapp, "+447700900123")
        assert may_send(point).needs_template

    def test_somebody_met_by_id_is_not_offered_once_more_by_number(self, whatsapp):
        assert elsewhere(says(whatsapp).ticket) == []

    def test_seventy_two_free_hours_are_noted_from_the_status(self, whatsapp, grace):
        sent = reply(says(whatsapp), by=grace)
        Message.objects.filter(pk=sent.pk).update(external_id="wamid.ours", status="sent")
        sent.refresh_from_db()
        until = timezone.now().replace(microsecond=0) + timedelta(hours=72)
        ends = {"expiration_timestamp": str(int(until.timestamp()))}
        status(
            whatsapp,
            "delivered",
            sent,
            conversation={"id": "1", "origin": {"type": "referral_conversion"}, **ends},
            pricing={"billable": False, "type": "free_entry_point", "pricing_model": "PMP"},
        )
        sent.refresh_from_db()
        assert sent.conversation.contact_point.free_entry_ends_at == until
        assert sent.pricing["type"] == "free_entry_point"


class TestStatuses:
    @pytest.fixture
    def lost(self, whatsapp, grace) -> Message:
        """Sent, but nobody heard Meta's answer."""
        message = reply(says(whatsapp), by=grace)
        message.delivery_attempts.create(number=1)
        ends = timezone.now() + timedelta(seconds=5)
        Message.objects.filter(pk=message.pk).update(status="sending", leased_until=ends)
        return Message.objects.get(pk=message.pk)

    @pytest.mark.parametrize("before", ["sending", "uncertain", "queued", "failed"])
    def test_our_own_id_in_a_status_settles_a_lost_call(self, whatsapp, lost, before):
        lease = timezone.now() if before == "sending" else None
        Message.objects.filter(pk=lost.pk).update(status=before, leased_until=lease)
        lost.external_id = "wamid.late"
        status(whatsapp, "delivered", lost, reference=str(lost.pk))
        lost.refresh_from_db()
        assert (lost.status, lost.external_id) == ("delivered", "wamid.late")
        assert [one.outcome for one in lost.delivery_attempts.all()] == ["sent"]

    def test_a_failure_settles_it_as_well(self, whatsapp, lost):
        lost.external_id = "wamid.late"
        errors = [events.error(131042, "Payment")]
        status(whatsapp, "failed", lost, reference=str(lost.pk), errors=errors)
        lost.refresh_from_db()
        assert (lost.status, lost.error_code) == ("failed", "131042")
        whatsapp.refresh_from_db()
        assert "payment method" in whatsapp.broken_reason

    def test_a_message_that_was_sent_once_more_is_not_mixed_up(self, whatsapp, lost):
        Message.objects.filter(pk=lost.pk).update(
            status="sent", external_id="wamid.second", leased_until=None
        )
        lost.external_id = "wamid.first"
        status(whatsapp, "read", lost, reference=str(lost.pk))
        lost.refresh_from_db()
        assert (lost.status, lost.external_id) == ("sent", "wamid.second")

    @pytest.mark.parametrize("reference", ["", "0", "-1", "99999999999999999999999", "x", "١"])
    def test_any_other_reference_finds_nothing(self, whatsapp, lost, reference):
        lost.external_id = "wamid.elsewhere"
        status(whatsapp, "read", lost, reference=reference)
        lost.refresh_from_db()
        assert lost.status == "sending"

    def test_played_is_read_and_read_never_goes_back(self, whatsapp, lost):
        Message.objects.filter(pk=lost.pk).update(
            status="sent", external_id="wamid.1", leased_until=None
        )
        lost.refresh_from_db()
        for name in ("played", "delivered", "sent", "failed"):
            status(whatsapp, name, lost)
        lost.refresh_from_db()
        assert lost.status == "read"


class TestAfterthoughts:
    def reactions(self, message: Message) -> list[tuple[str, str]]:
        return list(message.reactions.exclude(emoji="").values_list("by", "emoji"))

    def test_a_reaction_stands_under_its_message_and_wakes_nobody(self, whatsapp, grace):
        message = says(whatsapp)
        ours = reply(message, by=grace)
        Message.objects.filter(pk=ours.pk).update(external_id="wamid.ours", status="sent")
        does(whatsapp, "reaction", {"message_id": "wamid.ours", "emoji": "❤️"})
        assert self.reactions(ours) == [("customer", "❤️")]
        ours.ticket.refresh_from_db()
        assert (ours.ticket.status, Message.objects.count()) == ("pending", 2)

    def test_the_newest_reaction_counts_whatever_comes_first(self, whatsapp):
        message = says(whatsapp)
        now = int(timezone.now().timestamp())
        for emoji, at in [("👍", now - 20), ("", now - 5), ("😂", now - 10)]:
            said = {"message_id": message.external_id, "emoji": emoji}
            does(whatsapp, "reaction", said, timestamp=str(at))
        assert self.reactions(message) == []

    def test_an_edit_puts_the_new_text_in_place_of_the_old_one(self, whatsapp):
        message = says(whatsapp, "Order 1024")
        new = {"type": "text", "text": {"body": "Order 1042"}}
        does(whatsapp, "edit", {"original_message_id": message.external_id, "message": new})
        message.refresh_from_db()
        assert (message.text, message.full_text) == ("Order 1042", "Order 1042")
        assert message.edited_at is not None
        assert message.ticket.preview == "Order 1042"

    def test_a_deleted_message_leaves_nothing_but_that_it_was_there(self, whatsapp):
        said = {"id": "123", "mime_type": "image/jpeg", "sha256": "", "caption": "My card number"}
        message = says(whatsapp, said, kind="image")
        raw = InboundEvent.objects.get(messages=message)
        does(whatsapp, "revoke", {"original_message_id": message.external_id})
        message.refresh_from_db()
        raw.refresh_from_db()
        assert (message.text, message.payload, message.attachments.count()) == ("", {}, 0)
        assert message.deleted_at is not None
        assert b"card" not in bytes(raw.body)
        assert message.ticket.preview == "[deleted]"
        assert "card" not in json.dumps(list(Ticket.objects.values("preview", "subject", "words")))

    def test_what_comes_before_its_message_is_applied_as_soon_as_that_is_there(self, whatsapp):
        late = events.new_id()
        does(whatsapp, "reaction", {"message_id": late, "emoji": "👀"})
        new = {"type": "text", "text": {"body": "New text"}}
        does(whatsapp, "edit", {"original_message_id": late, "message": new})
        message = says(whatsapp, "Old text", message_id=late)
        afterthoughts.apply_waiting()
        message.refresh_from_db()
        assert message.text == "New text"
        assert self.reactions(message) == [("customer", "👀")]

    def test_nobody_changes_what_the_other_side_said(self, whatsapp, grace):
        message = says(whatsapp)
        ours = reply(message, "Our promise", by=grace)
        Message.objects.filter(pk=ours.pk).update(external_id="wamid.ours", status="sent")
        does(whatsapp, "revoke", {"original_message_id": "wamid.ours"})
        ours.refresh_from_db()
        assert (ours.text, ours.deleted_at) == ("Our promise", None)

    def test_a_file_that_is_being_fetched_does_not_come_back(self, whatsapp, monkeypatch):
        from inbox import media

        said = {"id": "123", "mime_type": "image/jpeg", "sha256": ""}
        message = says(whatsapp, said, kind="image")
        file = message.attachments.get()

        def meanwhile(*_args: object) -> bytes:
            does(whatsapp, "revoke", {"original_message_id": message.external_id})
            return b"secret"

        monkeypatch.setattr(
            "channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.fetch_media", meanwhile
        )
        media.fetch(file.pk)
        assert not message.attachments.exists()


class TestEchoes:
    def test_what_we_wrote_on_the_phone_stands_in_the_strand(self, whatsapp):
        message = says(whatsapp)
        ours = echoes(whatsapp, "I call you in a minute")
        assert ours.conversation == message.conversation
        assert (ours.direction, ours.status, ours.author_type, ours.agent) == (
            "outbound",
            "sent",
            "agent",
            None,
        )
        ours.ticket.refresh_from_db()
        assert (ours.ticket.status, ours.ticket.waiting_since) == ("pending", None)

    def test_an_echo_older_than_the_question_answers_nothing(self, whatsapp):
        message = says(whatsapp)
        earlier = str(int(timezone.now().timestamp()) - 60)
        echoes(whatsapp, "Good morning", timestamp=earlier)
        message.ticket.refresh_from_db()
        assert message.ticket.status == "open"

    def test_an_echo_to_a_stranger_opens_a_pending_ticket_that_their_answer_goes_to(self, whatsapp):
        ours = echoes(whatsapp, "Your lamp is ready")
        assert ours.ticket.status == "pending"
        answer = says(whatsapp, "Thanks!")
        assert answer.ticket == ours.ticket
        answer.ticket.refresh_from_db()
        assert answer.ticket.status == "open"

    def test_the_same_echo_twice_is_there_once(self, whatsapp):
        says(whatsapp)
        said = events.echo("text", {"body": "Once"}, to=ADA, line=LINE)
        call = LINE.event("smb_message_echoes", contacts=[ADA.contact], message_echoes=[said])
        event(whatsapp, call)
        event(whatsapp, call)
        assert Message.objects.filter(text="Once").count() == 1


class TestContent:
    def test_a_reply_quotes_the_message_it_answers(self, whatsapp):
        first = says(whatsapp, "Is it brass?")
        second = says(whatsapp, "Is it?", context={"id": first.external_id})
        assert second.reply_to == first

    def test_a_reply_to_an_old_ticket_s_message_reopens_that_one(self, whatsapp, grace):
        from inbox import triage

        first = says(whatsapp, "Is it brass?")
        triage.resolve(first.ticket, by=grace)
        says(whatsapp, "Another thing, by the way", sender=ADA_NEW)
        second = says(whatsapp, "Is it?", context={"id": first.external_id})
        assert second.ticket == first.ticket

    def test_something_unsupported_is_kept_and_shown(self, whatsapp):
        message = says(whatsapp, {"id": "77"}, kind="hologram")
        assert (message.kind, message.payload["type"]) == ("unsupported", "hologram")

    def test_messages_of_every_kind_come_in_once_each(self, whatsapp):
        says(whatsapp, {"latitude": 51.5, "longitude": -0.1}, kind="location")
        says(whatsapp, {"id": "1", "mime_type": "audio/ogg", "voice": True}, kind="audio")
        says(whatsapp, {"text": "Yes", "payload": "y"}, kind="button")
        kinds = Message.objects.order_by("position").values_list("kind", flat=True)
        assert list(kinds) == ["location", "audio", "interactive"]


class TestTemplates:
    def test_a_change_of_mind_is_noted_and_the_list_is_looked_at_again(self, whatsapp, template):
        Channel.objects.update(templates_synced_at=timezone.now())
        said = {
            "event": "PAUSED",
            "message_template_name": "order_ready",
            "message_template_language": "en",
        }
        event(whatsapp, LINE.bare_event("message_template_status_update", said))
        template.refresh_from_db()
        whatsapp.refresh_from_db()
        assert (template.status, whatsapp.templates_synced_at) == ("PAUSED", None)

    def test_another_account_s_template_is_left_alone(self, whatsapp, template):
        said = {
            "event": "PAUSED",
            "message_template_name": "order_ready",
            "message_template_language": "en",
        }
        other = Line("999", LINE.phone_number_id)
        event(whatsapp, other.bare_event("message_template_status_update", said))
        template.refresh_from_db()
        assert template.status == "APPROVED"
