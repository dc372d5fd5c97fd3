"""The strands of a ticket, and the addresses they lead to."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models import Channel
from customers.addresses import display
from customers.models import Customer, Identity, Kind
from inbox.models.ticket import Ticket


class ContactPoint(models.Model):
    """One person on one channel: the exact address to answer to and what is known of it.

    `key` is the address as it is compared, `address` as it was received, `shown_as` what people
    know it by when it is a provider's code, `aliases` every address it was heard by. Without an
    identity the address was typed by somebody and is proven by nobody. Until `window_ends_at` a
    channel with a window lets us answer freely, until `free_entry_ends_at` without a charge.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="contact_points")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contact_points")
    identity = models.ForeignKey(
        Identity, null=True, on_delete=models.SET_NULL, related_name="contact_points"
    )
    address_kind = models.CharField(max_length=20)
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    shown_as = models.CharField(max_length=320, blank=True)
    aliases = models.JSONField(default=list, blank=True)
    is_blocked = models.BooleanField(default=False)
    undeliverable_reason = models.TextField(blank=True)
    last_inbound_at = models.DateTimeField(null=True)
    last_outbound_at = models.DateTimeField(null=True)
    window_ends_at = models.DateTimeField(null=True)
    free_entry_ends_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            # By identity, not by address: an address that went to somebody else is theirs.
            models.UniqueConstraint(
                fields=["channel", "identity"],
                condition=Q(identity__isnull=False),
                name="one_contact_point_per_identity_and_channel",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["channel", "key"], name="contact_points_by_key")]

    def __str__(self) -> str:
        if self.shown_as:
            return display(Kind.PHONE, self.shown_as)
        return display(self.address_kind, self.address)

    def hear(self, *, at: datetime, opens_window_until: datetime | None = None) -> None:
        """This address wrote to us: it exists after all, and a window never closes earlier. Its
        caller saves."""
        self.last_inbound_at = at
        self.undeliverable_reason = ""
        ends = [one for one in (self.window_ends_at, opens_window_until) if one]
        self.window_ends_at = max(ends, default=None)


class Conversation(models.Model):
    """One strand of a ticket: one contact point and this strand's thread state.

    A strand somebody else opened with our reply token is not accepted until an agent says so:
    nothing is quoted to it and it is never the default. The contact point's *current* strand
    is where its next message goes. `reply_address` is where the last mail asked answers to go.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="conversations")
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="conversations"
    )
    is_accepted = models.BooleanField(default=True)
    is_current = models.BooleanField(default=True)
    subject = models.CharField(max_length=500, blank=True)
    is_joined = models.BooleanField(default=False)
    reply_address = models.CharField(max_length=320, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contact_point"],
                condition=Q(is_current=True),
                name="one_current_conversation_per_contact_point",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_point} in #{self.ticket_id}"

    @property
    def answers_to(self) -> str:
        """The exact address an answer in this strand goes to."""
        return self.reply_address or self.contact_point.address

    def make_current(self) -> None:
        """From now on the contact point's next message belongs here."""
        if self.is_current:
            return
        Conversation.objects.filter(contact_point=self.contact_point_id, is_current=True).update(
            is_current=False
        )
        self.is_current = True

    def hear(self, *, at: datetime, reply_address: str) -> None:
        """Something was said in this strand by its customer. Its caller saves."""
        self.make_current()
        self.last_message_at = at
        self.reply_address = reply_address[:320]


class Participant(models.Model):
    """Who else takes part in a strand (mail Cc). Only accepted ones are written to."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="participants"
    )
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    is_accepted = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "address"], name="one_participant_per_address"
            )
        ]

    def __str__(self) -> str:
        return self.address


class JoinRefusal(models.Model):
    """This contact point and this ticket don't belong together: an agent split them."""

    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.CASCADE, related_name="join_refusals"
    )
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="join_refusals")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact_point", "ticket"], name="one_refusal_per_pair")
        ]

    def __str__(self) -> str:
        return f"{self.contact_point} not in #{self.ticket_id}"
