"""Tickets that turn out to be one, or two."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from inbox import joining
from inbox.access import tickets_visible_to
from inbox.models import Conversation, Ticket
from inbox.views.entry import DeskRequest, for_agents, seen_ticket
from inbox.views.verbs import carry_out, number_in, on_ticket


@on_ticket
def join(request: DeskRequest, ticket: Ticket) -> None:
    """Bring another ticket of the same customer into this one; both must be in sight."""
    others = tickets_visible_to(request.user)
    other = get_object_or_404(others, pk=number_in(request.POST.get("other", "")))
    joining.join(other, into=ticket, by=request.user)


@for_agents
@require_POST
def unjoin(request: DeskRequest, number: int, merge: int) -> HttpResponse:
    """Undo a join of this ticket; both tickets must be in sight."""
    merges = seen_ticket(request, number).merges.filter(merged__in=tickets_visible_to(request.user))
    undone = get_object_or_404(merges, pk=merge)
    return carry_out(request, lambda: joining.unjoin(undone, by=request.user))


@for_agents
@require_POST
def split(request: DeskRequest, number: int) -> HttpResponse:
    """Give a strand a ticket of its own."""
    strand = _strand(request, number)
    return carry_out(request, lambda: joining.split(strand, by=request.user))


@for_agents
@require_POST
def accept(request: DeskRequest, number: int) -> HttpResponse:
    """Let a strand somebody else opened take part."""
    strand = _strand(request, number)
    return carry_out(request, lambda: joining.accept(strand, by=request.user))


def _strand(request: DeskRequest, number: int) -> Conversation:
    strands = Conversation.objects.filter(ticket__in=tickets_visible_to(request.user))
    return get_object_or_404(strands.select_related("contact_point"), pk=number)
