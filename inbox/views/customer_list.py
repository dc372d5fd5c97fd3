"""Customers: all of them that an agent may see, or those whom words lead to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.models import Customer
from inbox.access import customers_visible_to
from inbox.models import Agent
from inbox.search import customers_matching
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.ticket_list import counted
from inbox.views.verbs import number_in

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE customers, the newest first, and the way to the next ones."""

    words: str
    customers: list[Customer]
    next_query_string: str

    @classmethod
    def read(cls, request: DeskRequest) -> Page:
        words = request.GET.get("q", "").strip()[:200]
        before = number_in(request.GET.get("before", ""))
        found = _found(request.user, words, before)
        more = {"q": words, "before": found[PAGE - 1].pk} if len(found) > PAGE else {}
        return cls(words, found[:PAGE], urlencode({key: one for key, one in more.items() if one}))


@for_agents
@require_safe
def page(request: DeskRequest) -> HttpResponse:
    """A page of the list."""
    context = {"page": Page.read(request), "views": counted(request.user), "in_customers": True}
    return render(request, "inbox/customers.html", context)


def _found(agent: Agent, words: str, before: int) -> list[Customer]:
    customers = customers_visible_to(agent)
    if words:
        customers = customers_matching(customers, words)
    if before:
        customers = customers.filter(pk__lt=before)
    return list(customers.order_by("-pk")[: PAGE + 1])
