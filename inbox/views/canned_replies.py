"""Texts to insert, filled in for one ticket."""

from __future__ import annotations

from django.http import JsonResponse
from django.views.decorators.http import require_safe

from inbox.access import canned_replies_visible_to
from inbox.canned_replies import fill, values_for
from inbox.views.entry import DeskRequest, for_agents, seen_ticket

MOST = 500


@for_agents
@require_safe
def canned_replies(request: DeskRequest, number: int) -> JsonResponse:
    """Every canned reply this agent may use, ready to be put into this ticket's reply."""
    ticket = seen_ticket(request, number)
    values = values_for(ticket, agent=request.user)
    replies = canned_replies_visible_to(request.user).distinct()[:MOST]
    return JsonResponse(
        {
            "replies": [
                {"title": one.title, "shortcut": one.shortcut, "text": fill(one.text, values)}
                for one in replies
            ]
        }
    )
