"""Meta's webhooks as values: what customers said and did, and what became of our messages.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components. One call may hold
several accounts, changes, messages and statuses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from channels_app.adapters.whatsapp import news, people
from channels_app.adapters.whatsapp.about import WINDOW, About
from channels_app.adapters.whatsapp.contents import content_of
from channels_app.adapters.whatsapp.errors import code_and_words, meaning
from channels_app.adapters.whatsapp.forgetting import FORGOTTEN
from channels_app.adapters.whatsapp.reading import (
    Json,
    load,
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
    about = About(
        account=word(part(value, "metadata"), "phone_number_id"),
        scope=portfolio or owner,
        contacts=parts(value, "contacts"),
        received_at=event.received_at,
    )
    if field == "messages":
        yield from _messages(value, about)
    elif field == "smb_message_echoes":
        for echo in parts(value, "message_echoes"):
            yield from _said(echo, about, by="us")
    elif field == "user_preferences":
        for wish in parts(value, "user_preferences"):
            yield news.preference(wish, about)
    elif field == "calls":
        yield from news.calls(value, about)
    else:
        yield news.aside(field, value)


def _messages(value: Json, about: About) -> Iterator[Inbound]:
    messages, statuses = parts(value, "messages"), parts(value, "statuses")
    for message in messages:
        yield from _said(message, about, by="customer")
    for status in statuses:
        yield _status(status, about)
    if not (messages or statuses):
        for error in parts(value, "errors"):
            code, words = code_and_words(error)
            yield Unread(f"WhatsApp reports error {code}: {words}")


def _said(message: Json, about: About, *, by: Side) -> Iterator[Inbound]:
    kind = word(message, "type")
    if message.get(FORGOTTEN) is True:
        return
    if kind == "request_welcome":
        yield news.opening(message, about)
    elif kind == "system":
        yield _identity_change(message, about)
    elif kind in AFTERTHOUGHTS:
        yield _afterthought(message, about, by=by)
    else:
        yield _message(message, about, by=by)


def _afterthought(message: Json, about: About, *, by: Side) -> Inbound:
    """A reaction, an edit or a deletion: about a message, no message itself."""
    kind, at = word(message, "type"), about.moment(message)
    said = part(message, kind)
    named = word(said, "message_id") or word(said, "original_message_id")
    if not named:
        return Unread(f"a {kind} names no message")
    if kind == "reaction":
        return Reaction(about.account, named, by, word(said, "emoji"), at)
    if kind == "revoke":
        return Deletion(about.account, named, by, at)
    content = content_of(part(said, "message"))
    if content.kind == "unsupported":
        # What can't be read must not wipe out what stands there.
        return Unread(f"an edit of {named} holds no message")
    return Edit(about.account, named, by, content.text, at)


def _message(message: Json, about: About, *, by: Side) -> Inbound:
    who = people.recipient_of if by == "us" else people.sender_of
    sender = who(message, about.contacts, scope=about.scope)
    if not (sender and about.account):
        return Unread("a message names no sender" if about.account else "no phone number ID")
    content, sent_at = content_of(message), about.moment(message)
    external_id, answered = word(message, "id"), word(part(message, "context"), "id")
    # What somebody says in a group lets nobody write to them alone.
    group = word(message, "group_id")
    return InboundMessage(
        account=about.account,
        external_id=external_id,
        dedupe_key=(external_id if len(external_id) < 255 else "") or _digest(message),
        sender=sender,
        shown_sender=people.shown(sender, message, about.contacts),
        text=content.text,
        full_text=content.text,
        kind=content.kind,
        payload=content.payload,
        attachments=content.attachments,
        references=(answered,) if answered else (),
        authentication="pass",
        sent_at=sent_at,
        opens_window_until=sent_at + WINDOW if by == "customer" and not group else None,
        is_echo=by == "us",
    )


def _identity_change(message: Json, about: About) -> Inbound:
    """A new number, a new user id, or the same ones on a new device (`current` is empty)."""
    said = part(message, "system")
    before = people.addresses(
        parent=word(said, "previous_parent_user_id") or word(message, "from_parent_user_id"),
        user=word(said, "previous_user_id") or word(message, "from_user_id"),
        phone=word(message, "from"),
        scope=about.scope,
    )
    after = people.addresses(
        parent=word(said, "parent_user_id"),
        user=word(said, "user_id"),
        phone=word(said, "wa_id"),
        scope=about.scope,
    )
    if word(said, "type") == "customer_identity_changed":
        after = ()
    if not before:
        return Unread("a system message names nobody")
    return IdentityChange(about.account, before, after, about.moment(message))


def _status(status: Json, about: About) -> Inbound:
    reported, external_id = REPORTED.get(word(status, "status")), word(status, "id")
    if reported is None or not external_id:
        return Unread(f"unknown message status {word(status, 'status')!r}")
    code, said = code_and_words(next(iter(parts(status, "errors")), {}))
    it, has_failed = meaning(code, said=said), reported == "failed"
    return DeliveryUpdate(
        account=about.account,
        external_id=external_id,
        status=reported,
        at=about.moment(status),
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
