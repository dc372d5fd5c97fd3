"""What the reply box needs to know: where an answer may go, and where it goes by default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.shortcuts import get_object_or_404

from channels_app.models import Channel
from customers.models import Identity
from inbox.models import Agent, ContactPoint, Conversation, Participant, Ticket
from inbox.replies import open_strand
from inbox.sending import elsewhere, may_send, new_point, reachable
from inbox.views.verbs import number_in


@dataclass(frozen=True, slots=True)
class Choice:
    """One address the reply box offers: a strand, or a contact point without one in this
    ticket. `copies` are the mail copies an answer goes to by default, `refusal` says in plain
    words why nothing can be sent there now, if so; `template` why only a template can, and
    `window_ends_at` until when anything can."""

    point: ContactPoint
    strand: Conversation | None
    copies: str
    refusal: str
    template: str = ""
    window_ends_at: datetime | None = None

    @property
    def value(self) -> str:
        """Its name in a form."""
        return (
            str(self.strand.pk)
            if self.strand
            else f"{self.point.channel_id}-{self.point.identity_id}"
        )

    @property
    def kind(self) -> str:
        return self.point.channel.kind

    @property
    def is_news(self) -> bool:
        """The strand joined by itself and nobody has answered in it: whoever does first should
        know which address that is."""
        strand = self.strand
        return strand is not None and strand.is_joined and not getattr(strand, "is_answered", True)

    @property
    def is_waiting(self) -> bool:
        """Somebody else opened this strand and nobody has accepted it yet."""
        return self.strand is not None and not self.strand.is_accepted


@dataclass(frozen=True, slots=True)
class Composer:
    """The reply box of one ticket; the first choice is the one it opens with. `name` is what
    the Send button calls the customer."""

    choices: list[Choice]
    name: str

    @property
    def chosen(self) -> Choice | None:
        return self.choices[0] if self.choices else None


def composer_of(ticket: Ticket) -> Composer:
    """The reply box as it opens."""
    copies: dict[int, list[str]] = {}
    for one in Participant.objects.filter(conversation__ticket=ticket, is_accepted=True):
        copies.setdefault(one.conversation_id, []).append(one.address)
    strands = reachable(ticket)
    choices = [_choice(one.contact_point, one, copies.get(one.pk, [])) for one in strands]
    choices += [_choice(point, None, []) for point in elsewhere(ticket)]
    choices.sort(key=_reluctance)
    return Composer(choices, ticket.customer.name or _address_of(choices))


def point_of(value: str, ticket: Ticket) -> ContactPoint:
    """The contact point behind a choice; unsaved when nobody has written there yet. Raises
    Http404 for one that is not this ticket's."""
    if "-" not in value:
        return _strand(value, ticket).contact_point
    channel, identity = _address(value, ticket)
    return new_point(channel, identity)


def strand_of(value: str, ticket: Ticket, *, by: Agent) -> Conversation:
    """The strand behind a choice, opened if need be. Raises Http404 and NotPossible."""
    if "-" not in value:
        return _strand(value, ticket)
    channel, identity = _address(value, ticket)
    return open_strand(ticket, channel=channel, identity=identity, by=by)


def _reluctance(choice: Choice) -> int:
    """Where the customer wrote last comes first while it can be reached, then wherever else
    they can be; what nobody has accepted is never the default."""
    if choice.is_waiting:
        return 3
    if choice.refusal:
        return 2
    return 0 if choice.strand else 1


def _address_of(choices: list[Choice]) -> str:
    return str(choices[0].point) if choices else ""


def _choice(point: ContactPoint, strand: Conversation | None, copies: list[str]) -> Choice:
    answer = may_send(point)
    reason = "" if answer.allowed else answer.reason
    return Choice(
        point,
        strand,
        ", ".join(copies),
        refusal="" if answer.needs_template else reason,
        template=reason if answer.needs_template else "",
        window_ends_at=answer.window_ends_at,
    )


def _strand(value: str, ticket: Ticket) -> Conversation:
    strands = ticket.conversations.select_related("contact_point__channel")
    return get_object_or_404(strands, pk=number_in(value))


def _address(value: str, ticket: Ticket) -> tuple[Channel, Identity]:
    channel, _dash, identity = value.partition("-")
    known = Identity.objects.filter(customer=ticket.customer_id, ended_at=None)
    channels = Channel.objects.filter(is_active=True)
    if not identity:
        raise Http404
    return (
        get_object_or_404(channels, pk=number_in(channel)),
        get_object_or_404(known, pk=number_in(identity)),
    )
