"""Who is chatting: random tokens that the desk hands out and remembers only by their digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from channels_app.messages import Address
from channels_app.models import Channel
from customers.addresses import matching_key
from customers.identify import identify
from customers.merging import held
from customers.models import Claim, Customer, Identity
from customers.summary import summarise
from inbox import live
from inbox.models import LiveEvent, Visitor
from inbox.widget.refusals import Refusal

SIGHT_EVERY = timedelta(minutes=5)
CLAIMABLE = ("email", "phone")
MAX_VALUE = 200
LONGEST_NAME = 40
MAX_ATTRIBUTES = 20
MAX_CLAIMS = 5
SITE = "site."
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


def begin(channel: Channel) -> tuple[Visitor, str]:
    """A new anonymous visitor and their token, which nobody can look up again."""
    token = new_token()
    visitor = Visitor.objects.create(channel=channel, handle=_handle(), token_hash=digest(token))
    return visitor, token


def recognise(channel: Channel, token: str) -> Visitor | None:
    """The visitor of a token, noted as seen now; None when it is none of this channel's."""
    if not token:
        return None
    visitor = Visitor.objects.filter(channel=channel, token_hash=digest(token)).first()
    now = timezone.now()
    if visitor and visitor.seen_at < now - SIGHT_EVERY:
        Visitor.objects.filter(pk=visitor.pk).update(seen_at=now)
    return visitor


def forget(visitor: Visitor) -> None:
    """The token is worth nothing from now on. What was said stays with the desk."""
    with transaction.atomic():
        hang_up(visitor)
        visitor.delete()


def hang_up(visitor: Visitor) -> None:
    """Close the sockets that listen to what this visitor may hear; who still may, calls again."""
    LiveEvent.objects.create(kind="access", audience=[visitor.live_group])
    transaction.on_commit(live.ring)


def note_language(visitor: Visitor, language: Any) -> None:
    """Note the language the chat is shown in: mails to this visitor are written in it."""
    code = str(language)
    if code in dict(settings.LANGUAGES) and code != visitor.language:
        visitor.language = code
        visitor.save(update_fields=["language"])


def describe(visitor: Visitor, profile: dict[str, Any]) -> None:
    """Note what a visitor says of themselves: name, email, phone. What the website has vouched
    for stays. Raises ValidationError for an address that is none."""
    said = {
        name: one_line(profile[name])
        for name in ("name", *CLAIMABLE)
        if profile.get(name) and not visitor.profile.get(f"{name}_verified")
    }
    if "email" in said:
        validate_email(said["email"])
    if "phone" in said and sum(letter.isdigit() for letter in said["phone"]) < 5:
        raise ValidationError("This is no phone number.")
    with _changing(visitor):
        visitor.profile = visitor.profile | said
        if visitor.point() is not None:
            known = identify(addresses_of(visitor), name=said.get("name", ""))
            note_claims(visitor, held(known).customer)


def add_attributes(visitor: Visitor, attributes: dict[str, Any]) -> None:
    """Note facts that the website tells of its visitor: at most 20, shown to agents with "site."
    before their names, because anybody with a browser can say them."""
    told = {
        one_line(name)[:LONGEST_NAME]: one_line(value)
        for name, value in attributes.items()
        if isinstance(value, str | int | float)
    }
    with _changing(visitor):
        known = visitor.profile.get("attributes", {}) | told
        visitor.profile["attributes"] = dict(list(known.items())[:MAX_ATTRIBUTES])
        point = visitor.point()
        if point is not None and point.identity is not None:
            note_claims(visitor, held(point.identity).customer)


def note_claims(visitor: Visitor, customer: Customer) -> None:
    """Write down on the customer, whose row is locked, what the visitor merely says: addresses
    as claims, each once, and what their website tells of them. Of both the newest few."""
    attributes = visitor.profile.get("attributes", {})
    if attributes:
        told = {f"{SITE}{name}": value for name, value in attributes.items()}
        customer.attributes = _with_the_newest(customer.attributes, told)
        customer.save(update_fields=["attributes"])
    for kind in CLAIMABLE:
        value = visitor.profile.get(kind, "")
        if value and not visitor.profile.get(f"{kind}_verified"):
            _claim(customer, kind, value)


def addresses_of(visitor: Visitor) -> tuple[Address, ...]:
    """The proven addresses of a visitor, most specific first."""
    kind, value = visitor.address
    name = visitor.profile.get("name", "")
    own = Address(kind, value, scope=visitor.channel.key, name=name)
    vouched = [one for one in CLAIMABLE if visitor.profile.get(f"{one}_verified")]
    return own, *(Address(one, visitor.profile[one]) for one in vouched)


def one_line(said: Any) -> str:
    """What somebody typed or a website told, without what no database and no list can hold."""
    printable = "".join(one if one.isprintable() else " " for one in str(said))
    return " ".join(printable.split())[:MAX_VALUE]


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _handle() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(16))


@contextmanager
def _changing(visitor: Visitor) -> Iterator[None]:
    """The profile as it is by now, locked, and kept afterwards: a page says several things at
    once. Raises Refusal when the token has ended meanwhile."""
    with transaction.atomic():
        locked = Visitor.objects.select_for_update(no_key=True).filter(pk=visitor.pk).first()
        if locked is None:
            raise Refusal(401, "unknown-visitor")
        visitor.profile = locked.profile
        yield
        visitor.save(update_fields=["profile"])


def _with_the_newest(attributes: dict[str, Any], told: dict[str, str]) -> dict[str, Any]:
    """Many browsers may tell of one account, and each of other things: their sum has an end."""
    own = {name: value for name, value in attributes.items() if not name.startswith(SITE)}
    known = {name: attributes[name] for name in attributes.keys() - own.keys() - told.keys()}
    return own | dict([*known.items(), *told.items()][-MAX_ATTRIBUTES:])


def _claim(customer: Customer, kind: str, value: str) -> None:
    key = matching_key(kind, value)
    owned = Identity.objects.filter(customer=customer, kind=kind, key=key, ended_at=None)
    if owned.exists() or customer.claims.filter(kind=kind, key=key).exists():
        return
    typed = customer.claims.filter(kind=kind, source="chat").order_by("pk")
    if typed.count() >= MAX_CLAIMS:
        # Whoever types one address after the other is known by the last few, not by thousands.
        Claim.objects.filter(pk__in=typed.filter(settled_at=None)[:1]).delete()
    customer.claims.create(kind=kind, value=value, key=key, source="chat")
    summarise(customer)
