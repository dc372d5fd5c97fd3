"""A customer: who they are, and everything said with them over all channels."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from inbox.access import customers_visible_to, tickets_visible_to
from inbox.views import timeline
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.ticket_list import counted

TICKETS_SHOWN = 50


@for_agents
@require_safe
def page(request: DeskRequest, number: int) -> HttpResponse:
    """One customer, as far as this agent sees their tickets."""
    customer = get_object_or_404(customers_visible_to(request.user), pk=number)
    tickets = tickets_visible_to(request.user).filter(customer=customer).living()
    history = timeline.of_tickets(tickets)
    context = {
        "views": counted(request.user),
        "customer": customer,
        "identities": customer.identities.filter(ended_at=None),
        "claims": customer.claims.filter(settled_at=None),
        "tickets": tickets.newest_first()[:TICKETS_SHOWN],
        "entries": history,
    }
    return render(request, "inbox/customer.html", context)
