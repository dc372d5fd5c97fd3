"""What came to be of a message after it was said: reactions, and news that came too early."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels_app.models import Channel, InboundEvent
from inbox.models.agent import Agent
from inbox.models.message import Message


class MessageReaction(models.Model):
    """The customer's, or our, reaction to a message. An empty emoji is one taken back: kept,
    so that older news of it can't bring it back. Ours has `sent_at` once the provider has it.
    """

    class By(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        AGENT = "agent", _("agent")

    MAX_ATTEMPTS = 5

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reactions")
    by = models.CharField(max_length=10, choices=By)
    agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    emoji = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    error_text = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "by"], name="one_reaction_per_side")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="reactions_to_send",
            )
        ]

    def __str__(self) -> str:
        return f"{self.emoji} to message {self.message_id}"


class UnmatchedAfterthought(models.Model):
    """A reaction, an edit or a deletion that came before the message it is about."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=998)
    kind = models.CharField(max_length=10)
    by = models.CharField(max_length=10)
    said = models.TextField(blank=True)
    at = models.DateTimeField()
    event = models.ForeignKey(InboundEvent, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "external_id", "kind", "by", "at"],
                name="an_afterthought_waits_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.external_id}"
