"""What an agent says about a customer's addresses, and who answers for it: the agent."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from customers.addresses import country_of, matching_key, storable
from customers.identify import prove
from customers.merging import held, hold
from customers.models import Claim, Customer, Identity, Kind
from customers.summary import summarise

TYPED = (Kind.EMAIL, Kind.PHONE)
"""Kinds that a person can write down."""


def vouch(customer: Customer, *, kind: str, value: str, by: str) -> Identity | Claim:
    """Add an address that an agent knows to be this customer's. One that is somebody else's
    already stays a mere claim: whether the two are one person has to be said by merging them.
    Raises ValidationError for what is no address of that kind."""
    if kind not in TYPED:
        raise ValidationError(_("Only mail addresses and phone numbers can be entered."))
    check_form(kind, value)
    with transaction.atomic():
        owner = hold(customer.pk)[customer.pk]
        if owner.merged_into_id:
            raise ValidationError(_("This customer is not there any more."))
        key = matching_key(kind, value)
        claim, _is_new = owner.claims.get_or_create(
            kind=kind,
            key=key,
            settled_at=None,
            defaults={"value": storable(value), "source": f"entered by {by}"[:80]},
        )
        identity = prove(claim, proven_by="agent")
        summarise(owner)
        return identity or claim


def check_form(kind: str, value: str) -> None:
    """Raises ValidationError for what is no address of that kind, in words for a person."""
    if kind == Kind.EMAIL:
        validate_email(value)
    if kind == Kind.PHONE and not country_of(value):
        raise ValidationError(_("With its country code, as in +44 7700 900123."))


def dismiss(claim: Claim) -> None:
    """The address is not this customer's, or nobody needs to know."""
    with transaction.atomic():
        typed = held(claim)
        claim.settled_at = typed.settled_at = typed.settled_at or now()
        typed.save(update_fields=["settled_at"])
        summarise(typed.customer)


def end(identity: Identity) -> None:
    """The address is this customer's no longer; it may become somebody else's."""
    with transaction.atomic():
        known = held(identity)
        identity.ended_at = known.ended_at = known.ended_at or now()
        known.save(update_fields=["ended_at"])
        summarise(known.customer)


def share(identity: Identity, *, is_shared: bool) -> None:
    """Say whether several people use this address: then it never joins tickets."""
    identity.is_shared = is_shared
    identity.save(update_fields=["is_shared"])
