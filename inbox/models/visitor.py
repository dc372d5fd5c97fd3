"""People who chat on a website, and what went after them by mail."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from channels_app.models import Channel
from inbox import live
from inbox.models.conversation import ContactPoint
from inbox.models.message import Message


class Visitor(models.Model):
    """One browser on one website, known by a random token of which only the digest is kept.

    `handle` is the visitor's public name. `subject` is the account the website has vouched for
    with a signature that counts until `proven_until`; "" for an anonymous visitor. `profile`
    holds name, email and phone as somebody typed or the website vouched for them.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="visitors")
    handle = models.CharField(max_length=16, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    subject = models.CharField(max_length=255, blank=True)
    proven_until = models.DateTimeField(null=True)
    profile = models.JSONField(default=dict)
    language = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(subject="", proven_until=None)
                | (~Q(subject="") & Q(proven_until__isnull=False)),
                name="a_signed_in_visitor_is_proven_for_a_time",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["seen_at"], name="visitors_by_last_sight")]

    def __str__(self) -> str:
        return f"visitor {self.handle}"

    @property
    def address(self) -> tuple[str, str]:
        """Kind and value of the identity that this visitor's messages come from."""
        return ("external", self.subject) if self.subject else ("visitor", self.handle)

    @property
    def live_group(self) -> str:
        return live.visitor_group(self.channel_id, *self.address)

    def is_proven(self, *, at: datetime) -> bool:
        """Whether history may be shown: always to the token's own visitor, to an account of the
        website only while its signature counts."""
        return self.proven_until is None or self.proven_until > at

    def points(self) -> QuerySet[ContactPoint]:
        """Where this visitor's messages are kept: one place, and one more for each time an agent
        said that the address had gone to somebody else, which a token and an account never do."""
        kind, value = self.address
        points = ContactPoint.objects.filter(channel=self.channel_id, address_kind=kind, key=value)
        return points.exclude(identity=None).select_related("customer", "identity")

    def point(self) -> ContactPoint | None:
        """Where this visitor's next message goes, as far as it is known; None before the first."""
        present = F("identity__ended_at").desc(nulls_first=True)
        return self.points().order_by(present, "-pk").first()


class MailedAnswer(models.Model):
    """An answer in a chat that nobody was there to read, and the mail that brought it."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="mailed")
    mail = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mailed_answers")

    def __str__(self) -> str:
        return f"message {self.message_id} by mail {self.mail_id}"
