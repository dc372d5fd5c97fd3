"""The addresses of people: proven ones and typed ones."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.addresses import display
from customers.models.customer import Customer


class Kind(models.TextChoices):
    """Kinds of address. Phone is shared by every channel that uses phone numbers."""

    EMAIL = "email", _("email address")
    PHONE = "phone", _("phone number")
    SMS_SENDER = "sms_sender", _("SMS sender")
    VISITOR = "visitor", _("website visitor")
    EXTERNAL = "external", _("account on the website")
    WHATSAPP_USER = "whatsapp_user", _("WhatsApp user")


class Identity(models.Model):
    """A proven address of a customer. `key` is the address as it is compared, `value` as it was
    first received. One that has ended may be taken over by somebody else."""

    class ProvenBy(models.TextChoices):
        PROVIDER = "provider", _("the provider")
        SIGNATURE = "signature", _("an answer with our token")
        AGENT = "agent", _("an agent")
        IMPORT = "import", _("an import")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=20, choices=Kind)
    scope = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    proven_by = models.CharField(max_length=10, choices=ProvenBy)
    is_shared = models.BooleanField(
        default=False, help_text=_("Several people use this address: it never joins tickets.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = _("identities")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "scope", "key"],
                condition=Q(ended_at=None),
                name="an_address_belongs_to_one_customer",
            ),
            # Whoever hides their address would share it with everybody else who does.
            models.CheckConstraint(condition=~Q(key=""), name="an_identity_has_a_key"),
            models.CheckConstraint(
                condition=Q(proven_by__in=["provider", "signature", "agent", "import"]),
                name="an_identity_is_proven",
            ),
        ]

    def __str__(self) -> str:
        return display(self.kind, self.value)


class Claim(models.Model):
    """An address somebody typed. Not unique, never found by identify, joins nothing, shows no
    history; settled once it was proven."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="claims")
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    source = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return display(self.kind, self.value)
