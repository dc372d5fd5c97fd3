"""Two customers made one, and two again."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from customers.models import CustomerMerge
from inbox import people
from inbox.access import customers_wholly_visible_to
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.on_customer import change
from inbox.views.verbs import number_in


@for_agents
@require_POST
def merge(request: DeskRequest, number: int) -> HttpResponse:
    """Merge the customer that `other` names into this one; all of both must be in sight."""
    seen = customers_wholly_visible_to(request.user)
    stays = get_object_or_404(seen, pk=number)
    gone = get_object_or_404(seen, pk=number_in(request.POST.get("other", "")))
    return change(request, stays, lambda: people.merge(gone, into=stays, by=request.user))


@for_agents
@require_POST
def undo(request: DeskRequest, number: int) -> HttpResponse:
    """Undo a merge; all of the one they have become must be in sight."""
    merges = CustomerMerge.objects.filter(undone_at=None).select_related("survivor", "merged")
    undone = get_object_or_404(merges, pk=number)
    seen = customers_wholly_visible_to(request.user)
    stays = get_object_or_404(seen, pk=undone.survivor.survivor.pk)
    return change(request, stays, lambda: people.unmerge(undone, by=request.user))
