"""The people who answer."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class AgentManager(BaseUserManager["Agent"]):
    """Makes agents; Django's own commands ask for these two names."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Agent:
        """A new agent. Without a password they can't sign in until an invitation is used."""
        agent = self.model(email=email, **fields)
        agent.set_password(password)
        agent.save()
        return agent

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Agent:
        """A new admin."""
        return self.create_user(email, password, role=Agent.Role.ADMIN, **fields)

    def get_by_natural_key(self, username: str | None) -> Agent:
        """Addresses are compared without regard to case."""
        return self.get(email__iexact=username)


class Agent(AbstractBaseUser):
    """Somebody who answers customers. An admin also configures the desk and sees everything."""

    class Role(models.TextChoices):
        AGENT = "agent", _("agent")
        ADMIN = "admin", _("admin")

    email = models.EmailField(
        _("email"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("There is already an agent with this address.")},
    )
    name = models.CharField(_("name"), max_length=80, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.AGENT)
    is_active = models.BooleanField(_("may sign in"), default=True)
    timezone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(default=now, editable=False)

    objects = AgentManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering: ClassVar = ["name", "email"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="agents_emails_are_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)

    @property
    def is_admin(self) -> bool:
        return self.is_active and self.role == self.Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Django admin's question: may this person enter?"""
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_admin

    def has_perms(self, perms: Any, obj: object = None) -> bool:
        return self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_admin

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split(" ", 1)[0]


class Team(models.Model):
    """A group of agents. Its tickets are open to every agent unless it is marked members only."""

    name = models.CharField(max_length=80, unique=True)
    is_members_only = models.BooleanField(
        _("members only"),
        default=False,
        help_text=_("Only members, assignees and admins see this team's tickets."),
    )
    members = models.ManyToManyField(Agent, related_name="teams", blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
