"""/customers/: who they are, and everything that was said with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Customer
from inbox import access, contact_details
from inbox.api import rows, timeline
from inbox.api.once import HEADER, once
from inbox.api.pages import page_of
from inbox.api.problems import Problem
from inbox.api.shapes import CustomerShape, IdentityShape
from inbox.api.strict import NewAddress, PageQuery, Strict
from inbox.api.view import ApiView
from inbox.models import Agent
from inbox.search import customers_matching


class CustomerQuery(PageQuery):
    q = serializers.CharField(
        required=False, help_text="Words of a name or an address, the last by its beginning."
    )


class CustomerChange(Strict):
    """Only what is to change."""

    name = serializers.CharField(max_length=200, allow_blank=True)
    language = serializers.CharField(max_length=10, allow_blank=True)
    timezone = serializers.CharField(max_length=64, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=50), max_length=50)
    attributes = serializers.DictField(
        child=serializers.JSONField(), help_text="Replaces all attributes."
    )


class NewCustomer(CustomerChange):
    """Somebody the desk has not heard of; you vouch for the addresses."""

    identities = serializers.ListField(child=NewAddress(), max_length=20)


class Customers(ApiView):
    query = CustomerQuery

    @extend_schema(
        operation_id="customers_list",
        parameters=[CustomerQuery],
        responses=page_of(CustomerShape),
    )
    def get(self, request: Request) -> Response:
        """Customers with a ticket you may see or with none at all, the newest first."""
        found = access.customers_visible_to(self.agent)
        if "q" in self.asked:
            found = customers_matching(found, self.asked["q"])
        return self.page(rows.customers(found), CustomerShape, along="-id")

    @extend_schema(
        operation_id="customers_add",
        request=NewCustomer,
        responses={201: CustomerShape},
        parameters=[HEADER],
    )
    @once
    def post(self, request: Request) -> Response:
        """Add a customer. 409 `address-taken`: one of the addresses is somebody else's."""
        facts = self.sent(NewCustomer, partial=True)
        addresses = [(one["kind"], one["value"]) for one in facts.pop("identities", [])]
        with _taken_told(self.agent):
            customer = contact_details.introduce(addresses, by=self.agent, **facts)
        return _shown(customer, status=201)


class OneCustomer(ApiView):
    @extend_schema(operation_id="customers_read", responses=CustomerShape)
    def get(self, request: Request, pk: int) -> Response:
        """One customer with proven addresses and claims."""
        return _shown(seen_customer(self.agent, pk))

    @extend_schema(operation_id="customers_change", request=CustomerChange, responses=CustomerShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is known of a customer."""
        customer = seen_customer(self.agent, pk)
        contact_details.describe(customer, **self.sent(CustomerChange, partial=True))
        return _shown(customer)


class CustomerIdentities(ApiView):
    @extend_schema(
        operation_id="customers_add_identity",
        request=NewAddress,
        responses={201: IdentityShape},
        parameters=[HEADER],
    )
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Add an address you vouch for. 409 `address-taken`: it is somebody else's."""
        customer = seen_customer(self.agent, pk)
        with _taken_told(self.agent):
            identity = contact_details.own(customer, **self.sent(NewAddress), by=self.agent)
        return Response(IdentityShape(identity).data, status=201)


class CustomerTimeline(ApiView):
    query = PageQuery

    @extend_schema(
        operation_id="customers_timeline",
        parameters=[PageQuery],
        responses=page_of(timeline.TimelineItem),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Everything said and done in the tickets you may see, all channels in one order."""
        customer = seen_customer(self.agent, pk)
        tickets = access.tickets_visible_to(self.agent).filter(customer=customer)
        return Response(timeline.page(tickets, request, self.asked))


def seen_customer(agent: Agent, pk: int) -> Customer:
    """The customer, or whom they were merged into. Raises Http404 when the agent sees nobody."""
    seen = access.customers_visible_to(agent)
    found = seen.filter(pk=pk).first()
    if found is not None:
        return found
    merged = get_object_or_404(Customer.objects.exclude(merged_into=None), pk=pk)
    return get_object_or_404(seen, pk=merged.survivor.pk)


def _shown(customer: Customer, *, status: int = 200) -> Response:
    row = rows.customers(Customer.objects.filter(pk=customer.pk)).get()
    return Response(CustomerShape(row).data, status)


@contextmanager
def _taken_told(agent: Agent) -> Iterator[None]:
    """Whose the address is, is told only to those who may see them."""
    try:
        yield
    except contact_details.Taken as taken:
        seen = access.customers_visible_to(agent).filter(pk=taken.owner.customer_id)
        more = {"customer": taken.owner.customer_id} if seen.exists() else {}
        raise Problem(409, "address-taken", str(taken), **more) from taken
