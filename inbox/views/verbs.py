"""How a view carries out a verb and answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from inbox.models import Ticket
from inbox.sending import Refused
from inbox.triage import NotPossible
from inbox.views.entry import DeskRequest, for_agents, seen_ticket

type Act = Callable[[DeskRequest, Ticket], HttpResponse | None]


def carry_out(request: DeskRequest, verb: Callable[[], object]) -> HttpResponse:
    """204 when it is done (the browser then asks for what changed); 422 with the reason in
    plain words when it can't be."""
    try:
        verb()
    except NotPossible as reason:
        return problem(request, str(reason))
    except Refused as refusal:
        return problem(request, refusal.answer.reason)
    return HttpResponse(status=204)


def problem(request: DeskRequest, reason: str) -> HttpResponse:
    """422 with a reason for a person."""
    return render(request, "inbox/_problem.html", {"problem": reason}, status=422)


def on_ticket(act: Act) -> Callable[[HttpRequest, int], HttpResponseBase]:
    """The act as a view on a ticket the agent sees; it may answer by itself."""

    @for_agents
    @require_POST
    @wraps(act)
    def view(request: DeskRequest, number: int) -> HttpResponse:
        ticket = seen_ticket(request, number)
        own: list[HttpResponse | None] = []
        answer = carry_out(request, lambda: own.append(act(request, ticket)))
        return own[0] if own and own[0] else answer

    return view


def number_in(text: str) -> int:
    """The id somebody sent as text; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
