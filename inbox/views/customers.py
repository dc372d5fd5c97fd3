"""A customer: who they are, and everything said with them over all channels."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from customers.models import Customer
from inbox import contact_details
from inbox.access import customers_visible_to, customers_wholly_visible_to, tickets_visible_to
from inbox.catching_up import newest_seq
from inbox.likeness import undoable
from inbox.search import customers_matching
from inbox.views.customer_details import DetailsForm
from inbox.views.customer_history import Place, history
from inbox.views.customer_panel import person_of
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.ticket_list import counted

TICKETS_SHOWN = 50
OTHERS_SHOWN = 8


@for_agents
@require_safe
def page(request: DeskRequest, number: int) -> HttpResponse:
    """One customer, as far as this agent sees their tickets; a merged one leads to whom they
    have become. `merge` searches for others to merge into this one."""
    merged = Customer.objects.filter(pk=number).exclude(merged_into=None).first()
    customer = get_object_or_404(
        customers_visible_to(request.user), pk=merged.survivor.pk if merged else number
    )
    if merged is not None:
        return redirect("customer", customer.pk)
    context = _page(request, customer) | {"form": DetailsForm(None, customer=customer)}
    return render(request, "inbox/customer.html", context)


@for_agents
@require_POST
def describe(request: DeskRequest, number: int) -> HttpResponse:
    """Change name, language, time zone, tags and attributes."""
    customer = get_object_or_404(customers_visible_to(request.user), pk=number)
    form = DetailsForm(request.POST, customer=customer)
    if not form.is_valid():
        context = _page(request, customer) | {"form": form}
        return render(request, "inbox/customer.html", context, status=422)
    contact_details.describe(customer, **form.cleaned_data)
    return redirect("customer", customer.pk)


def _page(request: DeskRequest, customer: Customer) -> dict[str, Any]:
    heard = newest_seq()  # before anything is read: what happens meanwhile is told of
    tickets = tickets_visible_to(request.user).filter(customer=customer)
    before = Place.read(request.GET.get("before", ""))
    words = request.GET.get("merge", "").strip()[:200]
    shown = list(tickets.living().newest_first()[:TICKETS_SHOWN])
    return {
        "heard": heard,
        "views": counted(request.user),
        "customer": customer,
        "person": person_of(customer, request.user),
        "tickets": shown,
        "numbers": " ".join(str(one.pk) for one in shown),
        "history": history(tickets, reader=request.user, before=before),
        "is_earlier": before is not None,
        "undoable": undoable(customer, agent=request.user),
        "merge_words": words,
        "others": _others(request, customer, words) if words else [],
        "may_merge": customers_wholly_visible_to(request.user).filter(pk=customer.pk).exists(),
    }


def _others(request: DeskRequest, customer: Customer, words: str) -> list[Customer]:
    seen = customers_wholly_visible_to(request.user).exclude(pk=customer.pk)
    return list(customers_matching(seen, words).order_by("-pk")[:OTHERS_SHOWN])
