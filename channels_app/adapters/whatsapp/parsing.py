"""Meta's webhooks as values: what customers said and did, and what became of our messages.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components. One call may hold
several accounts, changes, messages and statuses. Fields we did not ask for say nothing to us;
the journal keeps them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from channels_app.adapters.whatsapp import people
from channels_app.adapters.whatsapp.contents import content_of
from channels_app.adapters.whatsapp.errors import code_and_words, meaning
from channels_app.adapters.whatsapp.forgetting import FORGOTTEN
from channels_app.adapters.whatsapp.reading import (
    Json,
    load,
    moment,
    number,
    part,
    parts,
    without_empty,
    word,
)
from channels_app.errors import UnreadablePayload
from channels_app.messages import (
    Deletion,
    DeliveryUpdate,
    Edit,
    IdentityChange,
    InboundMessage,
    Reaction,
    TemplateUpdate,
    Unread,
)

if TYPE_CHECKING:
    from channels_app.messages import Inbound, RawEvent, ReportedStatus, Side

# https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows
WINDOW = timedelta(hours=24)
REPORTED: dict[str, ReportedStatus] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
TEMPLATE_FIELDS = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
    }
)
AFTERTHOUGHTS = frozenset({"reaction", "edit", "revoke"})
# Nothing was said: a chat was merely opened for the first time.
SILENT = frozenset({"request_welcome"})


@dataclass(frozen=True, slots=True)
class _Call:
    """What the parts of one change have in common."""

    account: str
    scope: str
    contacts: list[Json]
    received_at: datetime

    def moment(self, said: Json) -> datetime:
        return moment(said, "timestamp", latest=self.received_at)


def parse(event: RawEvent, *, portfolio: str = "") -> list[Inbound]:
    """What the call says. `portfolio` is what user ids are unique within; "" for the WhatsApp
    account the call is about. Raises UnreadablePayload."""
    said = load(event.body)
    if word(said, "object") != "whatsapp_business_account":
        raise UnreadablePayload("this is not about a WhatsApp business account")
    return [
        item
        for entry in parts(said, "entry")
        for change in parts(entry, "changes")
        for item in _change(change, owner=word(entry, "id"), portfolio=portfolio, event=event)
    ]


def _change(change: Json, *, owner: str, portfolio: str, event: RawEvent) -> Iterator[Inbound]:
    field, value = word(change, "field"), part(change, "value")
    if field in TEMPLATE_FIELDS:
        yield _template_update(value, owner=owner)
        return
    call = _Call(
        account=word(part(value, "metadata"), "phone_number_id"),
        scope=portfolio or owner,
        contacts=parts(value, "contacts"),
        received_at=event.received_at,
    )
    if field == "messages":
        yield from _messages(value, call)
    elif field == "smb_message_echoes":
        for echo in parts(value, "message_echoes"):
            yield from _said(echo, call, by="us")


def _messages(value: Json, call: _Call) -> Iterator[Inbound]:
    messages, statuses = parts(value, "messages"), parts(value, "statuses")
    for message in messages:
        yield from _said(message, call, by="customer")
    for status in statuses:
        yield _status(status, call)
    if not (messages or statuses):
        for error in parts(value, "errors"):
            code, words = code_and_words(error)
            yield Unread(f"WhatsApp reports error {code}: {words}")


def _said(message: Json, call: _Call, *, by: Side) -> Iterator[Inbound]:
    kind = word(message, "type")
    if kind in SILENT or message.get(FORGOTTEN) is True:
        return
    if kind == "system":
        yield _identity_change(message, call)
    elif kind in AFTERTHOUGHTS:
        yield _afterthought(message, call, by=by)
    else:
        yield _message(message, call, by=by)


def _afterthought(message: Json, call: _Call, *, by: Side) -> Inbound:
    """A reaction, an edit or a deletion: about a message, no message itself."""
    kind, at = word(message, "type"), call.moment(message)
    said = part(message, kind)
    about = word(said, "message_id") or word(said, "original_message_id")
    if not about:
        return Unread(f"a {kind} names no message")
    if kind == "reaction":
        return Reaction(call.account, about, by, word(said, "emoji"), at)
    if kind == "edit":
        return _edit(part(said, "message"), call, about=about, by=by, at=at)
    return Deletion(call.account, about, by, at)


def _edit(changed: Json, call: _Call, *, about: str, by: Side, at: datetime) -> Inbound:
    """The new words; what can't be read must not wipe out the old ones."""
    content = content_of(changed)
    if content.kind == "unsupported":
        return Unread(f"an edit of {about} holds no message")
    return Edit(call.account, about, by, content.text, at)


def _message(message: Json, call: _Call, *, by: Side) -> Inbound:
    who = people.recipient_of if by == "us" else people.sender_of
    sender = who(message, call.contacts, scope=call.scope)
    if not (sender and call.account):
        return Unread("a message names no sender" if call.account else "no phone number ID")
    content, sent_at = content_of(message), call.moment(message)
    external_id, answered = word(message, "id"), word(part(message, "context"), "id")
    return InboundMessage(
        account=call.account,
        external_id=external_id,
        dedupe_key=(external_id if len(external_id) < 255 else "") or _digest(message),
        sender=sender,
        shown_sender=people.shown(sender, message, call.contacts),
        text=content.text,
        full_text=content.text,
        kind=content.kind,
        payload=content.payload,
        attachments=content.attachments,
        references=(answered,) if answered else (),
        authentication="pass",
        sent_at=sent_at,
        opens_window_until=sent_at + WINDOW if by == "customer" else None,
        is_echo=by == "us",
    )


def _identity_change(message: Json, call: _Call) -> Inbound:
    """A new number, a new user id, or the same ones on a new device (`current` is empty)."""
    said = part(message, "system")
    before = people.addresses(
        parent=word(said, "previous_parent_user_id") or word(message, "from_parent_user_id"),
        user=word(said, "previous_user_id") or word(message, "from_user_id"),
        phone=word(message, "from"),
        scope=call.scope,
    )
    after = people.addresses(
        parent=word(said, "parent_user_id"),
        user=word(said, "user_id"),
        phone=word(said, "wa_id"),
        scope=call.scope,
    )
    if word(said, "type") == "customer_identity_changed":
        after = ()
    if not before:
        return Unread("a system message names nobody")
    return IdentityChange(call.account, before, after, call.moment(message))


def _status(status: Json, call: _Call) -> Inbound:
    reported, external_id = REPORTED.get(word(status, "status")), word(status, "id")
    if reported is None or not external_id:
        return Unread(f"unknown message status {word(status, 'status')!r}")
    code, said = code_and_words(next(iter(parts(status, "errors")), {}))
    it, has_failed = meaning(code, said=said), reported == "failed"
    return DeliveryUpdate(
        account=call.account,
        external_id=external_id,
        status=reported,
        at=call.moment(status),
        error_code=code if has_failed else "",
        error_text=it.text if has_failed else "",
        undeliverable=has_failed and it.undeliverable,
        channel_is_broken=has_failed and it.channel_is_broken,
        closes_window=has_failed and it.closes_window,
        reference=word(status, "biz_opaque_callback_data"),
        pricing=_pricing(part(status, "pricing")),
        free_entry_until=_free_entry(status),
    )


def _pricing(said: Json) -> Json | None:
    words = {name: word(said, name) for name in ("pricing_model", "type", "category")}
    kept = without_empty({"billable": said.get("billable"), **words})
    return kept or None


def _free_entry(status: Json) -> datetime | None:
    """The end of the 72 free hours after an ad was answered: the one conversation whose end
    counts beyond its price."""
    conversation = part(status, "conversation")
    ends = number(conversation, "expiration_timestamp")
    if word(part(conversation, "origin"), "type") != "referral_conversion" or ends is None:
        return None
    return datetime.fromtimestamp(ends, UTC) if 0 < ends < 2**33 else None


def _template_update(value: Json, *, owner: str) -> TemplateUpdate:
    return TemplateUpdate(
        owner=owner,
        name=word(value, "message_template_name"),
        language=word(value, "message_template_language"),
        status=word(value, "event"),
    )


def _digest(message: Json) -> str:
    return hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
