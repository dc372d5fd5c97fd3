"""A ticket: the inbox around it, its own page, and the parts a browser asks for again."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.access import tickets_visible_to
from inbox.catching_up import newest_seq
from inbox.models import Agent, Tag, Team, Ticket
from inbox.reading import read_up_to
from inbox.views import timeline
from inbox.views.composer import composer_of
from inbox.views.customer_panel import panel_of
from inbox.views.drafts import as_shown
from inbox.views.entry import DeskRequest, for_agents, is_script, seen_ticket
from inbox.views.snooze_times import snooze_times
from inbox.views.ticket_list import Page, Question, counted
from inbox.views.verbs import number_in


@for_agents
@require_safe
def inbox(request: DeskRequest) -> HttpResponse:
    """The desk: views, list, and the ticket that `t` names. A script asking with `t` gets the
    ticket alone."""
    heard = newest_seq()  # before anything is read: what happens meanwhile is told of
    number = request.GET.get("t", "")
    ticket = seen_ticket(request, number_in(number)) if number.isdecimal() else None
    question = Question.read(request.GET)
    if ticket and is_script(request):
        context = ticket_context(ticket, request.user) | {"question": question}
        return render(request, "inbox/_pane.html", context)
    return render(request, "inbox/desk.html", _desk(request, question, ticket) | {"seq": heard})


@for_agents
@require_safe
def page(request: DeskRequest, number: int) -> HttpResponse:
    """A ticket by itself, in full width."""
    heard = newest_seq()
    ticket = seen_ticket(request, number)
    context = {"seq": heard, "views": counted(request.user), "alone": True}
    return render(request, "inbox/desk.html", context | ticket_context(ticket, request.user))


@for_agents
@require_safe
def facts(request: DeskRequest, number: int) -> HttpResponse:
    """Everything of a ticket that changes in place: the parts around timeline and composer."""
    ticket = seen_ticket(request, number)
    return render(request, "inbox/_facts.html", ticket_facts(ticket, request.user))


@for_agents
@require_safe
def messages(request: DeskRequest, number: int) -> HttpResponse:
    """A stretch of the timeline: what came `after` a position, stands `before` one, or
    everything `from` one on.

    `states` names messages the browser shows and how ("34:sent,36:queued"); those that have
    changed come along. `Parley-More: 1` says that there is more after this stretch,
    `Parley-Rev` how often the past has changed.
    """
    ticket = seen_ticket(request, number)
    if (before := request.GET.get("before", "")).isdecimal():
        stretch = timeline.latest(ticket, reader=request.user, before=number_in(before))
        return render(request, "inbox/_earlier.html", {"ticket": ticket, "stretch": stretch})
    if (first := request.GET.get("from", "")).isdecimal():
        stretch = timeline.anew(ticket, number_in(first), reader=request.user)
        return _as_of(ticket, render(request, "inbox/_anew.html", _laid(ticket, stretch)))
    after = number_in(request.GET.get("after", ""))
    stretch = timeline.since(ticket, after, reader=request.user)
    context = _laid(ticket, stretch)
    changed = timeline.changed(ticket, _states(request), reader=request.user)
    context["entries"] = [*changed, *stretch.entries]
    response = render(request, "inbox/_timeline.html", context)
    response["Parley-More"] = "0" if stretch.is_whole else "1"
    return _as_of(ticket, response)


def ticket_context(ticket: Ticket, agent: Agent) -> dict[str, Any]:
    """What the whole ticket is drawn from."""
    stretch = timeline.latest(ticket, reader=agent)
    return ticket_facts(ticket, agent) | {
        "stretch": stretch,
        "entries": stretch.entries,
        "read_up_to": read_up_to(ticket, agent),
        "drafts": DjangoJSONEncoder().encode(as_shown(ticket, agent)),
    }


def ticket_facts(ticket: Ticket, agent: Agent) -> dict[str, Any]:
    """What the changing parts are drawn from. Links to tickets the agent may not see are
    left out."""
    seen = tickets_visible_to(agent)
    linked = seen.in_bulk([pk for pk in (ticket.follows_id, ticket.mentions_id) if pk])
    return {
        "ticket": ticket,
        "agents": Agent.objects.filter(is_active=True),
        "teams": Team.objects.all(),
        "priorities": Ticket.Priority.choices,
        "tags": list(ticket.tags.all()),
        "known_tags": Tag.objects.all()[:200],
        "snooze_times": snooze_times(),
        "follows": linked.get(ticket.follows_id or 0),
        "mentions": linked.get(ticket.mentions_id or 0),
        "survivor": seen.filter(pk=ticket.survivor.pk).first() if ticket.merged_into_id else None,
        "composer": composer_of(ticket),
        "panel": panel_of(ticket, agent),
    }


def _desk(request: DeskRequest, question: Question, ticket: Ticket | None) -> dict[str, Any]:
    context: dict[str, Any] = {
        "views": counted(request.user),
        "page": Page.read(question, request.user),
        "question": question,
    }
    return context | (ticket_context(ticket, request.user) if ticket else {})


def _laid(ticket: Ticket, stretch: timeline.Stretch) -> dict[str, Any]:
    return {"ticket": ticket, "stretch": stretch, "entries": stretch.entries}


def _as_of(ticket: Ticket, response: HttpResponse) -> HttpResponse:
    """Read before the timeline was: should the past change in between, it is asked for again."""
    response["Parley-Rev"] = str(ticket.rev)
    return response


def _states(request: DeskRequest) -> dict[int, str]:
    pairs = [one.partition(":") for one in request.GET.get("states", "").split(",")]
    return {number_in(number): state for number, _colon, state in pairs[:200]}
