"""Events read by somebody else too: what the pretend Meta sends, pywa understands as we do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pywa import WhatsApp, types
from pywa.types import RawUpdate
from pywa.types.base_update import BaseUserUpdate

from channels_app.adapters.whatsapp.parsing import parse
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Line, Person
from tests.channels_app.whatsapp.conftest import event, payload

LINE = Line("102290129340398", "106540352242922")
ADA = Person(phone="447700900123", user_id="GB.1", name="Ada", username="ada.l")
HIDDEN = Person(user_id="GB.1", name="Ada")
SHA = {"sha256": "OmT4nhjUhCMIPNmj7eeOZeCYjTXkLxoOv85OMCFwSuc="}
FILE = {"id": "1", **SHA}


@pytest.fixture(scope="module")
def reader() -> WhatsApp:
    return WhatsApp(phone_id=LINE.phone_number_id, token="x", validate_updates=False)


def read(reader: WhatsApp, said: dict[str, Any]) -> Any:
    """The event as pywa's own dispatcher reads it, from the bytes that go over the wire."""
    raw = RawUpdate(json.dumps(said).encode(), hmac_header=None, update_hash="")
    handler = reader._get_handler_type(raw)
    assert handler is not None, "pywa does not know this event"
    return reader._handlers_to_updates[handler].from_update(client=reader, update=raw)


def said_by(person: Person, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    message = events.message(kind, content, sender=person, **more)
    return LINE.event(contacts=[person.contact], messages=[message])


CONTENTS = {
    "text": {"body": "Hello"},
    "image": FILE | {"mime_type": "image/jpeg", "caption": "Look"},
    "audio": FILE | {"mime_type": "audio/ogg; codecs=opus", "voice": True},
    "video": FILE | {"mime_type": "video/mp4"},
    "document": FILE | {"mime_type": "application/pdf", "filename": "a.pdf"},
    "sticker": FILE | {"mime_type": "image/webp", "animated": True},
    "location": {"latitude": 51.5, "longitude": -0.1, "name": "London Eye"},
    "contacts": [{"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+447700900123"}]}],
    "reaction": {"message_id": "wamid.1", "emoji": "👍"},
    "order": {
        "catalog_id": "1",
        "text": "",
        "product_items": [
            {"product_retailer_id": "a", "quantity": 1, "item_price": 2.5, "currency": "GBP"}
        ],
    },
}


@pytest.mark.parametrize("person", [ADA, HIDDEN], ids=["with number", "without number"])
@pytest.mark.parametrize("seconds", [0, 125])
def test_a_call_that_is_over_is_read_alike(reader, person, seconds):
    called = events.call(person, line=LINE, seconds=seconds)
    said = LINE.event("calls", contacts=[person.contact], calls=[called])
    theirs = read(reader, said)
    (ours,) = parse(event(said))
    assert isinstance(theirs, types.CallTerminate)
    assert (theirs.id, theirs.from_user.bsuid) == (ours.dedupe_key, person.user_id)
    assert (theirs.duration or 0) == ours.payload["call"]["seconds"]


@pytest.mark.parametrize("value", ["stop", "resume"])
def test_a_wish_about_marketing_is_read_alike(reader, value):
    wishes = [events.wish(ADA, value)]
    said = LINE.event("user_preferences", contacts=[ADA.contact], user_preferences=wishes)
    theirs = read(reader, said)
    (ours,) = parse(event(said))
    assert (theirs.value.value, theirs.from_user.wa_id) == (value, ADA.phone)
    assert ours.allowed is (value == "resume")


@pytest.mark.parametrize("person", [ADA, HIDDEN], ids=["with number", "without number"])
@pytest.mark.parametrize("kind", list(CONTENTS))
def test_a_message_of_every_type_is_read_alike(reader, kind, person):
    said = said_by(person, kind, CONTENTS[kind])
    theirs = read(reader, said)
    (ours,) = parse(event(said))
    assert isinstance(theirs, types.Message)
    assert theirs.type.value == kind
    assert theirs.metadata.phone_number_id == ours.account == LINE.phone_number_id
    assert theirs.from_user.bsuid == person.user_id
    if kind == "reaction":
        assert (theirs.reaction.emoji, theirs.reaction.message_id) == (ours.emoji, ours.message_id)
        return
    assert theirs.id == ours.external_id
    assert theirs.from_user.name == ours.sender[0].name
    assert (theirs.text or theirs.caption or "") in ours.text
    if ours.attachments:
        assert theirs.media.id in ours.attachments[0].remote_url


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("button", {"text": "Yes", "payload": "yes"}, types.CallbackButton),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "1", "title": "Keep it"}},
            types.CallbackButton,
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "1", "title": "Friday"}},
            types.CallbackSelection,
        ),
    ],
)
def test_a_choice_is_read_alike(reader, kind, content, expected):
    said = said_by(ADA, kind, content, context={"from": "15550783881", "id": "wamid.0"})
    theirs, (ours,) = read(reader, said), parse(event(said))
    assert isinstance(theirs, expected)
    assert theirs.title == ours.text
    assert theirs.reply_to_message.id == ours.references[0]


@pytest.mark.parametrize("name", ["sent", "delivered", "read", "played", "failed"])
def test_a_status_is_read_alike(reader, name):
    errors = {"errors": [events.error(131026, "Message undeliverable")]} if name == "failed" else {}
    status = events.status(name, message_id="wamid.1", to=ADA, reference="42", **errors)
    said = LINE.event(contacts=[ADA.contact], statuses=[status])
    theirs, (ours,) = read(reader, said), parse(event(said))
    assert isinstance(theirs, types.MessageStatus)
    assert (theirs.id, theirs.tracker) == (ours.external_id, ours.reference)
    assert theirs.status.value == name
    if name == "failed":
        assert str(theirs.error.code) == ours.error_code


def test_a_new_number_is_read_alike(reader):
    after = Person(phone="447700900124", user_id="GB.2", name="Ada")
    said = LINE.event(messages=[events.changed_number(ADA, after)])
    theirs, (ours,) = read(reader, said), parse(event(said))
    assert isinstance(theirs, types.PhoneNumberChange)
    assert theirs.new_wa_id == after.phone
    assert ours.current[1].value == f"+{after.phone}"


def test_an_echo_is_read_alike(reader):
    echo = events.echo("text", {"body": "From the phone"}, to=ADA, line=LINE)
    said = LINE.event("smb_message_echoes", contacts=[ADA.contact], message_echoes=[echo])
    theirs, (ours,) = read(reader, said), parse(event(said))
    assert (theirs.id, theirs.text) == (ours.external_id, ours.text)
    assert ours.is_echo


def test_a_change_of_a_template_is_read_alike(reader):
    value = {
        "event": "APPROVED",
        "message_template_id": 1,
        "message_template_name": "hello",
        "message_template_language": "en",
        "reason": "NONE",
    }
    said = LINE.bare_event("message_template_status_update", value)
    theirs, (ours,) = read(reader, said), parse(event(said))
    assert (theirs.template_name, theirs.new_status.value) == (ours.name, ours.status)


@pytest.mark.parametrize(
    "name", ["text", "text_without_phone", "voice_note", "location", "contacts", "status_sent"]
)
def test_our_recorded_events_are_events_to_pywa(reader, name):
    assert isinstance(read(reader, json.loads(payload(name))), BaseUserUpdate)
