"""One raw mail to one InboundMessage. Runs in the sandbox: it may be slow, grow or crash."""

from __future__ import annotations

from datetime import datetime
from email.message import Message

from channels_app.adapters.email import bounds, headers, quotes
from channels_app.adapters.email.authentication import authenticated
from channels_app.adapters.email.automatic import is_automatic
from channels_app.adapters.email.bodies import content_of
from channels_app.adapters.email.bounces import bounce_of
from channels_app.adapters.email.cleaning import clean_html
from channels_app.adapters.email.desk import Desk, split
from channels_app.adapters.email.keys import content_key
from channels_app.adapters.email.people import Person, person_of
from channels_app.messages import Envelope, InboundMessage

RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")


def read(raw: bytes, *, desk: Desk, received_at: datetime) -> InboundMessage:
    """What a mail says. Raises OutOfBounds, and anything else the standard library raises on
    damaged mail: the caller keeps the mail as unreadable then."""
    message = bounds.parse(raw)
    envelope = headers.envelope(message)
    person = person_of(message, envelope, desk)
    content = content_of(message)
    subject = headers.value(message, "subject")
    return InboundMessage(
        account=desk.address,
        dedupe_key=content_key(raw),
        external_id=envelope.message_id,
        sender=(person.address,),
        is_claimed=person.is_claimed,
        reply_address=person.reply_address,
        sent_at=headers.sent_at(message, received_at=received_at),
        subject=subject,
        text=quotes.newly_said(content.text, content.html, subject=subject),
        full_text=content.text,
        html=clean_html(content.html) if content.html else "",
        attachments=content.attachments,
        references=_references(envelope),
        reply_tokens=_reply_tokens(message, envelope, desk),
        authentication=authenticated(message, desk),
        is_automatic=_is_automatic(message, person, desk),
        bounce=bounce_of(message),
        envelope=_with_original_sender(envelope, content.text, subject),
    )


def _references(envelope: Envelope) -> tuple[str, ...]:
    """What this answers, the nearest first."""
    named = [envelope.in_reply_to, *reversed(envelope.references)]
    return tuple(dict.fromkeys(filter(None, named)))


def _reply_tokens(message: Message, envelope: Envelope, desk: Desk) -> tuple[str, ...]:
    """What could be our token: behind the plus of an address of ours, or in an id of ours."""
    values = [raw for name in RECIPIENT_HEADERS for raw in headers.raw_values(message, name)]
    tokens = [desk.token_in(box.address) for box in headers.mailboxes(values)]
    for reference in _references(envelope):
        local, domain = split(reference)
        if domain == desk.domain:
            tokens += [local, local.rpartition(".")[2]]
    return tuple(dict.fromkeys(filter(None, tokens)))


def _is_automatic(message: Message, person: Person, desk: Desk) -> bool:
    # A form's mail comes from a machine, but a person filled it in.
    if person.is_claimed and person.is_from_form:
        return False
    return is_automatic(message, sender=person.header_address, desk=desk)


def _with_original_sender(envelope: Envelope, text: str, subject: str) -> Envelope:
    inner = quotes.original_sender(text, subject=subject)
    if inner is None:
        return envelope
    return Envelope(
        envelope.sender, envelope.to, envelope.cc, envelope.reply_to, envelope.message_id,
        envelope.in_reply_to, envelope.references, inner,
    )  # fmt: skip
