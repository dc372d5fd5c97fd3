"""Which ticket does it belong to? The rules R0 to R4 of docs/architecture.md, one function each.

Every rule looks only; `intake` carries out what the first rule that answers has found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from channels_app.messages import InboundMessage
from customers.addresses import matching_key
from inbox import reply_tokens
from inbox.models import ContactPoint, Conversation, Message, Ticket, policy_of

MAX_REFERENCES = 50
LETTERS_THAT_TELL = 10
REPLY_PREFIXES = frozenset(
    {
        *("re", "aw", "sv", "vs", "antw", "odp", "ynt", "res", "rif", "tr", "ref", "bls", "atb"),
        *("ответ", "回复", "回覆", "返信", "답장"),
    }
)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a message goes. Without a ticket it opens one; without a conversation, a strand.

    is_quiet: it leaves the ticket's status alone and wakes nobody (R0). `status` is that of
    a new ticket.
    """

    ticket: Ticket | None = None
    conversation: Conversation | None = None
    is_accepted: bool = True
    is_joined: bool = False
    is_quiet: bool = False
    status: Ticket.Status = Ticket.Status.OPEN
    follows: Ticket | None = None
    mentions: Ticket | None = None


def place(point: ContactPoint, inbound: InboundMessage) -> Placement:
    """The place of a message: the answer of the first rule that has one."""
    for rule in _RULES:
        placement = rule(point, inbound)
        if placement is not None:
            return placement
    return Placement(mentions=_twin(point, inbound))


def bounced(inbound: InboundMessage) -> Message | None:
    """The message of ours that a delivery report is about."""
    if inbound.bounce is None or not inbound.bounce.original_message_id:
        return None
    ours = Message.objects.filter(direction=Message.Direction.OUTBOUND)
    ours = ours.filter(message_id=inbound.bounce.original_message_id)
    return ours.select_related("conversation__contact_point", "ticket", "channel").first()


def _echo(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R0: what we wrote in the provider's own app stands in the current strand, reopens nothing."""
    if not inbound.is_echo:
        return None
    current = _current(point)
    ticket = current.ticket if current else None
    if ticket is None:
        return Placement(status=Ticket.Status.PENDING)
    is_over = ticket.status == Ticket.Status.RESOLVED and not _is_fresh(ticket, point)
    if is_over:
        return Placement(status=Ticket.Status.PENDING, follows=ticket)
    return Placement(ticket, current, is_quiet=True)


def _from_a_blocked_sender(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R0: a blocked sender stays in spam."""
    if not point.is_blocked:
        return None
    spam = point.conversations.filter(ticket__status=Ticket.Status.SPAM, ticket__merged_into=None)
    strand = spam.select_related("ticket").order_by("-pk").first()
    if strand is None:
        return Placement(is_quiet=True, status=Ticket.Status.SPAM)
    return Placement(strand.ticket, strand, is_quiet=True)


def _keyword(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R0: STOP, START and HELP are written into the current conversation and move nothing."""
    if inbound.keyword is None:
        return None
    current = _current(point)
    if current is None:
        return Placement(is_quiet=True, status=Ticket.Status.RESOLVED)
    return Placement(current.ticket, current, is_quiet=True)


def _reference(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R1: a reference wins, resolved through the present home of the message it names."""
    message, is_signed = _referenced(point, inbound)
    if message is None:
        return None
    if inbound.authentication != "fail" and _took_part(point, message):
        return _continue(message.ticket, point, inbound, is_accepted=_was_answered(point, message))
    if not is_signed:
        return replace(_automatic(point, inbound) or Placement(), mentions=message.ticket)
    found = _continue(message.ticket, point, inbound, is_accepted=False)
    return found if found.ticket else Placement(mentions=message.ticket)


def _automatic(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R0: automatic mail that answers nothing of ours is a quiet new ticket."""
    return Placement(is_quiet=True) if inbound.is_automatic else None


def _strand(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R2: on chat-like channels the contact point's current conversation goes on."""
    current = _current(point) if point.channel.adapter.is_chat_like else None
    if current is None:
        return None
    ticket = current.ticket
    if ticket.is_unresolved or ticket.status == Ticket.Status.SPAM:
        return Placement(ticket, current, is_quiet=not ticket.is_unresolved)
    if not _is_fresh(ticket, point):
        return None
    if point.channel.settings.get("after_resolved") == "new":
        return _join(point, inbound) or Placement(follows=ticket)
    if _answered_lately(point):
        return Placement(ticket, current)
    return _join(point, inbound) or Placement(ticket, current)


def _join(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R3: the customer's one unresolved ticket of the same group, whatever channel it began on."""
    if not point.channel.adapter.is_chat_like or inbound.authentication == "fail":
        return None
    if point.identity is None or point.identity.is_shared:
        return None
    tickets = [one for one in _unresolved_of(point) if _shares_group(one, point)]
    if len(tickets) != 1:
        return None
    ticket = tickets[0]
    hours = timedelta(hours=policy_of(point.channel).join_hours)
    if ticket.last_message_at < timezone.now() - hours:
        return None
    if point.join_refusals.filter(ticket=ticket).exists():
        return None
    return Placement(ticket, _strand_in(ticket, point), is_joined=True)


def _subject(point: ContactPoint, inbound: InboundMessage) -> Placement | None:
    """R4's repair for mail clients that drop references: exactly one ticket of this sender with
    this subject, and a reply prefix before it."""
    if point.channel.adapter.is_chat_like or inbound.authentication == "fail":
        return None
    subject, is_reply = without_reply_prefix(inbound.subject)
    if not is_reply or sum(letter.isalpha() for letter in subject) < LETTERS_THAT_TELL:
        return None
    own = Ticket.objects.living().filter(conversations__contact_point=point).distinct()
    candidates = [
        ticket
        for ticket in own.exclude(status=Ticket.Status.SPAM)
        if without_reply_prefix(ticket.subject)[0] == subject
        and (ticket.is_unresolved or _is_fresh(ticket, point))
    ]
    if len(candidates) != 1:
        return None
    return _continue(candidates[0], point, inbound)


def _twin(point: ContactPoint, inbound: InboundMessage) -> Ticket | None:
    """The ticket that the same mail opened on another of our channels, to be linked."""
    message_id = inbound.envelope.message_id if inbound.envelope else ""
    if not message_id:
        return None
    twins = Message.objects.filter(message_id=message_id).exclude(channel=point.channel)
    twin = twins.filter(conversation__contact_point__key=point.key).select_related("ticket").first()
    return twin.ticket if twin else None


def without_reply_prefix(subject: str) -> tuple[str, bool]:
    """The subject without "Re:" and its translations, folded; and whether there was one."""
    rest, is_reply = " ".join(subject.casefold().split()), False
    while True:
        head, colon, tail = rest.partition(":")
        if not colon or head.split("[")[0].split("(")[0].strip() not in REPLY_PREFIXES:
            return rest, is_reply
        rest, is_reply = tail.strip(), True


def _referenced(point: ContactPoint, inbound: InboundMessage) -> tuple[Message | None, bool]:
    """The message this one answers, and whether our signed token says so."""
    for token in inbound.reply_tokens[:MAX_REFERENCES]:
        message = reply_tokens.message_of(token)
        if message is not None:
            return message, True
    named = inbound.references[:MAX_REFERENCES]
    if not named:
        return None, False
    known = Message.objects.filter(
        Q(message_id__in=named) | Q(external_id__in=named), channel=point.channel
    ).select_related("ticket", "conversation__contact_point")
    found = {one.message_id: one for one in known} | {one.external_id: one for one in known}
    return next((found[name] for name in named if name in found), None), False


def _took_part(point: ContactPoint, message: Message) -> bool:
    """Whether this sender wrote or received that message."""
    if message.conversation.contact_point.customer_id == point.customer_id:
        return True
    return point.key in _addressed(message)


def _was_answered(point: ContactPoint, message: Message) -> bool:
    """A customer's own strand, or somebody we wrote to: not one a customer merely copied in."""
    if message.conversation.contact_point.customer_id == point.customer_id:
        return True
    return not message.is_inbound


def _addressed(message: Message) -> set[str]:
    envelope = message.envelope or {}
    boxes = [*envelope.get("to", []), *envelope.get("cc", []), envelope.get("from")]
    return {matching_key("email", box["address"]) for box in boxes if box}


def _continue(
    ticket: Ticket, point: ContactPoint, inbound: InboundMessage, *, is_accepted: bool = True
) -> Placement:
    """Go on in a ticket, or in a new one that follows it when it was settled long ago."""
    strand = _strand_in(ticket, point)
    is_quiet = inbound.is_automatic or ticket.status == Ticket.Status.SPAM
    if not is_quiet and not ticket.is_unresolved and not _is_fresh(ticket, point):
        return Placement(follows=ticket)
    return Placement(ticket, strand, is_accepted=is_accepted, is_quiet=is_quiet)


def _is_fresh(ticket: Ticket, point: ContactPoint) -> bool:
    """Resolved so recently that an answer reopens it."""
    days = timedelta(days=policy_of(point.channel).reopen_days)
    return ticket.resolved_at is not None and ticket.resolved_at > timezone.now() - days


def _answered_lately(point: ContactPoint) -> bool:
    answered_at: datetime | None = point.last_outbound_at
    hours = timedelta(hours=policy_of(point.channel).join_hours)
    return answered_at is not None and answered_at > timezone.now() - hours


def _current(point: ContactPoint) -> Conversation | None:
    """The strand its next message belongs to; once it may have been found along with the point."""
    found: list[Conversation] | None = vars(point).pop("current_strands", None)
    if found is not None:
        return next(iter(found), None)
    return point.conversations.filter(is_current=True).select_related("ticket").first()


def _strand_in(ticket: Ticket, point: ContactPoint) -> Conversation | None:
    return ticket.conversations.filter(contact_point=point).order_by("-last_message_at").first()


def _unresolved_of(point: ContactPoint) -> list[Ticket]:
    own = Ticket.objects.unresolved().filter(customer=point.customer_id, is_quiet=False)
    return list(own.prefetch_related("conversations__contact_point__channel__policy"))


def _shares_group(ticket: Ticket, point: ContactPoint) -> bool:
    group = policy_of(point.channel).group
    strands = ticket.conversations.all()
    return any(policy_of(strand.contact_point.channel).group == group for strand in strands)


_RULES = (
    _echo,
    _from_a_blocked_sender,
    _keyword,
    _reference,
    _automatic,
    _strand,
    _join,
    _subject,
)
