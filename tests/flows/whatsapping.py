"""Customers on WhatsApp, heard as Meta tells of them: whole events through the journal."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import Any

from channels_app.models import Channel, InboundEvent
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Line, Person
from inbox import intake
from inbox.models import Message

LINE = Line("102290129340398", "106540352242922")
ADA = Person(phone="447700900123", user_id="GB.1", name="Ada")
ADA_HIDDEN = Person(user_id="GB.1", name="Ada", username="ada")

_serial = count(1)


def event(channel: Channel, said: dict[str, Any]) -> InboundEvent:
    """What Meta sent, processed."""
    body = json.dumps(said).encode()
    row = InboundEvent.objects.create(
        channel=channel,
        source="webhook",
        content_key=hashlib.sha256(body + str(next(_serial)).encode()).hexdigest(),
        headers={"content-type": "application/json"},
        body=body,
    )
    assert intake.drain("webhook") >= 1
    row.refresh_from_db()
    return row


def says(
    channel: Channel,
    content: Any = "Hello",
    *,
    kind: str = "text",
    sender: Person = ADA,
    line: Line = LINE,
    **more: Any,
) -> Message:
    """Somebody writes on WhatsApp; the message that came of it."""
    content = {"body": content} if kind == "text" else content
    said = events.message(kind, content, sender=sender, **more)
    row = event(channel, line.event(contacts=[sender.contact], messages=[said]))
    assert row.state == "processed", row.error
    return Message.objects.get(external_id=said["id"])


def does(
    channel: Channel, kind: str, content: Any, *, sender: Person = ADA, **more: Any
) -> InboundEvent:
    """Somebody does something that is no message: reacts, edits, takes back."""
    said = events.message(kind, content, sender=sender, **more)
    return event(channel, LINE.event(contacts=[sender.contact], messages=[said]))


def changes_number(channel: Channel, before: Person, after: Person) -> InboundEvent:
    return event(channel, LINE.event(messages=[events.changed_number(before, after)]))


def echoes(channel: Channel, text: str, *, to: Person = ADA, **more: Any) -> Message:
    """We write in the phone app."""
    said = events.echo("text", {"body": text}, to=to, line=LINE)
    said |= more
    event(
        channel,
        LINE.event("smb_message_echoes", contacts=[to.contact], message_echoes=[said]),
    )
    return Message.objects.get(external_id=said["id"])


def status(channel: Channel, name: str, message: Message, **more: Any) -> InboundEvent:
    """Meta tells what became of a message of ours."""
    fields = {"message_id": message.external_id, "to": ADA, "reference": ""} | more
    return event(channel, LINE.event(statuses=[events.status(name, **fields)]))
