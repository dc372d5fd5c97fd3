"""Messages to the Cloud API: texts, files, templates, reactions, read receipts.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages. There is no
idempotency key; our own id goes along as `biz_opaque_callback_data` and comes back with every
status, which is how a call whose answer was lost is settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels_app import http
from channels_app.adapters.whatsapp.reading import Json, parts, word
from channels_app.errors import SendError
from channels_app.messages import Receipt

if TYPE_CHECKING:
    from channels_app.adapters.whatsapp.account import Account
    from channels_app.messages import OutboundFile, OutboundMessage, TemplateUse

UPLOAD_SECONDS = 30.0


def send(account: Account, message: OutboundMessage) -> Receipt:
    """Hand one message to Meta. Raises SendError."""
    said = body(account, message)
    answer = account.post(f"{account.phone_number_id}/messages", said, attempt=message.attempt)
    external_id = word(next(iter(parts(answer, "messages")), {}), "id")
    if not external_id:
        raise SendError("WhatsApp's answer could not be read.", ambiguous=True)
    return Receipt(external_id)


def mark_read(account: Account, external_id: str, *, typing: bool) -> None:
    """Show the customer that we have read up to this message, and for 25 seconds (or until we
    answer) that we are writing. Raises SendError."""
    said: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}
    if typing:
        said["typing_indicator"] = {"type": "text"}
    account.post(f"{account.phone_number_id}/messages", said)


def body(account: Account, message: OutboundMessage) -> Json:
    """What is posted. Uploads the file first, if there is one. Raises SendError."""
    said: Json = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient(message),
        **_content(account, message),
    }
    if message.reply_to and message.reaction is None:
        said["context"] = {"message_id": message.reply_to}
    if message.reaction is None:
        said["biz_opaque_callback_data"] = message.reference
    return said


def recipient(message: OutboundMessage) -> dict[str, str]:
    """A phone number goes into `to`; a business-scoped user id, own or parent, into `recipient`:
    in `to` it is reported to be dropped without a word."""
    if message.to_kind == "phone":
        return {"to": "".join(filter(str.isdigit, message.to))}
    return {"recipient": message.to}


def _content(account: Account, message: OutboundMessage) -> Json:
    if message.reaction is not None:
        reaction = {"message_id": message.reply_to, "emoji": message.reaction}
        return {"type": "reaction", "reaction": reaction}
    if message.template is not None:
        return {"type": "template", "template": _template(message.template)}
    if message.attachments:
        return _file(account, message.attachments, message.text)
    # A preview would have Meta fetch every address that an agent writes.
    return {"type": "text", "text": {"body": message.text, "preview_url": False}}


def _template(use: TemplateUse) -> Json:
    said: Json = {
        "name": use.name,
        "language": {"code": use.language, "policy": "deterministic"},
    }
    if use.components:
        said["components"] = list(use.components)
    return said


def _file(account: Account, files: tuple[OutboundFile, ...], caption: str) -> Json:
    if len(files) > 1:
        raise SendError("WhatsApp carries one file a message.", permanent=True)
    file = files[0]
    half = file.content_type.partition("/")[0]
    kind = half if half in {"image", "audio", "video"} else "document"
    said: Json = {"id": _upload(account, file)}
    if caption and kind != "audio":
        said["caption"] = caption
    if kind == "document":
        said["filename"] = file.name
    return {"type": kind, kind: said}


def _upload(account: Account, file: OutboundFile) -> str:
    with file.open() as stream:
        sent = http.File(file.name, stream, file.content_type)
        answer = account.upload(sent, seconds=UPLOAD_SECONDS)
    media_id = word(answer, "id")
    if not media_id:
        raise SendError("WhatsApp's answer to a file could not be read.")
    return media_id
