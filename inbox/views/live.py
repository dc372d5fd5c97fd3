"""What browsers ask beside the socket, and instead of it where there can be none."""

from __future__ import annotations

from django.http import JsonResponse
from django.views.decorators.http import require_safe

from inbox.access import live_groups
from inbox.catching_up import missed
from inbox.faces import hue, initials
from inbox.models import Agent
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.verbs import number_in


@for_agents
@require_safe
def events(request: DeskRequest) -> JsonResponse:
    """What this agent was told after the cursor `after`; events null means: look at everything."""
    after = request.GET.get("after", "")
    groups = frozenset(live_groups(request.user))
    pokes, newest = missed(number_in(after) if after.isdecimal() else None, groups)
    return JsonResponse({"events": pokes, "seq": newest})


@for_agents
@require_safe
def roster(request: DeskRequest) -> JsonResponse:
    """Names behind the ids on the socket."""
    agents = Agent.objects.filter(is_active=True)
    names = {one.pk: {"name": str(one), "initials": initials(str(one)), "hue": hue(one.pk)}
             for one in agents}  # fmt: skip
    return JsonResponse({"me": request.user.pk, "agents": names})
