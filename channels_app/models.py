"""A configured way in and out, and the journal of everything that came in through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from channels_app.messages import RawEvent, Template
from channels_app.secrets import SecretsField

if TYPE_CHECKING:
    from channels_app.adapters.base import Adapter


def new_key() -> str:
    """A channel's public, unguessable name in addresses: 22 letters and digits, so that no
    command line takes it for an option."""
    return get_random_string(22)


class Channel(models.Model):
    """A configured way in and out ("Support mail", "SMS EU").

    `account` is our own address on it (number, mail address) in the form providers report it;
    `settings` holds the plain rest, `secrets` what must never be shown again.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    account = models.CharField(max_length=254)
    settings = models.JSONField(default=dict, blank=True)
    secrets = SecretsField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    broken_since = models.DateTimeField(null=True, blank=True, editable=False)
    broken_reason = models.TextField(blank=True, editable=False)
    templates_synced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "account"],
                condition=Q(is_active=True),
                name="one_active_channel_per_account",
                violation_error_message=_("Another active channel already uses this address."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def adapter(self) -> Adapter:
        """The code that speaks this channel's dialect."""
        from channels_app.adapters import adapter_class  # noqa: PLC0415 (adapters read models)

        return adapter_class(self.kind)(self)

    def shares_proof_with(self, other: Channel) -> bool:
        """Whether one live secret proves the provider's calls for both channels."""
        name = self.adapter.verifying_secret
        return not _words(self.secrets.get(name)).isdisjoint(_words(other.secrets.get(name)))

    @property
    def webhook_url(self) -> str:
        """The address to enter at the provider."""
        return f"{settings.PUBLIC_URL}/webhooks/{self.key}/"


def _words(secrets: str | None) -> set[str]:
    """Several secrets are alive while one takes the place of another."""
    return {one.strip() for one in (secrets or "").split(",")} - {""}


class MessageTemplate(models.Model):
    """A text the provider has approved for writing first, as it was when last looked at.

    `components` are the provider's own; channels_app.placeholders reads them.
    """

    APPROVED = "APPROVED"

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    status = models.CharField(max_length=40)
    category = models.CharField(max_length=40, blank=True)
    components = models.JSONField(default=list)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name", "language"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "name", "language"], name="one_template_per_name_and_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def value(self) -> Template:
        """The template as it is read and filled."""
        return Template(
            self.name, self.language, self.status, self.category, tuple(self.components)
        )


class MailCursor(models.Model):
    """How far a mailbox has been read. A new UIDVALIDITY starts again at zero."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="mail_cursors")
    mailbox = models.CharField(max_length=255, default="INBOX")
    uidvalidity = models.BigIntegerField()
    last_uid = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "mailbox"], name="one_cursor_per_mailbox")
        ]


class InboundEvent(models.Model):
    """The raw thing a provider sent, stored before anything else.

    `source_key` is where the provider says it is (event id, mailbox position); `content_key`
    a digest of what it says. Either one seen before on the channel: the same event.
    `attempts` counts claims, written before the work, so that an event that kills its worker
    is found out (held after MAX_ATTEMPTS).
    """

    MAX_ATTEMPTS = 5

    class State(models.TextChoices):
        RECEIVED = "received", _("waiting")
        PROCESSED = "processed", _("processed")
        UNREADABLE = "unreadable", _("unreadable")
        HELD = "held", _("held back")

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="events")
    source = models.CharField(max_length=10, choices=[("webhook", "webhook"), ("mail", "mail")])
    source_key = models.CharField(max_length=255, blank=True)
    content_key = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    query_string = models.TextField(blank=True)
    body = models.BinaryField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "source_key"],
                condition=~Q(source_key=""),
                name="an_event_comes_once_by_source",
            ),
            models.UniqueConstraint(
                fields=["channel", "content_key"], name="an_event_comes_once_by_content"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(state="received"), name="events_waiting"),
            models.Index(
                fields=["leased_until"],
                condition=Q(state="received", attempts__gt=0),
                name="events_to_try_again",
            ),
            models.Index(
                fields=["-received_at"],
                condition=Q(state__in=["held", "unreadable"]),
                name="dead_letters",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"

    @property
    def raw(self) -> RawEvent:
        """The event as an adapter reads it."""
        return RawEvent(
            source="mail" if self.source == "mail" else "webhook",
            body=bytes(self.body or b""),
            headers=self.headers,
            query_string=self.query_string,
            received_at=self.received_at,
        )
