"""/customers/: who they are, and everything that was said with them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customers.addresses import matching_key
from customers.models import Customer, Identity
from inbox import access
from inbox.api import rows, timeline
from inbox.api.pages import page_of
from inbox.api.shapes import CustomerShape
from inbox.api.strict import PageQuery, Strict
from inbox.api.view import ApiView


class CustomerQuery(PageQuery):
    q = serializers.CharField(required=False, help_text="Part of a name, or a whole address.")


class CustomerChange(Strict):
    """Only what is to change."""

    name = serializers.CharField(max_length=200, allow_blank=True)
    language = serializers.CharField(max_length=10, allow_blank=True)
    timezone = serializers.CharField(max_length=64, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=50), max_length=50)
    attributes = serializers.DictField(
        child=serializers.JSONField(), help_text="Replaces all attributes."
    )


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
            found = found.filter(_named_or_at(self.asked["q"]))
        return self.page(rows.customers(found), CustomerShape, along="-id")


class OneCustomer(ApiView):
    @extend_schema(operation_id="customers_read", responses=CustomerShape)
    def get(self, request: Request, pk: int) -> Response:
        """One customer with proven addresses and claims."""
        return Response(CustomerShape(self._customer(pk)).data)

    @extend_schema(operation_id="customers_change", request=CustomerChange, responses=CustomerShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is known of a customer."""
        customer = self._customer(pk)
        wanted = self.sent(CustomerChange, partial=True)
        for field, value in wanted.items():
            setattr(customer, field, value)
        customer.save(update_fields=list(wanted))
        return Response(CustomerShape(customer).data)

    def _customer(self, pk: int) -> Customer:
        seen: QuerySet[Customer] = access.customers_visible_to(self.agent)
        return get_object_or_404(rows.customers(seen), pk=pk)


class CustomerTimeline(ApiView):
    query = PageQuery

    @extend_schema(
        operation_id="customers_timeline",
        parameters=[PageQuery],
        responses=page_of(timeline.TimelineItem),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Everything said and done in the tickets you may see, all channels in one order."""
        customer = get_object_or_404(access.customers_visible_to(self.agent), pk=pk)
        tickets = access.tickets_visible_to(self.agent).filter(customer=customer)
        return Response(timeline.page(tickets, request, self.asked))


def _named_or_at(text: str) -> Q:
    keys: dict[str, Any] = {kind: matching_key(kind, text) for kind in ("email", "phone")}
    at = [Q(kind=kind, key=key) for kind, key in keys.items() if key]
    owners = Identity.objects.filter(at[0] if len(at) == 1 else at[0] | at[1], ended_at=None)
    return Q(name__icontains=text) | Q(pk__in=owners.values("customer"))
