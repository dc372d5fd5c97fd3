"""What an agent does to a ticket besides answering: each view one verb of inbox.triage."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from inbox import triage
from inbox.models import Agent, Team, Ticket
from inbox.triage import NotPossible
from inbox.views.entry import DeskRequest
from inbox.views.verbs import number_in, on_ticket


@on_ticket
def assign(request: DeskRequest, ticket: Ticket) -> None:
    """Give it to the agent `to` names: an id, "me", or nothing for nobody."""
    to = request.POST.get("to", "")
    if to == "me":
        return triage.assign(ticket, to=request.user, by=request.user)
    agents = Agent.objects.filter(is_active=True)
    agent = get_object_or_404(agents, pk=number_in(to)) if to else None
    return triage.assign(ticket, to=agent, by=request.user)


@on_ticket
def move_to_team(request: DeskRequest, ticket: Ticket) -> None:
    """Hand it to the team `to` names, or to none."""
    to = request.POST.get("to", "")
    team = get_object_or_404(Team, pk=number_in(to)) if to else None
    triage.move_to_team(ticket, team=team, by=request.user)


@on_ticket
def prioritise(request: DeskRequest, ticket: Ticket) -> None:
    triage.prioritise(ticket, priority=request.POST.get("to", ""), by=request.user)


@on_ticket
def tag(request: DeskRequest, ticket: Ticket) -> None:
    """Add the tags in `add` (comma list), take away the one in `remove`."""
    names = {one.name.casefold(): one.name for one in ticket.tags.all()}
    names.pop(request.POST.get("remove", "").casefold(), None)
    added = [one.strip() for one in request.POST.get("add", "").split(",") if one.strip()]
    triage.tag(ticket, names=[*names.values(), *added], by=request.user)


@on_ticket
def rename(request: DeskRequest, ticket: Ticket) -> HttpResponse | None:
    """Change the subject, unless it no longer is what the agent had before their eyes: 409
    with both."""
    mine = " ".join(request.POST.get("subject", "").split())
    if request.POST.get("was", "") not in (ticket.subject, mine) and ticket.subject != mine:
        context = {"ticket": ticket, "mine": mine}
        return render(request, "inbox/_subject_conflict.html", context, status=409)
    triage.rename(ticket, subject=mine, by=request.user)
    return None


@on_ticket
def snooze(request: DeskRequest, ticket: Ticket) -> None:
    """Put it off until a moment, or (without one) wake it up."""
    until = request.POST.get("until", "")
    if not until:
        return triage.wake(ticket, by=request.user)
    return triage.snooze(ticket, until=_moment(until), by=request.user)


@on_ticket
def set_status(request: DeskRequest, ticket: Ticket) -> None:
    to = request.POST.get("to", "")
    if to not in Ticket.Status.values:
        raise NotPossible("There is no such status.")
    triage.set_status(ticket, status=Ticket.Status(to), by=request.user)


def _moment(text: str) -> datetime:
    """An exact moment, or one by the agent's clock as a date-and-time field gives it."""
    with suppress(ValueError, OverflowError):
        moment = parse_datetime(text)
        if moment is not None:
            moment = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
            return moment.astimezone(UTC)
    raise NotPossible("That is not a date and time.")
