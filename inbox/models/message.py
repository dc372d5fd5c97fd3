"""Everything that was said: messages both ways, their files, notes, and what was done."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels_app.models import Channel
from inbox.models.agent import Agent
from inbox.models.conversation import Conversation
from inbox.models.ticket import Ticket
from inbox.models.words import searchable


class Message(models.Model):
    """One thing said, inbound or outbound, in one strand of one ticket.

    `ticket` and `channel` repeat what the strand says, because positions are unique per ticket
    and external ids per channel. `words` is what search looks through. An outbound message is
    claimed for sending by a conditional update that also writes `leased_until`. `payload` is
    what is more than text (a place, an order, the template it was made of), `pricing` what the
    provider bills it as. `purpose` is what consent is asked for. Of a deleted message nothing is
    kept but that it was there.
    """

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("inbound")
        OUTBOUND = "outbound", _("outbound")

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        SCHEDULED = "scheduled", _("Scheduled")
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        READ = "read", _("Read")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        CANCELED = "canceled", _("Canceled")

    class Author(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        AGENT = "agent", _("agent")
        RULE = "rule", _("rule")
        BOT = "bot", _("bot")
        SYSTEM = "system", _("system")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages"
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="messages")
    position = models.PositiveBigIntegerField()
    direction = models.CharField(max_length=10, choices=Direction)
    author_type = models.CharField(max_length=10, choices=Author)
    agent = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    kind = models.CharField(max_length=20, default="text")
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    full_text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    words = models.TextField(blank=True, editable=False)
    reply_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="answers"
    )
    external_id = models.CharField(max_length=998, blank=True)
    dedupe_key = models.CharField(max_length=255, blank=True)
    message_id = models.CharField(max_length=998, blank=True, db_index=True)
    envelope = models.JSONField(null=True, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    pricing = models.JSONField(null=True, blank=True)
    authentication = models.CharField(max_length=4, default="none")
    purpose = models.CharField(max_length=40, default="support")
    is_automatic = models.BooleanField(default=False)
    is_bounce = models.BooleanField(default=False)
    is_unreadable = models.BooleanField(default=False)
    event = models.ForeignKey(
        "channels_app.InboundEvent",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="messages",
    )
    client_id = models.UUIDField(default=uuid.uuid4, unique=True)
    status = models.CharField(max_length=10, choices=Status)
    error_code = models.CharField(max_length=40, blank=True)
    error_text = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["ticket", "position"]
        # Only the admin pages say the word, and they list no others.
        verbose_name_plural = _("messages that did not leave")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(text="", full_text="", html=""),
                name="a_deleted_message_says_nothing",
            ),
            models.UniqueConstraint(fields=["ticket", "position"], name="one_message_per_position"),
            models.UniqueConstraint(
                fields=["channel", "dedupe_key"],
                condition=~Q(dedupe_key=""),
                name="a_message_comes_once",
            ),
            models.CheckConstraint(
                condition=Q(direction="outbound") | Q(status="received"),
                name="inbound_messages_are_received",
            ),
            models.CheckConstraint(
                condition=Q(direction="inbound") | ~Q(status="received"),
                name="outbound_messages_are_never_received",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(leased_until__isnull=False),
                name="a_message_being_sent_has_a_lease",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["channel", "external_id"],
                condition=~Q(external_id=""),
                name="messages_by_external_id",
            ),
            models.Index(
                fields=["next_attempt_at"], condition=Q(status="queued"), name="messages_queued"
            ),
            models.Index(
                fields=["channel", "created_at"],
                condition=Q(direction="outbound"),
                name="messages_sent_lately",
            ),
            models.Index(
                fields=["leased_until"], condition=Q(status="sending"), name="messages_being_sent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} message {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.words = searchable(self.subject, self.full_text or self.text)
        super().save(*args, **kwargs)

    @property
    def is_inbound(self) -> bool:
        return self.direction == self.Direction.INBOUND

    @property
    def preview(self) -> str:
        """The message on one line, for lists."""
        if self.deleted_at:
            return "[deleted]"
        return " ".join(self.text.split())[:160] or self.subject or self._what

    @property
    def _what(self) -> str:
        """What it is, where no words say it."""
        kind = "voice message" if self.payload.get("voice") else self.kind
        return f"[{kind}]"

    @property
    def is_human_reply(self) -> bool:
        """Said by one of us in person: what moves a ticket to pending."""
        return not self.is_inbound and self.author_type == self.Author.AGENT


class Attachment(models.Model):
    """A file of a message. `name` is a label; the file's own name is random.

    An inbound file may first be an address (`remote_url`) that a worker still has to fetch.
    """

    class State(models.TextChoices):
        STORED = "stored", _("stored")
        PENDING = "pending", _("being fetched")
        FAILED = "failed", _("could not be fetched")

    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, default="application/octet-stream")
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.FileField(upload_to="attachments/", max_length=255, blank=True)
    is_inline = models.BooleanField(default=False)
    content_id = models.CharField(max_length=255, blank=True)
    remote_url = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.STORED)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    uploaded_by = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="pending") | ~Q(remote_url=""),
                name="a_file_to_fetch_has_an_address",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="pending"), name="files_to_fetch"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """Seen by agents only. A table of its own, so that no exit towards customers can meet it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="notes")
    position = models.PositiveBigIntegerField()
    agent = models.ForeignKey(Agent, null=True, on_delete=models.SET_NULL, related_name="notes")
    text = models.TextField()
    words = models.TextField(blank=True, editable=False)
    client_id = models.UUIDField(default=uuid.uuid4, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["ticket", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "position"], name="one_note_per_position")
        ]

    def __str__(self) -> str:
        return f"note {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.words = searchable(self.text)
        super().save(*args, **kwargs)


class Activity(models.Model):
    """Who did what to a ticket, when. Verbs append them; `data` says from what to what."""

    class Verb(models.TextChoices):
        CREATED = "created", _("opened")
        CUSTOMER_WROTE = "customer_wrote", _("customer wrote")
        AGENT_REPLIED = "agent_replied", _("replied")
        ASSIGNED = "assigned", _("assigned")
        TEAM_CHANGED = "team_changed", _("moved to a team")
        PRIORITY_CHANGED = "priority_changed", _("priority")
        TAGGED = "tagged", _("tagged")
        STATUS_CHANGED = "status_changed", _("status")
        SNOOZED = "snoozed", _("snoozed")
        WOKE = "woke", _("woke up")
        SUBJECT_CHANGED = "subject_changed", _("renamed")
        JOINED = "joined", _("joined: same customer")
        STRAND_OPENED = "strand_opened", _("somebody else wrote in")
        STRAND_ACCEPTED = "strand_accepted", _("accepted")
        SPLIT = "split", _("split")
        MERGED = "merged", _("merged")
        UNMERGED = "unmerged", _("merge undone")
        CONSENT_CHANGED = "consent_changed", _("consent")
        MESSAGE_FAILED = "message_failed", _("message failed")
        MESSAGE_SETTLED = "message_settled", _("message settled")
        BLOCKED = "blocked", _("blocked")
        CHAT_OPENED = "chat_opened", _("opened the chat")
        SIGNED_IN = "signed_in", _("signed in on the website")
        ADDRESS_CHANGED = "address_changed", _("goes by another address")
        CUSTOMER_CHANGED = "customer_changed", _("given to another customer")
        CUSTOMERS_MERGED = "customers_merged", _("customers merged")
        CUSTOMERS_UNMERGED = "customers_unmerged", _("merge of customers undone")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="activities")
    position = models.PositiveBigIntegerField()
    verb = models.CharField(max_length=20, choices=Verb)
    agent = models.ForeignKey(
        Agent, null=True, on_delete=models.SET_NULL, related_name="activities"
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["ticket", "position"]
        verbose_name_plural = _("activities")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket", "position"], name="one_activity_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.verb} in #{self.ticket_id}"


class DeliveryAttempt(models.Model):
    """One call to a provider for one message. The row is written before the call, so that a
    call whose answer nobody heard is known to have been possible."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("not known yet")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("refused")
        POSTPONED = "postponed", _("to be tried again")
        UNKNOWN = "unknown", _("never found out")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="delivery_attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    external_id = models.CharField(max_length=998, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_text = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="attempts_are_numbered"),
            models.UniqueConstraint(
                fields=["message"], condition=Q(outcome="open"), name="one_open_attempt_per_message"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of message {self.message_id}"


class UnmatchedUpdate(models.Model):
    """A status that came before the message it is about was known by that id; applied later."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=998)
    status = models.CharField(max_length=10)
    at = models.DateTimeField()
    error_code = models.CharField(max_length=40, blank=True)
    error_text = models.TextField(blank=True)
    undeliverable = models.BooleanField(default=False)
    opted_out = models.BooleanField(default=False)
    channel_is_broken = models.BooleanField(default=False)
    closes_window = models.BooleanField(default=False)
    pricing = models.JSONField(null=True)
    free_entry_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "external_id", "status"], name="one_unmatched_update_per_status"
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.external_id}"
