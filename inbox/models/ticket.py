"""The unit of work: one customer, every channel, one history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from inbox.models.agent import Agent, Team
from inbox.models.words import searchable


class Tag(models.Model):
    """A word on a ticket. Its name is kept as typed and compared without regard to case."""

    name = models.CharField(max_length=50)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(models.functions.Lower("name"), name="one_tag_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Ways to narrow tickets down; who may see which is decided in inbox.access alone."""

    def living(self) -> Self:
        """Tickets that still are one: merged ones live on in their survivor."""
        return self.filter(merged_into=None)

    def unresolved(self) -> Self:
        """Tickets somebody still has to act on, now or later."""
        return self.living().filter(status__in=Ticket.UNRESOLVED)

    def awake(self, now: datetime) -> Self:
        """Tickets not put off until later."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))

    def snoozed(self, now: datetime) -> Self:
        """Unresolved tickets put off until later."""
        return self.unresolved().filter(snoozed_until__gt=now)

    def newest_first(self) -> Self:
        """By last public message, then by number: a total order, so pages never overlap."""
        return self.order_by("-last_message_at", "-number")


class Ticket(models.Model):
    """The unit of work: exactly one customer; crosses channels.

    `last_position` counts everything said and done in the ticket and is raised only while the
    row is locked (see inbox.changes). `rev` is raised when the past itself changes (merge,
    split, redaction), so that a screen knows to read the timeline anew. Columns from
    `last_message_at` on are the list's copy of the timeline. `words` is what search looks
    through: the subject and the customer's name.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        PENDING = "pending", _("Pending")
        RESOLVED = "resolved", _("Resolved")
        SPAM = "spam", _("Spam")

    class Priority(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")
        URGENT = "urgent", _("Urgent")

    UNRESOLVED = (Status.OPEN, Status.PENDING)

    number = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets")
    subject = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    assignee = models.ForeignKey(
        Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="tickets"
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="tickets")
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followed_by"
    )
    mentions = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="mentioned_by",
        help_text=_("A ticket its first message refers to without proof."),
    )
    is_quiet = models.BooleanField(
        default=False, help_text=_("Opened by automatic mail: nobody is notified.")
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    words = models.TextField(blank=True, editable=False)
    last_position = models.PositiveBigIntegerField(default=0)
    rev = models.PositiveIntegerField(default=0)

    last_message_at = models.DateTimeField(default=timezone.now)
    last_channel_kind = models.CharField(max_length=20, blank=True)
    preview = models.CharField(max_length=160, blank=True)
    needs_reply = models.BooleanField(default=False)
    waiting_since = models.DateTimeField(null=True, blank=True)
    first_replied_at = models.DateTimeField(null=True, blank=True)
    last_replied_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("number")),
                name="a_ticket_is_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None) | Q(status__in=["open", "pending"]),
                name="only_unresolved_tickets_are_snoozed",
            ),
            models.CheckConstraint(
                condition=~Q(status="resolved") | Q(resolved_at__isnull=False),
                name="a_resolved_ticket_says_since_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-last_message_at", "-number"],
                condition=Q(status__in=["open", "pending"], merged_into=None),
                name="tickets_unresolved",
            ),
            models.Index(
                fields=["assignee", "-last_message_at", "-number"],
                condition=Q(status__in=["open", "pending"], merged_into=None),
                name="tickets_by_assignee",
            ),
            models.Index(
                fields=["status", "-last_message_at", "-number"],
                condition=Q(merged_into=None),
                name="tickets_by_status",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="tickets_snoozed",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}".rstrip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.tidy()
        super().save(*args, **kwargs)

    def tidy(self) -> None:
        """What every way of saving has to do first."""
        self.subject = self.subject[:500]
        self.words = searchable(self.subject, self.customer.name)

    @property
    def shown_status(self) -> str:
        """The status as people see it: a ticket put off until later is "snoozed"."""
        if self.snoozed_until and self.snoozed_until > timezone.now():
            return "snoozed"
        return self.status

    @property
    def is_unresolved(self) -> bool:
        return self.status in self.UNRESOLVED

    @property
    def title(self) -> str:
        """What to call the ticket: its subject, else how it began."""
        return self.subject or self.preview or str(_("(no subject)"))

    @property
    def survivor(self) -> Ticket:
        """The ticket this one lives on in; itself when it was never merged."""
        ticket = self
        while ticket.merged_into is not None:
            ticket = ticket.merged_into
        return ticket

    @property
    def audience(self) -> list[str]:
        """The live groups that may see this ticket; the same rule as inbox.access.visible_to."""
        if self.team is None or not self.team.is_members_only:
            return ["everyone"]
        groups = ["admins", f"team.{self.team_id}"]
        return [*groups, f"agent.{self.assignee_id}"] if self.assignee_id else groups

    def next_position(self) -> int:
        """The place of the next thing in the timeline. The row must be locked."""
        self.last_position += 1
        return self.last_position

    def move_to(self, status: Ticket.Status, *, at: datetime) -> bool:
        """Take on a status and what goes with it; False when it was in that status already."""
        if self.status == status and self.snoozed_until is None:
            return False
        self.status = status
        self.snoozed_until = None
        self.resolved_at = at if status == self.Status.RESOLVED else None
        return True

    def heard(self, *, at: datetime, channel_kind: str, preview: str, wants_answer: bool) -> None:
        """Note on the list's copy that the customer said something."""
        self.last_message_at = max(at, self.last_message_at)
        self.last_channel_kind = channel_kind
        self.preview = preview[:160]
        if wants_answer:
            self.needs_reply = True
            self.waiting_since = self.waiting_since or at

    def answered(self, *, at: datetime, channel_kind: str, preview: str) -> None:
        """Note on the list's copy that we answered."""
        self.last_message_at = at
        self.last_channel_kind = channel_kind
        self.preview = preview[:160]
        self.needs_reply = False
        self.waiting_since = None
        self.first_replied_at = self.first_replied_at or at
        self.last_replied_at = at
