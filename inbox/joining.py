"""Tickets that turn out to be one, or two: join, undo, split, accept."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inbox.access import tickets_visible_to
from inbox.changes import Change, change
from inbox.models import (
    Activity,
    Agent,
    ContactPoint,
    Conversation,
    JoinRefusal,
    Message,
    Note,
    Ticket,
    TicketMerge,
)
from inbox.triage import NotPossible

Verb = Activity.Verb


def candidates(ticket: Ticket, *, agent: Agent) -> QuerySet[Ticket]:
    """The customer's other unresolved tickets this agent sees, newest first: a key joins them."""
    others = tickets_visible_to(agent).unresolved().filter(customer=ticket.customer_id)
    return others.exclude(pk=ticket.pk).newest_first()


def join(ticket: Ticket, *, into: Ticket, by: Agent | None = None) -> TicketMerge:
    """Make one ticket of two of the same customer: what was said moves into `into`, which
    stays; notes and activities stay where they were written.

    Raises NotPossible for another customer's ticket, a merged one, or one with itself.
    """
    first, second = sorted([ticket.pk, into.pk])
    with transaction.atomic(), change(first, by=by) as one, change(second, by=by) as two:
        leaving, staying = (one, two) if one.ticket.pk == ticket.pk else (two, one)
        _check(leaving.ticket, staying.ticket)
        strands = list(leaving.ticket.conversations.select_related("contact_point"))
        merge = TicketMerge.objects.create(
            survivor=staying.ticket,
            merged=leaving.ticket,
            agent=by,
            moved={
                "conversations": [strand.pk for strand in strands],
                "status": leaving.ticket.status,
            },
        )
        for strand in strands:
            _move(strand, staying)
        _lay_out(staying)
        _close(leaving, staying.ticket)
        _take_over(staying, leaving.ticket)
    return merge


def unjoin(merge: TicketMerge, *, by: Agent | None = None) -> Ticket:
    """Undo a join: give back the strands that are still there. Raises NotPossible when it was
    undone before."""
    first, second = sorted([merge.merged_id, merge.survivor_id])
    with transaction.atomic(), change(first, by=by) as one, change(second, by=by) as two:
        back, staying = (one, two) if one.ticket.pk == merge.merged_id else (two, one)
        if not TicketMerge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=back.now):
            raise NotPossible("This was undone already.")
        if staying.ticket.merged_into_id:
            raise NotPossible("Undo the later join first.")
        _reopen_merged(back, Ticket.Status(merge.moved["status"]))
        moved = staying.ticket.conversations.filter(pk__in=merge.moved["conversations"])
        for strand in moved.select_related("contact_point"):
            _move(strand, back)
            _refuse(strand.contact_point, staying.ticket)
        _lay_out(back)
        staying.rewrite_past()
        staying.record(Verb.UNMERGED, ticket=back.ticket.pk)
        _recount(back.ticket)
        _recount(staying.ticket)
    return back.ticket


def split(conversation: Conversation, *, by: Agent | None = None) -> Ticket:
    """Move a strand into a ticket of its own; its contact point never joins the old one again.
    Raises NotPossible for a ticket's only strand."""
    points = ContactPoint.objects.select_for_update(no_key=True)
    with transaction.atomic():
        points.get(pk=conversation.contact_point_id)  # before the ticket, as whoever writes does it
        return _split(conversation, by)


def _split(conversation: Conversation, by: Agent | None) -> Ticket:
    with change(conversation.ticket_id, by=by) as old:
        strand = Conversation.objects.select_related("contact_point").get(pk=conversation.pk)
        if strand.ticket_id != old.ticket.pk:
            raise NotPossible("This conversation has moved in the meantime.")
        if not old.ticket.conversations.exclude(pk=strand.pk).exists():
            raise NotPossible("A ticket's only conversation can't be split off.")
        return split_off(old, strand)


def split_off(old: Change, strand: Conversation) -> Ticket:
    """Move a strand out of a ticket that is being changed, into one of its own. It is about
    whose strand it is, and as far along as the old one."""
    fresh = Ticket.objects.create(
        customer_id=strand.contact_point.customer_id,
        subject=strand.subject or old.ticket.subject,
        status=old.ticket.status,
        resolved_at=old.ticket.resolved_at,
        team_id=old.ticket.team_id,
        assignee_id=old.ticket.assignee_id,
        priority=old.ticket.priority,
    )
    with change(fresh.pk, by=old.by) as new:
        new.record(Verb.CREATED)
        new.record(Verb.SPLIT, source=old.ticket.pk)
        _move(strand, new)
        _lay_out(new)
        _settle_in(strand)
        _recount(new.ticket)
    _refuse(strand.contact_point, old.ticket)
    old.rewrite_past()
    old.record(Verb.SPLIT, into=fresh.pk)
    _recount(old.ticket)
    return new.ticket


def accept(conversation: Conversation, *, by: Agent) -> None:
    """Let a strand that somebody else opened take part like any other."""
    with change(conversation.ticket_id, by=by) as ongoing:
        waiting = Conversation.objects.filter(pk=conversation.pk, is_accepted=False)
        if waiting.update(is_accepted=True):
            address = conversation.contact_point.address
            ongoing.record(Verb.STRAND_ACCEPTED, conversation=conversation.pk, address=address)


def _check(leaving: Ticket, staying: Ticket) -> None:
    if leaving.pk == staying.pk:
        raise NotPossible("A ticket can't be joined with itself.")
    if leaving.merged_into_id or staying.merged_into_id:
        raise NotPossible("One of the two was joined with another ticket already.")
    if leaving.customer_id != staying.customer_id:
        raise NotPossible("The two tickets are of different customers.")


def _move(strand: Conversation, target: Change) -> None:
    """Put a strand and everything said in it into another ticket, at the end for now."""
    strand.ticket = target.ticket
    strand.save(update_fields=["ticket"])
    for message in strand.messages.order_by("position"):
        message.ticket = target.ticket
        message.position = target.ticket.next_position()
        message.save(update_fields=["ticket", "position"])


def _lay_out(target: Change) -> None:
    """Put the whole timeline in the order of time again, at fresh places after all old ones, so
    that no place ever means two things."""
    ticket = target.ticket
    messages, notes = list(ticket.messages.all()), list(ticket.notes.all())
    activities = list(ticket.activities.all())
    entries: list[Message | Note | Activity] = [*messages, *notes, *activities]
    for entry in sorted(entries, key=lambda one: (one.created_at, one.position)):
        entry.position = ticket.next_position()
    Message.objects.bulk_update(messages, ["position"], batch_size=500)
    Note.objects.bulk_update(notes, ["position"], batch_size=500)
    Activity.objects.bulk_update(activities, ["position"], batch_size=500)
    target.rewrite_past()


def _close(leaving: Change, survivor: Ticket) -> None:
    leaving.ticket.merged_into = survivor
    leaving.ticket.move_to(Ticket.Status.RESOLVED, at=leaving.now)
    leaving.ticket.needs_reply = False
    leaving.rewrite_past()
    leaving.record(Verb.MERGED, into=survivor.pk)


def _take_over(staying: Change, gone: Ticket) -> None:
    staying.ticket.tags.add(*gone.tags.all())
    staying.record(Verb.MERGED, ticket=gone.pk)
    if gone.needs_reply and staying.ticket.status == Ticket.Status.PENDING:
        staying.ticket.move_to(Ticket.Status.OPEN, at=staying.now)
    _recount(staying.ticket)


def _reopen_merged(back: Change, status: Ticket.Status) -> None:
    back.ticket.merged_into = None
    back.ticket.move_to(status, at=back.now)
    back.record(Verb.UNMERGED)


def _refuse(point: ContactPoint, ticket: Ticket) -> None:
    JoinRefusal.objects.get_or_create(contact_point=point, ticket=ticket)


def _settle_in(strand: Conversation) -> None:
    """A strand with a ticket of its own is nobody's guest any more."""
    strand.make_current()
    strand.is_accepted = True
    strand.is_joined = False
    strand.save(update_fields=["is_current", "is_accepted", "is_joined"])


def _recount(ticket: Ticket) -> None:
    """Make the list's copy agree with what is left in the timeline."""
    public = ticket.messages.filter(is_automatic=False).select_related("channel")
    last = public.order_by("-created_at", "-position").first()
    ticket.needs_reply = last is not None and last.is_inbound and ticket.is_unresolved
    ticket.waiting_since = last.created_at if last and ticket.needs_reply else None
    ticket.preview = last.preview if last else ""
    if last is None:
        return
    ticket.last_message_at = last.created_at
    ticket.last_channel_kind = last.channel.kind
    if ticket.status == Ticket.Status.RESOLVED and ticket.resolved_at is None:
        ticket.resolved_at = timezone.now()
