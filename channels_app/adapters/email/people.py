"""Who a mail is from, and where an answer to it goes."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.headers import mailboxes, raw_values
from channels_app.messages import Address, Envelope, Mailbox

NOBODY = Mailbox("unknown@invalid")


@dataclass(frozen=True, slots=True)
class Person:
    """header_address: the one in From (or what stands in for it), whoever the person is."""

    address: Address
    header_address: str
    reply_address: str = ""
    is_claimed: bool = False
    is_from_form: bool = False


def person_of(message: Message, envelope: Envelope, desk: Desk) -> Person:
    """The customer of a mail: From; behind a web form, who stands in Reply-To, as a claim.

    Without From: Sender, then Return-Path, then `unknown@invalid`, as a claim as well, so that
    nameless mails are not taken for one person's.
    """
    written = envelope.sender or _stand_in(message)
    answers_to = next((box for box in envelope.reply_to if not desk.owns(box.address)), None)
    is_form = written.address.lower() in desk.form_senders and answers_to is not None
    shown = answers_to if is_form and answers_to else written
    return Person(
        address=Address("email", shown.address, name=shown.name),
        header_address=written.address,
        reply_address=answers_to.address if answers_to else "",
        is_claimed=is_form or envelope.sender is None,
        is_from_form=is_form,
    )


def _stand_in(message: Message) -> Mailbox:
    found = mailboxes([*raw_values(message, "sender"), *raw_values(message, "return-path")])
    return found[0] if found else NOBODY
