"""A person who writes to us."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Ways to narrow customers down; who may see which is decided in inbox.access alone."""

    def living(self) -> Self:
        """Customers that still are one: merged ones live on in their survivor."""
        return self.filter(merged_into=None)


class Customer(models.Model):
    """A person. Whatever identifies them stands in their identities; what somebody merely
    typed, in their claims.

    `label` is their best address as people read it and `words` is what search looks through;
    customers.summary keeps both. One that was merged owns nothing until that is undone.
    """

    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=35, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True)
    label = models.CharField(max_length=320, blank=True, editable=False)
    words = models.TextField(blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged",
    )
    created_at = models.DateTimeField(default=now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="a_customer_is_not_merged_into_themselves",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.label or f"Customer {self.pk}"

    @property
    def first_name(self) -> str:
        """What to call them in a greeting; "" when no name is known."""
        return self.name.split(" ", 1)[0]

    @property
    def survivor(self) -> Customer:
        """The customer this one lives on in; themselves when they were never merged."""
        customer = self
        while customer.merged_into is not None:
            customer = customer.merged_into
        return customer
