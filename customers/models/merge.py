"""What a merge moved, so that it can be undone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from customers.models.customer import Customer


class CustomerMerge(models.Model):
    """One customer turned out to be another. `moved` says what went over: ids by kind of row,
    and what the survivor learned. `by` names who decided it."""

    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_away")
    moved = models.JSONField()
    by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at=None), name="a_customer_is_merged_once"
            ),
            models.CheckConstraint(
                condition=~Q(merged=F("survivor")), name="a_customer_is_merged_into_another"
            ),
        ]

    def __str__(self) -> str:
        return f"customer {self.merged_id} into {self.survivor_id}"

    def note(self, **moved: Any) -> None:
        """Write down what else went over."""
        self.moved = {**self.moved, **moved}
        self.save(update_fields=["moved"])
