"""Who it is, in Meta's three ways of saying it.

https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids: a parent id covers linked
portfolios, an id covers one, a phone number may be withheld. The most specific one leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels_app.adapters.whatsapp.reading import Json, part, parts, word
from channels_app.messages import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "whatsapp_user"
type People = tuple[Address, ...]


def sender_of(message: Json, contacts: list[Json], *, scope: str) -> People:
    """Who wrote a message; empty when nobody is named."""
    contact = _contact(contacts, user=word(message, "from_user_id"), phone=word(message, "from"))
    return addresses(
        parent=word(message, "from_parent_user_id") or word(contact, "parent_user_id"),
        user=word(message, "from_user_id") or word(contact, "user_id"),
        phone=word(message, "from") or word(contact, "wa_id"),
        name=word(part(contact, "profile"), "name"),
        scope=scope,
    ) + own_number(message)


def recipient_of(echo: Json, contacts: list[Json], *, scope: str) -> People:
    """To whom a message went that was written on the phone."""
    contact = _contact(contacts, user=word(echo, "to_user_id"), phone=word(echo, "to"))
    return addresses(
        parent=word(echo, "to_parent_user_id") or word(contact, "parent_user_id"),
        user=word(echo, "to_user_id") or word(contact, "user_id"),
        phone=word(echo, "to") or word(contact, "wa_id"),
        name=word(part(contact, "profile"), "name"),
        scope=scope,
    )


def addresses(*, parent: str, user: str, phone: str, scope: str, name: str = "") -> People:
    """One person's addresses, most specific first."""
    found = [(USER, parent, scope), (USER, user, scope), ("phone", number(phone), "")]
    return tuple(
        Address(kind, value, scope=where, name=name) for kind, value, where in found if value
    )


def shown(people: People, message: Json, contacts: list[Json]) -> str:
    """How agents know this person: by number, else by the name they chose on WhatsApp."""
    phone = next((one.value for one in people if one.kind == "phone"), "")
    contact = _contact(contacts, user=word(message, "from_user_id"), phone=word(message, "from"))
    username = word(part(contact, "profile"), "username").lstrip("@")
    return phone or (f"@{username}" if username else "")


def number(wa_id: str) -> str:
    """A phone number as everybody else writes it; answers go to exactly these digits."""
    return f"+{wa_id}" if wa_id.isascii() and wa_id.isdecimal() else wa_id


def own_number(message: Json) -> People:
    """The number in a contact card that answers our request for it: the one kind of card that
    WhatsApp vouches for."""
    return tuple(Address("phone", one) for one in _requested(message))[:1]


def _requested(message: Json) -> Iterator[str]:
    for card in parts(message, "contacts"):
        if "contact_request" in (word(message, "origin"), word(card, "origin")):
            for phone in parts(card, "phones"):
                said = number(word(phone, "wa_id")) or word(phone, "phone")
                if said:
                    yield said


def _contact(contacts: list[Json], *, user: str, phone: str) -> Json:
    """The entry of `contacts` that is about this person. One alone is, when it says nothing
    else."""
    for contact in contacts:
        if (user and word(contact, "user_id") == user) or (
            phone and word(contact, "wa_id") == phone
        ):
            return contact
    is_named = bool(user or phone)
    alone = contacts[0] if len(contacts) == 1 else {}
    contradicts = (user and word(alone, "user_id")) or (phone and word(alone, "wa_id"))
    return {} if is_named and contradicts else alone
