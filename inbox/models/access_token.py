"""Keys of people and programs: API tokens, invitations, answers kept for repeated calls."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.agent import Agent

INVITATION_LIFETIME = timedelta(hours=72)


def digest(token: str) -> str:
    """What is kept of a token: enough to know it again, useless to whoever reads it."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenManager(models.Manager["ApiToken"]):
    def issue(self, agent: Agent) -> str:
        """A new token of the agent, shown this once."""
        token = f"parley_{secrets.token_urlsafe(32)}"
        self.create(agent=agent, prefix=token[:12], digest=digest(token))
        return token


class ApiToken(models.Model):
    """A program's key; acts as its agent."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="api_tokens")
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)

    objects = ApiTokenManager()

    class Meta:
        verbose_name = _("API token")

    def __str__(self) -> str:
        return f"{self.prefix}…"


class InvitationManager(models.Manager["Invitation"]):
    def issue(self, agent: Agent) -> str:
        """A single-use token that lets the agent set a password; earlier ones end."""
        self.filter(agent=agent, used_at=None).delete()
        token = secrets.token_urlsafe(32)
        expires_at = timezone.now() + INVITATION_LIFETIME
        self.create(agent=agent, digest=digest(token), expires_at=expires_at)
        return token

    def invited(self, token: str) -> Agent | None:
        """The agent an open invitation was made for; None when it was used or has ended."""
        invitation = self._open(token).select_related("agent").first()
        return invitation.agent if invitation else None

    def redeem(self, token: str) -> Agent | None:
        """The same, and the invitation is used up: only one call ever gets the agent."""
        agent = self.invited(token)
        return agent if agent and self._open(token).update(used_at=timezone.now()) else None

    def _open(self, token: str) -> models.QuerySet[Invitation]:
        now = timezone.now()
        active = self.filter(digest=digest(token), agent__is_active=True)
        return active.filter(used_at=None, expires_at__gt=now)


class Invitation(models.Model):
    """Lets an agent without a password set one: single use, 72 hours."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = InvitationManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agent"],
                condition=models.Q(used_at=None),
                name="one_open_invitation_per_agent",
            )
        ]

    def __str__(self) -> str:
        return f"invitation of {self.agent}"


class IdempotencyKey(models.Model):
    """The answer to a call that may be repeated, kept for 24 hours."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agent", "key"], name="one_answer_per_key")
        ]

    def __str__(self) -> str:
        return self.key
