"""What Meta tells beside messages and what became of ours: calls, wishes, and news of accounts.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from channels_app.adapters.whatsapp import people
from channels_app.adapters.whatsapp.about import WINDOW, About
from channels_app.adapters.whatsapp.reading import Json, moment, number, parts, word
from channels_app.messages import Aside, InboundMessage, Opening, Preference, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels_app.messages import Inbound

LONGEST = 1_000_000  # seconds of a call
WISHES = {"stop": False, "resume": True}
# Chats, contacts and groups of the phone app have no place in a ticket; the rest is for the
# account's owner, who reads it at Meta.
LEFT_OUT = {
    "history": "older chats of the phone app",
    "smb_app_state_sync": "the contacts of the phone app",
}


def calls(value: Json, about: About) -> Iterator[Inbound]:
    """Every call that is over. What comes before, the offer to take it, is for telephones:
    nobody can take a call here.

    https://developers.facebook.com/docs/whatsapp/cloud-api/calling/reference
    """
    for said in parts(value, "calls"):
        if word(said, "event").lower() == "terminate":
            yield _call(said, about)


def opening(said: Json, about: About) -> Inbound:
    """Somebody opened the chat for the first time."""
    sender = people.sender_of(said, about.contacts, scope=about.scope)
    if not (sender and about.account):
        return Unread("an opened chat names nobody")
    name = people.shown(sender, said, about.contacts)
    return Opening(about.account, sender, about.moment(said), name)


def preference(said: Json, about: About) -> Inbound:
    """Somebody wants marketing messages no longer, or again.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
    """
    allowed, category = WISHES.get(word(said, "value")), word(said, "category")
    named = {"from": said.get("wa_id"), "from_user_id": said.get("user_id")}
    named["from_parent_user_id"] = said.get("parent_user_id")
    person = people.sender_of(named, about.contacts, scope=about.scope)
    if allowed is None or category != "marketing_messages" or not (person and about.account):
        return Unread(f"an unknown preference: {category} {word(said, 'value')}".rstrip())
    return Preference(
        account=about.account,
        person=person,
        purpose="marketing",
        allowed=allowed,
        at=about.moment(said),
        source=f"WhatsApp: {word(said, 'detail')}".rstrip(" :"),
    )


def aside(field: str, value: Json) -> Aside:
    """News that is kept in the journal only, in words for an admin."""
    if field in LEFT_OUT:
        return Aside(f"Not taken over: {LEFT_OUT[field]} ({field}).")
    if field.startswith("group_"):
        return Aside(f"Not taken over: news of a group ({field}).")
    event = word(value, "event") or word(value, "alert_type") or word(value, "current_limit")
    return Aside(f"Meta tells of {field}" + (f": {event}." if event else "."))


def _call(said: Json, about: About) -> Inbound:
    is_ours = word(said, "direction") == "BUSINESS_INITIATED"
    who = people.recipient_of if is_ours else people.sender_of
    person = who(said, about.contacts, scope=about.scope)
    seconds = int(min(max(number(said, "duration") or 0, 0), LONGEST))
    if not (person and about.account and word(said, "id")):
        return Unread("a call names nobody")
    if is_ours and not seconds:
        return Aside("A call of ours was not answered.")
    # It has no id that a reaction or a receipt could name.
    message = InboundMessage(
        account=about.account,
        dedupe_key=word(said, "id")[:255],
        sender=person,
        shown_sender=people.shown(person, said, about.contacts),
        text=f"Call, {seconds // 60}:{seconds % 60:02}" if seconds else "Missed call",
        kind="call",
        payload={"call": {"seconds": seconds}},
        authentication="pass",
        sent_at=moment(said, "start_time", latest=about.moment(said)),
        is_echo=is_ours,
    )
    opens_until = None if is_ours else message.sent_at + WINDOW
    return replace(message, full_text=message.text, opens_window_until=opens_until)
