"""What an agent has begun to write."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.agent import Agent
from inbox.models.message import Attachment
from inbox.models.ticket import Ticket


class Draft(models.Model):
    """The half-written reply or note of one agent in one ticket, the same in all their tabs.

    `revision` rises with every save, so that a tab which has not seen the last one overwrites
    nothing. `client_id` will be that of the message: sent from two tabs, it is sent once.
    `strand` is where the reply goes, in the reply box's own words, `copies` who gets a copy.
    """

    class Mode(models.TextChoices):
        REPLY = "reply", _("reply")
        NOTE = "note", _("note")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="drafts")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="drafts")
    mode = models.CharField(max_length=5, choices=Mode)
    text = models.TextField(blank=True)
    strand = models.CharField(max_length=50, blank=True)
    copies = models.TextField(blank=True)
    attachments = models.ManyToManyField(Attachment, related_name="drafts", blank=True)
    client_id = models.UUIDField()
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent", "ticket", "mode"], name="one_draft_per_agent_ticket_and_mode"
            )
        ]

    def __str__(self) -> str:
        return f"{self.mode} in #{self.ticket_id}"


class Reading(models.Model):
    """How far one agent has read one ticket: the position of the last thing they saw."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="readings")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="readings")
    last_read = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent", "ticket"], name="one_reading_per_agent_and_ticket"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} up to {self.last_read}"
