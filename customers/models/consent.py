"""Who may be written to where: a ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from customers.models.identity import Kind


class Consent(models.Model):
    """One line of the ledger: from `at` on this address may, or may not, be written to by this
    sender of ours for this purpose. Rows are only ever added; the newest counts."""

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=320)
    medium = models.CharField(max_length=20)
    sender = models.CharField(max_length=254)
    purpose = models.CharField(max_length=40, default="support")
    allowed = models.BooleanField()
    source = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["kind", "key", "medium", "sender", "purpose", "-at", "-id"],
                name="consent_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {'yes' if self.allowed else 'no'}"
