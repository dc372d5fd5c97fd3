"""Twilio's webhooks as values: what a customer wrote, and what became of a message of ours.

https://www.twilio.com/docs/messaging/guides/webhook-request and …/track-outbound-message-status.
Twilio adds parameters without notice: what is not known is ignored, what is missing is said.
"""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING

from channels_app.adapters.sms.errors import meaning
from channels_app.adapters.sms.signing import form_parameters, is_form
from channels_app.errors import UnreadablePayload
from channels_app.messages import Address, Attachment, DeliveryUpdate, InboundMessage

if TYPE_CHECKING:
    from channels_app.messages import Inbound, Keyword, MessageKind, RawEvent, ReportedStatus

MAX_MEDIA = 10
PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
REPORTED: dict[str, ReportedStatus] = {
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
UNREPORTED = frozenset({"accepted", "scheduled", "queued", "sending", "receiving", "received"})
# The words Twilio itself obeys on long codes, as the whole message in any case. YES is none of
# them here: it is what people answer to a question.
KEYWORDS: dict[str, Keyword] = {
    **dict.fromkeys(
        ["stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"], "stop"
    ),
    **dict.fromkeys(["start", "unstop"], "start"),
    **dict.fromkeys(["help", "info"], "help"),
}
KINDS: dict[str, MessageKind] = {"image": "image", "audio": "audio", "video": "video"}
TYPES = mimetypes.MimeTypes()

Fields = dict[str, str]


def parse(event: RawEvent) -> list[Inbound]:
    """What the call says; nothing for a status that changes nothing. Raises UnreadablePayload."""
    fields = _fields(event)
    if "MessageStatus" in fields:
        return _delivery_updates(fields, event)
    return [_message(fields, event)]


def kind_of(address: str) -> str:
    """`phone` for a number one can call, `sms_sender` for a short code or a name."""
    return "phone" if PHONE.fullmatch(address) else "sms_sender"


def _fields(event: RawEvent) -> Fields:
    if not is_form(event.headers.get("content-type")):
        raise UnreadablePayload("the body is not a form")
    try:
        parameters = form_parameters(event.body)
    except ValueError as error:
        raise UnreadablePayload(str(error)) from error
    return {name: _readable(value) for name, value in reversed(parameters)}


def _readable(value: str) -> str:
    """Bytes that are no UTF-8 become �; NUL, which PostgreSQL can't keep, goes. Spaces stay."""
    return value.encode(errors="surrogateescape").decode(errors="replace").replace("\0", "")


def _message(fields: Fields, event: RawEvent) -> InboundMessage:
    sender, sid, text = _need(fields, "From"), _need(fields, "MessageSid"), fields.get("Body", "")
    if ":" in sender:
        raise UnreadablePayload(f"{sender.partition(':')[0]} messages do not belong to SMS")
    attachments = tuple(_attachments(fields))
    return InboundMessage(
        account=_need(fields, "To"),
        external_id=sid,
        dedupe_key=sid,
        sender=(Address(kind_of(sender), sender),),
        text=text,
        full_text=text,
        kind=_kind(text, attachments),
        attachments=attachments,
        keyword=_keyword(fields),
        sent_at=event.received_at,
    )


def _delivery_updates(fields: Fields, event: RawEvent) -> list[Inbound]:
    """It comes to the address that the message itself named, so it is the called channel's: From
    may be any number of a messaging service, another channel's too."""
    status = fields["MessageStatus"]
    if status in UNREPORTED:
        return []
    if status not in REPORTED:
        raise UnreadablePayload(f"unknown message status {status!r}")
    code = fields.get("ErrorCode", "")
    it = meaning(code, said=fields.get("ErrorMessage", ""))
    has_failed = REPORTED[status] == "failed"
    update = DeliveryUpdate(
        account="",
        external_id=_need(fields, "MessageSid"),
        status=REPORTED[status],
        at=event.received_at,
        error_code=code,
        error_text=it.text if has_failed else "",
        undeliverable=has_failed and it.undeliverable,
        opted_out=has_failed and it.opted_out,
    )
    return [update]


def _need(fields: Fields, name: str) -> str:
    if not fields.get(name):
        raise UnreadablePayload(f"{name} is missing")
    return fields[name]


def _attachments(fields: Fields) -> list[Attachment]:
    count = fields.get("NumMedia") or "0"
    if not (count.isascii() and count.isdecimal() and len(count) < 4):
        raise UnreadablePayload(f"NumMedia is not a number: {count[:20]!r}")
    return [_attachment(fields, index) for index in range(min(int(count), MAX_MEDIA))]


def _attachment(fields: Fields, index: int) -> Attachment:
    content_type = fields.get(f"MediaContentType{index}") or "application/octet-stream"
    suffix = TYPES.guess_extension(content_type) or ""
    return Attachment(
        name=f"file-{index + 1}{suffix}",
        content_type=content_type,
        remote_url=_need(fields, f"MediaUrl{index}"),
    )


def _kind(text: str, attachments: tuple[Attachment, ...]) -> MessageKind:
    if text or not attachments:
        return "text"
    return KINDS.get(attachments[0].content_type.partition("/")[0], "document")


def _keyword(fields: Fields) -> Keyword | None:
    """Twilio's own verdict first: it knows the words an account has chosen itself."""
    said = fields.get("OptOutType") or fields.get("Body", "")
    return KEYWORDS.get(said.strip().lower())
