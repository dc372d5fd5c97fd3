from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels_app.messages import Address
from channels_app.models import Channel
from customers.models import Identity
from inbox import triage
from inbox.models import Agent, Attachment, ContactPoint, Conversation, Message, Note, Ticket
from tests.inbox.desk import hear

pytestmark = pytest.mark.django_db


def answer(client: Client, strand: Conversation, text: str, **more: Any) -> Any:
    data = {"text": text, "conversation": strand.pk, "client_id": uuid.uuid4()}
    return client.post(f"/t/{strand.ticket_id}/replies", data | more)


def test_a_reply_is_queued_once_however_often_it_is_sent(
    strand: Conversation, script: Client
) -> None:
    same = uuid.uuid4()
    for _ in range(2):
        assert answer(script, strand, "Hi", client_id=same).status_code == 201
    sent = Message.objects.get(direction="outbound")
    assert (sent.text, sent.status, sent.agent.name) == ("Hi", "queued", "Grace Hopper")


def test_a_reply_that_missed_a_colleagues_note_is_held_with_what_came(
    strand: Conversation, script: Client, heidi: Agent
) -> None:
    base = Ticket.objects.get(pk=strand.ticket_id).last_position
    triage.add_note(strand.ticket, text="I am on it", by=heidi)
    stale = answer(script, strand, "Hi", base=base)
    assert stale.status_code == 409
    assert b"I am on it" in stale.content
    assert not Message.objects.filter(direction="outbound").exists()


def test_a_reply_that_may_not_leave_says_why_in_plain_words(
    strand: Conversation, script: Client
) -> None:
    ContactPoint.objects.update(is_blocked=True)
    refused = answer(script, strand, "Hi")
    assert refused.status_code == 422
    assert b"is blocked" in refused.content


def test_an_empty_reply_and_an_empty_note_are_refused(strand: Conversation, script: Client) -> None:
    assert answer(script, strand, "  ").status_code == 422
    data = {"text": " ", "client_id": uuid.uuid4()}
    assert script.post(f"/t/{strand.ticket_id}/notes", data).status_code == 422


def test_a_reply_needs_the_browsers_own_id(strand: Conversation, script: Client) -> None:
    assert answer(script, strand, "Hi", client_id="").status_code == 404


def test_a_strand_of_another_ticket_is_not_answered_from_here(
    strand: Conversation, mail_strand: Conversation, script: Client
) -> None:
    data = {"text": "Hi", "conversation": mail_strand.pk, "client_id": uuid.uuid4()}
    assert script.post(f"/t/{strand.ticket_id}/replies", data).status_code == 404


def test_files_go_with_the_reply(mail_strand: Conversation, script: Client) -> None:
    file = SimpleUploadedFile("../a\u202ef.png", b"abc", "image/png")
    assert answer(script, mail_strand, "See", files=file).status_code == 201
    kept = Attachment.objects.get()
    assert (kept.message.text, kept.size, kept.content_type) == ("See", 3, "image/png")


def test_copies_are_exactly_those_of_the_form(mail_strand: Conversation, script: Client) -> None:
    cc = "bob@else.example; carol@else.example,"
    assert answer(script, mail_strand, "Hi", cc=cc).status_code == 201
    envelope = Message.objects.get(direction="outbound").envelope
    assert [one["address"] for one in envelope["cc"]] == ["bob@else.example", "carol@else.example"]


def test_a_copy_that_is_no_address_is_refused(mail_strand: Conversation, script: Client) -> None:
    assert answer(script, mail_strand, "Hi", cc="bob\r\nBcc: x@y.example").status_code == 422


def test_another_address_of_the_customer_opens_a_strand_with_the_reply(
    strand: Conversation, post: Channel, script: Client
) -> None:
    customer = strand.ticket.customer
    mail = Identity.objects.create(
        customer=customer, kind="email", value="a@b.example", key="a@b.example", proven_by="agent"
    )
    page = script.get(f"/t/{strand.ticket_id}/facts").content.decode()
    value = f"{post.pk}-{mail.pk}"
    assert f'<option value="{value}"' in page
    data = {"text": "By mail", "conversation": value, "client_id": uuid.uuid4()}
    assert script.post(f"/t/{strand.ticket_id}/replies", data).status_code == 201
    sent = Message.objects.get(direction="outbound")
    assert (sent.channel, sent.conversation.contact_point.identity) == (post, mail)


def test_somebody_elses_address_opens_nothing(
    strand: Conversation, post: Channel, script: Client
) -> None:
    eve = hear(post, sender=(Address("email", "eve@stranger.example"),)).conversation
    value = f"{post.pk}-{eve.contact_point.identity_id}"
    data = {"text": "x", "conversation": value, "client_id": uuid.uuid4()}
    assert script.post(f"/t/{strand.ticket_id}/replies", data).status_code == 404
    for nonsense in ("", "1-", "-", "x-y"):
        data["conversation"] = nonsense
        assert script.post(f"/t/{strand.ticket_id}/replies", data).status_code == 404


def test_before_sending_the_desk_says_whether_it_may_and_how_many_parts(
    strand: Conversation, script: Client
) -> None:
    address, data = f"/t/{strand.ticket_id}/replies/check", {"conversation": strand.pk}
    fine = script.post(address, data | {"text": "x" * 60}).json()
    assert fine == {"refusal": "", "segments": 2, "characters": 60}
    long = script.post(address, data | {"text": "x" * 101}).json()
    assert "101 characters" in long["refusal"]


def test_a_note_is_written_once_and_goes_nowhere(strand: Conversation, script: Client) -> None:
    data = {"text": "Careful", "client_id": uuid.uuid4()}
    for _ in range(2):
        assert script.post(f"/t/{strand.ticket_id}/notes", data).status_code == 201
    assert Note.objects.count() == 1
    assert not Message.objects.filter(direction="outbound").exists()


def test_an_answer_to_one_message_names_it_and_only_one_of_its_own_conversation(
    strand: Conversation, script: Client
) -> None:
    said = strand.messages.get()
    Message.objects.filter(pk=said.pk).update(external_id="SM1")
    assert answer(script, strand, "To that", answers=said.pk).status_code == 201
    assert Message.objects.get(text="To that").reply_to == said
    refused = answer(script, strand, "To another", answers=said.pk + 1000)
    assert refused.status_code == 422
    assert "not in this conversation" in refused.content.decode()
