"""What a customer edits or takes back on WhatsApp is not kept: not in the message, not in the
journal, however the news comes."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.test import Client
from django.utils import timezone

from channels_app import journal
from channels_app.messages import Attachment, InboundMessage
from channels_app.models import Channel, InboundEvent
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Line, Person
from inbox import afterthoughts, intake
from inbox.models import Agent, Message
from tests.flows.whatsapping import ADA, LINE, does, event, says

pytestmark = pytest.mark.django_db

EVE = Person(phone="447700900666", user_id="GB.6", name="Eve")
SECRET = "My card is 4929 1111"


def journalled() -> str:
    """All that the journal still has."""
    bodies = InboundEvent.objects.exclude(body=None).values_list("body", flat=True)
    return " ".join(bytes(body).decode() for body in bodies)


def edits(channel: Channel, message_id: str, text: str, **more: str) -> InboundEvent:
    new = {"type": "text", "text": {"body": text}}
    return does(channel, "edit", {"original_message_id": message_id, "message": new}, **more)


def revokes(channel: Channel, message_id: str) -> InboundEvent:
    return does(channel, "revoke", {"original_message_id": message_id})


def stored(channel: Channel, *said: dict[str, object]) -> InboundEvent:
    """An event nobody has worked on yet."""
    body = json.dumps(LINE.event(contacts=[ADA.contact], messages=list(said))).encode()
    return InboundEvent.objects.create(
        channel=channel,
        source="webhook",
        content_key=hashlib.sha256(body).hexdigest(),
        body=body,
    )


def test_a_deleted_message_leaves_the_journal(whatsapp: Channel) -> None:
    message = says(whatsapp, SECRET)
    assert SECRET in journalled()
    revokes(whatsapp, message.external_id)
    assert SECRET not in journalled()


def test_the_words_before_an_edit_leave_it_too(whatsapp: Channel) -> None:
    message = says(whatsapp, SECRET)
    edits(whatsapp, message.external_id, "Never mind")
    assert SECRET not in journalled()
    assert "Never mind" in journalled()


def test_the_words_after_an_edit_go_with_the_message(whatsapp: Channel) -> None:
    message = says(whatsapp, "Hello")
    edits(whatsapp, message.external_id, f"{SECRET} 1")
    edits(whatsapp, message.external_id, f"{SECRET} 2")
    assert f"{SECRET} 1" not in journalled()
    revokes(whatsapp, message.external_id)
    assert SECRET not in journalled()


def test_a_message_and_its_deletion_may_be_worked_off_together(whatsapp: Channel) -> None:
    said = events.message("text", {"body": SECRET}, sender=ADA)
    gone = events.message("revoke", {"original_message_id": said["id"]}, sender=ADA)
    stored(whatsapp, said)
    stored(whatsapp, gone)
    assert intake.drain("webhook") == 2
    assert Message.objects.get().deleted_at is not None
    assert SECRET not in journalled()


def test_they_may_even_come_in_one_call(whatsapp: Channel) -> None:
    said = events.message("text", {"body": SECRET}, sender=ADA)
    gone = events.message("revoke", {"original_message_id": said["id"]}, sender=ADA)
    stored(whatsapp, said, gone)
    intake.drain("webhook")
    assert Message.objects.get().deleted_at is not None
    assert SECRET not in journalled()


def test_an_edit_that_was_faster_than_its_message_is_forgotten_with_it(whatsapp: Channel) -> None:
    late = events.new_id()
    edits(whatsapp, late, SECRET)
    says(whatsapp, "Hello", message_id=late)
    afterthoughts.apply_waiting()
    assert Message.objects.get().text == SECRET
    revokes(whatsapp, late)
    assert SECRET not in journalled()


def test_a_deletion_that_was_faster_than_everything_wins(whatsapp: Channel) -> None:
    late = events.new_id()
    revokes(whatsapp, late)
    says(whatsapp, SECRET, message_id=late)
    edits(whatsapp, late, f"{SECRET} edited")
    afterthoughts.apply_waiting()
    assert Message.objects.get().text == ""
    edits(whatsapp, late, f"{SECRET} again")
    assert SECRET not in journalled()


def test_an_edit_older_than_what_stands_there_is_not_kept(whatsapp: Channel) -> None:
    message = says(whatsapp, "One")
    now = int(timezone.now().timestamp())
    edits(whatsapp, message.external_id, "Three", timestamp=str(now))
    edits(whatsapp, message.external_id, "Two", timestamp=str(now - 5))
    message.refresh_from_db()
    assert message.text == "Three"
    assert "Two" not in journalled()


def test_a_repetition_keeps_no_second_copy(whatsapp: Channel) -> None:
    message = says(whatsapp, SECRET)
    again = events.message("text", {"body": SECRET}, sender=ADA, message_id=message.external_id)
    event(whatsapp, LINE.event(messages=[again]))
    revokes(whatsapp, message.external_id)
    assert SECRET not in journalled()


def test_what_others_said_in_the_same_call_stays(whatsapp: Channel) -> None:
    said = events.message("text", {"body": SECRET}, sender=ADA)
    other = events.message("text", {"body": "Where is my lamp?"}, sender=EVE)
    contacts = [ADA.contact, EVE.contact]
    event(whatsapp, LINE.event(contacts=contacts, messages=[said, other]))
    revokes(whatsapp, said["id"])
    assert SECRET not in journalled()
    assert "Where is my lamp?" in journalled()


def test_a_forgotten_message_does_not_come_back_when_its_event_is_replayed(
    whatsapp: Channel,
) -> None:
    """One part of the call was for a number that no channel has yet."""
    said = events.message("text", {"body": SECRET}, sender=ADA)
    changed = {
        "original_message_id": said["id"],
        "message": {"type": "text", "text": {"body": SECRET}},
    }
    edit = events.message("edit", changed, sender=ADA)
    call = LINE.event(contacts=[ADA.contact], messages=[said, edit])
    foreign = events.message("text", {"body": "Elsewhere"}, sender=EVE)
    there = Line(LINE.waba_id, "222222222222222").event(messages=[foreign])
    call["entry"] += there["entry"]
    row = event(whatsapp, call)
    assert row.state == "unreadable"
    revokes(whatsapp, said["id"])
    assert journal.replay([row]) == 1
    intake.drain("webhook")
    row.refresh_from_db()
    assert (row.state, Message.objects.get().text) == ("unreadable", "")
    assert SECRET not in journalled()
    assert "Elsewhere" in journalled()


def test_an_edit_nobody_can_read_wipes_nothing_out(whatsapp: Channel) -> None:
    message = says(whatsapp, "Order 1024")
    about = {"original_message_id": message.external_id}
    for new in ({}, {"message": {}}, {"message": {"type": "hologram", "hologram": {}}}):
        row = does(whatsapp, "edit", about | new)
        assert row.state == "unreadable"
    message.refresh_from_db()
    assert (message.text, message.edited_at) == ("Order 1024", None)


class TestPassedOnLater:
    def test_content_that_comes_after_its_unsupported_message_stands_in_its_place(
        self, whatsapp: Channel
    ) -> None:
        first = says(whatsapp, None, kind="unsupported", errors=[events.error(131060, "Later")])
        assert first.kind == "unsupported"
        second = says(whatsapp, "Is it brass?", message_id=first.external_id)
        assert (second.pk, second.kind, second.text) == (first.pk, "text", "Is it brass?")
        assert (second.payload, second.ticket.preview) == ({}, "Is it brass?")
        assert "Is it brass?" in journalled()

    def test_its_file_is_fetched(self, whatsapp: Channel) -> None:
        first = says(whatsapp, None, kind="unsupported")
        picture = {"id": "123", "mime_type": "image/jpeg", "sha256": ""}
        second = says(whatsapp, picture, kind="image", message_id=first.external_id)
        assert (second.kind, second.attachments.get().state) == ("image", "pending")

    def test_it_is_filled_in_once_by_two_who_saw_it_missing(self, whatsapp: Channel) -> None:
        first = says(whatsapp, None, kind="unsupported")
        content = InboundMessage(
            account=whatsapp.account,
            dedupe_key=first.dedupe_key,
            sender=(),
            text="",
            sent_at=timezone.now(),
            kind="image",
            attachments=(Attachment("lamp.jpg", "image/jpeg", content=b"x"),),
        )
        for _ in range(2):
            afterthoughts.hear_again(first, content, None)
        assert first.attachments.count() == 1

    def test_the_other_way_round_nothing_changes(self, whatsapp: Channel) -> None:
        first = says(whatsapp, "Is it brass?")
        says(whatsapp, None, kind="unsupported", message_id=first.external_id)
        first.refresh_from_db()
        assert (first.kind, first.text) == ("text", "Is it brass?")

    def test_a_deleted_one_stays_deleted(self, whatsapp: Channel) -> None:
        first = says(whatsapp, None, kind="unsupported")
        revokes(whatsapp, first.external_id)
        says(whatsapp, SECRET, message_id=first.external_id)
        first.refresh_from_db()
        assert first.text == ""
        assert SECRET not in journalled()


def test_the_customer_s_page_says_so_too(whatsapp: Channel, grace: Agent, client: Client) -> None:
    message = says(whatsapp, SECRET)
    says(whatsapp, {"latitude": 51.5, "longitude": -0.1}, kind="location")
    revokes(whatsapp, message.external_id)
    client.force_login(grace)
    page = client.get(f"/customers/{message.ticket.customer_id}/").content.decode()
    assert "Deleted by the customer" in page
    assert "Location on a map" in page
