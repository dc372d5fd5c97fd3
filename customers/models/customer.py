"""A person who writes to us."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now


class Customer(models.Model):
    """A person. Whatever identifies them stands in their identities; what somebody merely
    typed, in their claims."""

    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=35, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name or f"Customer {self.pk}"

    @property
    def first_name(self) -> str:
        """What to call them in a greeting; "" when no name is known."""
        return self.name.split(" ", 1)[0]
