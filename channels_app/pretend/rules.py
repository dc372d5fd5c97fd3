"""What Twilio refuses, with its own codes, and the numbers it keeps for trying that out.

https://www.twilio.com/docs/iam/test-credentials#test-sms-messages
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels_app.pretend.book import Book

PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
LONGEST = 1600
MOST_FILES = 10
MAGIC_RECIPIENTS: Final = {
    "+15005550001": (21211, "The 'To' number is not a valid phone number."),
    "+15005550002": (21612, "The 'To' phone number is not currently reachable."),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient."),
    "+15005550009": (21614, "'To' number is not a valid mobile number."),
}
MAGIC_SENDERS: Final = {
    "+15005550007": (21606, "The 'From' number is not a valid, SMS-capable number."),
    "+15005550008": (
        21611,
        "This 'From' number has exceeded the maximum number of queued messages.",
    ),
}
STOP: Final = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START: Final = {"START", "UNSTOP"}
HELP: Final = {"HELP", "INFO"}
REPLIES: Final = {
    "stop": "You have successfully been unsubscribed. You will not receive any more messages "
    "from this number. Reply START to resubscribe.",
    "start": "You have successfully been re-subscribed to messages from this number. Reply HELP "
    "for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "help": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}

Refusal = tuple[int, str]


def refusal(fields: Mapping[str, str], *, files: int, book: Book) -> Refusal | None:
    """Why a message is not taken: code and words; None when it is."""
    to, sender, body = fields.get("To", ""), fields.get("From", ""), fields.get("Body", "")
    if not to:
        return 21604, "A 'To' phone number is required."
    if to in MAGIC_RECIPIENTS:
        return MAGIC_RECIPIENTS[to]
    if not PHONE.fullmatch(to):
        return 21211, f"Invalid 'To' Phone Number: {to}"
    return _bad_sender(sender, fields) or _bad_content(body, files) or _stopped(to, sender, book)


def keyword(text: str) -> str:
    """`stop`, `start` or `help` when the text is just such a word, else ""."""
    word = text.strip().upper()
    return "stop" if word in STOP else "start" if word in START else "help" if word in HELP else ""


def _bad_sender(sender: str, fields: Mapping[str, str]) -> Refusal | None:
    if not sender and not fields.get("MessagingServiceSid"):
        return 21603, "A 'From' phone number is required."
    return MAGIC_SENDERS.get(sender)


def _bad_content(body: str, files: int) -> Refusal | None:
    if not body and not files:
        return 21619, "A text message body or media urls must be specified."
    if len(body) > LONGEST:
        return 21617, "The concatenated message body exceeds the 1600 character limit."
    if files > MOST_FILES:
        return 21623, "Number of media files exceeds allowed limit."
    return None


def _stopped(to: str, sender: str, book: Book) -> Refusal | None:
    if book.has_stopped(to, number=sender):
        return 21610, "Attempt to send to unsubscribed recipient"
    return None
