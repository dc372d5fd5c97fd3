"""What a merge moved, so that it can be undone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from inbox.models.agent import Agent
from inbox.models.ticket import Ticket


class TicketMerge(models.Model):
    """One ticket went into another. `moved` names the strands that came along, as ids."""

    survivor = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="merges_away")
    moved = models.JSONField()
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merged"],
                condition=models.Q(undone_at=None),
                name="a_ticket_is_merged_once",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.merged_id} into #{self.survivor_id}"
