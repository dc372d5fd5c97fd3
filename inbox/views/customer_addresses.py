"""Addresses of a customer: each view one verb of inbox.contact_details."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from customers.models import Claim, Identity
from inbox import contact_details
from inbox.access import customers_visible_to
from inbox.models import ContactPoint
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.on_customer import change


@for_agents
@require_POST
def add(request: DeskRequest, number: int) -> HttpResponse:
    """Add the mail address or phone number in `value`."""
    customer = get_object_or_404(customers_visible_to(request.user), pk=number)
    value = request.POST.get("value", "")
    facts = {"kind": "email" if "@" in value else "phone", "value": value}
    verb = contact_details.add_address
    return change(request, customer, lambda: verb(customer, by=request.user, **facts))


@for_agents
@require_POST
def confirm(request: DeskRequest, number: int) -> HttpResponse:
    """Say that a claimed address is theirs."""
    claim = _claim(request, number)
    return change(request, claim.customer, lambda: contact_details.confirm(claim))


@for_agents
@require_POST
def dismiss(request: DeskRequest, number: int) -> HttpResponse:
    """Say that a claimed address is of no use."""
    claim = _claim(request, number)
    return change(request, claim.customer, lambda: contact_details.dismiss(claim))


@for_agents
@require_POST
def end(request: DeskRequest, number: int) -> HttpResponse:
    """Say that an address is theirs no longer."""
    identity = _identity(request, number)
    return change(request, identity.customer, lambda: contact_details.end(identity))


@for_agents
@require_POST
def share(request: DeskRequest, number: int) -> HttpResponse:
    """Say whether several people use an address (`shared`: yes or no)."""
    identity = _identity(request, number)
    is_shared = request.POST.get("shared") == "yes"
    verb = contact_details.share
    return change(request, identity.customer, lambda: verb(identity, is_shared=is_shared))


@for_agents
@require_POST
def block(request: DeskRequest, number: int) -> HttpResponse:
    """Hear no more from an address on one channel, or hear it again (`blocked`: yes or no)."""
    seen = customers_visible_to(request.user)
    points = ContactPoint.objects.filter(customer__in=seen).select_related("customer")
    point = get_object_or_404(points, pk=number)
    is_blocked = request.POST.get("blocked") == "yes"
    verb = contact_details.block if is_blocked else contact_details.unblock
    return change(request, point.customer, lambda: verb(point, by=request.user))


def _claim(request: DeskRequest, number: int) -> Claim:
    claims = Claim.objects.filter(customer__in=customers_visible_to(request.user))
    return get_object_or_404(claims.select_related("customer"), pk=number, settled_at=None)


def _identity(request: DeskRequest, number: int) -> Identity:
    identities = Identity.objects.filter(customer__in=customers_visible_to(request.user))
    return get_object_or_404(identities.select_related("customer"), pk=number, ended_at=None)
