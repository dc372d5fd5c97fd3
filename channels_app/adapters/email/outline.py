"""What the headers alone say about a mail: who, to whom, about what, in answer to what.

Linear in their length and raising nothing, so it serves for mails as well whose body nobody can
read.
"""

from __future__ import annotations

from datetime import datetime
from email.message import Message

from channels_app.adapters.email import headers
from channels_app.adapters.email.authentication import authenticated
from channels_app.adapters.email.automatic import is_automatic
from channels_app.adapters.email.desk import Desk, split
from channels_app.adapters.email.people import person_of
from channels_app.messages import Envelope, InboundMessage

RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")


def outline(
    message: Message, *, desk: Desk, received_at: datetime, dedupe_key: str
) -> InboundMessage:
    """The message without its body."""
    envelope = headers.envelope(message)
    person = person_of(message, envelope, desk)
    return InboundMessage(
        account=desk.address,
        dedupe_key=dedupe_key,
        external_id=envelope.message_id,
        sender=(person.address,),
        is_claimed=person.is_claimed,
        reply_address=person.reply_address,
        sent_at=headers.sent_at(message, received_at=received_at),
        subject=headers.value(message, "subject"),
        text="",
        references=_references(envelope),
        reply_tokens=_reply_tokens(message, envelope, desk),
        authentication=authenticated(message, desk),
        # A form's mail comes from a machine, but a person filled it in.
        is_automatic=not person.is_from_form
        and is_automatic(message, sender=person.header_address, desk=desk),
        envelope=envelope,
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
