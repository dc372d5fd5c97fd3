"""Look again at this."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class LiveEvent(models.Model):
    """ "Look again at this": which ticket, why, and which live groups may know. No content.

    Written in the transaction of the change; `seq` is given by the relay after commit, because
    the order in which concurrent transactions take a serial is not the order they commit in.
    """

    seq = models.BigIntegerField(null=True, unique=True)
    ticket_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=20)
    audience = models.JSONField()
    rev = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(seq=None), name="live_events_waiting"),
            models.Index(fields=["created_at"], name="live_events_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of #{self.ticket_id}"

    @property
    def poke(self) -> dict[str, Any]:
        """What a screen is told: ids only."""
        return {
            "v": 1,
            "seq": self.seq,
            "type": self.kind,
            "ticket": self.ticket_id,
            "rev": self.rev,
        }
